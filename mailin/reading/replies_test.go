package reading_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/BurntSushi/toml"

	"countersign/mailin/message"
	"countersign/mailin/reading"
	"countersign/petition"
)

// floor is the share of polite yeses that must be read as one (U05 asks for 0.97).
const floor = 0.97

// TestPoliteYes is U05: a polite yes is a yes, and no near miss ever is.
func TestPoliteYes(t *testing.T) {
	var table map[string]struct {
		Shown string
		Yes   []string
		Near  []string
	}
	if _, err := toml.DecodeFile("testdata/replies.toml", &table); err != nil {
		t.Fatal(err)
	}
	r := reader(t)
	yes, confirmed, near := 0, 0, 0
	for _, tag := range slices.Sorted(maps.Keys(table)) {
		row := table[tag]
		hints := reading.Hints{ShownNames: []string{row.Shown}}
		for _, text := range row.Yes {
			yes++
			got := r.Read(answer(text), petition.Origin{}, hints)
			if got.Intent == petition.VerifyYes && !got.Unclear && len(got.Also) == 0 {
				confirmed++
				continue
			}
			t.Logf("%s: %q is %s (unclear %v, also %v)", tag, text, got.Intent, got.Unclear, got.Also)
		}
		for _, text := range row.Near {
			near++
			if got := r.Read(answer(text), petition.Origin{}, hints); got.Intent == petition.VerifyYes {
				t.Errorf("%s: near miss %q confirms", tag, text)
			}
		}
	}
	if len(table) < 20 || yes < 200 || near < 200 {
		t.Errorf("%d languages, %d yeses, %d near misses: want 20, 200, 200", len(table), yes, near)
	}
	if share := float64(confirmed) / float64(yes); share < floor {
		t.Errorf("%d of %d polite yeses confirm: %.3f, want %.2f", confirmed, yes, share, floor)
	}
}

// TestYesOnlyInTheQuote is R29: our own words confirm nothing.
func TestYesOnlyInTheQuote(t *testing.T) {
	m := &message.Message{Quoted: "> 1. Yes: answer this mail with the word YES.", Header: message.Header{InReplyTo: []string{"n1@openletter.example"}, Subject: "Re: YES"}}
	if got := reader(t).Read(m, petition.Origin{}, reading.Hints{}); got.Intent == petition.VerifyYes || len(got.Organizations) > 0 {
		t.Errorf("%s %+v", got.Intent, got.Organizations)
	}
}

// TestOneWordAboveAForeignName: an answer of one word is read in its own script, also
// where the writer's name and position below are in Latin letters.
func TestOneWordAboveAForeignName(t *testing.T) {
	r := reader(t)
	hints := reading.Hints{ShownNames: []string{"Reading Circle Lindenau"}}
	for want, words := range map[petition.Intent][]string{
		petition.VerifyYes: {"ДА", "ТАК", "ΝΑΙ", "כן", "نعم", "はい", "네", "是", "हाँ", "Да."},
		petition.VerifyNo:  {"НЕТ", "НІ", "ΟΧΙ", "לא", "لا", "いいえ", "아니요", "不是"},
	} {
		for _, word := range words {
			for _, below := range []string{"Anna Berg", "Anna Berg\nReading Circle Lindenau"} {
				if got := r.Read(answer(word+"\n\n"+below), petition.Origin{}, hints); got.Intent != want {
					t.Errorf("%s above %q is %s, want %s", word, below, got.Intent, want)
				}
			}
		}
	}
}
