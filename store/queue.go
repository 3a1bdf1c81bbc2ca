package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"countersign/petition"
)

// KindReview is the kind of queue rows that are confirmed and wait for approval.
const KindReview = "review"

// QueueFilter says what of the organizers' queue is wanted.
type QueueFilter struct {
	CampaignIDs []int64
	Kind        string // "": all; KindReview, or a petition.TaskKind
	Query       string // as in Find; "": everything
	After       int64  // Key of the last row seen
	Limit       int    // 0: 50
}

// QueueRow is one thing that waits for a person. Endorsement or Task may be nil, not both.
type QueueRow struct {
	Key         int64 // order and page: urgent first, then oldest first
	Endorsement *petition.Endorsement
	Task        *petition.Task
	Mail        QueueMail
	Since       time.Time
}

// QueueMail is the mail behind a queue row; ID 0 where there is none.
type QueueMail struct {
	ID       int64
	From     string
	FromName string
	Subject  string
	Snippet  string // the first letters of what they wrote
	Received time.Time
	Language string
}

// queueKey makes one growing number of a row: not urgent, milliseconds, review or
// task, the id's end. It pages without gaps while rows come and go.
const queueKey = `(CASE WHEN %s THEN 0 ELSE 4611686018427387904 END) + (%s / 1000) * 2097152 + %d + (%s %% 1048576)`

type queueRow struct {
	Key           int64
	TaskID        ref
	EndorsementID ref
	MailID        ref
	Since         micros
}

// Queue lists what waits: confirmed endorsements to review and open tasks, urgent
// ones first, then the oldest.
func (s *Store) Queue(ctx context.Context, f QueueFilter) ([]QueueRow, error) {
	if f.Limit <= 0 {
		f.Limit = 50
	}
	var args []any
	campaigns := in(&args, f.CampaignIDs)
	var parts []string
	if f.Kind == "" || f.Kind == KindReview {
		parts = append(parts, `SELECT `+fmt.Sprintf(queueKey, "1=0", "review_since", 1048576, "id")+` AS key, CAST(NULL AS BIGINT) AS task_id,
			id AS endorsement_id, request_mail_id AS mail_id, review_since AS since
			FROM endorsements WHERE review_since>0 AND campaign_id IN `+campaigns)
	}
	if f.Kind != KindReview {
		part := `SELECT ` + fmt.Sprintf(queueKey, "urgent", "created_at", 0, "id") + ` AS key, id AS task_id, endorsement_id, mail_id, created_at AS since
			FROM tasks WHERE done_at=0 AND (campaign_id IS NULL OR campaign_id IN ` + campaigns + `)`
		if f.Kind != "" {
			args = append(args, f.Kind)
			part += fmt.Sprintf(` AND kind=$%d`, len(args))
		}
		parts = append(parts, part)
	}
	where := ""
	if strings.TrimSpace(f.Query) != "" {
		where = ` AND ` + matchingRow(&args, f.Query)
	}
	args = append(args, f.After, f.Limit)
	var rows []queueRow
	if err := s.reader().list(ctx, &rows, fmt.Sprintf(`SELECT key, task_id, endorsement_id, mail_id, since FROM (%s) AS q
		WHERE key>$%d%s ORDER BY key LIMIT $%d`, strings.Join(parts, ` UNION ALL `), len(args)-1, where, len(args)), args...); err != nil {
		return nil, err
	}
	return s.queueRows(ctx, rows)
}

// matchingRow finds rows by their endorsement's terms, or by sender or subject of their mail.
func matchingRow(args *[]any, query string) string {
	byTerms := matching(args, "q.endorsement_id", query)
	like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(strings.TrimSpace(query))) + "%"
	*args = append(*args, like)
	n := len(*args)
	return fmt.Sprintf(`(%s OR q.mail_id IN (SELECT id FROM mails WHERE lower(subject) LIKE $%d ESCAPE '\' OR sender LIKE $%d ESCAPE '\'
		OR lower(sender_name) LIKE $%d ESCAPE '\'))`, byTerms, n, n, n)
}

