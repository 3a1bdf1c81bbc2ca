package mailin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"countersign/petition"
)

// Claims hands out what waits, to one worker at a time.
type Claims interface {
	// ClaimMails hands out recorded mails with their bytes. The attempt is committed
	// before it returns; a mail that was claimed twice and never finished is quarantined instead (R16).
	ClaimMails(ctx context.Context, holder string, n int, lease time.Duration) ([]petition.Mail, error)
	// Undecided hands out mails that were read and, because of a crash, not decided.
	Undecided(ctx context.Context, holder string, n int, lease time.Duration) ([]int64, error)
}

// Outcomes takes what became of a mail.
type Outcomes interface {
	Understood(ctx context.Context, batch []petition.Understanding) error
	// Decide decides in one transaction; deciding again changes nothing.
	Decide(ctx context.Context, mailID int64, d petition.Decider) (petition.Outcome, error)
	Quarantine(ctx context.Context, mailID int64, why string) error
}

// Desk is everything that an intake needs of the store.
type Desk interface {
	Claims
	Outcomes
}

// Understand reads one mail. An error, like a panic, quarantines the mail, so it must mean
// that this mail cannot be read, not that something else is down.
type Understand func(ctx context.Context, m petition.Mail) (petition.Understanding, error)

// IntakeConfig is what an intake works with. Store, Holder, Understand and Decide are needed.
type IntakeConfig struct {
	Store      Desk
	Holder     string // names this process among all that share the database
	Understand Understand
	Decide     petition.Decider
	Decided    func(mailID int64, o petition.Outcome) // after each decision: kick the outbox, count
	Workers    int                                    // 0: 2
	Lease      time.Duration                          // 0: 5 min; how long a claim lasts
	Log        *slog.Logger
}

// Intake reads recorded mails and has them decided.
type Intake struct {
	IntakeConfig
	kicks chan struct{}

	mu     sync.Mutex
	failed map[int64]int // decisions that failed, by mail
}

const (
	firstClaim  = 8        // mails
	maxClaim    = 50       // mails
	claimBytes  = 16 << 20 // what a claim should weigh: its size follows what came before
	readers     = 8        // mails of a claim read at once: reading waits for the domain name system
	slowReading = 2 * time.Second
	grace       = 20 * time.Second // to finish what is in hand when ctx ends
	maxFailures = 5                // decisions of one mail, before a person looks
	refusals    = 6                // of a reading, over half a minute: more than a short absence of the store
)

// NewIntake checks the configuration.
func NewIntake(c IntakeConfig) (*Intake, error) {
	if c.Store == nil || c.Holder == "" || c.Understand == nil || c.Decide == nil {
		return nil, errors.New("an intake needs a store, a holder, a reader and rules")
	}
	set(&c.Workers, 2)
	set(&c.Lease, 5*time.Minute)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Log = c.Log.With("component", "intake")
	return &Intake{IntakeConfig: c, kicks: make(chan struct{}, 1), failed: map[int64]int{}}, nil
}

// Kick tells that there may be mail to read.
func (i *Intake) Kick() { poke(i.kicks) }

// Run works until ctx ends, finishes what is in hand and returns nil.
func (i *Intake) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range i.Workers {
		workers.Go(func() { i.work(ctx) })
	}
	workers.Wait()
	return nil
}

// work claims and reads until nothing is left, then sleeps until a kick, or until every
// claim that a crashed process may hold has run out.
func (i *Intake) work(ctx context.Context) {
	failures, n := 0, firstClaim
	for ctx.Err() == nil {
		found, err := i.round(ctx, &n)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failures++
			wait := Backoff(failures, chance())
			i.Log.Error("mail cannot be read", "err", err, "failures", failures, "again_in", wait.Round(time.Second))
			pause(ctx, wait, nil)
		case found:
			failures = 0
		default:
			failures = 0
			pause(ctx, i.Lease+time.Second, i.kicks)
		}
	}
}

// round works on one claim. n is how many mails to ask for, and follows their weight.
func (i *Intake) round(ctx context.Context, n *int) (found bool, err error) {
	mails, err := i.Store.ClaimMails(ctx, i.Holder, *n, i.Lease)
	if err != nil {
		return false, fmt.Errorf("claim mails: %w", err)
	}
	if len(mails) == *n {
		i.Kick() // there is more: another worker may help
	}
	work, stop := finishing(ctx)
	defer stop()
	if len(mails) > 0 {
		*n = nextClaim(*n, mails)
		return true, i.handle(work, mails)
	}
	ids, err := i.Store.Undecided(ctx, i.Holder, maxClaim, i.Lease)
	if err != nil {
		return false, fmt.Errorf("claim read mails: %w", err)
	}
	i.decideAll(work, ids)
	return len(ids) > 0, nil
}

// finishing gives a context that outlives ctx for as long as it may take to finish what
// is in hand.
func finishing(ctx context.Context) (context.Context, func()) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var timer *time.Timer
	var mu sync.Mutex
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		timer = time.AfterFunc(grace, cancel)
	})
	return work, func() {
		stop()
		mu.Lock()
		defer mu.Unlock()
		if timer != nil {
			timer.Stop()
		}
		cancel()
	}
}

// nextClaim sizes the next claim by the weight of this one, so that many small mails
// go quickly and a few huge ones do not fill the memory.
func nextClaim(n int, mails []petition.Mail) int {
	total := 1
	for _, m := range mails {
		total += len(m.Raw)
	}
	fits := claimBytes / (total/len(mails) + 1)
	return max(1, min(fits, 2*n, maxClaim))
}

