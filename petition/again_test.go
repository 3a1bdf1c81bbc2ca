package petition

import (
	"testing"
	"time"
)

// TestLookAgain: a proof that failed for the moment is asked for again, twice, where it
// decides something; a question to us waits for nothing (R33).
func TestLookAgain(t *testing.T) {
	for _, c := range []struct {
		name    string
		mail    func(w *world) *Mail
		listing Listing
		want    bool
	}{
		{"a yes without the code", func(w *world) *Mail {
			m := w.mail("office@lindenau.example", VerifyYes, w.answers(w.last(NoticeRequest)))
			m.Codes = nil
			return m
		}, AfterReview, true},
		{"a yes with the code", func(w *world) *Mail {
			return w.mail("office@lindenau.example", VerifyYes, w.answers(w.last(NoticeRequest)))
		}, AfterReview, false},
		{"a withdrawal without the code", func(w *world) *Mail {
			m := w.mail("office@lindenau.example", Withdraw, w.answers(w.last(NoticeRequest)))
			m.Codes = nil
			return m
		}, AfterReview, true},
		{"a signature", func(w *world) *Mail { return w.mail("desk@reading.example", SignOn, claims("Reading Trust")) }, AfterReview, false},
		{"a signature that may be listed by itself", func(w *world) *Mail { return w.mail("desk@reading.example", SignOn, claims("Reading Trust")) }, WhenConfirmed, true},
		{"a question", func(w *world) *Mail { return w.mail("office@lindenau.example", Question) }, AfterReview, false},
		{"an invoice", func(w *world) *Mail { return w.mail("shop@bookshop.example", OtherIntent) }, AfterReview, false},
	} {
		w := newWorld(t)
		w.signed(StateAwaiting)
		w.campaign.Listing = c.listing
		m := c.mail(w)
		m.Origin.Authentication = proofs[TempError]
		k := w.known(m)
		for readings, wait := range map[int]time.Duration{1: 5 * time.Minute, 2: 25 * time.Minute, 3: 0} {
			k.Readings = readings
			o := Decide(k)
			want := time.Time{}
			if c.want && wait > 0 {
				want = w.now.Add(wait)
			}
			if !o.LookAgain.Equal(want) || !want.IsZero() && (!o.Empty() || o.Disposition != "") || want.IsZero() && o.Disposition == "" {
				t.Errorf("%s, reading %d: %+v, want to look again at %s", c.name, readings, o, want)
			}
		}
	}
}
