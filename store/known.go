package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"countersign/petition"
)

// known loads everything that the mail's decision may depend on. The mail's row is
// locked already; here the campaign is, before anything that belongs to it is read:
// two mails of one campaign are decided one after the other.
func (t *tx) known(ctx context.Context, m *petition.Mail) (petition.Known, error) {
	k := petition.Known{Now: t.now, Rules: t.store.currentRules(), Mail: m}
	var err error
	if k.Organizers, err = t.organizers(ctx); err != nil {
		return k, err
	}
	if k.Asked, err = t.asked(ctx, m); err != nil {
		return k, err
	}
	if m.Origin.Bounce != nil {
		if k.Bounced, err = t.bouncedNotice(ctx, m.Origin.Bounce); err != nil {
			return k, err
		}
	}
	if err := t.route(ctx, &k); err != nil {
		return k, err
	}
	if err := t.knownOfNotices(ctx, &k); err != nil {
		return k, err
	}
	if k.Campaign != nil {
		if err := t.knownOfCampaign(ctx, &k); err != nil {
			return k, err
		}
	}
	return k, t.knownOfSender(ctx, &k)
}

// asked is the notice that the mail answers: the first reference of ours that
// exists, else one to this sender whose printed code the text holds (R28, U10).
func (t *tx) asked(ctx context.Context, m *petition.Mail) (*petition.Notice, error) {
	for _, r := range m.References {
		n, err := t.notice(ctx, r.Notice)
		if !errors.Is(err, petition.ErrNotFound) {
			return n, err
		}
	}
	if len(m.Codes) == 0 || m.From() == "" {
		return nil, nil //nolint:nilnil // most mails answer nothing
	}
	recent, err := t.noticesWhere(ctx, `recipient=$1 AND (expires_at=0 OR expires_at>$2) ORDER BY queued_at DESC LIMIT 200`, m.From(), toMicros(t.now))
	if err != nil {
		return nil, err
	}
	for i := range recent {
		if t.store.keys.CodeOpens(m.Codes, &recent[i]) {
			return &recent[i], nil
		}
	}
	return nil, nil //nolint:nilnil // as above
}

// route finds the mail's campaign and locks it. A bounce belongs to the campaign of
// the notice that came back.
func (t *tx) route(ctx context.Context, k *petition.Known) error {
	all, err := t.campaigns(ctx)
	if err != nil {
		return err
	}
	asked := k.Asked
	if asked == nil {
		asked = k.Bounced
	}
	c := petition.Route(k.Mail, all, asked, t.store.fallback[k.Mail.Mailbox])
	if c == nil {
		return nil
	}
	k.Campaign, err = t.lockCampaign(ctx, c.ID)
	return err
}

// knownOfNotices loads what the notices show: now, after the lock.
func (t *tx) knownOfNotices(ctx context.Context, k *petition.Known) (err error) {
	if k.Asked != nil {
		if k.Asked, err = t.notice(ctx, k.Asked.ID); err != nil {
			return err
		}
		k.CodeOpens = t.store.keys.CodeOpens(k.Mail.Codes, k.Asked)
		if k.Shown, err = t.endorsements(ctx, shownIDs(k.Asked)); err != nil {
			return err
		}
		if k.Asked.Kind == petition.NoticeQuestion && k.Asked.MailID != 0 {
			if k.Question, err = t.mail(ctx, k.Asked.MailID, false); err != nil {
				return err
			}
		}
	}
	if k.Bounced != nil {
		if k.Bounced.CampaignID != 0 && (k.Campaign == nil || k.Campaign.ID != k.Bounced.CampaignID) {
			if _, err = t.lockCampaign(ctx, k.Bounced.CampaignID); err != nil {
				return err
			}
		}
		k.BouncedFor, err = t.endorsements(ctx, shownIDs(k.Bounced))
	}
	return err
}

func shownIDs(n *petition.Notice) []int64 {
	ids := make([]int64, len(n.Shows))
	for i, s := range n.Shows {
		ids[i] = s.EndorsementID
	}
	return ids
}

// knownOfCampaign loads the endorsements of the sender and those that the claims may be.
func (t *tx) knownOfCampaign(ctx context.Context, k *petition.Known) (err error) {
	from := k.Mail.From()
	if from != "" {
		if k.Own, err = t.byKeys(ctx, k.Campaign.ID, []string{contactKey + from}); err != nil {
			return err
		}
	}
	k.Same = make([][]*petition.Endorsement, len(k.Mail.Reading.Organizations))
	for i, claim := range k.Mail.Reading.Organizations {
		f := petition.Fields{Kind: claim.Kind, Name: claim.Name, City: claim.City, Website: claim.Website, Contact: from}
		if k.Same[i], err = t.same(ctx, k.Campaign.ID, f); err != nil {
			return err
		}
	}
	return nil
}

