package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/petition"
)

// checkFold compares what is stored with the fold of the history: the truth is in the events.
func checkFold(t *testing.T, s *Store, id int64) {
	t.Helper()
	stored := got(s.Endorsement(t.Context(), id))(t)
	folded := *stored
	ok(t, s.inTx(t.Context(), func(t *tx) error { return t.refold(context.Background(), &folded) }))
	if !reflect.DeepEqual(*stored, folded) {
		t.Errorf("stored %+v\nfolded %+v", *stored, folded)
	}
}

// settleAll sends everything that is due.
func settleAll(t *testing.T, s *Store) []petition.Notice {
	t.Helper()
	all := got(s.ClaimNotices(t.Context(), 1000, minute))(t)
	var done []petition.Settlement
	for _, n := range all {
		done = append(done, petition.Settlement{ID: n.ID, Attempts: n.Attempts, State: petition.NoticeSent, Text: "as sent"})
	}
	ok(t, s.SettleNotices(t.Context(), done))
	return all
}

func TestFromMailToList(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		nora := testOrganizer(t, s)
		e := sign(t, s, signOn{from: "Office@Lindenau.example", name: "City Library Lindenau", uid: 1})
		if e.State() != petition.StateAwaiting || e.OrganizationID == 0 || e.CampaignID != c.ID || e.RequestID == 0 {
			t.Fatalf("after the mail: %+v", e)
		}
		sent := settleAll(t, s)
		if len(sent) != 1 || sent[0].Kind != petition.NoticeRequest || !s.keys.OwnMessageID(sent[0].MessageID) || sent[0].To != "office@lindenau.example" {
			t.Fatalf("asked by %+v", sent)
		}
		confirm(t, s, e.ID)
		if n := got(s.Counts(t.Context(), c.ID))(t); n.ToReview != 1 || n.Organizations != 0 {
			t.Fatalf("counts after the yes: %+v", n)
		}
		rows := got(s.Queue(t.Context(), QueueFilter{CampaignIDs: []int64{c.ID}}))(t)
		if len(rows) != 1 || rows[0].Endorsement.ID != e.ID || rows[0].Mail.From != "office@lindenau.example" || rows[0].Mail.Snippet == "" {
			t.Fatalf("queue: %+v", rows)
		}
		before := got(s.ListRevision(t.Context(), c.ID))(t)
		approve(t, s, e.ID, nora)
		list := got(s.PublicList(t.Context(), c.ID))(t)
		if len(list) != 1 || list[0].Number != 1 || list[0].Fields.Name != "City Library Lindenau" || list[0].Kind != petition.KindOrganization {
			t.Fatalf("list: %+v", list)
		}
		if after := got(s.ListRevision(t.Context(), c.ID))(t); after <= before {
			t.Errorf("list revision %d after %d", after, before)
		}
		if n := got(s.Counts(t.Context(), c.ID))(t); n.ToReview != 0 || n.Organizations != 1 || n.Countries != 1 {
			t.Errorf("counts on the list: %+v", n)
		}
		kinds := map[petition.NoticeKind]petition.NoticeState{}
		for _, n := range got(s.Notices(t.Context(), e.ID))(t) {
			kinds[n.Kind] = n.State
		}
		if kinds[petition.NoticeReceived] != petition.NoticeDropped || kinds[petition.NoticeListed] != petition.NoticeDue {
			t.Errorf("listed within ten minutes, only that is said (M2): %v", kinds)
		}
		if mails := got(s.MailsOf(t.Context(), e.ID))(t); len(mails) != 1 || mails[0].Raw != nil {
			t.Errorf("mails: %+v", mails)
		}
		checkFold(t, s, e.ID)
	})
}

func TestReplayChangesNothing(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		out := got(s.Decide(t.Context(), e.RequestID, func(petition.Known) petition.Outcome {
			t.Error("a decided mail was decided again")
			return petition.Outcome{}
		}))(t)
		if out.Disposition != petition.DispSignOn || !out.Empty() {
			t.Errorf("replayed: %+v", out)
		}
		if n := got(s.Counts(t.Context(), c.ID))(t); n.Awaiting != 1 {
			t.Errorf("counts: %+v", n)
		}
	})
}