// handle reads the mails of a claim and has each decided.
func (i *Intake) handle(ctx context.Context, mails []petition.Mail) error {
	understood, refused := i.read(ctx, mails)
	if ctx.Err() != nil {
		return ctx.Err() // what was interrupted is claimed again
	}
	for id, why := range refused {
		i.Log.Error("a mail cannot be read and waits for a person", "mail", id, "err", why)
		if err := i.patiently(ctx, func() error { return i.Store.Quarantine(ctx, id, why.Error()) }); err != nil {
			return fmt.Errorf("quarantine: %w", err)
		}
	}
	ids, err := i.keep(ctx, understood)
	i.decideAll(ctx, ids)
	return err
}

// keep stores readings and returns the mails whose reading is stored. One that the
// store refuses while it takes others, or again and again while it takes that the mail is set
// aside, waits for a person.
func (i *Intake) keep(ctx context.Context, batch []petition.Understanding) (stored []int64, err error) {
	if len(batch) == 0 {
		return nil, nil
	}
	failures := 0
	err = i.patiently(ctx, func() error {
		stored = nil
		err := i.Store.Understood(ctx, batch)
		if err == nil {
			for _, u := range batch {
				stored = append(stored, u.MailID)
			}
			return nil
		}
		failures++
		refused := batch
		if len(batch) > 1 {
			refused = nil
			for _, u := range batch {
				if i.Store.Understood(ctx, []petition.Understanding{u}) == nil {
					stored = append(stored, u.MailID)
				} else {
					refused = append(refused, u)
				}
			}
		}
		if len(stored) == 0 && failures < refusals {
			return err // the store is away, as far as anyone can tell
		}
		for _, u := range refused {
			i.Log.Error("a reading cannot be stored", "mail", u.MailID, "err", err)
			if err := i.Store.Quarantine(ctx, u.MailID, "its reading cannot be stored: "+err.Error()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("store readings: %w", err)
	}
	return stored, err
}

// patiently tries again while the claim lasts: a database that is away for a while must
// not cost a mail one of its two attempts.
func (i *Intake) patiently(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, i.Lease/2)
	defer cancel()
	for failures := 1; ; failures++ {
		err := do()
		if err == nil || ctx.Err() != nil {
			return err
		}
		i.Log.Warn("the store does not take it", "err", err, "failures", failures)
		pause(ctx, Backoff(failures, chance()), nil)
	}
}

// read reads mails side by side. A mail whose reading fails is in refused.
func (i *Intake) read(ctx context.Context, mails []petition.Mail) (understood []petition.Understanding, refused map[int64]error) {
	results := make([]petition.Understanding, len(mails))
	errs := make([]error, len(mails))
	var reading sync.WaitGroup
	slots := make(chan struct{}, readers)
	for k := range mails {
		slots <- struct{}{}
		reading.Go(func() {
			defer func() { <-slots }()
			results[k], errs[k] = i.readOne(ctx, mails[k])
		})
	}
	reading.Wait()
	refused = map[int64]error{}
	for k, err := range errs {
		if err != nil {
			refused[mails[k].ID] = err
			continue
		}
		understood = append(understood, results[k])
	}
	return understood, refused
}

// readOne reads one mail. A panic is its error: it must not stop the next mail (R09).
func (i *Intake) readOne(ctx context.Context, m petition.Mail) (u petition.Understanding, err error) {
	begun := time.Now()
	defer func() {
		if v := recover(); v != nil {
			i.Log.Error("reading a mail panicked", "mail", m.ID, "err", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("the reader broke: %v", v)
		}
		if took := time.Since(begun); took > slowReading {
			i.Log.Warn("reading a mail took long", "mail", m.ID, "took", took) // R16: the alarm, not the mechanism
		}
	}()
	u, err = i.Understand(ctx, m)
	u.MailID = m.ID
	return u, err
}

// decideAll decides mails one after the other. One that fails stays read and is taken up
// when its claim has run out.
func (i *Intake) decideAll(ctx context.Context, ids []int64) {
	for _, id := range ids {
		if ctx.Err() != nil {
			return
		}
		outcome, err := i.Store.Decide(ctx, id, i.decide)
		if err != nil {
			i.undecided(ctx, id, err)
			continue
		}
		i.mu.Lock()
		delete(i.failed, id)
		i.mu.Unlock()
		i.Log.Debug("mail decided", "mail", id, "disposition", outcome.Disposition, "silence", outcome.Silence)
		if i.Decided != nil && outcome.LookAgain.IsZero() {
			i.Decided(id, outcome)
		}
	}
}

func (i *Intake) undecided(ctx context.Context, id int64, err error) {
	if ctx.Err() != nil {
		return
	}
	i.mu.Lock()
	i.failed[id]++
	failures := i.failed[id]
	i.mu.Unlock()
	i.Log.Error("a mail cannot be decided", "mail", id, "err", err, "failures", failures)
	if failures < maxFailures {
		return
	}
	if err := i.Store.Quarantine(ctx, id, "it cannot be decided: "+err.Error()); err != nil {
		i.Log.Error("a mail cannot be quarantined", "mail", id, "err", err)
	}
}

// decide applies the rules inside the store's transaction. If they panic a person gets
// the mail; the store never sees the panic.
func (i *Intake) decide(k petition.Known) (o petition.Outcome) {
	defer func() {
		if v := recover(); v != nil {
			i.Log.Error("deciding a mail panicked", "mail", k.Mail.ID, "err", v, "stack", string(debug.Stack()))
			task := petition.Task{Kind: petition.TaskQuarantine, MailID: k.Mail.ID, Why: fmt.Sprintf("The rules broke on this mail: %v", v), CreatedAt: k.Now}
			if k.Campaign != nil {
				task.CampaignID = k.Campaign.ID
			}
			o = petition.Outcome{Disposition: petition.DispPerson, Silence: petition.SilentPersonFirst, Tasks: []petition.Task{task}}
		}
	}()
	return i.Decide(k)
}
