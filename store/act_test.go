package store

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"countersign/petition"
)

// listed takes an organization onto the list.
func listed(t *testing.T, s *Store, nora int64, name string, uid uint32) int64 {
	t.Helper()
	e := sign(t, s, signOn{from: fmt.Sprintf("office@lib%d.example", uid), name: name, uid: uid})
	confirm(t, s, e.ID)
	approve(t, s, e.ID, nora)
	return e.ID
}

func TestU18NumbersAreNeverReused(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		nora := testOrganizer(t, s)
		first := listed(t, s, nora, "First Library", 1)
		second := listed(t, s, nora, "Second Library", 2)
		act(t, s, petition.Action{Kind: petition.ActWithdraw, Endorsements: []int64{second}, Channel: petition.ByLink})
		third := listed(t, s, nora, "Third Library", 3)
		numbers := map[int64]int{}
		for _, l := range got(s.PublicList(t.Context(), c.ID))(t) {
			numbers[l.EndorsementID] = l.Number
		}
		if want := map[int64]int{first: 1, third: 3}; !reflect.DeepEqual(numbers, want) {
			t.Fatalf("numbers %v, want %v", numbers, want)
		}
		act(t, s, petition.Action{Kind: petition.ActReinstate, Endorsements: []int64{second}, Channel: petition.ByLink})
		if e := got(s.Endorsement(t.Context(), second))(t); e.Number != 2 || e.State() != petition.StateListed {
			t.Errorf("back on the list: number %d, %s", e.Number, e.State())
		}
		checkFold(t, s, second)
	})
}

func TestListRevisionFollowsTheList(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		nora := testOrganizer(t, s)
		revision := got(s.ListRevision(t.Context(), c.ID))(t)
		step := func(what string, changes bool) {
			t.Helper()
			now := got(s.ListRevision(t.Context(), c.ID))(t)
			if (now > revision) != changes {
				t.Errorf("%s: revision %d after %d", what, now, revision)
			}
			revision = now
		}
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		step("signed", false)
		confirm(t, s, e.ID)
		step("confirmed", false)
		approve(t, s, e.ID, nora)
		step("approved", true)
		act(t, s, petition.Action{Kind: petition.ActNote, Endorsements: []int64{e.ID}, OrganizerID: nora, Channel: petition.ByDesk, Why: "nice people"})
		step("noted", false)
		act(t, s, petition.Action{Kind: petition.ActHide, Endorsements: []int64{e.ID}, OrganizerID: nora, Channel: petition.ByDesk})
		step("hidden", true)
		act(t, s, petition.Action{Kind: petition.ActShow, Endorsements: []int64{e.ID}, OrganizerID: nora, Channel: petition.ByDesk})
		step("shown", true)
		ok(t, s.AddText(t.Context(), c.ID, []petition.Text{{Language: "en", Title: "Open on Sundays", Change: petition.SmallChange}}))
		step("new text", true)
		act(t, s, petition.Action{Kind: petition.ActWithdraw, Endorsements: []int64{e.ID}, Channel: petition.ByLink})
		step("withdrawn", true)
	})
}

func TestUndoIsAnEvent(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		nora := testOrganizer(t, s)
		id := listed(t, s, nora, "City Library Lindenau", 1)
		var approved int64
		for _, ev := range got(s.Events(t.Context(), id))(t) {
			if ev.Kind == petition.EventApproved {
				approved = ev.ID
			}
		}
		act(t, s, petition.Action{Kind: petition.ActUndo, EventID: approved, OrganizerID: nora, Channel: petition.ByDesk})
		if e := got(s.Endorsement(t.Context(), id))(t); e.State() != petition.StateConfirmed || e.Number != 1 {
			t.Errorf("after undo: %s, number %d", e.State(), e.Number)
		}
		if n := got(s.Counts(t.Context(), c.ID))(t); n.Organizations != 0 || n.ToReview != 1 {
			t.Errorf("counts after undo: %+v", n)
		}
		checkFold(t, s, id)
		approve(t, s, id, nora)
		if list := got(s.PublicList(t.Context(), c.ID))(t); len(list) != 1 || list[0].Number != 1 {
			t.Errorf("approved again: %+v", list)
		}
		act(t, s, petition.Action{
			Kind: petition.ActEdit, Endorsements: []int64{id}, OrganizerID: nora, Channel: petition.ByDesk,
			Fields: petition.Fields{Kind: petition.KindOrganization, Name: "Town Library Somewhere Else", City: "Leipzig", Country: "DE"},
		})
		events := got(s.Events(t.Context(), id))(t)
		act(t, s, petition.Action{Kind: petition.ActUndo, EventID: events[len(events)-1].ID, OrganizerID: nora, Channel: petition.ByDesk})
		if e := got(s.Endorsement(t.Context(), id))(t); len(e.Versions) != 1 || e.State() != petition.StateListed {
			t.Errorf("edit undone: %d versions, %s", len(e.Versions), e.State())
		}
		checkFold(t, s, id)
	})
}

