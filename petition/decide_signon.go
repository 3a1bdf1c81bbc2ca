package petition

import (
	"fmt"
	"slices"
)

// maxClaims is how many organizations one mail may sign for by itself; more are a person's to check.
const maxClaims = 30

// signOn makes an endorsement of each claim and asks once for all of them (U23).
func (d *decision) signOn() {
	if d.unsignable() {
		return
	}
	s := signing{decision: d}
	seen := map[string]bool{} // named twice in one mail is one signature
	for i, c := range d.Mail.Reading.Organizations {
		if k := string(c.Kind) + NameKey(c.Name); !seen[k] {
			seen[k] = true
			s.claim(i, c)
		}
	}
	s.answer()
}

// unsignable settles what cannot become a signature by itself, and reports whether it did.
func (d *decision) unsignable() bool {
	r := d.Mail.Reading
	switch {
	case len(r.Organizations) == 0 || r.Confidence == Low:
		d.notUnderstood()
	case r.Forwarded:
		d.forwarded()
	case len(r.Organizations) > maxClaims:
		d.person(TaskUnsure, fmt.Sprintf("The mail names %d organizations.", len(r.Organizations)))
	case !d.Campaign.AcceptsNew(d.Mail.Received):
		d.late()
	default:
		return false
	}
	return true
}

// signing collects what becomes of the claims of one mail.
type signing struct {
	*decision
	asked     []Shown // to be confirmed
	already   []Shown // stand already; nothing to do
	persons   int     // individuals where only organizations sign
	forPeople int     // wait for an organizer
}

func (s *signing) claim(i int, c Claim) {
	if c.Kind == KindIndividual && !s.Campaign.Individuals {
		s.persons++
		return
	}
	f := s.fields(c)
	var same []*Endorsement
	if i < len(s.Same) {
		same = s.Same[i]
	}
	twin := sameName(same, f)
	switch {
	case twin == nil:
		s.ask(s.submit(f, ""), 1)
	case twin.State() == StateDeclined:
		s.task(TaskUnsure, twin.ID, "This organization was declined before and signs again.")
		s.forPeople++
	case twin.Current().Fields.Contact == f.Contact:
		s.again(twin, f)
	default:
		s.colleague(twin, f)
	}
}

// sameName finds the endorsement of the same organization: an equal name key. A
// domain in common is not enough: chapters share one (trap 3).
func sameName(candidates []*Endorsement, f Fields) *Endorsement {
	for _, e := range candidates {
		v := e.Current()
		if e.Gone() || v.Fields.Kind != f.Kind {
			continue
		}
		if NameKey(v.Fields.Name) == NameKey(f.Name) || v.Fields.OtherName != "" && NameKey(v.Fields.OtherName) == NameKey(f.Name) {
			return e
		}
	}
	return nil
}

// again is the same signer once more: no second line. What still needs a yes is
// asked again, with what the new mail says.
func (s *signing) again(e *Endorsement, f Fields) {
	switch e.State() {
	case StateListed, StateConfirmed:
		s.event(e.ID, EventSignedAgain, e.Current().N)
		s.already = append(s.already, Shown{e.ID, e.Current().N})
	default:
		version := e.Current().N
		merged := f.or(e.Current().Fields)
		if merged != e.Current().Fields || e.Current().Verification != Awaiting {
			version++
			ev := s.newEvent(e.ID, EventCorrected, version)
			ev.Fields = merged
			ev.Verification = Awaiting // a fresh yes of the same address ends "not decided yet" (trap 1)
			s.out.Events = append(s.out.Events, ev)
		} else {
			s.event(e.ID, EventSignedAgain, version)
		}
		s.ask(e.ID, version)
	}
}

// or fills what is empty in f from old.
func (f Fields) or(old Fields) Fields {
	fill := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	fill(&f.OtherName, old.OtherName)
	fill(&f.City, old.City)
	fill(&f.Country, old.Country)
	fill(&f.Website, old.Website)
	fill(&f.Signatory, old.Signatory)
	fill(&f.Title, old.Title)
	return f
}

