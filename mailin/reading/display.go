package reading

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// sender is what the From line tells beside the address: a person, an
// organization, or both ("Jane Doe (Org)", "Org | Jane Doe").
type sender struct {
	person, organization field
	domain               string // the telling label of the address's domain, "" for a mail provider's
}

// readSender takes the display name apart. It needs c.from matched.
func (c *mailCase) readSender() {
	c.sender.domain = c.domainLabel()
	p := c.from
	parts := p.segments(0, len(p.toks))
	var rest []field
	for _, s := range parts {
		f := field{page: p, a: s[0], b: s[1]}
		if at := c.spelledFrom(f); at > f.a { // "Secretariat Petits Ponts <…@petitsponts.…>"
			c.sender.organization = field{page: p, a: at, b: f.b}
			f.b = at
			if p.title(f.a, f.b) || !p.personal(f.a, f.b) {
				continue
			}
		}
		switch {
		case f.empty():
		case c.sender.organization.empty() && (p.organizational(f.a, f.b) || c.likeDomain(f.text()) >= 2 && (f.b-f.a > 1 || len(parts) > 1)):
			c.sender.organization = f
		default:
			rest = append(rest, f)
		}
	}
	for i, f := range rest {
		switch {
		case c.sender.person.empty() && p.personal(f.a, f.b):
			c.sender.person = f
		case i > 0 && c.sender.organization.empty() && f.b-f.a > 1 && !p.title(f.a, f.b):
			c.sender.organization = f
		}
	}
	if len(rest) == 2 && len(parts) == 2 && rest[0].b-rest[0].a == 1 && rest[1].b-rest[1].a == 1 { // "Doe, Jane"
		c.sender.person = rest[1]
	}
}

// spelledFrom is where a part of the display name spells the sender's domain up
// to its end; an article before it belongs to it. It is -1 where it does not.
func (c *mailCase) spelledFrom(f field) int {
	domain := compact(c.sender.domain)
	for i := f.a + 1; i+1 < f.b && len(domain) > 5; i++ {
		if f.page.spells(i, domain) == f.b {
			if i-1 > f.a && f.page.article(i-1) {
				i--
			}
			return i
		}
	}
	return -1
}

// personWords are the words of the sender's own name.
func (c *mailCase) personWords() map[string]bool {
	f := c.sender.person
	if f.empty() && c.sender.organization.empty() && !c.from.title(0, len(c.from.toks)) {
		return c.writer
	}
	words := map[string]bool{}
	for i := f.a; i < f.b; i++ {
		if w := f.page.word(i); c.writer[w] {
			words[w] = true
		}
	}
	return words
}

// personal reports tokens that may be a person's name: words with capitals, no office.
func (p *page) personal(a, b int) bool {
	words := 0
	for i := a; i < b; i++ {
		t := &p.toks[i]
		switch {
		case t.mark == '.' || t.mark == '-' || t.mark == '\'':
			continue
		case t.mark != 0 || t.digit || p.has(i, 1<<catNoun|1<<catLegalForm|1<<catGeneric|1<<catLabelOrganization|1<<catLabelEmail|1<<catLabelWebsite), p.has(i, 1<<catTitle) && (b-a < 3 || t.apart):
			return false
		case t.cased() && !t.upper && !p.particle(i):
			return false
		}
		if !t.apart || t.space || i == a {
			words++
		}
	}
	return words > 0 && words < 6
}

