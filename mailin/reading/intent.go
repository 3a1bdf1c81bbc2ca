package reading

import (
	"slices"

	"countersign/petition"
)

func bit(cats ...category) uint64 {
	var m uint64
	for _, c := range cats {
		m |= 1 << c
	}
	return m
}

// signals are the phrases of a page that speak of an intent, after questions,
// negations and conditions have had their say.
type signals struct {
	found      [categories]int // how many
	first      [categories]int // index of the first hit, where found
	questions  int             // sentences that ask
	negated    int             // "we … not … sign"
	conditions int             // conditions on signing
	condition  int             // index of such a hit
}

func (s *signals) note(cat category, i int) {
	if s.found[cat] == 0 {
		s.first[cat] = i
	}
	s.found[cat]++
}

// finds reports one of the categories.
func (s *signals) finds(cats uint64) bool {
	for cat := range s.found {
		if cats>>cat&1 == 1 && s.found[cat] > 0 {
			return true
		}
	}
	return false
}

// asks reports which sentences of the page are questions.
func (p *page) asks() map[int32]bool {
	out := map[int32]bool{}
	greek := p.greek()
	for _, t := range p.toks {
		switch t.mark {
		case '?', '？', '؟', '\u037e':
			out[t.sentence] = true
		case ';':
			if greek {
				out[t.sentence] = true
			}
		}
	}
	return out
}

// opens reports that a question word asks: one alone ("which", "when") does so
// at the beginning of a sentence or before a question mark, elsewhere it only
// joins clauses.
func (p *page) opens(h hit, asks map[int32]bool) bool {
	t := &p.toks[h.a]
	return h.b-h.a > 1 || t.apart || asks[t.sentence] || h.a < 2 || p.toks[h.a-2].sentence != t.sentence || p.toks[h.a-1].mark == ','
}

// greek reports whether the page is mostly Greek, where ";" asks.
func (p *page) greek() bool {
	n := 0
	for i := range p.toks {
		if p.toks[i].script == scriptGreek {
			n++
		}
	}
	return n*2 > len(p.toks)
}

// weigh gathers the signals of a page.
func weigh(p *page) *signals {
	s := &signals{}
	asks := p.asks()
	opened := map[int32]bool{}  // sentences with a question word
	bound := map[int32]int{}    // sentences with a condition → hit
	acts := map[int32]bool{}    // sentences that sign or ask to be added
	aside := map[int32]bool{}   // sentences about somebody else
	signing := map[int32]bool{} // sentences that speak of signing
	inside := p.brackets()
	negations := []hit{}
	for i, h := range p.hits {
		sentence := p.toks[h.a].sentence
		switch h.category {
		case catQuestion:
			opened[sentence] = opened[sentence] || p.opens(h, asks)
		case catMention:
			aside[sentence] = true
		case catSign, catRequest:
			signing[sentence] = true
		case catNegation:
			negations = append(negations, h)
		case catCondition:
			if (!p.dangling(h) || !p.has(int(h.a), 1<<catYes)) && !p.attached(h) {
				bound[sentence] = i + 1
			}
		}
	}
	for i, h := range p.hits {
		sentence := p.toks[h.a].sentence
		switch h.category {
		case catSign, catRequest:
			if h.category == catSign && (opened[sentence] || asks[sentence] && h.side != sideLeft) {
				continue
			}
			if p.negates(negations, h) {
				s.negated++
				continue
			}
			acts[sentence] = true
		case catUndecided:
			if aside[sentence] || inside[h.a] && !signing[sentence] {
				continue
			}
		case catWithdraw:
			if signing[sentence] && bound[sentence] > 0 { // "we would sign if paragraph three were deleted"
				continue
			}
			if asks[sentence] && (opened[sentence] || bound[sentence] > 0) || p.negates(negations, h) {
				continue
			}
		case catYes:
			acts[sentence] = true // "yes, if the board agrees"
		case catConfirm, catCorrect:
			if p.negates(negations, h) {
				if h.category == catConfirm { // "dit klopt niet": no assent
					for j := h.a; j < h.b; j++ {
						p.mask[j] &^= 1 << catConfirm
					}
				}
				continue
			}
			if asks[sentence] && opened[sentence] && (h.category == catConfirm || h.b-h.a < 2) {
				continue
			}
		}
		s.note(h.category, i)
	}
	for sentence := range acts {
		if i := bound[sentence]; i > 0 && (s.conditions == 0 || i-1 < s.condition) {
			s.conditions, s.condition = s.conditions+1, i-1
		}
	}
	seen := map[int32]bool{}
	for i := range p.toks {
		if sentence := p.toks[i].sentence; (asks[sentence] || opened[sentence]) && !seen[sentence] {
			seen[sentence] = true
			s.questions++
		}
	}
	return s
}

