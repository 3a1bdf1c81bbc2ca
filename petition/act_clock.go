package petition

import "fmt"

// MaxReminders is how often a signer is reminded (M3).
const MaxReminders = 2

func (a *action) remind() {
	for _, e := range a.Situation.Endorsements {
		v := e.Current()
		if e.State() != StateAwaiting || v.Verification != Awaiting || e.OnHold != "" || v.Fields.Contact == "" || !e.Accepted() && !a.Campaign.AcceptsConfirmation(a.Now) {
			continue
		}
		nth := max(a.Nth, 1)
		shows := []Shown{{e.ID, v.N}}
		n := a.notice(NoticeReminder, v.Fields.Contact, e.Locale, key("reminder", shows)+fmt.Sprintf(":%d", nth), shows)
		n.Details.Nth, n.Details.WroteAt = nth, e.ArrivedAt
	}
}

// closing writes once to those who have not decided yet, shortly before the list
// closes (U13). Nothing else ever reminds them.
func (a *action) closing() {
	for _, e := range a.Situation.Endorsements {
		v := e.Current()
		if e.State() != StateUndecided || e.OnHold != "" || v.Fields.Contact == "" || !e.Accepted() && !a.Campaign.AcceptsConfirmation(a.Now) {
			continue
		}
		shows := []Shown{{e.ID, v.N}}
		a.notice(NoticeNote, v.Fields.Contact, e.Locale, key("note", shows), shows).Details.WroteAt = e.ArrivedAt
	}
}

func (a *action) expire() {
	for _, e := range a.Situation.Endorsements {
		if v := e.Current(); v.Verification == Awaiting && !e.Gone() {
			a.event(e, EventExpired, v.N).Channel = ByProgram
		}
	}
}

// unreachable is a refusal for good at sending: what was asked cannot be answered.
func (a *action) unreachable() {
	for _, e := range a.Situation.Endorsements {
		if v := e.Current(); !e.Gone() && (v.Verification == Awaiting || v.Verification == Undecided) {
			a.event(e, EventUnreached, v.N).Channel = ByProgram
		}
		a.task(TaskUnreachable, e, "The mail server refused our mail: "+CleanLine(a.Why, 300))
	}
}
