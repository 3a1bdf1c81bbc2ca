package reading

import (
	"slices"
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
	shownPage    *page // where the whole name stands, if not at a
	shownA       int
	shownB       int
}

func (q *person) signatory() petition.Signatory {
	named := q.name()
	s := petition.Signatory{Name: named.text(), Organization: q.organization, Evidence: []petition.Evidence{named.evidence("signatory")}}
	if q.ta < q.tb {
		p := q.titlePage
		if p == nil {
			p = q.page
		}
		for q.ta+1 < q.tb && (p.has(q.ta, 1<<catLabelTitle) && !p.has(q.ta, 1<<catTitle) || p.toks[q.ta].mark == ':') { // "functie is …"
			for q.ta++; q.ta+1 < q.tb && p.stop(q.ta) && !p.has(q.ta, 1<<catTitle) && !p.toks[q.ta].apart; q.ta++ {
			}
		}
		s.Title = strings.Trim(tidy(p.slice(q.ta, q.tb)), " .-–—()")
		s.Evidence = append(s.Evidence, p.evidence("title", q.ta, q.tb))
	}
	return s
}

// name is where the whole name stands.
func (q *person) name() field {
	if q.shownPage != nil {
		return field{q.shownPage, q.shownA, q.shownB}
	}
	return field{q.page, q.a, q.b}
}

// people finds who signs: in labelled lines, in "I write for our director,
// Maud Ellery", in "my name is", and where the mail is signed.
func (c *mailCase) people(forms []record, names []name) []person {
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
	if out = c.listed(names); len(out) > 0 {
		return out
	}
	if q, ok := c.represented(); ok {
		return []person{q}
	}
	named := map[string]bool{}
	for i := range names {
		named[key(names[i].text)] = true
	}
	for _, h := range c.body.hits {
		if h.category != catPerson || h.slot != slotName {
			continue
		}
		if q, ok := c.personAt(c.body, int(h.b), true); ok && !named[key(tidy(c.body.slice(q.a, q.b)))] && !(c.body.organizational(q.a, q.b) && !c.fromPerson(&q)) {
			out = append(out, c.full(q))
		}
	}
	if len(out) > 0 {
		return c.titled(out, named)
	}
	if q, ok := c.signer(named); ok {
		if q = c.full(q); q.whole() {
			return c.titled([]person{q}, named)
		}
	}
	if q, ok := c.mentions(); ok {
		if q = c.full(q); q.whole() {
			return c.titled([]person{q}, named)
		}
	}
	if q, ok := c.inOffice(named); ok {
		return []person{q}
	}
	if f := c.sender.person; !f.empty() && f.b-f.a > 1 && !named[key(f.text())] {
		return c.titled([]person{{page: f.page, a: f.a, b: f.b}}, named)
	}
	return nil
}

