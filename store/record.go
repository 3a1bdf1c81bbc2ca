package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"countersign/petition"
)

// KnownUIDs lists the recorded UIDs of a folder, ascending. UIDs mean nothing
// without the UIDVALIDITY (R01).
func (s *Store) KnownUIDs(ctx context.Context, mailbox, folder string, uidValidity uint32) ([]uint32, error) {
	var uids []uint32
	err := s.reader().list(ctx, &uids, `SELECT uid FROM places WHERE mailbox=$1 AND folder=$2 AND uidvalidity=$3 ORDER BY uid`,
		mailbox, folder, int64(uidValidity))
	return uids, err
}

// UIDValidities lists those under which mails of the folder were recorded.
func (s *Store) UIDValidities(ctx context.Context, mailbox, folder string) ([]uint32, error) {
	var all []uint32
	err := s.reader().list(ctx, &all, `SELECT DISTINCT uidvalidity FROM places WHERE mailbox=$1 AND folder=$2 ORDER BY uidvalidity`, mailbox, folder)
	return all, err
}

// Record commits mails and where they lie before anything is understood (R07).
// Bytes that are known already only get a further place (R05). The ids of the new
// mails come back in no particular order.
//
// The mails are one transaction. When one of them cannot be stored, each is tried
// by itself: those that can be stored are, and the error names the others.
// petition.ErrLeaseLost means that nothing was stored.
func (s *Store) Record(ctx context.Context, l petition.Lease, mails []petition.Fetched) ([]int64, error) {
	if len(mails) == 0 {
		return nil, nil
	}
	ids, err := s.recordAll(ctx, l, mails)
	if err == nil || len(mails) == 1 || !badRow(err) {
		return ids, err
	}
	var all []int64
	var failed error
	for i := range mails {
		ids, err := s.recordAll(ctx, l, mails[i:i+1])
		if errors.Is(err, petition.ErrLeaseLost) {
			return all, err
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("mail with UID %d: %w", mails[i].Place.UID, err))
		}
		all = append(all, ids...)
	}
	return all, failed
}

func (s *Store) recordAll(ctx context.Context, l petition.Lease, mails []petition.Fetched) ([]int64, error) {
	sums := make([]string, len(mails))
	for i := range mails {
		sum := sha256.Sum256(mails[i].Raw)
		sums[i] = hex.EncodeToString(sum[:])
	}
	var fresh map[string]int64
	err := s.inTx(ctx, func(t *tx) (err error) {
		if err := t.holds(ctx, l); err != nil {
			return err
		}
		if fresh, err = t.insertMails(ctx, mails, sums); err != nil {
			return err
		}
		return t.insertPlaces(ctx, mails, sums, fresh)
	})
	if err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(fresh))
	for i, sum := range sums {
		if id, ok := fresh[sum]; ok {
			delete(fresh, sum) // the same bytes may come twice
			ids = append(ids, id)
			s.handover.put(id, mails[i].Raw, s.Now())
		}
	}
	return ids, nil
}

// insertMails stores the mails whose bytes are new and returns their ids by sum.
func (t *tx) insertMails(ctx context.Context, mails []petition.Fetched, sums []string) (map[string]int64, error) {
	rows := make([][]any, 0, len(mails))
	raw := make(map[string][]byte, len(mails))
	for i := range mails {
		m := &mails[i]
		if _, twice := raw[sums[i]]; twice {
			continue
		}
		raw[sums[i]] = m.Raw
		rows = append(rows, []any{
			sums[i], m.Size, m.Place.Mailbox, toMicros(m.Received), toMicros(t.now), m.Partial, m.Spam, string(petition.MailRecorded),
		})
	}
	made, err := insertReturning[struct {
		ID     int64
		SHA256 string
	}](ctx, t.conn, `INSERT INTO mails (sha256, size, mailbox, received_at, recorded_at, partial, spam, state)`, rows,
		`ON CONFLICT (sha256) DO NOTHING RETURNING id, sha256`)
	if err != nil {
		return nil, err
	}
	fresh := make(map[string]int64, len(made))
	for _, m := range made {
		fresh[m.SHA256] = m.ID
	}
	return fresh, t.insertBytes(ctx, fresh, raw)
}

