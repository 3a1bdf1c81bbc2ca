package origin

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

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

// oddName looks at one sender: another address or domain in the display name, mixed or imitated scripts, invisible
// characters.
func oddName(a message.Address) []string {
	var out []string
	domain := domainOf(a.Address)
	for word := range strings.FieldsSeq(a.Name) {
		if inner := addressIn(word); inner != "" {
			if !strings.EqualFold(inner, a.Address) {
				out = append(out, "display name holds another address: "+inner)
			}
			continue
		}
		if named := domainIn(word); named != "" && domain != "" && organizational(named) != organizational(domain) {
			out = append(out, "display name holds another domain: "+named)
		}
	}
	if strings.Contains("."+domain, ".xn--") {
		out = append(out, "domain is written in punycode")
		if decoded, err := idna.ToUnicode(domain); err == nil {
			domain = decoded
		}
	}
	for _, part := range []struct{ name, text string }{{"display name", a.Name}, {"address", localOf(a.Address)}, {"domain", domain}} {
		if mixedScripts(part.text) {
			out = append(out, part.name+" mixes scripts")
		}
	}
	if imitatesLatin(domain) {
		out = append(out, "domain looks Latin and is not")
	}
	if strings.ContainsFunc(a.Name, invisible) || strings.ContainsFunc(a.Address, invisible) {
		out = append(out, "display name or address holds invisible characters")
	}
	return out
}

// domainIn returns the domain that a word is, such as "www.org.example", or "". "e.V." and "St.Mary" are none: the last
// label must be a public suffix that somebody administers.
func domainIn(word string) string {
	word = strings.ToLower(strings.Trim(word, "()[]<>\"',;:!"))
	word = strings.TrimPrefix(strings.TrimPrefix(word, "https://"), "http://")
	word, _, _ = strings.Cut(word, "/")
	i := strings.LastIndexByte(word, '.')
	if i < 2 || len(word)-i < 3 || strings.ContainsFunc(word, func(r rune) bool { return r != '.' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return ""
	}
	suffix, icann := publicsuffix.PublicSuffix(word)
	if suffix == word || !icann && suffix != "example" && suffix != "test" { // the names of RFC 2606, with which this is tried out
		return ""
	}
	return word
}

func invisible(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200B || r == 0x2060 || r == 0xFEFF || r == 0x00AD
}

// lookalikes are the Cyrillic and Greek letters that cannot be told from Latin ones (UTS #39, confusables.txt).
const lookalikes = "аеорсухіјѕһԁԛԝӏαινορυκχ"

// imitatesLatin: a label of a domain is made of such letters alone, while its ending is Latin.
func imitatesLatin(domain string) bool {
	i := strings.LastIndexByte(domain, '.')
	if i < 0 || strings.ContainsFunc(domain[i:], func(r rune) bool { return r > 0x7F }) {
		return false
	}
	for label := range strings.SplitSeq(domain[:i], ".") {
		if n := utf8.RuneCountInString(label); n > 1 && n < len(label) && !strings.ContainsFunc(label, func(r rune) bool {
			return !strings.ContainsRune(lookalikes, r) && r != '-' && !unicode.IsDigit(r)
		}) {
			return true
		}
	}
	return false
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
