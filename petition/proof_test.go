package petition

import (
	"fmt"
	"testing"
	"time"
)

// TestR38ReferenceNeverAuthorises: who holds a forwarded request gets our
// acknowledgement, and with an answer to that confirms nothing.
func TestR38ReferenceNeverAuthorises(t *testing.T) {
	const mallory = "mallory@evil.example"
	w := newWorld(t)
	request := w.signed(StateAwaiting)
	forwarded := func(m *Mail) { m.References = []Reference{{Notice: request.ID, Where: "in-reply-to"}} }
	passes := func(m *Mail) {
		m.Origin.Authentication = Authentication{DMARC: "pass", AlignedDomain: "evil.example", DKIM: []DKIMResult{{Domain: "evil.example", Result: "pass", Headers: []string{"from", "to", "in-reply-to"}}}}
	}
	w.decide(w.mail(mallory, Question, passes, forwarded))
	note := w.last(NoticeAcknowledge)
	if note.To != mallory {
		t.Fatalf("acknowledged to %s", note.To)
	}
	for _, intent := range []Intent{VerifyYes, VerifyNo} {
		w.decide(w.mail(mallory, intent, passes, w.answers(note)))
		if got := w.endorsements[0].State(); got != StateAwaiting {
			t.Errorf("%s: state %s", intent, got)
		}
	}
}

// TestTrap2ColleagueChangesNothing: "already on the list" is no request either: a yes
// with a change to it does not touch the other person's line.
func TestTrap2ColleagueChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.signed(StateListed)
	w.decide(w.mail("director@lindenau.example", SignOn, claims("City Library Lindenau")))
	already := w.last(NoticeAlready)
	w.decide(w.mail("director@lindenau.example", VerifyYes, proof(AlignedPass), w.answers(already), claims("City Museum Lindenau"),
		func(m *Mail) { m.Reading.Also = []Intent{Correction} }))
	if got := w.endorsements[0].Current().Fields.Name; got != "City Library Lindenau" {
		t.Errorf("the line says %q", got)
	}
}

// TestTrap1YesToAnotherQuestion: yes or no to what an organizer asked is no signature and no refusal.
func TestTrap1YesToAnotherQuestion(t *testing.T) {
	for _, intent := range []Intent{VerifyYes, VerifyNo} {
		w := newWorld(t)
		w.signed(StateAwaiting)
		w.act(Action{Kind: ActAsk, Endorsements: []int64{1}, OrganizerID: 1, Channel: ByDesk, Text: "Is Leipzig right?"})
		w.decide(w.mail("office@lindenau.example", intent, proof(AlignedPass), w.answers(w.last(NoticeAsk))))
		if got := w.endorsements[0].State(); got != StateAwaiting {
			t.Errorf("%s: state %s", intent, got)
		}
	}
}

// TestWithdrawnTwice: the second WITHDRAW to one organization's mail leaves the
// writer's other organizations alone.
func TestWithdrawnTwice(t *testing.T) {
	const office = "office@federation.example"
	w := newWorld(t)
	signs := func(m *Mail) {
		m.Origin.Authentication = Authentication{DMARC: "pass", AlignedDomain: "federation.example", SPF: "pass"}
	}
	for _, name := range []string{"Reading Circle North", "Reading Circle South"} {
		w.decide(w.mail(office, SignOn, signs, claims(name)))
	}
	north := w.notices[0]
	for range 2 {
		w.decide(w.mail(office, Withdraw, signs, w.answers(north)))
	}
	if got := w.byID(2).State(); got != StateAwaiting {
		t.Errorf("the other one is %s", got)
	}
}

// TestU06LateYesOfAColleague: the domain's yes counts no longer than the asked person's.
func TestU06LateYesOfAColleague(t *testing.T) {
	w := newWorld(t)
	request := w.signed(StateUndecided)
	w.now = w.campaign.Closes.Add(w.campaign.Grace + time.Hour)
	w.decide(w.mail("director@lindenau.example", VerifyYes, proof(AlignedPass), w.answers(request)))
	if got := w.endorsements[0].State(); got != StateUndecided {
		t.Errorf("state %s", got)
	}
}

// TestDeclinedIsNotListedByARule: a yes on the page does not overrule the organizer who declined.
func TestDeclinedIsNotListedByARule(t *testing.T) {
	w := newWorld(t)
	w.campaign.Listing = WhenConfirmed
	w.decide(w.mail("office@lindenau.example", SignOn, proof(AlignedPass), claims("City Library Lindenau")))
	w.act(Action{Kind: ActDecline, Endorsements: []int64{1}, OrganizerID: 1, Channel: ByDesk, Why: "not an organization"})
	w.act(Action{Kind: ActConfirm, Endorsements: []int64{1}, Channel: ByLink})
	if got := w.listed(); len(got) != 0 {
		t.Errorf("listed %v", got)
	}
}

