package petition

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// mayAct reports whether the organizer may change something in this campaign.
func (a *action) mayAct() error {
	o := a.Organizer
	if o == nil || o.Role == RoleReader || a.Campaign != nil && !o.Sees(a.Campaign.ID) {
		return ErrNotAllowed
	}
	return nil
}

// desk is what organizers do.
func (a *action) desk() error {
	if err := a.mayAct(); err != nil {
		return err
	}
	switch a.Kind {
	case ActApprove:
		return a.review(EventApproved)
	case ActDecline:
		return a.review(EventDeclined)
	case ActEdit:
		return a.edit()
	case ActAsk:
		return a.ask()
	case ActAnswer:
		return a.answer()
	case ActHide, ActShow, ActNote:
		kind := map[ActionKind]EventKind{ActHide: EventHidden, ActShow: EventShown, ActNote: EventNote}[a.Kind]
		return a.each(func(e *Endorsement) error { a.event(e, kind, e.Current().N); return nil })
	case ActUndo:
		return a.undo()
	case ActRelease:
		return a.release()
	case ActVouch:
		return a.each(func(e *Endorsement) error { a.vouch(e, e.Current().N); return nil })
	case ActEnter:
		return a.enter()
	case ActDone:
		return nil
	default:
		return fmt.Errorf("%w: %s", ErrNotAllowed, a.Kind)
	}
}

// review approves or declines the newest version. What was decided already stays as it is.
func (a *action) review(kind EventKind) error {
	want := Approved
	if kind == EventDeclined {
		want = Declined
	}
	return a.each(func(e *Endorsement) error {
		v := e.Current()
		if v.Review == want {
			return nil
		}
		a.event(e, kind, v.N)
		if kind == EventDeclined && a.Tell && v.Fields.Contact != "" {
			a.tell(e, NoticeDeclined).Details.Text = a.Text
		}
		return nil
	})
}

// edit changes the line. Where the signer had confirmed and the change is more
// than case, accent or typo, the signer is asked again; the old line stands until then.
func (a *action) edit() error {
	return a.each(func(e *Endorsement) error {
		f := a.Fields.Clean()
		old := e.Current()
		if f.Contact == "" {
			f.Contact = old.Fields.Contact
		}
		if f == old.Fields {
			return nil
		}
		if f.Name == "" {
			return fmt.Errorf("%w: a name is needed", ErrNotAllowed)
		}
		version := old.N + 1
		ev := a.event(e, EventEdited, version)
		ev.Fields = f
		moved := CanonicalAddress(f.Contact) != CanonicalAddress(old.Fields.Contact) && e.OnHold == "" // the old links count no more
		if (old.Verification == Confirmed || moved) && !CarriesOver(old.Fields, f) && f.Contact != "" {
			shows := []Shown{{e.ID, version}}
			n := a.notice(NoticeCorrected, f.Contact, e.Locale, key("request", shows), shows)
			n.Details.Before, n.Details.Asks = []Shown{{e.ID, old.N}}, true
		}
		return nil
	})
}

func (a *action) ask() error {
	if strings.TrimSpace(a.Text) == "" {
		return fmt.Errorf("%w: write what you want to ask", ErrNotAllowed)
	}
	return a.each(func(e *Endorsement) error {
		if e.Current().Fields.Contact == "" {
			return fmt.Errorf("%w: there is no address to ask", ErrNotAllowed)
		}
		a.event(e, EventAsked, e.Current().N).Why = a.Text
		n := a.tell(e, NoticeAsk)
		n.Details.Text, n.Details.AskedBy = a.Text, a.Organizer.Name
		return nil
	})
}

// answer writes to the person whose mail asked, from the campaign's address (U16).
func (a *action) answer() error {
	if a.Mail == nil || a.Mail.From() == "" || strings.TrimSpace(a.Text) == "" {
		return fmt.Errorf("%w: there is no mail to answer, or no text", ErrNotAllowed)
	}
	n := answerTo(a.Mail, a.Campaign, a.Now, a.Text, a.Organizer, fmt.Sprintf("answer:Q%d:%x", a.Mail.ID, sha256.Sum256([]byte(a.Text)))) // the button pressed twice sends once
	a.out.Notices = append(a.out.Notices, n)
	a.out.DoneMails = append(a.out.DoneMails, a.Mail.ID)
	for _, e := range a.Situation.Endorsements {
		a.event(e, EventAnswered, e.Current().N).Why = a.Text
	}
	return nil
}

// Undoable lists what an organizer may take back.
var Undoable = []EventKind{
	EventApproved, EventDeclined, EventEdited, EventHidden, EventShown, EventWithdrawn, EventReinstated, EventConfirmed, EventRefused, EventExpired,
}

