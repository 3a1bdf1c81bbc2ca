package reading

import (
	"unicode/utf8"

	"countersign/petition"
)

// verdict is what an answer to our request amounts to.
type verdict uint8

const (
	noAnswer  verdict = iota
	plainYes          // a clear yes, with nothing around it but courtesy and what we showed (U05)
	yesChange         // a yes, and what is to be changed
	plainNo
	unclear // says yes or no, and something that a person has to weigh (R29)
)

// hazards take the plainness from a yes wherever they stand.
const hazards = uint64(1)<<catBut | 1<<catUndecided | 1<<catWithdraw | 1<<catDecline | 1<<catDeny | 1<<catNo | 1<<catSupport | 1<<catMention |
	1<<catAutomatic | 1<<catForward | 1<<catSpam | 1<<catReceipt // "yes, we received it"

const changes = uint64(1) << catCorrect

const assents = uint64(1)<<catYes | 1<<catConfirm

// assent are the categories that say yes to what we asked. Where we showed what
// would be signed, "please add us" is one as well.
func (c *mailCase) assent() uint64 {
	if c.reply && len(c.hints.ShownNames) > 0 {
		return assents | 1<<catSign | 1<<catRequest
	}
	return assents
}

// clause is a stretch of a sentence between commas and dashes.
type clause struct {
	a, b  int
	cats  uint64
	fresh bool // begins a sentence
}

// clauses cuts the page.
func (p *page) clauses() []clause {
	var out []clause
	a := 0
	flush := func(b int) {
		if b > a {
			k := clause{a: a, b: b, fresh: a == 0 || p.toks[a-1].sentence != p.toks[a].sentence}
			for i := a; i < b; i++ {
				k.cats |= p.mask[i]
			}
			out = append(out, k)
		}
		a = b
	}
	for i := range p.toks {
		if i > a && p.toks[i].sentence != p.toks[i-1].sentence {
			flush(i)
		}
		switch p.toks[i].mark {
		case ',', ':', ';', '、', '，', '،', '：', '–', '—', '.', '!', '。', '！':
			flush(i + 1)
		case '-':
			if p.toks[i].space {
				flush(i + 1)
			}
		}
	}
	flush(len(p.toks))
	return out
}

// answer reads a reply to a request of ours from the new text alone.
func (c *mailCase) answer(s *signals) verdict {
	assent := c.assent()
	yes := s.finds(assent)
	no := s.found[catNo]+s.found[catDeny] > 0
	if !yes && !no {
		return noAnswer
	}
	t := c.tally()
	switch {
	case t.first == 0:
		return noAnswer
	case (t.first&bit(catNo, catDeny) != 0 || t.alone) && t.first&assent == 0:
		if t.yes || t.cats&bit(catSign, catRequest, catBut, catUndecided) != 0 || s.questions > 0 || s.conditions > 0 || t.cats&changes != 0 && len(c.changed()) > 0 {
			return unclear
		}
		return plainNo
	case !yes || t.first&assent == 0 && !t.yes:
		return noAnswer
	case t.hazard || s.questions > 0 || t.negated || t.condition:
		if t.first&assent != 0 && t.cats&changes != 0 && t.cats&(hazards&^bit(catBut, catNo, catMention)) == 0 && s.questions == 0 && !t.condition {
			return yesChange
		}
		return unclear
	case t.cats&changes != 0 && t.first&assent != 0:
		return yesChange
	case t.cats&changes != 0:
		return unclear
	case t.unknown > 0:
		return unclear
	}
	return plainYes
}

// tallied is what the clauses of an answer come to.
type tallied struct {
	first     uint64 // categories of the first clause that is no greeting
	cats      uint64
	yes       bool
	hazard    bool
	negated   bool
	condition bool
	alone     bool // a clause that is nothing but a no
	unknown   int  // clauses that nothing explains
}