// insertPlaces notes where each mail lies. A place that is known stays as it is.
func (t *tx) insertPlaces(ctx context.Context, mails []petition.Fetched, sums []string, fresh map[string]int64) error {
	ids := make(map[string]int64, len(mails))
	var old []string
	for _, sum := range sums {
		if id, ok := fresh[sum]; ok {
			ids[sum] = id
		} else {
			old = append(old, sum)
		}
	}
	if len(old) > 0 {
		var args []any
		list := in(&args, old)
		var found []struct {
			ID     int64
			SHA256 string
		}
		if err := t.list(ctx, &found, `SELECT id, sha256 FROM mails WHERE sha256 IN `+list, args...); err != nil {
			return err
		}
		for _, f := range found {
			ids[f.SHA256] = f.ID
		}
	}
	rows := make([][]any, len(mails))
	for i := range mails {
		p := mails[i].Place
		rows[i] = []any{p.Mailbox, p.Folder, int64(p.UIDValidity), int64(p.UID), ids[sums[i]], toMicros(t.now)}
	}
	return t.insert(ctx, `INSERT INTO places (mailbox, folder, uidvalidity, uid, mail_id, recorded_at)`, rows, `ON CONFLICT DO NOTHING`)
}

// Unsettled lists UIDs that are recorded and not yet flagged or moved, ascending.
func (s *Store) Unsettled(ctx context.Context, mailbox, folder string, uidValidity uint32) ([]uint32, error) {
	var uids []uint32
	err := s.reader().list(ctx, &uids, `SELECT uid FROM places WHERE mailbox=$1 AND folder=$2 AND uidvalidity=$3 AND settled_at=0 ORDER BY uid`,
		mailbox, folder, int64(uidValidity))
	return uids, err
}

// Settled notes that the mails at these places are flagged, or need nothing more
// there. petition.ErrLeaseLost means that nothing was noted.
func (s *Store) Settled(ctx context.Context, l petition.Lease, places []petition.Place) error {
	return s.inTx(ctx, func(t *tx) error {
		if err := t.holds(ctx, l); err != nil {
			return err
		}
		return t.settlePlaces(ctx, places)
	})
}

func (t *tx) settlePlaces(ctx context.Context, places []petition.Place) error {
	rows := make([][]any, len(places))
	for i, p := range places {
		rows[i] = []any{p.Mailbox, p.Folder, int64(p.UIDValidity), int64(p.UID)}
	}
	return batches(rows, func(part [][]any) error {
		values, args := t.table(part, []string{"TEXT", "TEXT", "BIGINT", "BIGINT"})
		args = append(args, toMicros(t.now))
		_, err := t.exec(ctx, fmt.Sprintf(`WITH v(mailbox, folder, uidvalidity, uid) AS (%s)
			UPDATE places SET settled_at=$%d FROM v WHERE places.mailbox=v.mailbox AND places.folder=v.folder
			AND places.uidvalidity=v.uidvalidity AND places.uid=v.uid AND places.settled_at=0`, values, len(args)), args...)
		return err
	})
}

// Moved notes that the mail at from now lies at to, so that it is never taken for a
// new one there (R12). Both are settled. A from that was never recorded is an error.
func (s *Store) Moved(ctx context.Context, l petition.Lease, from, to petition.Place) error {
	return s.inTx(ctx, func(t *tx) error {
		if err := t.holds(ctx, l); err != nil {
			return err
		}
		var mailID int64
		if err := t.get(ctx, &mailID, `SELECT mail_id FROM places WHERE mailbox=$1 AND folder=$2 AND uidvalidity=$3 AND uid=$4`,
			from.Mailbox, from.Folder, int64(from.UIDValidity), int64(from.UID)); err != nil {
			return fmt.Errorf("the place it was moved from: %w", err)
		}
		row := []any{to.Mailbox, to.Folder, int64(to.UIDValidity), int64(to.UID), mailID, toMicros(t.now)}
		if err := t.insert(ctx, `INSERT INTO places (mailbox, folder, uidvalidity, uid, mail_id, recorded_at)`, [][]any{row}, `ON CONFLICT DO NOTHING`); err != nil {
			return err
		}
		return t.settlePlaces(ctx, []petition.Place{from, to})
	})
}
