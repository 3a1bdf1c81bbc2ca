package web

import (
	"crypto/sha256"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/mailin/message"
	"countersign/petition"
)

// browser keeps cookies between requests, as a person's does.
type browser struct {
	*site
	jar map[string]string
}

func (s *site) browser() *browser { return &browser{site: s, jar: map[string]string{}} }

// as is a browser that is signed in as a new organizer.
func (s *site) as(o petition.Organizer) *browser {
	s.Helper()
	id, err := s.store.AddOrganizer(s.Context(), o)
	s.ok(err)
	return s.signedIn(id)
}

func (s *site) signedIn(id int64) *browser {
	s.Helper()
	token, err := s.store.NewSession(s.Context(), id, time.Hour)
	s.ok(err)
	b := s.browser()
	c := SessionCookie(s.server.base, token)
	b.jar[c.Name] = c.Value
	return b
}

func (b *browser) send(method, path string, form url.Values, header ...string) answer {
	b.Helper()
	var cookies []string
	for name, value := range b.jar {
		cookies = append(cookies, name+"="+value)
	}
	a := b.do(method, path, form, append(header, "Cookie", strings.Join(cookies, "; "))...)
	for _, c := range (&http.Response{Header: a.Header()}).Cookies() {
		if c.MaxAge < 0 {
			delete(b.jar, c.Name)
		} else {
			b.jar[c.Name] = c.Value
		}
	}
	return a
}

func (b *browser) open(path string) answer { b.Helper(); return b.send(http.MethodGet, path, nil) }

// press posts a form and follows the redirect that ends it.
func (b *browser) press(path string, pairs ...string) answer {
	b.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	a := b.send(http.MethodPost, path, form)
	for range 3 {
		if a.Code != http.StatusSeeOther {
			return a
		}
		a = b.open(a.Header().Get("Location"))
	}
	return a
}

// mail is a mail that a test has arrive, with what a reader found in it.
type mail struct {
	from, subject, text string
	reading             petition.Reading
	dmarc               string // "pass" unless said otherwise
	answers             int64  // the notice whose reference it carries
	received            time.Duration
}

// arrive records, reads and decides the mail. Evidence is found by the words in "<…>" of marks.
func (s *site) arrive(m mail) (int64, petition.Outcome) {
	s.Helper()
	ctx := s.Context()
	lease, err := s.store.Lease(ctx, "mailbox:test", "test", time.Hour)
	s.ok(err)
	s.uid++
	raw := fmt.Appendf(nil, "From: %s\r\nTo: sign@opensunday.example\r\nSubject: %s\r\nMessage-ID: <a%d@x.example>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s",
		m.from, m.subject, s.uid, strings.ReplaceAll(m.text, "\n", "\r\n"))
	place := petition.Place{Mailbox: "main", Folder: "INBOX", UIDValidity: 1, UID: s.uid}
	ids, err := s.store.Record(ctx, lease, []petition.Fetched{{Place: place, Received: s.clock().Add(m.received), Size: int64(len(raw)), Raw: raw}})
	s.ok(err)
	_, err = s.store.ClaimMails(ctx, "test", 10, time.Minute)
	s.ok(err)
	parsed := message.Parse(raw)
	address := parsed.Header.From[0]
	auth := petition.Authentication{DMARC: m.dmarc, AlignedDomain: petition.Domain(address.Address)}
	if m.dmarc == "" {
		auth.DMARC = "pass"
	} else if m.dmarc != "pass" {
		auth.AlignedDomain = ""
	}
	m.reading.Reader = "test"
	var references []petition.Reference
	if m.answers != 0 {
		references = []petition.Reference{{Notice: m.answers, Where: "to"}}
	}
	s.ok(s.store.Understood(ctx, []petition.Understanding{{
		MailID: ids[0], Similar: fmt.Sprintf("%x", sha256.Sum256(raw)), NewText: parsed.New, Reading: m.reading, References: references,
		Header: petition.Header{
			MessageID: parsed.Header.MessageID, Date: s.clock().Add(m.received), Subject: parsed.Header.Subject,
			From: []petition.Address{{Name: address.Name, Address: address.Address}}, Recipients: []string{"sign@opensunday.example"},
		},
		Origin: petition.Origin{Automatic: petition.Automatic{Kind: petition.Human}, Authentication: auth},
	}}))
	undecided, err := s.store.Undecided(ctx, "test", 10, time.Minute)
	s.ok(err)
	var out petition.Outcome
	for _, id := range undecided {
		out, err = s.store.Decide(ctx, id, petition.Decide)
		s.ok(err)
	}
	return ids[0], out
}

// signOn is a reading that signs, with the name marked where it stands in the text.
func signOn(text, name string) petition.Reading {
	at := strings.Index(text, name)
	return petition.Reading{
		Language: "en", Intent: petition.SignOn, Confidence: petition.High,
		Organizations: []petition.Claim{{
			Name: name, Kind: petition.KindOrganization, City: "Leipzig", Country: "Germany",
			Evidence: []petition.Evidence{{Field: "name", Source: petition.SourceNewText, Start: at, End: at + len(name)}},
		}},
	}
}

// waiting is a confirmed endorsement that waits for an organizer.
func (s *site) waiting(from, name string) int64 {
	s.Helper()
	n := s.wrote(from, petition.Claim{Name: name, Kind: petition.KindOrganization, City: "Leipzig", Country: "Germany"})
	id := n.Shows[0].EndorsementID
	s.act(petition.Action{Kind: petition.ActConfirm, Endorsements: []int64{id}, NoticeID: n.ID, Channel: petition.ByLink})
	return id
}

func (s *site) revision(id int64) string {
	s.Helper()
	return strconv.FormatInt(s.endorsement(id).Revision, 10)
}

func (s *site) notices(id int64, kind petition.NoticeKind) []petition.Notice {
	s.Helper()
	all, err := s.store.Notices(s.Context(), id)
	s.ok(err)
	var found []petition.Notice
	for _, n := range all {
		if n.Kind == kind {
			found = append(found, n)
		}
	}
	return found
}

// due claims what waits to be sent, of one kind.
func (s *site) due(kind petition.NoticeKind) []petition.Notice {
	s.Helper()
	all, err := s.store.ClaimNotices(s.Context(), 100, time.Minute)
	s.ok(err)
	var found []petition.Notice
	for _, n := range all {
		if n.Kind == kind {
			found = append(found, n)
		}
	}
	return found
}

func e(id int64) string { return "/desk/e/" + strconv.FormatInt(id, 10) }

