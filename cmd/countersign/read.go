package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"countersign/mailin"
	"countersign/mailin/message"
	"countersign/mailin/reading"
	"countersign/petition"
)

// readCmd shows what the intake would make of mails, without acting on them: the
// same decoding, the same origin checks, the same reading, the same decision. It
// touches no mailbox and no database, and the network only with --dns system.
type readCmd struct {
	JSON  bool     `help:"One JSON object a line (NDJSON) instead of a report."`
	DNS   string   `name:"dns" placeholder:"FILE|system" help:"Answer DNS questions from a JSON file, or ask the system's resolver. Without it authentication is unchecked."`
	Paths []string `arg:"" name:"path" help:"Raw messages: files, folders, or - for standard input."`
}

// Run reads every mail of every path, in order. What a mail contains is never an error.
func (c *readCmd) Run(ctx context.Context, w *world, g *globals) error {
	r, err := newMailReader(w, g, c.DNS)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w.Out)
	show := func(m mailRead) error {
		if !c.JSON {
			m.report(out)
			return out.Flush()
		}
		line, err := json.Marshal(m)
		if err != nil {
			return err
		}
		_, err = out.Write(append(line, '\n'))
		return errors.Join(err, out.Flush()) // a line a mail, at once: whoever reads along is not kept waiting
	}
	for _, path := range c.Paths {
		if err := r.walk(ctx, path, w.In, show); err != nil {
			return err
		}
	}
	return nil
}

// mailReader holds what is the same for every mail.
type mailReader struct {
	understand mailin.Understand
	now        time.Time // of the mail in hand
	rules      petition.Rules
	campaigns  []*petition.Campaign
	fallback   string
	trusted    []string // authserv-ids
}

// newMailReader makes a reader for the configuration, or for one campaign that every mail belongs to.
func newMailReader(w *world, g *globals, dns string) (*mailReader, error) {
	r := &mailReader{fallback: "campaign", campaigns: []*petition.Campaign{readCampaign("campaign", nil)}}
	parts := mailin.UnderstanderConfig{
		Clock:        func() time.Time { return r.now },
		OwnAddresses: func(context.Context) []string { return r.rules.Own },
	}
	reader, err := reading.Default()
	if err != nil {
		return nil, err
	}
	parts.Reader = reader
	if parts.LookupTXT, err = lookupTXT(dns); err != nil {
		return nil, err
	}
	if g.Config != "" {
		c, err := loadConfig(g.Config, w.Environ)
		if err != nil {
			return nil, err
		}
		if parts.Keys, err = c.Keys(); err != nil {
			return nil, err
		}
		r.rules = c.Rules()
		r.rules.AnswerFrom = time.Time{} // nothing arrives here: age says nothing
		r.configure(&c)
	}
	parts.TrustedAuthservIDs = map[string][]string{"": r.trusted}
	r.understand, err = mailin.NewUnderstander(parts)
	return r, err
}

// configure takes addresses, campaigns and trusted names from the mailboxes.
func (r *mailReader) configure(c *Config) {
	addresses := make(map[string][]string) // by campaign
	var slugs []string
	for name, m := range c.Mailbox {
		slug := first(m.Campaign, name)
		if !slices.Contains(slugs, slug) {
			slugs = append(slugs, slug)
		}
		addresses[slug] = append(addresses[slug], m.Addresses...)
		r.trusted = append(r.trusted, m.AuthservIDs...)
	}
	slices.Sort(slugs)
	r.campaigns, r.fallback = nil, ""
	for _, slug := range slugs {
		r.campaigns = append(r.campaigns, readCampaign(slug, addresses[slug]))
	}
	if len(slugs) == 1 {
		r.fallback = slugs[0]
	}
}

// readCampaign is an open campaign without a deadline.
func readCampaign(slug string, addresses []string) *petition.Campaign {
	return &petition.Campaign{ID: 1, Slug: slug, State: petition.Open, Settings: petition.Settings{
		Name: slug, Addresses: addresses, Languages: []string{"en"}, Listing: petition.AfterReview, Public: petition.DefaultPublic,
	}}
}

// walk reads the mails of one path. Only a failure to show one is an error.
func (r *mailReader) walk(ctx context.Context, path string, in io.Reader, show func(mailRead) error) error {
	if path == "-" {
		raw, err := io.ReadAll(in)
		return show(r.file(ctx, path, raw, err))
	}
	return filepath.WalkDir(path, func(p string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		name := filepath.ToSlash(p)
		if p == path {
			name = path
		}
		if err != nil {
			return show(r.file(ctx, name, nil, err))
		}
		if entry.IsDir() {
			return nil
		}
		raw, err := os.ReadFile(p) //nolint:gosec // the person who runs us names the file
		return show(r.file(ctx, name, raw, err))
	})
}

// file reads one mail; err is why it could not be read from its file.
func (r *mailReader) file(ctx context.Context, name string, raw []byte, err error) mailRead {
	if err != nil {
		m := r.mail(ctx, nil)
		m.File, m.Defects = name, append(m.Defects, "the file cannot be read: "+reason(err))
		return m
	}
	m := r.mail(ctx, raw)
	m.File = name
	return m
}

// reason is an error without the path, which stands beside it.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// mail decodes, examines, reads and decides. A file has no arrival: the mail is read
// as if it came when it was sent.
func (r *mailReader) mail(ctx context.Context, raw []byte) mailRead {
	m := message.Parse(raw)
	mail := petition.Mail{Size: int64(len(raw)), Received: m.Header.Date, State: petition.MailRead, Raw: raw}
	if mail.Received.IsZero() {
		mail.Received = time.Now()
	}
	r.now = mail.Received
	u, err := r.understand(ctx, mail)
	if err != nil {
		m.Defects = append(m.Defects, "the reading did not finish: "+err.Error())
	}
	mail.Header, mail.Origin, mail.Reading, mail.References = u.Header, u.Origin, u.Reading, u.References
	mail.Codes, mail.Similar, mail.NewText = u.Codes, u.Similar, u.NewText
	outcome := petition.Decide(petition.Known{
		Now: r.now, Rules: r.rules, Mail: &mail, Campaign: petition.Route(&mail, r.campaigns, nil, r.fallback),
	})
	return newMailRead(m, &mail, &outcome)
}

// dnsAnswer is one entry of a --dns file.
type dnsAnswer struct {
	TXT   string `json:"txt"`
	Error string `json:"error"`
}

// lookupTXT answers from a file, from the system, or is nil.
func lookupTXT(dns string) (func(context.Context, string) ([]string, error), error) {
	switch dns {
	case "":
		return nil, nil
	case "system":
		return systemTXT(), nil
	}
	b, err := os.ReadFile(dns)
	if err != nil {
		return nil, err
	}
	var answers map[string][]dnsAnswer
	if err := json.Unmarshal(b, &answers); err != nil {
		return nil, fmt.Errorf("%s: %w", dns, err)
	}
	return fileTXT(answers), nil
}
