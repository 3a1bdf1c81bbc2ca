package store

import (
	"context"
	"fmt"

	"countersign/petition"
)

// QueueAlert queues one mail a UTC day to every owner: the trouble called key, in
// plain words without addresses, and what it concerns in a few (U25). It says how
// many it queued; the same trouble queues none the same day again. Where the trouble
// is with sending, the mails wait like all others and the desk shows that they do.
func (s *Store) QueueAlert(ctx context.Context, key, what, text string) (int, error) {
	organizers, err := s.Organizers(ctx)
	if err != nil {
		return 0, err
	}
	queued := 0
	err = s.inTx(ctx, func(t *tx) error {
		queued = 0
		for _, o := range organizers {
			if o.Role != petition.RoleOwner {
				continue
			}
			fresh, err := t.queue(ctx, nil, &petition.Notice{
				Kind: petition.NoticeAlert, To: o.Address, Locale: o.Locale,
				DedupeKey: fmt.Sprintf("alert:O%d:%s:%s", o.ID, key, t.now.UTC().Format("2006-01-02")),
				Details:   petition.Details{Who: what, Text: text},
			})
			if err != nil {
				return err
			}
			queued += btoi(fresh)
		}
		return nil
	})
	return queued, err
}
