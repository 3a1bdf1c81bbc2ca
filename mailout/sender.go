package mailout

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"countersign/petition"
)

// Outbox is the queue of notices.
type Outbox interface {
	// ClaimNotices leases up to n due notices, the most important first, and
	// commits that an attempt begins.
	ClaimNotices(ctx context.Context, n int, lease time.Duration) ([]petition.Notice, error)
	// SettleNotices records what became of attempts. A settlement of an older attempt changes nothing.
	SettleNotices(ctx context.Context, settlements []petition.Settlement) error
	// NextDue is when the next notice becomes due; zero: nothing waits.
	NextDue(ctx context.Context) (time.Time, error)
}

// Archive is what composing and the caps need to know.
type Archive interface {
	// Occasion loads what the notice's text is made of.
	Occasion(ctx context.Context, n petition.Notice) (petition.Occasion, error)
	// SentSince counts the notices sent after t.
	SentSince(ctx context.Context, t time.Time) (int, error)
}

// Config is what a Sender needs. Store, Composer, Server and Log are required.
type Config struct {
	Store interface {
		Outbox
		Archive
	}
	Composer    *Composer
	Server      Server
	SendPerHour int // 0: no cap
	SendPerDay  int // 0: no cap
	// Alert is told, in plain words without addresses, what a person must mend. It
	// must return soon. The same trouble is told once until something was sent again.
	Alert func(ctx context.Context, what string)
	Log   *slog.Logger
	Clock func() time.Time // nil: time.Now
}

const (
	// lease is how long a claimed notice is ours; longer than an attempt can take.
	lease = 10 * time.Minute
	// attempt is the longest that one attempt may take, connecting included.
	attempt = 5 * time.Minute
	// glance is how long the sender sleeps at most: another process may have queued something.
	glance = time.Minute
	// grace is how long mails in hand may take after Run was told to stop.
	grace = 20 * time.Second
)

// Sender sends due notices over a few connections that it keeps open.
type Sender struct {
	Config
	kick      chan struct{}
	unsettled atomic.Int64 // claimed, and not yet settled
	trouble   trouble
}

// New makes a Sender. Nothing happens before Run.
func New(c Config) *Sender {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Alert == nil {
		c.Alert = func(context.Context, string) {}
	}
	return &Sender{Config: c, kick: make(chan struct{}, 1)}
}

// Compose writes the notice without sending it.
func (s *Sender) Compose(o petition.Occasion) (Letter, error) { return s.Composer.Compose(o) }

// Kick lets Run look at the outbox now. It never blocks.
func (s *Sender) Kick() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// run is one Run: its goroutines and what flows between them.
type run struct {
	*Sender
	jobs    chan petition.Notice     // to the connections
	results chan petition.Settlement // from the connections to the settler
	freed   chan struct{}            // a connection can take the next
	busy    int                      // connections at work; only the dispatcher reads and writes it
}

// Run sends until ctx ends, then finishes what is in hand. It returns nil.
func (s *Sender) Run(ctx context.Context) error {
	n := s.Server.connections()
	r := &run{
		Sender: s, jobs: make(chan petition.Notice), results: make(chan petition.Settlement, n), freed: make(chan struct{}, n),
	}
	inHand, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()

	var connections, settler sync.WaitGroup
	for range n {
		connections.Go(func() { r.connection(inHand) })
	}
	settler.Go(func() { r.settleAll(inHand) })
	r.dispatch(ctx, inHand)
	close(r.jobs)
	connections.Wait()
	close(r.results)
	settler.Wait()
	return nil
}

// dispatch claims due notices for free connections until ctx ends.
func (r *run) dispatch(ctx, inHand context.Context) {
	failures := 0
	for ctx.Err() == nil {
		wait, err := r.claim(ctx, inHand)
		if err != nil {
			failures++
			wait = min(pause(failures, rand.Float64())/30, glance) //nolint:gosec // jitter is no secret
			r.Log.WarnContext(ctx, "the outbox cannot be read", "err", err, "again_in", wait)
		} else {
			failures = 0
		}
		r.sleep(ctx, wait)
	}
}

// claim hands out as many due notices as may be sent now, and tells how long to
// wait before looking again; 0: at once.
func (r *run) claim(ctx, inHand context.Context) (time.Duration, error) {
	r.countFreed()
	free := cap(r.freed) - r.busy
	if free == 0 {
		return glance, nil
	}
	now := r.Clock()
	wait, probe := r.trouble.wait(now)
	if wait > 0 {
		return wait, nil
	}
	if probe {
		if free = min(free, 1-r.busy); free <= 0 {
			return glance, nil
		}
	}
	room, wait, err := r.room(ctx, now, free)
	if err != nil || room == 0 {
		return wait, err
	}
	// Not ctx: a claim that is cut off after its commit would keep its notices for a whole lease.
	notices, err := r.Store.ClaimNotices(inHand, room, lease)
	if err != nil {
		return 0, err
	}
	r.unsettled.Add(int64(len(notices)))
	for _, n := range notices {
		r.busy++
		r.jobs <- n
	}
	if len(notices) > 0 {
		return 0, nil
	}
	return r.untilDue(ctx)
}

func (r *run) countFreed() {
	for {
		select {
		case <-r.freed:
			r.busy--
		default:
			return
		}
	}
}

// room is how many of free connections the caps leave (U11), and where none, when
// to look again: by then about one more may go.
func (r *run) room(ctx context.Context, now time.Time, free int) (int, time.Duration, error) {
	for _, limit := range []struct {
		cap    int
		window time.Duration
	}{{r.SendPerHour, time.Hour}, {r.SendPerDay, 24 * time.Hour}} {
		if limit.cap <= 0 {
			continue
		}
		unsettled := int(r.unsettled.Load()) // read first: what is settled meanwhile counts twice, never not at all
		done, err := r.Store.SentSince(ctx, now.Add(-limit.window))
		if err != nil {
			return 0, 0, err
		}
		if left := limit.cap - done - unsettled; left < free {
			free = left
		}
		if free <= 0 {
			return 0, min(max(limit.window/time.Duration(limit.cap), time.Second), 10*time.Minute), nil
		}
	}
	return free, 0, nil
}

func (r *run) untilDue(ctx context.Context) (time.Duration, error) {
	due, err := r.Store.NextDue(ctx)
	if err != nil {
		return 0, err
	}
	if due.IsZero() {
		return glance, nil
	}
	// Due, and yet not claimed: somebody else was faster, or it is being claimed.
	return min(max(due.Sub(r.Clock()), 50*time.Millisecond), glance), nil
}

// sleep waits for d, a kick, a free connection or the end.
func (r *run) sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-r.kick:
	case <-r.freed:
		r.busy--
	case <-timer.C:
	}
}
