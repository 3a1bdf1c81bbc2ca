package origin

import (
	"slices"
	"strings"

	"countersign/mailin/message"
)

const maxFarewell = 3000 // bytes at the end of a mail, where it says how to leave

const maxAddressed = 30 // recipients of a mail that one person still writes to one letter

// bulk recognises mail to many that has no list header: it offers its readers to leave, calls itself an advertisement,
// or names a crowd. Words and habits, never certain: a person may write so (R31), so that it is kept for staff and only not
// answered. Quoted text does not count: who answers a newsletter is a person.
func bulk(m *message.Message) string {
	if p := anyStart(strings.ToLower(strings.TrimSpace(m.Header.Subject)), words().bulkSubject); p != "" {
		return "subject: " + p
	}
	if len(m.Header.To)+len(m.Header.Cc) > maxAddressed {
		return "more than 30 recipients"
	}
	if len(m.Header.InReplyTo) > 0 || len(m.Header.References) > 0 || toReplyAddress(m.Header.To) {
		return "" // an answer: what it offers was quoted from elsewhere
	}
	for _, text := range []string{tail(m.New, maxFarewell), tail(m.Signature, maxFarewell)} {
		if p, ok := words().bulk.find(lowLine(text)); ok {
			return "text: " + p.phrase
		}
	}
	return ""
}

// toReplyAddress: a recipient with a token behind a plus is one that somebody was given to answer to.
func toReplyAddress(to []message.Address) bool {
	return slices.ContainsFunc(to, func(a message.Address) bool {
		_, token, ok := strings.Cut(localOf(a.Address), "+")
		return ok && len(token) >= 8
	})
}

// tail is the end of s, cut between characters: what a mail to many says of leaving it says below.
func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	i := len(s) - n
	for i < len(s) && s[i]&0xC0 == 0x80 {
		i++
	}
	return s[i:]
}
