package web

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/petition"
	"countersign/store"
)

const page = "/open-on-sunday"

func TestLetterPage(t *testing.T) {
	s := newSite(t)
	s.listed("office@lindenau.example", lindenau())
	a := s.get(page)
	s.says(a, http.StatusOK, `<html lang="en" dir="ltr"`, "Open libraries on Sunday", "To everyone who sets opening hours", "open on <em>Sunday</em>", "Published on 12 May 2026.",
		"City Library Lindenau", "Leipzig", "Germany", `id="no-1"`, "organization has signed.", "Goal 40", "The list closes on Tuesday, 26 May 2026, 18:00 (Brussels time)", "16:00 UTC",
		"No answer? Look in the junk folder, or write again. Nothing is published before you say yes.",
		"Library Friends Network", "Nora Example", "26 November 2026", "We keep <strong>little</strong>.", "Public on this page: name of the organization, city and country.")
	s.says(s.get(page, "Accept-Language", "de-AT,de;q=0.9,en;q=0.1"), http.StatusOK, `<html lang="de"`, "Bibliotheken sonntags öffnen", "Deutschland", "Die Liste schließt am Dienstag, 26. Mai 2026")
	s.says(s.get(page+"?lang=de"), http.StatusOK, `<html lang="de"`)
	s.says(s.get(page+"?lang=tlh%22%3E%3Cscript%3E", "Accept-Language", "x;;;,,"), http.StatusOK, `<html lang="en"`)
	if got := s.get(page + "/list"); got.Code != http.StatusSeeOther || got.Header().Get("Location") != page+"#list" {
		t.Errorf("/list: %d %q", got.Code, got.Header().Get("Location"))
	}
}

// TestLetterCaching: validators, codings, and that a change is seen.
func TestLetterCaching(t *testing.T) {
	s := newSite(t)
	id := s.listed("office@lindenau.example", lindenau())
	plain, zipped := s.get(page), s.get(page, "Accept-Encoding", "br, gzip")
	if zipped.Header().Get("Content-Encoding") != "gzip" {
		t.Fatal("no gzip for a browser that takes it")
	}
	z, err := gzip.NewReader(strings.NewReader(zipped.body))
	s.ok(err)
	unzipped, err := io.ReadAll(z)
	s.ok(err)
	if string(unzipped) != plain.body {
		t.Error("the compressed page is another page")
	}
	for _, a := range []answer{plain, zipped} {
		if tag := a.Header().Get("ETag"); !strings.HasPrefix(tag, `"`) || a.Header().Get("Content-Length") != strconv.Itoa(len(a.body)) || !strings.Contains(a.Header().Get("Vary"), "Accept-Encoding") {
			t.Errorf("headers %v", a.Header())
		}
	}
	if plain.Header().Get("ETag") == zipped.Header().Get("ETag") {
		t.Error("two codings share a strong validator (RFC 9110 section 8.8.3)")
	}
	for _, refused := range []string{"gzip;q=0", "identity", "gzip; q=0.000", ""} {
		if s.get(page, "Accept-Encoding", refused).Header().Get("Content-Encoding") != "" {
			t.Errorf("gzip for %q", refused)
		}
	}
	for _, tag := range []string{plain.Header().Get("ETag"), "W/" + plain.Header().Get("ETag"), `"x", W/` + zipped.Header().Get("ETag"), "*"} {
		if a := s.get(page, "If-None-Match", tag); a.Code != http.StatusNotModified || a.body != "" || a.Header().Get("ETag") == "" {
			t.Errorf("If-None-Match %s: %d with %d bytes", tag, a.Code, len(a.body))
		}
	}
	if a := s.do(http.MethodHead, page, nil); a.Code != http.StatusOK || a.body != "" || a.Header().Get("Content-Length") != strconv.Itoa(len(plain.body)) {
		t.Errorf("HEAD: %d, %d bytes", a.Code, len(a.body))
	}
	s.act(petition.Action{Kind: petition.ActWithdraw, Endorsements: []int64{id}, Channel: petition.ByMail})
	after := s.get(page, "If-None-Match", plain.Header().Get("ETag"))
	s.says(after, http.StatusOK)
	s.saysNot(after, "Lindenau")
}

