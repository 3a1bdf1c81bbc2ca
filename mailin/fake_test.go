package mailin

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"countersign/petition"
)

// ledger is a store in memory with the promises of the interfaces, into which tests put
// faults. It is as strict as a database: a place is recorded once, a lost lease
// records nothing.
type ledger struct {
	mu       sync.Mutex
	now      func() time.Time
	leases   map[string]petition.Lease
	places   map[petition.Place]int64 // mail ids
	settled  map[petition.Place]bool
	hashes   map[[32]byte]int64
	mails    map[int64]*petition.Mail
	claimed  map[int64]time.Time // until
	readings map[int64]petition.Understanding
	outcomes map[int64]petition.Outcome
	why      map[int64]string
	beats    []string // problems
	scans    int      // heartbeats without a problem
	batches  []int    // sizes of records
	changed  chan struct{}

	fault   func(method string) error
	refuses func(u petition.Understanding) bool
}

func newLedger() *ledger {
	return &ledger{
		now: time.Now, leases: map[string]petition.Lease{}, places: map[petition.Place]int64{}, settled: map[petition.Place]bool{},
		hashes: map[[32]byte]int64{}, mails: map[int64]*petition.Mail{}, claimed: map[int64]time.Time{},
		readings: map[int64]petition.Understanding{}, outcomes: map[int64]petition.Outcome{}, why: map[int64]string{},
		changed: make(chan struct{}),
	}
}

var (
	_ Box  = (*ledger)(nil)
	_ Desk = (*ledger)(nil)
)

// enter locks, unless a fault strikes.
func (l *ledger) enter(ctx context.Context, method string) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	if l.fault != nil {
		if err := l.fault(method); err != nil {
			l.mu.Unlock()
			return nil, err
		}
	}
	return func() {
		close(l.changed)
		l.changed = make(chan struct{})
		l.mu.Unlock()
	}, nil
}

// until waits until ok holds.
func (l *ledger) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.NewTimer(30 * time.Second)
	defer late.Stop()
	for {
		l.mu.Lock()
		good, changed := ok(), l.changed
		l.mu.Unlock()
		if good {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			l.mu.Lock()
			defer l.mu.Unlock()
			t.Fatalf("it never came to be: %s; %d mails, %d places, problems %q, quarantined %v", what, len(l.mails), len(l.places), l.beats[max(0, len(l.beats)-3):], l.why)
		}
	}
}

func (l *ledger) Lease(ctx context.Context, name, holder string, ttl time.Duration) (petition.Lease, error) {
	leave, err := l.enter(ctx, "Lease")
	if err != nil {
		return petition.Lease{}, err
	}
	defer leave()
	now := l.now()
	have := l.leases[name]
	if have.Holder != holder {
		if have.Holder != "" && now.Before(have.Until) {
			return petition.Lease{}, petition.ErrLeaseLost
		}
		have = petition.Lease{Name: name, Holder: holder, Generation: have.Generation + 1}
	}
	have.Until = now.Add(ttl)
	l.leases[name] = have
	return have, nil
}

func (l *ledger) ReleaseLease(ctx context.Context, have petition.Lease) error {
	leave, err := l.enter(ctx, "ReleaseLease")
	if err != nil {
		return err
	}
	defer leave()
	if now := l.leases[have.Name]; now.Generation == have.Generation {
		l.leases[have.Name] = petition.Lease{Name: have.Name, Generation: have.Generation}
	}
	return nil
}

func (l *ledger) holds(have petition.Lease) error {
	now := l.leases[have.Name]
	if now.Holder != have.Holder || now.Generation != have.Generation || l.now().After(now.Until) {
		return petition.ErrLeaseLost
	}
	return nil
}

func (l *ledger) KnownUIDs(ctx context.Context, mailbox, folder string, uidValidity uint32) ([]uint32, error) {
	leave, err := l.enter(ctx, "KnownUIDs")
	if err != nil {
		return nil, err
	}
	defer leave()
	return l.uids(mailbox, folder, uidValidity, func(petition.Place) bool { return true }), nil
}

func (l *ledger) uids(mailbox, folder string, uidValidity uint32, keep func(petition.Place) bool) []uint32 {
	var uids []uint32
	for p := range l.places {
		if p.Mailbox == mailbox && p.Folder == folder && p.UIDValidity == uidValidity && keep(p) {
			uids = append(uids, p.UID)
		}
	}
	slices.Sort(uids)
	return uids
}

func (l *ledger) Record(ctx context.Context, have petition.Lease, mails []petition.Fetched) ([]int64, error) {
	leave, err := l.enter(ctx, "Record")
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := l.holds(have); err != nil {
		return nil, err
	}
	l.batches = append(l.batches, len(mails))
	var ids []int64
	for _, m := range mails {
		if _, again := l.places[m.Place]; again {
			continue
		}
		hash := sha256.Sum256(m.Raw)
		id, known := l.hashes[hash]
		if !known {
			id = int64(len(l.mails) + 1)
			l.hashes[hash] = id
			l.mails[id] = &petition.Mail{
				ID: id, Size: m.Size, Mailbox: m.Place.Mailbox, Received: m.Received, Partial: m.Partial, Spam: m.Spam,
				State: petition.MailRecorded, Raw: m.Raw,
			}
			ids = append(ids, id)
		}
		l.places[m.Place] = id
	}
	return ids, nil
}

