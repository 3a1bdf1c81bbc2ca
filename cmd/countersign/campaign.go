package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	"countersign/petition"
	"countersign/store"
)

// campaignCmd makes and runs campaigns from the command line; the desk does the same.
type campaignCmd struct {
	Create campaignCreateCmd `cmd:"" help:"Make a campaign, as a draft."`
	Edit   campaignEditCmd   `cmd:"" help:"Change settings, or publish a new version of the text."`
	List   campaignListCmd   `cmd:"" help:"All campaigns."`
	Open   campaignOpenCmd   `cmd:"" help:"Make a campaign public and answer its mail."`
	Close  campaignCloseCmd  `cmd:"" help:"Close a campaign now."`
	Extend campaignExtendCmd `cmd:"" help:"Move the deadline; links already sent live on."`
}

var slugForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$`)

// reserved are the first parts of paths that the program itself uses.
var reserved = map[string]bool{
	"c": true, "s": true, "desk": true, "static": true, "new-link": true, "healthz": true, "readyz": true, "metrics": true, "api": true, "embed": true,
	"sign-in": true, "e": true, "q": true, "mail": true, "in": true, "list": true,
}

func checkSlug(s string) error {
	if !slugForm.MatchString(s) {
		return fmt.Errorf("%q: only a-z, 0-9 and - between them, at most 60 letters", s)
	}
	if reserved[s] {
		return fmt.Errorf("%q is a page of the program itself; take another name", s)
	}
	return nil
}

type campaignCreateCmd struct {
	Slug string `arg:"" help:"Short name, as in the address of the page."`
	settingFlags
}

// Run makes the campaign. What no flag says has a default; 'campaign open' names what is still missing.
func (o *campaignCreateCmd) Run(ctx context.Context, w *world, g *globals) error {
	if err := checkSlug(o.Slug); err != nil {
		return err
	}
	return withStore(ctx, w, g, func(config *Config, s *store.Store) error {
		if _, err := s.Campaign(ctx, o.Slug); err == nil {
			return fmt.Errorf("there is a campaign %q already", o.Slug)
		}
		c := &petition.Campaign{Slug: o.Slug, State: petition.Draft, Settings: petition.Settings{
			Languages: []string{"en"}, Zone: "UTC", Grace: petition.DefaultGrace,
			Visibility: petition.Public, Listing: petition.AfterReview, Public: petition.DefaultPublic,
		}}
		for _, m := range config.Mailbox {
			if m.Campaign == o.Slug || len(config.Mailbox) == 1 {
				c.Addresses = m.Addresses
			}
		}
		if err := o.apply(&c.Settings); err != nil {
			return err
		}
		texts, err := o.texts(c)
		if err != nil {
			return err
		}
		if err := s.CreateCampaign(ctx, c); err != nil {
			return err
		}
		if len(texts) > 0 {
			if err := s.AddText(ctx, c.ID, texts); err != nil {
				return err
			}
			c.Texts = texts
		}
		return w.say("campaign %s is a draft%s", c.Slug, missing(c))
	})
}

// missing says what stands between a draft and its opening.
func missing(c *petition.Campaign) string {
	if m := c.MissingToOpen(); len(m) > 0 {
		return "; to open it, it still needs: " + strings.Join(m, ", ")
	}
	return fmt.Sprintf("; 'countersign campaign open %s' makes it public", c.Slug)
}

type campaignEditCmd struct {
	Slug string `arg:"" help:"Short name."`
	settingFlags
	Change string `enum:"small,of_substance" default:"small" help:"What a new text means to those who signed: small or of_substance."`
}

// Run changes what the flags name, and nothing else.
func (o *campaignEditCmd) Run(ctx context.Context, w *world, g *globals) error {
	return withCampaign(ctx, w, g, o.Slug, func(s *store.Store, c *petition.Campaign) error {
		settings := c.Settings
		if err := o.apply(&settings); err != nil {
			return err
		}
		c.Settings = settings
		texts, err := o.texts(c)
		if err != nil {
			return err
		}
		if err := s.SaveSettings(ctx, c.ID, c.Revision, settings, 0); err != nil {
			return err
		}
		if len(texts) > 0 {
			for i := range texts {
				texts[i].Change = petition.TextChange(o.Change)
			}
			if err := s.AddText(ctx, c.ID, texts); err != nil {
				return err
			}
		}
		if c, err = s.Campaign(ctx, o.Slug); err != nil {
			return err
		}
		if c.State == petition.Draft {
			return w.say("campaign %s is changed%s", c.Slug, missing(c))
		}
		return w.say("campaign %s is changed", c.Slug)
	})
}

// withCampaign opens the database and loads one campaign, which the caller may change.
func withCampaign(ctx context.Context, w *world, g *globals, slug string, do func(*store.Store, *petition.Campaign) error) error {
	return withStore(ctx, w, g, func(_ *Config, s *store.Store) error {
		c, err := s.Campaign(ctx, slug)
		if err != nil {
			return noCampaign(slug, err)
		}
		own := *c // the store's copy is shared
		return do(s, &own)
	})
}

type campaignListCmd struct{}

// Run prints one line a campaign.
func (campaignListCmd) Run(ctx context.Context, w *world, g *globals) error {
	return withStore(ctx, w, g, func(_ *Config, s *store.Store) error {
		campaigns, err := s.Campaigns(ctx)
		if err != nil {
			return err
		}
		if len(campaigns) == 0 {
			return w.say("there are none; 'countersign campaign create NAME' makes one")
		}
		t := tabwriter.NewWriter(w.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "CAMPAIGN\tSTATE\tLISTED\tAWAITING\tTO REVIEW\tCLOSES\tNAME")
		for _, c := range campaigns {
			n, err := s.Counts(ctx, c.ID)
			if err != nil {
				return err
			}
			fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%s\t%s\n", c.Slug, c.State, n.Organizations+n.Individuals, n.Awaiting, n.ToReview, closes(c), c.Name)
		}
		return t.Flush()
	})
}

func closes(c *petition.Campaign) string {
	if c.Closes.IsZero() {
		return "-"
	}
	return c.Closes.In(c.Location()).Format("2006-01-02 15:04 MST")
}

type campaignOpenCmd struct {
	Slug string `arg:"" help:"Short name."`
}

// Run opens a complete campaign and says what is missing of another (U08).
func (o *campaignOpenCmd) Run(ctx context.Context, w *world, g *globals) error {
	return withStore(ctx, w, g, func(config *Config, s *store.Store) error {
		c, err := s.Campaign(ctx, o.Slug)
		if err != nil {
			return noCampaign(o.Slug, err)
		}
		err = s.SetState(ctx, c.ID, petition.Open, 0)
		if errors.Is(err, petition.ErrIncomplete) {
			return fmt.Errorf("campaign %s cannot open yet: it needs %s (countersign campaign edit %s --help)", c.Slug, strings.Join(c.MissingToOpen(), ", "), c.Slug)
		}
		if err != nil {
			return err
		}
		return w.say("campaign %s is open: %s/%s", c.Slug, strings.TrimSuffix(config.BaseURL, "/"), c.Slug)
	})
}

type campaignCloseCmd struct {
	Slug string `arg:"" help:"Short name."`
}

// Run closes the campaign: later mail is told so, and an organizer sees it.
func (o *campaignCloseCmd) Run(ctx context.Context, w *world, g *globals) error {
	return withCampaign(ctx, w, g, o.Slug, func(s *store.Store, c *petition.Campaign) error {
		if err := s.SetState(ctx, c.ID, petition.Closed, 0); err != nil {
			return err
		}
		return w.say("campaign %s is closed; 'countersign campaign open %s' opens it again", c.Slug, c.Slug)
	})
}

type campaignExtendCmd struct {
	Slug  string `arg:"" help:"Short name."`
	Until string `arg:"" help:"New deadline in the campaign's zone, like \"2026-05-26 18:00\"."`
}

// Run moves the deadline. Page, later mails and pending links follow by themselves (U06).
func (o *campaignExtendCmd) Run(ctx context.Context, w *world, g *globals) error {
	return withCampaign(ctx, w, g, o.Slug, func(s *store.Store, c *petition.Campaign) error {
		until, err := parseDate(o.Until, c.Location())
		if err != nil {
			return err
		}
		if !c.Closes.IsZero() && until.Before(c.Closes) {
			return fmt.Errorf("%s is before the deadline %s; 'countersign campaign edit --closes' moves it back", o.Until, closes(c))
		}
		if until.Before(time.Now()) {
			return fmt.Errorf("%s is over already", o.Until)
		}
		c.Closes = until
		if err := s.SaveSettings(ctx, c.ID, c.Revision, c.Settings, 0); err != nil {
			return err
		}
		return w.say("campaign %s closes %s (%s UTC)", c.Slug, closes(c), until.UTC().Format("2006-01-02 15:04"))
	})
}
