package mailout

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"countersign/petition"
)

// TestEveryMailInEveryLanguage: as text and HTML, with the links and codes of the
// English mail, written in the direction of its language, and no line left in English.
func TestEveryMailInEveryLanguage(t *testing.T) {
	same := regexp.MustCompile(`https?://\S+|[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}|(?m)^    .*$`)
	english := map[string]opened{}
	eachMail(t, func(t *testing.T, name string, o petition.Occasion, _ Letter, m opened) {
		at := strings.LastIndexByte(name, '.')
		kind, locale := name[:at], name[at+1:]
		if locale == "en" {
			english[kind] = m
			return
		}
		// A mail for whom we cannot answer in their language has English below: none does here.
		if got, want := codesAndLinks(m.text), codesAndLinks(english[kind].text); got != want {
			t.Errorf("%s: has %s, in English %s", name, got, want)
		}
		direction := `dir="ltr"`
		if strings.Contains(" ar fa he ", " "+locale+" ") {
			direction = `dir="rtl"`
		}
		if !strings.Contains(m.html, `<html lang="`+locale+`" `+direction+`>`) || !strings.Contains(m.html, `<td lang="`+locale+`" `+direction) {
			t.Errorf("%s: HTML is not in its language and %s", name, direction)
		}
		lines := map[string]bool{}
		for line := range strings.Lines(same.ReplaceAllString(english[kind].text, "")) {
			lines[strings.TrimSpace(line)] = true
		}
		for line := range strings.Lines(same.ReplaceAllString(m.text, "")) {
			line = strings.TrimSpace(line)
			theirs := fmt.Sprint(o.Notice.Details) // what people wrote stays as they wrote it
			ours := !strings.Contains(theirs, strings.TrimSuffix(line, ": 2")) && (o.Campaign == nil || line != o.Campaign.Contact)
			if ours && lines[line] && strings.Count(line, " ") > 0 && strings.ContainsFunc(line, unicode.IsLetter) {
				t.Errorf("%s: still English: %s", name, line)
			}
		}
	})
}

func codesAndLinks(text string) string {
	return strings.Join(regexp.MustCompile(`https?://\S+|[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}`).FindAllString(text, -1), " ")
}