// TestR33HeldIsNeverWrittenTo: what came with failed authentication makes us write to the
// forged sender neither by the form for new links nor by a stranger's withdrawal.
func TestR33HeldIsNeverWrittenTo(t *testing.T) {
	w := newWorld(t)
	w.decide(w.mail("victim@lindenau.example", SignOn, proof(ProofFail), claims("City Library Lindenau")))
	if w.endorsements[0].OnHold == "" {
		t.Fatal("not held")
	}
	w.act(Action{Kind: ActNewLink, Address: "victim@lindenau.example"})
	w.decide(w.mail("mallory@evil.example", Withdraw, claims("City Library Lindenau")))
	for _, n := range w.notices {
		if n.To == "victim@lindenau.example" {
			t.Errorf("%s was sent", n.Kind)
		}
	}
}

// TestU13SecondAddressIsNotFlooded: one mail for all lines of a request, a few a day
// to one address, none to ourselves.
func TestU13SecondAddressIsNotFlooded(t *testing.T) {
	w := newWorld(t)
	for i := range 6 {
		w.decide(w.mail("mallory@evil.example", SignOn, claims(fmt.Sprintf("Reading Circle %c", 'A'+2*i), fmt.Sprintf("Reading Circle %c", 'B'+2*i))))
	}
	sent := map[string]int{}
	for _, to := range []string{"victim@lindenau.example", "sign@opensunday.example"} {
		for i := range int64(6) {
			s := Situation{Now: w.now, Rules: w.rules, Campaign: w.campaign, Endorsements: []*Endorsement{w.byID(2*i + 1), w.byID(2*i + 2)}}
			for _, n := range w.notices {
				if n.To == to {
					s.Recent = append(s.Recent, n)
				}
			}
			o, err := Act(s, Action{Kind: ActWait, Channel: ByLink, Address: to})
			if err != nil {
				t.Fatal(err)
			}
			w.carryOut(o)
			sent[to] += len(o.Notices)
		}
	}
	if sent["victim@lindenau.example"] != 3 || sent["sign@opensunday.example"] != 0 {
		t.Errorf("sent %v", sent)
	}
}

// TestTrap2OnlyThePublicLine: a colleague is shown what the list shows, not a correction that waits.
func TestTrap2OnlyThePublicLine(t *testing.T) {
	w := newWorld(t)
	w.signed(StateListed)
	w.act(Action{Kind: ActCorrect, Endorsements: []int64{1}, Channel: ByLink, Fields: Fields{Name: "City Library Lindenau", OtherName: "not public yet"}})
	w.decide(w.mail("director@lindenau.example", SignOn, claims("City Library Lindenau")))
	if got := w.last(NoticeAlready).Shows[0]; got.Version != 1 {
		t.Errorf("shows version %d", got.Version)
	}
}

// TestNamedTwice: one organization twice in a mail is one line, and one in the request.
func TestNamedTwice(t *testing.T) {
	w := newWorld(t)
	for range 2 {
		w.decide(w.mail("office@lindenau.example", SignOn, claims("City Library Lindenau", "The City Library Lindenau")))
		if request := w.last(NoticeRequest); len(w.endorsements) != 1 || len(request.Shows) != 1 {
			t.Fatalf("%d lines, request shows %v", len(w.endorsements), request.Shows)
		}
	}
}

// TestTrap1SecondOrganizationUndecided: "this one must decide first" about another
// organization is kept for that one.
func TestTrap1SecondOrganizationUndecided(t *testing.T) {
	w := newWorld(t)
	w.decide(w.mail("office@federation.example", SignOn, claims("Reading Circle North")))
	w.decide(w.mail("office@federation.example", Conditional, claims("Reading Circle South"), func(m *Mail) { m.Reading.Undecided = true }))
	if len(w.endorsements) != 2 || w.endorsements[0].State() != StateAwaiting || w.endorsements[1].State() != StateUndecided {
		t.Errorf("%d lines, the first is %s", len(w.endorsements), w.endorsements[0].State())
	}
}

