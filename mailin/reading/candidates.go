package reading

import (
	"path"
	"slices"
	"strings"

	"countersign/petition"
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

// others are the names outside the prose of the text: where the mail is signed,
// in the subject, in the From line, in the names of files and in the domain.
func (c *mailCase) others() []candidate {
	if c.outside != nil {
		return c.outside
	}
	var out []candidate
	add := func(bounded bool, names ...name) {
		for i, n := range names {
			out = append(out, candidate{name: n, bounded: bounded, rank: i})
		}
	}
	add(true, c.signing()...)
	add(false, c.inSubject()...)
	if f := c.sender.organization; !f.empty() {
		if n, ok := f.page.make(f.a, f.b); ok {
			n.strength = fromDisplay
			add(true, n)
		}
	}
	add(true, c.bare()...)
	add(true, c.inAttachments()...)
	add(false, c.inDomain()...)
	c.outside = out
	if out == nil {
		c.outside = []candidate{}
	}
	return c.outside
}

// signing are the organizations of the lines with which the mail is signed.
func (c *mailCase) signing() []name {
	var out []name
	lines := c.signOff()
	who, signed := c.signer(nil)
	at := -1
	for n := range lines {
		if signed && lines[n].page == who.page && lines[n].a <= who.a && who.b <= lines[n].b {
			at = n
		}
	}
	for n := range lines {
		l := &lines[n]
		if l.page.smallPrint(l.a, l.b) || c.mentioned(l.page, l.a) && l.a > 0 {
			continue
		}
		for k, s := range l.page.segments(l.a, l.b) {
			if signed && l.page == who.page && s[0] < who.b && who.a < s[1] {
				continue
			}
			near := at >= 0 && n >= at-1 && n <= at+3
			if m, ok := c.signingAt(l.page, s, near && (k == 0 || n == at || l.page.title(l.a, s[0]))); ok {
				out = append(out, m)
			}
		}
	}
	return out
}

// signingAt reads a segment of a signing line as a name; beside tells that the
// person or her title stands next to it, where a name needs no further mark.
func (c *mailCase) signingAt(p *page, s [2]int, beside bool) (name, bool) {
	a, b := s[0], s[1]
	if p.has(a, 1<<catLabelOther) && !p.organizational(a, b) || p.contact(a, b) || p.pronouns(a, b) || b-a > 16 || p.acts(a, b) || p.has(a, bit(catClosing, catGreeting, catThanks)) {
		return name{}, false
	}
	organizational := p.organizational(a, b)
	text := tidy(p.slice(a, b))
	like := c.likeDomain(text)
	if p.title(a, b) && like < 2 {
		i := a
		for i < b && !p.has(i, 1<<catTitle) {
			i++
		}
		end := p.titleEnd(a)
		switch {
		case organizational && end < b && i < end: // "Chair of the River Trust"
			a = p.skipTo(p.afterConnectors(end, b))
		case organizational && i > a && p.organizational(a, i) && p.toks[a].apart: // "○○協会 事務局長"
			b = i
		case organizational && p.toks[a].apart && i > a:
			b = i
		default:
			return name{}, false
		}
	}
	if a >= b {
		return name{}, false
	}
	m, ok := p.make(a, b)
	m.line = beside && b-a > 1
	if !ok || !c.plausible(&m) {
		return name{}, false
	}
	m.strength = fromSignature
	if m.b < b && !p.lowercase { // the line goes on: a slogan, not a name
		m.b = max(m.b, m.a)
	}
	if p.organizational(m.a, m.b) || like >= 2 || openQuote(p.toks[m.a].mark) {
		return m, true
	}
	return m, beside && (m.b-m.a >= 2 || like > 0) && p.signLine([2]int{a, b}) && !p.personalKnown(c, m.a, m.b)
}

// personalKnown reports a word of the sender's own name.
func (p *page) personalKnown(c *mailCase, a, b int) bool {
	for i := a; i < b; i++ {
		if c.names[p.word(i)] {
			return true
		}
	}
	return false
}

func (p *page) afterConnectors(i, b int) int {
	for i < b && (p.toks[i].mark != 0 || p.connector(i) || p.article(i)) && !p.toks[i].upper && !openQuote(p.toks[i].mark) {
		i++
	}
	return i
}

// smallPrint reports a line about registers, seats and confidentiality.
func (p *page) smallPrint(a, b int) bool {
	for i := a; i < b; i++ {
		if p.has(i, 1<<catAside) {
			return true
		}
	}
	return p.registered(a)
}

// inAttachments reads the names of files, which people make of what is in them.
func (c *mailCase) inAttachments() []name {
	for i, a := range c.m.Attachments {
		if i >= 20 {
			break
		}
		text := strings.TrimSuffix(a.Filename, path.Ext(a.Filename))
		if !strings.Contains(text, " ") {
			text = strings.NewReplacer("_", " ", "-", " ", ".", " ", "+", " ").Replace(text)
		}
		p := c.r.lex.newPage("", strings.ReplaceAll(text, "_", " "))
		p.choose(^uint64(0))
		p.lowercase = c.body.lowercase
		var names []name
		for _, s := range p.segments(0, len(p.toks)) {
			if n, ok := c.fileName(p, s[0], s[1]); ok {
				names = append(names, n)
			}
		}
		if len(names) > 0 {
			return names[:1]
		}
	}
	return nil
}

// fileName reads a part of a file's name: words for signing and sending before
// and behind a name fall away.
func (c *mailCase) fileName(p *page, a, b int) (name, bool) {
	if !p.organizational(a, b) {
		return name{}, false
	}
	strip := func(i int) bool {
		t := &p.toks[i]
		return t.mark != 0 || t.digit || p.has(i, actions) && !p.has(i, bit(catNoun, catLegalForm)) || t.cased() && !t.upper && !p.connector(i)
	}
	for a < b && strip(a) {
		a++
	}
	for b > a && strip(b-1) {
		b--
	}
	if a >= b {
		return name{}, false
	}
	n, ok := p.make(a, b)
	n.strength = fromAttachment
	return n, ok && n.b > n.a && p.organizational(n.a, n.b) && (n.b-n.a > 1 || p.toks[n.a].apart)
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

// inDomain takes the telling part of the sender's domain as it stands, a hint
// for a person at best.
func (c *mailCase) inDomain() []name {
	if c.sender.domain == "" {
		return nil
	}
	_, domain, _ := strings.Cut(c.m.Header.From[0].Address, "@")
	p := c.r.lex.newPage(petition.SourceDomain, domain)
	p.choose(0)
	return []name{{page: p, a: 0, b: len(p.toks), text: c.sender.domain, strength: fromDomain}}
}
