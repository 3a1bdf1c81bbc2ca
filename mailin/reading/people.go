package reading

import (
	"strings"

	"countersign/petition"
)

// person is a signatory as found.
type person struct {
	page         *page
	a, b         int // tokens of the name
	ta, tb       int // tokens of the title, empty when ta == tb
	titlePage    *page
	organization string
	label        bool
}

func (q *person) signatory() petition.Signatory {
	s := petition.Signatory{Name: tidy(q.page.slice(q.a, q.b)), Organization: q.organization, Evidence: []petition.Evidence{q.page.evidence("signatory", q.a, q.b)}}
	if q.ta < q.tb {
		p := q.titlePage
		if p == nil {
			p = q.page
		}
		s.Title = strings.Trim(tidy(p.slice(q.ta, q.tb)), " .-–—()")
		s.Evidence = append(s.Evidence, p.evidence("title", q.ta, q.tb))
	}
	return s
}

// people finds who signs: in labelled lines, in "my name is", behind the name
// of an organization, and where the mail is signed.
func (c *mailCase) people(forms []record) []person {
	var out []person
	for i := range forms {
		f := &forms[i]
		if f.person.empty() {
			continue
		}
		q := c.labelled(f)
		if !f.organization.empty() && len(forms) > 1 {
			q.organization = f.organization.text()
		}
		out = append(out, q)
	}
	if len(out) > 0 {
		return out
	}
	for _, h := range c.body.hits {
		if h.category != catPerson || h.slot != slotName {
			continue
		}
		if q, ok := c.personAt(c.body, int(h.b), true); ok {
			out = append(out, q)
		}
	}
	if len(out) > 0 {
		return c.titled(out)
	}
	if q, ok := c.signed(); ok {
		out = append(out, q)
	}
	return c.titled(out)
}

// labelled is the person of a form; "Anna Berg, director" in one line is parted.
func (c *mailCase) labelled(f *record) person {
	p := f.person.page
	q := person{page: p, a: f.person.a, b: f.person.b, label: true}
	for i := q.a + 1; i < q.b; i++ {
		if m := p.toks[i].mark; m == ',' || m == '(' || m == '/' || m == '،' || m == '、' || m == '，' || (m == '-' || m == '–' || m == '—') && p.toks[i].space {
			if f.title.empty() {
				q.ta, q.tb = i+1, q.b
				if m == '(' && p.toks[q.tb-1].mark == ')' {
					q.tb--
				}
			}
			q.b = i
			break
		}
	}
	if !f.title.empty() {
		q.titlePage, q.ta, q.tb = f.title.page, f.title.a, f.title.b
	}
	q.a = p.skipHonorific(q.a, q.b)
	return q
}

// skipHonorific steps over "Mr" and "M.".
func (p *page) skipHonorific(a, b int) int {
	for a+1 < b && p.toks[a].info.abbreviation && p.toks[a].end-p.toks[a].start <= 6 && !p.has(a, 1<<catTitle) {
		if w := p.word(a); w == "dr" || w == "prof" {
			break
		}
		a++
		for a < b && p.toks[a].mark == '.' {
			a++
		}
	}
	return a
}

// personAt reads a person's name that begins at token i: two to five words
// with capitals. Where sure is false one of them must be in the From name.
func (c *mailCase) personAt(p *page, i int, sure bool) (person, bool) {
	for i < len(p.toks) && (p.toks[i].mark == ':' || p.toks[i].mark == '：' || p.toks[i].mark == '-' || p.toks[i].mark == '–' || p.toks[i].mark == ',') {
		i++
	}
	end, words, known := i, 0, false
	for end < len(p.toks) && end < i+10 {
		t := &p.toks[end]
		if end > i && t.lines >= breakSoft {
			break
		}
		if t.mark != 0 {
			if (t.mark == '.' && end > i && (p.toks[end-1].end-p.toks[end-1].start <= 2 || p.toks[end-1].info.abbreviation) || t.mark == '-' && !t.space || t.mark == '\'' && !t.space) && end+1 < len(p.toks) {
				end++
				continue
			}
			break
		}
		particle := p.connector(end) && !t.upper && t.cased()
		if t.digit || t.cased() && !t.upper && !particle || p.has(end, bit(catNoun, catSign, catRequest, catThanks, catClosing, catGreeting)) || p.has(end, 1<<catTitle) && !c.writer[p.word(end)] || p.stop(end) && !t.upper && !particle {
			break
		}
		if !t.apart || t.space || end == i {
			words++
		}
		known = known || c.writer[p.word(end)]
		end++
	}
	for end > i && (p.toks[end-1].mark == '.' && p.toks[end-1].sentence != p.toks[max(i, end-2)].sentence || p.connector(end-1) && !p.toks[end-1].upper && p.toks[end-1].cased()) {
		end--
	}
	if end <= i || words > 5 || !sure && !known || words < 2 && !known && !p.toks[i].apart {
		return person{}, false
	}
	return person{page: p, a: i, b: end}, true
}

