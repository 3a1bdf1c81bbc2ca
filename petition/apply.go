package petition

import (
	"fmt"
	"slices"
	"time"
)

// ReversibleFor is how long a signer may take back a removal or withdrawal (U12).
const ReversibleFor = 7 * 24 * time.Hour

// Apply carries one event onto the endorsement. Folding all events that are not
// undone over the endorsement's base gives its present state: see Fold.
func Apply(e *Endorsement, ev Event) error {
	switch ev.Kind {
	case EventSubmitted, EventCorrected, EventEdited:
		e.Versions = append(e.Versions, newVersion(e, ev))
	case EventWithdrawn:
		e.WithdrawnAt = ev.At
	case EventReinstated:
		e.WithdrawnAt = time.Time{}
		restore(e)
	case EventHidden:
		e.HiddenAt = ev.At
	case EventShown:
		e.HiddenAt = time.Time{}
	case EventReleased:
		e.OnHold = ""
	case EventListed:
		e.Number = ev.Number
		if e.ListedAt.IsZero() {
			e.ListedAt = ev.At
		}
	case EventSuggested:
		e.DuplicateOf = ev.OtherID
	case EventErasing:
		e.ErasingAt = ev.At
	case EventKept:
		e.ErasingAt = time.Time{}
	case EventErased:
		e.ErasingAt = time.Time{}
		erase(e)
	case EventAsked, EventAnswered, EventSignedAgain, EventNote, EventUndone:
	default:
		return decideVersion(e, ev)
	}
	e.Revision++
	return nil
}

// decideVersion carries an event that concerns one version.
func decideVersion(e *Endorsement, ev Event) error {
	v := e.Version(ev.Version)
	if v == nil {
		return fmt.Errorf("event %s: endorsement %d has no version %d", ev.Kind, e.ID, ev.Version)
	}
	verify := func(state Verification) { v.Verification, v.VerifiedAt, v.Confirmer = state, ev.At, ev.Who }
	review := func(state Review) {
		v.Review, v.ReviewedAt, v.ReviewedBy, v.Reason = state, ev.At, ev.OrganizerID, ev.Why
	}
	switch ev.Kind {
	case EventConfirmed:
		verify(Confirmed)
		if ev.TextVersion > 0 {
			v.TextVersion, v.TextLanguage = ev.TextVersion, ev.TextLanguage
		}
	case EventUndecided:
		verify(Undecided)
	case EventDisputed:
		verify(Disputed)
	case EventUnreached:
		verify(Unreachable)
	case EventExpired:
		verify(Expired)
	case EventRefused:
		e.WithdrawnAt = ev.At
	case EventApproved:
		review(Approved)
	case EventDeclined:
		review(Declined)
	default:
		return fmt.Errorf("unknown event %q", ev.Kind)
	}
	e.Revision++
	return nil
}

// newVersion makes the version that the event brings. An organizer's change of
// case, accent or typo keeps the signer's proof; everything else asks again. An
// edit is by an organizer, so it keeps the review that stood.
func newVersion(e *Endorsement, ev Event) Version {
	v := Version{
		N: len(e.Versions) + 1, Fields: ev.Fields, Channel: ev.Channel, MailID: ev.MailID, CreatedAt: ev.At,
		TextVersion: ev.TextVersion, TextLanguage: ev.TextLanguage, Verification: Awaiting, Review: Pending,
	}
	if len(e.Versions) == 0 {
		return v
	}
	old := e.Current()
	if v.TextVersion == 0 {
		v.TextVersion, v.TextLanguage = old.TextVersion, old.TextLanguage
	}
	switch {
	case ev.Verification != "":
		v.Verification = ev.Verification
	case old.Verification == Undecided:
		v.Verification, v.VerifiedAt = Undecided, old.VerifiedAt
	}
	if ev.Kind == EventEdited {
		v.Review, v.ReviewedAt, v.ReviewedBy, v.Reason = old.Review, old.ReviewedAt, old.ReviewedBy, old.Reason
		if old.Verification == Confirmed && CarriesOver(old.Fields, v.Fields) {
			v.Verification, v.VerifiedAt, v.Confirmer = Confirmed, old.VerifiedAt, old.Confirmer
		}
	}
	return v
}

// restore takes back what a NO or "this was not me" did to the newest version.
func restore(e *Endorsement) {
	if v := e.Current(); v.Verification == Disputed {
		v.Verification, v.VerifiedAt, v.Confirmer = Awaiting, time.Time{}, Person{}
	}
}

// Fold rebuilds an endorsement from its base and its history, leaving out the
// events that a later event undid. It is what undo means: nothing is computed backwards.
func Fold(base Endorsement, events []Event) (Endorsement, error) {
	undone := make(map[int64]bool)
	for _, event := range slices.Backward(events) {
		if ev := event; ev.Kind == EventUndone && !undone[ev.ID] {
			undone[ev.Undoes] = true
		}
	}
	e := base
	e.Versions, e.WithdrawnAt, e.HiddenAt, e.ErasingAt, e.Revision = nil, time.Time{}, time.Time{}, time.Time{}, 0
	for _, ev := range events {
		if undone[ev.ID] {
			e.Revision++
			continue
		}
		if err := Apply(&e, ev); err != nil {
			return Endorsement{}, err
		}
	}
	return e, nil
}
