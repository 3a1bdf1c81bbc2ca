package reading

import (
	"strings"
	"unicode"
)

// common reports that every letter belongs to a word for any organization: "団体".
func (p *page) common(a, b int) bool {
	for i := a; i < b; i++ {
		if !p.has(i, bit(catNoun, catGeneric, catLabelOrganization, catPolite, catSign, catRequest)) && !p.stop(i) && !p.connector(i) && !strings.ContainsRune("一二三四五六七八九十两兩両次各下記上", []rune(p.word(i) + " ")[0]) {
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

// isGeneric reports a word that means any organization.
func (x *lexicon) isGeneric(word string) bool {
	id, ok := x.words[x.foldString(word)]
	if !ok {
		return false
	}
	next, ok := x.edges[uint64(rootPhrases)<<32|uint64(id)]
	if !ok {
		return false
	}
	for _, e := range x.endings[next] {
		if x.patterns[e.pattern].category == catGeneric {
			return true
		}
	}
	return false
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

// afterLabel steps over words like "the name" before a quotation.
func (p *page) afterLabel(a, b int) int {
	for i := a; i < min(b, a+4); i++ {
		if openQuote(p.toks[i].mark) {
			if p.closing(i, b) > 0 {
				return i
			}
			return a
		}
		if !p.has(i, labelCategories|1<<catGeneric) || p.has(i, 1<<catNoun) || p.toks[i].upper {
			return a
		}
	}
	return a
}

// beforeSurname ends a name before "の" and a person's family name: "○○協会の山田と申します".
func (p *page) beforeSurname(a, b int) int {
	for i := b - 2; i > a+1 && i >= b-5; i-- {
		t := &p.toks[i]
		if t.script != scriptKana || !p.connector(i) || !p.has(i-1, 1<<catNoun) && p.toks[i-1].mark == 0 {
			continue
		}
		for j := i + 1; j < b; j++ {
			if p.toks[j].script != scriptHan || p.has(j, 1<<catNoun) {
				return b
			}
		}
		return i
	}
	return b
}

// suffix reports a short ending written behind an apostrophe, as Turkish does: "X'nin".
func (p *page) suffix(i int) bool {
	t := &p.toks[i]
	return t.mark == 0 && !t.space && t.cased() && !t.upper && t.fb-t.fa > 1 && t.fb-t.fa <= 5
}
