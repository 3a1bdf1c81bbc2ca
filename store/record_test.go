package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/petition"
)

func fetched(uid uint32, raw string) petition.Fetched {
	return petition.Fetched{
		Place:    petition.Place{Mailbox: "info", Folder: "INBOX", UIDValidity: 7, UID: uid},
		Received: startOfTest, Size: int64(len(raw)), Raw: []byte(raw),
	}
}

func TestLease(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		first := got(s.Lease(t.Context(), "mailbox:info", "one", time.Hour))(t)
		if _, err := s.Lease(t.Context(), "mailbox:info", "two", time.Hour); !errors.Is(err, petition.ErrLeaseLost) {
			t.Fatalf("a second holder: %v", err)
		}
		if renewed := got(s.Lease(t.Context(), "mailbox:info", "one", -time.Second))(t); renewed.Generation != first.Generation {
			t.Errorf("renewing changed the generation from %d to %d", first.Generation, renewed.Generation)
		}
		if _, err := s.Record(t.Context(), first, []petition.Fetched{fetched(1, "x")}); !errors.Is(err, petition.ErrLeaseLost) {
			t.Errorf("record under a lease that has run out: %v", err)
		}
		second := got(s.Lease(t.Context(), "mailbox:info", "two", time.Hour))(t)
		if second.Generation <= first.Generation {
			t.Errorf("generation %d after %d", second.Generation, first.Generation)
		}
		here := petition.Place{Mailbox: "info", Folder: "INBOX", UIDValidity: 7, UID: 1}
		for what, err := range map[string]error{
			"settled": s.Settled(t.Context(), first, []petition.Place{here}),
			"moved":   s.Moved(t.Context(), first, here, here),
		} {
			if !errors.Is(err, petition.ErrLeaseLost) {
				t.Errorf("%s under a lost lease: %v", what, err)
			}
		}
		if known := got(s.KnownUIDs(t.Context(), "info", "INBOX", 7))(t); len(known) != 0 {
			t.Errorf("recorded under a lost lease: %v", known)
		}
		ok(t, s.ReleaseLease(t.Context(), first)) // not ours any more: nothing happens
		if _, err := s.Record(t.Context(), second, []petition.Fetched{fetched(1, "x")}); err != nil {
			t.Error(err)
		}
		ok(t, s.ReleaseLease(t.Context(), second))
		if third := got(s.Lease(t.Context(), "mailbox:info", "one", time.Hour))(t); third.Generation <= second.Generation {
			t.Errorf("generation %d after release of %d", third.Generation, second.Generation)
		}
	})
}

func TestR05RecordsEachMailOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		l := testLease(t, s)
		batch := []petition.Fetched{fetched(1, "a\x00\xff"), fetched(2, "b"), fetched(3, "a\x00\xff"), fetched(4, "")}
		if ids := got(s.Record(t.Context(), l, batch))(t); len(ids) != 3 {
			t.Fatalf("%d new mails of four, two with the same bytes", len(ids))
		}
		if ids := got(s.Record(t.Context(), l, batch))(t); len(ids) != 0 {
			t.Errorf("recorded again: %v", ids)
		}
		other := fetched(9, "b")
		other.Place.UIDValidity = 0 // R02: iCloud says 0
		if ids := got(s.Record(t.Context(), l, []petition.Fetched{other}))(t); len(ids) != 0 {
			t.Errorf("known bytes in another place are new: %v", ids)
		}
		if known := got(s.KnownUIDs(t.Context(), "info", "INBOX", 7))(t); !slices.Equal(known, []uint32{1, 2, 3, 4}) {
			t.Errorf("known: %v", known)
		}
		if all := got(s.UIDValidities(t.Context(), "info", "INBOX"))(t); !slices.Equal(all, []uint32{0, 7}) {
			t.Errorf("uidvalidities: %v", all)
		}
		mails := got(s.ClaimMails(t.Context(), "w", 10, minute))(t)
		if len(mails) != 3 || !bytes.Equal(mails[0].Raw, []byte("a\x00\xff")) || !mails[0].Received.Equal(startOfTest) {
			t.Errorf("claimed: %+v", mails)
		}
	})
}

