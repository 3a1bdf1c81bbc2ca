package petition

import (
	"slices"
	"testing"
	"time"
)

// erase is the signer's act, and forget the clock's at the end of the time to take it back.
func (w *world) erase() { w.act(Action{Kind: ActErase, Endorsements: []int64{1}, Channel: ByLink}) }

func (w *world) forget() {
	w.act(Action{Kind: ActForget, Endorsements: []int64{1}, Channel: ByProgram})
}

// TestErase: the person is shown nowhere at once and goes for good after seven days;
// the organization's decision stays, and only "will be deleted" is mailed (U12, trap 4).
func TestErase(t *testing.T) {
	for state, after := range map[State]State{
		StateAwaiting: StateWithdrawn, StateUndecided: StateWithdrawn, StateConfirmed: StateConfirmed, StateListed: StateListed,
		StateWithdrawn: StateWithdrawn, StateDeclined: StateWithdrawn, // nobody ever confirmed it
	} {
		w := newWorld(t)
		w.signed(state)
		before := len(w.notices)
		w.erase()
		e := w.endorsements[0]
		if line, listed := e.Listed(); listed != (state == StateListed) || line.Fields.Contact != "" || line.Fields.Signatory != "" || line.Confirmer != (Person{}) {
			t.Errorf("%s: the line is %v %+v", state, listed, line)
		}
		if f := e.Current().Fields; e.State() != after || f.Contact == "" {
			t.Errorf("%s: state %s, fields %+v", state, e.State(), f)
		}
		if o := w.act(Action{Kind: ActErase, Endorsements: []int64{1}, Channel: ByLink}); len(o.Events) != 0 {
			t.Errorf("%s: erased twice", state)
		}
		w.now = w.now.Add(5 * 24 * time.Hour)
		for _, kind := range []ActionKind{ActRemind, ActClosing, ActForget} {
			w.act(Action{Kind: kind, Endorsements: []int64{1}, Channel: ByProgram})
		}
		if e.Current().Fields.Contact == "" {
			t.Errorf("%s: gone too early", state)
		}
		w.now = w.now.Add(2 * 24 * time.Hour)
		w.forget()
		if f := e.Current().Fields; e.State() != after || f.Name != "City Library Lindenau" || f.Contact != "" || f.Signatory != "" || e.Writer != (Person{}) || !e.ErasingAt.IsZero() {
			t.Errorf("%s: state %s, fields %+v, writer %+v", state, e.State(), f, e.Writer)
		}
		if len(w.notices) != before+1 || w.notices[before].Kind != NoticeErasing || w.notices[before].To != "office@lindenau.example" {
			t.Errorf("%s: mailed %+v", state, w.notices[before:])
		}
	}
}

// TestEraseTakenBack: within seven days all is as it was, by the signer or by an organizer.
func TestEraseTakenBack(t *testing.T) {
	for _, state := range []State{StateAwaiting, StateUndecided, StateConfirmed, StateListed, StateWithdrawn, StateDeclined} {
		for _, organizer := range []int64{0, 1} {
			w := newWorld(t)
			w.signed(state)
			e := w.endorsements[0]
			before, mails := *e.Current(), len(w.notices)
			w.erase()
			w.now = w.now.Add(6 * 24 * time.Hour)
			w.act(Action{Kind: ActReinstate, Endorsements: []int64{1}, OrganizerID: organizer, Channel: ByLink})
			w.now = w.now.Add(2 * 24 * time.Hour)
			w.forget()
			if e.State() != state || *e.Current() != before {
				t.Errorf("%s: state %s, version %+v, before %+v", state, e.State(), *e.Current(), before)
			}
			if len(w.notices) != mails+1 {
				t.Errorf("%s: mailed %+v", state, w.notices[mails:])
			}
		}
	}
}

