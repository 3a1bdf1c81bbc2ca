package store

import (
	"slices"
	"testing"

	"countersign/petition"
)

// TestR16AKillerTakesNobodyAlong: a mail that kills the process twice is set aside, and
// those that were claimed together with it are still read.
func TestR16AKillerTakesNobodyAlong(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		ids := got(s.Record(t.Context(), testLease(t, s), []petition.Fetched{fetched(1, "a"), fetched(2, "kills"), fetched(3, "c"), fetched(4, "d")}))(t)
		slices.Sort(ids)
		var read []int64
		for range 20 {
			mails := got(s.ClaimMails(t.Context(), "w", 10, minute))(t)
			killed := false
			for _, m := range mails {
				killed = killed || string(m.Raw) == "kills"
			}
			if killed {
				turn(s, 2*minute)
				continue
			}
			for _, m := range mails {
				read = append(read, m.ID)
				ok(t, s.Understood(t.Context(), []petition.Understanding{{MailID: m.ID}}))
			}
		}
		slices.Sort(read)
		if want := []int64{ids[0], ids[2], ids[3]}; !slices.Equal(read, want) {
			t.Errorf("read %v, want %v", read, want)
		}
	})
}

// TestR34AHeldCopyIsNoRepeat: a copy whose signature a forwarder broke is held for a
// person; the one that comes straight is decided.
func TestR34AHeldCopyIsNoRepeat(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		for i, want := range []int{0, 0, 1} {
			ids := got(s.Record(t.Context(), testLease(t, s), []petition.Fetched{fetched(uint32(i+1), string(rune('a'+i)))}))(t)
			u := petition.Understanding{MailID: ids[0], Similar: "same", Header: petition.Header{From: []petition.Address{{Address: "office@lindenau.example"}}, Recipients: []string{"sign@opensunday.example"}}}
			if i == 0 {
				u.Origin.Authentication.DMARC = "fail"
			}
			ok(t, s.Understood(t.Context(), []petition.Understanding{u}))
			got(s.Decide(t.Context(), ids[0], func(k petition.Known) petition.Outcome {
				if k.Repeats != want {
					t.Errorf("copy %d: %d repeats, want %d", i+1, k.Repeats, want)
				}
				if i == 0 {
					return petition.Outcome{Disposition: petition.DispPerson, Silence: petition.SilentUnproven}
				}
				return petition.Outcome{Disposition: petition.DispThanked}
			}))(t)
		}
	})
}

// TestErasedWhileSending: what was being sent when its reader was erased leaves no text behind.
func TestErasedWhileSending(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau"})
		n := got(s.ClaimNotices(t.Context(), 1, minute))(t)[0]
		eraseForGood(t, s, e.ID)
		ok(t, s.SettleNotice(t.Context(), petition.Settlement{ID: n.ID, Attempts: n.Attempts, State: petition.NoticeSent, Text: "Hello Anna", Error: "office@lindenau.example"}))
		if n := got(s.Notice(t.Context(), n.ID))(t); n.State != petition.NoticeSent || n.SentText != "" || n.LastError != "" || n.To != "" {
			t.Errorf("%+v", n)
		}
	})
}