func (c *mailCase) tally() tallied {
	p := c.body
	shown, assent := c.shown(), c.assent()
	var t tallied
	swallow, signed := false, false
	for _, k := range p.clauses() {
		if k.fresh {
			swallow = false
		}
		content := k.cats &^ everywhere
		if t.first == 0 && content&^bit(catGreeting, catThanks, catPolite, catFiller) != 0 {
			t.first = content
		}
		t.cats |= content
		t.alone = t.alone || content&^bit(catNegation, catFiller) == 1<<catNo && k.b-k.a <= 3
		t.yes = t.yes || content&assent != 0
		t.hazard = t.hazard || hazard(content) != 0
		thanks := content&bit(catThanks, catPolite, catGreeting) != 0
		if content&(1<<catNegation) != 0 && !(thanks || swallow) {
			t.negated = true
		}
		signed = signed || content&(1<<catClosing) != 0
		switch {
		case thanks:
			swallow = true
		case swallow || signed:
		default:
			t.unknown += c.unexplained(k, shown, 0)
		}
		if c.otherName(k, shown, signed) {
			t.unknown++
		}
	}
	for _, h := range p.hits {
		if h.category == catNewName && h.b-h.a >= 3 && h.sa == h.sb && p.mask[h.a]&assent == 0 { // "the name is …" changes, "to …" may not
			t.cats |= changes
		}
		if h.category == catCondition && !p.attached(h) && !(p.dangling(h) && p.has(int(h.a), 1<<catYes)) {
			t.condition = true
		}
	}
	return t
}

// hazard are the hazards of a clause. "All the best" wishes us success and is
// the end of a letter as well.
func hazard(content uint64) uint64 {
	if content&bit(catClosing, catPolite, catThanks, catFiller) != 0 {
		content &^= 1 << catSupport
	}
	return content & hazards
}

// shown are the folded words of the organizations that our request showed;
// where the caller does not know them, of the quoted request itself.
func (c *mailCase) shown() map[string]bool {
	words := map[string]bool{}
	add := func(text string) {
		for _, t := range c.r.lex.split(text) {
			words[t.text] = true
		}
	}
	for _, n := range c.hints.ShownNames {
		add(n)
	}
	if len(c.hints.ShownNames) == 0 && len(c.m.Quoted) < 16<<10 {
		add(c.m.Quoted)
	}
	for _, n := range c.hints.CampaignNames {
		add(n)
	}
	return words
}

// unexplained returns 1 when a clause holds more unknown words than may be.
// Known are phrases of the language files, names and titles, words of what we
// showed, stop words, numbers, addresses, and words with a capital in a clause
// that holds nothing else (a line of a signature).
func (c *mailCase) unexplained(k clause, shown map[string]bool, allowed int) int {
	p := c.body
	unknown, lower, letters := 0, 0, 0
	for i := k.a; i < k.b; i++ {
		t := &p.toks[i]
		switch {
		case t.mark != 0:
			continue
		case t.digit, p.coded(i), p.mask[i] != 0, p.stop(i), p.connector(i), p.article(i), c.writer[p.word(i)], c.knows(shown, p.word(i)):
			continue
		}
		letters++
		if t.cased() && !t.upper {
			lower++
		}
		unknown++
	}
	switch {
	case unknown <= allowed:
		return 0
	case lower == 0 && p.toks[k.a].cased() && p.toks[k.a].lines >= breakHard: // a line of names
		return 0
	case p.address(k):
		return 0
	}
	if !p.toks[k.a].cased() && p.toks[k.a].apart && (unknown <= 4*allowed+3 || k.cats&(1<<catTitle) != 0 && unknown <= 8) { // "館長 ベルク安奈"
		return 0
	}
	return 1
}

// coded reports a part of a printed code (M1: "K7M2-QX9D-4TWA").
func (p *page) coded(i int) bool {
	t := &p.toks[i]
	if !t.caps || t.end-t.start != 4 {
		return false
	}
	beside := func(j int) bool { return j >= 0 && j < len(p.toks) && p.toks[j].mark == '-' && !p.toks[j].space }
	return beside(i-1) || beside(i+1)
}

// address reports a clause with an e-mail address, a URL or a telephone number.
func (p *page) address(k clause) bool {
	digits := 0
	for i := k.a; i < k.b; i++ {
		t := &p.toks[i]
		if t.mark == '@' || t.mark == '/' && i+1 < k.b && p.toks[i+1].mark == '/' {
			return true
		}
		if t.digit {
			digits += int(t.end - t.start)
		}
	}
	return digits >= 5
}

