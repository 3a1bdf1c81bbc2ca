package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign/petition"
)

// How often work on a mail may begin without being finished. The count is committed
// before the work begins, so that a mail that kills the process is counted, too.
// The queries have the numbers in words: there is an index for just these.
const (
	maxReadings  = 2 // R16
	maxDecisions = 5
)

// ClaimMails takes up to n recorded mails to read, oldest first, with their bytes.
// Others leave them alone for the lease. A mail whose reading was begun twice and
// never finished is quarantined instead, for a person: it cannot stop the next (R16).
// One whose first reading did not finish is handed out alone, after the fresh ones: a
// mail that kills the process must not take those that were claimed with it along.
func (s *Store) ClaimMails(ctx context.Context, holder string, n int, lease time.Duration) ([]petition.Mail, error) {
	var claimed []int64
	most := n
	err := s.inTx(ctx, func(t *tx) error {
		n := most // a repeated transaction begins anew
		var hopeless []int64
		if err := t.list(ctx, &hopeless, `SELECT id FROM mails WHERE state='recorded' AND attempts>=2 AND claimed_until<$1`+s.forUpdate(),
			toMicros(t.now)); err != nil {
			return err
		}
		for _, id := range hopeless {
			if err := t.quarantine(ctx, id, "Reading this mail did not finish twice."); err != nil {
				return err
			}
		}
		for attempts := range maxReadings {
			claimed = nil
			if err := t.list(ctx, &claimed, `UPDATE mails SET attempts=attempts+1, claimed_by=$1, claimed_until=$2
				WHERE id `+s.among(`SELECT id FROM mails WHERE state='recorded' AND claimed_until<$3 AND attempts=$4
				ORDER BY id LIMIT $5`)+` RETURNING id`, holder, toMicros(t.now.Add(lease)), toMicros(t.now), attempts, n); err != nil {
				return err
			}
			if len(claimed) > 0 {
				return nil
			}
			n = 1
		}
		return nil
	})
	if err != nil || len(claimed) == 0 {
		return nil, err
	}
	return s.toRead(ctx, claimed)
}

// Understood stores what mails say. A reading is added, never changed. Mails that
// waited for it are ready to be decided; those that are decided stay so.
//
// All go in one transaction; after an error each by itself, and the error names
// those that could not be stored.
func (s *Store) Understood(ctx context.Context, all []petition.Understanding) error {
	if len(all) == 0 {
		return nil
	}
	err := s.understood(ctx, all)
	if err == nil || len(all) == 1 || !badRow(err) {
		return err
	}
	var failed error
	for i := range all {
		if err := s.understood(ctx, all[i:i+1]); err != nil {
			failed = errors.Join(failed, fmt.Errorf("mail %d: %w", all[i].MailID, err))
		}
	}
	return failed
}

func (s *Store) understood(ctx context.Context, all []petition.Understanding) error {
	return s.inTx(ctx, func(t *tx) error {
		rows := make([][]any, len(all))
		for i := range all {
			u := &all[i]
			rows[i] = []any{u.MailID, u.Reading.Reader, toMicros(t.now), toJSON(said{
				Header: u.Header, Origin: u.Origin, Reading: u.Reading, References: u.References, Codes: u.Codes, Similar: u.Similar,
			}), u.NewText}
		}
		made, err := insertReturning[struct{ ID, MailID int64 }](ctx, t.conn,
			`INSERT INTO readings (mail_id, reader, at, said, new_text)`, rows, `RETURNING id, mail_id`)
		if err != nil {
			return err
		}
		readings := make(map[int64]int64, len(made))
		for _, m := range made {
			readings[m.MailID] = max(readings[m.MailID], m.ID)
		}
		return t.setRead(ctx, all, readings)
	})
}

// setRead keeps beside each mail what lists and look-ups ask for.
func (t *tx) setRead(ctx context.Context, all []petition.Understanding, readings map[int64]int64) error {
	rows := make([][]any, len(all))
	for i := range all {
		u := &all[i]
		m := petition.Mail{Header: u.Header}
		rows[i] = []any{
			u.MailID, readings[u.MailID], cutKey(u.Header.MessageID), cutKey(m.From()), m.FromName(), u.Header.Subject,
			u.Reading.Language, u.Reading.Intent, u.Similar,
		}
	}
	casts := []string{"BIGINT", "BIGINT", "TEXT", "TEXT", "TEXT", "TEXT", "TEXT", "TEXT", "TEXT"}
	return batches(rows, func(part [][]any) error {
		values, args := t.table(part, casts)
		_, err := t.exec(ctx, `WITH v(id, reading_id, message_id, sender, sender_name, subject, language, intent, submission) AS (`+values+`)
			UPDATE mails SET reading_id=v.reading_id, message_id=v.message_id, sender=v.sender, sender_name=v.sender_name, subject=v.subject,
			language=v.language, intent=v.intent, submission=v.submission, claimed_until=0,
			state=CASE WHEN mails.state='recorded' THEN 'read' ELSE mails.state END FROM v WHERE mails.id=v.id`, args...)
		return err
	})
}

// Undecided takes up to n mails that are read and not decided, oldest first; others
// leave them alone for the lease. A mail whose decision was begun five times without
// an end is quarantined.
func (s *Store) Undecided(ctx context.Context, holder string, n int, lease time.Duration) ([]int64, error) {
	var ids []int64
	err := s.inTx(ctx, func(t *tx) error {
		var hopeless []int64
		if err := t.list(ctx, &hopeless, `SELECT id FROM mails WHERE state='read' AND decisions>=5 AND claimed_until<$1`+s.forUpdate(),
			toMicros(t.now)); err != nil {
			return err
		}
		for _, id := range hopeless {
			if err := t.quarantine(ctx, id, "Deciding about this mail did not finish five times."); err != nil {
				return err
			}
		}
		ids = nil
		return t.list(ctx, &ids, `UPDATE mails SET decisions=decisions+1, claimed_by=$1, claimed_until=$2
			WHERE id `+s.among(`SELECT id FROM mails WHERE state='read' AND claimed_until<$3 AND decisions<$4
			ORDER BY id LIMIT $5`)+` RETURNING id`, holder, toMicros(t.now.Add(lease)), toMicros(t.now), maxDecisions, n)
	})
	sortIDs(ids)
	return ids, err
}

// Quarantine sets a mail aside for a person, with the reason. A decided mail stays decided.
func (s *Store) Quarantine(ctx context.Context, mailID int64, why string) error {
	return s.inTx(ctx, func(t *tx) error { return t.quarantine(ctx, mailID, why) })
}

func (t *tx) quarantine(ctx context.Context, mailID int64, why string) error {
	n, err := t.exec(ctx, `UPDATE mails SET state='quarantined', problem=$2, claimed_until=0, disposition=$3, silence=$4, decided_at=$5
		WHERE id=$1 AND state IN ('recorded','read')`, mailID, why, petition.DispPerson, petition.SilentPersonFirst, toMicros(t.now))
	if err != nil || n == 0 {
		return err
	}
	t.store.log.Warn("mail set aside for a person", "mail", mailID, "why", why)
	return t.addTask(ctx, &petition.Task{Kind: petition.TaskQuarantine, MailID: mailID, Urgent: true, Why: why})
}
