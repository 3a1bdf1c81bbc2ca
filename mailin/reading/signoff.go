package reading

import "strings"

// signLine is a line with which a mail is signed.
type signLine struct {
	page    *page
	a, b    int
	closing bool // the line before it, or its own beginning, is "Kind regards"
	sig     bool // from the part that the client marked as signature
}

// maxSign is how many lines of the text, and of the signature, are looked at.
const maxSign = 12

// small is from how many tokens a line of a signature is small print or prose.
const small = 26

// signOff are the lines with which the mail is signed: what stands behind the
// closing of the text, or its last short lines, and the signature.
func (c *mailCase) signOff() []signLine {
	if c.signed != nil {
		return c.signed
	}
	out := c.closingLines(c.body)
	closing := len(out) == 0 && len(c.body.toks) > 0 && c.body.has(len(c.body.toks)-1, bit(catClosing, catThanks))
	for n, l := range c.sig.lines() {
		if n >= maxSign || l[1]-l[0] >= small {
			break
		}
		a, closed := c.sig.afterClosing(l[0], l[1])
		closing = closing || closed
		if a < l[1] {
			out = append(out, signLine{page: c.sig, a: a, b: l[1], sig: true, closing: closing})
			closing = false
		}
	}
	c.signed = out
	if out == nil {
		c.signed = []signLine{}
	}
	return c.signed
}

// closingLines are the signing lines of the text.
func (c *mailCase) closingLines(p *page) []signLine {
	lines := p.lines()
	first := max(0, len(lines)-maxSign-2)
	start := len(lines)
	for n := len(lines) - 1; n >= first; n-- { // the last closing, if it is near the end
		if l := lines[n]; l[1]-l[0] < small && p.closingLine(l[0], l[1]) {
			start = n
			break
		}
	}
	if start == len(lines) {
		end := len(lines)
		for end > first && len(lines)-end < 6 && !p.short(lines[end-1]) { // small print below the signature
			end--
		}
		if end == first || end < len(lines) && !p.short(lines[end-1]) {
			end = len(lines)
		}
		start = end
		for start > first && p.short(lines[start-1]) {
			start--
		}
		if start > 0 && (start == end || start > first) { // "… to the list. Ann Bell"
			l := lines[start-1]
			if a := p.lastSentence(l[0], l[1]); a > l[0] && l[1]-a < 12 && !p.acts(a, l[1]) {
				out := []signLine{{page: p, a: a, b: l[1]}}
				return append(out, c.rest(p, lines[start:end], false)...)
			}
		}
		return c.rest(p, lines[start:end], false)
	}
	return c.rest(p, lines[min(start, len(lines)):], false)
}

func (c *mailCase) rest(p *page, lines [][2]int, closing bool) []signLine {
	var out []signLine
	for n, l := range lines {
		if n > 0 && (l[1]-l[0] >= small || n > maxSign) {
			break
		}
		a, closed := p.afterClosing(l[0], l[1])
		closing = closing || closed
		if a < l[1] {
			out = append(out, signLine{page: p, a: a, b: l[1], closing: closing})
			closing = false
		}
	}
	return out
}

// closingLine reports a line that begins, or whose last sentence begins, with a closing.
func (p *page) closingLine(a, b int) bool {
	if p.has(a, bit(catClosing, catThanks)) {
		return true
	}
	last := p.lastSentence(a, b)
	return last > a && p.has(last, bit(catClosing, catThanks))
}

// lastSentence is where the last sentence of tokens a to b begins.
func (p *page) lastSentence(a, b int) int {
	i := b - 1
	for i > a && p.toks[i-1].sentence == p.toks[b-1].sentence {
		i--
	}
	return i
}

// afterClosing steps over a closing and what belongs to it.
func (p *page) afterClosing(a, b int) (int, bool) {
	closed := false
	if last := p.lastSentence(a, b); last > a && p.has(last, bit(catClosing, catThanks)) {
		a = last
	}
	for a < b {
		t := &p.toks[a]
		switch {
		case p.has(a, bit(catClosing, catThanks)) && !p.has(a, 1<<catTitle) && !(t.upper && p.has(a, 1<<catNoun)):
			closed = true
		case t.mark != 0 && !openQuote(t.mark) && t.mark != '+':
		case closed && t.cased() && t.mark == 0 && !t.upper && !p.has(a, 1<<catTitle): // "with kind regards from all of us"
		default:
			return a, closed
		}
		a++
	}
	return b, closed
}

// short reports a line that may be part of a signature: few words, no action.
func (p *page) short(l [2]int) bool {
	last := &p.toks[l[1]-1]
	if l[1]-l[0] > 16 || p.acts(l[0], l[1]) || p.has(l[0], 1<<catGreeting) {
		return false
	}
	return last.mark != '?' && last.mark != '!' && last.mark != ':' && !(last.mark == '.' && l[1]-l[0] > 9 && !p.title(l[0], l[1]))
}

