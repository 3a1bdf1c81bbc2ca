package message

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden compares what is read of each mail in testdata/golden with the file beside it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden mails: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(show(Parse(raw)), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".eml") + ".json"
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if strings.TrimSpace(string(want)) != string(got) {
				t.Errorf("read differently from %s:\n%s", golden, got)
			}
		})
	}
}

// shown is a message as the golden files have it: with its HTML, and without the raw
// fields, which only repeat the mail.
type shown struct {
	*Message
	HTML                string
	Attached, Forwarded []shown
}

func show(m *Message) shown {
	m.Header.Fields = nil
	if m.Returned != nil {
		m.Returned.Fields = nil
	}
	return shown{Message: m, HTML: m.HTML(), Attached: showAll(m.Attached), Forwarded: showAll(m.Forwarded)}
}

func showAll(list []*Message) []shown {
	var all []shown
	for _, m := range list {
		all = append(all, show(m))
	}
	return all
}
