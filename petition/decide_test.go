package petition

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden file of the table of answers")

// TestU04TableOfAnswers runs every intent in every state under every proof, as a
// fresh mail and as a reply, and demands exactly one answer to the writer or one
// named silence. The whole table stands in testdata/answers.golden to be read.
func TestU04TableOfAnswers(t *testing.T) {
	states := []State{StateNew, StateAwaiting, StateUndecided, StateConfirmed, StateListed, StateWithdrawn, StateDeclined, "closed"}
	var table strings.Builder
	for _, intent := range Intents {
		for _, state := range states {
			for _, p := range Proofs {
				for _, reply := range []bool{false, true} {
					if reply && state == StateNew {
						continue
					}
					row := answerRow(t, intent, state, p, reply)
					fmt.Fprintln(&table, row)
				}
			}
		}
	}
	const golden = "testdata/answers.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(table.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != table.String() {
		t.Error("the table of answers changed; look at it and run with -update")
	}
}

func answerRow(t *testing.T, intent Intent, state State, p Proof, reply bool) string {
	t.Helper()
	w := newWorld(t)
	played := state
	if state == "closed" {
		played = StateAwaiting
	}
	request := w.signed(played)
	if state == "closed" {
		w.now = w.campaign.Closes.Add(w.campaign.Grace + time.Minute)
	}
	had := len(w.notices)
	opts := []func(*Mail){proof(p)}
	if reply {
		opts = append(opts, w.answers(request))
	}
	switch intent {
	case SignOn, Conditional:
		opts = append(opts, claims("City Library Lindenau"))
	case Correction:
		opts = append(opts, claims("City Library of Lindenau and Plagwitz"))
	default:
	}
	o := w.decide(w.mail("office@lindenau.example", intent, opts...))
	var answers, others []string
	for _, n := range w.notices[had:] {
		if n.To == "office@lindenau.example" {
			answers = append(answers, string(n.Kind))
		} else {
			others = append(others, string(n.Kind))
		}
	}
	name := fmt.Sprintf("%s × %s × %s reply=%v", intent, state, p, reply)
	if (len(answers) == 1) == (o.Silence != Answered) || len(answers) > 1 {
		t.Errorf("%s: answers %v, silence %q: want exactly one of them", name, answers, o.Silence)
	}
	if o.Disposition == "" {
		t.Errorf("%s: no disposition", name)
	}
	after := StateNew
	if len(w.endorsements) > 0 {
		after = w.endorsements[0].State()
	}
	if held := after == StateAwaiting && w.endorsements[0].OnHold != ""; p == ProofFail && after != played && !held {
		t.Errorf("%s: failed authentication changed the state to %s", name, after)
	}
	var tasks []string
	for _, task := range o.Tasks {
		tasks = append(tasks, string(task.Kind))
	}
	kind := "fresh"
	if reply {
		kind = "reply"
	}
	answer := strings.Join(answers, ",")
	if answer == "" {
		answer = "silent: " + string(o.Silence)
	}
	return fmt.Sprintf("%-12s %-9s %-12s %-5s → %-12s %-34s now %-9s tasks %-22s %s", intent, state, p, kind, o.Disposition, answer, after, strings.Join(tasks, ","), strings.Join(others, ","))
}

// TestForgedYesAndWithdrawal: R28, R60: whoever only knows the reference changes nothing.
func TestForgedYesAndWithdrawal(t *testing.T) {
	for _, intent := range []Intent{VerifyYes, VerifyNo, Withdraw, Correction} {
		for _, from := range []string{"office@lindenau.example", "mallory@evil.example"} {
			for _, p := range []Proof{ProofNone, ProofFail, TempError} {
				t.Run(fmt.Sprint(intent, from, p), func(t *testing.T) {
					w := newWorld(t)
					request := w.signed(StateListed)
					before := w.listed()
					v := w.endorsements[0].Current().N
					m := w.mail(from, intent, proof(p), claims("Evil Library"), func(m *Mail) {
						m.References = []Reference{{Notice: request.ID, Where: "references"}} // a forward carries it; the code it does not know
					})
					w.decide(m)
					if !slices.Equal(w.listed(), before) || w.endorsements[0].Current().N != v {
						t.Errorf("list is %v, was %v", w.listed(), before)
					}
				})
			}
		}
	}
}

