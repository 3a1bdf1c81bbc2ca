// Package origin tells where a mail really comes from: whether a program wrote it (automatic answer, bounce, list,
// report, loop, challenge; R27, R31, R32, R42-R46) and what is proven of its sender (DKIM, Authentication-Results,
// DMARC alignment, ARC; R47-R51).
//
// It decides nothing and never fails: what cannot be told is "none" or "unchecked". Its only I/O is
// Settings.LookupTXT; the answers used are kept in Origin.DNS, so that a re-reading sees the same.
package origin

import (
	"context"
	"strings"
	"time"

	"countersign/mailin/message"
	"countersign/petition"
)

// Settings is what Check needs to know of us and of our mailbox.
type Settings struct {
	OwnAddresses []string                    // ours and our aliases: mail from them is never answered (R32)
	OwnMessageID func(messageID string) bool // recognises identifiers that we made; nil: none
	// TrustedAuthservIDs are the ids of the provider that receives for us: only its Authentication-Results count (R47).
	TrustedAuthservIDs []string
	// LookupTXT answers DNS questions. An error with Temporary() true is a temporary one. nil: no DNS, and authentication
	// is "unchecked" unless a trusted Authentication-Results field says more.
	LookupTXT func(ctx context.Context, name string) ([]string, error)
	Now       time.Time // the moment of intake: a signature whose x= lies before it does not pass; zero: the library's clock alone
}

// Check examines a mail. raw are the very bytes as fetched, m what message.Parse made of them.
func Check(ctx context.Context, raw []byte, m *message.Message, s Settings) petition.Origin {
	if m == nil {
		m = message.Parse(raw)
	}
	o := petition.Origin{SpamFlagged: spamFlagged(&m.Header), Oddities: oddities(m)}
	ctx, cancel := context.WithTimeout(ctx, dnsBudget)
	defer cancel()
	dns := &resolver{lookup: s.LookupTXT, ctx: ctx}
	o.Automatic, o.Bounce = automatic(m, s)
	o.Authentication = authenticate(raw, m, s, dns) //nolint:contextcheck // the resolver carries it: the library that asks has no room for one
	o.DNS = dns.used()
	return o
}

// spamFlagged: the provider's filter said so (R27).
func spamFlagged(h *message.Header) bool {
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(h.Get("X-Spam-Flag"))), "yes") {
		return true
	}
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(h.Get("X-Spam-Status"))), "yes")
}

// domainOf is the lower-case domain of an address, or "".
func domainOf(address string) string {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return ""
	}
	return strings.ToLower(strings.Trim(address[i+1:], ". \t>"))
}

// localOf is the lower-case local part.
func localOf(address string) string {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return strings.ToLower(address)
	}
	return strings.ToLower(address[:i])
}
