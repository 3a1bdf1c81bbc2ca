package mailout

import (
	"context"
	"errors"
	"time"

	"countersign/petition"
)

// writeAll writes what was claimed, a few letters ahead of the connections.
func (r *run) writeAll(ctx context.Context) {
	for c := range r.claimed {
		r.gather(ctx, c.notices, func(o petition.Occasion, err error) {
			n := o.Notice
			var letter Letter
			if err == nil {
				letter, err = r.Compose(o)
			}
			switch {
			case err == nil:
				r.ready <- outgoing{n, letter, c.latest}
			case errors.Is(err, ErrCompose) || errors.Is(err, petition.ErrNotFound):
				r.finish(r.settled(ctx, &n, Letter{}, err))
			default: // the database, not the mail server: come back soon
				r.Log.WarnContext(ctx, "a notice cannot be loaded", "notice", n.ID, "err", err)
				r.finish(again(&n, r.Clock().Add(minPause), "the database did not answer"))
			}
		})
	}
}

// gather loads what the notices are about: all together, else each by itself, so
// that one cannot keep back the others.
func (r *run) gather(ctx context.Context, notices []petition.Notice, each func(petition.Occasion, error)) {
	occasions, err := r.Store.Occasions(ctx, notices)
	if err == nil {
		for _, o := range occasions {
			each(o, nil)
		}
		return
	}
	for i := range notices {
		occasions, err := r.Store.Occasions(ctx, notices[i:i+1])
		if err != nil {
			occasions = []petition.Occasion{{Notice: notices[i]}}
		}
		each(occasions[0], err)
	}
}

// again puts a notice back that was not tried.
func again(n *petition.Notice, at time.Time, why string) petition.Settlement {
	return petition.Settlement{ID: n.ID, Attempts: n.Attempts, State: petition.NoticeDue, DueAt: at, Error: why}
}
