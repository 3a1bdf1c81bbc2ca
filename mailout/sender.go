package mailout

import (
	"context"
	"log/slog"
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
	// Occasions load what the notices' texts are made of, in their order. Occasions may
	// share what they point to; nobody changes it.
	Occasions(ctx context.Context, notices []petition.Notice) ([]petition.Occasion, error)
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
	// maxAhead is the most that is claimed beyond the free connections.
	maxAhead = 64
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

// run is one Run: a line of goroutines and what flows through it, one way.
//
//	dispatch → claimed → writeAll → ready → connection, several → results → settleAll
type run struct {
	*Sender
	claimed chan claim
	ready   chan outgoing
	results chan petition.Settlement
	freed   chan struct{} // one of those claimed is sent, or will not be
	queue   queue         // the dispatcher's own
}

// claim is notices whose attempt is committed.
type claim struct {
	notices []petition.Notice
	latest  time.Time // later no sending may begin: the lease could end before the server's answer
}

// outgoing is a notice on its way to a connection.
type outgoing struct {
	petition.Notice
	letter Letter
	latest time.Time
}

// Run sends until ctx ends, then finishes what is in hand. It returns nil.
func (s *Sender) Run(ctx context.Context) error {
	n := s.Server.connections()
	r := &run{
		Sender: s, claimed: make(chan claim), ready: make(chan outgoing, n),
		results: make(chan petition.Settlement, n), freed: make(chan struct{}, n+maxAhead), queue: queue{connections: n},
	}
	inHand, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()

	var writer, connections, settler sync.WaitGroup
	writer.Go(func() { r.writeAll(inHand) })
	for range n {
		connections.Go(func() { r.connection(inHand) })
	}
	settler.Go(func() { r.settleAll(inHand) })
	r.dispatch(ctx, inHand)
	close(r.claimed)
	writer.Wait()
	close(r.ready)
	connections.Wait()
	close(r.results)
	settler.Wait()
	return nil
}

// finish hands on what became of a notice, and makes room for another.
func (r *run) finish(s petition.Settlement) {
	r.results <- s
	r.freed <- struct{}{}
}
