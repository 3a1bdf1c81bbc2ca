package origin

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// How long answers are kept. The system's resolver does not tell their TTL; ten minutes is less than anybody who rotates
// keys waits, and a name that is missing is asked for again after two (RFC 2308 5 allows hours).
const (
	keepAnswer  = 10 * time.Minute
	keepMissing = 2 * time.Minute
	keepFailure = 30 * time.Second
	keepNames   = 10000 // answers kept at most

	brokenAfter = 4 // time-outs in a row, after which nobody is asked …
	brokenFor   = 30 * time.Second
)

// errNoResolver: the resolver does not answer anybody at the moment. It is temporary: the verdict is "temperror" and the
// mail is checked again later (R33).
var errNoResolver = temporaryError{errors.New("the DNS resolver does not answer")}

// SharedLookup asks each name once for all mails that need it at the same time, keeps the answers for a while, also the
// negative ones, and stops asking a resolver that only times out, so that mail is read at full speed without DNS.
// It may be used from several goroutines.
type SharedLookup struct {
	ask func(ctx context.Context, name string) ([]string, error)
	now func() time.Time

	mu       sync.Mutex
	answers  map[string]*sharedAnswer
	timeouts int       // in a row
	closed   time.Time // nobody is asked before
}

type sharedAnswer struct {
	done  chan struct{} // closed when txt, err and until are there
	txt   []string
	err   error
	until time.Time
}

// ShareLookups makes a lookup for Settings.LookupTXT of one that asks for real. now may be nil: time.Now.
func ShareLookups(ask func(ctx context.Context, name string) ([]string, error), now func() time.Time) *SharedLookup {
	if now == nil {
		now = time.Now
	}
	return &SharedLookup{ask: ask, now: now, answers: map[string]*sharedAnswer{}}
}

// TXT answers one question. Its error is temporary (Temporary() true) when the resolver or ctx gave no answer in time.
func (s *SharedLookup) TXT(ctx context.Context, name string) ([]string, error) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if err := ctx.Err(); err != nil { // the time of this mail is up: says nothing about the resolver
		return nil, temporaryError{err}
	}
	s.mu.Lock()
	a, known := s.answers[name]
	if known && a.finished() && !s.now().Before(a.until) {
		known = false
	}
	if !known && s.now().Before(s.closed) {
		s.mu.Unlock()
		return nil, errNoResolver
	}
	if !known {
		a = &sharedAnswer{done: make(chan struct{})}
		s.makeRoom()
		s.answers[name] = a
	}
	s.mu.Unlock()
	if !known {
		a.txt, a.err = s.ask(ctx, name)
		s.keep(ctx, name, a)
		return a.txt, a.err
	}
	select {
	case <-a.done:
		return a.txt, a.err
	case <-ctx.Done():
		return nil, temporaryError{ctx.Err()}
	}
}

// keep ends a question: everybody who waits for it gets the answer.
func (s *SharedLookup) keep(ctx context.Context, name string, a *sharedAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	switch {
	case a.err == nil:
		a.until = now.Add(keepAnswer)
		s.timeouts = 0
	case errors.Is(a.err, context.DeadlineExceeded) || isTimeout(a.err):
		a.err, a.until = temporaryError{a.err}, now.Add(keepFailure)
		if s.timeouts++; s.timeouts >= brokenAfter {
			s.closed = now.Add(brokenFor)
		}
	case errors.Is(ctx.Err(), context.Canceled): // who asked went away: that is no answer
		a.err = temporaryError{a.err}
		delete(s.answers, name)
	case isTemporary(a.err):
		a.until = now.Add(keepFailure)
		s.timeouts = 0
	default:
		a.until = now.Add(keepMissing)
		s.timeouts = 0
	}
	close(a.done)
}

func (a *sharedAnswer) finished() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// makeRoom keeps the number of answers below keepNames: those of the past go first, then any.
func (s *SharedLookup) makeRoom() {
	if len(s.answers) < keepNames {
		return
	}
	now := s.now()
	for name, a := range s.answers {
		if a.finished() && !now.Before(a.until) {
			delete(s.answers, name)
		}
	}
	for name, a := range s.answers {
		if len(s.answers) < keepNames {
			return
		}
		if a.finished() {
			delete(s.answers, name)
		}
	}
}
