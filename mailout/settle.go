package mailout

import (
	"context"
	"slices"
	"time"

	"countersign/petition"
)

// settler records outcomes. What could not be recorded is kept and tried again.
type settler struct {
	*run
	stuck    []petition.Settlement
	failures int
	since    time.Time        // of the first failure
	again    <-chan time.Time // when to try what is stuck; nil: nothing is
}

// settleAll records outcomes until there are no more. Those that finished together
// are recorded together; each counts only with its own attempt. While the database
// is away nothing can be claimed, so nothing is sent of which nobody would know.
func (r *run) settleAll(ctx context.Context) {
	s := settler{run: r}
	var end <-chan struct{}
	for results := r.results; results != nil || len(s.stuck) > 0; {
		select {
		case one, ok := <-results:
			if ok {
				s.record(ctx, s.collect(one))
			} else {
				results, end = nil, ctx.Done()
			}
		case <-s.again:
			stuck := s.stuck
			s.stuck, s.again = nil, nil
			s.record(ctx, stuck)
		case <-end:
			return
		}
	}
}

const (
	together = 5 * time.Millisecond // how long an outcome may wait for others
	most     = 64                   // outcomes recorded at once
)

// collect adds what else has finished or will in a moment. When nothing else is on
// its way it does not wait. What was sent and is not recorded would be sent again
// if the process died now, so the moment is short.
func (s *settler) collect(one petition.Settlement) []petition.Settlement {
	batch := []petition.Settlement{one}
	enough := time.NewTimer(together)
	defer enough.Stop()
	for len(batch) < most && int(s.unsettled.Load()) > len(batch)+len(s.stuck) {
		select {
		case next, ok := <-s.results:
			if !ok {
				return batch
			}
			batch = append(batch, next)
		case <-enough.C:
			return batch
		}
	}
	return batch
}

func dueAgain(s petition.Settlement) bool { return s.State == petition.NoticeDue }

func (s *settler) record(ctx context.Context, batch []petition.Settlement) {
	left, err := s.each(ctx, batch)
	s.unsettled.Add(int64(len(left) - len(batch)))
	s.stuck = append(s.stuck, left...)
	if len(left) < len(batch) && (s.capped() || slices.ContainsFunc(batch, dueAgain)) {
		s.Kick() // there is room under the caps, and what is due again may be the next
	}
	if len(s.stuck) == 0 {
		s.failures, s.again = 0, nil
		return
	}
	if s.again != nil {
		return // what is stuck has its time
	}
	if s.failures++; s.failures == 1 {
		s.since = s.Clock()
	}
	s.Log.ErrorContext(ctx, "sent mails cannot be recorded", "err", err, "mails", len(s.stuck))
	s.again = time.After(min(pause(s.failures, 0)/60, glance))
	if s.Clock().Sub(s.since) < lease {
		return
	}
	if _, err := s.Store.NextDue(ctx); err == nil { // the database answers, and still refuses these
		s.unsettled.Add(-int64(len(s.stuck)))
		s.stuck, s.failures, s.again = nil, 0, nil
	}
}

// each records all, else each by itself, so that one cannot keep back the others.
// After many failures it leaves out the words, which the database may not like. It
// returns those that are left, with the last error.
func (s *settler) each(ctx context.Context, batch []petition.Settlement) (left []petition.Settlement, err error) {
	if err = s.Store.SettleNotices(ctx, batch); err == nil {
		return nil, nil
	}
	for _, one := range batch {
		if s.failures > 4 {
			one.Text, one.Error = "", ""
		}
		if failed := s.Store.SettleNotices(ctx, []petition.Settlement{one}); failed != nil {
			left, err = append(left, one), failed
		}
	}
	return left, err
}