func TestConcurrentDecideOfOneMail(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		id := receive(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		var work sync.WaitGroup
		for range 6 {
			work.Go(func() {
				if out, err := s.Decide(t.Context(), id, petition.Decide); err != nil || out.Disposition != petition.DispSignOn {
					t.Errorf("%+v, %v", out, err)
				}
			})
		}
		work.Wait()
		if n := got(s.Counts(t.Context(), c.ID))(t); n.Awaiting != 1 {
			t.Errorf("counts: %+v", n)
		}
		if due, _, err := s.QueueLength(t.Context()); due != 1 || err != nil {
			t.Errorf("%d requests, %v", due, err)
		}
	})
}

func TestConcurrentDecideOfTwoMailsOfOneOrganization(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		var ids []int64
		for i := range 6 {
			ids = append(ids, receive(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: uint32(i + 1), text: fmt.Sprint(i)}))
		}
		var work sync.WaitGroup
		for _, id := range ids {
			work.Go(func() {
				if _, err := s.Decide(t.Context(), id, petition.Decide); err != nil {
					t.Error(err)
				}
			})
		}
		work.Wait()
		if n := got(s.Counts(t.Context(), c.ID))(t); n.Awaiting != 1 {
			t.Errorf("one organization signed six times at once: %+v", n)
		}
		var organizations int
		ok(t, s.reader().get(t.Context(), &organizations, `SELECT COUNT(*) FROM organizations`))
		if organizations != 1 {
			t.Errorf("%d organizations", organizations)
		}
	})
}

func TestOneOrganizationInTwoCampaignsAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		var campaigns []int64
		for i := range 4 {
			c := &petition.Campaign{Slug: fmt.Sprint("c", i)}
			ok(t, s.CreateCampaign(t.Context(), c))
			campaigns = append(campaigns, c.ID)
		}
		nora := testOrganizer(t, s)
		var work sync.WaitGroup
		for i, c := range campaigns {
			work.Go(func() {
				if _, err := s.Act(t.Context(), petition.Action{
					Kind: petition.ActEnter, CampaignID: c, OrganizerID: nora, Channel: petition.ByHand, Why: "they called",
					Fields: petition.Fields{Kind: petition.KindOrganization, Name: []string{"The Reading Trust", "READING TRUST Ltd"}[i%2]},
				}); err != nil {
					t.Error(err)
				}
			})
		}
		work.Wait()
		var same int
		ok(t, s.reader().get(t.Context(), &same, `SELECT COUNT(DISTINCT organization_id) FROM endorsements`))
		if same != 1 {
			t.Errorf("one name is %d organizations", same)
		}
	})
}

func TestKnownOfAReply(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		request := settleAll(t, s)[0]
		code := s.keys.Code(&request)
		for _, test := range []struct {
			name  string
			mail  signOn
			asked int64
			opens bool
			own   int
		}{
			{"by reference", signOn{from: "OFFICE@lindenau.example", references: []petition.Reference{{Notice: 4711, Where: "to"}, {Notice: request.ID, Where: "in-reply-to"}}}, request.ID, false, 1},
			{"by code alone", signOn{from: "office@lindenau.example", codes: []string{"AAAA-AAAA-AAAA", code}}, request.ID, true, 1},
			{"code from elsewhere", signOn{from: "somebody@else.example", codes: []string{code}}, 0, false, 0},
			{"reference from elsewhere", signOn{from: "somebody@else.example", references: []petition.Reference{{Notice: request.ID, Where: "to"}}, codes: []string{code}}, request.ID, true, 0},
			{"nothing", signOn{from: "office@lindenau.example"}, 0, false, 1},
		} {
			t.Run(test.name, func(t *testing.T) {
				test.mail.intent, test.mail.uid = petition.VerifyYes, uint32(time.Now().UnixNano()>>10)
				id := receive(t, s, test.mail)
				_, err := s.Decide(t.Context(), id, func(k petition.Known) petition.Outcome {
					asked := int64(0)
					if k.Asked != nil {
						asked = k.Asked.ID
						if len(k.Shown) != 1 || k.Shown[0].ID != e.ID {
							t.Errorf("shown: %+v", k.Shown)
						}
					}
					if asked != test.asked || k.CodeOpens != test.opens || len(k.Own) != test.own || k.Campaign.ID != c.ID {
						t.Errorf("asked %d, opens %v, own %v", asked, k.CodeOpens, k.Own)
					}
					return petition.Outcome{Disposition: petition.DispIgnored, Silence: petition.SilentNotForUs, WrongCode: request.ID}
				})
				ok(t, err)
			})
		}
		if n := got(s.Notice(t.Context(), request.ID))(t); n.CodeTries != 5 {
			t.Errorf("%d tries counted", n.CodeTries)
		}
	})
}

