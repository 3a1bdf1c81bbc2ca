package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/petition"
)

func TestReminders(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		day := 24 * time.Hour
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		waiting := sign(t, s, signOn{from: "office@reading.example", name: "Reading Trust", uid: 2})
		act(t, s, petition.Action{Kind: petition.ActWait, Endorsements: []int64{waiting.ID}, Channel: petition.ByLink})
		due := func(want petition.ActionKind, nth int) {
			t.Helper()
			actions := got(s.Due(t.Context()))(t)
			if want == "" {
				if len(actions) != 0 {
					t.Fatalf("due: %+v", actions)
				}
				return
			}
			if len(actions) != 1 || actions[0].Kind != want || actions[0].Nth != nth || actions[0].Endorsements[0] != e.ID {
				t.Fatalf("due: %+v, want %s %d", actions, want, nth)
			}
			act(t, s, actions[0])
			act(t, s, actions[0]) // twice changes nothing
		}
		turn(s, 5*day)
		due("", 0) // the request was never sent
		settleAll(t, s)
		turn(s, 3*day)
		due("", 0)
		turn(s, 2*day)
		due(petition.ActRemind, 1)
		due("", 0)
		turn(s, 6*day)
		due(petition.ActRemind, 2)
		due("", 0)
		turn(s, 10*day)
		due("", 0)
		turn(s, 20*day)
		due(petition.ActExpire, 0)
		due("", 0)
		if v := got(s.Endorsement(t.Context(), e.ID))(t).Current().Verification; v != petition.Expired {
			t.Errorf("verification %s", v)
		}
		reminders := 0
		for _, n := range got(s.Notices(t.Context(), e.ID))(t) {
			reminders += btoi(n.Kind == petition.NoticeReminder)
		}
		if reminders != petition.MaxReminders {
			t.Errorf("%d reminders", reminders)
		}
	})
}

func TestU06LinksFollowALaterDeadline(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		end := func() time.Time { return got(s.Notices(t.Context(), e.ID))(t)[0].ExpiresAt }
		if want := c.Closes.Add(c.Grace); !end().Equal(want) {
			t.Fatalf("link counts until %v, want %v", end(), want)
		}
		later := c.Settings
		later.Closes = c.Closes.AddDate(0, 1, 0)
		ok(t, s.SaveSettings(t.Context(), c.ID, c.Revision, later, 0))
		if want := later.Closes.Add(c.Grace); !end().Equal(want) {
			t.Errorf("after extending the link counts until %v, want %v", end(), want)
		}
		ok(t, s.SaveSettings(t.Context(), c.ID, c.Revision+1, c.Settings, 0))
		if want := later.Closes.Add(c.Grace); !end().Equal(want) {
			t.Errorf("an earlier deadline took a promise back: %v", end())
		}
	})
}

func TestNoReminderWhereTheListIsClosed(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		settleAll(t, s)
		ok(t, s.SetState(t.Context(), c.ID, petition.Closed, 0))
		turn(s, 5*24*time.Hour)
		if due := got(s.Due(t.Context()))(t); len(due) != 0 {
			t.Errorf("due: %+v", due)
		}
	})
}

func TestDigestOncePerDay(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		testOrganizer(t, s)
		got(s.AddOrganizer(t.Context(), petition.Organizer{Address: "quiet@friends.example"}))(t)
		if n := got(s.QueueDigests(t.Context()))(t); n != 0 {
			t.Errorf("%d digests, nothing waits", n)
		}
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		confirm(t, s, e.ID)
		queued := 0
		for range 30 { // every hour
			queued += got(s.QueueDigests(t.Context()))(t)
			turn(s, time.Hour)
		}
		if queued != 2 { // today, and tomorrow after seven
			t.Errorf("%d digests in 30 hours", queued)
		}
	})
}

