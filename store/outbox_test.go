package store

import (
	"fmt"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"countersign/petition"
)

// queueMany puts n notices into the outbox.
func queueMany(t *testing.T, s *Store, n int, kind petition.NoticeKind) {
	t.Helper()
	ok(t, s.inTx(t.Context(), func(x *tx) error {
		for i := range n {
			notice := petition.Notice{Kind: kind, To: fmt.Sprintf("office@lib%d.example", i), DedupeKey: fmt.Sprintf("%s:%d", kind, i)}
			if fresh, err := x.queue(t.Context(), nil, &notice); err != nil || !fresh {
				return fmt.Errorf("queued %v: %w", fresh, err)
			}
		}
		return nil
	}))
}

func TestConcurrentClaimsOfNotices(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		const notices, most = 120, 7
		queueMany(t, s, notices, petition.NoticeThanks)
		var mu sync.Mutex
		claims := map[int64]int{}
		var work sync.WaitGroup
		for range 8 {
			work.Go(func() {
				for {
					got, err := s.ClaimNotices(t.Context(), most, minute)
					if err != nil || len(got) > most {
						t.Errorf("claimed %d: %v", len(got), err)
						return
					}
					if len(got) == 0 {
						return
					}
					var done []petition.Settlement
					mu.Lock()
					for _, n := range got {
						claims[n.ID]++
						done = append(done, petition.Settlement{ID: n.ID, Attempts: n.Attempts, State: petition.NoticeSent})
					}
					mu.Unlock()
					if err := s.SettleNotices(t.Context(), done); err != nil {
						t.Error(err)
					}
				}
			})
		}
		work.Wait()
		for id, n := range claims {
			if n != 1 {
				t.Errorf("notice %d was claimed %d times", id, n)
			}
		}
		if n := got(s.SentSince(t.Context(), s.Now().Add(-time.Second)))(t); len(claims) != notices || n != notices {
			t.Errorf("%d claimed, %d sent", len(claims), n)
		}
	})
}

func TestU11OrderOfSending(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		for _, kind := range []petition.NoticeKind{petition.NoticeReminder, petition.NoticeThanks, petition.NoticeRequest, petition.NoticeSignIn} {
			queueMany(t, s, 2, kind)
			turn(s, time.Second)
		}
		var kinds []petition.NoticeKind
		for range 3 {
			for _, n := range got(s.ClaimNotices(t.Context(), 3, minute))(t) {
				kinds = append(kinds, n.Kind)
			}
		}
		want := []petition.NoticeKind{
			petition.NoticeSignIn, petition.NoticeSignIn, petition.NoticeRequest, petition.NoticeRequest,
			petition.NoticeThanks, petition.NoticeThanks, petition.NoticeReminder, petition.NoticeReminder,
		}
		if !reflect.DeepEqual(kinds, want) {
			t.Errorf("order: %v", kinds)
		}
	})
}

func TestR08CrashBetweenClaimAndSettle(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		queueMany(t, s, 1, petition.NoticeThanks)
		first := got(s.ClaimNotices(t.Context(), 5, minute))(t)[0]
		if again := got(s.ClaimNotices(t.Context(), 5, minute))(t); len(again) != 0 {
			t.Fatalf("claimed while it is being sent: %+v", again)
		}
		if due := got(s.NextDue(t.Context()))(t); !due.Equal(startOfTest.Add(minute)) {
			t.Errorf("next due %v", due)
		}
		turn(s, 2*minute)
		second := got(s.ClaimNotices(t.Context(), 5, minute))(t)[0]
		if second.ID != first.ID || second.MessageID != first.MessageID || second.Attempts != 2 {
			t.Fatalf("first %+v, then %+v", first, second)
		}
		ok(t, s.SettleNotice(t.Context(), petition.Settlement{ID: first.ID, Attempts: first.Attempts, State: petition.NoticeFailed, Error: "late"}))
		if n := got(s.Notice(t.Context(), first.ID))(t); n.State != petition.NoticeSending {
			t.Errorf("a settlement of an older attempt made it %s", n.State)
		}
		ok(t, s.SettleNotice(t.Context(), petition.Settlement{ID: second.ID, Attempts: 2, State: petition.NoticeDue, DueAt: s.Now().Add(time.Hour), Error: "451 later"}))
		if again := got(s.ClaimNotices(t.Context(), 5, minute))(t); len(again) != 0 {
			t.Errorf("claimed before it is due: %+v", again)
		}
		if due := got(s.NextDue(t.Context()))(t); !due.Equal(s.Now().Add(time.Hour)) {
			t.Errorf("next due %v", due)
		}
		turn(s, 2*time.Hour)
		third := got(s.ClaimNotices(t.Context(), 5, minute))(t)[0]
		ok(t, s.SettleNotice(t.Context(), petition.Settlement{ID: third.ID, Attempts: 3, State: petition.NoticeSent, Text: "Hello"}))
		n := got(s.Notice(t.Context(), first.ID))(t)
		if n.State != petition.NoticeSent || n.SentText != "Hello" || !n.SentAt.Equal(s.Now()) {
			t.Errorf("in the end: %+v", n)
		}
		if due := got(s.NextDue(t.Context()))(t); !due.IsZero() {
			t.Errorf("next due %v, nothing waits", due)
		}
	})
}

