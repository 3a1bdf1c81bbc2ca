package store

import (
	"testing"
	"time"

	"countersign/petition"
)

// TestLookAgain: a yes whose sender cannot be checked for the moment waits, unanswered, is
// handed out again after 5 minutes, and counts as soon as the proof is there (R33).
func TestLookAgain(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		request := settleAll(t, s)[0]
		yes := signOn{
			from: "office@lindenau.example", uid: 2, intent: petition.VerifyYes,
			references: []petition.Reference{{Notice: request.ID, Where: "in-reply-to"}},
		}
		id := got(s.Record(t.Context(), testLease(t, s), []petition.Fetched{fetched(2, "a yes")}))(t)[0]
		reread := func(dmarc string) petition.Outcome {
			u := understanding(id, yes)
			u.Origin.Authentication = petition.Authentication{DMARC: dmarc}
			if dmarc == "pass" {
				u.Origin.Authentication.AlignedDomain, u.Origin.Authentication.SPF = "lindenau.example", "pass"
			}
			u.Header.Date = s.Now()
			ok(t, s.Understood(t.Context(), []petition.Understanding{u}))
			return got(s.Decide(t.Context(), id, petition.Decide))(t)
		}
		if o := reread("temperror"); o.LookAgain.IsZero() || len(o.Notices) != 0 {
			t.Fatalf("decided %+v", o)
		}
		if mails := got(s.ClaimMails(t.Context(), "one", 10, minute))(t); len(mails) != 0 {
			t.Fatalf("handed out at once: %+v", mails)
		}
		turn(s, 5*minute+time.Millisecond)
		for range 2 { // a process that dies while it reads costs one attempt, as always
			mails := got(s.ClaimMails(t.Context(), "one", 10, minute))(t)
			if len(mails) != 1 || mails[0].ID != id {
				t.Fatalf("handed out %+v", mails)
			}
			turn(s, 2*minute)
		}
		if o := reread("pass"); o.Disposition != petition.DispConfirmed {
			t.Errorf("decided %+v", o)
		}
		if now := got(s.Endorsement(t.Context(), e.ID))(t); now.State() != petition.StateConfirmed {
			t.Errorf("it is %s", now.State())
		}
	})
}

// TestLookAgainEnds: after the third look the mail is decided as if there were nothing to check.
func TestLookAgainEnds(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		testCampaign(t, s)
		sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		request := settleAll(t, s)[0]
		yes := signOn{from: "office@lindenau.example", uid: 2, intent: petition.VerifyYes, references: []petition.Reference{{Notice: request.ID, Where: "in-reply-to"}}}
		id := got(s.Record(t.Context(), testLease(t, s), []petition.Fetched{fetched(2, "a yes")}))(t)[0]
		for look := 1; look <= 3; look++ {
			if mails := got(s.ClaimMails(t.Context(), "one", 10, minute))(t); len(mails) != 1 {
				t.Fatalf("look %d: handed out %d", look, len(mails))
			}
			u := understanding(id, yes)
			u.Origin.Authentication = petition.Authentication{DMARC: "temperror"}
			ok(t, s.Understood(t.Context(), []petition.Understanding{u}))
			o := got(s.Decide(t.Context(), id, petition.Decide))(t)
			if last := look == 3; last != (o.Disposition == petition.DispProveFirst) || last == !o.LookAgain.IsZero() {
				t.Errorf("look %d: %+v", look, o)
			}
			turn(s, 26*minute)
		}
	})
}