func TestU09Retention(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		invoice := receive(t, s, signOn{from: "shop@else.example", uid: 2, intent: petition.OtherIntent, text: "Your invoice"})
		got(s.Decide(t.Context(), invoice, petition.Decide))(t)
		open := receive(t, s, signOn{from: "x@else.example", uid: 3, intent: petition.OtherIntent})
		got(s.Decide(t.Context(), open, func(petition.Known) petition.Outcome {
			return petition.Outcome{Disposition: petition.DispIgnored, Silence: petition.SilentNotForUs, Tasks: []petition.Task{{Kind: petition.TaskUnsure, MailID: open}}}
		}))(t)
		purge := func(want Purged) {
			t.Helper()
			if p := got(s.Purge(t.Context()))(t); p != want {
				t.Fatalf("purged %+v, want %+v", p, want)
			}
		}
		turn(s, 13*24*time.Hour)
		purge(Purged{})
		turn(s, 2*24*time.Hour)
		purge(Purged{Mails: 1})
		purge(Purged{})
		m := got(s.Mail(t.Context(), invoice))(t)
		if m.Raw != nil || m.NewText != "" || m.Header.Subject != "" || m.SHA256 == "" {
			t.Errorf("kept of the invoice: %+v", m)
		}
		if again := got(s.Record(t.Context(), testLease(t, s), []petition.Fetched{{
			Place: petition.Place{Mailbox: "info", Folder: "INBOX", UIDValidity: 8, UID: 2}, Raw: got(s.Mail(t.Context(), open))(t).Raw,
		}}))(t); len(again) != 0 {
			t.Errorf("known bytes were recorded again: %v", again)
		}
		turn(s, 400*24*time.Hour)
		purge(Purged{Raw: 1})
		if m := got(s.Mail(t.Context(), e.RequestID))(t); m.Raw != nil || m.NewText != "" || m.Reading.Intent != petition.SignOn {
			t.Errorf("kept of the sign-on: %+v", m)
		}
		if m := got(s.Mail(t.Context(), open))(t); m.Raw == nil {
			t.Error("a mail that waits for a person lost its bytes")
		}
	}, func(o *Options) { o.Retention = Retention{Raw: 365 * 24 * time.Hour, NoSignOn: 14 * 24 * time.Hour} })
}

func TestHeartbeat(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		at := startOfTest
		ok(t, s.Heartbeat(t.Context(), "info", at, ""))
		ok(t, s.Heartbeat(t.Context(), "info", at.Add(minute), "the password was refused"))
		ok(t, s.Heartbeat(t.Context(), "info", at.Add(2*minute), "the password was refused"))
		want := MailboxHealth{Mailbox: "info", OKAt: at, Problem: "the password was refused", ProblemSince: at.Add(minute)}
		if all := got(s.Mailboxes(t.Context()))(t); len(all) != 1 || all[0] != want {
			t.Errorf("got %+v", all)
		}
		ok(t, s.Heartbeat(t.Context(), "info", at.Add(3*minute), ""))
		if all := got(s.Mailboxes(t.Context()))(t); all[0] != (MailboxHealth{Mailbox: "info", OKAt: at.Add(3 * minute)}) {
			t.Errorf("after recovery: %+v", all)
		}
		ok(t, s.Heartbeat(t.Context(), "old", at, "the name is not known"))
		ok(t, s.KeepMailboxes(t.Context(), []string{"info"}))
		if all := got(s.Mailboxes(t.Context()))(t); len(all) != 1 || all[0].Mailbox != "info" {
			t.Errorf("kept %+v", all)
		}
	})
}

func TestEraseTakesPersonsOutOfTheHistory(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		nora := testOrganizer(t, s)
		id := listed(t, s, nora, "City Library Lindenau", 1)
		ok(t, s.inTx(t.Context(), func(x *tx) error {
			return x.carryOut(t.Context(), nil, nil, &petition.Outcome{Events: []petition.Event{{EndorsementID: id, Kind: petition.EventErased, Channel: petition.ByLink}}}, 0)
		}))
		checkFold(t, s, id)
		for _, table := range []string{"endorsements", "versions", "events", "terms", "endorsement_keys"} {
			text := dump(t, s, table)
			if text == "" && table != "terms" {
				t.Errorf("%s is empty", table)
			}
			if strings.Contains(text, "office@") || strings.Contains(text, "Anna") || strings.Contains(text, "Berg") {
				t.Errorf("%s still holds %s", table, text)
			}
		}
		if e := got(s.Endorsement(t.Context(), id))(t); e.State() != petition.StateListed {
			t.Errorf("the organization's decision is gone: %s", e.State())
		}
	})
}

