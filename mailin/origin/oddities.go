package origin

import (
	"strings"
	"unicode"

	"countersign/mailin/message"
)

// oddities lists what a person should see before trusting the header (R18, R51).
func oddities(m *message.Message) []string {
	var out []string
	h := &m.Header
	counts := map[string]int{}
	for i := range h.Fields {
		counts[strings.ToLower(h.Fields[i].Name)]++
	}
	for _, name := range []string{"From", "Subject", "Date", "Message-ID"} {
		if counts[strings.ToLower(name)] > 1 {
			out = append(out, "several "+name+" fields")
		}
	}
	switch {
	case len(h.From) == 0:
		out = append(out, "no From address")
	case len(h.From) > 1 && counts["from"] <= 1:
		out = append(out, "several From addresses")
	}
	for _, a := range h.From {
		out = append(out, oddName(a)...)
	}
	return out
}

// oddName looks at one sender: another address in the display name, mixed scripts, invisible characters.
func oddName(a message.Address) []string {
	var out []string
	for word := range strings.FieldsSeq(a.Name) {
		if inner := addressIn(word); inner != "" && !strings.EqualFold(inner, a.Address) {
			out = append(out, "display name holds another address: "+inner)
		}
	}
	domain := domainOf(a.Address)
	if strings.Contains("."+domain, ".xn--") {
		out = append(out, "domain is written in punycode")
	}
	if mixedScripts(a.Name) {
		out = append(out, "display name mixes scripts")
	}
	if mixedScripts(domain) {
		out = append(out, "domain mixes scripts")
	}
	for _, r := range a.Name {
		if r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200B || r == 0x2060 {
			out = append(out, "display name holds invisible characters")
			break
		}
	}
	return out
}

// mixedScripts: Latin with Cyrillic or Greek letters inside one word (UTS #39, the confusable cases).
func mixedScripts(s string) bool {
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsLetter(r) }) {
		latin, other := false, false
		for _, r := range word {
			latin = latin || unicode.Is(unicode.Latin, r)
			other = other || unicode.In(r, unicode.Cyrillic, unicode.Greek)
		}
		if latin && other {
			return true
		}
	}
	return false
}
