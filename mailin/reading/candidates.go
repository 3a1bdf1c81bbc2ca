package reading

import (
	"slices"
	"strings"
)

// candidate is a possible name with all that speaks for it.
type candidate struct {
	name
	bounded bool // its ends are certain: a line, a quotation, a field of the header
	rank    int  // where among its kind it stands: the first line of a signature outweighs the second
	score   int
	seen    int // further places that have it
}

// weight is what a kind of place counts.
var weight = [...]int{fromDomain: 0, fromAttachment: 3, fromDisplay: 8, fromSubject: 8, fromSignature: 8, fromShape: 8, fromPhrase: 14, fromLabel: 30}

// better puts shapes of sentences that act in the place of names that nothing
// supports: "we would sign if the demand in paragraph 4 goes".
func (c *mailCase) better(names, shapes []name) []name {
	if len(names) == 0 {
		return names
	}
	all := make([]candidate, 0, len(names)+len(shapes)+4)
	for i, n := range names {
		if n.listed || n.page.organizational(n.a, n.b) {
			return names
		}
		all = append(all, candidate{name: n, rank: i})
	}
	for i := range shapes {
		if shapes[i].page.actsIn(shapes[i].a) {
			all = append(all, candidate{name: shapes[i], rank: -4})
		}
	}
	if all = c.weighed(append(all, c.others()...)); all[0].strength == fromPhrase {
		return names
	}
	return []name{all[0].name}
}

// joined are shapes that the same sentence sets beside a chosen name: "X as
// well as Y". An "and" or a comma stands directly before them.
func (c *mailCase) joined(names, shapes []name) []name {
	var out []name
	for _, n := range shapes {
		p := n.page
		beside := false
		for i := range names {
			o := &names[i]
			beside = beside || o.page == p && o.b <= n.a && p.toks[o.a].sentence == p.toks[n.a].sentence && n.a-o.b < 24
		}
		at := n.a - 1
		for at > 0 && (p.article(at) || openQuote(p.toks[at].mark) || p.has(at, 1<<catGeneric) && !p.toks[at].upper) {
			at--
		}
		if beside && at > 0 && (p.joins(at) || p.toks[at].mark == ';' || p.toks[at].mark == ',' && p.organizational(n.a, n.b)) && !c.mentioned(p, n.a) && p.actsIn(n.a) {
			n.listed = true
			out = append(out, n)
		}
	}
	return out
}

// weighed scores names that may be the signer and puts the best first.
func (c *mailCase) weighed(all []candidate) []candidate {
	for i := range all {
		all[i].score = c.score(&all[i], all)
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return b.score - a.score })
	return all
}

// score adds what speaks for a candidate: the place, its own words, the
// domain, and every further place that has it.
func (c *mailCase) score(n *candidate, all []candidate) int {
	p := n.page
	s := weight[n.strength] - min(n.rank, 4)
	if n.strength == fromDomain {
		return s
	}
	if p.organizational(n.a, n.b) {
		s += 4
	}
	if n.bounded || p.closes(&n.name) >= 0 {
		s += 2
	}
	s += 2 * c.likeDomain(n.text)
	k := key(n.text)
	for i := range all {
		o := &all[i]
		if o.page == p && o.a < n.b && n.a < o.b || o.strength == fromDomain {
			continue
		}
		if other := key(o.text); other == k || strings.HasPrefix(other, k+" ") || strings.HasPrefix(k, other+" ") {
			n.seen++
			s += 3
		}
	}
	if p.has(n.a, 1<<catGeneric) && n.b-n.a < 3 {
		s -= 3
	}
	if n.b-n.a == 1 && !p.toks[n.a].caps && !p.toks[n.a].apart {
		s -= 2
	}
	return s
}

// spell chooses the best spelling of a name among those that the mail has of
// it: with the legal form that the mail gives somewhere, the full name rather
// than its initials, and with the ends that a line of its own shows.
func (c *mailCase) spell(n name) name {
	k := key(n.text)
	var words int
	for i := n.a; i < n.b; i++ {
		if n.page.toks[i].mark == 0 {
			words++
		}
	}
	for _, o := range c.others() {
		if o.strength <= fromAttachment || o.page == n.page && o.a == n.a && o.b == n.b {
			continue
		}
		other := key(o.text)
		formed := o.page.endsInForm(o.a, o.b)
		better := false
		switch {
		case other == k:
		case strings.HasPrefix(other, k+" "):
			better = formed || o.bounded && (words < 2 || c.likeDomain(o.text) > c.likeDomain(n.text))
		case strings.HasPrefix(k, other+" "): // our reading ran on, unless it found the legal form
			better = o.bounded && n.strength < fromLabel && n.strength != fromSignature && !n.page.endsInForm(n.a, n.b) && o.page.organizational(o.a, o.b) && !n.page.organizationalTail(len(strings.Fields(other)), n.a, n.b)
		case words == 1 && n.page.toks[n.a].caps && compact(n.text) == initials(o.text):
			better = true
		}
		if better {
			o.city, o.country = n.city, n.country
			o.strength, o.old, o.listed = n.strength, n.old, n.listed
			return o.name
		}
	}
	return n
}

// organizationalTail reports a word for an organization, or a quotation, behind the first words of a name.
func (p *page) organizationalTail(words, a, b int) bool {
	for i := a; i < b; i++ {
		if p.toks[i].mark == 0 {
			if words--; words < 0 && p.has(i, 1<<catNoun|1<<catLegalForm) {
				return true
			}
		} else if words < 1 && openQuote(p.toks[i].mark) {
			return true
		}
	}
	return false
}

// endsInForm reports a name that has its legal form.
func (p *page) endsInForm(a, b int) bool {
	for i := max(a, b-4); i < b; i++ {
		if p.has(i, 1<<catLegalForm) && i > a {
			return true
		}
	}
	return p.has(a, 1<<catLegalForm)
}

// fallback is the best name of all places, for a text whose own words tell none.
func (c *mailCase) fallback(shapes []name) []name {
	all := make([]candidate, 0, len(shapes)+4)
	for i, n := range shapes {
		all = append(all, candidate{name: n, rank: i})
	}
	all = c.weighed(append(all, c.others()...))
	if len(all) == 0 {
		return nil
	}
	best := []name{all[0].name}
	if all[0].strength == fromShape {
		for i := range shapes {
			if n := &shapes[i]; n.listed || n.page.toks[n.a].sentence == all[0].page.toks[all[0].a].sentence || n.page.actsIn(n.a) {
				best = append(best, *n)
			}
		}
	}
	return best
}

// actsIn reports that the sentence of token i signs or asks to be added.
func (p *page) actsIn(i int) bool {
	for _, h := range p.hits {
		if (h.category == catSign || h.category == catRequest || h.category == catWithdraw) && p.toks[h.a].sentence == p.toks[i].sentence {
			return true
		}
	}
	return false
}
