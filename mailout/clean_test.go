package mailout

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"countersign/petition"
)

// TestR35CleanLine: what is left of a stranger's words.
func TestR35CleanLine(t *testing.T) {
	tests := []struct{ name, in, own, want string }{
		{"plain", "City Library Lindenau", "", "City Library Lindenau"},
		{"accents and scripts", "Bücherfreunde «Čítárna» Łódź e.V., Βιβλιοθήκη, Библиотека, 図書館", "", "Bücherfreunde «Čítárna» Łódź e.V., Βιβλιοθήκη, Библиотека, 図書館"},
		{"joiner in Persian", "کتابخانه\u200cها", "", "کتابخانه\u200cها"},
		{"line breaks", "City\r\nLibrary\n\n\tLindenau\u2028x\u0085y", "", "City Library Lindenau x y"},
		{"header", "Library\r\nBcc: everybody@example.org", "", "Library Bcc"},
		{"HTML", `<b>City</b> <a href="https://evil.example/x">Library</a><script>alert(1)</script>`, "", "City Library alert(1)"},
		{"open tag", "Library <img src=x onerror=alert(1)", "", "Library img src=x onerror=alert(1)"},
		{"formula", "=HYPERLINK(\"https://evil.example\",\"x\")", "", `HYPERLINK("`},
		{"formula with plus and at", "+- SUM(A1)", "", "SUM(A1)"},
		{"quote mark and list mark", "> - * Library", "", "Library"},
		{"override", "Library \u202egnp.exe\u202c \u2066x\u2069", "", "Library gnp exe x"},
		{"NUL and controls", "Lib\x00ra\x1b[31mry\x7f", "", "Libra[31mry"},
		{"link", "Win at https://evil.example/a?b=c now", "", "Win at now"},
		{"link in capitals", "Win HTTPS://EVIL.EXAMPLE/ now", "", "Win now"},
		{"www", "Win at www.evil.example now", "", "Win at now"},
		{"path without scheme", "Win at evil.example/now please", "", "Win at please"},
		{"javascript", "Library javascript:alert(1) x", "", "Library x"},
		{"link behind letters", "図書館https://evil.example/x aaaaaaaaaaaaaaaaaaaaaahttps://evil.example Library", "", "図書館 Library"},
		{"mailto", "Library mailto:a@evil.example x", "", "Library x"},
		{"address", "Library info@evil.example x", "", "Library x"},
		{"address in brackets", "Library <info@evil.example>", "", "Library"},
		{"wide at", "Library info＠evil.example", "", "Library"},
		{"domain", "Change.example", "", "Change example"},
		{"domain in words", "Buy at evil.example today", "", "Buy at evil example today"},
		{"ideographic dot", "買 evil。example", "", "買 evil example"},
		{"the reader's own domain", "The lindenau.example Library", "lindenau.example", "The lindenau.example Library"},
		{"another domain than the reader's", "The evil.example Library", "lindenau.example", "The evil example Library"},
		{"telephone", "Library, call +49 (341) 555-0199", "", "Library, call"},
		{"telephone in Arabic digits", "Library ٠١٢٣٤٥٦٧٨٩", "", "Library"},
		{"years", "Festival 2010-2020", "", "Festival 2010-2020"},
		{"short number", "Library 104 of 1998", "", "Library 104 of 1998"},
		{"abbreviations", "Verein zur Förderung e.V. i.G.", "", "Verein zur Förderung e.V. i.G."},
		{"only a link", "https://evil.example", "", ""},
		{"invalid UTF-8", "Lib\xff\xferary", "", "Library"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := cleanLine(tt.in, maxName, tt.own)
			if got != tt.want {
				t.Errorf("cleanLine(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestR35LongNames(t *testing.T) {
	for name, in := range map[string]string{
		"10,000 letters":  strings.Repeat("ä", 10_000),
		"10,000 words":    strings.Repeat("wort ", 10_000),
		"10,000 tags":     strings.Repeat("<", 10_000),
		"10,000 marks":    "e" + strings.Repeat("\u0301", 10_000),
		"10,000 digits":   strings.Repeat("1 ", 10_000),
		"10,000 dots":     strings.Repeat("a.", 10_000),
		"10,000 at signs": strings.Repeat("@", 10_000),
	} {
		if got := cleanLine(in, maxName, ""); utf8.RuneCountInString(got) > maxName {
			t.Errorf("%s: %d letters are left", name, utf8.RuneCountInString(got))
		}
	}
	if got := cleanLine(strings.Repeat("Stadt ", 40), maxCity, ""); utf8.RuneCountInString(got) > maxCity || !strings.HasSuffix(got, "Stadt") {
		t.Errorf("city %q", got)
	}
}

var (
	anyLink    = regexp.MustCompile(`(?i)[a-z]://|\bwww\.\pL|@|<|>|\b(mailto|javascript):\S`)
	sevenDigit = regexp.MustCompile(`\pN{7,}`)
)

// clean reports what a cleaned line must never hold.
func unclean(s string, limit int) string {
	switch {
	case utf8.RuneCountInString(s) > limit:
		return "too long"
	case !utf8.ValidString(s):
		return "not UTF-8"
	case strings.TrimSpace(s) != s:
		return "white space around it"
	case strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || (r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069')
	}):
		return "control or direction characters"
	case anyLink.MatchString(s):
		return "a link or an address"
	case sevenDigit.MatchString(s):
		return "a telephone number"
	case strings.HasPrefix(s, "=") || strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-"):
		return "a formula"
	default:
		return ""
	}
}

func FuzzCleanLine(f *testing.F) {
	for _, s := range []string{
		"City Library", "<b>x</b>", "a@b.example", "http://x.example", "+49 341 5550199", "=1+1", "\u202ex", "a.b.c.d/e", "www.www.www.", "tel:1234567",
		"1 2 3 4 5 6 7 8", "http://http://x", "a@@b", "<<a>>", "w<b>ww.evil.example", "12345<b>67890", "java<x>script:alert", "ht<i>tp://x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := cleanLine(s, maxName, "")
		if why := unclean(got, maxName); why != "" {
			t.Errorf("cleanLine(%q) = %q: %s", s, got, why)
		}
		if line := petition.CleanLine(s, 20*maxName); harmless(line) && withoutLinks(line, "") != line {
			t.Errorf("%q is taken for harmless, and is cleaned to %q", line, withoutLinks(line, ""))
		}
	})
}

func TestCleanText(t *testing.T) {
	text, cut := cleanText("\r\n\r\nDear all,\r\n\r\n\r\nfirst\u202e line\x00\r\n  second\r\n\r\n")
	if text != "Dear all,\n\nfirst line\nsecond" || cut {
		t.Errorf("cleanText = %q, %v", text, cut)
	}
	text, cut = cleanText(strings.Repeat("a line\n", 10_000))
	if !cut || strings.Count(text, "\n") >= maxTextLines {
		t.Errorf("%d lines, cut: %v", strings.Count(text, "\n"), cut)
	}
	text, cut = cleanText(strings.Repeat("word ", 10_000))
	if cut || len(text) > maxText {
		t.Errorf("%d letters, cut: %v", len(text), cut)
	}
}

func TestCleanSite(t *testing.T) {
	for in, want := range map[string]string{
		"https://www.lindenau.example/about?x=1": "www.lindenau.example", "LINDENAU.example": "lindenau.example", "lindenau.example:8080/x": "lindenau.example",
		"https://evil.example": "", "lindenau.example.evil.example": "", "lindenau.example@evil.example": "", "https://lindenau.example\r\nx": "",
		"": "", "not a site": "", "javascript:alert(1)": "", "lindenau.example<b>": "",
	} {
		if got := cleanSite(in, "lindenau.example"); got != want {
			t.Errorf("cleanSite(%q) = %q, want %q", in, got, want)
		}
	}
	if got := cleanSite("https://freemail.example", ""); got != "" {
		t.Errorf("a site for a reader at a free provider: %q", got)
	}
}

// TestHostileNameInEveryMail: the worst name in every field, in every kind of mail
// that shows fields: nothing of it but the cleaned line arrives, in text, HTML or header.
func TestHostileNameInEveryMail(t *testing.T) {
	c := composer(t)
	hostile := "=cmd|' /C calc'!A0 <script>alert(1)</script>\r\nBcc: victim@example.org\r\n\r\nhttps://evil.example/win \u202eexe.doc call +49 341 5550199 " + strings.Repeat("spam ", 2000)
	for _, g := range goldens {
		o := occasion(g.kind, "en")
		if g.with != nil {
			g.with(&o)
		}
		for _, e := range o.Endorsements {
			for i := range e.Versions {
				f := &e.Versions[i].Fields
				f.Name, f.City, f.Country, f.Website, f.Signatory, f.Title, f.OtherName = hostile, hostile, hostile, hostile, hostile, hostile, hostile
			}
		}
		o.Notice.Details.Who, o.Notice.Subject, o.Notice.Details.Text = hostile, hostile, ""
		o.Notice.InReplyTo, o.Notice.References = "x@y>\r\nBcc: <victim@example.org", []string{hostile, "good@lindenau.example"}
		o.Notice.Details.From = "a@b.example\r\nBcc: victim@example.org"
		letter, err := c.Compose(o)
		if err != nil {
			t.Errorf("%s: %v", g.name, err)
			continue
		}
		mail := open(t, letter.Raw)
		if mail.header.Has("Bcc") || len(mail.header.Values("To")) != 1 {
			t.Errorf("%s: a header was smuggled in:\n%s", g.name, letter.Raw)
		}
		for _, bad := range []string{"evil.example", "victim", "<script", "5550199", "\u202e", "=cmd"} {
			if g.kind == petition.NoticeQuestion && bad == "victim" {
				continue // the writer's address, one line, shown to organizers
			}
			if strings.Contains(mail.text, bad) || strings.Contains(mail.html, bad) || strings.Contains(mail.header.Get("Subject"), bad) {
				t.Errorf("%s: %q got through:\n%s", g.name, bad, mail.text)
			}
		}
		if n := strings.Count(mail.text, "spam"); n > 120 {
			t.Errorf("%s: a stranger's word stands there %d times", g.name, n)
		}
	}
}