func TestStaleRevisionIsRefused(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		nora := testOrganizer(t, s)
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		confirm(t, s, e.ID)
		a := petition.Action{Kind: petition.ActApprove, Endorsements: []int64{e.ID}, Revisions: []int64{e.Revision}, OrganizerID: nora}
		if _, err := s.Act(t.Context(), a); !errors.Is(err, petition.ErrConflict) {
			t.Fatalf("stale form: %v", err)
		}
		a.Revisions[0] = got(s.Endorsement(t.Context(), e.ID))(t).Revision
		act(t, s, a)
		a.Endorsements[0] = 4711
		if _, err := s.Act(t.Context(), a); !errors.Is(err, petition.ErrNotFound) {
			t.Errorf("unknown endorsement: %v", err)
		}
	})
}

func TestNewLinkIsFoundInEveryCampaign(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		out := act(t, s, petition.Action{Kind: petition.ActNewLink, Address: " OFFICE@lindenau.example", Channel: petition.ByForm})
		if len(out.Notices) != 1 || out.Notices[0].Shows[0].EndorsementID != e.ID {
			t.Errorf("known address: %+v", out)
		}
		if out := act(t, s, petition.Action{Kind: petition.ActNewLink, Address: "nobody@lindenau.example", Channel: petition.ByForm}); !out.Empty() {
			t.Errorf("unknown address: %+v", out)
		}
	})
}

func TestChangedNameIsAnotherOrganization(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		nora := testOrganizer(t, s)
		id := listed(t, s, nora, "Reading Trust", 1)
		national := got(s.Endorsement(t.Context(), id))(t).OrganizationID
		act(t, s, petition.Action{
			Kind: petition.ActCorrect, Endorsements: []int64{id}, Channel: petition.ByLink,
			Fields: petition.Fields{Name: "Reading Trust, Leeds branch", City: "Leeds"},
		})
		if e := got(s.Endorsement(t.Context(), id))(t); e.OrganizationID != national {
			t.Error("a correction that is not approved moved the organization")
		}
		approve(t, s, id, nora)
		if e := got(s.Endorsement(t.Context(), id))(t); e.OrganizationID == national {
			t.Error("a chapter is its national body (trap 3)")
		}
	})
}

func TestTextIsCleanedOnItsWay(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		nora := testOrganizer(t, s)
		id := receive(t, s, signOn{from: "office@lindenau.example", name: "Stadt\x00bücherei \xff\xfe Lindenau \\u0000", uid: 1, text: "\x00\xf0\x28", similar: "a\x00b"})
		mail := got(s.Mail(t.Context(), id))(t)
		if strings.ContainsRune(mail.NewText, 0) || strings.ContainsRune(mail.Reading.Organizations[0].Name, 0) {
			t.Errorf("NUL came back: %q %q", mail.NewText, mail.Reading.Organizations[0].Name)
		}
		if !strings.Contains(mail.Reading.Organizations[0].Name, `\u0000`) || !strings.HasPrefix(mail.Reading.Organizations[0].Name, "Stadtbücherei \uFFFD") {
			t.Errorf("name %q", mail.Reading.Organizations[0].Name)
		}
		out := act(t, s, petition.Action{
			Kind: petition.ActEnter, CampaignID: c.ID, OrganizerID: nora, Channel: petition.ByHand, Why: "on \x00paper\xff",
			Fields: petition.Fields{Kind: petition.KindOrganization, Name: "A\x00B\xff"},
		})
		e := got(s.Endorsement(t.Context(), out.New[0].ID))(t)
		if strings.ContainsRune(e.Current().Fields.Name, 0) || e.State() != petition.StateListed {
			t.Errorf("entered: %+v", e)
		}
		if found := got(s.Find(t.Context(), []int64{c.ID}, "a\x00\xff", 10))(t); len(found) > 1 {
			t.Errorf("found %d", len(found))
		}
	})
}