// TestForgedYesBeforeConfirmation: R28: reference without code, from the right
// address but with nothing to authenticate, gets the page, not the signature.
func TestForgedYesBeforeConfirmation(t *testing.T) {
	w := newWorld(t)
	request := w.signed(StateAwaiting)
	o := w.decide(w.mail("office@lindenau.example", VerifyYes, func(m *Mail) {
		m.References = []Reference{{Notice: request.ID, Where: "in-reply-to"}}
	}))
	if w.endorsements[0].State() != StateAwaiting || o.Notices[0].Kind != NoticeUseLink {
		t.Errorf("state %s, notice %s", w.endorsements[0].State(), o.Notices[0].Kind)
	}
}

// TestU10LossOfCarriers: each carrier of the reference lost, and all together.
func TestU10LossOfCarriers(t *testing.T) {
	for _, tt := range []struct {
		name string
		lose func(*Mail)
	}{
		{"nothing lost", func(*Mail) {}},
		{"only the code is left", func(m *Mail) { m.References = nil }},
		{"only the reference is left, signed", func(m *Mail) { m.Codes = nil; m.Origin.Authentication = proofs[AlignedPass] }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			request := w.signed(StateAwaiting)
			w.decide(w.mail("office@lindenau.example", VerifyYes, w.answers(request), tt.lose))
			if got := w.endorsements[0].State(); got != StateConfirmed {
				t.Errorf("state %s", got)
			}
		})
	}
}

// TestReplay: R28: an old signed answer proves nothing today.
func TestReplay(t *testing.T) {
	w := newWorld(t)
	request := w.signed(StateAwaiting)
	w.decide(w.mail("office@lindenau.example", VerifyYes, proof(AlignedPass), w.answers(request), func(m *Mail) {
		m.Codes, m.Header.Date = nil, w.now.Add(-15*24*time.Hour)
		m.Received = w.now
	}))
	if got := w.endorsements[0].State(); got != StateAwaiting {
		t.Errorf("state %s", got)
	}
}

// TestU02EveryNoticeOfOneDay: no honest step of one address in one day goes unanswered.
func TestU02EveryNoticeOfOneDay(t *testing.T) {
	w := newWorld(t)
	request := w.signed(StateAwaiting)
	steps := []struct {
		intent Intent
		opts   []func(*Mail)
		want   NoticeKind
	}{
		{Correction, []func(*Mail){claims("City Library of Lindenau"), w.answers(request)}, NoticeCorrected},
		{Question, nil, NoticeAcknowledge},
	}
	for _, s := range steps {
		w.now = w.now.Add(time.Hour)
		o := w.decide(w.mail("office@lindenau.example", s.intent, s.opts...))
		if o.Silence != Answered || w.notices[len(w.notices)-1].Kind != s.want && !slices.ContainsFunc(o.Notices, func(n Notice) bool { return n.Kind == s.want }) {
			t.Fatalf("%s: silence %q", s.intent, o.Silence)
		}
	}
	w.now = w.now.Add(time.Hour)
	w.decide(w.mail("office@lindenau.example", VerifyYes, w.answers(w.last(NoticeCorrected))))
	w.last(NoticeReceived)
	w.act(Action{Kind: ActApprove, Endorsements: []int64{1}, OrganizerID: 1, Channel: ByDesk})
	w.last(NoticeListed)
}

// TestU02SecretaryWithTwelveOrganizations: twelve mails for twelve organizations, twelve answers.
func TestU02SecretaryWithTwelveOrganizations(t *testing.T) {
	w := newWorld(t)
	for i := range 12 {
		if o := w.decide(w.mail("office@federation.example", SignOn, claims(fmt.Sprintf("Reading Circle %c", 'A'+i)))); len(o.Notices) != 1 {
			t.Fatalf("mail %d: %d notices, silence %q", i, len(o.Notices), o.Silence)
		}
	}
	if len(w.endorsements) != 12 {
		t.Errorf("%d endorsements", len(w.endorsements))
	}
}

