package main

import (
	"context"
	"log/slog"

	"countersign/petition"
	"countersign/store"
)

// hints tells the reader what is known beside the mail. What cannot be loaded is
// left out and logged: a reading without a hint is less sure, never wrong.
type hints struct {
	store  *store.Store
	config *Config
	log    *slog.Logger
}

// ownAddresses are ours: the configuration's and every campaign's (R32).
func (h hints) ownAddresses(ctx context.Context) []string {
	own := h.config.Own()
	for _, c := range h.campaigns(ctx) {
		for _, a := range c.Addresses {
			own = append(own, petition.CanonicalAddress(a))
		}
	}
	return own
}

// campaignNames are names and titles of our letters: never an organization's.
func (h hints) campaignNames(ctx context.Context) []string {
	var names []string
	for _, c := range h.campaigns(ctx) {
		names = append(names, c.Name)
		for _, t := range c.Texts {
			names = append(names, t.Title)
		}
	}
	return names
}

func (h hints) campaigns(ctx context.Context) []*petition.Campaign {
	campaigns, err := h.store.Campaigns(ctx)
	if err != nil && ctx.Err() == nil {
		h.log.Warn("a mail is read without the campaigns' names", "err", err)
	}
	return campaigns
}

// shownNames are the organizations that the notices showed: restating one is still a plain yes (U05).
func (h hints) shownNames(ctx context.Context, notices []int64) []string {
	var names []string
	for _, id := range notices {
		n, err := h.store.Notice(ctx, id)
		if err != nil {
			continue // a reference that somebody made up
		}
		for _, shown := range n.Shows {
			e, err := h.store.Endorsement(ctx, shown.EndorsementID)
			if err != nil {
				h.log.Warn("a mail is read without the name that it answers", "endorsement", shown.EndorsementID, "err", err)
				continue
			}
			if v := e.Version(shown.Version); v != nil {
				names = append(names, v.Fields.Name)
				if v.Fields.OtherName != "" {
					names = append(names, v.Fields.OtherName)
				}
			}
		}
	}
	return names
}