// attached reports a word written onto another with a hyphen: the "se" of "juntar-se".
func (p *page) attached(h hit) bool {
	return h.a > 0 && p.toks[h.a-1].mark == '-' && !p.toks[h.a-1].space && !p.toks[h.a].space
}

// brackets reports for each token whether it stands in round brackets.
func (p *page) brackets() []bool {
	inside := make([]bool, len(p.toks))
	open := false
	for i := range p.toks {
		switch t := &p.toks[i]; {
		case t.mark == '(' || t.mark == '（':
			open = true
		case t.mark == ')' || t.mark == '）' || t.lines >= breakBlank:
			open = false
		}
		inside[i] = open
	}
	return inside
}

// dangling reports a condition word with nothing behind it: a "si" that is a yes.
func (p *page) dangling(h hit) bool {
	if int(h.b) >= len(p.toks) {
		return true
	}
	next := &p.toks[h.b]
	return next.mark != 0 && next.mark != '\'' && next.mark != '"' && next.mark != '(' && !openQuote(next.mark) || next.lines >= breakHard
}

// negates reports a negation shortly before a hit, in it, or just behind it.
func (p *page) negates(negations []hit, h hit) bool {
	first, _ := slices.BinarySearchFunc(negations, h.a-maxSlot, func(n hit, a int32) int { return int(n.a - a) })
	for _, n := range negations[first:] {
		if n.a >= h.a && n.b <= h.b && h.slot == slotNone {
			return true
		}
		if n.b <= h.a && h.a-n.b <= 4 && p.sameClause(n.b, h.a) || n.a >= h.b && n.a-h.b <= 3 && p.sameClause(h.b, n.a) {
			return true
		}
		if n.a > h.b+8 {
			break
		}
	}
	return false
}

// sameClause reports that no comma or end of sentence stands between tokens a and b.
func (p *page) sameClause(a, b int32) bool {
	for i := a; i < b; i++ {
		switch p.toks[i].mark {
		case ',', '，', '、', '،', ':', '-', '–', '—':
			return false
		}
	}
	return a == 0 || int(b) >= len(p.toks) || p.toks[a-1].sentence == p.toks[b].sentence
}

// intent chooses the main intent of a mail that a person wrote and that is no
// plain answer, and the further ones. Doing nothing wrong comes first: what
// takes a signature away or holds it back outweighs what gives one.
func (c *mailCase) intent(s, subject *signals, form bool) (petition.Intent, []petition.Intent, *hit) {
	at := func(cat category) *hit {
		if s.found[cat] > 0 {
			return &c.body.hits[s.first[cat]]
		}
		return nil
	}
	signs := s.found[catSign]+s.found[catRequest] > 0
	var also []petition.Intent
	if s.questions > 0 && c.realQuestion() {
		also = append(also, petition.Question)
	}
	switch {
	case c.spam(s, subject):
		return petition.Spam, nil, at(catSpam)
	case s.found[catAutomatic] > 0 && !signs && !form && s.found[catWithdraw]+s.found[catCorrect] == 0:
		return petition.AutoReply, nil, at(catAutomatic)
	case s.conditions > 0 && s.found[catYes] > 0:
		return petition.Conditional, also, &c.body.hits[s.condition]
	case c.reply && s.found[catNo] > 0 && s.found[catDeny] > 0 && s.found[catNewName] == 0:
		return petition.VerifyNo, also, at(catDeny)
	case s.found[catWithdraw] > 0:
		return petition.Withdraw, also, at(catWithdraw)
	case s.found[catCorrect] == 0 && c.renames():
		return petition.Correction, also, at(catOldName)
	case s.found[catCorrect] > 0 && (!signs || s.first[catCorrect] < c.firstSign(s)):
		return petition.Correction, also, at(catCorrect)
	case s.negated > 0 && !signs && s.found[catDecline] == 0 && len(also) > 0 && s.conditions == 0: // "have we signed? I cannot see us on the list"
		return petition.Question, nil, at(catQuestion)
	case (s.found[catDecline] > 0 || s.negated > 0 && !signs) && s.conditions == 0 && !(signs && s.found[catDecline] == 0):
		if s.found[catSupport] > 0 {
			return petition.SupportOnly, also, at(catSupport)
		}
		return petition.Decline, also, at(catDecline)
	case s.found[catDeny] > 0 && c.reply && (!signs || s.found[catYes] == 0 && s.first[catDeny] <= c.firstSign(s)):
		return petition.VerifyNo, also, at(catDeny)
	case s.conditions > 0:
		return petition.Conditional, also, &c.body.hits[s.condition]
	case s.found[catUndecided] > 0 && (signs || len(also) == 0):
		return petition.Conditional, also, at(catUndecided)
	case signs || form:
		if s.found[catCorrect] > 0 {
			also = append(also, petition.Correction)
		}
		if h := at(catRequest); h != nil {
			return petition.SignOn, also, h
		}
		return petition.SignOn, also, at(catSign)
	case len(also) > 0:
		return petition.Question, nil, at(catQuestion)
	case s.found[catSupport] > 0:
		return petition.SupportOnly, nil, at(catSupport)
	}
	return c.subjectIntent(subject)
}