// TestLetterSeesOthers: another process changed the list; nobody told this one.
func TestLetterSeesOthers(t *testing.T) {
	s := newSite(t)
	id := s.listed("office@lindenau.example", lindenau())
	s.says(s.get(page), http.StatusOK, "Lindenau")
	_, err := s.store.Act(t.Context(), petition.Action{Kind: petition.ActWithdraw, CampaignID: s.campaign.ID, Endorsements: []int64{id}, Channel: petition.ByMail})
	s.ok(err)
	for end := time.Now().Add(30 * time.Second); strings.Contains(s.get(page).body, "Lindenau"); {
		if time.Now().After(end) {
			t.Fatal("the withdrawal is never seen")
		}
	}
}

// TestLetterClock: the page changes with the clock although nobody does anything (U06).
func TestLetterClock(t *testing.T) {
	s := newSite(t, func(c *petition.Campaign) { // the deadline lies in the night in which clocks go back
		c.Closes = time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)
	})
	s.pass(s.campaign.Closes.Sub(morning))
	s.says(s.get(page), http.StatusOK, "The list closes on Sunday, 25 October 2026, 02:30 (Brussels time)", "00:30 UTC", "Sign by e-mail</a>")
	s.pass(time.Second)
	a := s.get(page)
	s.says(a, http.StatusOK, "The list closed on Sunday, 25 October 2026, 02:30", "can still confirm")
	s.saysNot(a, "?subject=", "Sign by e-mail</a>")
	s.pass(petition.DefaultGrace)
	s.saysNot(s.get(page), "can still confirm")
}

func TestLetterVisibility(t *testing.T) {
	unlisted := func(c *petition.Campaign) { c.Visibility, c.Secret = petition.Unlisted, "hush" }
	embargo := func(c *petition.Campaign) { c.Visibility, c.EmbargoEnds = petition.Embargo, morning.Add(time.Hour) }
	tests := []struct {
		name   string
		change func(*petition.Campaign)
		path   string
		after  time.Duration
		seen   bool
	}{
		{"public", nil, page, 0, true},
		{"public, with something behind it", nil, page + "/hush", 0, false},
		{"public, JSON", nil, page + "/signatures.json", 0, true},
		{"unlisted, without the secret", unlisted, page, 0, false},
		{"unlisted, wrong secret", unlisted, page + "/hus", 0, false},
		{"unlisted, with the secret", unlisted, page + "/hush", 0, true},
		{"unlisted has no JSON (U19)", unlisted, page + "/signatures.json", 0, false},
		{"unlisted has no CSV", unlisted, page + "/signatures.csv", 0, false},
		{"unlisted is not the first page", unlisted, "/", 0, false},
		{"embargo, before", embargo, page, 0, false},
		{"embargo, JSON before", embargo, page + "/signatures.json", 0, false},
		{"embargo, after", embargo, page, time.Hour, true},
		{"no such letter", nil, "/closed-on-monday", 0, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, func(c *petition.Campaign) {
				if test.change != nil {
					test.change(c)
				}
			})
			s.get(test.path) // what was seen before the hour must not be kept
			s.pass(test.after)
			a := s.get(test.path)
			if seen := strings.Contains(a.body, "Open libraries on Sunday"); seen != test.seen {
				t.Errorf("status %d, seen %v", a.Code, seen)
			}
			if nothing := s.get("/nobody-knows"); !test.seen && test.path != "/" && (a.Code != http.StatusNotFound || a.body != nothing.body) {
				t.Errorf("the answer (%d) tells that there is something", a.Code)
			}
			if c := s.campaign; test.seen && c.Visibility == petition.Unlisted && (a.Header().Get("X-Robots-Tag") != "noindex" || !strings.Contains(a.Header().Get("Cache-Control"), "private")) {
				t.Errorf("headers %v", a.Header())
			}
		})
	}
}

func TestHome(t *testing.T) {
	s := newSite(t)
	s.says(s.get("/"), http.StatusOK, "Open libraries on Sunday", "Sign by e-mail")
	second := sample()
	second.Slug, second.Texts[0].Title = "quiet-trams", "Quiet trams"
	s.ok(s.store.CreateCampaign(t.Context(), second))
	s.says(s.get("/"), http.StatusOK, "Sign by e-mail") // a draft is nobody's business
	s.ok(s.store.SetState(t.Context(), second.ID, petition.Open, s.owner))
	s.says(s.get("/"), http.StatusOK, "Open letters", `href="/open-on-sunday"`, `href="/quiet-trams"`)
}

