package store

import (
	"testing"
	"time"

	"countersign/petition"
)

// TestR59Restored: after a copy was put back nothing but a link to sign in goes out,
// neither what was due or in hand in the copy nor what comes due since; an organizer
// has it all sent, or what was waiting in the copy dropped.
func TestR59Restored(t *testing.T) {
	for _, send := range []bool{true, false} {
		eachStore(t, func(t *testing.T, s *Store) {
			queueMany(t, s, 2, petition.NoticeThanks)
			got(s.ClaimNotices(t.Context(), 1, minute))(t)
			turn(s, time.Second)
			for range 2 { // saying it twice is saying it once
				if n := got(s.Restored(t.Context()))(t); n != 2 {
					t.Errorf("%d held", n)
				}
			}
			at := s.Now()
			turn(s, 2*minute)
			ok(t, s.inTx(t.Context(), func(x *tx) error {
				for _, n := range []petition.Notice{
					{Kind: petition.NoticeReminder, To: "office@lindenau.example", DedupeKey: "reminder:E1:v1:1"},
					{Kind: petition.NoticeSignIn, To: "nora@friends.example", DedupeKey: "sign_in:1"},
				} {
					if _, err := x.queue(t.Context(), nil, &n); err != nil {
						return err
					}
				}
				return nil
			}))
			if all := got(s.ClaimNotices(t.Context(), 5, minute))(t); len(all) != 1 || all[0].Kind != petition.NoticeSignIn {
				t.Errorf("claimed %+v", all)
			}
			if h := got(s.Held(t.Context()))(t); h != (Hold{Since: at, Held: 2, Due: 1}) {
				t.Errorf("%+v", h)
			}
			if next := got(s.NextDue(t.Context()))(t); next.Before(s.Now()) {
				t.Errorf("the sender is told that something is due: %s", next)
			}
			ok(t, s.Release(t.Context(), send))
			want := map[bool]int{true: 3, false: 1}[send]
			if all := got(s.ClaimNotices(t.Context(), 5, minute))(t); len(all) != want {
				t.Errorf("after release %d claimed, want %d", len(all), want)
			}
			if h := got(s.Held(t.Context()))(t); h != (Hold{}) {
				t.Errorf("still held: %+v", h)
			}
			if got(s.RestoredAt(t.Context()))(t) != at {
				t.Error("it is forgotten when the copy was put back")
			}
		})
	}
}
