package petition

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// world carries outcomes out in memory, as the store does in SQL, so that the
// rules can be played through without one.
type world struct {
	t            *testing.T
	now          time.Time
	rules        Rules
	keys         Keys
	campaign     *Campaign
	organizers   []Organizer
	endorsements []*Endorsement
	events       map[int64][]Event
	notices      []Notice
	tasks        []Task
	mails        []*Mail
	events_      int64
}

var start = time.Date(2026, 5, 12, 12, 2, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	keys, err := NewKeys(1, map[byte][]byte{1: []byte(strings.Repeat("k", 32))})
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		t: t, now: start, keys: keys, events: map[int64][]Event{},
		rules: Rules{Own: []string{"sign@opensunday.example"}, AnswerWithin: 72 * time.Hour},
		campaign: &Campaign{ID: 1, Slug: "open-sunday", State: Open, Settings: Settings{
			Name: "Open on Sunday", Addresses: []string{"sign@opensunday.example"}, Languages: []string{"en", "de"}, Zone: "Europe/Brussels",
			Closes: start.Add(14 * 24 * time.Hour), Grace: DefaultGrace, Listing: AfterReview, Public: DefaultPublic,
		}, Texts: []Text{{N: 1, Language: "en", Binding: true, Title: "Open on Sunday"}}},
		organizers: []Organizer{{ID: 1, Address: "nora@opensunday.example", Name: "Nora Example", Role: RoleOwner, Locale: "en"}},
	}
}

// mail is a mail from the address with the intent; further facts are set by opts.
func (w *world) mail(from string, intent Intent, opts ...func(*Mail)) *Mail {
	m := &Mail{
		ID: int64(len(w.mails) + 1), Received: w.now,
		Header:  Header{MessageID: fmt.Sprintf("m%d@lindenau.example", len(w.mails)+1), Date: w.now, Subject: "Open on Sunday", From: []Address{{Name: "Anna Berg", Address: from}}, Recipients: []string{"sign@opensunday.example"}},
		Origin:  Origin{Automatic: Automatic{Kind: Human}, Authentication: proofs[ProofNone]},
		Reading: Reading{Language: "en", Intent: intent, Confidence: High},
		NewText: "text of the mail",
	}
	m.Similar = fmt.Sprint("similar", m.ID)
	for _, o := range opts {
		o(m)
	}
	w.mails = append(w.mails, m)
	return m
}

var proofs = map[Proof]Authentication{
	AlignedPass: {DMARC: "pass", AlignedDomain: "lindenau.example", DKIM: []DKIMResult{{Domain: "lindenau.example", Result: "pass", Headers: []string{"from", "to", "subject", "in-reply-to"}}}},
	ProofNone:   {DMARC: "none"},
	ProofFail:   {DMARC: "fail"},
	TempError:   {DMARC: "temperror"},
}

func proof(p Proof) func(*Mail) { return func(m *Mail) { m.Origin.Authentication = proofs[p] } }

func claims(names ...string) func(*Mail) {
	return func(m *Mail) {
		for _, n := range names {
			m.Reading.Organizations = append(m.Reading.Organizations, Claim{Name: n, Kind: KindOrganization, City: "Leipzig", Country: "Germany"})
		}
	}
}

// answers makes the mail a reply to the notice, quoting its code.
func (w *world) answers(n Notice) func(*Mail) {
	return func(m *Mail) {
		m.References = []Reference{{Notice: n.ID, Where: "in-reply-to"}}
		m.Codes = []string{w.keys.Code(&n)}
	}
}

func (w *world) known(m *Mail) Known {
	k := Known{Now: w.now, Rules: w.rules, Mail: m, Campaign: w.campaign, Organizers: w.organizers}
	for _, ref := range m.References {
		if n := w.noticeByID(ref.Notice); n != nil {
			k.Asked = n
			break
		}
	}
	if k.Asked == nil {
		for i := range w.notices {
			if n := &w.notices[i]; n.To == m.From() && w.keys.CodeOpens(m.Codes, n) {
				k.Asked = n
			}
		}
	}
	if k.Asked != nil {
		k.CodeOpens = w.keys.CodeOpens(m.Codes, k.Asked)
		for _, s := range k.Asked.Shows {
			k.Shown = append(k.Shown, w.byID(s.EndorsementID))
		}
		if k.Asked.Kind == NoticeQuestion {
			k.Question = w.mails[k.Asked.MailID-1]
		}
	}
	for _, e := range w.endorsements {
		if e.Current().Fields.Contact == m.From() {
			k.Own = append(k.Own, e)
		}
	}
	for _, c := range m.Reading.Organizations {
		var same []*Endorsement
		for _, e := range w.endorsements {
			if slices.Contains(IdentityKeys(e.Current().Fields), "name:"+NameKey(c.Name)) {
				same = append(same, e)
			}
		}
		k.Same = append(k.Same, same)
	}
	for _, n := range w.notices {
		if n.To == m.From() && w.now.Sub(n.QueuedAt) < 24*time.Hour {
			k.Recent = append(k.Recent, n)
		}
	}
	for _, old := range w.mails[:m.ID-1] {
		if old.Similar == m.Similar && old.State == MailDecided {
			k.Repeats++
		}
	}
	return k
}

func (w *world) decide(m *Mail) Outcome {
	w.t.Helper()
	o := Decide(w.known(m))
	m.State = MailDecided
	w.carryOut(o)
	return o
}

