package petition

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNotAllowed is for an act that the one who asks may not do, or that is no longer possible.
var ErrNotAllowed = errors.New("this is not possible here")

// Act turns one act of a signer on a page, of an organizer at the desk or of the
// clock into what is to be done. It is pure, like Decide, and its outcome is
// carried out in the same way. Acting twice changes nothing the second time.
//
// It returns ErrConflict when the page showed an older state or an older letter,
// and ErrNotAllowed when the act is not possible (any more).
func Act(s Situation, a Action) (Outcome, error) {
	act := action{Situation: s, Action: a}
	if len(a.Revisions) > 0 {
		for i, e := range s.Endorsements {
			if i < len(a.Revisions) && a.Revisions[i] != e.Revision {
				return Outcome{}, ErrConflict
			}
		}
	}
	if a.TaskID != 0 {
		act.out.DoneTasks = append(act.out.DoneTasks, a.TaskID)
	}
	err := act.do()
	return act.out, err
}

type action struct {
	Situation
	Action
	out Outcome
}

func (a *action) do() error {
	switch a.Kind {
	case ActConfirm:
		return a.confirm()
	case ActWait:
		return a.wait()
	case ActRemove:
		return a.remove()
	case ActReinstate:
		return a.reinstate()
	case ActCorrect:
		return a.correct()
	case ActWithdraw:
		return a.withdraw()
	case ActErase:
		return a.erase()
	case ActForget:
		a.forget()
		return nil
	case ActNewLink:
		a.newLink()
		return nil
	case ActRemind:
		a.remind()
		return nil
	case ActClosing:
		a.closing()
		return nil
	case ActExpire:
		a.expire()
		return nil
	case ActUnreachable:
		a.unreachable()
		return nil
	default:
		return a.desk()
	}
}

