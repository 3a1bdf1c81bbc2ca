package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"countersign/mailout"
	"countersign/petition"
	"countersign/store"
)

// checkCmd tries everything that serve needs, changes nothing but the mails that it
// sends to the mailbox itself, and says in one line each what works, what does not,
// and what to do.
type checkCmd struct {
	NoMail bool          `help:"Send no mail to the mailbox itself."`
	Wait   time.Duration `default:"90s" help:"How long to wait for that mail."`
}

const stepLimit = 15 * time.Second

// Run checks. It fails where serve could not work.
func (o *checkCmd) Run(ctx context.Context, w *world, g *globals) error {
	c, err := loadConfig(g.path(), w.Environ)
	if err != nil {
		return err
	}
	r := &report{out: w.Out}
	r.ok("configuration", "%s is complete", g.path())
	r.addresses(&c)
	r.database(ctx, &c)
	sends := r.smtp(ctx, &c)
	for _, name := range slices.Sorted(maps.Keys(c.Mailbox)) {
		works := r.mailbox(ctx, name, &c)
		if works && sends && !o.NoMail {
			r.mailToItself(ctx, name, &c, o.Wait)
		}
	}
	if r.bad > 0 {
		return fmt.Errorf("%d of these must be mended before serve can work", r.bad)
	}
	return nil
}

// report writes one line a finding.
type report struct {
	out io.Writer
	bad int
}

func (r *report) line(mark, what, format string, args ...any) {
	fmt.Fprintf(r.out, "%-5s %-14s %s\n", mark, what, fmt.Sprintf(format, args...))
}

// ok: it works.
func (r *report) ok(what, format string, args ...any) { r.line("ok", what, format, args...) }

// note: it works, and somebody should know this.
func (r *report) note(what, format string, args ...any) { r.line("note", what, format, args...) }

// fail: serve cannot work like this.
func (r *report) fail(what, format string, args ...any) {
	r.bad++
	r.line("FAIL", what, format, args...)
}

// addresses compares the domains that a reader of our mails sees.
func (r *report) addresses(c *Config) {
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return
	}
	page := petition.OrganizationalDomain(u.Hostname())
	for _, a := range c.Own() {
		if mail := petition.OrganizationalDomain(petition.Domain(a)); mail != page {
			r.note("addresses", "pages are at %s, mail comes from %s: such links look like phishing; use one domain for both", page, mail)
			return
		}
	}
}

// database says whether serve could open it, without opening it as serve does.
func (r *report) database(ctx context.Context, c *Config) {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	have, want, err := store.SchemaVersion(ctx, c.Database)
	sqlite := strings.HasPrefix(c.Database, "sqlite:")
	switch {
	case err != nil:
		r.fail("database", "%s", explain(err, databaseName(c)))
	case have > want:
		r.fail("database", "it has schema %d, this program knows %d: install the newer countersign", have, want)
	case have < want && !sqlite:
		r.fail("database", "it has schema %d, %d is needed: run 'countersign migrate up'", have, want)
	case have < want:
		r.ok("database", "%s; serve brings it from schema %d to %d", databaseName(c), have, want)
	default:
		r.ok("database", "%s, schema %d", databaseName(c), have)
		r.campaigns(ctx, c)
	}
}

// campaigns says which campaigns answer mail, and who gets to hear of it.
func (r *report) campaigns(ctx context.Context, c *Config) {
	options, err := storeOptions(c, c.Log.logger(io.Discard))
	if err != nil {
		r.fail("database", "%v", err)
		return
	}
	options.Shared = true
	s, err := store.Open(ctx, options)
	if err != nil {
		r.fail("database", "%v", err)
		return
	}
	defer s.Close()
	campaigns, err := s.Campaigns(ctx)
	organizers, orgErr := s.Organizers(ctx)
	if err := errors.Join(err, orgErr); err != nil {
		r.fail("database", "%v", err)
		return
	}
	slugs := make(map[string]bool)
	for _, campaign := range campaigns {
		slugs[campaign.Slug] = true
		if campaign.State == petition.Draft {
			r.note("campaign", "%s is a draft: its mail waits%s", campaign.Slug, missing(campaign))
		}
	}
	for name, slug := range c.Fallback() {
		if !slugs[slug] {
			r.note("campaign", "mailbox %s belongs to %q, which does not exist: 'countersign campaign create %s'", name, slug, slug)
		}
	}
	if len(organizers) == 0 {
		r.note("organizers", "there are none, so nobody can review: 'countersign organizer add ADDRESS --role owner'")
	}
}

// databaseName is the database without its password.
func databaseName(c *Config) string {
	if u, err := url.Parse(c.Database); err == nil && u.Host != "" {
		return "PostgreSQL at " + u.Host + u.Path
	}
	return c.Database
}

// smtp logs in where we send, and sends nothing.
func (r *report) smtp(ctx context.Context, c *Config) bool {
	server, err := smtpServer(c)
	if err != nil {
		r.fail("smtp", "%v", err)
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	if err := mailout.TryLogin(ctx, server); err != nil {
		r.fail("smtp", "%s", explain(err, c.SMTP.Server)+otherPorts(err))
		return false
	}
	r.ok("smtp", "%s takes our mail", c.SMTP.Server)
	return true
}