// acts reports a phrase that does something: no signature does.
func (p *page) acts(a, b int) bool {
	for i := a; i < b; i++ {
		if p.has(i, bit(catSign, catRequest, catWithdraw, catCorrect, catUndecided, catDecline, catCondition, catNegation)) && !p.has(i, bit(catTitle, catNoun)) {
			return true
		}
	}
	return false
}

// contact reports a segment with an address, a number or a link.
func (p *page) contact(a, b int) bool {
	digits := 0
	for i := a; i < b; i++ {
		t := &p.toks[i]
		if t.digit {
			digits += int(t.end - t.start)
		}
		if t.mark == '@' || t.mark == '+' {
			return true
		}
		if t.mark == '.' && i > a && i+1 < b && !p.toks[i+1].space && !t.space && p.toks[i+1].mark == 0 && p.toks[i+1].end-p.toks[i+1].start > 1 && p.toks[i-1].end-p.toks[i-1].start > 1 {
			return true // a domain
		}
	}
	return digits >= 4 || a < b && p.has(a, 1<<catLabelOther|1<<catLabelEmail|1<<catLabelWebsite) && (digits > 0 || a+1 < b && p.toks[a+1].mark == ':')
}

// signer finds who signs in the lines of the sign-off; named are organizations
// that the mail acts for, which are no persons.
func (c *mailCase) signer(named map[string]bool) (person, bool) {
	lines := c.signOff()
	best, top := person{}, 3
	for n := range lines {
		l := &lines[n]
		q, score := c.signerAt(l, n+1 < len(lines) && lines[n+1].page == l.page && l.page.title(lines[n+1].a, lines[n+1].b), named)
		if score > top {
			best, top = q, score
		}
	}
	return best, best.page != nil
}

// signerAt reads the person in a signing line and says how likely she is.
func (c *mailCase) signerAt(l *signLine, titleBelow bool, named map[string]bool) (person, int) {
	p, a := l.page, l.a
	for i := a; i < min(l.b, a+4); i++ { // "Signed: …"
		if p.toks[i].mark == ':' || p.toks[i].mark == '：' {
			a = i + 1
		}
	}
	var ta, tb int
	if a < l.b && p.has(a, 1<<catTitle) && !c.names[p.word(a)] { // "事務局長 中村", "Director: Ann Bell"
		tb = a
		for tb < l.b && (p.has(tb, 1<<catTitle) || tb > a && p.connector(tb) && !p.toks[tb].upper) {
			tb++
		}
		ta, a = a, tb
		for a < l.b && p.toks[a].mark != 0 {
			a++
		}
	}
	if a >= l.b {
		return person{}, 0
	}
	q, ok := c.personAt(p, a, true)
	if !ok || q.b > l.b || p.organizational(q.a, q.b) && !c.fromPerson(&q) || named[key(tidy(p.slice(q.a, q.b)))] || p.countryName(q.a, q.b) || p.contact(q.a, min(q.b+1, l.b)) {
		return person{}, 0
	}
	score := 0
	known, words := c.knownWords(&q)
	switch {
	case known > 0 && known == words:
		score += 5
	case known > 0:
		score += 4
	}
	if words > 1 {
		score += 2
		if q.a == l.a && (q.b == l.b || q.b+1 == l.b && p.toks[q.b].mark == '.') {
			score += 2
		}
	}
	if q.b < l.b && p.toks[q.b].mark == 0 && !wide(p.text[p.toks[q.b-1].end:p.toks[q.b].start]) && !p.has(q.b, 1<<catTitle) {
		score -= 3
	}
	if q.a > 0 && p.toks[q.a].lines < breakHard && l.a == q.a && !l.closing && p.toks[q.a-1].sentence == p.toks[q.a].sentence {
		score--
	}
	if l.closing {
		score += 3
	}
	if ta < tb || titleBelow || p.title(q.b, l.b) {
		score += 3
	}
	if ta < tb {
		q.ta, q.tb = ta, tb
	}
	if c.likeDomain(tidy(p.slice(q.a, q.b))) >= 2 && known == 0 {
		score -= 3
	}
	return q, score
}

// knownWords counts the words of a person's name, and those that the From line has.
func (c *mailCase) knownWords(q *person) (known, words int) {
	for i := q.a; i < q.b; i++ {
		t := &q.page.toks[i]
		if t.mark != 0 {
			continue
		}
		if !t.apart || t.space || i == q.a {
			words++
		}
		if c.names[q.page.word(i)] {
			known++
		}
	}
	if letters := q.b - q.a; words == 1 && q.b > q.a && q.page.toks[q.a].apart && letters > 1 && letters < 5 {
		words = 2
	}
	return min(known, words), words
}

// fromPerson reports that a name is the person's of the From line.
func (c *mailCase) fromPerson(q *person) bool {
	known, words := c.knownWords(q)
	return known > 1 && known == words && !c.sender.person.empty()
}

// key is what two spellings of a name have in common: letters and digits in
// lower case, words apart.
func key(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return r < '0' || strings.ContainsRune("\"«»„“”‚‘’'「」『』（）()[],;:·-–—|/&", r)
	}), " ")
}
