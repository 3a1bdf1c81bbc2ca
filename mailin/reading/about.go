package reading

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"countersign/petition"
)

//go:embed about.txt
var aboutText string

// about are the parts of words in about.txt.
func about() []string {
	var parts []string
	for line := range strings.Lines(aboutText) {
		if !strings.HasPrefix(line, "#") {
			parts = append(parts, strings.Fields(line)...)
		}
	}
	slices.Sort(parts)
	return slices.Compact(parts)
}

// foreign reports a mail that asks or objects, but to nobody of ours: it answers
// nothing, and no word of it speaks of signing or of one of our letters. A shared
// mailbox is full of them (U09). Of a language that we do not know nothing is said.
func (c *mailCase) foreign(intent petition.Intent) bool {
	switch intent {
	case petition.Question:
	case petition.Conditional, petition.SupportOnly, petition.Decline:
		if len(c.shapes(c.body)) > 0 || len(c.shapes(c.sig)) > 0 {
			return false // it names an organization: a person may be wanted
		}
	case petition.Withdraw, petition.Correction, petition.VerifyNo:
		if !c.advertises() {
			return false // "please take us off" needs no further word
		}
	default:
		return false
	}
	if c.reply || c.lang < 0 || len(c.m.Attached)+len(c.m.Forwarded) > 0 {
		return false
	}
	text := strings.ToLower(c.m.Header.Subject + "\n" + c.m.New + "\n" + c.m.Signature)
	ours := func(part string) bool { return begins(text, strings.ToLower(part)) }
	return !slices.ContainsFunc(c.r.about, ours) && !slices.ContainsFunc(c.hints.CampaignNames, ours)
}

// advertises reports a text that is longer than a request needs, or links somewhere:
// every advertisement says how to be removed.
func (c *mailCase) advertises() bool {
	const request = 600 // bytes
	text := strings.ToLower(c.m.New)
	return len(text) > request || strings.Contains(text, "http://") || strings.Contains(text, "https://") || strings.Contains(text, "www.")
}

// begins reports whether a word of the text begins with the part; in scripts that put
// other words before it without a space, whether it is there at all.
func begins(text, part string) bool {
	first, size := utf8.DecodeRuneInString(part)
	if size == 0 {
		return false
	}
	for rest := text; ; {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(text[:len(text)-len(rest)+i])
		if !unicode.Is(unicode.Latin, first) || !unicode.IsLetter(before) {
			return true
		}
		rest = rest[i+size:]
	}
}
