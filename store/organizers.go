package store

import (
	"context"
	"slices"

	"countersign/petition"
)

type organizerRow struct {
	ID      int64
	Address string
	Name    string
	Role    string
	Locale  string
	Digest  bool
}

// organizersWhere loads organizers with their campaigns, those who left excluded.
func (c conn) organizersWhere(ctx context.Context, where string, args ...any) ([]petition.Organizer, error) {
	var rows []organizerRow
	if err := c.list(ctx, &rows, `SELECT id, address, name, role, locale, digest FROM organizers WHERE removed_at=0 AND `+where+` ORDER BY address`, args...); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, nil
	}
	var pairs []struct{ OrganizerID, CampaignID int64 }
	if err := c.list(ctx, &pairs, `SELECT organizer_id, campaign_id FROM organizer_campaigns ORDER BY organizer_id, campaign_id`); err != nil {
		return nil, err
	}
	all := make([]petition.Organizer, len(rows))
	for i, r := range rows {
		all[i] = petition.Organizer{ID: r.ID, Address: r.Address, Name: r.Name, Role: r.Role, Locale: r.Locale, Digest: r.Digest}
		for _, p := range pairs {
			if p.OrganizerID == r.ID {
				all[i].Campaigns = append(all[i].Campaigns, p.CampaignID)
			}
		}
	}
	return all, nil
}

func (c conn) organizers(ctx context.Context) ([]petition.Organizer, error) {
	return c.organizersWhere(ctx, `1=1`)
}

func (c conn) organizer(ctx context.Context, id int64) (*petition.Organizer, error) {
	return one(c.organizersWhere(ctx, `id=$1`, id))
}

func one(found []petition.Organizer, err error) (*petition.Organizer, error) {
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, petition.ErrNotFound
	}
	return &found[0], nil
}

// Organizers lists all who may sign in, by address.
func (s *Store) Organizers(ctx context.Context) ([]petition.Organizer, error) {
	return s.reader().organizers(ctx)
}

// Organizer loads one, or gives petition.ErrNotFound when there is none or they left.
func (s *Store) Organizer(ctx context.Context, id int64) (petition.Organizer, error) {
	return value(s.reader().organizer(ctx, id))
}

// OrganizerByAddress finds one by canonical address, or gives petition.ErrNotFound.
func (s *Store) OrganizerByAddress(ctx context.Context, address string) (petition.Organizer, error) {
	return value(one(s.reader().organizersWhere(ctx, `address=$1`, petition.CanonicalAddress(address))))
}

func value(o *petition.Organizer, err error) (petition.Organizer, error) {
	if err != nil {
		return petition.Organizer{}, err
	}
	return *o, nil
}

// AddOrganizer adds an organizer, or changes the one who has the address. Somebody
// who left comes back under the same id: the history still names them.
func (s *Store) AddOrganizer(ctx context.Context, o petition.Organizer) (int64, error) {
	if o.Role == "" {
		o.Role = petition.RoleReviewer
	}
	var id int64
	err := s.inTx(ctx, func(t *tx) error {
		if err := t.get(ctx, &id, `INSERT INTO organizers (address, name, role, locale, digest, created_at) VALUES ($1,$2,$3,$4,$5,$6)
			ON CONFLICT (address) DO UPDATE SET name=excluded.name, role=excluded.role, locale=excluded.locale, digest=excluded.digest, removed_at=0
			RETURNING id`, petition.CanonicalAddress(o.Address), o.Name, o.Role, o.Locale, o.Digest, toMicros(t.now)); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `DELETE FROM organizer_campaigns WHERE organizer_id=$1`, id); err != nil {
			return err
		}
		campaigns := slices.Clone(o.Campaigns)
		slices.Sort(campaigns)
		var rows [][]any
		for _, c := range slices.Compact(campaigns) {
			rows = append(rows, []any{id, c})
		}
		return t.insert(ctx, `INSERT INTO organizer_campaigns (organizer_id, campaign_id)`, rows, "")
	})
	return id, err
}

// RemoveOrganizer ends an organizer's rights and sessions at once. The history keeps
// the name. An unknown address gives petition.ErrNotFound.
func (s *Store) RemoveOrganizer(ctx context.Context, address string) error {
	return s.inTx(ctx, func(t *tx) error {
		var id int64
		if err := t.get(ctx, &id, `UPDATE organizers SET removed_at=$2 WHERE address=$1 AND removed_at=0 RETURNING id`,
			petition.CanonicalAddress(address), toMicros(t.now)); err != nil {
			return err
		}
		_, err := t.exec(ctx, `DELETE FROM sessions WHERE organizer_id=$1`, id)
		return err
	})
}
