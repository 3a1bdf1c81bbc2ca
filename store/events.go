package store

import (
	"context"

	"countersign/petition"
)

type eventRow struct {
	ID            int64
	EndorsementID int64
	At            micros
	Kind          petition.EventKind
	Version       int
	Fields        string
	Verification  petition.Verification
	Who           string
	OrganizerID   ref
	Channel       petition.Channel
	Why           string
	MailID        ref
	NoticeID      ref
	Undoes        ref
	Number        int
	OtherID       ref
	TextVersion   int
	TextLanguage  string
}

func (r *eventRow) event() (petition.Event, error) {
	ev := petition.Event{
		ID: r.ID, EndorsementID: r.EndorsementID, At: r.At.time(), Kind: r.Kind, Version: r.Version, Verification: r.Verification, OrganizerID: int64(r.OrganizerID),
		Channel: r.Channel, Why: r.Why, MailID: int64(r.MailID), NoticeID: int64(r.NoticeID), Undoes: int64(r.Undoes), Number: r.Number,
		OtherID: int64(r.OtherID), TextVersion: r.TextVersion, TextLanguage: r.TextLanguage,
	}
	if err := fromJSON(r.Fields, &ev.Fields); err != nil {
		return ev, err
	}
	return ev, fromJSON(r.Who, &ev.Who)
}

// events is the history of one endorsement, oldest first.
func (c conn) events(ctx context.Context, endorsementID int64) ([]petition.Event, error) {
	var rows []eventRow
	if err := c.list(ctx, &rows, `SELECT id, endorsement_id, at, kind, version, fields, verification, who, organizer_id, channel, why, mail_id,
		notice_id, undoes, number, other_id, text_version, text_language FROM events WHERE endorsement_id=$1 ORDER BY id`, endorsementID); err != nil {
		return nil, err
	}
	events := make([]petition.Event, len(rows))
	for i := range rows {
		ev, err := rows[i].event()
		if err != nil {
			return nil, err
		}
		events[i] = ev
	}
	return events, nil
}

// Events is the history of one endorsement, oldest first.
func (s *Store) Events(ctx context.Context, endorsementID int64) ([]petition.Event, error) {
	return s.reader().events(ctx, endorsementID)
}

// insertEvent adds one event to the history and fills in its id.
func (t *tx) insertEvent(ctx context.Context, ev *petition.Event) error {
	return t.get(ctx, &ev.ID, `INSERT INTO events (endorsement_id, at, kind, version, fields, verification, who, organizer_id, channel, why, mail_id,
		notice_id, undoes, number, other_id, text_version, text_language) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17) RETURNING id`,
		ev.EndorsementID, toMicros(ev.At), ev.Kind, ev.Version, toJSON(ev.Fields), ev.Verification, toJSON(ev.Who), ref(ev.OrganizerID), ev.Channel, ev.Why,
		ref(ev.MailID), ref(ev.NoticeID), ref(ev.Undoes), ev.Number, ref(ev.OtherID), ev.TextVersion, ev.TextLanguage)
}

// refold rebuilds an endorsement from its base and its whole history: what undo means.
func (t *tx) refold(ctx context.Context, e *petition.Endorsement) error {
	var text string
	if err := t.get(ctx, &text, `SELECT base FROM endorsements WHERE id=$1`, e.ID); err != nil {
		return err
	}
	var base petition.Endorsement
	if err := fromJSON(text, &base); err != nil {
		return err
	}
	base.ID, base.CampaignID, base.OrganizationID = e.ID, e.CampaignID, e.OrganizationID
	events, err := t.events(ctx, e.ID)
	if err != nil {
		return err
	}
	folded, err := petition.Fold(base, events)
	if err != nil {
		return err
	}
	*e = folded
	return nil
}