// signed finds the writer's name where the mail is signed, or where she names herself.
func (c *mailCase) signed() (person, bool) {
	var best person
	words := 0
	for _, p := range []*page{c.body, c.sig} {
		for i := range p.toks {
			if !c.writer[p.word(i)] || p.toks[i].mark != 0 || i > 0 && p.toks[i-1].mark == '@' || i+1 < len(p.toks) && p.toks[i+1].mark == '@' {
				continue
			}
			a := p.back(i)
			q, ok := c.personAt(p, a, false)
			if !ok || p.organizational(q.a, q.b) || p.has(q.a, bit(catGreeting)) {
				continue
			}
			if n := q.b - q.a; n >= words {
				best, words = q, n
			}
		}
	}
	if words > 1 || words == 1 && best.page.toks[best.a].apart {
		return best, true
	}
	if q, ok := c.signatureLine(); ok {
		return q, true
	}
	if words > 0 {
		return best, true
	}
	if len(c.from.toks) > 1 && !c.from.organizational(0, len(c.from.toks)) {
		if q, ok := c.personAt(c.from, 0, false); ok && q.b == len(c.from.toks) && q.b-q.a > 1 {
			return q, true
		}
	}
	return person{}, false
}

// back goes to the beginning of a run of capitalised words around i.
func (p *page) back(i int) int {
	for n := 0; n < 8 && i > 0 && p.toks[i].lines == breakNone; n++ {
		t := &p.toks[i-1]
		if t.mark == '.' && i > 1 && p.toks[i-2].upper && p.toks[i-2].end-p.toks[i-2].start <= 4 || t.mark == '-' && !t.space && !p.toks[i].space {
			i--
			continue
		}
		if t.mark != 0 || t.cased() && !t.upper || p.has(i-1, bit(catClosing, catGreeting, catThanks, catTitle, catNoun, catSign, catRequest)) || p.stop(i-1) || t.sentence != p.toks[i].sentence {
			break
		}
		i--
	}
	return i
}

// signatureLine takes a line of two to four capitalised words next to a line
// with a title for a person.
func (c *mailCase) signatureLine() (person, bool) {
	for _, p := range []*page{c.body, c.sig} {
		lines := p.lines()
		for n := max(0, len(lines)-8); n < len(lines); n++ {
			l := lines[n]
			q, ok := c.personAt(p, l[0], true)
			if !ok || q.a != l[0] || q.b-q.a < 2 || p.organizational(q.a, q.b) {
				continue
			}
			rest := q.b < l[1]
			if rest && p.toks[q.b].mark == 0 {
				continue
			}
			if rest && p.title(q.b, l[1]) || !rest && n+1 < len(lines) && p.title(lines[n+1][0], lines[n+1][1]) || !rest && n > 0 && p.has(lines[n-1][0], 1<<catClosing) {
				return q, true
			}
		}
	}
	return person{}, false
}

// title reports a word for an office among tokens a to b.
func (p *page) title(a, b int) bool {
	for i := a; i < min(b, a+12); i++ {
		if p.has(i, 1<<catTitle) {
			return true
		}
	}
	return false
}

// titled looks for the title of each person who has none yet.
func (c *mailCase) titled(all []person) []person {
	for i := range all {
		q := &all[i]
		if q.ta < q.tb {
			continue
		}
		c.titleNear(q)
		if q.ta >= q.tb && len(all) == 1 {
			c.titleInText(q)
		}
	}
	return all
}

