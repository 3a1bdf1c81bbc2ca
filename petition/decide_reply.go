package petition

import (
	"slices"
	"strings"
)

// proven reports whether the mail proves that the owner of the address that
// Asked went to means it (DESIGN of the proof: docs/rules.md, R28): From is that
// address, the notice is current, and either its domain vouches for this very
// reply, or nothing can be authenticated and the text holds the printed code.
func (d *decision) proven() bool {
	n := d.Asked
	if n == nil || CanonicalAddress(n.To) != d.Mail.From() || !n.ExpiresAt.IsZero() && d.Mail.Received.After(n.ExpiresAt) {
		return false
	}
	for i, e := range d.Shown {
		if i < len(n.Shows) && !e.Asks(n.To, n.Shows[i].Version) {
			return false
		}
	}
	a := d.Mail.Origin.Authentication
	switch a.Proof() {
	case AlignedPass:
		return d.signsThisReply(a)
	case ProofNone, TempError:
		return d.codeCounts()
	case ProofFail:
	}
	return false
}

// Wrong codes never take the right one from its owner: whoever can forge the address
// could end the code of every request otherwise. What guessing gains is bounded by the
// mails that a mailbox takes. A code has 60 bits. At 100 mails a second for all 30 days
// of a request's life, 2.6e8 mails or 2^28, each with at most maxCodes (20) codes, one
// notice sees 2^32.3 guesses: the odds of one hit are 2^-27.7, 1 in 200 million. A mail
// without a reference is held against at most 200 notices of its sender: 1 in a million
// for any of them. And after wrongCodes wrong ones a mail may hold no more than
// codesThen codes to count (2^-30.5, 1 in 1,400 million), and a person is told. The sender
// is the address asked in any case; from which network a mail came, IMAP does not tell (U10).
const (
	wrongCodes = 10
	codesThen  = 3
)

// codeCounts reports whether the printed code in the text is proof: it is the right
// one, and, where others were tried before it, not one of many.
func (d *decision) codeCounts() bool {
	return d.CodeOpens && (d.Asked.CodeTries < wrongCodes || len(d.Mail.Codes) <= codesThen)
}

// signsThisReply guards against a replay of a signed mail: by DKIM alone, the field
// that carries the reference must be signed and Date be recent; any other field that
// is signed says nothing of this reply. A domain that passes
// by the receiving server's SPF needs neither. The secret code in the text serves
// as well, since a body is always signed.
func (d *decision) signsThisReply(a Authentication) bool {
	if a.SPF == "pass" {
		return true
	}
	age := d.Mail.Received.Sub(d.Mail.Header.Date)
	if d.Mail.Header.Date.IsZero() || age > replayWindow || age < -replayWindow {
		return false
	}
	if d.codeCounts() {
		return true
	}
	for _, s := range a.DKIM {
		if s.Result != "pass" || OrganizationalDomain(s.Domain) != OrganizationalDomain(Domain(d.Mail.From())) {
			continue
		}
		if slices.ContainsFunc(d.Mail.References, func(r Reference) bool { return r.Notice == d.Asked.ID && slices.Contains(s.Headers, r.Where) }) {
			return true
		}
	}
	return false
}

// asShown is what the mail speaks of: what the notice it answers shows, else the
// sender's own endorsements.
func (d *decision) asShown() []*Endorsement {
	if len(d.Shown) > 0 {
		return d.Shown
	}
	return d.Own
}

// fromContact reports whether the sender is the contact of all of them.
func (d *decision) fromContact(es []*Endorsement) bool {
	return !slices.ContainsFunc(es, func(e *Endorsement) bool { return CanonicalAddress(e.Current().Fields.Contact) != d.Mail.From() })
}

// fromDomain reports whether the sender is proven to belong to the endorsement's
// organization: same domain, aligned, and not everybody's (trap 1, trap 2).
func (d *decision) fromDomain(e *Endorsement) bool {
	own := OrganizationalDomain(Domain(e.Current().Fields.Contact))
	from := OrganizationalDomain(Domain(d.Mail.From()))
	return own == from && !IsFreeMail(from) && d.Mail.Origin.Authentication.Proof() == AlignedPass
}