// colleague is a second person of what looks like the same organization: a
// suggested duplicate, never merged by the program (trap 2).
func (s *signing) colleague(twin *Endorsement, f Fields) {
	id := s.submit(f, "")
	ev := s.newEvent(id, EventSuggested, 1)
	ev.OtherID = twin.ID
	s.out.Events = append(s.out.Events, ev)
	s.task(TaskDuplicate, id, "Somebody else has signed for an organization of this name.")
	if v, listed := twin.Listed(); listed { // what is public, not a correction that waits (trap 2)
		s.already = append(s.already, Shown{twin.ID, v.N})
		return
	}
	s.ask(id, 1)
}

func (s *signing) ask(id int64, version int) { s.asked = append(s.asked, Shown{id, version}) }

// answer writes the one mail for all claims together.
func (s *signing) answer() {
	switch {
	case len(s.asked) > 0:
		s.answerShowing(DispSignOn, NoticeRequest, s.asked)
	case len(s.already) > 0:
		s.answerShowing(DispSignedAgain, NoticeAlready, s.already)
	case s.forPeople > 0:
		s.decision.answer(DispPerson, NoticeAcknowledge, nil)
	default:
		s.decision.answer(DispThanked, NoticeOrganizations, nil)
	}
}

// late keeps a signature that came after the deadline for an organizer to accept (U06).
func (d *decision) late() {
	var shown []Shown
	for i, c := range d.Mail.Reading.Organizations {
		if i >= maxClaims {
			break
		}
		f := d.fields(c)
		s := Shown{Version: 1}
		if i < len(d.Same) {
			if twin := sameName(d.Same[i], f); twin != nil && twin.Current().Fields.Contact == f.Contact {
				s = Shown{twin.ID, twin.Current().N}
			}
		}
		if s.EndorsementID == 0 {
			s.EndorsementID = d.submit(f, "late")
		}
		d.task(TaskLate, s.EndorsementID, "The mail arrived after the deadline.")
		shown = append(shown, s)
	}
	d.answerShowing(DispLate, NoticeTooLate, shown)
}

// forwarded keeps somebody's sign-on that another person forwarded: the writer is
// asked to let the signer write (R19). Nobody else is written to.
func (d *decision) forwarded() {
	var shown []Shown
	for i, c := range d.Mail.Reading.Organizations {
		if i >= maxClaims {
			break
		}
		id := d.submit(d.fields(c), "forwarded")
		d.task(TaskForwarded, id, "The writer forwarded somebody else's signature.")
		shown = append(shown, Shown{id, 1})
	}
	d.answerShowing(DispPerson, NoticeForwarder, shown)
}

// conditional keeps a signature that somebody else must decide first: not listed, not nagged (U13, trap 1).
func (d *decision) conditional() {
	if shown := d.asShown(); len(shown) > 0 && d.fromContact(shown) && (len(d.Shown) > 0 || !d.namesAnother(shown)) {
		d.waitFor(shown)
		return
	}
	if d.unsignable() {
		return
	}
	s := signing{decision: d}
	for i, c := range d.Mail.Reading.Organizations {
		s.provisional(i, c)
	}
	switch {
	case len(s.asked) > 0:
		s.answerShowing(DispUndecided, NoticeWaiting, s.asked)
	case s.forPeople > 0:
		s.decision.answer(DispPerson, NoticeAcknowledge, nil)
	default:
		s.decision.answer(DispThanked, NoticeOrganizations, nil)
	}
}

// namesAnother reports whether the mail names an organization that is none of these:
// a secretary's next one is not a word about the last.
func (d *decision) namesAnother(es []*Endorsement) bool {
	return slices.ContainsFunc(d.Mail.Reading.Organizations, func(c Claim) bool {
		return !slices.ContainsFunc(es, func(e *Endorsement) bool {
			f := e.Current().Fields
			return NameKey(f.Name) == NameKey(c.Name) || f.OtherName != "" && NameKey(f.OtherName) == NameKey(c.Name)
		})
	})
}