// --- signing in ---

// ask has the browser ask for a link and returns the link's path ("" if none was mailed) and the digits shown.
func (b *browser) ask(address string) (path, digits, page string) {
	b.Helper()
	a := b.press("/desk/sign-in", "address", address)
	b.says(a, http.StatusOK)
	digits = strings.ReplaceAll(regexp.MustCompile(`\d{3}\x{a0}\d{3}`).FindString(a.body), "\u00a0", "")
	for _, n := range b.due(petition.NoticeSignIn) {
		path = "/desk/in/" + b.keys.Link(petition.PurposeSignIn, &n)
	}
	return path, digits, strings.ReplaceAll(a.body, digits[:3]+"\u00a0"+digits[3:], "DIGITS")
}

func TestSignInInTheSameBrowser(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	a := b.open("/desk")
	if a.Code != http.StatusSeeOther || a.Header().Get("Location") != "/desk/sign-in" {
		t.Fatalf("a stranger at the desk: %d to %q", a.Code, a.Header().Get("Location"))
	}
	path, _, _ := b.ask(" Nora@OpenSunday.example ")
	if path == "" {
		t.Fatal("no link was mailed")
	}
	page := b.open(path)
	s.says(page, http.StatusOK, "One press signs you in")
	s.saysNot(page, `name="digits"`)
	s.says(b.press(path), http.StatusOK, "Nora Example", "Sign out")
	name := "__Host-countersign_session"
	if b.jar[name] == "" {
		t.Fatalf("no session cookie in %v", b.jar)
	}
	// Single use: the same link opens nothing more, for anybody.
	s.says(s.browser().press(path, "digits", "123456"), http.StatusUnprocessableEntity, "the link no longer works")
	old := b.jar[name]
	s.says(b.press("/desk/sign-out"), http.StatusOK, "You are signed out")
	b.jar[name] = old
	if a := b.open("/desk"); a.Code != http.StatusSeeOther {
		t.Errorf("the session lives on after signing out: %d", a.Code)
	}
}

func TestSignInCookies(t *testing.T) {
	for _, tc := range []struct{ base, name string }{{"https://x.example", "__Host-countersign_session"}, {"http://127.0.0.1:80", "countersign_session"}} {
		base, err := url.Parse(tc.base)
		if err != nil {
			t.Fatal(err)
		}
		c := SessionCookie(base, "token")
		if c.Name != tc.name || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != (base.Scheme == "https") || c.Path != "/" {
			t.Errorf("%s: %+v", tc.base, c)
		}
	}
}

func TestSignInInAnotherBrowserNeedsTheDigits(t *testing.T) {
	s := newSite(t)
	asked, phone := s.browser(), s.browser()
	path, digits, _ := asked.ask("nora@opensunday.example")
	s.says(phone.open(path), http.StatusOK, `name="digits"`)
	s.says(phone.press(path), http.StatusUnprocessableEntity, "Write the six digits")
	s.says(phone.press(path, "digits", wrong(digits)), http.StatusUnprocessableEntity, "These are not the digits")
	s.says(phone.press(path, "digits", digits[:3]+" "+digits[3:]), http.StatusOK, "Nora Example")
}

// A browser that asked for another link is another browser.
func TestSignInWithTheCookieOfAnotherRequest(t *testing.T) {
	s := newSite(t)
	victim, other := s.browser(), s.browser()
	path, _, _ := victim.ask("nora@opensunday.example")
	other.ask("somebody@else.example")
	s.says(other.press(path), http.StatusUnprocessableEntity, "another browser")
	if other.jar["__Host-countersign_session"] != "" {
		t.Error("signed in without the digits")
	}
}

func TestSignInTriesAreLimited(t *testing.T) {
	s := newSite(t)
	path, digits, _ := s.browser().ask("nora@opensunday.example")
	thief := s.browser()
	for range 5 {
		s.says(thief.press(path, "digits", wrong(digits)), http.StatusUnprocessableEntity)
	}
	s.says(thief.press(path, "digits", digits), http.StatusUnprocessableEntity, "After five tries")
}

func wrong(digits string) string {
	if digits[0] == '9' {
		return "0" + digits[1:]
	}
	return "9" + digits[1:]
}

func TestSignInLinkExpires(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	path, _, _ := b.ask("nora@opensunday.example")
	s.pass(31 * time.Minute)
	s.says(b.open(path), http.StatusNotFound, "This link no longer works")
	s.says(b.press(path), http.StatusNotFound, "This link no longer works")
	s.says(b.open("/desk/in/nonsense"), http.StatusNotFound, "This link no longer works")
}

// Nobody learns who is an organizer: page, status and cookies are the same.
func TestSignInTellsNobodyWhoIsAnOrganizer(t *testing.T) {
	s := newSite(t)
	known, unknown := s.browser(), s.browser()
	path, _, page := known.ask("nora@opensunday.example")
	none, _, same := unknown.ask("nobody@elsewhere.example")
	if path == "" || none != "" {
		t.Fatalf("links %q and %q", path, none)
	}
	if page != same {
		t.Errorf("the pages differ:\n%s\n---\n%s", page, same)
	}
	if len(known.jar) != len(unknown.jar) {
		t.Errorf("the cookies differ: %v, %v", known.jar, unknown.jar)
	}
}

func TestSignInComesBackToThePageAskedFor(t *testing.T) {
	s := newSite(t)
	id := s.waiting("office@lindenau.example", "City Library Lindenau")
	b := s.browser()
	a := b.open(e(id))
	form := b.open(a.Header().Get("Location"))
	s.says(form, http.StatusOK, `name="next" value="`+e(id)+`"`)
	b.press("/desk/sign-in", "address", "nora@opensunday.example", "next", e(id))
	n := s.due(petition.NoticeSignIn)[0]
	s.says(b.press("/desk/in/"+s.keys.Link(petition.PurposeSignIn, &n)), http.StatusOK, "City Library Lindenau", "How it will be listed")
}

func TestDeskPathStaysHere(t *testing.T) {
	for _, tc := range []struct{ path, want string }{
		{"/desk/e/1?in=a", "/desk/e/1?in=a"},
		{"//evil.example/desk/", "/desk"},
		{"https://evil.example/desk/e/1", "/desk"},
		{"/desk/../\\evil", "/desk"},
		{"/letter", "/desk"},
		{"/desk/sign-out", "/desk"},
		{"", "/desk"},
	} {
		if got := deskPath(tc.path); got != tc.want {
			t.Errorf("deskPath(%q) = %q, want %q", tc.path, got, tc.want)
		}
	}
}

