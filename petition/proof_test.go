package petition

import (
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
