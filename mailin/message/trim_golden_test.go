package message

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// language is a section of testdata/trim/separators.txt.
type language struct {
	tag                              string
	fresh, correction, question, who string
	attr, block, original, forward   []separatorLine
	device                           []string
}

type separatorLine struct{ client, text string }

// readLanguages reads testdata/trim/separators.txt.
func readLanguages(t *testing.T) []*language {
	t.Helper()
	raw, err := os.ReadFile("testdata/trim/separators.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []*language
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			all = append(all, &language{tag: strings.Trim(line, "[]")})
			continue
		}
		l := all[len(all)-1]
		kind, rest, _ := strings.Cut(line, "|")
		client, text, _ := strings.Cut(rest, "|")
		s := separatorLine{client, strings.ReplaceAll(text, `\n`, "\n")}
		switch kind {
		case "new":
			l.fresh = rest
		case "correction":
			l.correction = rest
		case "question":
			l.question = rest
		case "name":
			l.who = rest
		case "attr":
			l.attr = append(l.attr, s)
		case "block":
			l.block = append(l.block, s)
		case "original":
			l.original = append(l.original, s)
		case "forward":
			l.forward = append(l.forward, s)
		case "device":
			l.device = append(l.device, rest)
		default:
			t.Fatalf("line %q", line)
		}
	}
	return all
}

// splitCase is a text with what must be found new in it.
type splitCase struct{ name, text, want string }

// cases puts new text around every separator of a language.
func (l *language) cases() []splitCase {
	var out []splitCase
	add := func(kind, client, shape, text, want string) {
		out = append(out, splitCase{fmt.Sprintf("%s/%s/%s/%s", l.tag, kind, client, shape), text, want})
	}
	top := l.fresh + "\n\n" + l.who
	quoted := "> " + l.question + "\n>\n> https://letter.test/x"
	plain := l.question + "\n\nhttps://letter.test/x"
	for _, s := range l.attr {
		wrapped := wrap(s.text, 52)
		add("attr", s.client, "above marks", top+"\n\n"+s.text+"\n"+quoted, top)
		add("attr", s.client, "above marks, blank line", top+"\n\n"+s.text+"\n\n"+quoted, top)
		if !strings.HasSuffix(s.client, "*") {
			add("attr", s.client, "above no marks", top+"\n\n"+s.text+"\n\n"+plain, top)
			add("attr", s.client, "wrapped above no marks", top+"\n\n"+wrapped+"\n\n"+plain, top)
		}
		add("attr", s.client, "wrapped above marks", top+"\n\n"+wrapped+"\n\n"+quoted, top)
		add("attr", s.client, "bottom", s.text+"\n"+quoted+"\n\n"+l.fresh+"\n"+l.correction, l.fresh+"\n"+l.correction)
		add("attr", s.client, "inline", s.text+"\n> "+l.question+"\n\n"+l.fresh+"\n\n> https://letter.test/x\n"+l.correction, l.fresh+"\n\n"+l.correction)
		add("attr", s.client, "signature above, correction below", l.fresh+"\n-- \n"+l.who+"\n\n"+s.text+"\n"+quoted+"\n\n"+l.correction, l.fresh+"\n\n"+l.correction)
		add("attr", s.client, "quote within the quote", top+"\n\n"+s.text+"\n> "+l.question+"\n> "+s.text+"\n>> "+l.fresh, top)
		add("attr", s.client, "no name, no blank line", l.fresh+"\n"+s.text+"\n"+quoted, l.fresh)
		add("attr", s.client, "indented", top+"\n\n  "+s.text+"\n\n"+quoted, top)
		add("attr", s.client, "two new paragraphs inside", l.correction+"\n\n"+s.text+"\n\n"+quoted+"\n\n"+l.fresh+"\n\n"+l.who+"\n\n> "+l.question, l.correction+"\n\n"+l.fresh+"\n\n"+l.who)
	}
	for _, s := range l.block {
		lines := strings.Split(s.text, "\n")
		bold := "*" + strings.ReplaceAll(strings.ReplaceAll(s.text, "\n", "\n*"), ":", ":*")
		add("block", s.client, "bare", top+"\n\n"+s.text+"\n\n"+plain, top)
		add("block", s.client, "below a rule", top+"\n\n________________________________\n"+s.text+"\n\n"+plain, top)
		add("block", s.client, "blank lines between", top+"\n\n"+strings.Join(lines, "\n\n")+"\n\n"+plain, top)
		add("block", s.client, "marked", top+"\n\n> "+strings.Join(lines, "\n> ")+"\n>\n"+quoted, top)
		if !strings.Contains(s.text, "<bob") {
			add("block", s.client, "bold", top+"\n\n"+bold+"\n\n"+plain, top)
		}
	}
	for _, s := range l.original {
		add("original", s.client, "block", top+"\n\n"+s.text+"\n"+l.block[0].text+"\n\n"+plain, top)
		add("original", s.client, "spaces around", top+"\n\n "+strings.Replace(s.text, "-----", "----- ", 1)+" \n"+l.block[0].text+"\n\n"+plain, top)
		add("original", s.client, "marked", top+"\n\n"+s.text+"\n> "+l.question, top)
	}
	for _, s := range l.forward {
		add("forward", s.client, "block", l.correction+"\n\n"+s.text+"\n"+l.block[0].text+"\n\n"+plain, l.correction)
		add("forward", s.client, "marked block", l.correction+"\n\n"+s.text+"\n\n> "+strings.ReplaceAll(l.block[0].text, "\n", "\n> ")+"\n>\n"+quoted, l.correction)
	}
	for _, line := range l.device {
		add("device", line, "end", top+"\n\n"+line, top)
		add("device", line, "above a quote", top+"\n\n"+line+"\n\n"+l.attr[0].text+"\n"+quoted, top)
		add("device", line, "correction below the quote", l.fresh+"\n\n"+line+"\n\n"+l.attr[0].text+"\n"+quoted+"\n\n"+l.correction, l.fresh+"\n\n"+l.correction)
		add("device", line, "above a block", top+"\n\n"+line+"\n________________________________\n"+l.block[0].text+"\n\n"+plain, top)
	}
	return out
}