// each runs f on every endorsement, at least one.
func (a *action) each(f func(e *Endorsement) error) error {
	if len(a.Situation.Endorsements) == 0 {
		return ErrNotFound
	}
	for _, e := range a.Situation.Endorsements {
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

func (a *action) event(e *Endorsement, kind EventKind, version int) *Event {
	a.out.Events = append(a.out.Events, Event{
		EndorsementID: e.ID, At: a.Now, Kind: kind, Version: version, Who: a.Who, OrganizerID: a.OrganizerID,
		Channel: a.Channel, Why: a.Why, NoticeID: a.NoticeID, MailID: a.MailID,
	})
	return &a.out.Events[len(a.out.Events)-1]
}

func (a *action) task(kind TaskKind, e *Endorsement, why string) {
	a.out.Tasks = append(a.out.Tasks, Task{Kind: kind, CampaignID: e.CampaignID, EndorsementID: e.ID, NoticeID: a.NoticeID, Why: why, CreatedAt: a.Now})
}

// notice writes to the signers of the shown versions. The mail of the first
// request keeps the thread; key makes a second notice of the same act impossible.
func (a *action) notice(kind NoticeKind, to, locale, key string, shows []Shown) *Notice {
	a.out.Notices = append(a.out.Notices, Notice{
		Kind: kind, CampaignID: a.Campaign.ID, To: to, Locale: locale, DedupeKey: key, Shows: shows,
		QueuedAt: a.Now, DueAt: a.Now, ExpiresAt: expiry(a.Campaign, a.Rules, a.Now), State: NoticeDue, Details: Details{CanReply: true},
	})
	return &a.out.Notices[len(a.out.Notices)-1]
}

// confirm is the signer's yes on the page (R40: a deliberate POST).
func (a *action) confirm() error {
	if a.TextVersion != 0 && a.TextVersion != a.Campaign.TextVersion() {
		return ErrConflict
	}
	var confirmed []Shown
	err := a.each(func(e *Endorsement) error {
		switch {
		case e.Gone() || !e.ErasingAt.IsZero() || a.changes(e) && a.foreign(e) && (e.Current().Verification == Confirmed || !a.asked(e)):
			return ErrNotAllowed
		case e.Current().Verification == Confirmed && !a.changes(e):
			return nil
		case !e.Accepted() && !a.Campaign.AcceptsConfirmation(a.Now):
			a.event(e, EventNote, e.Current().N).Why = "confirmed after the list was closed"
			a.task(TaskLate, e, "The signer confirmed after the deadline.")
			return nil
		}
		version := e.Current().N
		if a.changes(e) {
			version++
			a.correction(e)
		}
		ev := a.event(e, EventConfirmed, version)
		ev.TextVersion, ev.TextLanguage = a.Campaign.TextVersion(), a.Campaign.Text(a.Language).Language
		if version == e.Current().N && listsByItself(a.Campaign, e) {
			a.out.Events = append(a.out.Events, approval(e.ID, version, a.Now))
		}
		confirmed = append(confirmed, Shown{e.ID, version})
		return nil
	})
	if err != nil || len(confirmed) == 0 || allListed(a.Campaign, a.Situation.Endorsements, confirmed) {
		return err
	}
	e := a.Situation.Endorsements[0]
	if to := e.Current().Fields.Contact; to != "" {
		n := a.notice(NoticeReceived, to, e.Locale, key("received", confirmed), confirmed)
		n.DueAt = a.Now.Add(receivedDelay)
	}
	return nil
}

// key names a notice by what it shows: "received:E12:v2".
func key(kind string, shows []Shown) string {
	for _, s := range shows {
		kind += fmt.Sprintf(":E%d:v%d", s.EndorsementID, s.Version)
	}
	return kind
}

// foreign reports whether somebody acts by a request's link on what has its signer's
// yes. A request is made to be forwarded, so its link may be in anybody's hands: it can
// give that first yes, and afterwards it only shows what stands. Whoever wants to change
// it gets the link of the own page, sent to the address on file (R60).
func (a *action) foreign(e *Endorsement) bool {
	return a.Travels && a.OrganizerID == 0 && e.WasConfirmed()
}

// asked reports whether the link was sent to show exactly the present version.
func (a *action) asked(e *Endorsement) bool {
	return a.Notice != nil && slices.Contains(a.Notice.Shows, Shown{e.ID, e.Current().N})
}

// changes reports whether the page sent fields that differ from the line.
func (a *action) changes(e *Endorsement) bool {
	return a.Fields.Name != "" && len(a.Situation.Endorsements) == 1 && a.merged(e) != e.Current().Fields
}

// merged is the line with what the page may change: all but kind and contact.
func (a *action) merged(e *Endorsement) Fields {
	f := a.Fields.Clean()
	old := e.Current().Fields
	f.Kind, f.Contact = old.Kind, old.Contact
	if f.Signatory == "" {
		f.Signatory, f.Title = old.Signatory, old.Title
	}
	return f
}

func (a *action) correction(e *Endorsement) {
	ev := a.event(e, EventCorrected, e.Current().N+1)
	ev.Fields, ev.TextVersion, ev.TextLanguage = a.merged(e), a.Campaign.TextVersion(), a.Campaign.Text(a.Language).Language
}

// wait leaves the decision to somebody else, whom the signer may name (U13).
func (a *action) wait() error {
	var shows []Shown
	to := CanonicalAddress(a.Address)
	err := a.each(func(e *Endorsement) error {
		if e.Gone() || !e.ErasingAt.IsZero() || e.Current().Verification == Confirmed {
			return ErrNotAllowed
		}
		if e.Current().Verification != Undecided {
			a.event(e, EventUndecided, e.Current().N)
		}
		if to != "" && to != e.Current().Fields.Contact {
			shows = append(shows, Shown{e.ID, e.Current().N})
		}
		return nil
	})
	if err != nil || len(shows) == 0 || !a.mayWriteTo(to) {
		return err
	}
	a.notice(NoticeRequest, to, a.Situation.Endorsements[0].Locale, key("second", shows)+":"+a.Now.UTC().Format("2006-01-02"), shows)
	return nil
}

// mayWriteTo reports whether an address that somebody typed may be asked: not ours,
// and no more often a day than others, whatever number of signatures name it. Whoever
// owns it has not written to us (R34).
func (a *action) mayWriteTo(to string) bool {
	if slices.Contains(a.Rules.Own, to) || slices.Contains(a.Rules.Own, WithoutPlus(to)) {
		return false
	}
	n := 0
	for _, r := range a.Recent {
		if r.Kind == NoticeRequest && r.MailID == 0 {
			n++
		}
	}
	return n < orDefault(a.Rules.PerAddress, defaultPerAddress)
}

// remove is "we did not ask for this": gone at once, and back within seven days if it was a slip (U12).
func (a *action) remove() error {
	return a.each(func(e *Endorsement) error {
		if e.Gone() {
			return nil
		}
		if a.foreign(e) {
			return ErrNotAllowed
		}
		if s := e.State(); s == StateListed || s == StateConfirmed {
			a.task(TaskDisputed, e, "Somebody with the signer's link says that they did not ask for this signature.")
		}
		ev := a.event(e, EventRefused, e.Current().N)
		ev.Why = "did not ask for this"
		a.tell(e, NoticeRemoved)
		return nil
	})
}

// tell writes to the address on file what has just happened to its endorsement.
func (a *action) tell(e *Endorsement, kind NoticeKind) *Notice {
	to := e.Current().Fields.Contact
	if to == "" {
		return &Notice{}
	}
	shows := []Shown{{e.ID, e.Current().N}}
	return a.notice(kind, to, e.Locale, key(string(kind), shows)+fmt.Sprintf(":r%d", e.Revision), shows)
}

// reinstate takes back what the signer did last: the wish to be erased, else the
// withdrawal or removal.
func (a *action) reinstate() error {
	if a.OrganizerID != 0 {
		if err := a.mayAct(); err != nil {
			return err
		}
	}
	return a.each(func(e *Endorsement) error {
		if a.foreign(e) {
			return ErrNotAllowed
		}
		if !e.ErasingAt.IsZero() {
			if a.OrganizerID == 0 && a.Now.Sub(e.ErasingAt) > ReversibleFor {
				return ErrNotAllowed
			}
			a.event(e, EventKept, e.Current().N)
			return nil
		}
		if e.WithdrawnAt.IsZero() {
			return nil
		}
		if a.OrganizerID == 0 && a.Now.Sub(e.WithdrawnAt) > ReversibleFor || e.Current().Fields.Name == "" { // a person who was erased
			return ErrNotAllowed
		}
		a.event(e, EventReinstated, e.Current().N)
		return nil
	})
}

// correct is a change by the signer on the page that only the mailbox's owner can
// open: it is confirmed by being made; an organizer sees the difference.
func (a *action) correct() error {
	return a.each(func(e *Endorsement) error {
		if e.Gone() || !e.ErasingAt.IsZero() || a.foreign(e) {
			return ErrNotAllowed
		}
		if !a.changes(e) {
			return nil
		}
		version := e.Current().N + 1
		a.correction(e)
		if e.Current().Verification == Confirmed {
			a.event(e, EventConfirmed, version)
		}
		shows := []Shown{{e.ID, version}}
		if to := e.Current().Fields.Contact; to != "" {
			n := a.notice(NoticeCorrected, to, e.Locale, key("corrected", shows), shows)
			n.Details.Before, n.Details.Asks = []Shown{{e.ID, version - 1}}, e.Current().Verification != Confirmed
		}
		return nil
	})
}

func (a *action) withdraw() error {
	if a.OrganizerID != 0 {
		if err := a.mayAct(); err != nil {
			return err
		}
	}
	return a.each(func(e *Endorsement) error {
		if !e.WithdrawnAt.IsZero() {
			return nil
		}
		if a.foreign(e) {
			return ErrNotAllowed
		}
		a.event(e, EventWithdrawn, e.Current().N)
		a.tell(e, NoticeWithdrawn)
		return nil
	})
}

// newLink sends once more what the address can open: the request, where a yes is
// still missing, and the own page of what stands or can still be taken back. The
// page says the same whether anything is known or not.
func (a *action) newLink() {
	var asking, own []Shown
	locale := ""
	for _, e := range a.Situation.Endorsements {
		if CanonicalAddress(e.Current().Fields.Contact) != CanonicalAddress(a.Address) {
			continue
		}
		shown := Shown{e.ID, e.Current().N}
		switch e.State() {
		case StateAwaiting, StateUndecided:
			if e.OnHold != "" { // its sender may be forged: the address's owner may never have written to us (R33)
				continue
			}
			asking = append(asking, shown)
		case StateConfirmed, StateListed, StateDeclined:
			own = append(own, shown)
		case StateWithdrawn:
			if e.ErasingAt.IsZero() && a.Now.Sub(e.WithdrawnAt) > ReversibleFor {
				continue
			}
			own = append(own, shown)
		case StateNew:
			continue
		}
		locale = e.Locale
	}
	for _, shows := range [][]Shown{asking, own} {
		if len(shows) > 0 && a.linksSent(shows) < orDefault(a.Rules.PerAddress, defaultPerAddress) {
			a.notice(NoticeNewLink, CanonicalAddress(a.Address), locale, key("new_link", shows)+fmt.Sprintf(":%d", a.Now.UnixMicro()), shows)
		}
	}
}

// linksSent counts the new links of the last day that showed the same endorsements.
func (a *action) linksSent(shows []Shown) int {
	n := 0
	for _, r := range a.Recent {
		if r.Kind == NoticeNewLink && sameEndorsements(r.Shows, shows) {
			n++
		}
	}
	return n
}
