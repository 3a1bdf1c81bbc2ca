package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"countersign/mailin/message"
	"countersign/mailin/origin"
	"countersign/mailout"
	"countersign/petition"
	"countersign/templates"
)

// mailToItself sends two mails to the mailbox, one to its plain address and one to an
// address with a plus part, as replies use it, and says what of them survived the way.
func (r *report) mailToItself(ctx context.Context, name string, c *Config, wait time.Duration) {
	what := "mail to " + name
	probes, err := newProbes(c, c.Mailbox[name].Addresses[0])
	if err != nil {
		r.fail(what, "%v", err)
		return
	}
	server, err := smtpServer(c)
	if err != nil {
		r.fail(what, "%v", err)
		return
	}
	for _, p := range probes {
		p.send(ctx, server)
	}
	plain, plus := probes[0], probes[1]
	if plain.refused != nil {
		r.fail(what, "the server does not take a mail from %s: %s", plain.letter.EnvelopeFrom, said(plain.refused))
		return
	}
	if err := collect(ctx, c.Mailbox[name], probes, wait); err != nil {
		r.fail(what, "%s", explain(err, c.Mailbox[name].Server))
		return
	}
	if plain.raw == nil {
		r.fail(what, "it did not arrive within %s: is %s an address of this mailbox, or a group that keeps mail from itself away?", wait, plain.letter.To)
		return
	}
	r.survived(ctx, what, plain, c)
	r.plus(what, plus, c)
	r.verp(what, plus, c)
}

// probe is one mail to ourselves.
type probe struct {
	letter  mailout.Letter
	sent    *message.Message
	refused error
	raw     []byte // as it arrived; nil: it did not
	folder  string
}

// newProbes writes the two mails with the very composer of the service.
func newProbes(c *Config, address string) ([]*probe, error) {
	keys, err := c.Keys()
	if err != nil {
		return nil, err
	}
	set, err := templates.New()
	if err != nil {
		return nil, err
	}
	var probes []*probe
	for i := range 2 {
		composer := newComposer(c, keys, set)
		composer.From.Address = address
		composer.Plus, composer.VERP = true, i == 1
		id := time.Now().UnixMicro() + int64(i) // no notice has such an id
		n := petition.Notice{
			ID: id, Kind: petition.NoticeCheck, To: address, Locale: "en", DedupeKey: "check:" + strconv.FormatInt(id, 10),
			MessageID: keys.MessageID(id, address), QueuedAt: time.Now(),
		}
		if i == 1 {
			n.To = keys.ReplyTo(id, address)
		}
		letter, err := composer.Compose(petition.Occasion{Notice: n})
		if err != nil {
			return nil, err
		}
		probes = append(probes, &probe{letter: letter, sent: message.Parse(letter.Raw)})
	}
	return probes, nil
}

func (p *probe) send(ctx context.Context, server mailout.Server) {
	ctx, cancel := context.WithTimeout(ctx, 2*stepLimit)
	defer cancel()
	p.refused = mailout.Send(ctx, server, p.letter)
}

// code is what finds the mail even when every field was rewritten: the text holds it.
func (p *probe) code() string {
	if codes := petition.FindCodes(p.sent.Text); len(codes) > 0 {
		return codes[0]
	}
	return ""
}

// collect looks into the folder, and into those for junk, until every mail that was
// sent has arrived or the wait is over.
func collect(ctx context.Context, m Mailbox, probes []*probe, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait+stepLimit)
	defer cancel()
	client, err := dialIMAP(ctx, m)
	if err != nil {
		return err
	}
	defer client.Close()
	watched := append([]string{m.Folder}, junkFolders(client, m)...)
	deadline := time.Now().Add(wait)
	for {
		for _, folder := range watched {
			if err := search(client, folder, probes); err != nil {
				return inTime(ctx, err)
			}
		}
		missing := slices.ContainsFunc(probes, func(p *probe) bool { return p.refused == nil && p.raw == nil })
		if !missing || time.Now().After(deadline) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// junkFolders are where a provider puts what it takes for spam.
func junkFolders(client *imapclient.Client, m Mailbox) []string {
	var names []string
	if m.Junk != "" {
		names = append(names, m.Junk)
	}
	list, err := client.List("", "*", &imap.ListOptions{ReturnSpecialUse: client.Caps().Has(imap.CapSpecialUse)}).Collect()
	if err != nil {
		return names
	}
	for _, f := range list {
		junk := slices.Contains(f.Attrs, imap.MailboxAttrJunk) || strings.EqualFold(f.Mailbox, "junk") || strings.EqualFold(f.Mailbox, "spam")
		if junk && !slices.Contains(names, f.Mailbox) {
			names = append(names, f.Mailbox)
		}
	}
	return names
}

// search reads today's mails of the folder and takes those that hold a probe's code.
func search(client *imapclient.Client, folder string, probes []*probe) error {
	if _, err := client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return err
	}
	data, err := client.UIDSearch(&imap.SearchCriteria{Since: time.Now().Add(-24 * time.Hour)}, nil).Wait()
	if err != nil {
		return err
	}
	uids := data.AllUIDs()
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: 64 << 10}} // R04: nothing is marked as seen
	for _, uid := range uids[max(0, len(uids)-50):] {
		cmd := client.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		raw, err := readOne(cmd)
		if err != nil {
			return err
		}
		codes := petition.FindCodes(message.Parse(raw).Text)
		for _, p := range probes {
			if p.raw == nil && slices.Contains(codes, p.code()) {
				p.raw, p.folder = raw, folder
			}
		}
	}
	return nil
}