// undo takes one event back, if what came later does not build on it. A signer's
// own word is not an organizer's to undo, but for a withdrawal by mistake.
func (a *action) undo() error {
	if len(a.Situation.Endorsements) != 1 {
		return ErrNotFound
	}
	e := a.Situation.Endorsements[0]
	i := slices.IndexFunc(a.Events, func(ev Event) bool { return ev.ID == a.EventID })
	if i < 0 {
		return ErrNotFound
	}
	ev := a.Events[i]
	if !slices.Contains(Undoable, ev.Kind) || ev.OrganizerID == 0 && ev.Channel != ByProgram || e.Current().Fields.Name == "" {
		return ErrNotAllowed
	}
	undone := Event{EndorsementID: e.ID, At: a.Now, Kind: EventUndone, Version: ev.Version, Undoes: ev.ID, OrganizerID: a.OrganizerID, Channel: a.Channel, Why: a.Why}
	if _, err := Fold(*e, append(slices.Clone(a.Events), undone)); err != nil {
		return ErrConflict
	}
	a.out.Events = append(a.out.Events, undone)
	return nil
}

// release lets a held, late or older mail be answered: its signer is asked to confirm.
func (a *action) release() error {
	if len(a.Situation.Endorsements) == 0 {
		return a.enter()
	}
	return a.each(func(e *Endorsement) error {
		v := e.Current()
		version := v.N
		if !e.Late && !a.Campaign.AcceptsConfirmation(a.Now) {
			return fmt.Errorf("%w: the list is closed; extend it, or confirm the signature yourself", ErrNotAllowed)
		}
		a.event(e, EventReleased, v.N)
		f := v.Fields
		if a.Fields.Name != "" {
			f = a.Fields.Clean()
			if f.Contact == "" {
				f.Contact = v.Fields.Contact
			}
			if f != v.Fields {
				version++
				ev := a.event(e, EventEdited, version)
				ev.Fields = f
			}
		}
		if f.Contact == "" {
			return fmt.Errorf("%w: there is no address to ask", ErrNotAllowed)
		}
		shows := []Shown{{e.ID, version}}
		n := a.notice(NoticeRequest, f.Contact, e.Locale, key("request", shows)+fmt.Sprintf(":r%d", e.Revision), shows)
		n.Details.WroteAt, n.MailID = e.ArrivedAt, e.RequestID
		if a.Mail != nil {
			n.InReplyTo, n.References, n.Subject = a.Mail.Header.MessageID, thread(a.Mail), a.Mail.Header.Subject
		}
		return nil
	})
}

// vouch confirms in the organizer's own name, with a reason (U21); the origin shows it.
func (a *action) vouch(e *Endorsement, version int) {
	if e.OnHold != "" || e.Late {
		a.event(e, EventReleased, version)
	}
	ev := a.event(e, EventConfirmed, version)
	ev.Channel, ev.Who = ByHand, Person{Name: a.Organizer.Name, Address: a.Organizer.Address}
	a.event(e, EventApproved, version)
}

// enter takes a signature from a call, from paper, or from a mail that we could
// not read: the signer is asked to confirm, or, with a reason, the organizer vouches.
func (a *action) enter() error {
	f := a.Fields.Clean()
	if f.Name == "" {
		return fmt.Errorf("%w: a name is needed", ErrNotAllowed)
	}
	e := Endorsement{
		CampaignID: a.Campaign.ID, Channel: ByHand, Locale: a.Campaign.Language(), Confidence: High, CreatedAt: a.Now, ArrivedAt: a.Now,
	}
	if m := a.Mail; m != nil {
		e.Channel, e.RequestID, e.ArrivedAt = ByMail, m.ID, m.Received
		e.Writer = Person{Name: CleanLine(m.FromName(), 120), Address: m.From()}
		if l := m.Reading.Language; l != "" && l != "und" {
			e.Locale = l
		}
		if f.Contact == "" {
			f.Contact = m.From()
		}
	}
	a.out.New = append(a.out.New, e)
	e.ID = -1
	e.Versions = []Version{{N: 1}}
	ev := a.event(&e, EventSubmitted, 1)
	ev.Fields, ev.TextVersion, ev.TextLanguage, ev.Channel = f, a.Campaign.TextVersion(), a.Campaign.Text(e.Locale).Language, e.Channel
	if a.Why != "" {
		a.vouch(&e, 1)
		return nil
	}
	if f.Contact == "" {
		return fmt.Errorf("%w: without an address, say why you confirm it yourself", ErrNotAllowed)
	}
	n := a.notice(NoticeRequest, f.Contact, e.Locale, "request:E-1:v1", []Shown{{-1, 1}})
	if m := a.Mail; m != nil {
		n.MailID, n.InReplyTo, n.References, n.Subject = m.ID, m.Header.MessageID, thread(m), m.Header.Subject
		n.Details.WroteAt = m.Received
	}
	return nil
}
