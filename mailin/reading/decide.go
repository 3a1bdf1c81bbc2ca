package reading

import (
	"strings"

	"countersign/mailin/message"
	"countersign/petition"
)

// decide fills the reading of a mail that a person wrote.
func (c *mailCase) decide(out *petition.Reading) {
	if inner := c.forwarded(); inner != nil {
		c.readForwarded(out, inner)
		return
	}
	s, subject := weigh(c.body), weigh(c.subject)
	if c.readAnswer(out, s) {
		c.finish(out, nil)
		return
	}
	forms := c.forms()
	intent, also, evidence := c.intent(s, subject, hasOrganization(forms))
	if c.foreign(intent) {
		return
	}
	out.Intent = intent
	out.Also = append(out.Also, also...)
	if evidence != nil {
		out.Evidence = append(out.Evidence, c.body.evidence("intent", int(evidence.a), int(evidence.b)))
	}
	out.Undecided = intent == petition.Conditional && s.found[catUndecided] > 0
	if intent == petition.OtherIntent {
		c.silent(out, s, subject)
	}
	switch out.Intent {
	case petition.SignOn, petition.Withdraw, petition.Correction, petition.Conditional:
		c.act(out, s, forms)
	}
	c.finish(out, forms)
}

// act fills who acts for whom.
func (c *mailCase) act(out *petition.Reading, s *signals, forms []record) {
	names := c.organizations(out.Intent, forms)
	people := c.people(forms, names)
	for i := range people {
		out.Signatories = append(out.Signatories, people[i].signatory())
	}
	if s.found[catIndividual] > 0 && !hasOrganization(forms) {
		if len(people) > 0 {
			q := people[0]
			out.Organizations = append(out.Organizations, petition.Claim{Name: q.name().text(), Kind: petition.KindIndividual, Evidence: []petition.Evidence{q.name().evidence("name")}})
		}
		out.Confidence = petition.Medium
		return
	}
	c.website(names, forms, out)
	out.Confidence = c.confidence(out, names, s)
	if len(names) == 0 {
		out.Missing = "organization"
		if len(c.m.Attachments) > 0 && len(c.body.toks) < 30 {
			out.Missing = "attachment"
		}
		return
	}
	for _, n := range c.shapes(c.body) {
		if len(out.Candidates) < 5 && !claimed(out.Organizations, n.text) {
			out.Candidates = append(out.Candidates, n.text)
		}
	}
}

func claimed(claims []petition.Claim, text string) bool {
	for _, o := range claims {
		if strings.Contains(o.Name, text) {
			return true
		}
	}
	return false
}

// website adds the claims, with the website where one form or one name has it.
func (c *mailCase) website(names []name, forms []record, out *petition.Reading) {
	for i := range names {
		if len(names) == 1 {
			c.locate(&names[i])
		}
		claim := names[i].claim()
		claim.Evidence = append(claim.Evidence, names[i].where...)
		if names[i].page.source == "" { // a file's name is no text of the mail
			claim.Evidence = []petition.Evidence{}
		}
		for k := range forms {
			f := &forms[k]
			if f.website.empty() || !f.organization.empty() && f.organization.a > names[i].a || len(names) > 1 && f.organization.a != names[i].a {
				continue
			}
			claim.Website = f.website.text()
			claim.Evidence = append(claim.Evidence, f.website.evidence("website"))
		}
		out.Organizations = append(out.Organizations, claim)
	}
}

// confidence is high only for one organization, plainly named, in a plain mail.
func (c *mailCase) confidence(out *petition.Reading, names []name, s *signals) petition.Confidence {
	if len(names) == 0 || names[0].strength <= fromAttachment || len(c.m.Header.From) != 1 {
		return petition.Low
	}
	n := &names[0]
	plain := len(names) == 1 && len(out.Also) == 0 && !out.Unclear && s.questions == 0 && len(c.origin.Oddities) == 0 && !c.m.Beyond && len(c.m.Defects) == 0
	telling := n.strength == fromLabel || n.strength == fromPhrase && n.page.organizational(n.a, n.b) && c.corroborated(n)
	if plain && telling && out.Intent != petition.Conditional && s.found[catMention] == 0 {
		return petition.High
	}
	return petition.Medium
}

// corroborated reports that a telling word of the name stands in the subject,
// the signature, the sender's name or domain as well, and that the name neither
// begins with a common noun nor breaks off at a dash.
func (c *mailCase) corroborated(n *name) bool {
	p := n.page
	if p.has(n.a, 1<<catGeneric) || n.b < len(p.toks) && strings.ContainsRune("-–—", p.toks[n.b].mark) && p.toks[n.b].mark != 0 {
		return false
	}
	_, domain, _ := strings.Cut(c.m.Header.From[0].Address, "@")
	domain = strings.ToLower(domain)
	elsewhere := map[string]bool{}
	for _, q := range []*page{c.subject, c.sig, c.from} {
		for i := range q.toks {
			elsewhere[q.word(i)] = true
		}
	}
	for i := n.a; i < n.b; i++ {
		t := &p.toks[i]
		if t.mark != 0 || t.apart || p.stop(i) || p.connector(i) || p.has(i, 1<<catNoun|1<<catGeneric|1<<catLegalForm) {
			continue
		}
		if word := p.word(i); elsewhere[word] || len(word) > 4 && strings.Contains(domain, word) {
			return true
		}
	}
	return false
}

