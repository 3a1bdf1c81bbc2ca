package mailout

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"

	"countersign/petition"
	"countersign/templates"
)

// eachMail composes every golden mail in both languages.
func eachMail(t *testing.T, check func(t *testing.T, name string, o petition.Occasion, l Letter, m opened)) {
	t.Helper()
	c := composer(t)
	for _, g := range goldens {
		for _, locale := range c.Templates.Locales() {
			o := occasion(g.kind, locale)
			if g.with != nil {
				g.with(&o)
			}
			letter, err := c.Compose(o)
			if err != nil {
				t.Fatalf("%s.%s: %v", g.name, locale, err)
			}
			check(t, g.name+"."+locale, o, letter, open(t, letter.Raw))
		}
	}
}

// TestTextAndHTMLSayTheSame: word for word, in the same order.
func TestTextAndHTMLSayTheSame(t *testing.T) {
	eachMail(t, func(t *testing.T, name string, _ petition.Occasion, _ Letter, m opened) {
		// Letter by letter: where a language knows no blanks, lines break inside a sentence.
		text := []rune(strings.Join(strings.Fields(strings.NewReplacer("    > ", "", "    - ", "").Replace(m.text)), ""))
		page := []rune(strings.Join(strings.Fields(visible(t, m.html)), ""))
		for i := range min(len(text), len(page)) {
			if text[i] != page[i] {
				t.Errorf("%s: the text says %q where HTML says %q", name, string(text[max(0, i-9):min(i+9, len(text))]), string(page[max(0, i-9):min(i+9, len(page))]))
				return
			}
		}
		if len(text) != len(page) {
			t.Errorf("%s: %d letters in the text, %d in HTML", name, len(text), len(page))
		}
	})
}

// visible is the text of the body of an HTML page.
func visible(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" && n.Parent.Data != "title" {
			b.WriteString(n.Data + " ")
		}
	}
	return strings.ReplaceAll(b.String(), "\u00a0", " ")
}

// TestHTMLIsHarmless: no image, nothing remote, nothing that runs; links say where they go.
func TestHTMLIsHarmless(t *testing.T) {
	styles := regexp.MustCompile(`(?i)url\(|@import|expression`)
	eachMail(t, func(t *testing.T, name string, _ petition.Occasion, _ Letter, m opened) {
		root, err := html.Parse(strings.NewReader(m.html))
		if err != nil {
			t.Fatal(err)
		}
		links := 0
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			switch n.Data {
			case "img", "script", "iframe", "link", "object", "form", "input", "svg", "video":
				t.Errorf("%s: <%s>", name, n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "src" || a.Key == "background" || strings.HasPrefix(a.Key, "on") || styles.MatchString(a.Val) {
					t.Errorf("%s: <%s %s=%q>", name, n.Data, a.Key, a.Val)
				}
				if a.Key != "href" {
					continue
				}
				links++
				if n.FirstChild == nil || n.FirstChild.Data != a.Val {
					t.Errorf("%s: a link to %q with another text", name, a.Val)
				}
			}
		}
		if links > 3 {
			t.Errorf("%s: %d links, at most 3", name, links)
		}
		if !strings.Contains(m.html, "prefers-color-scheme:dark") || !strings.Contains(m.html, "max-width:560px") {
			t.Errorf("%s: layout is missing", name)
		}
	})
}

// TestMailsAreKind: width, words and links as the users' rules want them.
func TestMailsAreKind(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)!|click here|verify your account|urgent|hier klicken|dringend|successfully|oops`)
	link := regexp.MustCompile(`https?://\S+`)
	eachMail(t, func(t *testing.T, name string, o petition.Occasion, l Letter, m opened) {
		subject, err := m.header.Subject()
		if err != nil {
			t.Fatal(err)
		}
		if bad := forbidden.FindString(subject + m.text); bad != "" {
			t.Errorf("%s: %q", name, bad)
		}
		for line := range strings.Lines(m.text) {
			line = strings.TrimRight(line, "\n")
			if n := utf8.RuneCountInString(line); n > templates.Columns && !link.MatchString(line) {
				t.Errorf("%s: %d columns: %s", name, n, line)
			}
			if strings.TrimRight(line, " ") != line || strings.Contains(line, "<no value>") || strings.Contains(line, "{{") {
				t.Errorf("%s: line %q", name, line)
			}
		}
		for _, url := range link.FindAllString(m.text, -1) {
			if len(url) > 70 {
				t.Errorf("%s: a link of %d letters: %s", name, len(url), url)
			}
		}
		if strings.Contains(m.text, "\n\n\n") || !strings.HasSuffix(m.text, "\n") || strings.ContainsAny(subject, "–—") {
			t.Errorf("%s: subject %q, text\n%s", name, subject, m.text)
		}
		secrets := regexp.MustCompile(`/(?:c|s|in)/[a-z2-7]{20,}|[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}`)
		if secret := secrets.FindString(l.Masked); secret != "" {
			t.Errorf("%s: the text to keep shows %q", name, secret)
		}
		for _, private := range []string{"office@lindenau.example", "Anna Berg"} { // U08
			if !o.Notice.Kind.ToOrganizers() && !strings.Contains(name, "names_public") && !strings.Contains(name, "person") &&
				!strings.HasPrefix(name, "answer") && o.Notice.Kind != petition.NoticeData && strings.Contains(m.text, private) {
				t.Errorf("%s: says %q", name, private)
			}
		}
	})
}

