package petition

import (
	"slices"
	"strings"
)

// yes confirms what the notice shows, each version as it stands (R28, R29).
func (d *decision) yes() {
	switch {
	case len(d.Shown) == 0:
		d.yesToNothing()
	case !d.Asked.Kind.asksForYes():
		d.yesToOther()
	case d.namesSome():
		d.person(TaskUnclear, "An answer to several lines that names only some of them.")
	case !d.proven():
		d.unprovenYes()
	case !d.Campaign.AcceptsConfirmation(d.Mail.Received) && slices.ContainsFunc(d.Shown, func(e *Endorsement) bool { return !e.Accepted() }):
		d.tooLate(versionsOf(d.Shown))
	case d.Mail.Reading.Has(Correction) && len(d.Mail.Reading.Organizations) > 0:
		d.yesWithChange()
	default:
		d.confirmShown()
	}
}

// countWrongCode counts codes that were tried in the name of the address asked and are
// wrong, and tells a person once that somebody may be guessing.
func (d *decision) countWrongCode() {
	switch d.Mail.Reading.Intent {
	case VerifyYes, VerifyNo, Withdraw, Correction:
	default:
		if d.Mail.Reading.Wants == "" {
			return // nothing that a code would prove
		}
	}
	if d.Asked == nil || d.CodeOpens || len(d.Mail.Codes) == 0 || CanonicalAddress(d.Asked.To) != d.Mail.From() {
		return
	}
	d.out.WrongCode = d.Asked.ID
	if d.Asked.CodeTries+1 == wrongCodes {
		d.urgent(TaskUnproven, 0, "Several answers from this address held a wrong code. Somebody may be guessing it.")
	}
}

// asksForYes reports whether an answer to such a notice can be a yes to what it shows.
// The others go to whoever wrote, or ask something else: an acknowledgement also goes
// to a stranger who only knows a reference (R38), and a yes to an organizer's question
// or to "was it you who withdrew?" is no signature (trap 1).
func (k NoticeKind) asksForYes() bool {
	switch k {
	case NoticeRequest, NoticeReminder, NoticeWaiting, NoticeNote, NoticeCorrected, NoticeUseLink, NoticeNewLink:
		return true
	default:
		return false
	}
}

// namesSome reports whether the answer names some of several shown lines and not all:
// then it is not about all of them (U23).
func (d *decision) namesSome() bool {
	text, n := " "+FoldName(d.Mail.NewText)+" ", 0
	for _, e := range d.Shown {
		if strings.Contains(text, " "+FoldName(e.Current().Fields.Name)+" ") {
			n++
		}
	}
	return n > 0 && n < len(d.Shown)
}

// yesToOther is a yes to a notice that asked for none. It changes nothing.
func (d *decision) yesToOther() {
	done := d.fromContact(d.Shown) && !d.Mail.Reading.Has(Correction) &&
		!slices.ContainsFunc(d.Shown, func(e *Endorsement) bool { return e.Gone() || e.Current().Verification != Confirmed })
	if done && (d.Asked.Kind == NoticeReceived || d.Asked.Kind == NoticeListed || d.Asked.Kind == NoticeAlready) {
		d.answerShowing(DispSignedAgain, NoticeAlready, versionsOf(d.Shown))
		return
	}
	d.person(TaskUnclear, "A yes to a mail of ours that did not ask for one. Nothing was changed.")
}

// tooLate keeps what came after the grace for an organizer (U06).
func (d *decision) tooLate(shows []Shown) {
	d.task(TaskLate, shows[0].EndorsementID, "The answer came after the deadline.")
	d.answerShowing(DispLate, NoticeTooLate, shows)
}

// yesToNothing is a yes whose question we cannot find. If we wait for this
// address, it gets the request anew, code and all.
func (d *decision) yesToNothing() {
	var waiting []Shown
	for _, e := range d.Own {
		if s := e.State(); s == StateAwaiting || s == StateUndecided {
			waiting = append(waiting, Shown{e.ID, e.Current().N})
		}
	}
	switch {
	case len(waiting) > 0 && !d.Campaign.AcceptsConfirmation(d.Mail.Received):
		d.tooLate(waiting)
		return
	case len(waiting) > 0:
		d.answerShowing(DispProveFirst, NoticeUseLink, waiting)
		return
	}
	d.person(TaskUnclear, "A yes, but to no question of ours that we know of.")
}

