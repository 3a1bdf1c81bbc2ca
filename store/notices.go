package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"countersign/petition"
)

type noticeRow struct {
	ID         int64
	Kind       petition.NoticeKind
	CampaignID ref
	Recipient  string
	Locale     string
	DedupeKey  string
	MessageID  string
	InReplyTo  string
	Refs       string
	Subject    string
	MailID     ref
	Shows      string
	Details    string
	Priority   int
	QueuedAt   micros
	DueAt      micros
	ExpiresAt  micros
	State      petition.NoticeState
	Attempts   int
	LastError  string
	SentAt     micros
	CodeTries  int
	SentText   string
}

const noticeColumns = `id, kind, campaign_id, recipient, locale, dedupe_key, message_id, in_reply_to, refs, subject, mail_id, shows, details,
	priority, queued_at, due_at, expires_at, state, attempts, last_error, sent_at, code_tries, sent_text`

func (r *noticeRow) notice() (petition.Notice, error) {
	n := petition.Notice{
		ID: r.ID, Kind: r.Kind, CampaignID: int64(r.CampaignID), To: r.Recipient, Locale: r.Locale, DedupeKey: r.DedupeKey,
		MessageID: r.MessageID, InReplyTo: r.InReplyTo, Subject: r.Subject, MailID: int64(r.MailID), QueuedAt: r.QueuedAt.time(),
		DueAt: r.DueAt.time(), ExpiresAt: r.ExpiresAt.time(), State: r.State, Attempts: r.Attempts, LastError: r.LastError,
		SentAt: r.SentAt.time(), CodeTries: r.CodeTries, SentText: r.SentText,
	}
	return n, errors.Join(fromJSON(r.Refs, &n.References), fromJSON(r.Shows, &n.Shows), fromJSON(r.Details, &n.Details))
}

// noticesWhere loads notices; the condition may end in an order.
func (c conn) noticesWhere(ctx context.Context, where string, args ...any) ([]petition.Notice, error) {
	var rows []noticeRow
	if err := c.list(ctx, &rows, `SELECT `+noticeColumns+` FROM notices WHERE `+where, args...); err != nil {
		return nil, err
	}
	return noticesOf(rows)
}

func noticesOf(rows []noticeRow) ([]petition.Notice, error) {
	all := make([]petition.Notice, len(rows))
	for i := range rows {
		n, err := rows[i].notice()
		if err != nil {
			return nil, err
		}
		all[i] = n
	}
	return all, nil
}

// notice loads one, or gives petition.ErrNotFound.
func (c conn) notice(ctx context.Context, id int64) (*petition.Notice, error) {
	found, err := c.noticesWhere(ctx, `id=$1`, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, petition.ErrNotFound
	}
	return &found[0], nil
}

// Notice loads one, or gives petition.ErrNotFound.
func (s *Store) Notice(ctx context.Context, id int64) (petition.Notice, error) {
	n, err := s.reader().notice(ctx, id)
	if err != nil {
		return petition.Notice{}, err
	}
	return *n, nil
}

// Notices are those that show the endorsement, oldest first.
func (s *Store) Notices(ctx context.Context, endorsementID int64) ([]petition.Notice, error) {
	return s.reader().noticesWhere(ctx, `id IN (SELECT notice_id FROM notice_shows WHERE endorsement_id=$1) ORDER BY id`, endorsementID)
}