// TestEraseEndsTheAsking: while it waits, the request can no longer be answered with yes, nor the line changed.
func TestEraseEndsTheAsking(t *testing.T) {
	w := newWorld(t)
	w.signed(StateAwaiting)
	request := w.last(NoticeRequest)
	w.erase()
	for _, kind := range []ActionKind{ActConfirm, ActWait, ActCorrect} {
		s := Situation{Now: w.now, Campaign: w.campaign, Endorsements: w.endorsements}
		if _, err := Act(s, Action{Kind: kind, Endorsements: []int64{1}, Channel: ByLink}); err == nil {
			t.Errorf("%s was possible", kind)
		}
	}
	w.decide(w.mail("office@lindenau.example", VerifyYes, w.answers(request)))
	if got := w.endorsements[0].State(); got != StateWithdrawn {
		t.Errorf("a yes made it %s", got)
	}
	w.decide(w.mail("office@lindenau.example", SignOn, claims("City Library Lindenau")))
	if len(w.endorsements) != 2 || w.endorsements[1].State() != StateAwaiting {
		t.Errorf("signing again made %d endorsements", len(w.endorsements))
	}
}

// TestErasePerson: of a person who signs as such nothing is left, and nothing can bring an empty line back.
func TestErasePerson(t *testing.T) {
	w := newWorld(t)
	w.campaign.Individuals = true
	w.decide(w.mail("anna@lindenau.example", SignOn, claims("Anna Berg"), func(m *Mail) { m.Reading.Organizations[0].Kind = KindIndividual }))
	w.act(Action{Kind: ActConfirm, Endorsements: []int64{1}, Channel: ByLink})
	w.act(Action{Kind: ActApprove, Endorsements: []int64{1}, OrganizerID: 1, Channel: ByDesk})
	w.erase()
	if len(w.listed()) != 0 {
		t.Errorf("listed %v", w.listed())
	}
	w.now = w.now.Add(ReversibleFor)
	w.forget()
	if e := w.endorsements[0]; len(w.listed()) != 0 || e.Current().Fields.Name != "" {
		t.Errorf("listed %v, fields %+v", w.listed(), e.Current().Fields)
	}
	for _, organizer := range []int64{0, 1} {
		s := Situation{Now: w.now, Campaign: w.campaign, Endorsements: w.endorsements, Organizer: &w.organizers[0]}
		if _, err := Act(s, Action{Kind: ActReinstate, Endorsements: []int64{1}, OrganizerID: organizer}); err == nil {
			t.Errorf("organizer %d brought an empty line back", organizer)
		}
	}
}

func wants(p Purpose) func(*Mail) { return func(m *Mail) { m.Reading.Wants = p } }

