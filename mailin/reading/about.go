package reading

import (
	_ "embed"
	"slices"
	"strings"

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
	default:
		return false
	}
	if c.reply || c.lang < 0 || len(c.m.Attached)+len(c.m.Forwarded) > 0 {
		return false
	}
	text := strings.ToLower(c.m.Header.Subject + "\n" + c.m.New + "\n" + c.m.Signature)
	ours := func(part string) bool { return part != "" && strings.Contains(text, strings.ToLower(part)) }
	return !slices.ContainsFunc(c.r.about, ours) && !slices.ContainsFunc(c.hints.CampaignNames, ours)
}
