package petition

import "slices"

// data settles a mail that asks to see or to have erased what we keep of its writer,
// with the same proof as a yes (R60), and reports whether it did. Beside another
// wish it is a person's.
func (d *decision) data() bool {
	wants := d.Mail.Reading.Wants
	if wants != PurposeSee && wants != PurposeErase {
		return false
	}
	switch d.Mail.Reading.Intent {
	case OtherIntent, Question:
	case Withdraw:
		if wants == PurposeSee {
			return false
		}
	default:
		d.task(TaskQuestion, 0, "The mail also asks about the data that we keep of its writer.")
		return false
	}
	targets := d.kept()
	switch {
	case len(targets) == 0:
		d.person(TaskUnclear, "Somebody asks about the data that we keep of them, and we find no signature of this address.")
	case d.namesSome():
		d.person(TaskUnclear, "A question about our data that names only some of the lines it answers.")
	case !d.fromContact(targets):
		for _, e := range targets {
			d.proveTo(e, wants)
		}
		d.person(TaskUnclear, "Somebody else than the signer asks about the data that we keep of the signer.")
	case !d.proven() || len(d.Shown) == 0:
		d.answerShowing(DispProveFirst, NoticeProveLink, versionsOf(targets), purpose(wants))
	case wants == PurposeSee:
		d.answerShowing(DispData, NoticeData, versionsOf(targets))
	default:
		d.eraseKept(targets)
	}
	return true
}

// kept are the endorsements of which we keep persons: those that the answered mail
// shows, else the sender's own.
func (d *decision) kept() []*Endorsement {
	return slices.DeleteFunc(slices.Clone(d.asShown()), func(e *Endorsement) bool { return e.erased() })
}

// eraseKept does what the signer's page does, and withdraws where that is asked in the same breath.
func (d *decision) eraseKept(targets []*Endorsement) {
	for _, e := range targets {
		if d.Mail.Reading.Intent == Withdraw && !e.Gone() {
			d.event(e.ID, EventWithdrawn, e.Current().N)
		}
		if e.ErasingAt.IsZero() {
			d.event(e.ID, EventErasing, e.Current().N)
		}
	}
	d.answerShowing(DispData, NoticeErasing, versionsOf(targets))
}
