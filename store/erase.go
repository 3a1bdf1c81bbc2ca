package store

import (
	"context"

	"countersign/petition"
)

// scrub takes persons out of everything that was kept of an erased endorsement: its
// history, the mails that concern nobody else, and what we wrote. That something
// happened, and what the organization decided, stays (R55). What waited to be sent
// to the address is not sent any more.
func (t *tx) scrub(ctx context.Context, e *petition.Endorsement) error {
	if err := t.scrubEvents(ctx, e); err != nil {
		return err
	}
	var mails []int64
	if err := t.list(ctx, &mails, `SELECT m.id FROM mails m WHERE (m.id IN (SELECT mail_id FROM events WHERE endorsement_id=$1) OR m.id=$2)
		AND NOT EXISTS (SELECT 1 FROM events v WHERE v.mail_id=m.id AND v.endorsement_id<>$1)
		AND NOT EXISTS (SELECT 1 FROM endorsements o WHERE o.request_mail_id=m.id AND o.id<>$1)`, e.ID, e.RequestID); err != nil {
		return err
	}
	if len(mails) > 0 {
		if err := t.purge(ctx, mails, true); err != nil {
			return err
		}
	}
	if err := t.scrubNotices(ctx, e.ID, mails); err != nil {
		return err
	}
	if e.Current().Fields.Kind != petition.KindIndividual || e.OrganizationID == 0 {
		return nil
	}
	return t.forgetPerson(ctx, e)
}

func (t *tx) scrubEvents(ctx context.Context, e *petition.Endorsement) error {
	events, err := t.events(ctx, e.ID)
	if err != nil {
		return err
	}
	for _, ev := range events {
		ev.WithoutPersons()
		if _, err := t.exec(ctx, `UPDATE events SET fields=$2, who=$3 WHERE id=$1`, ev.ID, toJSON(ev.Fields), toJSON(ev.Who)); err != nil {
			return err
		}
	}
	var text string
	if err := t.get(ctx, &text, `SELECT base FROM endorsements WHERE id=$1`, e.ID); err != nil {
		return err
	}
	var base petition.Endorsement
	if err := fromJSON(text, &base); err != nil {
		return err
	}
	base.Writer = petition.Person{}
	_, err = t.exec(ctx, `UPDATE endorsements SET base=$2 WHERE id=$1`, e.ID, toJSON(base))
	return err
}

// scrubNotices empties what was written about this endorsement alone, or in answer to
// the mails. Without its recipient a notice's links and codes open nothing any more.
func (t *tx) scrubNotices(ctx context.Context, endorsement int64, mails []int64) error {
	args := []any{endorsement}
	list := in(&args, mails)
	_, err := t.exec(ctx, `UPDATE notices SET recipient=CASE WHEN kind='question' THEN recipient ELSE '' END,
		recipient_domain=CASE WHEN kind='question' THEN recipient_domain ELSE '' END,
		subject='', details='{}', sent_text='', last_error='', state=CASE WHEN state IN ('due','held') THEN 'dropped' ELSE state END
		WHERE (id IN (SELECT notice_id FROM notice_shows WHERE endorsement_id=$1) OR mail_id IN `+list+`)
		AND NOT EXISTS (SELECT 1 FROM notice_shows o WHERE o.notice_id=notices.id AND o.endorsement_id<>$1)`, args...)
	return err
}

// forgetPerson empties the entry that a person who signed as such has among the
// organizations, unless the person signed elsewhere, too.
func (t *tx) forgetPerson(ctx context.Context, e *petition.Endorsement) error {
	var others int
	if err := t.get(ctx, &others, `SELECT COUNT(*) FROM endorsements WHERE organization_id=$1 AND id<>$2`, e.OrganizationID, e.ID); err != nil || others > 0 {
		return err
	}
	if _, err := t.exec(ctx, `DELETE FROM organization_keys WHERE organization_id=$1`, e.OrganizationID); err != nil {
		return err
	}
	_, err := t.exec(ctx, `UPDATE organizations SET name='' WHERE id=$1`, e.OrganizationID)
	return err
}