// queue puts a notice into the outbox and reports whether it is a new one: a second
// notice with the same dedupe key is not (R08). Its Message-ID is fixed here.
func (t *tx) queue(ctx context.Context, c *petition.Campaign, n *petition.Notice) (bool, error) {
	if n.CampaignID == 0 && c != nil {
		n.CampaignID = c.ID
	}
	if c == nil || c.ID != n.CampaignID {
		c = nil
		if n.CampaignID != 0 {
			var err error
			if c, err = t.campaignByID(ctx, n.CampaignID); err != nil {
				return false, err
			}
		}
	}
	n.To = petition.CanonicalAddress(n.To)
	if n.To == "" {
		t.store.log.Warn("a notice without an address is not queued", "kind", n.Kind, "dedupe_key", n.DedupeKey)
		return false, nil
	}
	complete(n, t.now)
	err := t.get(ctx, &n.ID, `INSERT INTO notices (kind, campaign_id, recipient, recipient_domain, locale, dedupe_key, message_id, in_reply_to,
		refs, subject, mail_id, shows, details, priority, queued_at, due_at, expires_at, state)
		VALUES ($1,$2,$3,$4,$5,$6,'',$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17) ON CONFLICT (dedupe_key) DO NOTHING RETURNING id`,
		n.Kind, ref(n.CampaignID), n.To, petition.OrganizationalDomain(petition.Domain(n.To)), n.Locale, n.DedupeKey, n.InReplyTo,
		toJSON(n.References), n.Subject, ref(n.MailID), toJSON(n.Shows), toJSON(n.Details), n.Kind.Priority(), toMicros(n.QueuedAt),
		toMicros(n.DueAt), toMicros(n.ExpiresAt), n.State)
	if errors.Is(err, petition.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	n.MessageID = t.store.keys.MessageID(n.ID, t.store.sender(c))
	if _, err := t.exec(ctx, `UPDATE notices SET message_id=$2 WHERE id=$1`, n.ID, n.MessageID); err != nil {
		return false, err
	}
	if err := t.insertShows(ctx, n); err != nil {
		return false, err
	}
	return true, t.overtake(ctx, n)
}

func complete(n *petition.Notice, now time.Time) {
	if n.State == "" {
		n.State = petition.NoticeDue
	}
	if n.QueuedAt.IsZero() {
		n.QueuedAt = now
	}
	if n.DueAt.IsZero() {
		n.DueAt = now
	}
}

// sender is the address that a notice comes from: the campaign's, or the
// installation's first own one where there is no campaign.
func (s *Store) sender(c *petition.Campaign) string {
	if c != nil && c.Address() != "" {
		return c.Address()
	}
	if own := s.currentRules().Own; len(own) > 0 {
		return own[0]
	}
	return "countersign@localhost"
}

func (t *tx) insertShows(ctx context.Context, n *petition.Notice) error {
	var rows [][]any
	for _, s := range n.Shows {
		rows = append(rows, []any{n.ID, s.EndorsementID, s.Version})
	}
	return t.insert(ctx, `INSERT INTO notice_shows (notice_id, endorsement_id, version)`, rows, `ON CONFLICT DO NOTHING`)
}

// overtake drops notices that are not sent yet and that this one makes untrue.
// One that shows something else, too, still has that to say.
func (t *tx) overtake(ctx context.Context, n *petition.Notice) error {
	kinds := n.Kind.Overtakes()
	if len(kinds) == 0 || len(n.Shows) == 0 {
		return nil
	}
	ids := make([]int64, len(n.Shows))
	for i, s := range n.Shows {
		ids[i] = s.EndorsementID
	}
	args := []any{n.ID}
	shown, kindList := in(&args, ids), in(&args, kinds)
	_, err := t.exec(ctx, `UPDATE notices SET state='dropped' WHERE state='due' AND id<>$1 AND kind IN `+kindList+`
		AND id IN (SELECT notice_id FROM notice_shows WHERE endorsement_id IN `+shown+`)
		AND NOT EXISTS (SELECT 1 FROM notice_shows o WHERE o.notice_id=notices.id AND o.endorsement_id NOT IN `+shown+`)`, args...)
	return err
}

// bouncedNotice finds the notice that a bounce speaks of, by the returned
// Message-ID or the envelope id (R42); nil where it names none of ours.
func (c conn) bouncedNotice(ctx context.Context, b *petition.Bounce) (*petition.Notice, error) {
	id := strings.Trim(strings.TrimSpace(b.MessageID), "<>")
	if id != "" {
		found, err := c.noticesWhere(ctx, `message_id=$1 LIMIT 1`, id)
		if err != nil || len(found) > 0 {
			return first(found), err
		}
	}
	left, _, _ := strings.Cut(id, "@")
	for _, reference := range []string{left, strings.TrimSpace(b.EnvelopeID)} {
		noticeID, ok := c.store.keys.Notice(reference)
		if !ok {
			continue
		}
		n, err := c.notice(ctx, noticeID)
		if !errors.Is(err, petition.ErrNotFound) {
			return n, err
		}
	}
	return nil, nil //nolint:nilnil // a bounce of somebody else's mail is the normal case
}

func first(all []petition.Notice) *petition.Notice {
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}
