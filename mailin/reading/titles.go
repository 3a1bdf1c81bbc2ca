package reading

import (
	"strings"
	"unicode"
)

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
func (c *mailCase) titled(all []person, named map[string]bool) []person {
	for i := range all {
		q := &all[i]
		if q.ta < q.tb {
			continue
		}
		if !c.titleBeside(q, named) {
			c.titleNear(q)
		}
		if q.ta >= q.tb && len(all) == 1 {
			c.titleInText(q)
		}
	}
	return all
}

// titleBeside reads the title in a sign-off: behind the name on its line, or on
// one of the two lines below it.
func (c *mailCase) titleBeside(q *person, named map[string]bool) bool {
	lines := c.signOff()
	at := -1
	for n := range lines {
		if lines[n].page == q.page && lines[n].a <= q.a && q.b <= lines[n].b {
			at = n
		}
	}
	if at < 0 {
		return false
	}
	p := q.page
	for n := at; n < min(at+3, len(lines)) && lines[n].page == p; n++ {
		a := lines[n].a
		if n == at {
			a = q.b
		}
		segments := p.segments(a, lines[n].b)
		for k, s := range segments {
			if p.pronouns(s[0], s[1]) || p.contact(s[0], s[1]) || p.degree(s[0], s[1]) || s[1]-s[0] <= 2 && p.toks[s[0]].info.abbreviation && !p.title(s[0], s[1]) {
				continue
			}
			if p.title(s[0], s[1]) {
				start := s[0]
				if p.toks[start].apart { // "○○協会 広報担当": the office stands behind the organization
					for i := start; i < s[1] && p.organizational(start, i+1); i++ {
						if p.has(i, 1<<catTitle) && p.toks[i].space {
							start = i
							break
						}
					}
				}
				if end := p.titleEnd(start); end > start {
					q.ta, q.tb = start, min(end, s[1])
					return true
				}
			}
			if (k == 0 && n <= at+1 && !lines[n].closing) && c.unknownTitle(p, s, n == at, named) {
				q.ta, q.tb = s[0], s[1]
				return true
			}
		}
		if n > at && len(segments) > 0 && !p.pronouns(segments[0][0], segments[0][1]) {
			return false
		}
	}
	return false
}

// unknownTitle takes for a title what stands beside the person and is neither
// an organization, a place nor an address.
func (c *mailCase) unknownTitle(p *page, s [2]int, same bool, named map[string]bool) bool {
	text := tidy(p.slice(s[0], s[1]))
	t := &p.toks[s[0]]
	if s[1]-s[0] > 7 || p.organizational(s[0], s[1]) || named[key(text)] || c.likeDomain(text) > 0 || p.countryName(s[0], s[1]) ||
		p.acts(s[0], s[1]) || p.has(s[0], bit(catClosing, catThanks, catGreeting, catPolite, catForward, catAutomatic)) || t.digit || openQuote(t.mark) || c.names[p.word(s[0])] {
		return false
	}
	for k := range named {
		if strings.Contains(k, key(text)) || strings.Contains(key(text), k) {
			return false
		}
	}
	last := &p.toks[s[1]-1]
	if last.mark == '!' || last.mark == '?' || last.mark == ')' && s[1]-s[0] < 3 || p.sentenceLike(s[0], s[1]) {
		return false
	}
	if same {
		return t.cased() && !t.upper || len(named) > 0
	}
	return len(named) > 0 && (s[1]-s[0] > 1 || len(text) > 4) && p.toks[s[0]].lines < breakBlank
}

// sentenceLike reports stop words that no title has.
func (p *page) sentenceLike(a, b int) bool {
	for i := a; i < b; i++ {
		if p.toks[i].mark == 0 && p.stop(i) && !p.connector(i) && !p.article(i) && !p.toks[i].apart {
			return true
		}
	}
	return false
}

// degree reports letters behind a name: "Ed.D.", "PhD", "MBE".
func (p *page) degree(a, b int) bool {
	capitals := 0
	for i := a; i < b; i++ {
		t := &p.toks[i]
		switch {
		case t.mark == '.':
		case t.mark != 0 || t.digit || !t.upper || t.end-t.start > 4 || p.has(i, 1<<catTitle):
			return false
		default:
			for _, r := range p.text[t.start:t.end] {
				if unicode.IsUpper(r) {
					capitals++
				}
			}
		}
	}
	return capitals >= 2 && b-a <= 6
}

// pronouns reports "she/her", which some write behind their names.
func (p *page) pronouns(a, b int) bool {
	slash, small := false, true
	for i := a; i < b; i++ {
		t := &p.toks[i]
		slash = slash || t.mark == '/'
		small = small && (t.mark != 0 || t.end-t.start <= 6 && !t.upper)
	}
	return slash && small && b-a <= 7
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
			if q.ta < q.tb && (p.title(q.ta, q.tb) || q.tb-q.ta <= 5 && p.toks[i].lines == breakNone) && !p.countryName(q.ta, q.tb) && !(q.tb-q.ta <= 2 && p.toks[q.ta].info.abbreviation && !p.title(q.ta, q.tb)) {
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
			if end+1 < len(p.toks) && p.has(end+1, 1<<catTitle) && p.toks[end+1].lines < breakHard && end == i+1 { // "Hon. Treasurer"
				break
			}
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
		if end > i && p.has(end, 1<<catGeneric|1<<catNoun) && t.cased() && !t.upper && p.title(i, end) && end+1 < len(p.toks) && p.toks[end+1].lines < breakHard && (p.toks[end+1].upper || openQuote(p.toks[end+1].mark)) {
			a := end // "présidente de l'association X"
			for a > i && (p.toks[a-1].mark == '\'' || p.connector(a-1) || p.article(a-1) || p.toks[a-1].end-p.toks[a-1].start == 1) && !p.has(a-1, 1<<catTitle) {
				a--
			}
			return p.unconnect(i, a)
		}
		if end > i && p.has(end, 1<<catNoun) && t.upper && !p.has(end, 1<<catTitle) && p.title(i, end) && !p.single(i, end) {
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

// single reports that a title goes on with one word alone: "Head of Community".
func (p *page) single(i, noun int) bool {
	return p.toks[noun-1].mark == 0 && p.connector(noun-1) && (noun+1 >= len(p.toks) || p.toks[noun+1].lines >= breakHard || p.toks[noun+1].mark != 0) && noun-i <= 3
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
		for a > max(0, int(h.a)-8) && p.toks[a].lines == breakNone && p.toks[a-1].mark == 0 && !p.stop(a-1) && !p.article(a-1) && !p.has(a-1, actions) && !c.names[p.word(a-1)] && p.toks[a-1].sentence == p.toks[a].sentence {
			a--
		}
		end := p.titleEnd(int(h.b) - 1)
		for i := int(h.b); i < end; i++ {
			if p.stop(i) && !p.connector(i) || c.names[p.word(i)] {
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
