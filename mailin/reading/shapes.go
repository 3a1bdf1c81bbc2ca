package reading

import (
	"strings"

	"countersign/petition"
)

// around reads the name that holds the organization word at token i.
func (p *page) around(i int) (name, bool) {
	t := &p.toks[i]
	for j := i - 1; j >= max(0, i-16) && p.toks[j].sentence == t.sentence; j-- {
		if openQuote(p.toks[j].mark) && p.closing(j, len(p.toks)) > i && (t.apart || j == 0 || !p.has(j-1, 1<<catNoun)) {
			return p.make(j, p.closing(j, len(p.toks))+1)
		}
	}
	start := i
	for start > 0 && p.toks[start].lines < breakHard {
		j := start - 1
		b := &p.toks[j]
		if b.sentence != t.sentence || i-start > 14 {
			break
		}
		if q := p.opening(j); q >= 0 && q < j-1 {
			start = q
			continue
		}
		if b.mark != 0 && !(strings.ContainsRune("&'-–/.+·", b.mark) && !p.barrier(j)) || p.barrier(j) {
			break
		}
		if b.cased() && !b.upper && !b.digit && !p.connector(j) && b.mark == 0 {
			break
		}
		if !b.cased() && b.mark == 0 && !b.apart && b.script != scriptDevanagari && !b.digit {
			break
		}
		start = j
	}
	for start < i && (p.toks[start].mark != 0 && !openQuote(p.toks[start].mark) || p.toks[start].cased() && !p.toks[start].upper && !p.toks[start].digit || p.stop(start) && p.toks[start].cased() && !p.has(start, 1<<catNoun)) {
		start++
	}
	return p.right(start)
}

// shapes finds names by their shape: a word for a kind of organization, or a
// legal form, with the capitals (or the quotation) around it.
func (c *mailCase) shapes(p *page) []name {
	var out []name
	last := -1
	for _, h := range p.hits {
		i := int(h.a)
		if h.category != catNoun && h.category != catLegalForm || i < last {
			continue
		}
		t := &p.toks[i]
		if t.cased() && !t.upper || c.mentioned(p, i) || p.registered(i) {
			continue
		}
		n, ok := p.around(i)
		if ok && n.b <= i { // something else stands before it: "X and the Museum"
			n, ok = p.right(i)
		}
		if !ok || n.b-n.a < 2 && !t.apart && !(p.source == petition.SourceSignature) || n.a > i || n.b <= i || !c.plausible(&n) || c.mentioned(p, n.a) {
			continue
		}
		if t.apart && n.b-n.a < 4 {
			continue
		}
		n.strength = fromShape
		last = n.b
		out = append(out, c.split(n)...)
	}
	return out
}

// registered reports a line of small print: "Register court: …".
func (p *page) registered(i int) bool {
	for n := 0; i > 0 && n < maxSlot && p.toks[i].lines < breakHard; n++ {
		i--
	}
	for j := i; j < min(i+4, len(p.toks)-1); j++ {
		if p.toks[j+1].mark == ':' {
			return p.has(i, 1<<catLabelOther) && !p.has(i, 1<<catLabelOrganization)
		}
	}
	return false
}

// spokenFor reports "on behalf of" shortly before a mention: "on behalf of all members of X".
func (p *page) spokenFor(i int) bool {
	for j := i - 1; j >= max(0, i-7) && p.toks[j].sentence == p.toks[i].sentence; j-- {
		if p.has(j, 1<<catSigner) {
			return true
		}
	}
	return false
}

// mentioned reports that the name at token i is only spoken of: a member of
// something, an employer, somebody who has signed already.
func (c *mailCase) mentioned(p *page, i int) bool {
	for j := i - 1; j >= max(0, i-5); j-- {
		if p.toks[j].sentence != p.toks[i].sentence {
			return false
		}
		if p.has(j, bit(catMention, catNegation, catAside)) {
			return !p.spokenFor(j)
		}
	}
	return false
}