func TestR12MovedMailIsNotNew(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		l := testLease(t, s)
		got(s.Record(t.Context(), l, []petition.Fetched{fetched(1, "a"), fetched(2, "b"), fetched(3, "c")}))(t)
		if open := got(s.Unsettled(t.Context(), "info", "INBOX", 7))(t); !slices.Equal(open, []uint32{1, 2, 3}) {
			t.Fatalf("unsettled: %v", open)
		}
		ok(t, s.Settled(t.Context(), l, []petition.Place{fetched(1, "").Place}))
		to := petition.Place{Mailbox: "info", Folder: "Processed", UIDValidity: 8, UID: 50}
		ok(t, s.Moved(t.Context(), l, fetched(2, "").Place, to))
		if open := got(s.Unsettled(t.Context(), "info", "INBOX", 7))(t); !slices.Equal(open, []uint32{3}) {
			t.Errorf("unsettled: %v", open)
		}
		if known := got(s.KnownUIDs(t.Context(), "info", "Processed", 8))(t); !slices.Equal(known, []uint32{50}) {
			t.Errorf("known where it went: %v", known)
		}
		if err := s.Moved(t.Context(), l, fetched(77, "").Place, to); !errors.Is(err, petition.ErrNotFound) {
			t.Errorf("moved from nowhere: %v", err)
		}
	})
}

func TestOnePoisonMailDoesNotStopTheOthers(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		l := testLease(t, s)
		trigger := `CREATE TRIGGER poison BEFORE INSERT ON mails WHEN NEW.size=666 BEGIN SELECT RAISE(ABORT, 'poison'); END`
		if s.postgres {
			trigger = `ALTER TABLE mails ADD CHECK (size <> 666)`
		}
		_, err := s.writer().exec(t.Context(), trigger)
		ok(t, err)
		bad := fetched(2, "b")
		bad.Size = 666
		ids, err := s.Record(t.Context(), l, []petition.Fetched{fetched(1, "a"), bad, fetched(3, "c")})
		if err == nil || !strings.Contains(err.Error(), "UID 2") || len(ids) != 2 {
			t.Fatalf("recorded %v, error %v", ids, err)
		}
		if known := got(s.KnownUIDs(t.Context(), "info", "INBOX", 7))(t); !slices.Equal(known, []uint32{1, 3}) {
			t.Errorf("known: %v", known)
		}
	})
}

func TestR16QuarantineAfterTwoReadings(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		c := testCampaign(t, s)
		got(s.Record(t.Context(), testLease(t, s), []petition.Fetched{fetched(1, "kills the reader")}))(t)
		for attempt := 1; attempt <= 2; attempt++ {
			mails := got(s.ClaimMails(t.Context(), "w", 10, minute))(t)
			if len(mails) != 1 || mails[0].Attempts != attempt {
				t.Fatalf("attempt %d: %+v", attempt, mails)
			}
			if again := got(s.ClaimMails(t.Context(), "v", 10, minute))(t); len(again) != 0 {
				t.Fatalf("claimed while leased: %+v", again)
			}
			turn(s, 2*minute) // the process died
		}
		if mails := got(s.ClaimMails(t.Context(), "w", 10, minute))(t); len(mails) != 0 {
			t.Fatalf("claimed a third time: %+v", mails)
		}
		rows := got(s.Queue(t.Context(), QueueFilter{CampaignIDs: []int64{c.ID}}))(t)
		if len(rows) != 1 || rows[0].Task.Kind != petition.TaskQuarantine || rows[0].Mail.ID == 0 {
			t.Fatalf("queue: %+v", rows)
		}
		out := got(s.Decide(t.Context(), rows[0].Mail.ID, petition.Decide))(t)
		if out.Disposition != petition.DispPerson {
			t.Errorf("disposition %q", out.Disposition)
		}
		if h := got(s.Health(t.Context()))(t); h.Mails[petition.MailQuarantined] != 1 {
			t.Errorf("health: %+v", h)
		}
	})
}

