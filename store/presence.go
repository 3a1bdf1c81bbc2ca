package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"
)

// What processes that share a database wake each other for.
const (
	WokenForMail    = "mail"    // there may be mail to read or to decide
	WokenForNotices = "notices" // there may be something to send
	WokenForLeases  = "leases"  // a process is gone: its leases are free
)

const (
	presenceChannel = "countersign"
	presenceSeed    = 7236102 // sets our locks apart from those of others in the database
	presenceRound   = 2 * time.Second
	tellAtMost      = 50 * time.Millisecond // between two of a kind: a burst wakes the others once
)

// Presence is what a process that shares a PostgreSQL database does to be known to the
// others and to know of them. One connection of its own holds an advisory lock of the
// holder's name, which ends with the process however it ends, and listens for the
// others. A holder whose lock is gone, seen twice, is dead: what it had claimed and the
// leases that it had are free at once. Without that connection, and behind a pooler that
// hands sessions around, claims and leases run out as they always do.
//
// On SQLite one process owns everything, and a Presence does nothing.
type Presence struct {
	store  *Store
	holder string
	dsn    string
	woken  func(what string)
	told   chan struct{} // something is to be told

	mu     sync.Mutex
	tell   []string // each kind once
	conn   *pq.ListenerConn
	missed map[string]bool // holders whose lock was missing in the last round
}

// Attend makes the store known under its holder's name. From then on Run must be
// running; woken is called from it, and must return soon.
func (s *Store) Attend(woken func(what string)) (*Presence, error) {
	p := &Presence{store: s, holder: s.holder, dsn: s.dsn, woken: woken, told: make(chan struct{}, 1), missed: map[string]bool{}}
	if !s.postgres {
		return p, nil
	}
	conn, lost, err := p.connect()
	if err != nil {
		return nil, fmt.Errorf("be known to other processes: %w", err)
	}
	p.conn = conn
	go p.listen(conn, lost)
	return p, nil
}

// connect opens the connection, takes the lock and listens. What comes is on the
// channel, which is closed when the connection ends.
func (p *Presence) connect() (*pq.ListenerConn, <-chan *pq.Notification, error) {
	notifications := make(chan *pq.Notification, 64)
	conn, err := pq.NewListenerConn(p.dsn, notifications)
	if err != nil {
		return nil, nil, err
	}
	for _, query := range []string{
		`SET tcp_keepalives_idle = 20`, `SET tcp_keepalives_interval = 5`, `SET tcp_keepalives_count = 3`, // a machine that vanished is noticed
		fmt.Sprintf(`SELECT pg_advisory_lock(hashtextextended(%s, %d))`, pq.QuoteLiteral(p.holder), presenceSeed),
		`LISTEN ` + presenceChannel,
	} {
		if _, err := conn.ExecSimpleQuery(query); err != nil {
			return nil, nil, errors.Join(err, conn.Close())
		}
	}
	return conn, notifications, nil
}

// listen passes on what the others say, until the connection ends.
func (p *Presence) listen(conn *pq.ListenerConn, notifications <-chan *pq.Notification) {
	for n := range notifications {
		what, from, _ := strings.Cut(n.Extra, " ")
		if from != p.holder {
			p.woken(what)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == conn {
		p.conn = nil
	}
}

// Tell wakes the other processes for something, soon. It never blocks.
func (p *Presence) Tell(what string) {
	if !p.store.postgres {
		return
	}
	p.mu.Lock()
	if !slices.Contains(p.tell, what) {
		p.tell = append(p.tell, what)
	}
	p.mu.Unlock()
	select {
	case p.told <- struct{}{}:
	default:
	}
}

// Run keeps the process known, tells what is to be told, and frees what dead processes
// held, until ctx ends; then it returns nil. Who works must stop before it.
func (p *Presence) Run(ctx context.Context) error {
	if !p.store.postgres {
		<-ctx.Done()
		return nil
	}
	var telling sync.WaitGroup
	telling.Go(func() { p.tellAll(ctx) })
	defer telling.Wait()
	round := time.NewTicker(presenceRound)
	defer round.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-round.C:
		}
		if !p.attending() {
			continue // whoever cannot be seen must not judge the others
		}
		freed, err := p.store.freeDead(ctx, p.holder, p.missed)
		if err != nil && ctx.Err() == nil {
			p.store.log.Warn("dead processes were not looked for", "err", err)
		}
		if freed > 0 {
			p.store.log.Info("took over what a dead process held", "rows", freed)
			for _, what := range []string{WokenForLeases, WokenForMail, WokenForNotices} {
				p.woken(what)
				p.Tell(what)
			}
		}
	}
}

