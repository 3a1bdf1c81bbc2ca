package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"countersign/petition"
)

func sortIDs(ids []int64) { slices.Sort(ids) }

// ClaimNotices takes up to n due notices to send: sign-in links first, then
// requests, receipts and the rest, each by age (U11). The attempt is counted and
// committed before anything is sent. An attempt whose lease has run out without a
// settlement is due again, and so is one of a process that died (see Presence); its mail may have gone out, and the next has the same
// Message-ID (R08). Claim no more than can be sent at once.
func (s *Store) ClaimNotices(ctx context.Context, n int, lease time.Duration) ([]petition.Notice, error) {
	var rows []noticeRow
	err := s.inTx(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, `UPDATE notices SET state='due', due_at=$1 WHERE id `+
			s.among(`SELECT id FROM notices WHERE state='sending' AND lease_until<$1`), toMicros(t.now)); err != nil {
			return err
		}
		rows = nil
		return t.list(ctx, &rows, `UPDATE notices SET state='sending', attempts=attempts+1, lease_until=$1, claimed_by=$4 WHERE id `+
			s.among(`SELECT id FROM notices WHERE state='due' AND due_at<=$2 AND`+notHeld+` ORDER BY priority, due_at, id LIMIT $3`)+
			` RETURNING `+noticeColumns, toMicros(t.now.Add(lease)), toMicros(t.now), n, s.holder)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b noticeRow) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.DueAt, b.DueAt), cmp.Compare(a.ID, b.ID))
	})
	notices := make([]petition.Notice, 0, len(rows))
	for i := range rows {
		n, err := rows[i].notice()
		if err != nil { // it keeps none of the others back, and comes again when its lease ends
			s.log.Error("a notice cannot be read", "notice", rows[i].ID, "err", err)
			continue
		}
		notices = append(notices, n)
	}
	return notices, nil
}

// SettleNotice notes what became of one attempt: see SettleNotices.
func (s *Store) SettleNotice(ctx context.Context, settlement petition.Settlement) error {
	return s.SettleNotices(ctx, []petition.Settlement{settlement})
}

// SettleNotices notes what became of attempts. A settlement of an older attempt, or
// of a notice that is settled already, changes nothing. A notice that failed for
// good marks what it asked as unreachable and gives organizers a task. Of one that
// was erased while it was being sent no text comes back.
func (s *Store) SettleNotices(ctx context.Context, all []petition.Settlement) error {
	if len(all) == 0 {
		return nil
	}
	return s.inTx(ctx, func(t *tx) error {
		rows := make([][]any, len(all))
		for i, x := range all {
			sent := micros(0)
			if x.State == petition.NoticeSent {
				sent = toMicros(t.now)
			}
			rows[i] = []any{x.ID, x.Attempts, x.State, toMicros(x.DueAt), x.Error, x.Text, sent}
		}
		var settled []int64
		err := t.eachTable(rows, []string{"BIGINT", "BIGINT", "TEXT", "BIGINT", "TEXT", "TEXT", "BIGINT"}, func(values string, args []any) error {
			var ids []int64
			err := t.list(ctx, &ids, `WITH v(id, attempts, state, due_at, error, sent_text, sent_at) AS (`+values+`)
				UPDATE notices SET state=v.state, due_at=CASE WHEN v.due_at>0 THEN v.due_at ELSE notices.due_at END,
				last_error=CASE WHEN notices.recipient='' THEN '' ELSE v.error END,
				sent_text=CASE WHEN notices.recipient='' THEN '' ELSE v.sent_text END, sent_at=v.sent_at, lease_until=0 FROM v
				WHERE notices.id=v.id AND notices.attempts=v.attempts AND notices.state='sending' RETURNING notices.id`, args...)
			settled = append(settled, ids...)
			return err
		})
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.State == petition.NoticeFailed && slices.Contains(settled, x.ID) {
				if err := t.failed(ctx, x); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// failed is what follows when a notice cannot be delivered: a task, and for notices
// to signers the mark on what was asked.
func (t *tx) failed(ctx context.Context, x petition.Settlement) error {
	n, err := t.notice(ctx, x.ID)
	if err != nil {
		return err
	}
	if err := t.addTask(ctx, &petition.Task{
		Kind: petition.TaskDelivery, CampaignID: n.CampaignID, NoticeID: n.ID, MailID: n.MailID,
		Why: fmt.Sprintf("Our mail (%s) could not be delivered.", n.Kind),
	}); err != nil {
		return err
	}
	if n.Kind.ToOrganizers() || len(n.Shows) == 0 {
		return nil
	}
	_, err = t.act(ctx, petition.Action{
		Kind: petition.ActUnreachable, CampaignID: n.CampaignID, Endorsements: shownIDs(n), NoticeID: n.ID, Channel: petition.ByProgram, Why: x.Error,
	})
	return err
}

// NextDue is when the next notice wants to be sent or taken back from a dead
// attempt; zero when nothing waits.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) {
	var at micros
	err := s.reader().get(ctx, &at, `SELECT COALESCE(MIN(at), 0) FROM (SELECT MIN(due_at) AS at FROM notices WHERE state='due' AND`+notHeld+`
		UNION ALL SELECT MIN(lease_until) FROM notices WHERE state='sending') AS waiting`)
	return at.time(), err
}

// SentSince counts notices sent after the instant, for the limits of providers.
func (s *Store) SentSince(ctx context.Context, since time.Time) (int, error) {
	var n int
	err := s.reader().get(ctx, &n, `SELECT COUNT(*) FROM notices WHERE sent_at>$1 AND sent_at>0`, toMicros(since))
	return n, err
}

// QueueLength is how many notices are due, and since when the oldest of them has been.
func (s *Store) QueueLength(ctx context.Context) (due int, oldest time.Time, err error) {
	var r struct {
		Due    int
		Oldest micros
	}
	err = s.reader().get(ctx, &r, `SELECT COUNT(*) AS due, COALESCE(MIN(due_at), 0) AS oldest FROM notices WHERE state='due' AND due_at<=$1`, toMicros(s.Now()))
	return r.Due, r.Oldest.time(), err
}
