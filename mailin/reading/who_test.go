package reading_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"countersign/mailin/message"
	"countersign/mailin/reading"
	"countersign/petition"
)

// who is one mail of testdata/who/*.txt and who signs in it.
//
// A mail begins with a line "@ language From | Subject", perhaps "| attached
// file"; its text follows, and what is expected stands behind it, a line each:
//
//	= Name ;; Another ;; other spelling | alias      organizations, none when empty
//	+ Person / Title                                 signatories in order
//	~ City, Country                                  of the first organization
//	! intent                                         where it is no sign-on
//	? why                                            still read wrong; must not be sure
type who struct {
	line                    int
	language, from, subject string
	file                    string
	text                    []string
	names, aliases          []string
	people                  [][2]string
	place                   string
	intent, known           string
}

// raw is the mail as bytes.
func (w *who) raw() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s\nTo: sign@openletter.example\nSubject: %s\nMIME-Version: 1.0\n", w.from, w.subject)
	text := strings.TrimSpace(strings.Join(w.text, "\n")) + "\n"
	if w.file == "" {
		fmt.Fprintf(&b, "Content-Type: text/plain; charset=utf-8\n\n%s", text)
		return []byte(b.String())
	}
	fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n%s\n", text)
	fmt.Fprintf(&b, "--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=\"%s\"\n\nx\n--b--\n", w.file)
	return []byte(b.String())
}

func readWho(t *testing.T, file string) []*who {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []*who
	for i, line := range strings.Split(string(data), "\n") {
		if head, ok := strings.CutPrefix(line, "@ "); ok {
			language, rest, _ := strings.Cut(head, " ")
			from, subject, ok := strings.Cut(rest, "> | ")
			if !ok {
				t.Fatalf("%s:%d: want @ language From | Subject", file, i+1)
			}
			subject, attached, _ := strings.Cut(subject, " | ")
			all = append(all, &who{line: i + 1, language: language, from: from + ">", subject: subject, file: attached, intent: "sign_on"})
			continue
		}
		if len(all) == 0 || strings.HasPrefix(line, "# ") {
			continue
		}
		w := all[len(all)-1]
		mark, value, _ := strings.Cut(line, " ")
		switch mark {
		case "=":
			for name := range strings.SplitSeq(value, ";;") {
				name, kind, _ := strings.Cut(name, "|")
				if name = strings.TrimSpace(name); strings.TrimSpace(kind) == "alias" {
					w.aliases = append(w.aliases, name)
				} else if name != "" {
					w.names = append(w.names, name)
				}
			}
		case "+":
			name, title, _ := strings.Cut(value, " /")
			w.people = append(w.people, [2]string{name, strings.TrimSpace(title)})
		case "~":
			w.place = value
		case "!":
			w.intent = value
		case "?":
			w.known = value
		default:
			w.text = append(w.text, line)
		}
	}
	return all
}

// plain is a name for comparing: case, quotation marks and spaces do not count.
func plain(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"«»„“”‚‘’'「」『』", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)), " ")
}

// check lists what is wrong with a reading.
func (w *who) check(got petition.Reading, tally map[string]int) (wrong []string) {
	if string(got.Intent) != w.intent {
		wrong = append(wrong, fmt.Sprintf("intent %s, want %s", got.Intent, w.intent))
	}
	var names []string
	matched := map[string]bool{}
	for _, o := range got.Organizations {
		if o.Kind != petition.KindOrganization {
			continue
		}
		names = append(names, o.Name)
		is := func(want string) bool { return plain(want) == plain(o.Name) }
		switch i := slices.IndexFunc(w.names, is); {
		case i >= 0:
			matched[w.names[i]] = true
		case slices.ContainsFunc(w.aliases, is) && len(w.names) == 1:
			matched[w.names[0]] = true
		case slices.ContainsFunc(w.aliases, is):
		default:
			tally["org wrong"]++
			wrong = append(wrong, "no such organization: "+o.Name)
		}
	}
	for _, want := range w.names {
		if !matched[want] && !slices.ContainsFunc(w.aliases, func(a string) bool {
			return slices.ContainsFunc(names, func(n string) bool { return plain(a) == plain(n) })
		}) {
			tally["org missed"]++
			wrong = append(wrong, "missed: "+want)
		} else {
			tally["org right"]++
		}
	}
	tally["signatory wrong"] += max(0, len(got.Signatories)-len(w.people))
	for i, want := range w.people {
		if i >= len(got.Signatories) {
			tally["signatory missed"]++
			wrong = append(wrong, fmt.Sprintf("no signatory %s / %s", want[0], want[1]))
			continue
		}
		s := got.Signatories[i]
		if plain(s.Name) != plain(want[0]) {
			tally["signatory wrong"]++
			tally["signatory missed"]++
			wrong = append(wrong, fmt.Sprintf("signatory %q, want %s", s.Name, want[0]))
		} else {
			tally["signatory right"]++
		}
		if plain(s.Title) != plain(want[1]) {
			tally["title wrong"]++
			wrong = append(wrong, fmt.Sprintf("title %q, want %q", s.Title, want[1]))
		} else {
			tally["title right"]++
		}
	}
	if w.place != "" && len(got.Organizations) > 0 {
		if p := got.Organizations[0]; p.City+", "+p.Country != strings.TrimSpace(w.place) && p.City+"," != w.place {
			tally["place wrong"]++
			wrong = append(wrong, fmt.Sprintf("place %s, %s, want %s", p.City, p.Country, w.place))
		} else {
			tally["place right"]++
		}
	}
	return wrong
}

// TestWho reads the mails of testdata/who: who signs, and is the reader sure only where it is right?
func TestWho(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "who", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	r := reader(t)
	total := map[string]int{}
	for _, file := range files {
		tally := map[string]int{}
		for _, w := range readWho(t, file) {
			at := fmt.Sprintf("%s:%d", filepath.Base(file), w.line)
			m := message.Parse(w.raw())
			got := r.Read(m, petition.Origin{}, reading.Hints{OwnAddresses: []string{"sign@openletter.example"}})
			checkEvidence(t, at, m, got)
			wrong := w.check(got, tally)
			if got.Confidence == petition.High {
				tally["sure"]++
				if slices.ContainsFunc(wrong, func(s string) bool {
					return !strings.HasPrefix(s, "title") && !strings.HasPrefix(s, "place") && !strings.HasPrefix(s, "no signatory") && !strings.HasPrefix(s, "signatory")
				}) {
					t.Errorf("%s: sure and wrong: %s", at, strings.Join(wrong, "; "))
				}
			}
			switch {
			case w.known == "" && len(wrong) > 0:
				t.Errorf("%s: %s", at, strings.Join(wrong, "; "))
			case w.known != "" && len(wrong) == 0:
				t.Errorf("%s: %q, but it is read right now", at, w.known)
			}
			tally["mails"]++
		}
		t.Log(filepath.Base(file), figures(tally))
		for k, n := range tally {
			total[k] += n
		}
	}
	t.Log("all", figures(total))
}

// figures prints a tally.
func figures(n map[string]int) string {
	f1 := func(kind string) float64 {
		return float64(2*n[kind+" right"]) / float64(max(1, 2*n[kind+" right"]+n[kind+" wrong"]+n[kind+" missed"]))
	}
	share := func(kind string) float64 {
		return float64(n[kind+" right"]) / float64(max(1, n[kind+" right"]+n[kind+" wrong"]))
	}
	return fmt.Sprintf("mails %d  organization F1 %.3f  signatory F1 %.3f  title %.3f  place %.3f  sure %d", n["mails"], f1("org"), f1("signatory"), share("title"), share("place"), n["sure"])
}