// TestYesIsOfferedOnlyWhereItCounts (U03): without proof line 1 names only the page, and there is no code.
func TestYesIsOfferedOnlyWhereItCounts(t *testing.T) {
	yes := regexp.MustCompile(`\b(YES|JA)\b`) // YES stands in every language
	c := composer(t)
	for _, g := range goldens {
		for _, locale := range c.Templates.Locales() {
			o := occasion(g.kind, locale)
			if g.with != nil {
				g.with(&o)
			}
			o.Notice.Details.CanReply = false
			letter, err := c.Compose(o)
			if err != nil {
				t.Fatal(err)
			}
			m := open(t, letter.Raw)
			if g.kind != petition.NoticeReceived && g.kind != petition.NoticeQuestion && yes.MatchString(m.text) {
				t.Errorf("%s.%s offers YES:\n%s", g.name, locale, m.text)
			}
			if g.kind != petition.NoticeCheck && len(petition.FindCodes(m.text)) > 0 {
				t.Errorf("%s.%s shows a code", g.name, locale)
			}
		}
	}
}

// TestCodesAndLinksOpen: what stands in the mail opens what it is for, and nothing else (R39).
func TestCodesAndLinksOpen(t *testing.T) {
	c := composer(t)
	tests := []struct {
		name, path string
		kind       petition.NoticeKind
		purpose    petition.Purpose
		with       func(*petition.Occasion)
		code       bool
	}{
		{"request", "/c/", petition.NoticeRequest, petition.PurposeConfirm, nil, true},
		{"reminder", "/c/", petition.NoticeReminder, petition.PurposeConfirm, nil, true},
		{"waiting", "/c/", petition.NoticeWaiting, petition.PurposeConfirm, nil, true},
		{"note", "/c/", petition.NoticeNote, petition.PurposeConfirm, nil, true},
		{"use_link", "/c/", petition.NoticeUseLink, petition.PurposeConfirm, nil, false},
		{"listed", "/s/", petition.NoticeListed, petition.PurposeSelf, nil, false},
		{"withdrawn", "/s/", petition.NoticeWithdrawn, petition.PurposeSelf, nil, false},
		{"removed", "/s/", petition.NoticeRemoved, petition.PurposeSelf, nil, false},
		{"new link for one who waits", "/c/", petition.NoticeNewLink, petition.PurposeConfirm, nil, false},
		{"new link for one who is listed", "/s/", petition.NoticeNewLink, petition.PurposeSelf, func(o *petition.Occasion) { listed(o.Endorsements[0]) }, false},
		{"prove", "/s/", petition.NoticeProveLink, petition.PurposeWithdraw, func(o *petition.Occasion) { o.Notice.Details.Purpose = petition.PurposeWithdraw }, false},
		{"sign in", "/desk/in/", petition.NoticeSignIn, petition.PurposeSignIn, nil, false},
	}
	token := regexp.MustCompile(`https://opensunday\.example(/(?:c|s|desk/in)/)([a-z2-7]+)\n`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := occasion(tt.kind, "en")
			if tt.with != nil {
				tt.with(&o)
			}
			letter, err := c.Compose(o)
			if err != nil {
				t.Fatal(err)
			}
			text := open(t, letter.Raw).text
			m := token.FindStringSubmatch(text)
			if m == nil || m[1] != tt.path || !c.Keys.LinkOpens(m[2], tt.purpose, &o.Notice) {
				t.Errorf("link %q in\n%s", m, text)
			}
			if c.Keys.CodeOpens(petition.FindCodes(text), &o.Notice) != tt.code {
				t.Errorf("code: want %v in\n%s", tt.code, text)
			}
		})
	}
}

