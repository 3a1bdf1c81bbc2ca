package store

import (
	"context"
	"errors"
	"time"

	"countersign/petition"
)

// notHeld is true of notices that may go out: all, unless a restored copy waits for an
// organizer, who needs the link to sign in.
const notHeld = ` (kind='sign_in' OR NOT EXISTS (SELECT 1 FROM restores WHERE released_at=0))`

// Restored says that the database is a copy that was put back (R59): what was due in it
// may have gone out since and is held, nothing but sign-in links goes out before
// Release, and mail from before now is not answered by itself (see RestoredAt). It
// returns how many notices are held. Saying it again before Release changes nothing more.
func (s *Store) Restored(ctx context.Context) (held int, err error) {
	err = s.inTx(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, `INSERT INTO restores (at) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM restores WHERE released_at=0)`, toMicros(t.now)); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE notices SET state='held' WHERE state IN ('due','sending') AND kind<>'sign_in'
			AND queued_at<=(SELECT MAX(at) FROM restores)`); err != nil {
			return err
		}
		return t.get(ctx, &held, `SELECT COUNT(*) FROM notices WHERE state='held'`)
	})
	return held, err
}

// Hold is a restored copy that waits for an organizer.
type Hold struct {
	Since time.Time // zero: nothing is held back
	Held  int       // notices that were due in the copy
	Due   int       // notices that came due since
}

// Held tells whether a restored copy waits for an organizer, and what with it.
func (s *Store) Held(ctx context.Context) (Hold, error) {
	var r struct {
		At   micros
		Held int
		Due  int
	}
	err := s.reader().get(ctx, &r, `SELECT at, (SELECT COUNT(*) FROM notices WHERE state='held') AS held,
		(SELECT COUNT(*) FROM notices WHERE state='due' AND kind<>'sign_in') AS due FROM restores WHERE released_at=0`)
	if errors.Is(err, petition.ErrNotFound) {
		return Hold{}, nil
	}
	return Hold{Since: r.At.time(), Held: r.Held, Due: r.Due}, err
}

// Release lets mail out again after a restore: what was due in the copy is sent, too,
// or dropped, because it went out before.
func (s *Store) Release(ctx context.Context, send bool) error {
	return s.inTx(ctx, func(t *tx) error {
		state := petition.NoticeDropped
		if send {
			state = petition.NoticeDue
		}
		if _, err := t.exec(ctx, `UPDATE notices SET state=$1 WHERE state='held'`, state); err != nil {
			return err
		}
		_, err := t.exec(ctx, `UPDATE restores SET released_at=$1 WHERE released_at=0`, toMicros(t.now))
		return err
	})
}

// RestoredAt is when a copy was last put back, zero if never: mail that arrived before
// may have been answered, although the copy knows nothing of it.
func (s *Store) RestoredAt(ctx context.Context) (time.Time, error) {
	var at micros
	err := s.reader().get(ctx, &at, `SELECT COALESCE(MAX(at), 0) FROM restores`)
	return at.time(), err
}