// TestU02SameMailFiftyTimes: one answer.
func TestU02SameMailFiftyTimes(t *testing.T) {
	w := newWorld(t)
	for range 50 {
		w.decide(w.mail("office@lindenau.example", SignOn, claims("City Library Lindenau"), func(m *Mail) { m.Similar = "same" }))
	}
	if len(w.notices) != 1 || len(w.endorsements) != 1 {
		t.Errorf("%d notices, %d endorsements", len(w.notices), len(w.endorsements))
	}
}

// TestU23SeveralOrganizationsInOneMail: one request, one line each; yes for all.
func TestU23SeveralOrganizationsInOneMail(t *testing.T) {
	w := newWorld(t)
	w.decide(w.mail("office@federation.example", SignOn, claims("Reading Circle North", "Reading Circle South"), func(m *Mail) { m.Reading.Also = []Intent{Question} }))
	request := w.last(NoticeRequest)
	if len(request.Shows) != 2 || w.last(NoticeQuestion).To != "nora@opensunday.example" {
		t.Fatalf("request shows %v", request.Shows)
	}
	w.decide(w.mail("office@federation.example", VerifyYes, w.answers(request)))
	for _, e := range w.endorsements {
		if e.State() != StateConfirmed {
			t.Errorf("%s is %s", e.Current().Fields.Name, e.State())
		}
	}
}

// TestU05YesWithChange confirms the changed line without a second round.
func TestU05YesWithChange(t *testing.T) {
	w := newWorld(t)
	request := w.signed(StateAwaiting)
	w.decide(w.mail("office@lindenau.example", VerifyYes, w.answers(request), claims("City Library of Lindenau"), func(m *Mail) { m.Reading.Also = []Intent{Correction} }))
	e := w.endorsements[0]
	if v := e.Current(); v.Fields.Name != "City Library of Lindenau" || v.Verification != Confirmed || v.Review != Pending {
		t.Errorf("current version %+v", v)
	}
	w.act(Action{Kind: ActApprove, Endorsements: []int64{1}, OrganizerID: 1, Channel: ByDesk})
	if got := w.listed(); !slices.Equal(got, []string{"City Library of Lindenau"}) {
		t.Errorf("listed %v", got)
	}
}

// TestTrap1Undecided: "our director must still approve" is no signature until the
// asked address says yes.
func TestTrap1Undecided(t *testing.T) {
	w := newWorld(t)
	w.decide(w.mail("office@lindenau.example", Conditional, claims("City Library Lindenau"), func(m *Mail) { m.Reading.Undecided = true }))
	if got := w.endorsements[0].State(); got != StateUndecided {
		t.Fatalf("state %s", got)
	}
	w.act(Action{Kind: ActRemind, Endorsements: []int64{1}, Nth: 1, Channel: ByProgram})
	if slices.ContainsFunc(w.notices, func(n Notice) bool { return n.Kind == NoticeReminder }) {
		t.Error("nagged")
	}
	w.decide(w.mail("office@lindenau.example", VerifyYes, w.answers(w.last(NoticeWaiting))))
	if got := w.endorsements[0].State(); got != StateConfirmed {
		t.Errorf("state %s", got)
	}
}

// TestTrap2ColleagueSigns: a suggested duplicate, never merged, no second line.
func TestTrap2ColleagueSigns(t *testing.T) {
	w := newWorld(t)
	w.signed(StateListed)
	w.decide(w.mail("director@lindenau.example", SignOn, claims("the city library LINDENAU")))
	if w.last(NoticeAlready).To != "director@lindenau.example" || len(w.listed()) != 1 || w.endorsements[1].DuplicateOf != 1 {
		t.Errorf("listed %v, duplicate of %d", w.listed(), w.endorsements[1].DuplicateOf)
	}
}

// TestTrap2WithdrawalByColleague: the aligned domain hides at once; a stranger only alarms.
func TestTrap2WithdrawalByColleague(t *testing.T) {
	for _, tt := range []struct {
		from   string
		p      Proof
		listed int
	}{{"director@lindenau.example", AlignedPass, 0}, {"director@lindenau.example", ProofNone, 1}, {"someone@freemail.example", AlignedPass, 1}} {
		w := newWorld(t)
		w.signed(StateListed)
		o := w.decide(w.mail(tt.from, Withdraw, proof(tt.p), claims("City Library Lindenau")))
		if len(w.listed()) != tt.listed || !o.Tasks[len(o.Tasks)-1].Urgent || w.last(NoticeProveLink).To != "office@lindenau.example" {
			t.Errorf("%s %s: listed %v, tasks %+v", tt.from, tt.p, w.listed(), o.Tasks)
		}
	}
}