// titleNear reads "Name, title", "Name (title)", a title on the next line, and
// a title right before the name.
func (c *mailCase) titleNear(q *person) {
	p := q.page
	i := q.b
	if i < len(p.toks) && p.toks[i].lines < breakHard {
		switch p.toks[i].mark {
		case ',', '-', '–', '—', '|', '(', '/', '،', '·', '、', '，', '（', ':':
			q.ta, q.tb = i+1, p.titleEnd(i+1)
			if q.ta < q.tb && (p.title(q.ta, q.tb) || q.tb-q.ta <= 4 && p.toks[i].lines == breakNone) && !p.countryName(q.ta, q.tb) {
				return
			}
		case 0:
			if p.has(i, 1<<catTitle) && p.toks[i].mark == 0 {
				q.ta, q.tb = i, p.titleEnd(i)
				return
			}
		}
		q.ta, q.tb = 0, 0
	} else if i < len(p.toks) && p.toks[i].lines == breakHard {
		end := p.titleEnd(i)
		if p.title(i, end) {
			q.ta, q.tb = i, end
			return
		}
	}
	if q.a > 0 && p.has(q.a-1, 1<<catTitle) && !p.toks[q.a-1].upper { // "our director Dawn Petrie", "事務局長 中村"
		a := q.a - 1
		for a > 0 && p.has(a-1, 1<<catTitle) {
			a--
		}
		for a > 0 && p.toks[a-1].mark == 0 && !p.stop(a-1) && p.toks[a-1].cased() && !p.toks[a-1].upper && p.toks[a].lines == breakNone {
			a--
		}
		q.ta, q.tb = a, q.a
	} else if q.a > 0 && p.has(q.a-1, 1<<catTitle) && p.toks[q.a].lines <= breakHard {
		a := q.a - 1
		for a > 0 && p.toks[a].lines == breakNone && p.toks[a-1].mark == 0 && !p.stop(a-1) {
			a--
		}
		q.ta, q.tb = a, q.a
	}
}

func (p *page) countryName(a, b int) bool {
	return p.lex.country(string(p.folded[p.toks[a].fa:p.toks[b-1].fb]))
}

// titleEnd is where a title that begins at i ends.
func (p *page) titleEnd(i int) int {
	end := i
	for end < len(p.toks) && end < i+14 {
		t := &p.toks[end]
		if end > i && (t.lines >= breakHard || t.sentence != p.toks[i].sentence) {
			break
		}
		switch t.mark {
		case ',', ';', '|', ')', '）', '(', '<', '،', '@', '+', '"', '«', '„', '“', ':', '。', '，', '、', '・', '•', '·', '!', '?':
			return p.unconnect(i, end)
		case '.':
			if end+1 >= len(p.toks) || p.toks[end+1].space && p.toks[end+1].upper || p.toks[end+1].lines >= breakHard {
				return p.unconnect(i, end)
			}
		case '-', '–', '—', '/':
			if t.space && t.mark != '/' {
				return p.unconnect(i, end)
			}
		}
		if t.digit || p.has(end, bit(catSign, catRequest, catThanks, catClosing, catGreeting)) {
			return p.unconnect(i, end)
		}
		if end > i && p.has(end, 1<<catNoun) && t.upper && !p.has(end, 1<<catTitle) && p.title(i, end) {
			a := end
			for a > i && (p.toks[a-1].upper || p.connector(a-1) || p.article(a-1)) && !p.has(a-1, 1<<catTitle) {
				a--
			}
			return p.unconnect(i, a)
		}
		end++
	}
	return p.unconnect(i, end)
}

// unconnect takes connectors and articles off the end of a title.
func (p *page) unconnect(a, b int) int {
	for b > a && p.toks[b-1].mark == 0 && (p.connector(b-1) || p.article(b-1)) && !p.toks[b-1].upper {
		b--
	}
	return b
}

// titleInText reads "I am the chair" anywhere in the text: the first word for
// an office, with what belongs to it.
func (c *mailCase) titleInText(q *person) {
	p := c.body
	for _, h := range p.hits {
		if h.category != catTitle || int(h.a) >= q.a && int(h.a) < q.b && p == q.page {
			continue
		}
		a := int(h.a)
		for a > max(0, int(h.a)-8) && p.toks[a].lines == breakNone && p.toks[a-1].mark == 0 && !p.stop(a-1) && !p.article(a-1) && !p.has(a-1, actions) && !c.writer[p.word(a-1)] && p.toks[a-1].sentence == p.toks[a].sentence {
			a--
		}
		end := p.titleEnd(int(h.b) - 1)
		for i := int(h.b); i < end; i++ {
			if p.stop(i) && !p.connector(i) || c.writer[p.word(i)] {
				end = p.unconnect(a, i)
				break
			}
		}
		if end <= a || a > 0 && p.has(a-1, 1<<catMention) {
			continue
		}
		q.titlePage, q.ta, q.tb = p, a, end
		return
	}
}
