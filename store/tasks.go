package store

import (
	"context"
	"errors"

	"countersign/petition"
)

type taskRow struct {
	ID            int64
	Kind          petition.TaskKind
	CampaignID    ref
	MailID        ref
	EndorsementID ref
	NoticeID      ref
	Urgent        bool
	Why           string
	CreatedAt     micros
	DoneAt        micros
	DoneBy        ref
}

const taskColumns = `id, kind, campaign_id, mail_id, endorsement_id, notice_id, urgent, why, created_at, done_at, done_by`

func (r *taskRow) task() *petition.Task {
	return &petition.Task{
		ID: r.ID, Kind: r.Kind, CampaignID: int64(r.CampaignID), MailID: int64(r.MailID), EndorsementID: int64(r.EndorsementID),
		NoticeID: int64(r.NoticeID), Urgent: r.Urgent, Why: r.Why, CreatedAt: r.CreatedAt.time(), DoneAt: r.DoneAt.time(), DoneBy: int64(r.DoneBy),
	}
}

// Task loads one, done or not, or gives petition.ErrNotFound.
func (s *Store) Task(ctx context.Context, id int64) (*petition.Task, error) {
	return s.reader().task(ctx, id)
}

func (c conn) task(ctx context.Context, id int64) (*petition.Task, error) {
	var r taskRow
	if err := c.get(ctx, &r, `SELECT `+taskColumns+` FROM tasks WHERE id=$1`, id); err != nil {
		return nil, err
	}
	return r.task(), nil
}

// addTask adds the task unless the same one is open already; then that one's id is filled in.
func (t *tx) addTask(ctx context.Context, k *petition.Task) error {
	if k.CreatedAt.IsZero() {
		k.CreatedAt = t.now
	}
	err := t.get(ctx, &k.ID, `INSERT INTO tasks (kind, campaign_id, mail_id, endorsement_id, notice_id, urgent, why, created_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT DO NOTHING RETURNING id`,
		k.Kind, ref(k.CampaignID), ref(k.MailID), ref(k.EndorsementID), ref(k.NoticeID), k.Urgent, k.Why, toMicros(k.CreatedAt))
	if !errors.Is(err, petition.ErrNotFound) {
		return err
	}
	return t.get(ctx, &k.ID, `SELECT id FROM tasks WHERE kind=$1 AND COALESCE(mail_id, 0)=$2 AND COALESCE(endorsement_id, 0)=$3
		AND COALESCE(notice_id, 0)=$4 AND done_at=0`, k.Kind, k.MailID, k.EndorsementID, k.NoticeID)
}

// tasksDone closes open tasks whose column is one of the ids.
func (t *tx) tasksDone(ctx context.Context, column string, ids []int64, by int64) error {
	if len(ids) == 0 {
		return nil
	}
	args := []any{toMicros(t.now), ref(by)}
	list := in(&args, ids)
	_, err := t.exec(ctx, `UPDATE tasks SET done_at=$1, done_by=$2 WHERE done_at=0 AND `+column+` IN `+list, args...)
	return err
}
