package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"countersign/petition"
)

type mailRow struct {
	ID         int64
	SHA256     string
	Size       int64
	Mailbox    string
	ReceivedAt micros
	Partial    bool
	Spam       bool
	State      petition.MailState
	Attempts   int
	Said       *string // of the newest reading
	NewText    *string
	Raw        []byte
	Packed     *bool // nil without bytes
}

// said is what a reading row keeps beside the text.
type said struct {
	Header     petition.Header      `json:"header"`
	Origin     petition.Origin      `json:"origin"`
	Reading    petition.Reading     `json:"reading"`
	References []petition.Reference `json:"references"`
	Codes      []string             `json:"codes"`
	Similar    string               `json:"similar"`
}

func (r *mailRow) mail() (*petition.Mail, error) {
	m := &petition.Mail{
		ID: r.ID, SHA256: r.SHA256, Size: r.Size, Mailbox: r.Mailbox, Received: r.ReceivedAt.time(), Partial: r.Partial, Spam: r.Spam,
		State: r.State, Attempts: r.Attempts, Raw: r.Raw,
	}
	if r.Packed != nil && *r.Packed {
		var err error
		if m.Raw, err = unpack(r.Raw); err != nil {
			return nil, fmt.Errorf("mail %d: %w", r.ID, err)
		}
	}
	if r.Said == nil {
		return m, nil
	}
	var x said
	if err := fromJSON(*r.Said, &x); err != nil {
		return nil, err
	}
	m.Header, m.Origin, m.Reading, m.References, m.Codes, m.Similar = x.Header, x.Origin, x.Reading, x.References, x.Codes, x.Similar
	m.NewText = *r.NewText
	return m, nil
}

// mailsWhere loads mails with their newest reading, the bytes only where asked.
func (c conn) mailsWhere(ctx context.Context, raw bool, where string, args ...any) ([]*petition.Mail, error) {
	columns, join := "", ""
	if raw {
		columns, join = ", b.raw, b.packed", " LEFT JOIN mail_bytes b ON b.mail_id=m.id"
	}
	list := c.list
	if raw {
		list = c.listBinary
	}
	var rows []mailRow
	if err := list(ctx, &rows, `SELECT m.id, m.sha256, m.size, m.mailbox, m.received_at, m.partial, m.spam, m.state, m.attempts,
		r.said, r.new_text`+columns+` FROM mails m LEFT JOIN readings r ON r.id=m.reading_id`+join+` WHERE `+where+` ORDER BY m.id`, args...); err != nil {
		return nil, err
	}
	all := make([]*petition.Mail, len(rows))
	for i := range rows {
		m, err := rows[i].mail()
		if err != nil {
			return nil, err
		}
		all[i] = m
	}
	return all, nil
}

func (c conn) mail(ctx context.Context, id int64, raw bool) (*petition.Mail, error) {
	found, err := c.mailsWhere(ctx, raw, `m.id=$1`, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, petition.ErrNotFound
	}
	return found[0], nil
}

// Mail loads one with its bytes and everything understood of it, or gives
// petition.ErrNotFound. Raw is nil once retention has taken it.
func (s *Store) Mail(ctx context.Context, id int64) (*petition.Mail, error) {
	return s.reader().mail(ctx, id, true)
}

// MailsOf are the mails that made or changed the endorsement, oldest first, without bytes.
func (s *Store) MailsOf(ctx context.Context, endorsementID int64) ([]*petition.Mail, error) {
	return s.reader().mailsWhere(ctx, false, `m.id IN (SELECT mail_id FROM events WHERE endorsement_id=$1 AND mail_id IS NOT NULL
		UNION SELECT request_mail_id FROM endorsements WHERE id=$1 AND request_mail_id IS NOT NULL
		UNION SELECT mail_id FROM tasks WHERE endorsement_id=$1 AND mail_id IS NOT NULL)`, endorsementID)
}

// Disposition says what became of a mail, and why it got no answer.
func (s *Store) Disposition(ctx context.Context, mailID int64) (petition.Disposition, petition.Silence, error) {
	var r struct {
		Disposition petition.Disposition
		Silence     petition.Silence
	}
	err := s.reader().get(ctx, &r, `SELECT disposition, silence FROM mails WHERE id=$1`, mailID)
	return r.Disposition, r.Silence, err
}

// mailsByID loads mails in chunks that both engines take.
func (c conn) mailsByID(ctx context.Context, raw bool, ids []int64) ([]*petition.Mail, error) {
	var all []*petition.Mail
	for part := range slices.Chunk(ids, 500) {
		var args []any
		list := in(&args, part)
		some, err := c.mailsWhere(ctx, raw, `m.id IN `+list, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// toRead loads mails with their bytes, ordered by id. Bytes that this process has
// just recorded are at hand.
func (s *Store) toRead(ctx context.Context, ids []int64) ([]petition.Mail, error) {
	var here, there []int64
	raw := make(map[int64][]byte, len(ids))
	for _, id := range ids {
		if b := s.handover.take(id); b != nil {
			raw[id] = b
			here = append(here, id)
		} else {
			there = append(there, id)
		}
	}
	light, err := s.reader().mailsByID(ctx, false, here)
	if err != nil {
		return nil, err
	}
	whole, err := s.reader().mailsByID(ctx, true, there)
	if err != nil {
		return nil, err
	}
	mails := make([]petition.Mail, 0, len(ids))
	for _, m := range slices.Concat(light, whole) {
		if m.Raw == nil {
			m.Raw = raw[m.ID]
		}
		mails = append(mails, *m)
	}
	slices.SortFunc(mails, func(a, b petition.Mail) int { return cmp.Compare(a.ID, b.ID) })
	return mails, nil
}