// silent is for a mail whose text says nothing that we know: one that hands in
// a form, or that gives a name and an office in answer to the call.
func (c *mailCase) silent(out *petition.Reading, s, subject *signals) {
	attached := s.found[catAttached] > 0 || len(c.body.toks) < 3 && len(c.m.Attachments) > 0
	if attached && len(c.inAttachments()) > 0 {
		out.Intent = petition.SignOn
		return
	}
	if s.questions > 0 || len(c.body.toks) > 80 {
		return
	}
	if names := c.slots(c.body, bit(catSigner)); len(names) > 0 && (attached || s.found[catPerson] > 0) {
		out.Intent = petition.SignOn
		return
	}
	called := c.reply || s.found[catMention] == 0 || subject.found[catSign]+subject.found[catRequest] > 0
	if names := c.shapes(c.body); called && len(names) > 0 && c.officer() {
		out.Intent = petition.SignOn
	}
}

// officer reports that the text names an office.
func (c *mailCase) officer() bool {
	for _, h := range c.body.hits {
		if h.category == catTitle {
			return true
		}
	}
	return false
}

// forms reads labelled lines from the text, then from text attachments.
func (c *mailCase) forms() []record {
	forms := records(c.body)
	if hasOrganization(forms) {
		return forms
	}
	for i, a := range c.m.Attachments {
		if a.Text == "" || i >= 20 {
			continue
		}
		p := c.r.lex.newPage(attachmentSource(i), a.Text)
		p.choose(c.body.active)
		p.lowercase = c.body.lowercase
		if more := records(p); hasOrganization(more) {
			return more
		}
	}
	return forms
}

func attachmentSource(i int) petition.Source {
	digits := "0123456789"
	if i < 10 {
		return petition.Source("attachment:" + digits[i:i+1])
	}
	return petition.Source("attachment:" + digits[i/10:i/10+1] + digits[i%10:i%10+1])
}

func hasOrganization(forms []record) bool {
	for i := range forms {
		if !forms[i].organization.empty() {
			return true
		}
	}
	return false
}

// forwarded is the mail inside, where this one only hands it on (R19).
func (c *mailCase) forwarded() *message.Message {
	var inner *message.Message
	switch {
	case len(c.m.Forwarded) > 0:
		inner = c.m.Forwarded[0]
	case len(c.m.Attached) > 0:
		inner = c.m.Attached[0]
	default:
		return nil
	}
	if inner == nil {
		return nil
	}
	for _, from := range inner.Header.From {
		for _, own := range c.hints.OwnAddresses {
			if strings.EqualFold(from.Address, own) {
				return nil // our own call, handed back
			}
		}
	}
	s := weigh(c.body)
	if s.found[catSign]+s.found[catRequest]+s.found[catWithdraw]+s.found[catCorrect]+s.found[catYes]+s.found[catConfirm]+s.found[catNo]+s.found[catUndecided]+s.found[catDecline] > 0 || hasOrganization(records(c.body)) {
		if s.found[catForward]+s.found[catAttached] == 0 {
			return nil
		}
	}
	return inner
}

// readForwarded reads the inner mail. The writer is not the signer, so nothing
// is sure; evidence is left out, because it would point into a text that is
// none of this mail's sources.
func (c *mailCase) readForwarded(out *petition.Reading, inner *message.Message) {
	shallow := *inner
	if len(shallow.Forwarded) > 0 && shallow.Forwarded[0] == inner {
		shallow.Forwarded = nil
	}
	hints := c.hints
	r := petition.Reading{Also: []petition.Intent{}, Organizations: []petition.Claim{}, Signatories: []petition.Signatory{}, Candidates: []string{}, Evidence: []petition.Evidence{}, Intent: petition.OtherIntent, Confidence: petition.Low}
	ic := c.r.newCase(&shallow, petition.Origin{}, hints)
	ic.m.Forwarded, ic.m.Attached = nil, nil
	ic.decide(&r)
	for i := range r.Organizations {
		r.Organizations[i].Evidence = []petition.Evidence{}
	}
	for i := range r.Signatories {
		r.Signatories[i].Evidence = []petition.Evidence{}
	}
	out.Language, out.Forwarded = ic.language(), true
	out.Intent, out.Also, out.Organizations, out.Signatories = r.Intent, r.Also, r.Organizations, r.Signatories
	out.Candidates, out.Missing, out.Undecided, out.Unclear = r.Candidates, r.Missing, r.Undecided, r.Unclear
	out.ContactEmail = r.ContactEmail
	switch out.Intent {
	case petition.VerifyYes, petition.VerifyNo: // somebody else's answer is nobody's
		out.Intent, out.Unclear = petition.OtherIntent, true
	}
	out.Confidence = petition.Medium
	if r.Confidence == petition.Low || r.Missing != "" {
		out.Confidence = petition.Low
	}
}

// finish sets the contact: what a form names, else the sender.
func (c *mailCase) finish(out *petition.Reading, forms []record) {
	if out.Intent == petition.Spam || out.Intent == petition.AutoReply {
		return
	}
	for i := range forms {
		if text := forms[i].email.text(); strings.Contains(text, "@") {
			out.ContactEmail = strings.ReplaceAll(text, " ", "")
			return
		}
	}
	if len(c.m.Header.From) == 1 {
		out.ContactEmail = c.m.Header.From[0].Address
	}
	switch out.Intent {
	case petition.Question, petition.SupportOnly, petition.Decline:
		out.Confidence = petition.Medium
	}
}

// signsToo tells "yes, we want to sign" out of the blue from an answer.
func (c *mailCase) signsToo(s *signals) bool {
	return s.found[catSign]+s.found[catRequest]+s.found[catSigner] > 0
}
