package origin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"countersign/petition"
)

// dnsTimeout bounds one lookup; dnsBudget and maxLookups bound those of one mail.
const (
	dnsTimeout = 5 * time.Second
	dnsBudget  = 10 * time.Second
	maxLookups = 20
)

var (
	errTooManyLookups = errors.New("too many DNS lookups")
	errPanic          = errors.New("the verifier broke off")
)

// resolver asks Settings.LookupTXT, once a name, and keeps the answers. The DKIM library asks from several goroutines.
type resolver struct {
	mu      sync.Mutex
	lookup  func(ctx context.Context, name string) ([]string, error)
	ctx     context.Context
	answers []petition.DNSAnswer
	errs    []error
}

func (r *resolver) txt(name string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for i := range r.answers {
		if r.answers[i].Name == name {
			return r.answers[i].TXT, r.errs[i]
		}
	}
	if len(r.answers) >= maxLookups {
		return nil, errTooManyLookups
	}
	ctx, cancel := context.WithTimeout(r.ctx, dnsTimeout)
	defer cancel()
	txt, err := r.lookup(ctx, name)
	answer := petition.DNSAnswer{Name: name, TXT: txt}
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded) || isTimeout(err):
		answer.Error = "TIMEOUT"
		err = temporaryError{err}
	case isTemporary(err):
		answer.Error = "SERVFAIL"
		err = temporaryError{err}
	default:
		answer.Error = "NXDOMAIN"
	}
	r.answers = append(r.answers, answer)
	r.errs = append(r.errs, err)
	return txt, err
}

// used returns the answers in the order of their names.
func (r *resolver) used() []petition.DNSAnswer {
	slices.SortFunc(r.answers, func(a, b petition.DNSAnswer) int { return strings.Compare(a.Name, b.Name) })
	return r.answers
}

// temporaryError satisfies net.Error, which is what the DKIM library asks for.
type temporaryError struct{ error }

func (temporaryError) Temporary() bool { return true }
func (temporaryError) Timeout() bool   { return true }

func isTemporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