func TestVeryLongNames(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		for i, name := range []string{strings.Repeat("x", 10000), strings.Repeat("図書館", 3400), strings.Repeat("wörter ", 1500)} {
			id := receive(t, s, signOn{from: fmt.Sprintf("office@lib%d.example", i), name: name, uid: uint32(i + 1)})
			out := got(s.Decide(t.Context(), id, func(k petition.Known) petition.Outcome { // past every cleaning
				return petition.Outcome{
					Disposition: petition.DispSignOn, New: []petition.Endorsement{{CampaignID: c.ID}},
					Events: []petition.Event{{EndorsementID: -1, Kind: petition.EventSubmitted, Fields: petition.Fields{Name: name, Contact: k.Mail.From()}}},
				}
			}))(t)
			if e := got(s.Endorsement(t.Context(), out.New[0].ID))(t); e.Current().Fields.Name != name {
				t.Errorf("name %d changed", i)
			}
		}
	})
}

func TestFind(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		nora := testOrganizer(t, s)
		var last int64
		for _, name := range []string{"Città di Lettori", "Βιβλιοθήκη Πάτρας", "中央図書館", "City Library Lindenau"} {
			out := act(t, s, petition.Action{
				Kind: petition.ActEnter, CampaignID: c.ID, OrganizerID: nora, Channel: petition.ByHand, Why: "called",
				Fields: petition.Fields{Kind: petition.KindOrganization, Name: name, City: "Łódź"},
			})
			last = out.New[0].ID
		}
		for query, want := range map[string]int{
			"citta": 1, "CIT": 2, "lett citt": 1, "βιβλ": 1, "図書": 1, "書館": 1, "lindenau city": 1, "nowhere": 0, "": 0, "4": 1, "%": 0,
		} {
			if found := got(s.Find(t.Context(), []int64{c.ID}, query, 10))(t); len(found) != want {
				t.Errorf("%q found %d, want %d", query, len(found), want)
			}
		}
		if found := got(s.Find(t.Context(), []int64{c.ID}, "cit", 1))(t); len(found) != 1 || found[0].ID != last {
			t.Errorf("newest first: %+v", found)
		}
		if found := got(s.Find(t.Context(), []int64{c.ID + 1}, "cit", 10))(t); len(found) != 0 {
			t.Error("found in another campaign")
		}
	})
}

func TestQueuePages(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		for i := range 7 {
			e := sign(t, s, signOn{from: fmt.Sprintf("office@lib%d.example", i), name: fmt.Sprint("Library ", i), uid: uint32(i + 1)})
			if i%2 == 0 {
				confirm(t, s, e.ID)
			} else {
				ok(t, s.inTx(t.Context(), func(x *tx) error {
					return x.addTask(t.Context(), &petition.Task{Kind: petition.TaskUnclear, CampaignID: c.ID, EndorsementID: e.ID, MailID: e.RequestID, Urgent: i == 5})
				}))
			}
			turn(s, time.Second)
		}
		var after int64
		var seen []QueueRow
		for {
			rows := got(s.Queue(t.Context(), QueueFilter{CampaignIDs: []int64{c.ID}, After: after, Limit: 2}))(t)
			if len(rows) == 0 {
				break
			}
			seen, after = append(seen, rows...), rows[len(rows)-1].Key
		}
		if len(seen) != 7 || seen[0].Task == nil || !seen[0].Task.Urgent {
			t.Fatalf("seen %d, first %+v", len(seen), seen[0])
		}
		for i := 2; i < len(seen); i++ {
			if seen[i].Since.Before(seen[i-1].Since) {
				t.Errorf("row %d is older than the one before", i)
			}
		}
		for _, f := range []struct {
			filter QueueFilter
			want   int
		}{{QueueFilter{Kind: KindReview}, 4}, {QueueFilter{Kind: "unclear"}, 3}, {QueueFilter{Query: "library 3"}, 1}, {QueueFilter{Query: "OFFICE@lib4"}, 1}, {QueueFilter{Query: "100%"}, 0}} {
			f.filter.CampaignIDs = []int64{c.ID}
			if rows := got(s.Queue(t.Context(), f.filter))(t); len(rows) != f.want {
				t.Errorf("%+v: %d rows", f.filter, len(rows))
			}
		}
		counts := got(s.QueueCounts(t.Context(), []int64{c.ID}))(t)
		if want := map[string]int{"review": 4, "unclear": 3}; !reflect.DeepEqual(counts, want) {
			t.Errorf("counts %v", counts)
		}
	})
}
