package web

import (
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"countersign/petition"
)

// TestCrossSite: what another site's page sends is refused, whatever the route.
func TestCrossSite(t *testing.T) {
	s := newSite(t)
	n := s.wrote("office@lindenau.example", lindenau())
	before := s.history(n.Shows[0].EndorsementID)
	for _, path := range []string{s.link(n), "/s/" + s.keys.Link(petition.PurposeSelf, &n), "/new-link"} {
		for name, header := range map[string][]string{
			"browser says so":   {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
			"another subdomain": {"Sec-Fetch-Site", "same-site", "Origin", "https://blog.opensunday.example"},
			"old browser":       {"Origin", "https://evil.example"},
			"opaque origin":     {"Origin", "null"},
		} {
			a := s.do(http.MethodPost, path, yes(1, "address", "a@b.example"), header...)
			if a.Code != http.StatusForbidden || !strings.Contains(a.body, "This did not come from our page.") {
				t.Errorf("%s, %s: %d", path, name, a.Code)
			}
		}
	}
	if s.history(n.Shows[0].EndorsementID) != before {
		t.Error("something changed")
	}
	// A proxy that rewrites Host, and a browser without Sec-Fetch-Site: still ours.
	s.server.hosts = nil
	s.says(s.post(s.link(n), yes(1), "Host", "127.0.0.1:8080", "Origin", "https://opensunday.example"), http.StatusOK, "Thank you.")
}

func TestHostCheck(t *testing.T) {
	s := newSite(t)
	for host, want := range map[string]int{
		"opensunday.example": 200, "OpenSunday.example": 200, "opensunday.example:443": 200, "opensunday.example.": 200,
		"evil.example": 421, "127.0.0.1": 421, "opensunday.example.evil.example": 421, "": 200,
	} {
		if a := s.get(page, "Host", host); a.Code != want {
			t.Errorf("%q: %d, want %d", host, a.Code, want)
		}
	}
	if a := s.get("/healthz", "Host", "10.0.0.7:8080"); a.Code != http.StatusOK {
		t.Errorf("a probe by address: %d", a.Code)
	}
}

// TestHeaders: every answer carries the policy; what is for one person, and every
// error and redirect, tells nobody its address; and so does every page in its head.
func TestHeaders(t *testing.T) {
	s := newSite(t)
	n := s.wrote("office@lindenau.example", lindenau())
	for _, path := range []string{page, "/", s.link(n), "/c/x", "/nothing", page + "/signatures.json", page + "/list", "/new-link", "/healthz", "/robots.txt", "/static/countersign.css"} {
		a := s.get(path)
		h := a.Header()
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") ||
			h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, h)
		}
		if strings.HasPrefix(h.Get("Content-Type"), "text/html") && a.Code != http.StatusSeeOther && !strings.Contains(a.body, `<meta name="referrer" content="same-origin">`) {
			t.Errorf("%s tells other sites where its reader was", path)
		}
	}
	for _, path := range []string{s.link(n), "/c/x", "/new-link", "/nothing", page + "/list", "/desk", "/desk/sign-in"} {
		if h := s.get(path).Header(); h.Get("Cache-Control") != "no-store" || h.Get("X-Robots-Tag") != "noindex" ||
			h.Get("Referrer-Policy") != "same-origin" || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s may be kept or told: %v", path, h)
		}
	}
}

// TestPageSource: no page holds script, inline style or anything from elsewhere.
func TestPageSource(t *testing.T) {
	s := newSite(t)
	n := s.wrote("office@lindenau.example", lindenau())
	done := s.wrote("office@done.example", petition.Claim{Name: "Towpath Club", Kind: petition.KindOrganization})
	s.post(s.link(done), yes(1))
	outside := regexp.MustCompile(`(?i)<script|<iframe|<img|\sstyle=|\son[a-z]+=|(src|href|action)="(https?:)?//`)
	for _, path := range []string{page, s.link(n), s.link(done), "/c/x", "/nothing", "/new-link", page + "?lang=de", s.link(n) + "?lang=de"} {
		body := s.get(path).body
		if found := outside.FindString(body); found != "" {
			t.Errorf("%s holds %q", path, found)
		}
		if strings.Contains(body, "<no value>") || strings.Contains(body, "ZgotmplZ") {
			t.Errorf("%s: a template failed quietly", path)
		}
	}
}