// TestSameBytes: composing again, even by another process, is the same mail (R08).
func TestSameBytes(t *testing.T) {
	other := composer(t)
	eachMail(t, func(t *testing.T, name string, o petition.Occasion, l Letter, _ opened) {
		again, err := other.Compose(o)
		if err != nil || !bytes.Equal(l.Raw, again.Raw) {
			t.Errorf("%s: not the same bytes (%v)", name, err)
		}
		for line := range strings.SplitSeq(string(l.Raw), "\r\n") {
			if len(line) > 998 || strings.ContainsAny(line, "\r\n") { // RFC 5322, 2.1.1
				t.Errorf("%s: line %.100q", name, line)
			}
		}
		if !ascii(string(l.Raw)) {
			t.Errorf("%s: bytes beyond ASCII go over the wire", name)
		}
	})
}

func TestHeaders(t *testing.T) {
	c := composer(t)
	c.Plus, c.VERP = false, true
	o := occasion(petition.NoticeRequest, "en")
	for i := range 60 {
		o.Notice.References = append(o.Notice.References, fmt.Sprintf("older-%d@lindenau.example", i))
	}
	letter, err := c.Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, letter.Raw).header
	if h.Has("Reply-To") {
		t.Error("Reply-To although plus parts do not work")
	}
	reference := c.Keys.Reference(o.Notice.ID)
	if letter.EnvelopeFrom != "bounce+"+reference+"@opensunday.example" || letter.EnvelopeID != reference {
		t.Errorf("envelope %q %q", letter.EnvelopeFrom, letter.EnvelopeID)
	}
	ids, err := h.MsgIDList("References")
	if err != nil || len(ids) != maxReferences || ids[0] != "thread@lindenau.example" || ids[len(ids)-1] != "abc123@lindenau.example" {
		t.Errorf("References %d: %v (%v)", len(ids), ids, err)
	}
	id, err := h.MessageID()
	if err != nil || !c.Keys.OwnMessageID(id) {
		t.Errorf("Message-ID %q (%v)", id, err)
	}
	o.Notice.MessageID = "pinned@opensunday.example"
	letter, err = c.Compose(o)
	if err != nil || !strings.Contains(string(letter.Raw), "Message-Id: <pinned@opensunday.example>") {
		t.Errorf("the pinned Message-ID is not used (%v)", err)
	}
}

func TestReferencesThatCannotBe(t *testing.T) {
	got := thread([]string{"<a@b>", "a@b", "with space@b", "x\r\nBcc: y@z", "", strings.Repeat("x", 300) + "@b", "ü@b"}, "last@b")
	if len(got) != 2 || got[0] != "a@b" || got[1] != "last@b" {
		t.Errorf("thread = %q", got)
	}
	if got := thread(nil, ""); len(got) != 0 {
		t.Errorf("thread of nothing = %q", got)
	}
}

func TestAddressesThatCannotBe(t *testing.T) {
	c := composer(t)
	for _, to := range []string{
		"", "nobody", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "<a@b.example>", "Name <a@b.example>",
		"a@b.example>\r\nRCPT TO:<c@d.example", " a@b.example", "a b@c.example", "a@b.example\x00", strings.Repeat("a", 300) + "@b.example",
	} {
		o := occasion(petition.NoticeRequest, "en")
		o.Notice.To = to
		if l, err := c.Compose(o); err == nil {
			t.Errorf("a mail to %q:\n%s", to, l.Raw)
		}
	}
	o := occasion(petition.NoticeRequest, "en")
	o.Notice.To = "büro@lindenau.example"
	if l, err := c.Compose(o); err != nil || !l.UTF8 {
		t.Errorf("an address beyond ASCII: %v, UTF8 %v", err, l.UTF8)
	}
}