// no closes what was asked; nothing was published and nothing will be.
func (d *decision) no() {
	if len(d.Shown) == 0 && d.Mail.Reading.Intent == Decline {
		d.answer(DispThanked, NoticeThanks, nil)
		return
	}
	if len(d.Shown) == 0 {
		d.person(TaskUnclear, "A no, but to no question of ours that we know of.")
		return
	}
	if k := d.Asked.Kind; !k.asksForYes() && k != NoticeReceived && k != NoticeListed {
		d.person(TaskUnclear, "A no to a mail of ours that did not ask for a yes. Nothing was changed.")
		return
	}
	if d.namesSome() {
		d.person(TaskUnclear, "An answer to several lines that names only some of them.")
		return
	}
	if !d.proven() {
		d.unprovenLeave()
		return
	}
	var closed []Shown
	for _, e := range d.Shown {
		switch e.State() {
		case StateAwaiting, StateUndecided:
			d.event(e.ID, EventRefused, e.Current().N)
			closed = append(closed, Shown{e.ID, e.Current().N})
		case StateConfirmed, StateListed:
			d.task(TaskDisputed, e.ID, "The signer confirmed before and now says no.")
		case StateNew, StateWithdrawn, StateDeclined:
		}
	}
	if len(closed) == 0 {
		d.answer(DispPerson, NoticeAcknowledge, nil)
		return
	}
	d.answerShowing(DispRefused, NoticeRefused, closed)
}

// withdraw takes a signature back, with the same proof as a yes (R60).
func (d *decision) withdraw() {
	targets := d.targets()
	switch {
	case len(targets) == 0:
		d.person(TaskUnclear, "Somebody wants to withdraw a signature that we cannot find.")
	case d.namesSome():
		d.person(TaskUnclear, "A withdrawal that names only some of the lines it answers.")
	case d.fromContact(targets) && d.proven() && len(d.Shown) > 0:
		for _, e := range targets {
			d.event(e.ID, EventWithdrawn, e.Current().N)
		}
		d.answerShowing(DispWithdrawn, NoticeWithdrawn, versionsOf(targets))
	default:
		d.unprovenLeave()
	}
}

// unprovenLeave is a no or a withdrawal without proof: nothing is taken down on
// the word of a stranger. The address on file gets a link; a proven colleague
// hides the line until an organizer has decided (trap 2).
func (d *decision) unprovenLeave() {
	targets := d.targets()
	if len(targets) == 0 {
		d.person(TaskUnclear, "We cannot find what this is about.")
		return
	}
	if d.fromContact(targets) {
		d.answerShowing(DispProveFirst, NoticeProveLink, versionsOf(targets), purpose(PurposeWithdraw))
		return
	}
	for _, e := range targets {
		if _, listed := e.Listed(); listed && d.fromDomain(e) {
			d.event(e.ID, EventHidden, e.Current().N)
		}
		d.proveTo(e, PurposeWithdraw)
		d.urgent(TaskDisputed, e.ID, "Somebody else than the signer wants this signature taken back.")
	}
	d.answer(DispProveFirst, NoticeAcknowledge, nil)
}

// proveTo sends a link for the purpose to the address on file, at most one a day.
func (d *decision) proveTo(e *Endorsement, p Purpose) {
	contact := e.Current().Fields.Contact
	if contact == "" || e.OnHold != "" { // held: whoever owns the address may never have written to us (R33)
		return
	}
	n := d.notice(NoticeProveLink, contact, []Shown{{e.ID, e.Current().N}})
	n.Locale, n.InReplyTo, n.References, n.Subject, n.MailID = e.Locale, "", nil, "", 0
	n.Details = Details{Purpose: p, CanReply: true}
	n.DedupeKey = proveKey(e.ID, p, d.Now)
	d.out.Notices = append(d.out.Notices, n)
}

