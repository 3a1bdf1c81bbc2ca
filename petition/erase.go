package petition

// Gone reports whether nothing of the endorsement stands any more: it is withdrawn,
// or its signer asked for erasure and there is nothing beside the person: a person
// signed as such, or nobody ever confirmed.
func (e *Endorsement) Gone() bool {
	return !e.WithdrawnAt.IsZero() || !e.ErasingAt.IsZero() && !e.outlives()
}

// outlives reports whether something of the endorsement stays when its persons are
// erased: an organization's decision does (trap 4).
func (e *Endorsement) outlives() bool {
	return e.Current().Fields.Kind != KindIndividual && e.WasConfirmed()
}

// withoutPersons are the fields that stay when the persons are erased. Of a person
// who signed as such nothing is left but the country.
func (f Fields) withoutPersons() Fields {
	if f.Kind == KindIndividual {
		return Fields{Kind: KindIndividual, Country: f.Country}
	}
	f.Signatory, f.Title, f.Contact = "", "", ""
	return f
}

// erase asks for the persons to be erased: from now on nothing public shows them, and
// the clock erases them for good when the time to take it back has passed (U12). The
// organization's decision stays, on the list or off it (trap 4). The address is told
// once more, since whoever held the link may not be its owner.
func (a *action) erase() error {
	if a.OrganizerID != 0 {
		if err := a.mayAct(); err != nil {
			return err
		}
	}
	return a.each(func(e *Endorsement) error {
		if !e.ErasingAt.IsZero() || e.erased() {
			return nil
		}
		if a.Travels {
			return ErrNotAllowed
		}
		a.event(e, EventErasing, e.Current().N)
		a.tell(e, NoticeErasing)
		return nil
	})
}

func (e *Endorsement) erased() bool {
	v := e.Current()
	return v.Fields.Contact == "" && v.Fields.Signatory == "" && e.Writer == (Person{})
}

// forget is the clock's: the persons whom somebody asked to erase seven days ago go
// for good. What would be empty without them is withdrawn.
func (a *action) forget() {
	for _, e := range a.Situation.Endorsements {
		if e.ErasingAt.IsZero() || a.Now.Sub(e.ErasingAt) < ReversibleFor {
			continue
		}
		if e.WithdrawnAt.IsZero() && !e.outlives() {
			a.event(e, EventWithdrawn, e.Current().N)
		}
		a.event(e, EventErased, e.Current().N).Who = Person{}
	}
}

// erase takes the persons out of an endorsement; the organization's decision stands.
func erase(e *Endorsement) {
	e.Writer = Person{}
	for i := range e.Versions {
		v := &e.Versions[i]
		v.Fields, v.Confirmer = v.Fields.withoutPersons(), Person{}
	}
}

// WithoutPersons takes the persons out of an event: what the history may still say
// once they are erased.
func (ev *Event) WithoutPersons() {
	ev.Fields = ev.Fields.withoutPersons()
	if ev.OrganizerID == 0 {
		ev.Who = Person{}
	}
}