// TestU06Deadline: what counts is when the mail arrived; grace for the confirmation.
func TestU06Deadline(t *testing.T) {
	for _, tt := range []struct {
		name    string
		arrives time.Duration // relative to the deadline
		want    NoticeKind
	}{{"in the last second", 0, NoticeRequest}, {"a microsecond late", time.Microsecond, NoticeTooLate}} {
		w := newWorld(t)
		w.now = w.campaign.Closes.Add(tt.arrives)
		w.decide(w.mail("office@lindenau.example", SignOn, claims("City Library Lindenau"), func(m *Mail) { m.Header.Date = w.now.Add(-time.Hour) }))
		w.last(tt.want)
	}
	w := newWorld(t)
	request := w.signed(StateAwaiting)
	w.now = w.campaign.Closes.Add(w.campaign.Grace)
	w.decide(w.mail("office@lindenau.example", VerifyYes, w.answers(request)))
	if got := w.endorsements[0].State(); got != StateConfirmed {
		t.Errorf("within grace: %s", got)
	}
}

// TestU01QuietStart: mail from before the start is kept, shown and not answered;
// released, it is asked.
func TestU01QuietStart(t *testing.T) {
	w := newWorld(t)
	w.rules.AnswerFrom = start.Add(time.Hour)
	o := w.decide(w.mail("office@lindenau.example", SignOn, claims("City Library Lindenau")))
	if len(w.notices) != 0 || o.Silence != SilentBacklog || len(w.endorsements) != 1 || w.tasks[0].Kind != TaskOlder {
		t.Fatalf("%d notices, silence %q, tasks %+v", len(w.notices), o.Silence, w.tasks)
	}
	w.act(Action{Kind: ActRelease, Endorsements: []int64{1}, OrganizerID: 1, Channel: ByDesk, MailID: 1})
	w.last(NoticeRequest)
}

// TestR58OldMail: Date counts where it is older than the arrival.
func TestR58OldMail(t *testing.T) {
	w := newWorld(t)
	o := w.decide(w.mail("office@lindenau.example", SignOn, claims("City Library Lindenau"), func(m *Mail) { m.Header.Date = start.Add(-73 * time.Hour) }))
	if o.Silence != SilentOld {
		t.Errorf("silence %q", o.Silence)
	}
}

// TestU12EditedAfterRequest: an old yes after an organizer's edit asks again with the line as it is.
func TestU12EditedAfterRequest(t *testing.T) {
	w := newWorld(t)
	request := w.signed(StateAwaiting)
	w.act(Action{Kind: ActEdit, Endorsements: []int64{1}, OrganizerID: 1, Channel: ByDesk, Fields: Fields{Kind: KindOrganization, Name: "Lindenau Public Library", City: "Leipzig", Country: "DE"}})
	w.decide(w.mail("office@lindenau.example", VerifyYes, w.answers(request)))
	if got := w.endorsements[0].State(); got != StateAwaiting || w.last(NoticeRequest).Shows[0].Version != 2 {
		t.Errorf("state %s, request %+v", got, w.last(NoticeRequest).Shows)
	}
}

// TestU16OrganizerAnswers: her reply goes to the signer; nobody else's does.
func TestU16OrganizerAnswers(t *testing.T) {
	w := newWorld(t)
	w.decide(w.mail("office@lindenau.example", Question))
	q := w.last(NoticeQuestion)
	o := w.decide(w.mail("mallory@evil.example", OtherIntent, w.answers(q)))
	if slices.ContainsFunc(w.notices, func(n Notice) bool { return n.Kind == NoticeAnswer }) {
		t.Fatalf("a stranger's answer was passed on: %+v", o)
	}
	w.decide(w.mail("nora@opensunday.example", OtherIntent, w.answers(q)))
	if a := w.last(NoticeAnswer); a.To != "office@lindenau.example" || a.InReplyTo != "m1@lindenau.example" {
		t.Errorf("answer %+v", a)
	}
}