// TestR28ReplayOfAnotherMail: a mail that the signer wrote to somebody, sent on to us with a
// reference in a field that its signature does not cover, confirms nothing.
func TestR28ReplayOfAnotherMail(t *testing.T) {
	for where, want := range map[string]State{"references": StateAwaiting, "delivered-to": StateAwaiting, "in-reply-to": StateConfirmed, "to": StateConfirmed} {
		w := newWorld(t)
		request := w.signed(StateAwaiting)
		w.decide(w.mail("office@lindenau.example", VerifyYes, proof(AlignedPass), func(m *Mail) { // its DKIM covers to and in-reply-to
			m.References = []Reference{{Notice: request.ID, Where: where}}
		}))
		if got := w.endorsements[0].State(); got != want {
			t.Errorf("%s: %s", where, got)
		}
	}
}

// TestU16NothingPrivateIsPassedOn: the organizer's address in a signature, and our own
// question where a program quotes it without marks, stay with us.
func TestU16NothingPrivateIsPassedOn(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"plain":              {"Yes, send it.\n\nKind regards\nNora", "Yes, send it.\n\nKind regards\nNora"},
		"signature":          {"Yes, send it.\nNora Example\nNora@OpenSunday.example\n+00 000", "Yes, send it.\nNora Example"},
		"quoted, no marks":   {"Yes.\n\nFrom office@lindenau.example\nOn the desk: https://opensunday.example/desk/open-sunday?kind=question\n", "Yes.\n\nFrom office@lindenau.example"},
		"nothing to pass on": {"nora@opensunday.example\n", ""},
	} {
		w := newWorld(t)
		w.decide(w.mail("office@lindenau.example", Question))
		o := w.decide(w.mail("nora@opensunday.example", OtherIntent, w.answers(w.last(NoticeQuestion)), func(m *Mail) { m.NewText = tt.text }))
		got := ""
		if len(o.Notices) == 1 {
			got = o.Notices[0].Details.Text
		}
		if got != tt.want || got == "" && len(o.Tasks) != 1 {
			t.Errorf("%s: %q, tasks %v", name, got, o.Tasks)
		}
	}
}

// TestU16AnswerTwice: the desk's button pressed twice sends one answer.
func TestU16AnswerTwice(t *testing.T) {
	w := newWorld(t)
	w.decide(w.mail("office@lindenau.example", Question))
	for range 2 {
		w.now = w.now.Add(time.Second)
		w.act(Action{Kind: ActAnswer, MailID: 1, OrganizerID: 1, Channel: ByDesk, Text: "Yes, send it."})
	}
	n := 0
	for _, sent := range w.notices {
		if sent.Kind == NoticeAnswer {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d answers", n)
	}
}

// TestU23AnswerForOneOfSeveral: "yes, for the first one" is no word about the second.
func TestU23AnswerForOneOfSeveral(t *testing.T) {
	for _, intent := range []Intent{VerifyYes, VerifyNo, Withdraw} {
		w := newWorld(t)
		w.decide(w.mail("office@federation.example", SignOn, claims("Reading Circle North", "Reading Circle South")))
		w.decide(w.mail("office@federation.example", intent, w.answers(w.last(NoticeRequest)), func(m *Mail) { m.NewText = "Reading Circle North." }))
		if got := w.byID(2).State(); got != StateAwaiting {
			t.Errorf("%s: the second is %s", intent, got)
		}
	}
}

// TestWrongCodesDoNotEndTheRightOne: whoever forges an address cannot take its code from
// its owner; a person is told, and a mail full of codes is no proof any more (U10).
func TestWrongCodesDoNotEndTheRightOne(t *testing.T) {
	w := newWorld(t)
	w.signed(StateAwaiting)
	request := w.last(NoticeRequest)
	told := 0
	for i := range 100 {
		m := w.mail("office@lindenau.example", VerifyYes, w.answers(request))
		m.Codes = []string{fmt.Sprintf("AAAA-AAAA-%04d", i)}
		o := w.decide(m)
		for _, task := range o.Tasks {
			if task.Kind == TaskUnproven && task.Urgent {
				told++
			}
		}
		if n := w.noticeByID(request.ID); o.WrongCode == n.ID {
			n.CodeTries++
		}
	}
	if e := w.endorsements[0]; e.State() != StateAwaiting || told != 1 || w.noticeByID(request.ID).CodeTries != 100 {
		t.Fatalf("after 100 wrong codes it is %s, %d people told", e.State(), told)
	}
	many := w.mail("office@lindenau.example", VerifyYes, w.answers(request))
	for i := range 19 {
		many.Codes = append(many.Codes, fmt.Sprintf("AAAA-AAAA-%04d", i))
	}
	if w.decide(many); w.endorsements[0].State() != StateAwaiting {
		t.Error("the right code among 20 counted")
	}
	if w.decide(w.mail("office@lindenau.example", VerifyYes, w.answers(request))); w.endorsements[0].State() != StateConfirmed {
		t.Error("the right code does not count any more")
	}
}
