package store

import (
	"context"
	"slices"

	"countersign/petition"
)

// Occasions loads everything that the notices' texts are made of, in their order:
// a few statements for all of them. They share campaigns and endorsements, which
// callers must not change.
func (s *Store) Occasions(ctx context.Context, notices []petition.Notice) ([]petition.Occasion, error) {
	c := s.reader()
	endorsements, err := c.shownIn(ctx, notices)
	if err != nil {
		return nil, err
	}
	campaigns := make(map[int64]*petition.Campaign)
	counts := make(map[int64]listedCount)
	all := make([]petition.Occasion, len(notices))
	for i := range notices {
		o := petition.Occasion{Notice: notices[i]}
		if id := o.Notice.CampaignID; id != 0 {
			if o.Campaign, err = once(campaigns, id, func() (*petition.Campaign, error) { return c.campaignByID(ctx, id) }); err != nil {
				return nil, err
			}
			if o.Notice.Kind == petition.NoticeListed { // the only mail that says how many there are
				n, err := once(counts, id, func() (listedCount, error) { return c.listedToday(ctx, id) })
				if err != nil {
					return nil, err
				}
				o.Organizations, o.Countries = n.Organizations, n.Countries
			}
		}
		for _, id := range aboutIDs(&o.Notice) {
			if e := endorsements[id]; e != nil {
				o.Endorsements = append(o.Endorsements, e)
			}
		}
		all[i] = o
	}
	return all, nil
}

// once loads what the map does not have yet.
func once[V any](known map[int64]V, id int64, load func() (V, error)) (V, error) {
	if v, ok := known[id]; ok {
		return v, nil
	}
	v, err := load()
	if err == nil {
		known[id] = v
	}
	return v, err
}

// aboutIDs are the endorsements that a notice shows, now or before, each once.
func aboutIDs(n *petition.Notice) []int64 {
	var ids []int64
	for _, shown := range slices.Concat(n.Shows, n.Details.Before) {
		if !slices.Contains(ids, shown.EndorsementID) {
			ids = append(ids, shown.EndorsementID)
		}
	}
	return ids
}

func (c conn) shownIn(ctx context.Context, notices []petition.Notice) (map[int64]*petition.Endorsement, error) {
	var ids []int64
	for i := range notices {
		ids = append(ids, aboutIDs(&notices[i])...)
	}
	slices.Sort(ids)
	found, err := c.endorsements(ctx, slices.Compact(ids))
	byID := make(map[int64]*petition.Endorsement, len(found))
	for _, e := range found {
		byID[e.ID] = e
	}
	return byID, err
}

// listedCount is how many organizations a list has, and from how many countries.
type listedCount struct{ Organizations, Countries int }

func (c conn) listedToday(ctx context.Context, campaignID int64) (n listedCount, err error) {
	err = c.get(ctx, &n, `SELECT COUNT(*) AS organizations, COUNT(DISTINCT NULLIF(listed_country, '')) AS countries FROM endorsements
		WHERE campaign_id=$1 AND listed_version>0 AND listed_kind<>'individual'`, campaignID)
	return n, err
}