// TestU07ListedWhenConfirmed lists a sure and proven signer on confirmation; others wait.
func TestU07ListedWhenConfirmed(t *testing.T) {
	w := newWorld(t)
	w.campaign.Listing = WhenConfirmed
	w.decide(w.mail("office@lindenau.example", SignOn, proof(AlignedPass), claims("City Library Lindenau")))
	w.decide(w.mail("office@lindenau.example", VerifyYes, w.answers(w.last(NoticeRequest))))
	w.decide(w.mail("someone@freemail.example", SignOn, claims("Plagwitz Reading Room")))
	w.decide(w.mail("someone@freemail.example", VerifyYes, w.answers(w.last(NoticeRequest))))
	if got := w.listed(); !slices.Equal(got, []string{"City Library Lindenau"}) {
		t.Errorf("listed %v", got)
	}
	if n := w.last(NoticeListed); n.To != "office@lindenau.example" || w.last(NoticeReceived).To != "someone@freemail.example" {
		t.Errorf("notices %v", w.notices)
	}
}

// TestUndoAndNumbers: undo is an event; a number is never given twice.
func TestUndoAndNumbers(t *testing.T) {
	w := newWorld(t)
	w.signed(StateListed)
	if w.endorsements[0].Number != 1 {
		t.Fatalf("number %d", w.endorsements[0].Number)
	}
	events := w.events[1]
	approved := slices.IndexFunc(events, func(ev Event) bool { return ev.Kind == EventApproved })
	w.act(Action{Kind: ActUndo, Endorsements: []int64{1}, OrganizerID: 1, EventID: events[approved].ID, Channel: ByDesk})
	if len(w.listed()) != 0 || w.endorsements[0].State() != StateConfirmed || w.endorsements[0].Number != 1 {
		t.Fatalf("listed %v, state %s, number %d", w.listed(), w.endorsements[0].State(), w.endorsements[0].Number)
	}
	undone := w.events[1][len(w.events[1])-1]
	if undone.Kind != EventUndone || undone.OrganizerID != 1 {
		t.Errorf("last event %+v", undone)
	}
	w.act(Action{Kind: ActApprove, Endorsements: []int64{1}, OrganizerID: 1, Channel: ByDesk})
	if w.endorsements[0].Number != 1 || len(w.listed()) != 1 {
		t.Errorf("number %d, listed %v", w.endorsements[0].Number, w.listed())
	}
}

// TestCorrectionLeavesTheOldLine: the one predicate.
func TestCorrectionLeavesTheOldLine(t *testing.T) {
	w := newWorld(t)
	request := w.signed(StateListed)
	w.decide(w.mail("office@lindenau.example", Correction, w.answers(request), claims("Central Library Lindenau")))
	if got := w.listed(); !slices.Equal(got, []string{"City Library Lindenau"}) {
		t.Errorf("before the yes: %v", got)
	}
	w.decide(w.mail("office@lindenau.example", VerifyYes, w.answers(w.last(NoticeCorrected))))
	w.act(Action{Kind: ActApprove, Endorsements: []int64{1}, OrganizerID: 1, Channel: ByDesk})
	if got := w.listed(); !slices.Equal(got, []string{"Central Library Lindenau"}) {
		t.Errorf("after: %v", got)
	}
}

// TestRobotWithoutOrganizer: no desk action is possible for somebody who is no organizer.
func TestRobotWithoutOrganizer(t *testing.T) {
	w := newWorld(t)
	w.signed(StateAwaiting)
	for _, kind := range []ActionKind{ActApprove, ActDecline, ActEdit, ActHide, ActVouch, ActEnter, ActUndo, ActRelease, ActAnswer} {
		_, err := Act(Situation{Now: w.now, Campaign: w.campaign, Endorsements: w.endorsements}, Action{Kind: kind, Endorsements: []int64{1}})
		if err == nil {
			t.Errorf("%s was done", kind)
		}
	}
}