// segments parts tokens at bars, bullets, brackets, commas and spaced dashes.
func (p *page) segments(a, b int) [][2]int {
	var out [][2]int
	start := a
	cut := func(i int) {
		for start < i && p.toks[start].mark != 0 && !openQuote(p.toks[start].mark) {
			start++
		}
		if start < i {
			out = append(out, [2]int{start, i})
		}
		start = i + 1
	}
	for i := a; i < b; i++ {
		t := &p.toks[i]
		switch t.mark {
		case 0:
			if p.word(i) == "via" && i > a {
				cut(i)
				continue
			}
			if i > start && wide(p.text[p.toks[i-1].end:t.start]) {
				cut(i)
				start = i
			}
			continue
		case '|', '•', '·', '●', '▪', '(', ')', '（', '）', ';', '｜', '，', '、', '،', '/', '／', '~', '*', '_', '[', ']', '<', '>', '【', '】', '❘', '│':
			if t.mark == '/' && !t.space {
				continue
			}
		case ',':
			if p.has(i+1, 1<<catLegalForm) && i+1 < b {
				continue
			}
		case '-', '–', '—':
			if !t.space || i+1 < b && !p.toks[i+1].space || p.has(i+1, 1<<catLegalForm) && i+1 < b {
				continue
			}
		case ':', '：':
			cut(i)
			continue
		default:
			continue
		}
		cut(i)
	}
	cut(b)
	return out
}

// domainLabel is the label of the sender's domain that may name an organization.
func (c *mailCase) domainLabel() string {
	if len(c.m.Header.From) == 0 {
		return ""
	}
	_, domain, _ := strings.Cut(strings.ToLower(c.m.Header.From[0].Address), "@")
	if domain == "" || freemail(domain) {
		return ""
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return ""
	}
	n := len(labels) - 2
	if n > 0 && len(labels[n]) <= 3 { // co.uk, org.br
		n--
	}
	if len(labels[n]) < 3 {
		return ""
	}
	return labels[n]
}

// likeDomain says how much a name looks like the sender's domain: 0 not at
// all, 1 one telling word, 2 a part or the initials, 3 all of it.
func (c *mailCase) likeDomain(text string) int {
	domain := compact(c.sender.domain)
	if len(domain) < 3 {
		return 0
	}
	name := compact(text)
	short, long := name, domain
	if len(short) > len(long) {
		short, long = long, short
	}
	switch {
	case name == domain:
		return 3
	case len(short) >= 5 && strings.HasPrefix(long, short):
		return 2
	case initials(text) == domain:
		return 2
	}
	for word := range strings.FieldsSeq(text) {
		if w := compact(word); len(w) >= 5 && strings.Contains(domain, w) {
			return 1
		}
	}
	return 0
}

// compact is a text's letters and digits in lower case, in Latin letters where
// a script has a usual way of writing them so.
func compact(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r < utf8.RuneSelf:
			if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
				b.WriteRune(r)
			}
		case latin[r] != "":
			b.WriteString(latin[r])
		case unicode.IsLetter(r):
			b.WriteString(strings.ToLower(base(r)))
		}
	}
	return b.String()
}

// base is a letter without its accents.
func base(r rune) string {
	out := foldRune(r)
	for _, d := range out {
		if s := latin[d]; s != "" {
			return s
		}
	}
	return out
}

// latin are usual Latin spellings of letters, as domains have them.
var latin = map[rune]string{
	'ä': "ae", 'ö': "oe", 'ü': "ue", 'ß': "ss", 'ø': "o", 'æ': "ae", 'ł': "l", 'đ': "d", 'ı': "i",
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "e", 'ж': "zh", 'з': "z", 'и': "i", 'й': "y", 'і': "i", 'ї': "i", 'є': "ye", 'ґ': "g",
	'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch",
	'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya", 'ђ': "dj", 'ј': "j", 'љ': "lj", 'њ': "nj", 'ћ': "c", 'џ': "dz",
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m", 'ν': "n", 'ξ': "x", 'ο': "o", 'π': "p",
	'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o",
}

// initials are the first letters of a name's words with capitals.
func initials(s string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’' }) {
		r, _ := utf8.DecodeRuneInString(word)
		if unicode.IsUpper(r) {
			b.WriteString(compact(string(r))[:min(1, len(compact(string(r))))])
		}
	}
	if out := b.String(); len(out) > 2 {
		return out
	}
	return ""
}