func (w *world) act(a Action) Outcome {
	w.t.Helper()
	s := Situation{Now: w.now, Rules: w.rules, Campaign: w.campaign}
	for _, id := range a.Endorsements {
		s.Endorsements = append(s.Endorsements, w.byID(id))
		s.Events = w.events[id]
	}
	if a.Kind == ActNewLink {
		s.Endorsements = w.endorsements
	}
	if a.OrganizerID != 0 {
		s.Organizer = &w.organizers[0]
	}
	if a.MailID != 0 {
		s.Mail = w.mails[a.MailID-1]
	}
	o, err := Act(s, a)
	if err != nil {
		w.t.Fatalf("act %s: %v", a.Kind, err)
	}
	w.carryOut(o)
	return o
}

func (w *world) carryOut(o Outcome) {
	w.t.Helper()
	ids := map[int64]int64{}
	before := map[int64]*Endorsement{}
	for i, e := range o.New {
		e.ID = int64(len(w.endorsements) + 1)
		ids[-int64(i+1)] = e.ID
		w.endorsements = append(w.endorsements, &e)
	}
	real := func(id int64) int64 {
		if id < 0 {
			return ids[id]
		}
		return id
	}
	for _, ev := range o.Events {
		ev.EndorsementID = real(ev.EndorsementID)
		e := w.byID(ev.EndorsementID)
		if _, ok := before[e.ID]; !ok {
			old := *e
			old.Versions = slices.Clone(e.Versions)
			before[e.ID] = &old
			if len(old.Versions) == 0 {
				before[e.ID] = nil
			}
		}
		w.apply(e, ev)
	}
	for id, old := range before {
		events, notices := Settle(w.campaign, old, w.byID(id), w.now)
		for _, ev := range events {
			ev.Number = w.nextNumber()
			w.apply(w.byID(id), ev)
		}
		w.queue(notices, real)
	}
	w.queue(o.Notices, real)
	w.tasks = append(w.tasks, o.Tasks...)
}

func (w *world) apply(e *Endorsement, ev Event) {
	w.t.Helper()
	w.events_++
	ev.ID = w.events_
	w.events[e.ID] = append(w.events[e.ID], ev)
	if ev.Kind == EventUndone {
		folded, err := Fold(*e, w.events[e.ID])
		if err != nil {
			w.t.Fatal(err)
		}
		*e = folded
		return
	}
	if err := Apply(e, ev); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) queue(notices []Notice, real func(int64) int64) {
	for _, n := range notices {
		n.Shows = slices.Clone(n.Shows)
		for i := range n.Shows {
			n.Shows[i].EndorsementID = real(n.Shows[i].EndorsementID)
		}
		if slices.ContainsFunc(w.notices, func(old Notice) bool { return old.DedupeKey == n.DedupeKey }) {
			continue
		}
		n.ID = int64(len(w.notices) + 1)
		w.notices = append(w.notices, n)
	}
}

func (w *world) nextNumber() int {
	n := 0
	for _, e := range w.endorsements {
		n = max(n, e.Number)
	}
	return n + 1
}

func (w *world) byID(id int64) *Endorsement {
	for _, e := range w.endorsements {
		if e.ID == id {
			return e
		}
	}
	w.t.Fatalf("no endorsement %d", id)
	return nil
}

func (w *world) noticeByID(id int64) *Notice {
	for i := range w.notices {
		if w.notices[i].ID == id {
			return &w.notices[i]
		}
	}
	return nil
}

// last is the newest notice of the kind.
func (w *world) last(kind NoticeKind) Notice {
	w.t.Helper()
	for _, n := range slices.Backward(w.notices) {
		if n.Kind == kind {
			return n
		}
	}
	w.t.Fatalf("no notice %q among %d", kind, len(w.notices))
	return Notice{}
}

func (w *world) listed() []string {
	var names []string
	for _, e := range w.endorsements {
		if v, ok := e.Listed(); ok {
			names = append(names, v.Fields.Name)
		}
	}
	return names
}

// signed plays a sign-on of City Library Lindenau up to the state and returns its request.
func (w *world) signed(state State) Notice {
	w.t.Helper()
	const contact = "office@lindenau.example"
	if state == StateNew {
		return Notice{}
	}
	w.decide(w.mail(contact, SignOn, claims("City Library Lindenau")))
	request := w.last(NoticeRequest)
	id := request.Shows[0].EndorsementID
	organizer := Action{Endorsements: []int64{id}, OrganizerID: 1, Channel: ByDesk}
	do := func(kind ActionKind) { organizer.Kind = kind; w.act(organizer) }
	switch state {
	case StateUndecided:
		w.act(Action{Kind: ActWait, Endorsements: []int64{id}, Channel: ByLink})
	case StateConfirmed, StateListed, StateWithdrawn:
		w.act(Action{Kind: ActConfirm, Endorsements: []int64{id}, Channel: ByLink})
		if state != StateConfirmed {
			do(ActApprove)
		}
		if state == StateWithdrawn {
			w.act(Action{Kind: ActWithdraw, Endorsements: []int64{id}, Channel: ByLink})
		}
	case StateDeclined:
		do(ActDecline)
	case StateNew, StateAwaiting:
	}
	if got := w.byID(id).State(); got != state {
		w.t.Fatalf("state is %s, want %s", got, state)
	}
	return request
}