// listed are the signatories that stand behind the names of a list, each with
// her office: "X (Ann Bell, chair)", "X – Ann Bell".
func (c *mailCase) listed(names []name) []person {
	if len(names) < 2 {
		return nil
	}
	var out []person
	for i := range names {
		n := &names[i]
		p := n.page
		if n.b >= len(p.toks) || p.toks[n.b].lines >= breakHard || p.source != "new_text" {
			continue
		}
		switch p.toks[n.b].mark {
		case '(', '-', '–', '—', ',', ':', '（', '|':
		default:
			continue
		}
		q, ok := c.personAt(p, n.b+1, true)
		if _, words := c.knownWords(&q); !ok || words < 2 || q.a != n.b+1 || p.organizational(q.a, q.b) || p.countryName(q.a, q.b) {
			continue
		}
		q.organization = n.text
		c.titleNear(&q)
		out = append(out, q)
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// whole reports a name of two words or, without spaces, two letters: a first
// name alone says too little of who signs.
func (q *person) whole() bool {
	f := q.name()
	words := 0
	for i := f.a; i < f.b; i++ {
		if f.page.toks[i].mark == 0 {
			words++
		}
	}
	return words > 1
}

// full takes the name from the From line where the mail is signed with a part of it.
func (c *mailCase) full(q person) person {
	known, words := c.knownWords(&q)
	f := c.sender.person
	if f.empty() || known < words || f.b-f.a <= q.b-q.a || !f.page.personal(f.a, f.b) {
		return q
	}
	q.shownPage, q.shownA, q.shownB = f.page, f.a, f.b
	return q
}

// represented is the person for whom an assistant writes: an office and a name
// that is not the writer's, behind words for writing in somebody's place.
func (c *mailCase) represented() (person, bool) {
	p := c.body
	for _, h := range p.hits {
		if h.category != catProxy {
			continue
		}
		for i := int(h.b); i < min(int(h.b)+8, len(p.toks)) && p.toks[i].sentence == p.toks[h.a].sentence; i++ {
			if p.toks[i].mark != 0 || p.toks[i].cased() && !p.toks[i].upper || p.has(i, 1<<catTitle) || p.stop(i) {
				continue
			}
			q, ok := c.personAt(p, i, true)
			known, words := 0, 0
			if ok {
				known, words = c.knownWords(&q)
			}
			if !ok || words < 2 && !p.toks[i].apart || known > 0 || p.organizational(q.a, q.b) {
				break
			}
			if p.officeBefore(&q, int(h.b)) {
				return q, true
			}
			if c.titleNear(&q); q.ta < q.tb && p.title(q.ta, q.tb) {
				return q, true
			}
			break
		}
	}
	return person{}, false
}

// inOffice is the person who stands right behind an office: "I'm the treasurer (Ewan Sked)".
func (c *mailCase) inOffice(named map[string]bool) (person, bool) {
	p := c.body
	for _, h := range p.hits {
		if h.category != catTitle || int(h.b) >= len(p.toks) || p.aside(&name{page: p, a: int(h.a)}) {
			continue
		}
		i := int(h.b)
		if m := p.toks[i].mark; m == '(' || m == ',' || m == ':' {
			i++
		}
		if i >= len(p.toks) || p.toks[i].lines >= breakHard || p.toks[i].cased() && !p.toks[i].upper {
			continue
		}
		q, ok := c.personAt(p, i, true)
		if _, words := c.knownWords(&q); !ok || q.a != i || words < 2 || p.organizational(q.a, q.b) || named[key(tidy(p.slice(q.a, q.b)))] || !p.toks[i].cased() {
			continue
		}
		c.titleNear(&q)
		if q.ta >= q.tb || q.ta > q.b {
			q.ta, q.tb = int(h.a), int(h.b)
		}
		return q, true
	}
	return person{}, false
}

// officeBefore takes the office between token from and the person: "our director, Maud Ellery".
func (p *page) officeBefore(q *person, from int) bool {
	for i := from; i < q.a; i++ {
		if !p.has(i, 1<<catTitle) {
			continue
		}
		end := i + 1
		for end < q.a && p.toks[end].mark == 0 && !p.toks[end].info.abbreviation {
			end++
		}
		q.ta, q.tb = i, end
		return true
	}
	return false
}

// mentions finds the writer's name anywhere in the text.
func (c *mailCase) mentions() (person, bool) {
	p := c.body
	for i := range slices.Backward(p.toks) {
		if !c.names[p.word(i)] || p.toks[i].mark != 0 || i > 0 && p.toks[i-1].mark == '@' || i+1 < len(p.toks) && p.toks[i+1].mark == '@' {
			continue
		}
		q, ok := c.personAt(p, p.back(i), false)
		if known, words := c.knownWords(&q); ok && known*2 > words && words > 1 && !p.organizational(q.a, q.b) && !p.has(q.a, bit(catGreeting)) {
			return q, true
		}
	}
	return person{}, false
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
	for q.b > q.a+1 && p.toks[q.b-1].mark == '.' && !p.toks[q.b-2].info.abbreviation && p.toks[q.b-2].end-p.toks[q.b-2].start > 2 {
		q.b--
	}
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
		particle := end > i && p.particle(end)
		if t.digit || t.cased() && !t.upper && !particle || p.has(end, bit(catNoun, catSign, catRequest, catThanks, catClosing, catGreeting)) || p.has(end, 1<<catTitle) && !c.names[p.word(end)] || p.stop(end) && !t.upper && !particle {
			break
		}
		if !t.apart || t.space || end == i {
			words++
		}
		known = known || c.names[p.word(end)]
		end++
	}
	for end > i && (p.toks[end-1].mark == '.' && p.toks[end-1].sentence != p.toks[max(i, end-2)].sentence || p.particle(end-1)) {
		end--
	}
	if end <= i || words > 5 || !sure && !known || words < 2 && !known && !p.toks[i].apart {
		return person{}, false
	}
	if end+1 < len(p.toks) && p.toks[end].mark == ',' { // "Delphine Carver, Ed.D."
		to := end + 1
		for to < len(p.toks) && p.toks[to].lines < breakHard && p.toks[to].mark != ',' && to < end+8 {
			to++
		}
		if p.degree(end+1, to) && strings.Contains(p.slice(end+1, to), ".") {
			end = to
		}
	}
	return person{page: p, a: i, b: end}, true
}

// particle reports a word that stands within a person's name in lower case: "van", "de".
func (p *page) particle(i int) bool {
	t := &p.toks[i]
	return t.info.particle && t.mark == 0 && t.cased() && !t.upper
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