func TestForeignSitesPostNothing(t *testing.T) {
	s := newSite(t)
	id := s.waiting("office@lindenau.example", "City Library Lindenau")
	b := s.signedIn(s.owner)
	a := b.send(http.MethodPost, e(id), url.Values{"do": {"approve"}, "revision": {s.revision(id)}}, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	if a.Code != http.StatusForbidden {
		t.Errorf("status %d", a.Code)
	}
	if _, listed := s.endorsement(id).Listed(); listed {
		t.Error("another site's form approved")
	}
}

// --- the queue and one case ---

func TestQueueThenApproveThenListedThenUndo(t *testing.T) {
	s := newSite(t)
	first := s.waiting("office@lindenau.example", "City Library Lindenau")
	s.pass(time.Minute)
	second := s.waiting("hello@towpath.example", "Towpath Cycling Club")
	b := s.signedIn(s.owner)
	queue := b.open("/desk")
	s.says(queue, http.StatusOK, "2 waiting", "City Library Lindenau", "Towpath Cycling Club")
	link := regexp.MustCompile(`href="(` + e(first) + `[^"]*)"`).FindStringSubmatch(queue.body)
	if link == nil {
		t.Fatal("no link to the first row")
	}
	page := b.open(html.UnescapeString(link[1]))
	s.says(page, http.StatusOK, "Confirmed by the signer", "by link", "Approve lists it at once")
	key := regexp.MustCompile(`name="key" value="(\d+)"`).FindStringSubmatch(page.body)[1]
	next := b.press(e(first), "do", "approve", "revision", s.revision(first), "name", "City Library Lindenau", "city", "Leipzig", "country", "Germany", "contact", "office@lindenau.example", "key", key)
	s.says(next, http.StatusOK, "Approved. It is on the list.", "no. 1", "Towpath Cycling Club", "How it will be listed")
	if _, listed := s.endorsement(first).Listed(); !listed {
		t.Fatal("not listed")
	}
	event := regexp.MustCompile(`name="event" value="(\d+)"><input type="hidden" name="do" value="undo"`).FindStringSubmatch(next.body)
	if event == nil {
		t.Fatal("the flash offers no undo")
	}
	s.says(b.press(e(first), "do", "undo", "event", event[1]), http.StatusOK, "Taken back", "Approved by you", "(taken back)")
	if _, listed := s.endorsement(first).Listed(); listed {
		t.Error("still listed after the undo")
	}
	s.says(b.open(e(second)), http.StatusOK)
}

// The last decision ends at the quiet page.
func TestQueueEmpty(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(s.owner)
	s.says(b.open("/desk"), http.StatusOK, "No mail yet.", "sign@opensunday.example")
	s.listed("office@lindenau.example", lindenau())
	s.says(b.open("/desk"), http.StatusOK, "Everything is decided.", "1 organization is listed.")
}

func TestApproveSavesWhatWasTyped(t *testing.T) {
	s := newSite(t)
	id := s.waiting("office@lindenau.example", "City Library Lindenav")
	b := s.signedIn(s.owner)
	s.says(b.press(e(id), "do", "approve", "revision", s.revision(id), "name", "City Library Lindenau", "city", "Leipzig", "country", "Deutschland", "contact", "office@lindenau.example"),
		http.StatusOK, "Approved. It is on the list.")
	line, listed := s.endorsement(id).Listed()
	if !listed || line.Fields.Name != "City Library Lindenau" || line.Fields.Country != "DE" {
		t.Errorf("listed %v as %+v", listed, line.Fields)
	}
}

func TestApproveBeforeTheSignerConfirms(t *testing.T) {
	s := newSite(t)
	id := s.wrote("office@lindenau.example", lindenau()).Shows[0].EndorsementID
	b := s.signedIn(s.owner)
	s.says(b.open(e(id)), http.StatusOK, "as soon as the signer confirms")
	s.says(b.press(e(id), "do", "approve", "revision", s.revision(id)), http.StatusOK, "It is listed when the signer confirms")
}

// A stale form changes nothing, says who changed what, and keeps what was typed.
func TestStaleRevision(t *testing.T) {
	s := newSite(t)
	id := s.waiting("office@lindenau.example", "City Library Lindenau")
	b := s.signedIn(s.owner)
	ruth := s.as(petition.Organizer{Address: "ruth@opensunday.example", Name: "Ruth Almeida", Role: petition.RoleReviewer, Locale: "en"})
	stale := s.revision(id)
	s.says(ruth.press(e(id), "do", "save", "revision", stale, "name", "City Library Lindenau", "city", "Turku", "country", "DE"), http.StatusOK, "Saved.")
	a := b.press(e(id), "do", "save", "revision", stale, "name", "My <b>own</b> words", "city", "Leipzig", "country", "DE")
	s.says(a, http.StatusConflict, "Somebody changed this meanwhile", "Edited by Ruth Almeida", "Turku", "My &lt;b&gt;own&lt;/b&gt; words")
	s.saysNot(a, "<b>own</b>")
	if got := s.endorsement(id).Current().Fields.City; got != "Turku" {
		t.Errorf("the stale form won: %q", got)
	}
	// The page that came back has the new revision: pressing again decides on what is there now.
	revision := regexp.MustCompile(`name="revision" value="(\d+)"`).FindStringSubmatch(a.body)[1]
	s.says(b.press(e(id), "do", "save", "revision", revision, "name", "City Library Lindenau", "city", "Leipzig", "country", "DE"), http.StatusOK, "Saved.")
}

func TestDeclineWithAndWithoutMail(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(s.owner)
	told, quiet := s.waiting("a@one.example", "Organization One"), s.waiting("b@two.example", "Organization Two")
	s.says(b.press(e(told), "do", "decline", "revision", s.revision(told), "tell", "1", "text", "Sorry <3"), http.StatusUnprocessableEntity, "Write a reason", "Sorry &lt;3", "checked")
	s.says(b.press(e(told), "do", "decline", "revision", s.revision(told), "why", "a company", "tell", "1", "text", "Only libraries sign."), http.StatusOK, "A mail to the signer is on its way")
	s.says(b.press(e(quiet), "do", "decline", "revision", s.revision(quiet), "why", "spam"), http.StatusOK, "The signer was not told", "“<bdi>spam</bdi>”")
	if n := s.notices(told, petition.NoticeDeclined); len(n) != 1 || n[0].Details.Text != "Only libraries sign." || strings.Contains(n[0].Details.Text, "company") {
		t.Errorf("told: %+v", n)
	}
	if n := s.notices(quiet, petition.NoticeDeclined); len(n) != 0 {
		t.Errorf("quiet: %+v", n)
	}
}

func TestWithdrawAndHideNeedATick(t *testing.T) {
	s := newSite(t)
	id := s.listed("office@lindenau.example", lindenau())
	b := s.signedIn(s.owner)
	for _, do := range []string{"hide", "withdraw"} {
		s.says(b.press(e(id), "do", do, "revision", s.revision(id)), http.StatusUnprocessableEntity, "Please set the tick")
	}
	if _, listed := s.endorsement(id).Listed(); !listed {
		t.Fatal("gone without the tick")
	}
	s.says(b.press(e(id), "do", "hide", "sure", "1", "revision", s.revision(id)), http.StatusOK, "Hidden. It is not on the list.")
	s.says(b.press(e(id), "do", "show", "revision", s.revision(id)), http.StatusOK, "Shown again.")
	s.says(b.press(e(id), "do", "withdraw", "sure", "1", "revision", s.revision(id)), http.StatusOK, "Withdrawn. A mail")
	s.says(b.press(e(id), "do", "reinstate", "revision", s.revision(id)), http.StatusOK, "The withdrawal is taken back.")
	s.act(petition.Action{Kind: petition.ActErase, Endorsements: []int64{id}, Channel: petition.ByLink})
	s.says(b.open(e(id)), http.StatusOK, "To be erased", "Take the erasure back", "Erasure of the personal data asked for by")
	s.says(b.press(e(id), "do", "keep", "revision", s.revision(id)), http.StatusOK, "The erasure is taken back.")
	if f := s.endorsement(id); !f.ErasingAt.IsZero() {
		t.Error("still to be erased")
	}
	if _, listed := s.endorsement(id).Listed(); !listed {
		t.Error("not back on the list")
	}
}

// After a copy of the database was put back, an owner lets mail out again at the desk (R59).
func TestR59DeskReleases(t *testing.T) {
	s := newSite(t)
	s.waiting("office@lindenau.example", "City Library Lindenau")
	_, err := s.store.Restored(s.Context())
	s.ok(err)
	reviewer := s.as(petition.Organizer{Address: "rita@opensunday.example", Name: "Rita", Role: petition.RoleReviewer, Locale: "en"})
	s.saysNot(reviewer.open("/desk"), "Send everything")
	s.says(reviewer.press("/desk/restored", "do", "send"), http.StatusForbidden)
	b := s.signedIn(s.owner)
	s.says(b.open("/desk"), http.StatusOK, "A copy of the database was put back", "mails were waiting in the copy", "Send everything")
	s.says(b.press("/desk/restored", "do", "whatever"), http.StatusBadRequest)
	if hold, err := s.store.Held(s.Context()); err != nil || hold.Since.IsZero() {
		t.Fatalf("%+v, %v", hold, err)
	}
	s.saysNot(b.press("/desk/restored", "do", "drop"), "A copy of the database was put back")
	if hold, err := s.store.Held(s.Context()); err != nil || !hold.Since.IsZero() {
		t.Errorf("%+v, %v", hold, err)
	}
}

func TestAskAndNote(t *testing.T) {
	s := newSite(t)
	id := s.waiting("office@lindenau.example", "City Library Lindenau")
	b := s.signedIn(s.owner)
	s.says(b.press(e(id), "do", "ask", "revision", s.revision(id)), http.StatusUnprocessableEntity, "Write what the mail should say")
	s.says(b.press(e(id), "do", "ask", "revision", s.revision(id), "text", "Which branch?"), http.StatusOK, "Your question to the signer is on its way")
	if n := s.notices(id, petition.NoticeAsk); len(n) != 1 || n[0].Details.Text != "Which branch?" {
		t.Errorf("%+v", n)
	}
	s.says(b.press(e(id), "do", "note", "revision", s.revision(id), "why", "called them"), http.StatusOK, "Note by you", "called them")
}

func TestQuestionIsAnswered(t *testing.T) {
	s := newSite(t)
	mailID, _ := s.arrive(mail{
		from: "Anna Berg <office@lindenau.example>", subject: "Logo", text: "May we send our logo?",
		reading: petition.Reading{Language: "en", Intent: petition.Question, Confidence: petition.High},
	})
	b := s.signedIn(s.owner)
	queue := b.open("/desk?kind=question")
	s.says(queue, http.StatusOK, "May we send our logo?", "office@lindenau.example")
	path := html.UnescapeString(regexp.MustCompile(`href="(/desk/q/\d+[^"]*)"`).FindStringSubmatch(queue.body)[1])
	s.says(b.open(path), http.StatusOK, "A question", "May we send our logo?", "Send the answer")
	s.says(b.press(path, "do", "answer", "text", ""), http.StatusUnprocessableEntity, "Write what the mail should say")
	s.says(b.press(path, "do", "answer", "text", "Yes, please do."), http.StatusOK, "Your answer is on its way.")
	found := s.due(petition.NoticeAnswer)
	if len(found) != 1 || found[0].To != "office@lindenau.example" || found[0].MailID != mailID || !strings.Contains(found[0].Details.Text, "Yes, please do.") {
		t.Errorf("%+v", found)
	}
	s.says(b.press(path, "do", "answer", "text", "Twice"), http.StatusConflict, "This is done already", "Twice")
	if again := s.due(petition.NoticeAnswer); len(again) != 0 {
		t.Errorf("answered twice: %+v", again)
	}
}

// firstTask is the page of the first task of the kind, as the queue links to it.
func (b *browser) firstTask(kind petition.TaskKind) string {
	b.Helper()
	queue := b.open("/desk?kind=" + string(kind))
	link := regexp.MustCompile(`href="(/desk/q/\d+[^"]*)"`).FindStringSubmatch(queue.body)
	if link == nil {
		b.Fatalf("no task %s:\n%s", kind, queue.body)
	}
	return html.UnescapeString(link[1])
}

// R29: an unclear answer is decided with both texts side by side.
func TestUnclearAnswer(t *testing.T) {
	for _, tc := range []struct {
		do, says string
		listed   bool
		state    petition.State
	}{
		{"yes", "Taken as a yes.", true, petition.StateListed},
		{"no", "Taken as a no.", false, petition.StateDeclined},
		{"ask", "Your question to the signer is on its way", false, petition.StateAwaiting},
	} {
		t.Run(tc.do, func(t *testing.T) {
			s := newSite(t)
			n := s.wrote("office@lindenau.example", lindenau())
			id := n.Shows[0].EndorsementID
			s.pass(time.Hour)
			s.arrive(mail{
				from: "office@lindenau.example", subject: "Re: Is this correct?", text: "Yes, but only if the roof holds.", answers: n.ID,
				reading: petition.Reading{Language: "en", Intent: petition.VerifyYes, Unclear: true, Confidence: petition.Low},
			})
			b := s.signedIn(s.owner)
			path := b.firstTask(petition.TaskUnclear)
			s.says(b.open(path), http.StatusOK, "We wrote", "Request: is this correct?", "They answered", "only if the roof holds", "Take as yes")
			s.says(b.press(path, "do", tc.do, "revision", s.revision(id), "text", "Is it a yes?"), http.StatusOK, tc.says)
			e := s.endorsement(id)
			if _, listed := e.Listed(); listed != tc.listed || e.State() != tc.state {
				t.Errorf("listed %v, state %s", listed, e.State())
			}
			if counts, err := s.store.QueueCounts(t.Context(), []int64{s.campaign.ID}); err != nil || counts["unclear"] != 0 {
				t.Errorf("still waits: %v, %v", counts, err)
			}
		})
	}
}

// A mail that could not be read becomes a line in two steps: fields, request.
func TestUnsureReadingIsEnteredAndAsked(t *testing.T) {
	s := newSite(t)
	s.arrive(mail{
		from: "f@two.example", subject: "names", text: "Both clubs would like to be on it.",
		reading: petition.Reading{Language: "en", Intent: petition.SignOn, Confidence: petition.Low, Missing: "organization"},
	})
	b := s.signedIn(s.owner)
	path := b.firstTask(petition.TaskUnsure)
	s.says(b.open(path), http.StatusOK, "Both clubs", `value="f@two.example"`)
	s.says(b.press(path, "do", "release", "name", " ", "city", "Lindmark"), http.StatusUnprocessableEntity, "Write the name as it should stand", `value="Lindmark"`)
	s.says(b.press(path, "do", "release", "name", "Rowing Club Lindmark", "city", "Lindmark", "country", "Schweiz", "contact", "f@two.example"), http.StatusOK, "The signer is asked to confirm.")
	n := s.due(petition.NoticeRequest)
	if len(n) != 1 || n[0].To != "f@two.example" {
		t.Fatalf("requests %+v", n)
	}
	if f := s.endorsement(n[0].Shows[0].EndorsementID).Current().Fields; f.Name != "Rowing Club Lindmark" || f.Country != "CH" {
		t.Errorf("%+v", f)
	}
}

// R33: a mail whose sender failed the check waits; vouching takes the line as it stands in the form.
func TestUnprovenIsVouchedFor(t *testing.T) {
	s := newSite(t)
	text := "We are Little Lantern Bookshop, please add us."
	s.arrive(mail{from: "c@lantern.example", subject: "sign", text: text, reading: signOn(text, "Little Lantern Bookshop"), dmarc: "fail"})
	b := s.signedIn(s.owner)
	path := b.firstTask(petition.TaskUnproven)
	page := b.open(path)
	s.says(page, http.StatusOK, "Probably not from lantern.example", "On hold")
	id, err := strconv.ParseInt(regexp.MustCompile(`/desk/e/(\d+)`).FindStringSubmatch(page.body)[1], 10, 64)
	s.ok(err)
	s.says(b.press(path, "do", "vouch", "revision", s.revision(id), "name", "Little Lantern Books"), http.StatusUnprocessableEntity, "Write why you know it", `value="Little Lantern Books"`)
	s.says(b.press(path, "do", "vouch", "revision", s.revision(id), "name", "Little Lantern Books", "why", "telephone, 12 May"), http.StatusOK, "Confirmed in your name.")
	line, listed := s.endorsement(id).Listed()
	if !listed || line.Fields.Name != "Little Lantern Books" {
		t.Errorf("listed %v as %q", listed, line.Fields.Name)
	}
}

// U01: the organizer chooses for some or all, and nothing happens at the first press.
func TestBacklog(t *testing.T) {
	s := newSite(t)
	s.store.SetRules(petition.Rules{AnswerWithin: 72 * time.Hour, RequestLife: 14 * 24 * time.Hour})
	for i, name := range []string{"Harbour Library", "Rowing Club Lindmark", "Green Bench Society"} {
		text := "We are " + name + " and we want to sign."
		s.arrive(mail{
			from: fmt.Sprintf("office%d@org%d.example", i, i), subject: "old", text: text, reading: signOn(text, name), received: -30 * 24 * time.Hour,
		})
	}
	b := s.signedIn(s.owner)
	s.says(b.open("/desk"), http.StatusOK, "3 mails came before the start")
	list := b.open("/desk?kind=older")
	s.says(list, http.StatusOK, "Harbour Library", "Green Bench Society", "Ask to confirm…")
	rows := regexp.MustCompile(`name="row" value="(\d+)"`).FindAllStringSubmatch(list.body, -1)
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	bulk := "/desk/open-on-sunday/bulk"
	s.says(b.press(bulk, "kind", "older", "do", "release", "row", rows[0][1]), http.StatusOK, "Ask 1 signer to confirm")
	s.says(b.press(bulk, "kind", "older", "do", "release", "row", rows[0][1], "again", "1"), http.StatusUnprocessableEntity, "Please set the tick")
	if n := s.due(petition.NoticeRequest); len(n) != 0 {
		t.Fatalf("asked before the tick: %+v", n)
	}
	s.says(b.press(bulk, "kind", "older", "do", "release", "row", rows[0][1], "again", "1", "sure", "1"), http.StatusOK, "1 signer is asked to confirm.")
	if n := s.due(petition.NoticeRequest); len(n) != 1 {
		t.Errorf("requests: %+v", n)
	}
	s.says(b.press(bulk, "kind", "older", "do", "vouch", "all", "1", "sure", "1", "again", "1"), http.StatusUnprocessableEntity, "Write why you know it")
	s.says(b.press(bulk, "kind", "older", "do", "vouch", "row", rows[1][1], "sure", "1", "again", "1", "why", "signed on paper"), http.StatusOK, "1 signature is confirmed in your name.")
	s.says(b.press(bulk, "kind", "older", "do", "done", "all", "1", "sure", "1", "again", "1"), http.StatusOK, "1 mail left as it is.")
	counts, err := s.store.QueueCounts(t.Context(), []int64{s.campaign.ID})
	s.ok(err)
	if counts["older"] != 0 {
		t.Errorf("left over: %v", counts)
	}
}

func TestBulkApprove(t *testing.T) {
	s := newSite(t)
	a, c := s.waiting("a@one.example", "Organization One"), s.waiting("b@two.example", "Organization Two")
	b := s.signedIn(s.owner)
	s.says(b.press("/desk/open-on-sunday/bulk", "kind", "review", "do", "approve", "all", "1", "sure", "1", "again", "1"), http.StatusOK, "Approved 2 signatures.")
	for _, id := range []int64{a, c} {
		if _, listed := s.endorsement(id).Listed(); !listed {
			t.Errorf("%d is not listed", id)
		}
	}
	s.says(b.press("/desk/open-on-sunday/bulk", "kind", "review", "do", "vouch", "all", "1", "sure", "1"), http.StatusBadRequest)
}

// --- permissions ---

func TestPermissions(t *testing.T) {
	s := newSite(t)
	id := s.waiting("office@lindenau.example", "City Library Lindenau")
	other := sample()
	other.Slug, other.Name, other.Addresses = "cycle-paths", "Cycle paths", []string{"sign@cycle.example"}
	s.ok(s.store.CreateCampaign(t.Context(), other))
	mailID := s.endorsement(id).RequestID
	task, _ := s.arrive(mail{from: "x@y.example", subject: "q", text: "Who are you?", reading: petition.Reading{Intent: petition.Question, Language: "en"}})
	_ = task
	stranger := s.as(petition.Organizer{Address: "cyc@opensunday.example", Name: "Cyc", Role: petition.RoleReviewer, Campaigns: []int64{other.ID}, Locale: "en"})
	s.says(stranger.open("/desk"), http.StatusOK, "Cycle paths")
	s.saysNot(stranger.open("/desk"), "Lindenau", "Who are you?", "Open on Sunday")
	s.saysNot(stranger.open("/desk?q=Lindenau"), "City Library")
	for _, path := range []string{e(id), "/desk/open-on-sunday", "/desk/open-on-sunday/settings", fmt.Sprintf("/desk/mail/%d", mailID), fmt.Sprintf("/desk/mail/%d?e=%d", mailID, id), "/desk/q/1"} {
		if a := stranger.open(path); a.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
	for _, path := range []string{e(id), "/desk/q/1", "/desk/open-on-sunday/settings", "/desk/open-on-sunday/bulk"} {
		if a := stranger.press(path, "do", "approve", "revision", s.revision(id)); a.Code != http.StatusNotFound {
			t.Errorf("POST %s: %d", path, a.Code)
		}
	}
	reader := s.as(petition.Organizer{Address: "read@opensunday.example", Name: "Reader", Role: petition.RoleReader, Locale: "en"})
	page := reader.open(e(id))
	s.says(page, http.StatusOK, "City Library Lindenau")
	s.saysNot(page, `value="approve"`, `value="decline"`, `value="undo"`)
	s.says(reader.press(e(id), "do", "approve", "revision", s.revision(id)), http.StatusForbidden, "You may read, not decide")
	reviewer := s.as(petition.Organizer{Address: "rev@opensunday.example", Name: "Rev", Role: petition.RoleReviewer, Locale: "en"})
	s.says(reviewer.press("/desk/open-on-sunday/settings", "do", "close", "sure", "1"), http.StatusForbidden, "Only owners")
	if got := s.endorsement(id).Current().Review; got != petition.Pending {
		t.Errorf("review %q", got)
	}
}

// --- what strangers write ---

func TestMailsAndNamesAreText(t *testing.T) {
	s := newSite(t)
	name := `<script>alert("n")</script> & Sons`
	text := "We are " + name + " <img src=x onerror=alert(1)>\nplease sign"
	_, out := s.arrive(mail{from: `"<b>Eve</b>" <eve@evil.example>`, subject: "<i>sub</i>", text: text, reading: signOn(text, name)})
	if len(out.Events) == 0 {
		t.Fatalf("%+v", out)
	}
	id := out.Events[0].EndorsementID
	b := s.signedIn(s.owner)
	for _, path := range []string{e(id), fmt.Sprintf("/desk/mail/%d?e=%d", s.endorsement(id).RequestID, id), "/desk?q=sons"} {
		a := b.open(path)
		s.says(a, http.StatusOK, "&lt;script&gt;")
		s.saysNot(a, "<script", "<img", "<b>Eve", "<i>sub")
		if csp := a.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("%s: policy %q", path, csp)
		}
	}
	s.says(b.open(e(id)), http.StatusOK, `<mark id="e-name"><a href="#f-name">&lt;script&gt;`)
}

func TestOriginInWords(t *testing.T) {
	for _, tc := range []struct{ name, from, dmarc, site, want string }{
		{"own domain", "a@lindenau.example", "pass", "www.lindenau.example", "own_site"},
		{"other domain", "a@lindenau.example", "pass", "elsewhere.example", "other_site"},
		{"no site", "a@lindenau.example", "pass", "", "signed"},
		{"free mail", "a@freemail.example", "pass", "lindenau.example", "free_mail"},
		{"nothing to check", "a@lindenau.example", "none", "", "unchecked"},
		{"failed", "a@lindenau.example", "fail", "", "failed"},
		{"name server silent", "a@lindenau.example", "temperror", "", "temporary"},
		{"nobody", "", "none", "", "nobody"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := &petition.Mail{Origin: petition.Origin{Authentication: petition.Authentication{DMARC: tc.dmarc}}}
			if tc.from != "" {
				m.Header.From = []petition.Address{{Address: tc.from}}
			}
			if tc.dmarc == "pass" {
				m.Origin.Authentication.AlignedDomain = petition.Domain(tc.from)
			}
			if got := originOf(m, tc.site).Key; got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

// --- evidence ---

func TestEvidenceMarking(t *testing.T) {
	text := "Grüße, Bücherei Łódź 図書館 am Markt"
	at := func(field, words string) petition.Evidence {
		i := strings.Index(text, words)
		return petition.Evidence{Field: field, Source: petition.SourceNewText, Start: i, End: i + len(words)}
	}
	for _, tc := range []struct {
		name     string
		evidence []petition.Evidence
		want     string
	}{
		{"none", nil, text},
		{"multi-byte", []petition.Evidence{at("name", "Bücherei Łódź 図書館")}, "Grüße, [Bücherei Łódź 図書館A] am Markt"},
		{"beside each other", []petition.Evidence{at("name", "Bücherei"), at("city", "Łódź")}, "Grüße, [BüchereiA] [ŁódźB] 図書館 am Markt"},
		{"one in the other", []petition.Evidence{at("name", "Bücherei Łódź"), at("city", "Łódź")}, "Grüße, [Bücherei ][ŁódźAB] 図書館 am Markt"},
		{"overlapping", []petition.Evidence{at("name", "Bücherei Łódź"), at("city", "Łódź 図書館")}, "Grüße, [Bücherei ][ŁódźA][ 図書館B] am Markt"},
		{"twice the same", []petition.Evidence{at("name", "Łódź"), at("name", "Łódź")}, "Grüße, Bücherei [ŁódźA] 図書館 am Markt"},
		{"of no field", []petition.Evidence{at("intent", "am")}, "Grüße, Bücherei Łódź 図書館 [am] Markt"},
		{"inside a letter", []petition.Evidence{{Field: "name", Source: petition.SourceNewText, Start: 3, End: 9}}, text},
		{"beyond the end", []petition.Evidence{{Field: "name", Source: petition.SourceNewText, Start: 3, End: 999}}, text},
		{"backwards", []petition.Evidence{{Field: "name", Source: petition.SourceNewText, Start: 9, End: 2}, {Field: "name", Source: petition.SourceNewText, Start: -1, End: 2}}, text},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &petition.Reading{Organizations: []petition.Claim{{Name: "x", Evidence: tc.evidence}}}
			var got, whole strings.Builder
			ids := map[string]bool{}
			for _, p := range newMarker(r, "x").pieces(petition.SourceNewText, text) {
				whole.WriteString(p.Text)
				if p.ID != "" && ids[p.ID] {
					t.Errorf("the address %q stands twice", p.ID)
				}
				ids[p.ID] = true
				if !p.Marked {
					got.WriteString(p.Text)
					continue
				}
				got.WriteString("[" + p.Text)
				for _, l := range p.Letters {
					got.WriteString(l.Letter)
				}
				got.WriteString("]")
			}
			if got.String() != tc.want {
				t.Errorf("got  %s\nwant %s", got.String(), tc.want)
			}
			if whole.String() != text {
				t.Errorf("the text changed: %q", whole.String())
			}
		})
	}
}

func FuzzEvidence(f *testing.F) {
	f.Add("Łódź und mehr", 0, 4, 2, 9)
	f.Add("", 0, 0, 0, 0)
	f.Fuzz(func(t *testing.T, text string, a, b, c, d int) {
		r := &petition.Reading{Organizations: []petition.Claim{{Name: "x", Evidence: []petition.Evidence{
			{Field: "name", Source: petition.SourceNewText, Start: a, End: b}, {Field: "city", Source: petition.SourceNewText, Start: c, End: d},
		}}}}
		whole := ""
		for _, p := range newMarker(r, "x").pieces(petition.SourceNewText, text) {
			whole += p.Text
		}
		if whole != text {
			t.Errorf("%q became %q", text, whole)
		}
	})
}

func TestFileName(t *testing.T) {
	for _, tc := range []struct{ name, want string }{
		{"letter.pdf", "letter.pdf"},
		{"../../etc/passwd", "passwd"},
		{`C:\temp\x.doc`, "x.doc"},
		{"inv\u202efdp.exe", "invfdp.exe"},
		{"a\r\nb\x00.txt", "a b.txt"},
	} {
		if got := fileName(tc.name); got != tc.want {
			t.Errorf("fileName(%q) = %q, want %q", tc.name, got, tc.want)
		}
	}
}

// --- settings ---

func settingsForm(s *site, change ...string) []string {
	form := []string{
		"do", "save", "revision", strconv.FormatInt(s.fresh().Revision, 10), "name", "Open on Sunday", "recipient", "the Ministry", "sender", "Letter",
		"zone", "Europe/Brussels", "zone_name", "Brussels time", "closes", "2026-05-26T18:00", "grace", "48", "goal", "40", "listing", "after_review",
		"public", "city", "public", "country", "controller", "Library Friends Network", "contact", "Nora", "privacy_text", "We keep little.",
	}
	for i := 0; i+1 < len(change); i += 2 {
		for j := 0; j+1 < len(form); j += 2 {
			if form[j] == change[i] {
				form[j+1] = change[i+1]
			}
		}
	}
	return form
}

func (s *site) fresh() *petition.Campaign {
	s.Helper()
	c, err := s.store.Campaign(s.Context(), s.campaign.Slug)
	s.ok(err)
	return c
}

func TestSettings(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(s.owner)
	path := "/desk/open-on-sunday/settings"
	s.says(b.open(path), http.StatusOK, `value="2026-05-26T18:00"`, "16:00 (UTC)", "binding", "Bibliotheken sonntags öffnen")
	stale := settingsForm(s)
	// U06: extending is one change of the deadline.
	s.says(b.press(path, settingsForm(s, "closes", "2026-06-02T18:00")...), http.StatusOK, "Saved.", `value="2026-06-02T18:00"`)
	if got := s.fresh().Closes; !got.Equal(time.Date(2026, 6, 2, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("closes %v", got)
	}
	s.says(b.press(path, stale...), http.StatusConflict, "Somebody changed the settings meanwhile")
	for _, wrong := range []string{"zone", "grace", "closes", "name"} {
		value := map[string]string{"zone": "Mars/Olympus", "grace": "-3", "closes": "soon", "name": " "}[wrong]
		s.says(b.press(path, settingsForm(s, wrong, value)...), http.StatusUnprocessableEntity, "Something is not right yet", `class="err"`)
	}
	s.says(b.press(path, "do", "close"), http.StatusUnprocessableEntity, "Please set the tick")
	s.says(b.press(path, "do", "close", "sure", "1"), http.StatusOK, "The campaign is closed.")
	if got := s.fresh().State; got != petition.Closed {
		t.Errorf("state %q", got)
	}
	s.says(b.press(path, "do", "open"), http.StatusOK, "The campaign is open.")
}

// U08: opening is refused in words until signers can be told what they must be told.
func TestOpenIsRefused(t *testing.T) {
	s := newSite(t)
	c := &petition.Campaign{Slug: "draft", State: petition.Draft, Settings: petition.Settings{Name: "Draft", Addresses: []string{"draft@opensunday.example"}, Zone: "UTC"}}
	s.ok(s.store.CreateCampaign(t.Context(), c))
	b := s.signedIn(s.owner)
	s.says(b.press("/desk/draft/settings", "do", "open"), http.StatusUnprocessableEntity,
		"The campaign cannot be opened yet", "who is responsible for the data", "a person to ask", "a privacy text", "the text of the letter")
}

func TestBannerWhenTheMailboxStandsStill(t *testing.T) {
	s := newSite(t)
	s.ok(s.store.Heartbeat(t.Context(), "main", s.clock(), "AUTH failed <x>"))
	a := s.signedIn(s.owner).open("/desk")
	s.says(a, http.StatusOK, "The mailbox main cannot be read since", "Nothing is lost", "AUTH failed &lt;x&gt;")
	s.ok(s.store.Heartbeat(t.Context(), "main", s.clock(), ""))
	s.saysNot(s.signedIn(s.owner).open("/desk"), "The mailbox main")
	s.pass(16 * time.Minute)
	s.says(s.signedIn(s.owner).open("/desk"), http.StatusOK, "The mailbox main was last read")
}

// Every page of the desk renders in every language, for every kind of task.
func TestDeskSpeaksGerman(t *testing.T) {
	s := newSite(t)
	id := s.waiting("office@lindenau.example", "City Library Lindenau")
	b := s.as(petition.Organizer{Address: "ute@opensunday.example", Name: "Ute", Role: petition.RoleOwner, Locale: "de"})
	s.says(b.open("/desk"), http.StatusOK, `lang="de"`, "1 wartet")
	s.says(b.open(e(id)), http.StatusOK, "So wird sie auf der Liste stehen", "Deutschland", "Annehmen")
	s.says(b.open("/desk/open-on-sunday/settings"), http.StatusOK, "Einstellungen")
}

// Every word that data choose has its message in every language: a kind without one would break a page.
func TestEveryWordOfTheDeskIsThere(t *testing.T) {
	s := newSite(t)
	words := map[string][]string{"did": whats, "view": append([]string{"all", "older"}, queueKinds...), "task": queueKinds[1:], "task_text": queueKinds[1:], "why": queueKinds[1:], "lead": queueKinds}
	for _, k := range []petition.EventKind{
		petition.EventSubmitted, petition.EventCorrected, petition.EventEdited, petition.EventConfirmed, petition.EventUndecided, petition.EventRefused,
		petition.EventDisputed, petition.EventUnreached, petition.EventExpired, petition.EventApproved, petition.EventDeclined, petition.EventWithdrawn,
		petition.EventReinstated, petition.EventHidden, petition.EventShown, petition.EventReleased, petition.EventListed, petition.EventAsked,
		petition.EventAnswered, petition.EventSuggested, petition.EventSignedAgain, petition.EventUndone, petition.EventErasing, petition.EventKept, petition.EventErased, petition.EventNote,
	} {
		words["event"] = append(words["event"], string(k))
	}
	for _, i := range petition.Intents {
		words["intent"] = append(words["intent"], string(i))
	}
	for _, n := range []petition.NoticeKind{
		petition.NoticeRequest, petition.NoticeReceived, petition.NoticeListed, petition.NoticeReminder, petition.NoticeNotUnderstood, petition.NoticeQuestion,
		petition.NoticeWaiting, petition.NoticeCorrected, petition.NoticeDeclined, petition.NoticeTooLate, petition.NoticeAlready, petition.NoticeNewLink,
		petition.NoticeOrganizations, petition.NoticeWithdrawn, petition.NoticeRefused, petition.NoticeProveLink, petition.NoticeUseLink, petition.NoticeThanks,
		petition.NoticeAcknowledge, petition.NoticeForwarder, petition.NoticeNote, petition.NoticeAsk, petition.NoticeAnswer, petition.NoticeRemoved, petition.NoticeErasing, petition.NoticeData,
		petition.NoticeDigest, petition.NoticeSignIn, petition.NoticeAlert, petition.NoticeCheck,
	} {
		words["notice"] = append(words["notice"], string(n))
	}
	words["notice_state"] = []string{"due", "sending", "sent", "failed", "held", "dropped"}
	words["signer"] = []string{"awaiting", "undecided", "confirmed", "disputed", "unreachable", "expired"}
	words["review"] = []string{"pending", "approved", "declined"}
	words["channel"] = []string{"mail", "reply", "link", "form", "desk", "hand", "import", "program"}
	words["origin"] = []string{"own_site", "other_site", "signed", "free_mail", "unchecked", "failed", "temporary", "nobody", "automatic"}
	words["origin_text"] = words["origin"]
	words["on_hold"] = []string{"authentication", "older", "late", "forwarded"}
	words["case"] = []string{"name_missing", "reason_missing", "no_address", "text_missing", "note_missing", "vouch_missing", "not_sure", "not_allowed", "already_done", "campaign_missing"}
	for _, k := range factKeys {
		words["field"] = append(words["field"], k.Field)
	}
	data := map[string]any{"Count": 2, "Who": "x", "Domain": "x", "Site": "x"}
	for prefix, list := range words {
		for _, w := range list {
			key := "desk." + prefix + "_" + w
			for _, locale := range s.server.templates.Locales() {
				if s.server.templates.MatchDesk(locale) != locale {
					continue // organizers work in English
				}
				if got := s.server.templates.T(locale, key, data); got == key {
					t.Errorf("%s has no %s", locale, key)
				}
			}
		}
	}
}

// Somebody else settles the signature while a task about it is open: nothing is lost.
func TestStaleTask(t *testing.T) {
	s := newSite(t)
	text := "We are Little Lantern Bookshop, please add us."
	s.arrive(mail{from: "c@lantern.example", subject: "sign", text: text, reading: signOn(text, "Little Lantern Bookshop"), dmarc: "fail"})
	b := s.signedIn(s.owner)
	path := b.firstTask(petition.TaskUnproven)
	id, err := strconv.ParseInt(regexp.MustCompile(`/desk/e/(\d+)`).FindStringSubmatch(b.open(path).body)[1], 10, 64)
	s.ok(err)
	stale := s.revision(id)
	s.says(b.press(e(id), "do", "note", "revision", stale, "why", "I call them"), http.StatusOK, "The note is in the history.")
	s.says(b.press(path, "do", "release", "revision", stale, "name", "Lantern Books"), http.StatusConflict, "Somebody changed this meanwhile", "Note by you", `value="Lantern Books"`)
	if n := s.due(petition.NoticeRequest); len(n) != 0 {
		t.Errorf("asked all the same: %+v", n)
	}
}

// A fault of the database is our fault, in plain words, with nothing of it on the page.
func TestDeskWithoutDatabase(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(s.owner)
	s.ok(s.store.Close())
	a := b.open("/desk")
	s.says(a, http.StatusInternalServerError, "The fault is ours")
	s.saysNot(a, "sql")
}