// wrap breaks a line at spaces, as clients do with long ones.
func wrap(s string, width int) string {
	var out strings.Builder
	n := 0
	for i, word := range strings.Split(s, " ") {
		if i > 0 && n+len(word) > width {
			out.WriteByte('\n')
			n = 0
		} else if i > 0 {
			out.WriteByte(' ')
			n++
		}
		out.WriteString(word)
		n += len(word)
	}
	return out.String()
}

// R29, R30: in every language, for every client: no word of the new text is lost, and nothing else is taken for new.
func TestR29EveryLanguageAndClient(t *testing.T) {
	n := 0
	languages := readLanguages(t)
	for _, l := range languages {
		for _, c := range l.cases() {
			n++
			m := parseText(c.text)
			if lost := missingWords(c.want, m.New); len(lost) > 0 {
				t.Errorf("%s: lost %q of\n%s", c.name, lost, c.text)
			} else if strings.Join(strings.Fields(m.New), " ") != strings.Join(strings.Fields(c.want), " ") {
				t.Errorf("%s: new text %q, want %q of\n%s", c.name, m.New, c.want, c.text)
			}
		}
	}
	if len(languages) < 20 || n < 200 {
		t.Errorf("%d languages, %d cases", len(languages), n)
	}
	t.Logf("%d languages, %d cases", len(languages), n)
}

// missingWords returns the words of want that got lacks.
func missingWords(want, got string) []string {
	have := strings.Fields(got)
	var missing []string
	for w := range strings.FieldsSeq(want) {
		if i := slices.Index(have, w); i >= 0 {
			have = slices.Delete(have, i, i+1)
		} else {
			missing = append(missing, w)
		}
	}
	return missing
}

// R29: what only looks like a separator, a device line or a disclaimer stays new. A line "?? …" says what is new where
// not everything is.
func TestR29NewTextIsKept(t *testing.T) {
	raw, err := os.ReadFile("testdata/trim/kept.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, all, _ := strings.Cut(string(raw), "\n== ")
	for c := range strings.SplitSeq(all, "\n== ") {
		name, text, _ := strings.Cut(c, "\n")
		text, want, different := strings.Cut(text, "\n?? ")
		if !different {
			want = text
		}
		t.Run(name, func(t *testing.T) {
			m := parseText(text)
			if strings.Join(strings.Fields(m.New), " ") != strings.Join(strings.Fields(want), " ") {
				t.Errorf("new text %q, want %q; quoted %q, signature %q", m.New, want, m.Quoted, m.Signature)
			}
		})
	}
}