// renames reports an old name and a new one without a word for correcting:
// "you have us down as X, but we are Y".
func (c *mailCase) renames() bool {
	old, renamed := false, false
	for _, h := range c.body.hits {
		old = old || h.category == catOldName && h.b-h.a >= 3 && h.sa == h.sb
		renamed = renamed || h.category == catNewName && (h.b-h.a >= 2 || old)
	}
	return old && renamed
}

func (c *mailCase) firstSign(s *signals) int {
	first := len(c.body.hits)
	for _, cat := range []category{catSign, catRequest} {
		if s.found[cat] > 0 {
			first = min(first, s.first[cat])
		}
	}
	return first
}

// subjectIntent is for a body that says nothing of itself.
func (c *mailCase) subjectIntent(s *signals) (petition.Intent, []petition.Intent, *hit) {
	if c.reply && replySubject(c.m.Header.Subject) { // our words, not theirs
		return petition.OtherIntent, nil, nil
	}
	switch {
	case s.found[catWithdraw] > 0:
		return petition.Withdraw, nil, nil
	case s.found[catCorrect] > 0:
		return petition.Correction, nil, nil
	case s.found[catDecline] > 0 || s.negated > 0:
		return petition.Decline, nil, nil
	case s.questions > 0:
		return petition.Question, nil, nil
	case s.found[catUndecided] > 0 || s.conditions > 0:
		return petition.Conditional, nil, nil
	case s.found[catSign]+s.found[catRequest] > 0:
		return petition.SignOn, nil, nil
	}
	return petition.OtherIntent, nil, nil
}

// realQuestion leaves out a "could you add us?", which asks for nothing else.
func (c *mailCase) realQuestion() bool {
	p := c.body
	asks := p.asks()
	polite, request := map[int32]bool{}, map[int32]bool{}
	opened := map[int32]bool{}
	for _, h := range p.hits {
		switch h.category {
		case catRequest, catWithdraw, catCorrect:
			request[p.toks[h.a].sentence] = true
		case catSign:
			polite[p.toks[h.a].sentence] = true
		case catQuestion:
			sentence := p.toks[h.a].sentence
			opened[sentence] = opened[sentence] || p.opens(h, asks)
		}
	}
	for sentence := range asks {
		if !request[sentence] && (!polite[sentence] || opened[sentence]) {
			return true
		}
	}
	for sentence := range opened {
		if !request[sentence] {
			return true
		}
	}
	return false
}

// spam asks for two different marks of mass mail, or one together with a
// header's word for it, and for nobody saying "we sign".
func (c *mailCase) spam(s, subject *signals) bool {
	n := s.found[catSpam] + subject.found[catSpam]
	if c.origin.SpamFlagged || c.origin.Automatic.Kind == petition.AutoList {
		n++
	}
	return n >= 2 && s.found[catSpam] > 0
}