func TestReadingIsAddedNeverChanged(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		m := signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1}
		e := sign(t, s, m)
		u := understanding(e.RequestID, m)
		u.Reading.Reader, u.Reading.Language = "newer", "de"
		ok(t, s.Understood(t.Context(), []petition.Understanding{u, u}))
		mail := got(s.Mail(t.Context(), e.RequestID))(t)
		if mail.State != petition.MailDecided || mail.Reading.Reader != "newer" || len(mail.Raw) == 0 {
			t.Errorf("after reading again: %+v", mail)
		}
		var n int
		ok(t, s.reader().get(t.Context(), &n, `SELECT COUNT(*) FROM readings WHERE mail_id=$1`, e.RequestID))
		if n != 3 {
			t.Errorf("%d readings", n)
		}
		if ids := got(s.Undecided(t.Context(), "w", 10, minute))(t); len(ids) != 0 {
			t.Errorf("a decided mail is undecided: %v", ids)
		}
	})
}

func TestConcurrentClaimsOfMails(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		l := testLease(t, s)
		var batch []petition.Fetched
		for i := range 60 {
			batch = append(batch, fetched(uint32(i+1), fmt.Sprint("mail ", i)))
		}
		got(s.Record(t.Context(), l, batch))(t)
		var mu sync.Mutex
		seen := map[int64]int{}
		var work sync.WaitGroup
		for w := range 6 {
			work.Go(func() {
				for {
					mails, err := s.ClaimMails(t.Context(), fmt.Sprint(w), 7, minute)
					if err != nil || len(mails) > 7 {
						t.Errorf("claimed %d: %v", len(mails), err)
						return
					}
					if len(mails) == 0 {
						return
					}
					mu.Lock()
					for _, m := range mails {
						seen[m.ID]++
					}
					mu.Unlock()
				}
			})
		}
		work.Wait()
		for id, n := range seen {
			if n != 1 {
				t.Errorf("mail %d was claimed %d times", id, n)
			}
		}
		if len(seen) != 60 {
			t.Errorf("%d of 60 claimed", len(seen))
		}
	})
}

func TestUndecidedGivesUpInTheEnd(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		id := receive(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		for range maxDecisions {
			if ids := got(s.Undecided(t.Context(), "w", 10, minute))(t); !slices.Equal(ids, []int64{id}) {
				t.Fatalf("undecided: %v", ids)
			}
			turn(s, 2*minute)
		}
		if ids := got(s.Undecided(t.Context(), "w", 10, minute))(t); len(ids) != 0 {
			t.Errorf("still claimed: %v", ids)
		}
		if h := got(s.Health(t.Context()))(t); h.Mails[petition.MailQuarantined] != 1 || h.Mails[petition.MailRead] != 0 || h.Tasks != 1 {
			t.Errorf("health: %+v", h)
		}
	})
}

// BenchmarkRecord stores mails of 20 kB in batches of 200, durably.
func BenchmarkRecord(b *testing.B) {
	for _, dsn := range benchDatabases(b) {
		b.Run(strings.SplitN(dsn, ":", 2)[0], func(b *testing.B) {
			s, err := Open(b.Context(), Options{DSN: dsn, Keys: testKeys()})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			l, err := s.Lease(b.Context(), "m", "h", time.Hour)
			if err != nil {
				b.Fatal(err)
			}
			body := bytes.Repeat([]byte("0123456789abcdef"), 1250)
			uid := uint32(0)
			for b.Loop() {
				batch := make([]petition.Fetched, 200)
				for i := range batch {
					uid++
					batch[i] = fetched(uid, fmt.Sprintf("%d %d", uid, time.Now().UnixNano())+string(body))
				}
				if _, err := s.Record(b.Context(), l, batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(uid)/b.Elapsed().Seconds(), "mails/s")
		})
	}
}
