package mailin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"countersign/petition"

	"github.com/emersion/go-imap/v2"
)

// Poller records the mail of one mailbox. It only records: whether a mail is still to
// be answered is decided later (R58).
type Poller struct {
	box      Mailbox
	store    Box
	holder   string
	recorded func(n int)
	log      *slog.Logger
	clock    func() time.Time
	kick     chan struct{}
	connect  func(ctx context.Context) (*client, error)

	again   bool               // Processed was looked through: see Mailbox.Again
	folders map[string]*folder // what is known over all connections
	hands   int64              // the lease's generation when that was learned
}

// PollerConfig is what a poller works with. Store and Holder are needed.
type PollerConfig struct {
	Mailbox  Mailbox
	Store    Box
	Holder   string      // names this process among all that share the database
	Recorded func(n int) // called after each commit that brought new mails: kick the intake
	Log      *slog.Logger
	Clock    func() time.Time // nil: time.Now
}

// NewPoller checks the settings; its error names everything that is wrong.
func NewPoller(c PollerConfig) (*Poller, error) {
	box := c.Mailbox.withDefaults()
	if err := box.validate(); err != nil {
		return nil, err
	}
	if c.Store == nil || c.Holder == "" {
		return nil, errors.New("a poller needs a store and a holder")
	}
	p := &Poller{
		box: box, store: c.Store, holder: c.Holder, recorded: c.Recorded, log: c.Log, clock: c.Clock,
		kick: make(chan struct{}, 1), connect: box.connect, folders: map[string]*folder{},
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.log = p.log.With("component", "poller", "mailbox", box.Name)
	if p.clock == nil {
		p.clock = time.Now
	}
	return p, nil
}

// Kick has the mailbox scanned now, and ends a pause after an error.
func (p *Poller) Kick() { poke(p.kick) }

// Run polls until ctx ends and returns nil then. It never gives up: whatever goes
// wrong is reported by Heartbeat and tried again.
func (p *Poller) Run(ctx context.Context) error {
	for failures := 0; ctx.Err() == nil; {
		scans, err := p.hold(ctx)
		if scans > 0 {
			failures = 0
		}
		failures += p.rest(ctx, err, failures+1)
	}
	return nil
}

// rest waits after hold ended, as long as its error asks for, and returns how many
// failures that was: none where another process has the lease.
func (p *Poller) rest(ctx context.Context, err error, failures int) int {
	if ctx.Err() != nil {
		return 0 // that is why it ended
	}
	if errors.Is(err, petition.ErrLeaseLost) {
		p.log.Debug("another process reads this mailbox")
		pause(ctx, p.box.LeaseTTL/2, p.kick)
		return 0
	}
	wait := Backoff(failures, chance())
	if errors.Is(err, ErrLogin) {
		wait = p.box.AuthPause
	}
	p.log.Error("the mailbox cannot be read", "err", err, "failures", failures, "again_in", wait.Round(time.Second))
	p.beat(ctx, Problem(err))
	pause(ctx, wait, p.kick)
	return 1
}

// beat reports how the mailbox is. That the store does not hear it is only logged:
// the scan itself has been committed or has failed already.
func (p *Poller) beat(ctx context.Context, problem string) {
	if err := p.store.Heartbeat(ctx, p.box.Name, p.clock(), problem); err != nil && ctx.Err() == nil {
		p.log.Warn("heartbeat not stored", "err", err)
	}
}

// hold takes the lease and works under it over one connection, until something goes
// wrong. It returns how many scans came to their end.
func (p *Poller) hold(ctx context.Context) (scans int, err error) {
	lease, err := p.store.Lease(ctx, "mailbox:"+p.box.Name, p.holder, p.box.LeaseTTL)
	if err != nil {
		return 0, fmt.Errorf("lease: %w", storeError(err))
	}
	if p.hands != lease.Generation {
		p.hands = lease.Generation
		for _, f := range p.folders {
			f.known = nil // somebody else may have recorded meanwhile
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() { p.renew(ctx, cancel) })
	defer func() {
		cancel(nil)
		renewing.Wait()
		ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer done()
		if err := p.store.ReleaseLease(ctx, lease); err != nil {
			p.log.Debug("lease not given back", "err", err) // it runs out by itself
		}
	}()
	scans, err = p.session(ctx, lease)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return scans, err
}

// renew keeps the lease. When it has passed to another process the work under it ends
// at once; when the store does not answer, the store itself will refuse what is late.
func (p *Poller) renew(ctx context.Context, cancel context.CancelCauseFunc) {
	t := time.NewTicker(p.box.LeaseTTL / 3)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		_, err := p.store.Lease(ctx, "mailbox:"+p.box.Name, p.holder, p.box.LeaseTTL)
		if errors.Is(err, petition.ErrLeaseLost) {
			cancel(fmt.Errorf("lease: %w", err))
			return
		}
		if err != nil && ctx.Err() == nil {
			p.log.Warn("lease not renewed", "err", err)
		}
	}
}

// session is one connection, working under one lease.
type session struct {
	*client
	*Poller
	lease   petition.Lease
	told    bool   // what the server cannot do was logged
	problem string // of the scan under way
}

func (p *Poller) session(ctx context.Context, lease petition.Lease) (scans int, err error) {
	c, err := p.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer c.close()
	s := &session{client: c, Poller: p, lease: lease}
	for _, f := range p.folders {
		f.whole = time.Time{} // what the last connection left out is found
	}
	if p.box.After == Move && c.can(imap.CapMove) {
		if err := s.makeProcessed(); err != nil {
			return 0, err
		}
	}
	for {
		if err := s.round(ctx); err != nil {
			return scans, err
		}
		scans++
		if err := s.wait(ctx); err != nil {
			return scans, err
		}
	}
}

// round scans the junk folder and the folder, which stays open for IDLE.
func (s *session) round(ctx context.Context) error {
	s.problem = ""
	if s.box.Junk != "" {
		err := s.look(ctx, s.folder(s.box.Junk, true))
		if errors.Is(err, ErrFolder) { // must not keep us from the mail that matters
			s.log.Warn("the junk folder cannot be watched", "err", err)
			s.problem = Problem(err)
		} else if err != nil {
			return err
		}
	}
	if err := s.look(ctx, s.folder(s.box.Folder, false)); err != nil {
		return err
	}
	if err := s.lookAgain(ctx); err != nil {
		return err
	}
	for _, f := range s.folders {
		if n := f.lost(); n > 0 {
			s.problem = fmt.Sprintf("%d mails in the folder %s cannot be fetched.", n, f.name)
		}
	}
	s.beat(ctx, s.problem)
	return ctx.Err()
}

// lookAgain looks once through what was moved away, after a copy of the database was put
// back: mail that came since the copy was made stands there, and nobody knows of it (R59).
// The folder itself is opened again for IDLE.
func (s *session) lookAgain(ctx context.Context) error {
	if !s.box.Again || s.again || s.box.After != Move {
		return nil
	}
	err := s.look(ctx, s.folder(s.box.Processed, false))
	if err != nil && !errors.Is(err, ErrFolder) {
		return err
	}
	s.again = true
	return s.look(ctx, s.folder(s.box.Folder, false))
}

func (s *session) folder(name string, spam bool) *folder {
	f := s.folders[name]
	if f == nil {
		f = &folder{name: name, spam: spam}
		s.folders[name] = f
	}
	return f
}

// look opens a folder, records what is new and settles it.
func (s *session) look(ctx context.Context, f *folder) error {
	changes := f.name == s.box.Folder && s.box.After != Keep
	data, err := s.open(f.name, !changes)
	if err != nil {
		return err
	}
	if err := f.begin(ctx, s, data); err != nil {
		return err
	}
	if _, err := s.scan(ctx, f); err != nil {
		return err
	}
	if !changes {
		return nil
	}
	return s.settle(ctx, f, data)
}

// wait idles until the next scan is due or the server tells of a mail, whichever is
// first. IDLE is only a hint: connections die without a word, so it never lasts longer than
// the time between scans (R13).
func (s *session) wait(ctx context.Context) error {
	span := min(s.box.Scan, s.box.Idle)
	t := time.NewTimer(span)
	defer t.Stop()
	s.conn.allow(span + s.box.Timeout)
	defer s.conn.allow(s.box.Timeout)
	sleep := func() {
		select {
		case <-s.news:
		case <-t.C:
		case <-s.kick:
		case <-s.Closed():
		case <-ctx.Done():
		}
	}
	if !s.can(imap.CapIdle) {
		sleep()
		return ctx.Err()
	}
	idle, err := s.Idle()
	if err != nil {
		return fmt.Errorf("idle: %w", s.conn.cause(err))
	}
	sleep()
	s.conn.allow(s.box.Timeout)
	if err := errors.Join(idle.Close(), idle.Wait()); err != nil {
		return fmt.Errorf("idle: %w", s.conn.cause(err))
	}
	return ctx.Err()
}