// dump is everything in a table.
func dump(t *testing.T, s *Store, table string) string {
	t.Helper()
	rows := got(s.read.QueryxContext(t.Context(), `SELECT * FROM `+table))(t)
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		row := map[string]any{}
		ok(t, rows.MapScan(row))
		for column, v := range row {
			fmt.Fprintf(&all, "%s=%s ", column, v)
		}
	}
	ok(t, rows.Err())
	return all.String()
}

// gate is a way to the database that a test can close.
type gate struct {
	listener net.Listener
	mu       sync.Mutex
	closed   bool
	conns    []net.Conn
}

func openGate(t *testing.T, to string) *gate {
	t.Helper()
	l := got(net.Listen("tcp", "127.0.0.1:0"))(t)
	g := &gate{listener: l}
	t.Cleanup(func() { l.Close(); g.shut(true) })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil || !g.let(in, out) {
				in.Close()
				continue
			}
			go func() { _, _ = io.Copy(out, in); out.Close() }()
			go func() { _, _ = io.Copy(in, out); in.Close() }()
		}
	}()
	return g
}

func (g *gate) let(in, out net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns = append(g.conns, in, out)
	if g.closed {
		out.Close()
	}
	return !g.closed
}

func (g *gate) shut(closed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = closed
	for _, c := range g.conns {
		c.Close()
	}
	g.conns = nil
}

func TestDatabaseAway(t *testing.T) {
	eachDatabase(t, func(t *testing.T, dsn string) {
		if strings.HasPrefix(dsn, "sqlite:") {
			closedStore(t, dsn)
			return
		}
		host := dsn[strings.Index(dsn, "@")+1:]
		host = host[:strings.Index(host, "/")]
		g := openGate(t, host)
		s := openTest(t, strings.Replace(dsn, host, g.listener.Addr().String(), 1))
		c := testCampaign(t, s)
		l := testLease(t, s)
		read := receive(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 9})
		g.shut(true)
		batch := []petition.Fetched{fetched(1, "a"), fetched(2, "b")}
		if ids, err := s.Record(t.Context(), l, batch); err == nil || len(ids) != 0 {
			t.Fatalf("recorded %v without a database", ids)
		}
		if _, err := s.Decide(t.Context(), read, petition.Decide); err == nil {
			t.Error("decided without a database")
		}
		if err := s.Ping(t.Context()); err == nil {
			t.Error("the database answers")
		}
		g.shut(false)
		if ids := got(s.Record(t.Context(), l, batch))(t); len(ids) != 2 {
			t.Errorf("recorded %v after recovery", ids)
		}
		got(s.Decide(t.Context(), read, petition.Decide))(t)
		if n := got(s.Counts(t.Context(), c.ID))(t); n.Awaiting != 1 {
			t.Errorf("counts: %+v", n)
		}
	})
}

// closedStore: on a file the nearest thing is a store that was closed, and opened again.
func closedStore(t *testing.T, dsn string) {
	t.Helper()
	s := openTest(t, dsn)
	l := testLease(t, s)
	got(s.Record(t.Context(), l, []petition.Fetched{fetched(1, "a")}))(t)
	ok(t, s.Close())
	if ids, err := s.Record(t.Context(), l, []petition.Fetched{fetched(2, "b")}); err == nil || len(ids) != 0 {
		t.Fatalf("recorded %v without a database", ids)
	}
	again := openTest(t, dsn)
	if known := got(again.KnownUIDs(t.Context(), "info", "INBOX", 7))(t); len(known) != 1 {
		t.Errorf("known after opening again: %v", known)
	}
}

func TestCancelledContextChangesNothing(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		l := testLease(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Record(ctx, l, []petition.Fetched{fetched(1, "a"), fetched(2, "b")}); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		if known := got(s.KnownUIDs(t.Context(), "info", "INBOX", 7))(t); len(known) != 0 {
			t.Errorf("known: %v", known)
		}
	})
}