// unprovenYes changes nothing. The writer, if it is the address that we asked, is
// shown the page; anybody else's yes goes to a person, unless the organization's
// own domain vouches for it where the asked person left the decision to others.
func (d *decision) unprovenYes() {
	if d.fromContact(d.Shown) {
		d.answerShowing(DispProveFirst, NoticeUseLink, versionsOf(d.Shown))
		return
	}
	waiting := !slices.ContainsFunc(d.Shown, func(e *Endorsement) bool { return e.State() != StateUndecided || !d.fromDomain(e) })
	if waiting && !d.Mail.Reading.Has(Correction) && d.signsThisReply(d.Mail.Origin.Authentication) {
		if !d.Campaign.AcceptsConfirmation(d.Mail.Received) && slices.ContainsFunc(d.Shown, func(e *Endorsement) bool { return !e.Accepted() }) {
			d.person(TaskLate, "A colleague's yes came after the deadline.")
			return
		}
		d.confirmShown()
		return
	}
	d.person(TaskUnclear, "A yes from another address than the one we asked. Nothing was changed.")
}

func (d *decision) confirmShown() {
	var confirmed, already, renewed []Shown
	for i, e := range d.Shown {
		now := e.Current()
		state := e.State()
		switch {
		case state == StateWithdrawn || state == StateDeclined:
			d.task(TaskUnclear, e.ID, "A yes to a signature that was withdrawn or declined.")
		case now.Verification == Confirmed:
			already = append(already, Shown{e.ID, now.N})
		case i < len(d.Asked.Shows) && d.Asked.Shows[i].Version != now.N:
			renewed = append(renewed, Shown{e.ID, now.N}) // edited since: asked anew with the line as it is (U12)
		default:
			d.confirm(e, now.N)
			confirmed = append(confirmed, Shown{e.ID, now.N})
		}
	}
	switch {
	case len(renewed) > 0:
		d.answerShowing(DispProveFirst, NoticeRequest, renewed)
	case len(confirmed) > 0:
		d.answerConfirmed(confirmed)
	case len(already) > 0:
		d.answerShowing(DispSignedAgain, NoticeAlready, already)
	default:
		d.answer(DispPerson, NoticeAcknowledge, nil)
	}
}

// confirm records the signer's yes and, where the campaign lists by itself, the approval.
func (d *decision) confirm(e *Endorsement, version int) {
	ev := d.newEvent(e.ID, EventConfirmed, version)
	ev.Channel = ByReply
	ev.Who = Person{Name: CleanLine(d.Mail.FromName(), 120), Address: d.Mail.From()}
	d.out.Events = append(d.out.Events, ev)
	if listsByItself(d.Campaign, e) {
		d.out.Events = append(d.out.Events, approval(e.ID, version, d.Now))
	}
}

// answerConfirmed queues "we have your answer", unless the line is listed at once:
// then "on the list" is the answer, and Settle writes it.
func (d *decision) answerConfirmed(confirmed []Shown) {
	if allListed(d.Campaign, d.Shown, confirmed) {
		d.out.Disposition, d.out.Silence = DispConfirmed, Answered
		return
	}
	d.answerShowing(DispConfirmed, NoticeReceived, confirmed, func(n *Notice) { n.DueAt = d.Now.Add(receivedDelay) })
}

// yesWithChange is a yes that corrects the line: the changed line is confirmed in
// the same breath, and the organizer sees the difference once (U05).
func (d *decision) yesWithChange() {
	e := d.Shown[0]
	if len(d.Shown) > 1 || len(d.Mail.Reading.Organizations) > 1 {
		d.person(TaskUnclear, "A yes with changes to more than one organization.")
		return
	}
	if s := e.State(); s == StateWithdrawn || s == StateDeclined {
		d.person(TaskUnclear, "A yes with changes to a signature that was withdrawn or declined.")
		return
	}
	version := e.Current().N + 1
	d.change(e, d.changed(e))
	d.confirm(&Endorsement{ID: e.ID, Confidence: Low}, version) // a changed line is always reviewed
	d.answerShowing(DispConfirmed, NoticeCorrected, []Shown{{e.ID, version}}, before(e, false))
}