// TestMethods: HEAD and OPTIONS are harmless, and nothing else is taken for a GET (R40).
func TestMethods(t *testing.T) {
	s := newSite(t)
	n := s.wrote("office@lindenau.example", lindenau())
	before := s.history(n.Shows[0].EndorsementID)
	for _, path := range []string{s.link(n), page, "/", "/new-link", "/healthz"} {
		if a := s.do(http.MethodHead, path, nil); a.Code != http.StatusOK {
			t.Errorf("HEAD %s: %d", path, a.Code)
		}
		for _, method := range []string{http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodTrace} {
			if a := s.do(method, path, nil); a.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, path, a.Code)
			}
		}
	}
	s.says(s.do(http.MethodPost, page, yes(1)), http.StatusMethodNotAllowed, "This page can only be read.")
	if s.history(n.Shows[0].EndorsementID) != before {
		t.Error("something changed")
	}
}

// TestDamagedForms: what our pages never send gets a plain answer.
func TestDamagedForms(t *testing.T) {
	s := newSite(t)
	n := s.wrote("office@lindenau.example", lindenau())
	before := s.history(n.Shows[0].EndorsementID)
	s.says(s.post(s.link(n), url.Values{"act": {"explode"}, "deliberate": {"yes"}}), http.StatusBadRequest, "We could not read this form.")
	s.says(s.post(s.link(n), url.Values{"deliberate": {"yes"}}), http.StatusBadRequest)
	s.says(s.post(s.link(n), yes(1, "who_name", strings.Repeat("x", bodyLimit))), http.StatusRequestEntityTooLarge, "This is too much text.")
	s.says(s.post(s.link(n), yes(1, "text", "", "text", "x")), http.StatusUnprocessableEntity, "The letter has changed")
	if s.history(n.Shows[0].EndorsementID) != before {
		t.Error("something changed")
	}
	long := strings.Repeat("Ł", 10_000)
	s.says(s.post(s.link(n), yes(1, "who_name", "", "who_name", long, "who_position", "", "who_position", "<b>\u202Eboss</b>\r\nBcc: x@y.example")), http.StatusOK, "Thank you.")
	if c := s.endorsement(n.Shows[0].EndorsementID).Current().Confirmer; len([]rune(c.Name)) > 120 || strings.ContainsAny(c.Title, "\r\n\u202E") {
		t.Errorf("confirmed by %+v", c)
	}
}

// TestAttempts: POSTs are limited by visitor and by notice; reading is not (R41, U10).
func TestAttempts(t *testing.T) {
	s := newSite(t)
	n := s.wrote("office@lindenau.example", lindenau())
	other := s.wrote("office@towpath.example", petition.Claim{Name: "Towpath Club", Kind: petition.KindOrganization})
	for range 3 * postsByVisitor {
		s.get(s.link(n))
		s.get("/c/x")
	}
	for range postsByNotice {
		s.says(s.post(s.link(n), yes(1, "deliberate", "")), http.StatusUnprocessableEntity)
	}
	s.says(s.post(s.link(n), yes(1)), http.StatusTooManyRequests, "Please wait ten minutes")
	s.says(s.get(s.link(n)), http.StatusOK, "Is this correct?")
	s.says(s.post(s.link(other), yes(1)), http.StatusOK, "Thank you.")
	for range postsByVisitor {
		s.post("/c/x", yes(1), "X-Forwarded-For", "198.51.100.7")
	}
	s.says(s.post("/new-link", url.Values{"address": {"a@b.example"}}), http.StatusTooManyRequests)
	s.pass(2*attemptWindow + time.Second)
	s.says(s.post(s.link(n), yes(1)), http.StatusOK, "Thank you.")
}

