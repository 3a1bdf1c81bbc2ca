package reading

import (
	"path"
	"slices"
	"strings"

	"countersign/petition"
)

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
	add(false, c.likeSender()...)
	add(true, c.inAttachments()...)
	add(false, c.inDomain()...)
	spoken := c.spokenOf()
	out = slices.DeleteFunc(out, func(n candidate) bool { return spoken[key(n.text)] })
	c.outside = out
	if out == nil {
		c.outside = []candidate{}
	}
	return c.outside
}

// spokenOf are the names that the text only mentions: an employer, a parent, a former post.
func (c *mailCase) spokenOf() map[string]bool {
	p := c.body
	out := map[string]bool{}
	for _, h := range p.hits {
		if h.category != catMention && h.category != catAside || int(h.b) >= len(p.toks) || p.toks[h.b].sentence != p.toks[h.a].sentence || p.spokenFor(int(h.a)) {
			continue
		}
		i := int(h.b)
		for i+1 < len(p.toks) && i < int(h.b)+3 && (p.connector(i) || p.article(i)) && !p.toks[i].upper {
			i++
		}
		if n, ok := p.right(i); ok && n.a < int(h.b)+4 && n.b-n.a > 1 {
			out[key(n.text)] = true
		}
	}
	return out
}

// likeSender finds words of the text that spell the sender's domain: the name
// as the sender writes it, even where nothing else tells it.
func (c *mailCase) likeSender() []name {
	domain := compact(c.sender.domain)
	if len(domain) < 6 {
		return nil
	}
	var out []name
	for _, p := range []*page{c.body, c.sig, c.subject, c.from} {
		for i := range p.toks {
			t := &p.toks[i]
			if t.mark != 0 || t.cased() && !t.upper || i > 0 && (p.toks[i-1].mark == '@' || p.toks[i-1].mark == '.' && !t.space) {
				continue
			}
			end := p.spells(i, domain)
			if end < 0 || end < len(p.toks) && p.toks[end].mark == '.' && end+1 < len(p.toks) && !p.toks[end+1].space && p.toks[end+1].lines == breakNone {
				continue
			}
			n, ok := p.right(i)
			if !ok || n.b < end || n.a != i || !p.lowercase && n.b > end && !p.toks[end].upper && !p.connector(end) && p.toks[end].mark == 0 {
				n, ok = p.make(i, end)
			}
			for ok && n.a > 0 && p.toks[n.a].lines == breakNone && p.toks[n.a-1].upper && p.toks[n.a-1].mark == 0 && (!p.stop(n.a-1) || p.article(n.a-1)) && !p.has(n.a-1, actions) && !c.names[p.word(n.a-1)] {
				if m, wider := p.make(n.a-1, n.b); wider && m.a == n.a-1 {
					n = m
				} else {
					break
				}
			}
			if ok && n.b-n.a > 1 {
				n.strength = fromShape
				if p.source != petition.SourceNewText {
					n.strength = fromSignature
				}
				out = append(out, n)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b name) int { // in quotation marks first, then the longer
		if qa, qb := a.page.closes(&a) >= 0, b.page.closes(&b) >= 0; qa != qb {
			if qa {
				return -1
			}
			return 1
		}
		return len(b.text) - len(a.text)
	})
	return out[:min(len(out), 2)]
}

// spells is where the words from token i on have spelled the domain, -1 when they do not.
func (p *page) spells(i int, domain string) int {
	var written strings.Builder
	for j := i; j < min(len(p.toks), i+8); j++ {
		if j > i && p.toks[j].lines >= breakHard {
			return -1
		}
		written.WriteString(compact(p.slice(j, j+1)))
		switch {
		case written.String() == domain:
			return j + 1
		case !strings.HasPrefix(domain, written.String()):
			return -1
		}
	}
	return -1
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
	if p.client(a, b) || p.has(a, 1<<catLabelOther) && !p.organizational(a, b) || p.contact(a, b) || p.pronouns(a, b) || b-a > 16 || p.acts(a, b) || p.has(a, bit(catClosing, catGreeting, catThanks)) {
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

// client reports a line that a mail program or a telephone writes below every mail.
func (p *page) client(a, b int) bool {
	for i := a; i < b; i++ {
		switch p.word(i) {
		case "iphone", "ipad", "android", "galaxy", "samsung", "huawei", "xiaomi", "redmi", "outlook", "gmail", "yahoo", "proton", "protonmail", "thunderbird", "blackberry", "windows", "gmx", "aquamail", "fairemail":
			return true
		case "k": // K-9 Mail
			return i+2 < b && p.word(i+2) == "9"
		}
	}
	return false
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
	strip := func(i int, first bool) bool {
		t := &p.toks[i]
		return t.mark != 0 && !openQuote(t.mark) || t.digit || p.has(i, actions) && !p.has(i, bit(catNoun, catLegalForm)) || first && t.cased() && !t.upper
	}
	for a < b && strip(a, true) {
		a++
	}
	for b > a && strip(b-1, false) && p.toks[b-1].mark != '»' && p.toks[b-1].mark != '"' {
		b--
	}
	if a >= b {
		return name{}, false
	}
	lower := p.lowercase
	p.lowercase = true // nothing but the name is left
	n, ok := p.make(a, b)
	p.lowercase = lower
	n.strength = fromAttachment
	return n, ok && n.b > n.a && p.organizational(n.a, n.b) && (n.b-n.a > 1 || p.toks[n.a].apart)
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