func TestKnownOfASignOn(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		colleague := sign(t, s, signOn{from: "anna@lindenau.example", name: "Friends of the Library", uid: 1, similar: "x"})
		same := sign(t, s, signOn{from: "someone@freemail.example", name: "City Library Lindenau e.V.", uid: 2})
		settleAll(t, s)
		id := receive(t, s, signOn{from: "office@lindenau.example", name: "CITY LIBRARY LINDENAU", uid: 3, similar: "x"})
		_, err := s.Decide(t.Context(), id, func(k petition.Known) petition.Outcome {
			if len(k.Same) != 1 || !slices.Equal(idsOf(k.Same[0]), []int64{same.ID, colleague.ID}) {
				t.Errorf("same, names first: %+v", k.Same)
			}
			if k.Repeats != 1 || k.DomainHour != 1 || len(k.Recent) != 0 || !k.Now.Equal(s.Now()) {
				t.Errorf("repeats %d, domain %d, recent %v", k.Repeats, k.DomainHour, k.Recent)
			}
			return petition.Outcome{Disposition: petition.DispIgnored, Silence: petition.SilentNotForUs}
		})
		ok(t, err)
	})
}

func TestBounceFindsItsNotice(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		request := settleAll(t, s)[0]
		for i, b := range []petition.Bounce{
			{MessageID: "<" + request.MessageID + ">"}, {EnvelopeID: s.keys.Reference(request.ID)}, {MessageID: "somebody@else.example"},
		} {
			b.Recipients = []petition.BounceRecipient{{Address: e.Current().Fields.Contact, Action: "failed", Status: "5.1.1", Class: "hard"}}
			m := signOn{from: "mailer-daemon@lindenau.example", uid: uint32(10 + i), intent: petition.BounceMail}
			id := receive(t, s, m)
			u := understanding(id, m)
			u.Origin.Bounce, u.Origin.Automatic = &b, petition.Automatic{Kind: petition.AutoBounce, Certain: true}
			ok(t, s.Understood(t.Context(), []petition.Understanding{u}))
			_, err := s.Decide(t.Context(), id, func(k petition.Known) petition.Outcome {
				if found := k.Bounced != nil && k.Bounced.ID == request.ID && len(k.BouncedFor) == 1; found != (i < 2) {
					t.Errorf("bounce %d: %+v", i, k.Bounced)
				}
				return petition.Decide(k)
			})
			ok(t, err)
		}
		if v := got(s.Endorsement(t.Context(), e.ID))(t).Current().Verification; v != petition.Unreachable {
			t.Errorf("verification %q", v)
		}
		checkFold(t, s, e.ID)
	})
}