// targets are the endorsements that a withdrawal or correction means.
func (d *decision) targets() []*Endorsement {
	live := func(es []*Endorsement) []*Endorsement {
		var out []*Endorsement
		for _, e := range es {
			if !e.Gone() && !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
		return out
	}
	if len(d.Shown) > 0 {
		return live(d.Shown) // gone already: the writer's other signatures are not meant
	}
	var named []*Endorsement
	for i, c := range d.Mail.Reading.Organizations {
		if i >= len(d.Same) {
			break
		}
		for _, name := range []string{c.Name, c.Replaces} {
			if twin := sameName(d.Same[i], Fields{Kind: KindOrganization, Name: name}); name != "" && twin != nil {
				named = append(named, twin)
			}
		}
	}
	if t := live(named); len(t) > 0 {
		return t
	}
	return live(d.Own)
}

// correct changes a line. What nobody has confirmed yet may be changed by its own
// address; what is confirmed needs the proof of a yes (R30, R60).
func (d *decision) correct() {
	targets := d.targets()
	if len(targets) != 1 || len(d.Mail.Reading.Organizations) > 1 || len(d.Mail.Reading.Organizations) == 0 {
		d.person(TaskUnclear, "A correction that a person must enter.")
		return
	}
	e := targets[0]
	f := d.changed(e)
	proven := d.proven() && len(d.Shown) > 0
	switch {
	case !d.fromContact(targets):
		d.proveTo(e, PurposeCorrect)
		d.person(TaskUnclear, "Somebody else than the signer wants this line changed.")
	case e.State() == StateDeclined:
		d.person(TaskUnclear, "A correction of a declined signature.")
	case f == e.Current().Fields:
		d.person(TaskUnclear, "A correction in which we find nothing new.")
	case e.Current().Verification != Confirmed && !d.Campaign.AcceptsConfirmation(d.Mail.Received):
		d.tooLate(versionsOf(targets))
	case proven || e.Current().Verification != Confirmed:
		d.corrected(e, f, proven)
	default:
		d.answerShowing(DispProveFirst, NoticeProveLink, versionsOf(targets), purpose(PurposeCorrect))
	}
}

func (d *decision) corrected(e *Endorsement, f Fields, proven bool) {
	version := e.Current().N + 1
	d.change(e, f)
	asks := true
	if proven && e.Current().Verification == Confirmed && CarriesOver(e.Current().Fields, f) {
		d.confirm(&Endorsement{ID: e.ID, Confidence: Low}, version)
		asks = false
	}
	d.answerShowing(DispCorrected, NoticeCorrected, []Shown{{e.ID, version}}, before(e, asks))
}

// before lets a notice show the line as it stood, and say whether the new one needs a yes.
func before(e *Endorsement, asks bool) func(*Notice) {
	v := e.Current().N
	return func(n *Notice) { n.Details.Before, n.Details.Asks = []Shown{{e.ID, v}}, asks }
}

func purpose(p Purpose) func(*Notice) { return func(n *Notice) { n.Details.Purpose = p } }

// changed is the line as the mail corrects it: what it does not name stays.
func (d *decision) changed(e *Endorsement) Fields {
	f := d.fields(d.Mail.Reading.Organizations[0])
	old := e.Current().Fields
	f.Kind = old.Kind
	if strings.TrimSpace(f.Name) == "" {
		f.Name = old.Name
	}
	f = f.or(old)
	f.Contact = old.Contact
	return f
}

func (d *decision) change(e *Endorsement, f Fields) {
	ev := d.newEvent(e.ID, EventCorrected, e.Current().N+1)
	ev.Fields, ev.Channel = f, ByReply
	d.out.Events = append(d.out.Events, ev)
}

func versionsOf(es []*Endorsement) []Shown {
	shown := make([]Shown, 0, len(es))
	for _, e := range es {
		shown = append(shown, Shown{e.ID, e.Current().N})
	}
	return shown
}
