package store

import (
	"context"
	"time"

	"countersign/petition"
)

// Health is the state of the machine for people and metrics (R56).
type Health struct {
	Mails             map[petition.MailState]int
	OldestUnprocessed time.Time // arrival of the oldest mail that is not decided; zero: none
	Silences          map[petition.Silence]int
	Notices           map[petition.NoticeState]int // without those sent
	Tasks             int                          // open
}

// Health counts from scratch.
func (s *Store) Health(ctx context.Context) (Health, error) {
	h := Health{Mails: map[petition.MailState]int{}, Silences: map[petition.Silence]int{}, Notices: map[petition.NoticeState]int{}}
	c := s.reader()
	var mails []struct {
		State   petition.MailState
		Silence petition.Silence
		N       int
	}
	if err := c.list(ctx, &mails, `SELECT 'decided' AS state, silence, COUNT(*) AS n FROM mails WHERE state='decided' GROUP BY silence
		UNION ALL SELECT 'recorded', '', COUNT(*) FROM mails WHERE state='recorded'
		UNION ALL SELECT 'read', '', COUNT(*) FROM mails WHERE state='read'
		UNION ALL SELECT 'quarantined', '', COUNT(*) FROM mails WHERE state='quarantined'`); err != nil {
		return h, err
	}
	for _, m := range mails {
		h.Mails[m.State] += m.N
		if m.Silence != petition.Answered {
			h.Silences[m.Silence] += m.N
		}
	}
	var notices []struct {
		State petition.NoticeState
		N     int
	}
	if err := c.list(ctx, &notices, `SELECT state, COUNT(*) AS n FROM notices WHERE state<>'sent' GROUP BY state`); err != nil {
		return h, err
	}
	for _, n := range notices {
		h.Notices[n.State] = n.N
	}
	var oldest micros
	if err := c.get(ctx, &oldest, `SELECT COALESCE(MIN(received_at), 0) FROM (SELECT received_at FROM mails WHERE state='recorded'
		UNION ALL SELECT received_at FROM mails WHERE state='read') AS waiting`); err != nil {
		return h, err
	}
	h.OldestUnprocessed = oldest.time()
	err := c.get(ctx, &h.Tasks, `SELECT COUNT(*) FROM tasks WHERE done_at=0`)
	return h, err
}

// BacklogCount is how many mails wait to be read or decided.
func (s *Store) BacklogCount(ctx context.Context) (int, error) {
	var n int
	err := s.reader().get(ctx, &n, `SELECT (SELECT COUNT(*) FROM mails WHERE state='recorded') + (SELECT COUNT(*) FROM mails WHERE state='read')`)
	return n, err
}

// MailboxHealth is how the last visits to a mailbox went.
type MailboxHealth struct {
	Mailbox      string
	OKAt         time.Time // last visit without a problem; zero: never
	Problem      string    // "": none
	ProblemSince time.Time
}

// Heartbeat notes a visit to the mailbox: problem is "" when it went well.
func (s *Store) Heartbeat(ctx context.Context, mailbox string, at time.Time, problem string) error {
	ok, since := toMicros(at), micros(0)
	if problem != "" {
		ok, since = 0, toMicros(at)
	}
	return s.inTx(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO mailbox_health (mailbox, ok_at, problem, problem_since) VALUES ($1,$2,$3,$4)
			ON CONFLICT (mailbox) DO UPDATE SET problem=excluded.problem,
			ok_at=CASE WHEN excluded.ok_at>0 THEN excluded.ok_at ELSE mailbox_health.ok_at END,
			problem_since=CASE WHEN excluded.problem='' THEN 0 WHEN mailbox_health.problem_since>0 THEN mailbox_health.problem_since
				ELSE excluded.problem_since END`, mailbox, ok, problem, since)
		return err
	})
}

// Mailboxes lists the health of every mailbox that was ever visited.
func (s *Store) Mailboxes(ctx context.Context) ([]MailboxHealth, error) {
	var rows []struct {
		Mailbox      string
		OKAt         micros `db:"ok_at"`
		Problem      string
		ProblemSince micros
	}
	if err := s.reader().list(ctx, &rows, `SELECT mailbox, ok_at, problem, problem_since FROM mailbox_health ORDER BY mailbox`); err != nil {
		return nil, err
	}
	all := make([]MailboxHealth, len(rows))
	for i, r := range rows {
		all[i] = MailboxHealth{Mailbox: r.Mailbox, OKAt: r.OKAt.time(), Problem: r.Problem, ProblemSince: r.ProblemSince.time()}
	}
	return all, nil
}

// KeepMailboxes forgets the health of every mailbox but these: one that is no longer
// configured would stand still at the desk for ever.
func (s *Store) KeepMailboxes(ctx context.Context, names []string) error {
	return s.inTx(ctx, func(t *tx) error {
		var args []any
		list := in(&args, append([]string{""}, names...))
		_, err := t.exec(ctx, `DELETE FROM mailbox_health WHERE mailbox NOT IN `+list, args...)
		return err
	})
}