// readOne returns the bytes of the only mail of a FETCH.
func readOne(cmd *imapclient.FetchCommand) ([]byte, error) {
	var raw []byte
	for {
		m := cmd.Next()
		if m == nil {
			return raw, cmd.Close()
		}
		for item := m.Next(); item != nil; item = m.Next() {
			body, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok || body.Literal == nil {
				continue
			}
			raw = make([]byte, body.Literal.Size())
			if _, err := io.ReadFull(body.Literal, raw); err != nil {
				return nil, errors.Join(err, cmd.Close())
			}
		}
	}
}

// survived compares what was sent with what arrived, in words.
func (r *report) survived(ctx context.Context, what string, p *probe, c *Config) {
	got := message.Parse(p.raw)
	if p.folder != "" && !strings.EqualFold(p.folder, folderOf(c, what)) {
		r.note(what, "it arrived in %s: your own provider takes our mail for spam; SPF, DKIM and DMARC of the domain help", p.folder)
	} else {
		r.ok(what, "it arrived")
	}
	same := func(field, sent, arrived, loss string) {
		if strings.EqualFold(sent, arrived) {
			r.ok(what, "%s survived", field)
			return
		}
		r.note(what, "%s was changed from %s to %s: %s", field, sent, arrived, loss)
	}
	same("From", address(p.sent.Header.From), address(got.Header.From), "the submission server allows only its own; set smtp.from to that")
	same("Message-ID", p.sent.Header.MessageID, got.Header.MessageID, "replies are matched by the plus part and the printed code instead")
	same("Reply-To", address(p.sent.Header.ReplyTo), address(got.Header.ReplyTo), "replies are matched by Message-ID and the printed code instead")
	r.authentication(ctx, what, p.raw, got)
}

func folderOf(c *Config, what string) string {
	return c.Mailbox[strings.TrimPrefix(what, "mail to ")].Folder
}

func address(list []message.Address) string {
	if len(list) == 0 {
		return "(nothing)"
	}
	return petition.CanonicalAddress(list[0].Address)
}

// authentication says what our own provider thinks of our own mail, and under which
// names it says so.
func (r *report) authentication(ctx context.Context, what string, raw []byte, got *message.Message) {
	results := got.Header.Get("Authentication-Results")
	id, _, _ := strings.Cut(strings.TrimSpace(results), ";")
	id, _, _ = strings.Cut(strings.TrimSpace(id), " ") // a version may follow (RFC 8601 2.2)
	settings := origin.Settings{LookupTXT: systemTXT(), Now: time.Now()}
	if id == "" {
		r.note(what, "the provider writes no Authentication-Results: only DKIM, which we check ourselves, tells who wrote a mail")
	} else {
		settings.TrustedAuthservIDs = []string{id}
		r.ok(what, "the provider signs its checks as %s: authserv_ids = [%q]", id, id)
	}
	a := origin.Check(ctx, raw, got, settings).Authentication
	dkim := "no DKIM signature"
	for _, d := range a.DKIM {
		dkim = fmt.Sprintf("DKIM of %s: %s", d.Domain, d.Result)
	}
	verdict := fmt.Sprintf("%s, SPF %s, DMARC %s", dkim, first(a.SPF, "not told"), first(a.DMARC, "none"))
	if a.Proof() == petition.AlignedPass {
		r.ok(what, "%s", verdict)
		return
	}
	r.note(what, "%s: others cannot tell that our mail is ours; switch DKIM on at your provider", verdict)
}

// plus says whether replies to an address with a plus part arrive.
func (r *report) plus(what string, p *probe, c *Config) {
	switch {
	case p.raw != nil && c.SMTP.PlusAddress:
		r.ok(what, "an address with a plus part arrives")
	case p.raw != nil:
		r.note(what, "an address with a plus part arrives: smtp.plus_address = true makes replies easier to match")
	case c.SMTP.PlusAddress:
		r.fail(what, "an address with a plus part does not arrive, so replies would be lost: set smtp.plus_address = false")
	default:
		r.ok(what, "an address with a plus part does not arrive; plus_address = false is right")
	}
}

// verp says whether the envelope sender of each mail may be its own (R37).
func (r *report) verp(what string, p *probe, c *Config) {
	want := c.SMTP.Envelope == "verp"
	if p.refused != nil {
		if want {
			r.fail(what, `the server refuses an envelope sender of its own for each mail (%s): set smtp.envelope = "address"`, said(p.refused))
			return
		}
		r.ok(what, `the server wants its own envelope sender; envelope = "address" is right`)
		return
	}
	if p.raw == nil {
		return
	}
	back := petition.CanonicalAddress(strings.Trim(message.Parse(p.raw).Header.Get("Return-Path"), "<> \t"))
	switch survived := back == petition.CanonicalAddress(p.letter.EnvelopeFrom); {
	case survived && !want:
		r.ok(what, `the envelope sender survived; envelope = "verp" would match bounces by itself`)
	case survived:
		r.ok(what, "the envelope sender survived")
	case want:
		r.note(what, `the envelope sender became %s: bounces come back there; set smtp.envelope = "address"`, first(back, "unknown"))
	default:
		r.ok(what, `the envelope sender is rewritten or not shown; envelope = "address" is right`)
	}
}