func (l *ledger) Unsettled(ctx context.Context, mailbox, folder string, uidValidity uint32) ([]uint32, error) {
	leave, err := l.enter(ctx, "Unsettled")
	if err != nil {
		return nil, err
	}
	defer leave()
	return l.uids(mailbox, folder, uidValidity, func(p petition.Place) bool { return !l.settled[p] }), nil
}

func (l *ledger) Settled(ctx context.Context, have petition.Lease, places []petition.Place) error {
	leave, err := l.enter(ctx, "Settled")
	if err != nil {
		return err
	}
	defer leave()
	for _, p := range places {
		l.settled[p] = true
	}
	return l.holds(have)
}

func (l *ledger) Moved(ctx context.Context, have petition.Lease, from, to petition.Place) error {
	leave, err := l.enter(ctx, "Moved")
	if err != nil {
		return err
	}
	defer leave()
	if err := l.holds(have); err != nil {
		return err
	}
	l.settled[from], l.settled[to] = true, true
	l.places[to] = l.places[from]
	return nil
}

func (l *ledger) Heartbeat(ctx context.Context, _ string, _ time.Time, problem string) error {
	leave, err := l.enter(ctx, "Heartbeat")
	if err != nil {
		return err
	}
	defer leave()
	if problem == "" {
		l.scans++
	} else {
		l.beats = append(l.beats, problem)
	}
	return nil
}

func (l *ledger) ClaimMails(ctx context.Context, _ string, n int, lease time.Duration) ([]petition.Mail, error) {
	leave, err := l.enter(ctx, "ClaimMails")
	if err != nil {
		return nil, err
	}
	defer leave()
	var claimed []petition.Mail
	for id := int64(1); id <= int64(len(l.mails)) && len(claimed) < n; id++ {
		m := l.mails[id]
		if m.State != petition.MailRecorded || l.now().Before(l.claimed[id]) {
			continue
		}
		if m.Attempts >= 2 {
			m.State, l.why[id] = petition.MailQuarantined, "twice"
			continue
		}
		m.Attempts++
		l.claimed[id] = l.now().Add(lease)
		claimed = append(claimed, *m)
	}
	return claimed, nil
}

func (l *ledger) Undecided(ctx context.Context, _ string, n int, lease time.Duration) ([]int64, error) {
	leave, err := l.enter(ctx, "Undecided")
	if err != nil {
		return nil, err
	}
	defer leave()
	var ids []int64
	for id := int64(1); id <= int64(len(l.mails)) && len(ids) < n; id++ {
		if l.mails[id].State == petition.MailRead && !l.now().Before(l.claimed[id]) {
			l.claimed[id] = l.now().Add(lease)
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (l *ledger) Understood(ctx context.Context, batch []petition.Understanding) error {
	leave, err := l.enter(ctx, "Understood")
	if err != nil {
		return err
	}
	defer leave()
	if l.refuses != nil && slices.ContainsFunc(batch, l.refuses) {
		return errors.New("value too long")
	}
	for _, u := range batch {
		l.readings[u.MailID] = u
		l.mails[u.MailID].State = petition.MailRead
		l.mails[u.MailID].Header = u.Header
	}
	return nil
}

func (l *ledger) Decide(ctx context.Context, id int64, d petition.Decider) (petition.Outcome, error) {
	leave, err := l.enter(ctx, "Decide")
	if err != nil {
		return petition.Outcome{}, err
	}
	defer leave()
	m := l.mails[id]
	if m.State == petition.MailDecided {
		return l.outcomes[id], nil
	}
	if m.State != petition.MailRead {
		return petition.Outcome{}, fmt.Errorf("mail %d is %s", id, m.State)
	}
	o := d(petition.Known{Mail: m, Now: l.now()})
	l.outcomes[id], m.State = o, petition.MailDecided
	return o, nil
}

func (l *ledger) Quarantine(ctx context.Context, id int64, why string) error {
	leave, err := l.enter(ctx, "Quarantine")
	if err != nil {
		return err
	}
	defer leave()
	l.mails[id].State, l.why[id] = petition.MailQuarantined, why
	return nil
}

// count is how many mails are in the state.
func (l *ledger) count(s petition.MailState) int {
	n := 0
	for _, m := range l.mails {
		if m.State == s {
			n++
		}
	}
	return n
}

var errAway = errors.New("the database is away")

func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// running starts a worker and waits for its end when the test ends, or when the
// returned function is called.
func running(t *testing.T, run func(ctx context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("the worker ended with %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}