// TestManySettledAtOnce: each as it went, whatever their number.
func TestManySettledAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		const n = 45
		queueMany(t, s, n, petition.NoticeThanks)
		var done []petition.Settlement
		for i, notice := range got(s.ClaimNotices(t.Context(), n, minute))(t) {
			x := petition.Settlement{ID: notice.ID, Attempts: notice.Attempts, State: petition.NoticeSent, Text: fmt.Sprint("Hello ", notice.ID)}
			if i%9 == 0 {
				x.State, x.Text, x.DueAt, x.Error = petition.NoticeDue, "", s.Now().Add(time.Hour), "451 later"
			}
			done = append(done, x)
		}
		ok(t, s.SettleNotices(t.Context(), done))
		for _, x := range done {
			if n := got(s.Notice(t.Context(), x.ID))(t); n.State != x.State || n.SentText != x.Text || n.LastError != x.Error {
				t.Errorf("settled with %+v: %+v", x, n)
			}
		}
	})
}

// TestUnreadableNoticeIsAlone: one row that makes no sense keeps no other back.
func TestUnreadableNoticeIsAlone(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		queueMany(t, s, 3, petition.NoticeThanks)
		ok(t, s.inTx(t.Context(), func(x *tx) error {
			_, err := x.exec(t.Context(), `UPDATE notices SET details='{' WHERE id=2`)
			return err
		}))
		if all := got(s.ClaimNotices(t.Context(), 5, minute))(t); len(all) != 2 || all[0].ID != 1 || all[1].ID != 3 {
			t.Errorf("claimed: %+v", all)
		}
	})
}

func TestOpenTakesUpWhatADeadProcessHad(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "test.db")
	s := openTest(t, dsn)
	queueMany(t, s, 1, petition.NoticeThanks)
	l := got(s.Lease(t.Context(), "mailbox:info", "dead", time.Hour))(t)
	got(s.Record(t.Context(), l, []petition.Fetched{fetched(1, "a")}))(t)
	before := got(s.ClaimNotices(t.Context(), 1, time.Hour))(t)
	got(s.ClaimMails(t.Context(), "dead", 1, time.Hour))(t)
	ok(t, s.Close())
	s = openTest(t, dsn)
	if next := got(s.Lease(t.Context(), "mailbox:info", "alive", time.Hour))(t); next.Generation <= l.Generation {
		t.Errorf("generation %d after %d", next.Generation, l.Generation)
	}
	if again := got(s.ClaimNotices(t.Context(), 1, time.Hour))(t); len(again) != 1 || again[0].MessageID != before[0].MessageID || again[0].Attempts != 2 {
		t.Errorf("to send: %+v", again)
	}
	if mails := got(s.ClaimMails(t.Context(), "alive", 1, time.Hour))(t); len(mails) != 1 || mails[0].Attempts != 2 {
		t.Errorf("to read: %+v", mails)
	}
}

func TestDedupeKey(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		queueMany(t, s, 1, petition.NoticeThanks)
		ok(t, s.inTx(t.Context(), func(x *tx) error {
			fresh, err := x.queue(t.Context(), nil, &petition.Notice{Kind: petition.NoticeThanks, To: "other@lib.example", DedupeKey: "thanks:0"})
			if fresh {
				t.Error("the same key was queued twice")
			}
			return err
		}))
		if due, oldest, err := s.QueueLength(t.Context()); due != 1 || !oldest.Equal(startOfTest) || err != nil {
			t.Errorf("queue: %d since %v, %v", due, oldest, err)
		}
	})
}

func TestFailedRequestReachesNobody(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		n := got(s.ClaimNotices(t.Context(), 5, minute))(t)[0]
		fail := petition.Settlement{ID: n.ID, Attempts: 1, State: petition.NoticeFailed, Error: "550 5.1.1 no such user"}
		ok(t, s.SettleNotices(t.Context(), []petition.Settlement{fail, fail}))
		ok(t, s.SettleNotice(t.Context(), fail))
		if v := got(s.Endorsement(t.Context(), e.ID))(t).Current().Verification; v != petition.Unreachable {
			t.Errorf("verification %s", v)
		}
		counts := got(s.QueueCounts(t.Context(), []int64{c.ID}))(t)
		if want := map[string]int{"delivery": 1, "unreachable": 1}; !reflect.DeepEqual(counts, want) {
			t.Errorf("tasks %v", counts)
		}
		checkFold(t, s, e.ID)
	})
}