func TestSignIn(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		nora := testOrganizer(t, s)
		if id := got(s.StartSignIn(t.Context(), "stranger@else.example", "b", "d", "en", minute))(t); id != 0 {
			t.Errorf("a stranger got attempt %d", id)
		}
		start := func() petition.Notice {
			t.Helper()
			if id := got(s.StartSignIn(t.Context(), " nora@FRIENDS.example", "browser", "digits", "de", 15*minute))(t); id == 0 {
				t.Fatal("no attempt")
			}
			n := got(s.ClaimNotices(t.Context(), 5, minute))(t)
			if len(n) != 1 || n[0].Kind != petition.NoticeSignIn || n[0].Details.SignIn == 0 || n[0].Locale != "de" {
				t.Fatalf("mailed: %+v", n)
			}
			return n[0]
		}
		n := start()
		token := got(s.FinishSignIn(t.Context(), n.ID, "browser", ""))(t)
		if o := got(s.Session(t.Context(), token))(t); o.ID != nora {
			t.Errorf("session of %+v", o)
		}
		if _, err := s.FinishSignIn(t.Context(), n.ID, "browser", "digits"); !errors.Is(err, petition.ErrToken) {
			t.Errorf("used twice: %v", err)
		}
		elsewhere := start()
		for range signInTries {
			if _, err := s.FinishSignIn(t.Context(), elsewhere.ID, "other", ""); !errors.Is(err, petition.ErrToken) {
				t.Errorf("without digits: %v", err)
			}
		}
		if _, err := s.FinishSignIn(t.Context(), elsewhere.ID, "other", "digits"); !errors.Is(err, petition.ErrToken) {
			t.Errorf("after five wrong tries: %v", err)
		}
		got(s.FinishSignIn(t.Context(), start().ID, "other", "digits"))(t)
		late := start()
		turn(s, 20*minute)
		if _, err := s.FinishSignIn(t.Context(), late.ID, "browser", "digits"); !errors.Is(err, petition.ErrToken) {
			t.Errorf("too late: %v", err)
		}
		for i := range 2 * signInsPerWindow {
			if id := got(s.StartSignIn(t.Context(), "nora@friends.example", "b", "d", "", minute))(t); (id != 0) != (i < signInsPerWindow) {
				t.Errorf("attempt %d gave %d", i, id)
			}
		}
		ok(t, s.EndSession(t.Context(), token))
		if _, err := s.Session(t.Context(), token); !errors.Is(err, petition.ErrNotFound) {
			t.Errorf("ended session: %v", err)
		}
		other := got(s.NewSession(t.Context(), nora, time.Hour))(t)
		if text := dump(t, s, "sessions"); text == "" || strings.Contains(text, other) {
			t.Errorf("sessions hold %s", text)
		}
		ok(t, s.RemoveOrganizer(t.Context(), "nora@friends.example"))
		if _, err := s.Session(t.Context(), other); !errors.Is(err, petition.ErrNotFound) {
			t.Errorf("session of somebody who left: %v", err)
		}
		if err := s.RemoveOrganizer(t.Context(), "nora@friends.example"); !errors.Is(err, petition.ErrNotFound) {
			t.Errorf("removed twice: %v", err)
		}
		if again := testOrganizer(t, s); again != nora {
			t.Errorf("back under id %d, was %d", again, nora)
		}
	})
}

