package origin

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"countersign/petition"
)

// golden is one mail of testdata with what is to be made of it.
type golden struct{ name, want, mail string }

// readGolden reads "=== name", the expectation, "---", the mail.
func readGolden(t testing.TB, file string) []golden {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var out []golden
	for part := range strings.SplitSeq("\n"+string(data), "\n=== ") {
		name, rest, _ := strings.Cut(part, "\n")
		want, mail, ok := strings.Cut(rest, "\n---\n")
		if ok {
			out = append(out, golden{name, want, mail})
		}
	}
	return out
}

// R42-R44: recipients, outcome, status, class and reason of delivery reports of many mail systems, whatever their line
// ends are.
func TestR44GoldenBounces(t *testing.T) {
	all := readGolden(t, "bounces.txt")
	if len(all) < 90 {
		t.Fatalf("%d reports", len(all))
	}
	for _, g := range all {
		t.Run(g.name, func(t *testing.T) {
			for _, end := range []string{"\n", "\r\n", "\r"} {
				o := Check(t.Context(), []byte(strings.ReplaceAll(g.mail, "\n", end)), nil, Settings{})
				if o.Automatic.Kind != petition.AutoBounce || o.Bounce == nil {
					t.Fatalf("%q: %+v", end, o.Automatic)
				}
				var got []string
				for _, r := range o.Bounce.Recipients {
					got = append(got, fmt.Sprintf("%s %s %s %s %s", r.Address, r.Action, r.Status, r.Class, r.Reason))
				}
				if s := strings.Join(got, "\n"); s != g.want {
					t.Errorf("%q:\n%s\nwant\n%s", end, s, g.want)
				}
			}
		})
	}
}

// R31, R46: answers of programs and of people in twenty languages.
func TestR31GoldenAutomatic(t *testing.T) {
	all := readGolden(t, "automatic.txt")
	if len(all) < 70 {
		t.Fatalf("%d mails", len(all))
	}
	for _, g := range all {
		t.Run(g.name, func(t *testing.T) {
			a := Check(t.Context(), []byte(g.mail), nil, Settings{}).Automatic
			got := string(a.Kind)
			if a.Certain {
				got += " certain"
			}
			if got != g.want {
				t.Errorf("%s (%s), want %s", got, a.Because, g.want)
			}
		})
	}
}