// TestU06AcceptedLate: one click of an organizer, and the signer may confirm after all.
func TestU06AcceptedLate(t *testing.T) {
	w := newWorld(t)
	w.now = w.campaign.Closes.Add(w.campaign.Grace + time.Hour)
	w.decide(w.mail("office@lindenau.example", SignOn, claims("City Library Lindenau")))
	w.last(NoticeTooLate)
	w.act(Action{Kind: ActRelease, Endorsements: []int64{1}, OrganizerID: 1, Channel: ByDesk, MailID: 1})
	w.decide(w.mail("office@lindenau.example", VerifyYes, w.answers(w.last(NoticeRequest))))
	if got := w.endorsements[0].State(); got != StateConfirmed {
		t.Errorf("state %s", got)
	}
}

// TestU13NoteBeforeClosing: one note to those who have not decided; to nobody else, and no second one.
func TestU13NoteBeforeClosing(t *testing.T) {
	for state, want := range map[State]int{StateAwaiting: 0, StateUndecided: 1, StateConfirmed: 0, StateListed: 0, StateWithdrawn: 0, StateDeclined: 0} {
		w := newWorld(t)
		w.signed(state)
		w.now = w.campaign.Closes.Add(-47 * time.Hour)
		for range 2 {
			w.act(Action{Kind: ActClosing, Endorsements: []int64{1}, Channel: ByProgram})
		}
		notes := slices.DeleteFunc(slices.Clone(w.notices), func(n Notice) bool { return n.Kind != NoticeNote })
		if len(notes) != want {
			t.Errorf("%s: %d notes, want %d", state, len(notes), want)
		}
		if want == 0 {
			continue
		}
		if notes[0].DedupeKey != "note:E1:v1" || notes[0].To != "office@lindenau.example" {
			t.Errorf("note %+v", notes[0])
		}
		w.decide(w.mail("office@lindenau.example", VerifyYes, w.answers(notes[0])))
		if got := w.endorsements[0].State(); got != StateConfirmed {
			t.Errorf("the yes to the note made it %s", got)
		}
	}
}

// TestNewLinkForEveryState: who has something open or standing gets a link; three a day, no more.
func TestNewLinkForEveryState(t *testing.T) {
	for _, state := range []State{StateAwaiting, StateUndecided, StateConfirmed, StateListed, StateWithdrawn, StateDeclined} {
		w := newWorld(t)
		w.signed(state)
		w.act(Action{Kind: ActNewLink, Address: "Office@Lindenau.example", Channel: ByForm})
		if n := w.last(NoticeNewLink); n.To != "office@lindenau.example" || len(n.Shows) != 1 {
			t.Errorf("%s: %+v", state, n)
		}
		w.act(Action{Kind: ActNewLink, Address: "mallory@evil.example", Channel: ByForm})
		if n := w.last(NoticeNewLink); n.To != "office@lindenau.example" {
			t.Errorf("%s: a stranger got %+v", state, n)
		}
	}
	w := newWorld(t)
	w.signed(StateWithdrawn)
	w.now = w.now.Add(ReversibleFor + time.Hour)
	w.act(Action{Kind: ActNewLink, Address: "office@lindenau.example", Channel: ByForm})
	if slices.ContainsFunc(w.notices, func(n Notice) bool { return n.Kind == NoticeNewLink }) {
		t.Error("a link to what can no longer be taken back")
	}
}

// TestContactReplaced: once an organizer has put another contact in place, the
// former one's answers count no more, and the new one is asked.
func TestContactReplaced(t *testing.T) {
	w := newWorld(t)
	request := w.signed(StateAwaiting)
	f := w.endorsements[0].Current().Fields
	f.Contact = "director@lindenau.example"
	w.act(Action{Kind: ActEdit, Endorsements: []int64{1}, OrganizerID: 1, Channel: ByDesk, Fields: f})
	if n := w.last(NoticeCorrected); n.To != "director@lindenau.example" || !n.Details.Asks {
		t.Errorf("notice %+v", n)
	}
	w.decide(w.mail("office@lindenau.example", VerifyYes, w.answers(request)))
	if got := w.endorsements[0].State(); got != StateAwaiting {
		t.Fatalf("the former contact's yes made it %s", got)
	}
	w.decide(w.mail("director@lindenau.example", VerifyYes, w.answers(w.last(NoticeCorrected))))
	if got := w.endorsements[0].State(); got != StateConfirmed {
		t.Errorf("the new contact's yes left it %s", got)
	}
}
