package petition

import "testing"

// TestR54Postmaster: mail for whoever runs the service reaches a person and signs nothing.
func TestR54Postmaster(t *testing.T) {
	for _, c := range []struct {
		to   []string
		want bool
	}{
		{[]string{"postmaster@opensunday.example"}, true},
		{[]string{"abuse@opensunday.example", "abuse@elsewhere.example"}, true},
		{[]string{"postmaster@opensunday.example", "sign@opensunday.example"}, false}, // it signs, and tells the postmaster
		{[]string{"postmaster@opensunday.example", "sign+n1@opensunday.example"}, false},
		{[]string{"abuse@elsewhere.example"}, false},
		{[]string{"sign@opensunday.example"}, false},
	} {
		w := newWorld(t)
		o := w.decide(w.mail("office@lindenau.example", SignOn, claims("City Library Lindenau"), func(m *Mail) { m.Header.Recipients = c.to }))
		person := o.Disposition == DispPerson && len(o.Tasks) == 1 && len(o.New) == 0 && len(o.Notices) == 0
		if person != c.want {
			t.Errorf("%v: %s, %d tasks, %d new", c.to, o.Disposition, len(o.Tasks), len(o.New))
		}
	}
}
