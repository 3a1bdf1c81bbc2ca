package postoffice

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"strings"
	"time"
)

// Verdict is what the office writes about a mail's sender.
type Verdict string

// The verdicts.
const (
	Unknown   Verdict = "none"      // nothing to check: no DKIM, no policy
	Pass      Verdict = "pass"      // DKIM and SPF pass and are aligned with From
	Forged    Verdict = "fail"      // the domain has a policy and this mail breaks it
	Unsure    Verdict = "temperror" // the domain name system did not answer
	NoVerdict Verdict = ""          // no Authentication-Results line at all
)

// DefaultVerdict judges a submission as a provider would that hosts its accounts:
// somebody logged in who writes from a domain of their own passes; a From domain
// that is hosted here, used by somebody else, is forged; of others nothing is known.
func (o *Office) DefaultVerdict(s Submission) Verdict {
	from := fromDomain(s.Raw)
	switch {
	case from == "":
		return Unknown
	case s.Account != "" && domainOf(s.Account) == from:
		return Pass
	case o.hosts(from):
		return Forged
	default:
		return Unknown
	}
}

// envelope is how a mail travels.
type envelope struct {
	from string
	to   []string
	helo string
	with string
}

// Deliver puts a mail into the inbox of every recipient, as if it had come from
// outside. Bare LF line ends of a mail that has no others become CRLF. A recipient
// without a mailbox is an error; then nobody gets the mail.
func (o *Office) Deliver(ctx context.Context, envelopeFrom string, to []string, raw []byte, v Verdict) error {
	if !bytes.Contains(raw, []byte("\r\n")) {
		raw = bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
	}
	return o.deliver(ctx, envelope{from: envelopeFrom, to: to, helo: "in-process.example", with: "ESMTP"}, raw, v)
}

func (o *Office) deliver(ctx context.Context, e envelope, raw []byte, v Verdict) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, to := range e.to {
		if o.account(to) == nil {
			return fmt.Errorf("no mailbox %s", to)
		}
	}
	now := time.Now()
	clean := withoutOurs(raw, o.options.AuthservID)
	for _, to := range e.to {
		letter := append([]byte(o.trace(e, to, fromDomain(raw), v, now)), clean...)
		if err := o.put(to, InboxFolder, letter, now); err != nil {
			return err
		}
	}
	return nil
}

// trace makes the fields that a provider adds on top. The results stand above our
// own Received, so that nothing that came with the mail can stand there (RFC 8601 4.1).
func (o *Office) trace(e envelope, to, fromDomain string, v Verdict, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Return-Path: <%s>\r\nDelivered-To: %s\r\n", oneLine(e.from), oneLine(strings.ToLower(to)))
	b.WriteString(o.results(e, fromDomain, v))
	fmt.Fprintf(&b, "Received: from %s by %s with %s\r\n\tfor <%s>; %s\r\n",
		oneLine(e.helo), o.options.AuthservID, e.with, oneLine(to), now.Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	return b.String()
}

func (o *Office) results(e envelope, fromDomain string, v Verdict) string {
	if v == NoVerdict {
		return ""
	}
	sender := domainOf(e.from)
	var dkim, spf string
	switch v {
	case Pass:
		dkim = "pass header.d=" + fromDomain + " header.s=office"
		spf = "pass"
		if sender == "" {
			sender = fromDomain
		}
	case Forged:
		dkim, spf = "none", "fail"
	case Unsure:
		dkim, spf = "temperror", "temperror"
	case Unknown, NoVerdict:
		dkim, spf = "none", "none"
	}
	return fmt.Sprintf("Authentication-Results: %s;\r\n\tdkim=%s;\r\n\tspf=%s smtp.mailfrom=%s;\r\n\tdmarc=%s header.from=%s\r\n",
		o.options.AuthservID, dkim, spf, oneLine(sender), v, oneLine(fromDomain))
}

// withoutOurs takes off the fields that only we may write: Authentication-Results
// with our name (RFC 8601 5) and any Return-Path (RFC 5321 4.4). Everything else
// stays byte for byte.
func withoutOurs(raw []byte, authserv string) []byte {
	var kept []byte
	rest := raw
	for len(rest) > 0 {
		n := fieldEnd(rest)
		field := rest[:n]
		if line := bytes.TrimRight(field, "\r\n"); len(line) == 0 {
			break // the header ends here
		}
		if !isOurs(field, authserv) {
			kept = append(kept, field...)
		}
		rest = rest[n:]
	}
	return append(kept, rest...)
}

// fieldEnd is the length of the first field with its folded lines.
func fieldEnd(b []byte) int {
	n := 0
	for {
		i := bytes.IndexByte(b[n:], '\n')
		if i < 0 {
			return len(b)
		}
		n += i + 1
		if n >= len(b) || b[n] != ' ' && b[n] != '\t' {
			return n
		}
	}
}

func isOurs(field []byte, authserv string) bool {
	name, value, ok := strings.Cut(string(field), ":")
	if !ok {
		return false
	}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "return-path":
		return true
	case "authentication-results":
		id := withoutComments(value)
		id, _, _ = strings.Cut(id, ";")
		if words := strings.Fields(id); len(words) > 0 { // the id may be followed by a version
			return strings.EqualFold(strings.Trim(words[0], `"`), authserv)
		}
	}
	return false
}

// withoutComments takes comments in parentheses out of a structured field (RFC 5322
// 3.2.2): a forger could hide our name behind one.
func withoutComments(s string) string {
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// fromDomain is the domain of the one From address, or "".
func fromDomain(raw []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil || len(m.Header["From"]) != 1 {
		return ""
	}
	list, err := m.Header.AddressList("From")
	if err == nil && len(list) == 1 {
		return domainOf(list[0].Address)
	}
	// Names in other character sets: the part in angle brackets is enough.
	_, rest, found := strings.Cut(m.Header.Get("From"), "<")
	address, _, closed := strings.Cut(rest, ">")
	if !found || !closed {
		return ""
	}
	return domainOf(address)
}

func canonical(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

func withoutPlus(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

func domainOf(address string) string {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return ""
	}
	return strings.ToLower(strings.TrimSpace(address[i+1:]))
}

func oneLine(s string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(s) }