func TestCampaigns(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := &petition.Campaign{Slug: "empty", Settings: petition.Settings{Visibility: petition.Unlisted}}
		ok(t, s.CreateCampaign(t.Context(), c))
		if err := s.CreateCampaign(t.Context(), &petition.Campaign{Slug: "empty"}); !errors.Is(err, petition.ErrConflict) {
			t.Errorf("slug twice: %v", err)
		}
		if c.Secret == "" || c.Grace != petition.DefaultGrace || c.State != petition.Draft || len(c.Public) != 3 {
			t.Errorf("defaults: %+v", c)
		}
		if err := s.SetState(t.Context(), c.ID, petition.Open, 0); !errors.Is(err, petition.ErrIncomplete) || !strings.Contains(err.Error(), "controller") {
			t.Errorf("U08: opened: %v", err)
		}
		set := c.Settings
		set.Name = "Cycle paths"
		ok(t, s.SaveSettings(t.Context(), c.ID, 1, set, 0))
		if err := s.SaveSettings(t.Context(), c.ID, 1, set, 0); !errors.Is(err, petition.ErrConflict) {
			t.Errorf("stale form: %v", err)
		}
		if err := s.SaveSettings(t.Context(), 4711, 1, set, 0); !errors.Is(err, petition.ErrNotFound) {
			t.Errorf("unknown campaign: %v", err)
		}
		if _, err := s.Campaign(t.Context(), "nowhere"); !errors.Is(err, petition.ErrNotFound) {
			t.Errorf("unknown slug: %v", err)
		}
		ok(t, s.AddText(t.Context(), c.ID, []petition.Text{{Language: "en", Title: "One"}}))
		ok(t, s.AddText(t.Context(), c.ID, []petition.Text{{Language: "en", Title: "Two"}, {Language: "de", Title: "Zwei"}}))
		again := got(s.Campaign(t.Context(), "empty"))(t)
		if again.Name != "Cycle paths" || again.TextVersion() != 2 || len(again.Texts) != 2 || again.Revision != 4 {
			t.Errorf("after all: %+v", again)
		}
		if all := got(s.Texts(t.Context(), c.ID))(t); len(all) != 3 || all[0].Title != "One" {
			t.Errorf("texts: %+v", all)
		}
		again.Texts[0].Title = "changed by a caller"
		if fresh := got(s.Campaign(t.Context(), "empty"))(t); fresh.Texts[0].Title == again.Texts[0].Title {
			t.Error("a caller changed the kept campaign")
		}
	})
}

func TestRoutingByMailboxDefault(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		m := signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1}
		id := receive(t, s, m)
		u := understanding(id, m)
		u.Header.Recipients = []string{"info@elsewhere.example"}
		ok(t, s.Understood(t.Context(), []petition.Understanding{u}))
		_, err := s.Decide(t.Context(), id, func(k petition.Known) petition.Outcome {
			if k.Campaign == nil || k.Campaign.ID != c.ID {
				t.Errorf("campaign %+v", k.Campaign)
			}
			if !bytes.Equal(k.Mail.Raw, nil) {
				t.Error("deciding needs no bytes")
			}
			return petition.Decide(k)
		})
		ok(t, err)
		if d, _, err := s.Disposition(t.Context(), id); err != nil || d != petition.DispSignOn {
			t.Errorf("disposition %q, %v", d, err)
		}
	}, func(o *Options) { o.Fallback = map[string]string{"info": "opensunday"} })
}

// U13: 48 hours before the list closes those who have not decided are told once.
func TestU13NoteBeforeClosing(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		waiting := sign(t, s, signOn{from: "office@reading.example", name: "Reading Trust", uid: 1})
		act(t, s, petition.Action{Kind: petition.ActWait, Endorsements: []int64{waiting.ID}, Channel: petition.ByLink})
		confirm(t, s, sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 2}).ID)
		settleAll(t, s)
		closing := func(want int) {
			t.Helper()
			n := 0
			for _, a := range got(s.Due(t.Context()))(t) {
				if a.Kind == petition.ActClosing {
					n++
					act(t, s, a)
				}
			}
			if n != want {
				t.Errorf("%v before the deadline: %d notes, want %d", c.Closes.Sub(s.Now()), n, want)
			}
		}
		turn(s, c.Closes.Sub(startOfTest)-48*time.Hour-minute)
		closing(0)
		turn(s, 2*minute)
		closing(1)
		closing(0)
		turn(s, 47*time.Hour)
		closing(0)
		turn(s, 3*time.Hour)
		closing(0)
	})
}

// U25: one alert a trouble and day, to owners only.
func TestU25AlertOncePerDay(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testOrganizer(t, s)
		got(s.AddOrganizer(t.Context(), petition.Organizer{Address: "reader@friends.example", Role: petition.RoleReviewer}))(t)
		queued := 0
		for range 30 { // from 12:02 to 02:32 UTC: two days, two troubles
			queued += got(s.QueueAlert(t.Context(), "mailbox:info", "info", "It stands still."))(t)
			queued += got(s.QueueAlert(t.Context(), "sending", "SMTP", "It stands still, too."))(t)
			turn(s, 30*minute)
		}
		if queued != 4 {
			t.Errorf("%d alerts", queued)
		}
		for _, n := range got(s.ClaimNotices(t.Context(), 100, minute))(t) {
			if n.To != "nora@friends.example" {
				t.Errorf("an alert went to %s", n.To)
			}
		}
	})
}