// otherName reports an organization's name that we did not show.
func (c *mailCase) otherName(k clause, shown map[string]bool, signed bool) bool {
	if signed {
		return false
	}
	p := c.body
	for _, h := range p.hits {
		if h.slot == slotOrganization && int(h.a) >= k.a && int(h.b) <= k.b && h.category != catNewName {
			if n, ok := c.fill(p, h); ok && c.unshown(n, shown) {
				return true
			}
		}
		if h.category != catNoun || int(h.a) < k.a || int(h.b) > k.b || !p.toks[h.a].upper && p.toks[h.a].cased() {
			continue
		}
		n, ok := p.around(int(h.a))
		if !ok || n.b-n.a < 2 {
			continue
		}
		if c.unshown(n, shown) {
			return true
		}
	}
	return false
}

// unshown reports a word of a name that is not among those we showed.
func (c *mailCase) unshown(n name, shown map[string]bool) bool {
	p := n.page
	for i := n.a; i < n.b; i++ {
		courtesy := p.has(i, bit(catYes, catThanks, catGreeting, catTitle)) || p.toks[i].apart && p.has(i, bit(catPolite, catFiller))
		if p.toks[i].mark == 0 && !courtesy && !c.knows(shown, p.word(i)) && !p.connector(i) && !p.article(i) && !p.stop(i) {
			return true
		}
	}
	return false
}

// knows reports that a word is among those shown; in a language that inflects
// names, in another case.
func (c *mailCase) knows(shown map[string]bool, word string) bool {
	if shown[word] {
		return true
	}
	if c.lang < 0 || len(c.r.languages[c.lang].Nominative) == 0 {
		return false
	}
	for other := range shown {
		if sameStem(other, word) {
			return true
		}
	}
	return false
}

// sameStem reports two words that differ in an ending only.
func sameStem(a, b string) bool {
	const stem, ending = 5, 3 // letters
	i, n := 0, 0
	for i < len(a) && i < len(b) {
		r, size := utf8.DecodeRuneInString(a[i:])
		if q, _ := utf8.DecodeRuneInString(b[i:]); q != r {
			break
		}
		i, n = i+size, n+1
	}
	return n >= stem && utf8.RuneCountInString(a[i:]) <= ending && utf8.RuneCountInString(b[i:]) <= ending
}

// readAnswer fills the reading of an answer; false leaves the mail to the
// ordinary way.
func (c *mailCase) readAnswer(out *petition.Reading, s *signals) bool {
	v := c.answer(s)
	if v == noAnswer {
		return false
	}
	first := func(cats ...category) {
		for _, cat := range cats {
			if s.found[cat] > 0 {
				h := c.body.hits[s.first[cat]]
				out.Evidence = append(out.Evidence, c.body.evidence("intent", int(h.a), int(h.b)))
				return
			}
		}
	}
	confidence := petition.Medium
	if c.reply {
		confidence = petition.High
	}
	switch v {
	case plainYes:
		if !c.reply && c.signsToo(s) || len(c.hints.ShownNames) == 0 && (s.found[catRequest] > 0 || c.signsToo(s) && !c.asked()) {
			return false
		}
		out.Intent, out.Confidence = petition.VerifyYes, confidence
		first(catYes, catConfirm, catSign, catRequest)
		return true
	case plainNo:
		if !c.reply && (s.found[catDecline] > 0 || s.found[catWithdraw] > 0) {
			return false
		}
		if s.found[catWithdraw] > 0 {
			return false
		}
		out.Intent, out.Confidence = petition.VerifyNo, petition.Medium
		if s.found[catSupport]+s.found[catDecline] == 0 {
			out.Confidence = confidence
		}
		first(catNo, catDeny)
		return true
	case yesChange:
		if !c.reply {
			return false
		}
		names := c.changed()
		if len(names) == 0 {
			out.Unclear = true
			return false
		}
		out.Intent, out.Confidence = petition.VerifyYes, petition.Medium
		out.Also = append(out.Also, petition.Correction)
		for i := range names {
			out.Organizations = append(out.Organizations, names[i].claim())
		}
		first(catYes, catConfirm, catSign, catRequest)
		return true
	}
	out.Unclear = c.reply
	return false
}

// asked reports that the quoted mail asks for a yes or a confirmation, and is
// not just the call to sign.
func (c *mailCase) asked() bool {
	p := c.r.lex.newPage("", c.m.Quoted[:min(len(c.m.Quoted), 4<<10)])
	p.choose(^uint64(0))
	for _, h := range p.hits {
		if h.category == catYes || h.category == catConfirm {
			return true
		}
	}
	return false
}
