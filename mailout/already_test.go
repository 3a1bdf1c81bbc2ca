package mailout

import (
	"strings"
	"testing"

	"countersign/petition"
)

// TestTrap2AlreadyShowsThePublicLine: a second person of the organization is told the
// line only as the list has it, never a version that is not on it.
func TestTrap2AlreadyShowsThePublicLine(t *testing.T) {
	o := occasion(petition.NoticeAlready, "en")
	e := listed(o.Endorsements[0])
	v := *e.Current()
	v.N, v.Review, v.Fields.Name = 2, petition.Pending, "Unlisted Library"
	e.Versions = append(e.Versions, v)
	o.Notice.To, o.Notice.Shows[0].Version = "m.klein@lindenau.example", 2
	l, err := composer(t).Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(l.Masked, "Unlisted Library") {
		t.Errorf("the mail says:\n%s", l.Masked)
	}
}