// queueRows loads what the rows are about, each kind with one query.
func (s *Store) queueRows(ctx context.Context, rows []queueRow) ([]QueueRow, error) {
	var endorsementIDs, taskIDs, mailIDs []int64
	for _, r := range rows {
		endorsementIDs, taskIDs, mailIDs = append(endorsementIDs, int64(r.EndorsementID)), append(taskIDs, int64(r.TaskID)), append(mailIDs, int64(r.MailID))
	}
	c := s.reader()
	endorsements, err := c.endorsements(ctx, compacted(endorsementIDs))
	if err != nil {
		return nil, err
	}
	tasks, err := c.tasks(ctx, compacted(taskIDs))
	if err != nil {
		return nil, err
	}
	mails, err := c.queueMails(ctx, compacted(mailIDs))
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]*petition.Endorsement, len(endorsements))
	for _, e := range endorsements {
		byID[e.ID] = e
	}
	all := make([]QueueRow, len(rows))
	for i, r := range rows {
		all[i] = QueueRow{
			Key: r.Key, Endorsement: byID[int64(r.EndorsementID)], Task: tasks[int64(r.TaskID)], Mail: mails[int64(r.MailID)], Since: r.Since.time(),
		}
	}
	return all, nil
}

func compacted(ids []int64) []int64 {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return slices.DeleteFunc(ids, func(id int64) bool { return id == 0 })
}

func (c conn) tasks(ctx context.Context, ids []int64) (map[int64]*petition.Task, error) {
	var args []any
	list := in(&args, ids)
	var rows []taskRow
	if err := c.list(ctx, &rows, `SELECT `+taskColumns+` FROM tasks WHERE id IN `+list, args...); err != nil {
		return nil, err
	}
	byID := make(map[int64]*petition.Task, len(rows))
	for i := range rows {
		byID[rows[i].ID] = rows[i].task()
	}
	return byID, nil
}

func (c conn) queueMails(ctx context.Context, ids []int64) (map[int64]QueueMail, error) {
	var args []any
	list := in(&args, ids)
	var rows []struct {
		ID         int64
		Sender     string
		SenderName string
		Subject    string
		Language   string
		ReceivedAt micros
		Snippet    *string
	}
	if err := c.list(ctx, &rows, `SELECT m.id, m.sender, m.sender_name, m.subject, m.language, m.received_at, substr(r.new_text, 1, 200) AS snippet
		FROM mails m LEFT JOIN readings r ON r.id=m.reading_id WHERE m.id IN `+list, args...); err != nil {
		return nil, err
	}
	byID := make(map[int64]QueueMail, len(rows))
	for _, r := range rows {
		m := QueueMail{ID: r.ID, From: r.Sender, FromName: r.SenderName, Subject: r.Subject, Language: r.Language, Received: r.ReceivedAt.time()}
		if r.Snippet != nil {
			m.Snippet = *r.Snippet
		}
		byID[r.ID] = m
	}
	return byID, nil
}

// QueueCounts counts what waits by kind: KindReview and the kinds of task. Tasks
// that belong to no campaign count for everybody.
func (s *Store) QueueCounts(ctx context.Context, campaignIDs []int64) (map[string]int, error) {
	var args []any
	campaigns := in(&args, campaignIDs)
	var rows []struct {
		Kind string
		N    int
	}
	if err := s.reader().list(ctx, &rows, `SELECT kind, COUNT(*) AS n FROM tasks WHERE done_at=0 AND (campaign_id IS NULL OR campaign_id IN `+campaigns+`)
		GROUP BY kind UNION ALL SELECT 'review', COUNT(*) FROM endorsements WHERE review_since>0 AND campaign_id IN `+campaigns, args...); err != nil {
		return nil, err
	}
	counts := make(map[string]int, len(rows))
	for _, r := range rows {
		if r.N > 0 {
			counts[r.Kind] += r.N
		}
	}
	return counts, nil
}