// TestDataByMail: with the proof of a yes it is done, without it a link goes to the
// address on file, and a stranger changes and learns nothing (R60).
func TestDataByMail(t *testing.T) {
	for _, c := range []struct {
		name   string
		from   string
		intent Intent
		wants  Purpose
		reply  bool
		proof  Proof
		want   Disposition
		notice NoticeKind
		to     string
	}{
		{"see, proven", "office@lindenau.example", OtherIntent, PurposeSee, true, AlignedPass, DispData, NoticeData, "office@lindenau.example"},
		{"see, by the code", "office@lindenau.example", Question, PurposeSee, true, ProofNone, DispData, NoticeData, "office@lindenau.example"},
		{"see, no reply", "office@lindenau.example", OtherIntent, PurposeSee, false, AlignedPass, DispProveFirst, NoticeProveLink, "office@lindenau.example"},
		{"erase, proven", "office@lindenau.example", OtherIntent, PurposeErase, true, AlignedPass, DispData, NoticeErasing, "office@lindenau.example"},
		{"erase, no reply", "office@lindenau.example", OtherIntent, PurposeErase, false, ProofNone, DispProveFirst, NoticeProveLink, "office@lindenau.example"},
		{"withdraw and erase", "office@lindenau.example", Withdraw, PurposeErase, true, AlignedPass, DispData, NoticeErasing, "office@lindenau.example"},
		{"a stranger with the reference", "mallory@evil.example", OtherIntent, PurposeSee, true, AlignedPass, DispPerson, NoticeProveLink, "office@lindenau.example"},
		{"a stranger", "mallory@evil.example", OtherIntent, PurposeErase, false, AlignedPass, DispPerson, NoticeAcknowledge, "mallory@evil.example"},
	} {
		w := newWorld(t)
		w.signed(StateListed)
		opts := []func(*Mail){wants(c.wants), proof(c.proof)}
		if c.reply {
			opts = append(opts, w.answers(w.last(NoticeListed)))
		}
		o := w.decide(w.mail(c.from, c.intent, opts...))
		i := slices.IndexFunc(o.Notices, func(n Notice) bool { return n.Kind == c.notice })
		if o.Disposition != c.want || i < 0 || o.Notices[i].To != c.to {
			t.Errorf("%s: %s, %+v", c.name, o.Disposition, o.Notices)
			continue
		}
		e := w.endorsements[0]
		if erasing := !e.ErasingAt.IsZero(); erasing != (c.notice == NoticeErasing) {
			t.Errorf("%s: erasing %v", c.name, erasing)
		}
		if gone := !e.WithdrawnAt.IsZero(); gone != (c.intent == Withdraw) {
			t.Errorf("%s: withdrawn %v", c.name, gone)
		}
		if c.notice == NoticeProveLink && o.Notices[i].Details.Purpose != c.wants {
			t.Errorf("%s: the link is for %q", c.name, o.Notices[i].Details.Purpose)
		}
	}
}

// TestDataBesideASignature: a mail that signs is not taken for one about data; a person sees that it is both.
func TestDataBesideASignature(t *testing.T) {
	w := newWorld(t)
	o := w.decide(w.mail("office@lindenau.example", SignOn, claims("City Library Lindenau"), wants(PurposeErase)))
	if o.Disposition != DispSignOn || len(o.Tasks) != 1 || o.Tasks[0].Kind != TaskQuestion {
		t.Errorf("%s, tasks %+v", o.Disposition, o.Tasks)
	}
}

// TestRequestLinkAfterTheYes: the link of a request, which people forward, gives the first
// yes and changes nothing afterwards; a link sent for the newest version may change it with its yes (R60).
func TestRequestLinkAfterTheYes(t *testing.T) {
	w := newWorld(t)
	w.signed(StateListed)
	e := w.endorsements[0]
	changed := e.Current().Fields
	changed.Name = "Library of Lindenau"
	act := func(kind ActionKind, n Notice) error {
		s := Situation{Now: w.now, Campaign: w.campaign, Endorsements: w.endorsements, Notice: &n}
		out, err := Act(s, Action{Kind: kind, Endorsements: []int64{1}, Channel: ByLink, Travels: true, NoticeID: n.ID, Fields: changed})
		if err == nil {
			w.carryOut(out)
		}
		return err
	}
	request := w.last(NoticeRequest)
	for _, kind := range []ActionKind{ActConfirm, ActCorrect, ActWithdraw, ActRemove, ActReinstate, ActErase} {
		if err := act(kind, request); err == nil {
			t.Errorf("%s was possible", kind)
		}
	}
	edited := e.Current().Fields
	edited.Name = "House of Books Lindenau"
	w.act(Action{Kind: ActEdit, Endorsements: []int64{1}, OrganizerID: 1, Channel: ByDesk, Fields: edited})
	if err := act(ActConfirm, request); err == nil {
		t.Error("the old link changed the newer line with its yes")
	}
	if err := act(ActConfirm, w.last(NoticeCorrected)); err != nil || e.Current().Fields.Name != "Library of Lindenau" {
		t.Errorf("the new link did not: %v, %+v", err, e.Current().Fields)
	}
}