func (s *signing) provisional(i int, c Claim) {
	f := s.fields(c)
	if c.Kind == KindIndividual {
		s.persons++
		return
	}
	if i < len(s.Same) {
		if twin := sameName(s.Same[i], f); twin != nil {
			s.task(TaskUnclear, twin.ID, "Somebody writes that this organization has not decided yet.")
			s.forPeople++
			return
		}
	}
	id := s.submit(f, "")
	s.event(id, EventUndecided, 1)
	s.ask(id, 1)
}

// waitFor moves what the signer was asked about to "somebody else must decide first".
func (d *decision) waitFor(shown []*Endorsement) {
	var waits []Shown
	for _, e := range shown {
		switch e.State() {
		case StateAwaiting, StateUndecided:
			if e.State() == StateAwaiting {
				d.event(e.ID, EventUndecided, e.Current().N)
			}
			waits = append(waits, Shown{e.ID, e.Current().N})
		case StateNew, StateConfirmed, StateListed, StateWithdrawn, StateDeclined:
			d.task(TaskUnclear, e.ID, "The signer now writes that it is not decided.")
		}
	}
	switch {
	case len(waits) == 0:
		d.answer(DispPerson, NoticeAcknowledge, nil)
	case !d.Campaign.AcceptsConfirmation(d.Mail.Received):
		d.tooLate(waits)
	default:
		d.answerShowing(DispUndecided, NoticeWaiting, waits)
	}
}

// submit makes a new endorsement with its first version and returns its placeholder id.
func (d *decision) submit(f Fields, hold string) int64 {
	r, m := d.Mail.Reading, d.Mail
	locale := r.Language
	if locale == "" || locale == "und" {
		locale = d.Campaign.Language()
	}
	d.out.New = append(d.out.New, Endorsement{
		CampaignID: d.Campaign.ID, RequestID: m.ID, Channel: ByMail, Locale: locale, Confidence: r.Confidence,
		Aligned: m.Origin.Authentication.Proof() == AlignedPass, Writer: Person{Name: CleanLine(m.FromName(), 120), Address: m.From()},
		CreatedAt: d.Now, ArrivedAt: m.Received, OnHold: hold, Late: hold == "late",
	})
	id := -int64(len(d.out.New))
	ev := d.newEvent(id, EventSubmitted, 1)
	ev.Fields, ev.TextVersion, ev.TextLanguage = f, d.Campaign.TextVersion(), d.Campaign.Text(locale).Language
	d.out.Events = append(d.out.Events, ev)
	return id
}

// submitHeld keeps the claims of a mail that is not answered, for an organizer; it
// returns the first one's placeholder id, 0 where there is none.
func (d *decision) submitHeld(hold string) int64 {
	if len(d.Mail.Reading.Organizations) > maxClaims {
		return 0
	}
	first := int64(0)
	for i, c := range d.Mail.Reading.Organizations {
		if i < len(d.Same) && sameName(d.Same[i], d.fields(c)) != nil {
			continue
		}
		if id := d.submit(d.fields(c), hold); first == 0 {
			first = id
		}
	}
	return first
}

// fields turns a claim into clean fields; the contact is the writer, whom alone we answer (R33).
func (d *decision) fields(c Claim) Fields {
	f := Fields{Kind: c.Kind, Name: c.Name, City: c.City, Country: c.Country, Website: c.Website, Contact: d.Mail.From()}
	for _, s := range d.Mail.Reading.Signatories {
		if s.Organization == "" || NameKey(s.Organization) == NameKey(c.Name) {
			f.Signatory, f.Title = s.Name, s.Title
			break
		}
	}
	return f.Clean()
}