func TestVisitor(t *testing.T) {
	s := newSite(t)
	tests := []struct{ name, remote, forwarded, want string }{
		{"direct", "192.0.2.1:1234", "", "192.0.2.1"},
		{"a stranger claims another address", "192.0.2.1:1234", "198.51.100.7", "192.0.2.1"},
		{"our proxy tells", "127.0.0.1:1234", "203.0.113.5, 198.51.100.7", "198.51.100.7"},
		{"our proxy tells nonsense", "127.0.0.1:1234", "unknown", "127.0.0.1"},
		{"a household's /64", "[2001:db8::1:2:3]:1234", "", "2001:db8::/64"},
	}
	for _, test := range tests {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		s.ok(err)
		r.RemoteAddr = test.remote
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-For", test.forwarded)
		}
		if got := s.server.visitor(r); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestLimiterIsBounded: many strangers cost no more memory than few.
func TestLimiterIsBounded(t *testing.T) {
	l := newLimiter(time.Minute, 10)
	for i := range 1000 {
		if !l.allow(strings.Repeat("x", i), 1, morning) {
			t.Fatal("a stranger was refused")
		}
	}
	if len(l.now)+len(l.old) > 20 {
		t.Errorf("%d keys", len(l.now)+len(l.old))
	}
}

// TestPanic: plain words for the visitor, the cause for the operator, no token for the log.
func TestPanic(t *testing.T) {
	s := newSite(t)
	n := s.wrote("office@lindenau.example", lindenau())
	s.server.clock = func() time.Time { panic("a clock without hands") }
	s.says(s.get(s.link(n)), http.StatusInternalServerError, "We could not do this.")
	if log := s.logged.String(); !strings.Contains(log, "a clock without hands") || strings.Contains(log, strings.TrimPrefix(s.link(n), "/c/")) {
		t.Error(log)
	}
}

func TestStatic(t *testing.T) {
	s := newSite(t)
	kept := regexp.MustCompile(`href="(/static/countersign\.css\?v=[a-z2-7]+)"`).FindStringSubmatch(s.get(page).body)
	if kept == nil {
		t.Fatal("no stylesheet")
	}
	a := s.get(kept[1])
	if a.Code != http.StatusOK || !strings.Contains(a.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(a.Header().Get("Content-Type"), "text/css") {
		t.Errorf("%d %v", a.Code, a.Header())
	}
	if len(a.body) > 25_600 {
		t.Errorf("the stylesheet has %d bytes", len(a.body))
	}
	if a := s.get("/static/countersign.css", "If-None-Match", a.Header().Get("ETag")); a.Code != http.StatusNotModified || a.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("%d %v", a.Code, a.Header())
	}
	for _, path := range []string{"/static/nothing.css", "/static/", "/static/..%2fweb.go", "/static/countersign.css/x"} {
		if a := s.get(path); a.Code == http.StatusOK {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
	s.says(s.get("/robots.txt"), http.StatusOK, "Disallow: /c/")
}

// TestNewRefuses: a wrong configuration is told at start.
func TestNewRefuses(t *testing.T) {
	s := newSite(t)
	good := Options{Store: s.store, Templates: s.server.templates, Log: slog.New(slog.DiscardHandler), BaseURL: &url.URL{Scheme: "https", Host: "opensunday.example"}}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(*Options){
		"no store":          func(o *Options) { o.Store = nil },
		"no templates":      func(o *Options) { o.Templates = nil },
		"no log":            func(o *Options) { o.Log = nil },
		"no base URL":       func(o *Options) { o.BaseURL = nil },
		"base URL's scheme": func(o *Options) { o.BaseURL = &url.URL{Scheme: "ftp", Host: "x.example"} },
		"base URL's path":   func(o *Options) { o.BaseURL = &url.URL{Scheme: "https", Host: "x.example", Path: "/letters"} },
	}
	for name, change := range tests {
		o := good
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLoadFiles(t *testing.T) {
	files, err := loadFiles(fstest.MapFS{"a.css": {Data: []byte("b{}")}, "sub/c.css": {Data: []byte("d{}")}, "e.strange": {Data: []byte{0, 1}}})
	if err != nil || len(files) != 2 || files["e.strange"].header.kind[0] != "application/octet-stream" {
		t.Errorf("%v %v", files, err)
	}
	if _, err := loadFiles(noFiles{}); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

type noFiles struct{}

func (noFiles) Open(string) (fs.File, error) { return nil, fs.ErrNotExist }