// byKeys are the campaign's endorsements that have one of the keys, oldest first.
func (t *tx) byKeys(ctx context.Context, campaignID int64, keys []string) ([]*petition.Endorsement, error) {
	args := []any{campaignID}
	list := in(&args, keys)
	return t.endorsementsWhere(ctx, `id IN (SELECT endorsement_id FROM endorsement_keys WHERE campaign_id=$1 AND key IN `+list+`)`, args...)
}

// same are the campaign's endorsements that share an identity key with the fields,
// or whose organization was merged with one of that name; equal names come first.
func (t *tx) same(ctx context.Context, campaignID int64, f petition.Fields) ([]*petition.Endorsement, error) {
	keys := petition.IdentityKeys(f)
	if len(keys) == 0 {
		return nil, nil
	}
	for i := range keys {
		keys[i] = cutKey(keys[i])
	}
	args := []any{campaignID}
	list := in(&args, keys)
	names := in(&args, slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return !strings.HasPrefix(k, nameKey) }))
	found, err := t.endorsementsWhere(ctx, fmt.Sprintf(`campaign_id=$1 AND (
		id IN (SELECT endorsement_id FROM endorsement_keys WHERE campaign_id=$1 AND key IN %s)
		OR organization_id IN (SELECT m.id FROM organization_keys k JOIN organizations o ON o.id=k.organization_id
			JOIN organizations m ON COALESCE(m.merged_into, m.id)=COALESCE(o.merged_into, o.id)
			WHERE k.key IN %s AND (o.merged_into IS NOT NULL OR EXISTS (SELECT 1 FROM organizations x WHERE x.merged_into=o.id))))`, list, names), args...)
	if err != nil {
		return nil, err
	}
	name := petition.NameKey(f.Name)
	slices.SortStableFunc(found, func(a, b *petition.Endorsement) int { return btoi(!named(a, name)) - btoi(!named(b, name)) })
	return found, nil
}

func named(e *petition.Endorsement, key string) bool {
	return slices.ContainsFunc(shownFields(e), func(f petition.Fields) bool {
		return petition.NameKey(f.Name) == key || petition.NameKey(f.OtherName) == key
	})
}

// straight reports whether nothing on the mail's way forbids an answer.
func straight(m *petition.Mail) bool {
	kind := m.Origin.Automatic.Kind
	return !m.Spam && !m.Origin.SpamFlagged && (kind == petition.Human || kind == "") && m.Origin.Authentication.Proof() != petition.ProofFail
}

// knownOfSender loads what limits answers count (R34).
func (t *tx) knownOfSender(ctx context.Context, k *petition.Known) error {
	m := k.Mail
	if m.Similar != "" {
		// A copy that got no answer because of the way it took (another campaign's address, a list, a
		// junk folder, a forwarder that broke its signature) does not silence the one that came straight.
		campaign, straight := int64(0), straight(m)
		if k.Campaign != nil {
			campaign = k.Campaign.ID
		}
		if err := t.get(ctx, &k.Repeats, `SELECT COUNT(*) FROM mails WHERE submission=$1 AND state='decided' AND id<>$2
			AND COALESCE(campaign_id, 0)=$3 AND (NOT $4 OR silence NOT IN ('automatic', 'spam', 'authentication_failed'))`, m.Similar, m.ID, campaign, straight); err != nil {
			return err
		}
	}
	from := m.From()
	if from == "" {
		return nil
	}
	var err error
	if k.Recent, err = t.recent(ctx, from); err != nil {
		return err
	}
	domain := petition.OrganizationalDomain(petition.Domain(from))
	return t.get(ctx, &k.DomainHour, `SELECT COUNT(*) FROM notices WHERE recipient_domain=$1 AND queued_at>$2 AND state<>'dropped'`,
		domain, toMicros(t.now.Add(-time.Hour)))
}

// recent are the notices to the address within 24 hours, newest first.
func (t *tx) recent(ctx context.Context, address string) ([]petition.Notice, error) {
	return t.noticesWhere(ctx, `recipient=$1 AND queued_at>$2 AND state<>'dropped' ORDER BY queued_at DESC, id DESC LIMIT 500`,
		petition.CanonicalAddress(address), toMicros(t.now.Add(-24*time.Hour)))
}