// TestOnlyPublicFields crawls everything public for bytes of what is not (U08).
func TestOnlyPublicFields(t *testing.T) {
	s := newSite(t)
	n := s.wrote("hidden.person@secretmail.example", petition.Claim{Name: "City Library Lindenau", Kind: petition.KindOrganization, City: "Leipzig", Country: "Germany", Website: "hiddensite.example"})
	id := n.Shows[0].EndorsementID
	f := s.endorsement(id).Current().Fields
	f.Signatory, f.Title = "Hiddenname Surname", "Hiddentitle"
	s.act(petition.Action{Kind: petition.ActEdit, Endorsements: []int64{id}, Fields: f, OrganizerID: s.owner})
	s.act(petition.Action{Kind: petition.ActConfirm, Endorsements: []int64{id}, NoticeID: n.ID, Channel: petition.ByLink, Who: petition.Person{Name: "Hiddenconfirmer"}})
	s.act(petition.Action{Kind: petition.ActApprove, Endorsements: []int64{id}, OrganizerID: s.owner})
	everything := func() string {
		var all strings.Builder
		for _, path := range []string{"/", page, page + "?lang=de", page + "/list", page + "/signatures.json", page + "/signatures.csv", "/nothing", "/new-link", "/c/x"} {
			a := s.get(path)
			fmt.Fprintf(&all, "%v\n%s\n", a.Header(), a.body)
		}
		return strings.ToLower(all.String())
	}
	private := []string{"hiddensite", "hiddenname", "hiddentitle", "hidden.person", "secretmail", "hiddenconfirmer", "anna berg", "nora@"}
	all := everything()
	for _, secret := range private {
		if strings.Contains(all, secret) {
			t.Errorf("%q is public", secret)
		}
	}
	for _, secret := range private {
		if strings.Contains(strings.ToLower(s.logged.String()), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	c, err := s.store.Campaign(t.Context(), s.campaign.Slug)
	s.ok(err)
	settings := c.Settings
	settings.Public = fields
	s.ok(s.store.SaveSettings(t.Context(), c.ID, c.Revision, settings, s.owner))
	s.server.letters.expire()
	all = everything()
	for i, secret := range private {
		if shown := strings.Contains(all, secret); shown != (i < 3) {
			t.Errorf("all fields public: %q shown %v", secret, shown)
		}
	}
}

// hostile renders lines that no intake would let through.
func hostile(s *site, lines ...store.Line) (page, jsonText, csvText string) {
	s.Helper()
	c, err := s.store.Campaign(s.Context(), s.campaign.Slug)
	s.ok(err)
	c.Public = fields
	e := &edition{campaign: c, made: s.clock(), lines: publicLines(c, lines), files: map[rendering]*file{}}
	f, err := s.server.renderLetter(e, "en")
	s.ok(err)
	j, err := s.server.jsonOf(e)
	s.ok(err)
	v, err := csvOf(e)
	s.ok(err)
	return string(f.raw), string(j), string(v)
}

func TestHostileNames(t *testing.T) {
	s := newSite(t)
	names := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "line\r\nbreak", "\u202Eevil\u202C", `=HYPERLINK("http://x.example")`, "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1",
		strings.Repeat("Ł", 10_000), "nul\x00byte", "a,\"b\";c",
	}
	var lines []store.Line
	for i, name := range names {
		f := petition.Fields{Kind: petition.KindOrganization, Name: name, City: name, Country: name, Website: "javascript:alert(1)//x.example", Signatory: name, Title: name}
		lines = append(lines, store.Line{Number: i + 1, Kind: f.Kind, Fields: f, ListedAt: morning})
	}
	lines = append(lines, store.Line{Number: 99, Kind: petition.KindOrganization, Withheld: true, Fields: petition.Fields{Kind: petition.KindOrganization, Name: "Withheldname", City: "Withheldcity", Country: "DE", Website: "withheld.example"}, ListedAt: morning})
	page, jsonText, csvText := hostile(s, lines...)
	for _, bad := range []string{"<script", "<img", "javascript:alert(1)//x.example\"", "\u202E", "\x00"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if len(page) > 60_000 {
		t.Errorf("one long name makes a page of %d bytes", len(page))
	}
	for what, text := range map[string]string{"page": page, "JSON": jsonText, "CSV": csvText} {
		if strings.Contains(strings.ToLower(text), "withheldname") || strings.Contains(strings.ToLower(text), "withheldcity") || strings.Contains(text, "withheld.example") {
			t.Errorf("%s names a withheld line (U24)", what)
		}
	}
	s.says(answer{body: page, ResponseRecorder: s.get("/").ResponseRecorder}, http.StatusOK, "Name known to the organizers", `id="no-99"`)
	rows := readCSV(t, csvText)
	if len(rows) != len(lines)+1 {
		t.Fatalf("%d rows of %d lines", len(rows), len(lines))
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("a spreadsheet runs %q", cell)
			}
		}
	}
}

