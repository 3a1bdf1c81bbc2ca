package mailin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"countersign/mailin/message"
	"countersign/mailin/origin"
	"countersign/mailin/reading"
	"countersign/petition"
)

// Reader works out what a mail wants.
type Reader interface {
	Read(m *message.Message, o petition.Origin, h reading.Hints) petition.Reading
}

// UnderstanderConfig is what reading a mail needs besides the mail. Reader is needed;
// a nil function knows nothing.
type UnderstanderConfig struct {
	Reader             Reader
	Keys               petition.Keys
	OwnAddresses       func(ctx context.Context) []string                       // ours and our aliases (R32)
	CampaignNames      func(ctx context.Context) []string                       // titles of our letters: never an organization
	ShownNames         func(ctx context.Context, notices []int64) []string      // what these notices show: restating it is a plain yes (U05)
	TrustedAuthservIDs map[string][]string                                      // by mailbox: who checks mail for us (R47)
	LookupTXT          func(ctx context.Context, name string) ([]string, error) // nil: no DNS
	Clock              func() time.Time                                         // nil: time.Now
}

const (
	maxNewText    = 64 << 10 // bytes
	maxRecipients = 100
	maxReferences = 200 // Message-IDs that are looked at
)

// NewUnderstander puts the parts together: the bytes become a message, its origin is
// checked, and it is read. What it makes depends on the mail, the clock, the DNS answers
// and the hints alone; the answers used are stored with the mail.
func NewUnderstander(c UnderstanderConfig) (Understand, error) {
	if c.Reader == nil {
		return nil, errors.New("an understander needs a reader")
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c.understand, nil
}

func (c *UnderstanderConfig) understand(ctx context.Context, in petition.Mail) (petition.Understanding, error) {
	m := message.Parse(in.Raw)
	u := petition.Understanding{
		MailID:  in.ID,
		Header:  headerFacts(m),
		Codes:   petition.FindCodes(m.New + "\n" + m.Quoted),
		Similar: similar(m, in),
		NewText: newText(m.New),
	}
	u.References = c.references(u.Header, &m.Header)
	own := call(ctx, c.OwnAddresses)
	u.Origin = origin.Check(ctx, in.Raw, m, origin.Settings{
		OwnAddresses:       own,
		OwnMessageID:       c.Keys.OwnMessageID,
		TrustedAuthservIDs: c.TrustedAuthservIDs[in.Mailbox],
		LookupTXT:          c.LookupTXT,
		Now:                c.Clock(),
	})
	hints := reading.Hints{OwnAddresses: own, CampaignNames: call(ctx, c.CampaignNames)}
	if c.ShownNames != nil && len(u.References) > 0 {
		var notices []int64
		for _, r := range u.References {
			if !slices.Contains(notices, r.Notice) {
				notices = append(notices, r.Notice)
			}
		}
		hints.ShownNames = c.ShownNames(ctx, notices)
	}
	u.Reading = c.Reader.Read(m, u.Origin, hints)
	if in.Partial {
		// Only its header is here: whatever was read of it, a person looks (R15).
		u.Reading.Missing, u.Reading.Confidence = "size", petition.Low
	}
	return u, ctx.Err()
}

// references finds our reply references and names the field that really carries each:
// what a server wrote on the way (Delivered-To) follows from where somebody sent the mail,
// and no signature of its author covers it (R28).
func (c *UnderstanderConfig) references(facts petition.Header, h *message.Header) []petition.Reference {
	found := c.Keys.FindReferences(facts)
	in := func(list []message.Address, notice int64) bool {
		var only petition.Header
		for _, a := range list {
			only.Recipients = append(only.Recipients, petition.CanonicalAddress(a.Address))
		}
		return slices.ContainsFunc(c.Keys.FindReferences(only), func(r petition.Reference) bool { return r.Notice == notice })
	}
	for i := range found {
		switch r := &found[i]; {
		case r.Where != "to" || in(h.To, r.Notice):
		case in(h.Cc, r.Notice):
			r.Where = "cc"
		default:
			r.Where = "delivered-to"
		}
	}
	return found
}

func call(ctx context.Context, f func(context.Context) []string) []string {
	if f == nil {
		return nil
	}
	return f(ctx)
}

// headerFacts is what deciding needs of the header.
func headerFacts(m *message.Message) petition.Header {
	h := petition.Header{
		MessageID:  m.Header.MessageID,
		InReplyTo:  atMostN(m.Header.InReplyTo, maxReferences),
		References: atMostN(m.Header.References, maxReferences),
		Date:       m.Header.Date,
		Subject:    m.Header.Subject,
		TopHop:     topHop(&m.Header),
	}
	h.Delivered, h.Recipients = recipients(&m.Header)
	for _, a := range atMostN(m.Header.From, maxRecipients) {
		h.From = append(h.From, petition.Address{Name: a.Name, Address: a.Address})
	}
	return h
}

// atMostN keeps the end of a list: the newest of References, the first carriers being the same.
func atMostN[T any](list []T, n int) []T {
	return list[max(0, len(list)-n):]
}

// recipients lists who the mail went to: what the servers on its way wrote first, then
// what its author wrote, canonical, once each. delivered is the first part of it.
func recipients(h *message.Header) (delivered, list []string) {
	add := func(address string) {
		a := petition.CanonicalAddress(strings.Trim(address, "<> \t"))
		if strings.Contains(a, "@") && !slices.Contains(list, a) && len(list) < maxRecipients {
			list = append(list, a)
		}
	}
	for _, field := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"} {
		for _, v := range h.Values(field) {
			for part := range strings.SplitSeq(v, ",") {
				add(part)
			}
		}
	}
	delivered = slices.Clone(list)
	for _, a := range slices.Concat(h.To, h.Cc) {
		add(a.Address)
	}
	return delivered, list
}

// topHop is when the mail reached the server that took it last (RFC 5321 4.4): the date
// behind the last semicolon of the topmost Received.
func topHop(h *message.Header) time.Time {
	received := h.Get("Received")
	i := strings.LastIndexByte(received, ';')
	if i < 0 {
		return time.Time{}
	}
	t, err := mail.ParseDate(strings.TrimSpace(received[i+1:]))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// similar is a hash of what stays the same when one mail reaches us by two ways: both of
// our addresses, a forward that keeps the header, a server that packs it anew (R06).
func similar(m *message.Message, in petition.Mail) string {
	h := sha256.New()
	part := func(s string) { h.Write(fmt.Appendf(nil, "%d:%s\n", len(s), s)) } // a hash never fails
	for _, a := range m.Header.From {
		part(petition.CanonicalAddress(a.Address))
	}
	part(m.Header.Date.UTC().Format(time.RFC3339))
	part(m.Header.MessageID)
	part(m.Header.Subject)
	if in.Partial {
		part(fmt.Sprint(in.Size)) // the body is not here
	}
	for line := range strings.Lines(m.Text) {
		h.Write([]byte(strings.TrimRight(line, " \t\r\n") + "\n"))
	}
	for _, a := range m.Attachments {
		part(a.SHA256)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// newText is as much of the sender's own words as is kept in the database.
func newText(s string) string {
	if len(s) > maxNewText {
		s = s[:maxNewText]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}