// Close ends the connection, and with it the lock.
func (p *Presence) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return nil
	}
	return p.conn.Close()
}

// attending reports whether the connection stands, and makes it anew where it does not.
func (p *Presence) attending() bool {
	p.mu.Lock()
	conn := p.conn
	p.mu.Unlock()
	if conn != nil {
		if conn.Ping() == nil {
			return true
		}
		_ = conn.Close() // broken already
	}
	fresh, notifications, err := p.connect()
	if err != nil {
		p.store.log.Warn("other processes cannot be heard", "err", err)
		return false
	}
	p.mu.Lock()
	p.conn = fresh
	p.mu.Unlock()
	clear(p.missed)
	go p.listen(fresh, notifications)
	for _, what := range []string{WokenForMail, WokenForNotices} { // something may have been said meanwhile
		p.woken(what)
	}
	return true
}

// tellAll sends what is to be told: the first of a kind at once, more of it together.
func (p *Presence) tellAll(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.told:
		}
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		p.mu.Lock()
		kinds := p.tell
		p.tell = nil
		p.mu.Unlock()
		for _, what := range kinds {
			if _, err := p.store.write.ExecContext(ctx, `SELECT pg_notify($1, $2)`, presenceChannel, what+" "+p.holder); err != nil && ctx.Err() == nil {
				p.store.log.Debug("the other processes were not woken", "err", err) // they look by themselves
			}
		}
		pause.Reset(tellAtMost)
	}
}

// freeDead frees what holders without a lock have claimed, at the second time in a row
// that their lock is missing: one whose connection broke takes it again at once. missed
// is kept between the calls. It returns how many claims and leases are free now.
func (s *Store) freeDead(ctx context.Context, own string, missed map[string]bool) (int64, error) {
	var freed int64
	var dead []string
	err := s.inTx(ctx, func(t *tx) error {
		freed, dead = 0, nil
		if err := t.list(ctx, &dead, `SELECT holder FROM (
			SELECT claimed_by AS holder FROM mails WHERE state='recorded' AND claimed_until>$1
			UNION SELECT claimed_by FROM mails WHERE state='read' AND claimed_until>$1
			UNION SELECT claimed_by FROM notices WHERE state='sending' AND lease_until>$1
			UNION SELECT holder FROM leases WHERE lease_until>`+s.databaseNow()+`) AS holders
			WHERE holder NOT IN ('', $2) AND pg_try_advisory_xact_lock(hashtextextended(holder, $3))`, toMicros(t.now), own, presenceSeed); err != nil {
			return err
		}
		for _, holder := range dead {
			if !missed[holder] {
				continue
			}
			n, err := t.free(ctx, holder)
			if err != nil {
				return err
			}
			freed += n
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	clear(missed)
	for _, holder := range dead {
		missed[holder] = true
	}
	return freed, nil
}

// free lets go of everything that the holder had. What it was sending is sent again,
// with the same Message-ID: it may have gone out (R08).
func (t *tx) free(ctx context.Context, holder string) (int64, error) {
	var freed int64
	for _, query := range []string{
		`UPDATE leases SET holder='', lease_until=0 WHERE holder=$1`,
		`UPDATE mails SET claimed_until=0 WHERE state='recorded' AND claimed_until>0 AND claimed_by=$1`,
		`UPDATE mails SET claimed_until=0 WHERE state='read' AND claimed_until>0 AND claimed_by=$1`,
		`UPDATE notices SET lease_until=0 WHERE state='sending' AND lease_until>0 AND claimed_by=$1`,
	} {
		n, err := t.exec(ctx, query, holder)
		if err != nil {
			return 0, err
		}
		freed += n
	}
	return freed, nil
}