// eraseForGood erases as the signer and, when the time to take it back is over, the clock.
func eraseForGood(t *testing.T, s *Store, id int64) {
	t.Helper()
	act(t, s, petition.Action{Kind: petition.ActErase, Endorsements: []int64{id}, Channel: petition.ByLink})
	clockTurns(t, s, petition.ReversibleFor)
	if e := got(s.Endorsement(t.Context(), id))(t); e.Current().Fields.Contact != "" || !e.ErasingAt.IsZero() {
		t.Errorf("the clock left %+v", e.Current().Fields)
	}
}

// clockTurns lets time pass and does what is due then.
func clockTurns(t *testing.T, s *Store, passed time.Duration) {
	t.Helper()
	turn(s, passed)
	for _, a := range got(s.Due(t.Context()))(t) {
		act(t, s, a)
	}
}

// Until the time to take it back is over, erasing hides the person everywhere and loses nothing (U12).
func TestEraseHidesFirst(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		nora := testOrganizer(t, s)
		id := listed(t, s, nora, "City Library Lindenau", 1)
		before := got(s.Endorsement(t.Context(), id))(t)
		revision := got(s.ListRevision(t.Context(), c.ID))(t)
		act(t, s, petition.Action{Kind: petition.ActErase, Endorsements: []int64{id}, Channel: petition.ByLink})
		checkFold(t, s, id)
		lines := got(s.PublicList(t.Context(), c.ID))(t)
		if len(lines) != 1 || lines[0].Fields.Name != "City Library Lindenau" || lines[0].Fields.Contact != "" || lines[0].Fields.Signatory != "" {
			t.Errorf("the list shows %+v", lines)
		}
		if got(s.ListRevision(t.Context(), c.ID))(t) == revision {
			t.Error("the list does not know that it changed")
		}
		clockTurns(t, s, petition.ReversibleFor-minute)
		act(t, s, petition.Action{Kind: petition.ActReinstate, Endorsements: []int64{id}, Channel: petition.ByLink})
		clockTurns(t, s, 2*minute)
		checkFold(t, s, id)
		if e := got(s.Endorsement(t.Context(), id))(t); e.Current().Fields != before.Current().Fields || e.Writer != before.Writer {
			t.Errorf("kept %+v of %+v", e, before)
		}
		if m := got(s.Mail(t.Context(), before.RequestID))(t); m.Raw == nil || m.NewText == "" {
			t.Error("the mail is gone")
		}
	})
}

// Erasing by the signer reaches mails and notices, and nothing waits to be sent to the address.
func TestEraseReachesMailsAndNotices(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		nora := testOrganizer(t, s)
		id := listed(t, s, nora, "City Library Lindenau", 1)
		other := sign(t, s, signOn{from: "desk@reading.example", name: "Reading Trust", uid: 77})
		eraseForGood(t, s, id)
		checkFold(t, s, id)
		for _, table := range []string{"endorsements", "versions", "events", "mails", "mail_bytes", "readings", "notices", "endorsement_keys", "terms", "tasks"} {
			text := dump(t, s, table)
			if strings.Contains(text, "office@") || strings.Contains(text, "Berg") && !strings.Contains(text, "desk@reading") {
				t.Errorf("%s still holds %s", table, text)
			}
		}
		if e := got(s.Endorsement(t.Context(), id))(t); e.State() != petition.StateListed {
			t.Errorf("the organization's decision is gone: %s", e.State())
		}
		for _, n := range got(s.ClaimNotices(t.Context(), 100, minute))(t) {
			if n.To == "" || strings.HasPrefix(n.To, "office@") {
				t.Errorf("still to be sent: %+v", n)
			}
		}
		if m := got(s.Mail(t.Context(), other.RequestID))(t); m.Raw == nil || m.NewText == "" {
			t.Error("somebody else's mail went with it")
		}
	})
}