func TestOccasion(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		nora := testOrganizer(t, s)
		id := listed(t, s, nora, "City Library Lindenau", 1)
		all := got(s.Notices(t.Context(), id))(t)
		n := all[len(all)-1]
		n.Details.Before = []petition.Shown{{EndorsementID: id, Version: 1}}
		all[0].Kind = petition.NoticeRequest
		both := got(s.Occasions(t.Context(), []petition.Notice{all[0], {Kind: petition.NoticeAlert}, n}))(t)
		if len(both) != 3 || both[0].Organizations != 0 || len(both[0].Endorsements) != 1 || both[1].Campaign != nil || both[1].Notice.Kind != petition.NoticeAlert {
			t.Errorf("occasions: %+v", both)
		}
		o := both[2]
		if o.Campaign.ID != c.ID || o.Campaign.Texts[0].Language != "en" || len(o.Endorsements) != 1 || o.Organizations != 1 || o.Countries != 1 {
			t.Errorf("occasion: %+v", o)
		}
	})
}

// TestRoundTrip fills every field by reflection, so that a field that is added to a
// type and forgotten here fails.
func TestRoundTrip(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		nora := testOrganizer(t, s)
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		t.Run("notice", func(t *testing.T) {
			var n petition.Notice
			fill(reflect.ValueOf(&n).Elem(), 0)
			n.CampaignID, n.MailID, n.Kind, n.State, n.To = c.ID, e.RequestID, petition.NoticeAsk, petition.NoticeDue, "a@b.example"
			n.Attempts, n.LastError, n.SentAt, n.CodeTries, n.SentText = 0, "", time.Time{}, 0, "" // never at insert
			n.Shows = []petition.Shown{{EndorsementID: e.ID, Version: 1}}
			ok(t, s.inTx(t.Context(), func(x *tx) error { _, err := x.queue(t.Context(), c, &n); return err }))
			same(t, got(s.Notice(t.Context(), n.ID))(t), n)
		})
		t.Run("event", func(t *testing.T) {
			var ev petition.Event
			fill(reflect.ValueOf(&ev).Elem(), 0)
			first := got(s.Events(t.Context(), e.ID))(t)[0]
			ev.EndorsementID, ev.OrganizerID, ev.MailID, ev.NoticeID, ev.Undoes, ev.OtherID = e.ID, nora, e.RequestID, 1, first.ID, e.ID
			ok(t, s.inTx(t.Context(), func(x *tx) error { return x.insertEvent(t.Context(), &ev) }))
			all := got(s.Events(t.Context(), e.ID))(t)
			same(t, all[len(all)-1], ev)
		})
		t.Run("endorsement", func(t *testing.T) {
			var x petition.Endorsement
			fill(reflect.ValueOf(&x).Elem(), 0)
			x.CampaignID, x.OrganizationID, x.RequestID, x.DuplicateOf = c.ID, e.OrganizationID, e.RequestID, e.ID
			x.Versions[0].N, x.Versions[0].MailID, x.Versions[0].ReviewedBy = 1, e.RequestID, nora
			ok(t, s.inTx(t.Context(), func(x2 *tx) error {
				if err := x2.insertEndorsement(t.Context(), &x); err != nil {
					return err
				}
				return x2.saveEndorsement(t.Context(), &x, nil)
			}))
			same(t, *got(s.Endorsement(t.Context(), x.ID))(t), x)
		})
		t.Run("campaign", func(t *testing.T) {
			var x petition.Campaign
			fill(reflect.ValueOf(&x).Elem(), 0)
			x.Texts[0].N = 0
			ok(t, s.CreateCampaign(t.Context(), &x))
			same(t, *got(s.CampaignByID(t.Context(), x.ID))(t), x)
		})
		t.Run("understanding", func(t *testing.T) {
			var u petition.Understanding
			fill(reflect.ValueOf(&u).Elem(), 0)
			u.MailID = e.RequestID
			ok(t, s.Understood(t.Context(), []petition.Understanding{u}))
			m := got(s.Mail(t.Context(), u.MailID))(t)
			same(t, petition.Understanding{
				MailID: m.ID, Header: m.Header, Origin: m.Origin, Reading: m.Reading, References: m.References,
				Codes: m.Codes, Similar: m.Similar, NewText: m.NewText,
			}, u)
		})
	})
}

func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// fill gives every field a value that is not zero.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(startOfTest.Add(1234567 * time.Microsecond)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), depth+i+1)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.String:
		v.SetString(fmt.Sprint("s", depth))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(depth + 100))
	default:
		panic("fill: " + v.Kind().String())
	}
}
