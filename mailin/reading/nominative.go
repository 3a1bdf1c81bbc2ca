package reading

import (
	"strings"
	"unicode"
)

// common reports that every letter belongs to a word for any organization: "団体".
func (p *page) common(a, b int) bool {
	for i := a; i < b; i++ {
		if !p.has(i, bit(catNoun, catGeneric, catLabelOrganization, catPolite)) {
			return false
		}
	}
	return true
}

// nominal is the name as it should read: inflected words before the quoted
// part in their base form, where a language file knows it.
func (p *page) nominal(a, b int) string {
	if a > 0 && p.toks[a-1].mark != 0 && openQuote(p.toks[a-1].mark) || len(p.lex.nominative) == 0 {
		return tidy(p.slice(a, b))
	}
	var s strings.Builder
	changed := false
	for i := a; i < b; i++ {
		if i > a && p.toks[i].space {
			s.WriteByte(' ')
		}
		base, ok := p.lex.base(p.word(i), p.text[p.toks[i].start:p.toks[i].end])
		if !ok || openQuote(p.toks[i].mark) {
			s.WriteString(p.text[p.toks[i].start:p.toks[b-1].end])
			break
		}
		changed = true
		if p.toks[i].upper {
			base = capitalize(base)
		}
		s.WriteString(base)
	}
	if !changed {
		return tidy(p.slice(a, b))
	}
	return tidy(s.String())
}

// base is the base form of an inflected word of names; the ends of compounds are known as well.
func (x *lexicon) base(folded, word string) (string, bool) {
	if base, ok := x.nominative[folded]; ok {
		return base, true
	}
	for n := 4; n < min(len(folded), len(x.endingLens)); n++ {
		if !x.endingLens[n] {
			continue
		}
		if base, ok := x.compounds[folded[len(folded)-n:]]; ok && len(word) > n {
			return word[:len(word)-n] + base, true
		}
	}
	return "", false
}

func capitalize(s string) string {
	for i, r := range s {
		return string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}
