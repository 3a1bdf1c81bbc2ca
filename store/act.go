package store

import (
	"context"
	"errors"
	"slices"

	"countersign/petition"
)

// Act carries out what a signer does on a page, an organizer at the desk or the
// clock: it locks the campaigns concerned, loads the situation, asks petition.Act
// and writes its outcome, in one transaction. The outcome comes back with real ids.
//
// petition.ErrConflict means that a revision of the action is stale, or that the
// letter changed; petition.ErrNotAllowed that the act is not possible (any more);
// petition.ErrNotFound that something named does not exist.
//
// A new link asked for without a campaign is looked for in all of them.
func (s *Store) Act(ctx context.Context, a petition.Action) (petition.Outcome, error) {
	var out petition.Outcome
	err := s.inTx(ctx, func(t *tx) error {
		out = petition.Outcome{}
		if a.Kind == petition.ActNewLink && a.CampaignID == 0 {
			return t.newLinks(ctx, a, &out)
		}
		var err error
		out, err = t.act(ctx, a)
		return err
	})
	if err != nil {
		return petition.Outcome{}, err
	}
	return out, nil
}

// newLinks acts once for each campaign in which the address has something.
func (t *tx) newLinks(ctx context.Context, a petition.Action, out *petition.Outcome) error {
	var campaigns []int64
	if err := t.list(ctx, &campaigns, `SELECT DISTINCT campaign_id FROM endorsement_keys WHERE key=$1 ORDER BY campaign_id`,
		contactKey+petition.CanonicalAddress(a.Address)); err != nil {
		return err
	}
	for _, id := range campaigns {
		a.CampaignID = id
		one, err := t.act(ctx, a)
		if err != nil {
			return err
		}
		out.Notices = append(out.Notices, one.Notices...)
	}
	return nil
}

// act is Act in the caller's transaction.
func (t *tx) act(ctx context.Context, a petition.Action) (petition.Outcome, error) {
	sit, err := t.situation(ctx, &a)
	if err != nil {
		return petition.Outcome{}, err
	}
	out, err := petition.Act(sit, a)
	if err != nil {
		return petition.Outcome{}, err
	}
	return out, t.carryOut(ctx, sit.Campaign, sit.Endorsements, &out, a.OrganizerID)
}

// situation loads what the action may depend on. What only other rows say (the
// endorsement of an event, the campaign of a task) is filled in first, so that the
// lock is taken before the endorsements are read.
func (t *tx) situation(ctx context.Context, a *petition.Action) (petition.Situation, error) {
	sit := petition.Situation{Now: t.now, Rules: t.store.currentRules()}
	if err := t.named(ctx, a, &sit); err != nil {
		return sit, err
	}
	if err := t.lockFor(ctx, a, &sit); err != nil {
		return sit, err
	}
	var err error
	if sit.Endorsements, err = t.endorsements(ctx, a.Endorsements); err != nil {
		return sit, err
	}
	if len(sit.Endorsements) != len(a.Endorsements) {
		return sit, petition.ErrNotFound
	}
	if err := revisionsMatch(a, sit.Endorsements); err != nil {
		return sit, err
	}
	if len(a.Endorsements) == 1 {
		if sit.Events, err = t.events(ctx, a.Endorsements[0]); err != nil {
			return sit, err
		}
	}
	if err := t.mailOf(ctx, a, &sit); err != nil {
		return sit, err
	}
	address := a.Address
	if address == "" && len(sit.Endorsements) > 0 {
		address = sit.Endorsements[0].Current().Fields.Contact
	}
	if address != "" {
		sit.Recent, err = t.recent(ctx, address)
	}
	return sit, err
}

func revisionsMatch(a *petition.Action, all []*petition.Endorsement) error {
	if a.Revisions == nil {
		return nil
	}
	for i, e := range all {
		if i >= len(a.Revisions) || a.Revisions[i] != e.Revision {
			return petition.ErrConflict
		}
	}
	return nil
}

// named loads what the action names by id, and completes it from there.
func (t *tx) named(ctx context.Context, a *petition.Action, sit *petition.Situation) (err error) {
	if a.NoticeID != 0 {
		if sit.Notice, err = t.notice(ctx, a.NoticeID); err != nil {
			return err
		}
	}
	if a.TaskID != 0 {
		if sit.Task, err = t.task(ctx, a.TaskID); err != nil {
			return err
		}
	}
	if a.OrganizerID != 0 {
		if sit.Organizer, err = t.organizer(ctx, a.OrganizerID); err != nil {
			return err
		}
	}
	if a.EventID != 0 && len(a.Endorsements) == 0 {
		var id int64
		if err := t.get(ctx, &id, `SELECT endorsement_id FROM events WHERE id=$1`, a.EventID); err != nil {
			return err
		}
		a.Endorsements = []int64{id}
	}
	return nil
}

// lockFor finds and locks the action's campaign: the one named, else that of the
// endorsements, the notice, the task or the mail. Acts on endorsements of several
// campaigns at once do not exist.
func (t *tx) lockFor(ctx context.Context, a *petition.Action, sit *petition.Situation) error {
	of, err := t.campaignsOf(ctx, a.Endorsements)
	if err != nil {
		return err
	}
	if a.CampaignID != 0 {
		of = append(of, a.CampaignID)
	}
	slices.Sort(of)
	if of = slices.Compact(of); len(of) > 1 {
		return petition.ErrNotFound
	}
	if len(of) == 1 {
		a.CampaignID = of[0]
	}
	if a.CampaignID == 0 && sit.Notice != nil {
		a.CampaignID = sit.Notice.CampaignID
	}
	if a.CampaignID == 0 && sit.Task != nil {
		a.CampaignID = sit.Task.CampaignID
	}
	if a.CampaignID == 0 && a.MailID != 0 {
		var id ref
		if err := t.get(ctx, &id, `SELECT campaign_id FROM mails WHERE id=$1`, a.MailID); err != nil {
			return err
		}
		a.CampaignID = int64(id)
	}
	if a.CampaignID == 0 {
		return nil
	}
	if sit.Campaign, err = t.lockCampaign(ctx, a.CampaignID); err != nil {
		return err
	}
	if a.Kind == petition.ActNewLink && len(a.Endorsements) == 0 && a.Address != "" {
		own, err := t.byKeys(ctx, a.CampaignID, []string{contactKey + petition.CanonicalAddress(a.Address)})
		a.Endorsements = idsOf(own)
		return err
	}
	return nil
}

// mailOf loads the mail that an answer or a release concerns: the one named, else
// the task's, else the one that first named the endorsement.
func (t *tx) mailOf(ctx context.Context, a *petition.Action, sit *petition.Situation) error {
	id := a.MailID
	if id == 0 && sit.Task != nil {
		id = sit.Task.MailID
	}
	if id == 0 && len(sit.Endorsements) > 0 {
		id = sit.Endorsements[0].RequestID
	}
	if id == 0 {
		return nil
	}
	m, err := t.mail(ctx, id, false)
	if errors.Is(err, petition.ErrNotFound) && a.MailID == 0 {
		return nil
	}
	sit.Mail = m
	return err
}