// TestLanguages: the reader's language, or the campaign's and English in one mail.
func TestLanguages(t *testing.T) {
	tests := []struct {
		locale   string
		campaign []string
		greeting []string
	}{
		{"en", []string{"en"}, []string{"Hello,"}},
		{"de", []string{"en"}, []string{"Guten Tag,"}},
		{"de-AT", []string{"en"}, []string{"Guten Tag,"}},
		{"", []string{"de"}, []string{"Guten Tag,"}},
		{"und", []string{"de"}, []string{"Guten Tag,"}},
		{"cy", []string{"en"}, []string{"Hello,"}},
		{"cy", []string{"de", "en"}, []string{"Guten Tag,", "Hello,"}},
		{"cy", []string{"cy"}, []string{"Hello,"}},
		{"no such tag", []string{"de"}, []string{"Guten Tag,", "Hello,"}},
	}
	c := composer(t)
	for _, tt := range tests {
		o := occasion(petition.NoticeRequest, tt.locale)
		o.Campaign.Languages = tt.campaign
		letter, err := c.Compose(o)
		if err != nil {
			t.Fatal(err)
		}
		m := open(t, letter.Raw)
		var got []string
		for line := range strings.Lines(m.text) {
			if line = strings.TrimSpace(line); line == "Hello," || line == "Guten Tag," {
				got = append(got, line)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(tt.greeting) {
			t.Errorf("%q in a campaign in %v: %v, want %v", tt.locale, tt.campaign, got, tt.greeting)
		}
		if n := strings.Count(m.text, c.Keys.Code(&o.Notice)); n != len(tt.greeting) {
			t.Errorf("%q: the code stands there %d times", tt.locale, n)
		}
	}
}

// TestZoneNames: the campaign's name of its zone is in the campaign's language.
func TestZoneNames(t *testing.T) {
	c := composer(t)
	for _, tt := range []struct{ locale, campaign, want string }{
		{"en", "en", "(Brussels time)"}, {"de", "en", "(mitteleuropäische Sommerzeit)"}, {"de", "de", "(Brussels time)"}, {"en", "de", "(Central European Summer Time)"},
	} {
		o := occasion(petition.NoticeReminder, tt.locale)
		o.Campaign.Languages = []string{tt.campaign}
		letter, err := c.Compose(o)
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(strings.Fields(open(t, letter.Raw).text), " "); !strings.Contains(text, tt.want) {
			t.Errorf("%s in a campaign in %s: no %q in\n%s", tt.locale, tt.campaign, tt.want, text)
		}
	}
}

func TestUnlistedCampaign(t *testing.T) {
	o := occasion(petition.NoticeListed, "en")
	o.Campaign.Visibility, o.Campaign.Secret = petition.Unlisted, "s3cr3t"
	letter, err := composer(t).Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	if text := open(t, letter.Raw).text; !strings.Contains(text, "https://opensunday.example/letter/s3cr3t\n") {
		t.Errorf("no way to an unlisted letter in\n%s", text)
	}
}

// TestUntil: in the days of grace there is time until their end, and never longer than the links live.
func TestUntil(t *testing.T) {
	closes, grace := brussels(26, 5, 18, 0), petition.DefaultGrace
	for _, tt := range []struct {
		name                  string
		queued, expires, want int // days of May
	}{
		{"before the deadline", 12, 28, 26},
		{"in the days of grace", 27, 28, 28},
		{"links end first", 12, 20, 20},
	} {
		c := &petition.Campaign{Settings: petition.Settings{Closes: closes, Grace: grace}}
		n := &petition.Notice{QueuedAt: brussels(tt.queued, 5, 12, 0), ExpiresAt: brussels(tt.expires, 5, 18, 0)}
		if got, want := until(c, n), brussels(tt.want, 5, 18, 0); !got.Equal(want) {
			t.Errorf("%s: %v, want %v", tt.name, got, want)
		}
	}
}

func TestWorkingDays(t *testing.T) {
	for from, want := range map[int]int{11: 13, 13: 15, 14: 18, 15: 19, 16: 19, 17: 19} { // 15 May 2026 is a Friday
		if got := workingDays(brussels(from, 5, 12, 0), 2).Day(); got != want {
			t.Errorf("two working days after %d May: %d, want %d", from, got, want)
		}
	}
}

func FuzzCompose(f *testing.F) {
	c := composer(f)
	f.Add("City Library", "Leipzig", "office@lindenau.example", "Re: hello", "id@lindenau.example")
	f.Add("=1\r\nBcc: x@y.example", "\u202e", "a@b.example>\r\nDATA", "\r\n.\r\n", "<>\r\n")
	f.Fuzz(func(t *testing.T, name, city, to, subject, id string) {
		o := occasion(petition.NoticeAnswer, "en")
		o.Notice.To, o.Notice.Subject, o.Notice.InReplyTo, o.Notice.Details.Text = to, subject, id, city
		o.Endorsements[0].Versions[0].Fields.Name, o.Endorsements[0].Versions[0].Fields.City = name, city
		letter, err := c.Compose(o)
		if err != nil {
			return
		}
		m := open(t, letter.Raw)
		fields := 0
		for all := m.header.Fields(); all.Next(); fields++ {
			if k := all.Key(); k == "Bcc" || k == "Cc" {
				t.Fatalf("%s was smuggled in", k)
			}
		}
		if fields > 13 || strings.ContainsAny(letter.To+letter.EnvelopeFrom, "\r\n<> ") {
			t.Fatalf("%d header fields, to %q", fields, letter.To)
		}
	})
}