func readCSV(t *testing.T, text string) [][]string {
	t.Helper()
	rest, ok := strings.CutPrefix(text, "\ufeff")
	if !ok {
		t.Error("no byte order mark: Excel misreads every script but Latin")
	}
	if strings.Count(rest, "\r\n") != strings.Count(rest, "\n") {
		t.Error("lines do not end with CR LF (RFC 4180 section 2)")
	}
	rows, err := csv.NewReader(strings.NewReader(rest)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestExportsAgree: page, JSON and CSV list the same names under the same numbers.
func TestExportsAgree(t *testing.T) {
	s := newSite(t)
	for i, name := range []string{"City Library Lindenau", "Лес и книга", "جمعية أصدقاء المكتبة", "O'Hara & Sons <Books>", "日曜図書館友の会"} {
		s.listed(fmt.Sprintf("office@org%d.example", i), petition.Claim{Name: name, Kind: petition.KindOrganization, City: "Leipzig", Country: "Germany"})
	}
	var x exported
	a := s.get(page + "/signatures.json")
	s.ok(json.Unmarshal([]byte(a.body), &x))
	rows := readCSV(t, s.get(page+"/signatures.csv").body)
	numbers := regexp.MustCompile(`<li id="no-(\d+)">.*<b><bdi>(.*?)</bdi></b>`).FindAllStringSubmatch(s.get(page).body, -1)
	if len(numbers) != 5 || len(rows) != 6 || len(x.Signatures) != 5 || x.Organizations != 5 || x.URL != "https://opensunday.example/open-on-sunday" {
		t.Fatalf("%d on the page, %d in CSV, %d in JSON", len(numbers), len(rows)-1, len(x.Signatures))
	}
	if header := strings.Join(rows[0], ","); header != "number,kind,withheld,name,other_name,city,country,listed" {
		t.Errorf("columns %s", header)
	}
	for i, l := range x.Signatures {
		if html.UnescapeString(numbers[i][2]) != l.Name || numbers[i][1] != strconv.Itoa(l.Number) || rows[i+1][0] != strconv.Itoa(l.Number) || rows[i+1][3] != l.Name || l.Country != "DE" || l.Listed != "2026-05-12" {
			t.Errorf("line %d: page %v, JSON %+v, CSV %v", i, numbers[i][1:], l, rows[i+1])
		}
	}
	if a.Header().Get("Content-Type") != "application/json" || a.Header().Get("ETag") == "" {
		t.Errorf("headers %v", a.Header())
	}
}

// TestPrefilledMail: word for word, short enough, and nothing for harvesters.
func TestPrefilledMail(t *testing.T) {
	want := map[string][2]string{
		"en": {"We sign: Open on Sunday", "We want to sign this letter.\n\nOrganization:\nCity and country:\nWebsite:\nYour name:\nYour position:"},
		"de": {"Wir unterzeichnen: Bibliotheken sonntags öffnen", "Wir möchten diesen Brief unterzeichnen.\n\nOrganisation:\nOrt und Land:\nWebsite:\nIhr Name:\nIhre Funktion:"},
	}
	s := newSite(t)
	for lang, text := range want {
		body := s.get(page + "?lang=" + lang).body
		link := regexp.MustCompile(`<a class="btn btn-big btn-wide" href="([^"]*)"`).FindStringSubmatch(body)
		if link == nil {
			t.Fatalf("no link in %s", lang)
		}
		u, err := url.Parse(html.UnescapeString(link[1]))
		s.ok(err)
		to, err := url.PathUnescape(u.Opaque)
		s.ok(err)
		if u.Scheme != "mailto" || to != "sign@opensunday.example" || u.Query().Get("subject") != text[0] || u.Query().Get("body") != strings.ReplaceAll(text[1], "\n", "\r\n") {
			t.Errorf("%s: %s", lang, u)
		}
		if strings.Contains(u.RawQuery, "+") {
			t.Error("a blank is a plus: mail programs show it (RFC 6068)")
		}
		if lines := html.EscapeString(text[1]); !strings.Contains(body, `<p class="copy">`+lines+`</p>`) {
			t.Errorf("%s: the lines to copy are missing", lang)
		}
		for _, text := range []string{body, html.UnescapeString(body)} {
			for _, found := range regexp.MustCompile(`[\w.%+-]+@[\w-]+(\.[\w-]+)+`).FindAllString(text, -1) {
				if found == "sign@opensunday.example" {
					t.Error("a harvester finds the address")
				}
			}
		}
	}
	visible := regexp.MustCompile(`<span hidden>[^<]*</span>|<[^>]*>`).ReplaceAllString(string(disguised("sign@opensunday.example")), "")
	if html.UnescapeString(visible) != "sign@opensunday.example" {
		t.Errorf("people read %q", html.UnescapeString(visible))
	}
	long := sample()
	long.Name = strings.Repeat("Öffnungszeiten für alle Bibliotheken ", 30)
	for _, locale := range s.server.templates.Locales() {
		if n := len(html.UnescapeString(string(s.server.signing(long, locale).Link))); n > maxMailto+len(`href=""`) {
			t.Errorf("%s: a link of %d letters", locale, n)
		}
	}
}

// awayStore is a store whose database answers with an error while it is away.
type awayStore struct {
	*store.Store
	away bool
}

var errAway = errors.New("dial tcp 10.1.2.3:5432: connection refused")

func (a *awayStore) fault() error {
	if a.away {
		return errAway
	}
	return nil
}

func (a *awayStore) Ping(ctx context.Context) error {
	return cmp.Or(a.fault(), a.Store.Ping(ctx))
}

func (a *awayStore) Campaigns(ctx context.Context) ([]*petition.Campaign, error) {
	all, err := a.Store.Campaigns(ctx)
	return all, cmp.Or(a.fault(), err)
}

func (a *awayStore) Campaign(ctx context.Context, slug string) (*petition.Campaign, error) {
	c, err := a.Store.Campaign(ctx, slug)
	return c, cmp.Or(a.fault(), err)
}

func (a *awayStore) ListRevision(ctx context.Context, id int64) (int64, error) {
	n, err := a.Store.ListRevision(ctx, id)
	return n, cmp.Or(a.fault(), err)
}

func (a *awayStore) Notice(ctx context.Context, id int64) (petition.Notice, error) {
	n, err := a.Store.Notice(ctx, id)
	return n, cmp.Or(a.fault(), err)
}

func TestDatabaseAway(t *testing.T) {
	s := newSite(t)
	n := s.wrote("office@lindenau.example", lindenau())
	db := &awayStore{Store: s.store}
	s.serve(db)
	s.says(s.get(page), http.StatusOK, "Open libraries on Sunday")
	db.away = true
	s.server.letters.expire()
	s.says(s.get(page), http.StatusOK, "Open libraries on Sunday") // as it was
	for _, a := range []answer{s.get(s.link(n)), s.post(s.link(n), yes(1)), s.get("/"), s.get("/quiet-trams")} {
		s.says(a, http.StatusInternalServerError, "We could not do this.", "The fault is ours")
		s.saysNot(a, "10.1.2.3", "dial")
	}
	if a := s.get("/readyz"); a.Code != http.StatusServiceUnavailable {
		t.Errorf("ready: %d", a.Code)
	}
	if a := s.get("/healthz"); a.Code != http.StatusOK {
		t.Errorf("healthy: %d", a.Code)
	}
	token := strings.TrimPrefix(s.link(n), "/c/")
	if log := s.logged.String(); !strings.Contains(log, "10.1.2.3") || strings.Contains(log, token) {
		t.Errorf("the log should hold the cause and no token:\n%s", log)
	}
	db.away = false
	s.says(s.post(s.link(n), yes(1)), http.StatusOK, "Thank you.")
}

// TestRuler: the drawing never divides by a goal that is not there.
func TestRuler(t *testing.T) {
	if newRuler(5, 0) != nil {
		t.Error("a ruler without a goal")
	}
	if r := newRuler(60, 40); r.Width != 60 || r.Goal != 40 || !slices.Equal(r.Ticks, []int{0, 10, 20, 30}) {
		t.Errorf("past the goal: %+v", r)
	}
}