func TestOutcomePlaceholders(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		id := receive(t, s, signOn{from: "office@lindenau.example", name: "Many", uid: 1})
		out := got(s.Decide(t.Context(), id, func(k petition.Known) petition.Outcome {
			out := petition.Outcome{Disposition: petition.DispSignOn}
			n := petition.Notice{Kind: petition.NoticeRequest, To: "office@lindenau.example", DedupeKey: "request"}
			for i := int64(1); i <= 11; i++ {
				out.New = append(out.New, petition.Endorsement{CampaignID: c.ID, Channel: petition.ByMail, RequestID: id})
				out.Events = append(out.Events, petition.Event{EndorsementID: -i, Kind: petition.EventSubmitted, Fields: petition.Fields{Name: fmt.Sprint("Chapter ", i)}, Channel: petition.ByMail})
				n.Shows = append(n.Shows, petition.Shown{EndorsementID: -i, Version: 1})
				n.DedupeKey += fmt.Sprintf(":E-%d:v1", i)
			}
			out.Notices = []petition.Notice{n, n}
			out.Tasks = []petition.Task{{Kind: petition.TaskDuplicate, EndorsementID: -11, Why: "E-11 may be E-1"}}
			out.Events = append(out.Events, petition.Event{EndorsementID: -11, Kind: petition.EventSuggested, OtherID: -1, Channel: petition.ByProgram})
			return out
		}))(t)
		if len(out.Notices) != 1 || strings.Contains(out.Notices[0].DedupeKey, "-") || out.Notices[0].Shows[10].EndorsementID != out.New[10].ID {
			t.Errorf("notices: %+v", out.Notices)
		}
		want := fmt.Sprintf(":E%d:v1", out.New[10].ID)
		if !strings.HasSuffix(out.Notices[0].DedupeKey, want) || out.Tasks[0].Why != fmt.Sprintf("E%d may be E%d", out.New[10].ID, out.New[0].ID) {
			t.Errorf("key %s, why %s", out.Notices[0].DedupeKey, out.Tasks[0].Why)
		}
		if e := got(s.Endorsement(t.Context(), out.New[10].ID))(t); e.DuplicateOf != out.New[0].ID {
			t.Errorf("duplicate of %d", e.DuplicateOf)
		}
		checkFold(t, s, out.New[10].ID)
	})
}

func TestFailedDecisionLeavesNothing(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		id := receive(t, s, signOn{from: "office@lindenau.example", name: "X", uid: 1})
		_, err := s.Decide(t.Context(), id, func(k petition.Known) petition.Outcome {
			out := petition.Decide(k)
			out.Events = append(out.Events, petition.Event{EndorsementID: 4711, Kind: petition.EventNote})
			return out
		})
		if !errors.Is(err, petition.ErrNotFound) {
			t.Fatalf("error %v", err)
		}
		if n := got(s.Counts(t.Context(), c.ID))(t); n.Awaiting != 0 {
			t.Errorf("half an outcome stayed: %+v", n)
		}
		if out := got(s.Decide(t.Context(), id, petition.Decide))(t); out.Disposition != petition.DispSignOn {
			t.Errorf("decided again: %+v", out)
		}
	})
}

// BenchmarkDecide decides about sign-ons of different organizations, one transaction each.
func BenchmarkDecide(b *testing.B) {
	for _, dsn := range benchDatabases(b) {
		b.Run(strings.SplitN(dsn, ":", 2)[0], func(b *testing.B) {
			s, err := Open(b.Context(), Options{DSN: dsn, Keys: testKeys()})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			round := time.Now().UnixNano() // the database stays over rounds of different length
			address := fmt.Sprintf("sign%d@opensunday.example", round)
			c := &petition.Campaign{Slug: fmt.Sprint("c", round), State: petition.Open, Settings: petition.Settings{Addresses: []string{address}}}
			l, err := s.Lease(b.Context(), "m", "h", time.Hour)
			if err := errors.Join(err, s.CreateCampaign(b.Context(), c)); err != nil {
				b.Fatal(err)
			}
			var batch []petition.Fetched
			for i := range b.N {
				batch = append(batch, fetched(uint32(i+1), fmt.Sprint("mail ", round, i)))
			}
			ids, err := s.Record(b.Context(), l, batch)
			if err != nil {
				b.Fatal(err)
			}
			var read []petition.Understanding
			for i, id := range ids {
				u := understanding(id, signOn{from: fmt.Sprintf("office@lib%d.example", i), name: fmt.Sprint("Library ", i), uid: uint32(i)})
				u.Header.Recipients = []string{address}
				read = append(read, u)
			}
			if err := s.Understood(b.Context(), read); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for _, id := range ids {
				if out, err := s.Decide(b.Context(), id, petition.Decide); err != nil || len(out.New) != 1 {
					b.Fatal(out, err)
				}
			}
		})
	}
}
