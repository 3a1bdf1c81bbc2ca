package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"countersign/petition"
	"countersign/store"
)

// organizerCmd says who may sign in at the desk.
type organizerCmd struct {
	Add    organizerAddCmd    `cmd:"" help:"Let somebody sign in at the desk."`
	Remove organizerRemoveCmd `cmd:"" help:"End somebody's access; what they decided stays."`
	List   organizerListCmd   `cmd:"" help:"Who may sign in."`
}

type organizerAddCmd struct {
	Address   string   `arg:"" help:"E-mail address: the sign-in link goes there."`
	Name      string   `help:"Name, as other organizers see it."`
	Role      string   `enum:"owner,reviewer,reader" default:"reviewer" help:"owner, reviewer or reader."`
	Campaigns []string `name:"campaign" help:"Only these campaigns; without it: all."`
	Language  string   `default:"en" help:"Language of their mails and pages."`
	NoDigest  bool     `help:"No daily mail."`
}

// Run adds the organizer.
func (o *organizerAddCmd) Run(ctx context.Context, w *world, g *globals) error {
	if err := checkAddress(o.Address); err != nil {
		return err
	}
	return withStore(ctx, w, g, func(_ *Config, s *store.Store) error {
		p := petition.Organizer{
			Address: petition.CanonicalAddress(o.Address), Name: o.Name, Role: o.Role, Locale: o.Language, Digest: !o.NoDigest,
		}
		for _, slug := range o.Campaigns {
			c, err := s.Campaign(ctx, slug)
			if err != nil {
				return noCampaign(slug, err)
			}
			p.Campaigns = append(p.Campaigns, c.ID)
		}
		if _, err := s.AddOrganizer(ctx, p); err != nil {
			return err
		}
		return w.say("%s may sign in as %s", p.Address, p.Role)
	})
}

type organizerRemoveCmd struct {
	Address string `arg:"" help:"E-mail address."`
}

// Run removes the organizer and ends their sessions.
func (o *organizerRemoveCmd) Run(ctx context.Context, w *world, g *globals) error {
	return withStore(ctx, w, g, func(_ *Config, s *store.Store) error {
		address := petition.CanonicalAddress(o.Address)
		err := s.RemoveOrganizer(ctx, address)
		if errors.Is(err, petition.ErrNotFound) {
			return fmt.Errorf("%s is no organizer", address)
		}
		if err != nil {
			return err
		}
		return w.say("%s may not sign in any more", address)
	})
}

type organizerListCmd struct{}

// Run lists the organizers.
func (organizerListCmd) Run(ctx context.Context, w *world, g *globals) error {
	return withStore(ctx, w, g, func(_ *Config, s *store.Store) error {
		organizers, err := s.Organizers(ctx)
		if err != nil {
			return err
		}
		campaigns, err := s.Campaigns(ctx)
		if err != nil {
			return err
		}
		if len(organizers) == 0 {
			return w.say("there are none; 'countersign organizer add ADDRESS' adds one")
		}
		t := tabwriter.NewWriter(w.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "ADDRESS\tROLE\tNAME\tCAMPAIGNS")
		for _, o := range organizers {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", o.Address, o.Role, o.Name, slugs(o.Campaigns, campaigns))
		}
		return t.Flush()
	})
}

// slugs names the campaigns that an organizer is limited to.
func slugs(ids []int64, campaigns []*petition.Campaign) string {
	if len(ids) == 0 {
		return "all"
	}
	var names []string
	for _, c := range campaigns {
		if slices.Contains(ids, c.ID) {
			names = append(names, c.Slug)
		}
	}
	return strings.Join(names, ", ")
}

func noCampaign(slug string, err error) error {
	if errors.Is(err, petition.ErrNotFound) {
		return fmt.Errorf("there is no campaign %q; 'countersign campaign list' shows all", slug)
	}
	return err
}
