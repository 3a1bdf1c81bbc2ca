package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/petition"
	"countersign/store"
	"countersign/templates"
)

// site is the whole web over a real SQLite file, with a clock of its own.
type site struct {
	testing.TB
	store    *store.Store
	keys     petition.Keys
	server   *Server
	handler  http.Handler
	campaign *petition.Campaign
	owner    int64
	logged   *lockedBuffer
	uid      uint32

	mu  sync.Mutex
	now time.Time
}

// lockedBuffer is a log that handlers of several requests may write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

var morning = time.Date(2026, 5, 12, 12, 2, 0, 0, time.UTC) // 14:02 in Brussels

func (s *site) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *site) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// sample is a campaign in two languages that closes in two weeks.
func sample() *petition.Campaign {
	return &petition.Campaign{
		Slug: "open-on-sunday",
		Settings: petition.Settings{
			Name: "Open on Sunday", Recipient: "the Ministry of Culture", Addresses: []string{"sign@opensunday.example"},
			Sender: "Open on Sunday letter", Languages: []string{"en", "de"}, Zone: "Europe/Brussels", ZoneName: "Brussels time",
			Closes: time.Date(2026, 5, 26, 16, 0, 0, 0, time.UTC), Grace: petition.DefaultGrace, Goal: 40,
			Controller: "Library Friends Network", Contact: "Nora Example, +00 000 0000", PrivacyText: "We keep **little**.",
		},
		Texts: []petition.Text{
			{N: 1, Language: "en", Binding: true, Title: "Open libraries on Sunday", Addressee: "To everyone who sets opening hours", Body: "Dear neighbours,\n\nopen on *Sunday*.\n"},
			{N: 1, Language: "de", Title: "Bibliotheken sonntags öffnen", Addressee: "An alle, die Öffnungszeiten festlegen", Body: "Liebe Nachbarn,\n\nöffnet am Sonntag.\n"},
		},
	}
}

func newSite(t testing.TB, change ...func(*petition.Campaign)) *site {
	t.Helper()
	keys, err := petition.NewKeys(1, map[byte][]byte{1: bytes.Repeat([]byte("k"), petition.MinSecret)})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{TB: t, keys: keys, now: morning, logged: &lockedBuffer{}, campaign: sample()}
	s.store, err = store.Open(t.Context(), store.Options{DSN: "sqlite:" + filepath.Join(t.TempDir(), "c.db"), Keys: keys, Clock: s.clock})
	s.ok(err)
	t.Cleanup(func() { _ = s.store.Close() })
	for _, c := range change {
		c(s.campaign)
	}
	s.ok(s.store.CreateCampaign(t.Context(), s.campaign))
	s.owner, err = s.store.AddOrganizer(t.Context(), petition.Organizer{Address: "nora@opensunday.example", Name: "Nora Example", Role: petition.RoleOwner, Locale: "en"})
	s.ok(err)
	s.ok(s.store.SetState(t.Context(), s.campaign.ID, petition.Open, s.owner))
	s.serve(s.store)
	return s
}

// serve puts the web over a store, which may inject faults.
func (s *site) serve(st Store) {
	s.Helper()
	set, err := templates.New()
	s.ok(err)
	s.server, err = newServer(Options{
		Store: st, Keys: s.keys, Templates: set, BaseURL: &url.URL{Scheme: "https", Host: "opensunday.example"},
		Log: slog.New(slog.NewTextHandler(io.MultiWriter(s.logged, s.Output()), &slog.HandlerOptions{Level: slog.LevelDebug})), Clock: s.clock,
	})
	s.ok(err)
	s.handler, err = s.server.handler()
	s.ok(err)
}

func (s *site) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// wrote has a mail arrive that signs for the claims, and returns the request that went out.
func (s *site) wrote(from string, claims ...petition.Claim) petition.Notice {
	s.Helper()
	ctx := s.Context()
	lease, err := s.store.Lease(ctx, "mailbox:test", "test", time.Hour)
	s.ok(err)
	s.uid++
	raw := fmt.Appendf(nil, "From: %s\r\nSubject: %d\r\n\r\nbody", from, s.uid)
	ids, err := s.store.Record(ctx, lease, []petition.Fetched{{Place: petition.Place{Mailbox: "main", Folder: "INBOX", UIDValidity: 1, UID: s.uid}, Received: s.clock(), Size: int64(len(raw)), Raw: raw}})
	s.ok(err)
	mails, err := s.store.ClaimMails(ctx, "test", 10, time.Minute)
	s.ok(err)
	if len(ids) != 1 || len(mails) != 1 {
		s.Fatalf("recorded %d, claimed %d", len(ids), len(mails))
	}
	s.ok(s.store.Understood(ctx, []petition.Understanding{{
		MailID: ids[0], Similar: fmt.Sprintf("%x", sha256.Sum256(raw)), NewText: "body",
		Header:  petition.Header{MessageID: fmt.Sprintf("m%d@%s", s.uid, petition.Domain(from)), Date: s.clock(), From: []petition.Address{{Name: "Anna Berg", Address: from}}, Recipients: []string{"sign@opensunday.example"}},
		Origin:  petition.Origin{Automatic: petition.Automatic{Kind: petition.Human}, Authentication: petition.Authentication{DMARC: "pass", AlignedDomain: petition.Domain(from)}},
		Reading: petition.Reading{Reader: "test", Language: "en", Intent: petition.SignOn, Confidence: petition.High, Organizations: claims, Signatories: []petition.Signatory{{Name: "Anna Berg", Title: "Office manager"}}},
	}}))
	undecided, err := s.store.Undecided(ctx, "test", 10, time.Minute)
	s.ok(err)
	for _, id := range undecided {
		out, err := s.store.Decide(ctx, id, petition.Decide)
		s.ok(err)
		for _, n := range out.Notices {
			if n.Kind == petition.NoticeRequest {
				n, err := s.store.Notice(ctx, n.ID)
				s.ok(err)
				return n
			}
		}
	}
	s.Fatal("no request went out")
	return petition.Notice{}
}

func lindenau() petition.Claim {
	return petition.Claim{Name: "City Library Lindenau", Kind: petition.KindOrganization, City: "Leipzig", Country: "Germany", Website: "lindenau.example"}
}

func (s *site) act(a petition.Action) {
	s.Helper()
	a.CampaignID = s.campaign.ID
	if a.OrganizerID != 0 {
		a.Channel = petition.ByDesk
	}
	_, err := s.store.Act(s.Context(), a)
	s.ok(err)
	s.server.letters.expire()
}

func (s *site) endorsement(id int64) *petition.Endorsement {
	s.Helper()
	e, err := s.store.Endorsement(s.Context(), id)
	s.ok(err)
	return e
}

// listed has an organization sign, confirm and be approved.
func (s *site) listed(from string, claim petition.Claim) int64 {
	s.Helper()
	n := s.wrote(from, claim)
	id := n.Shows[0].EndorsementID
	s.act(petition.Action{Kind: petition.ActConfirm, Endorsements: []int64{id}, NoticeID: n.ID, Channel: petition.ByLink})
	s.act(petition.Action{Kind: petition.ActApprove, Endorsements: []int64{id}, OrganizerID: s.owner})
	return id
}

// link is the path of the page that a notice's link opens.
func (s *site) link(n petition.Notice) string {
	return "/c/" + s.keys.Link(petition.PurposeConfirm, &n)
}

// history counts the events of every endorsement: what "nothing changed" means.
func (s *site) history(ids ...int64) int {
	s.Helper()
	n := 0
	for _, id := range ids {
		events, err := s.store.Events(s.Context(), id)
		s.ok(err)
		n += len(events)
	}
	return n
}

type answer struct {
	*httptest.ResponseRecorder
	body string
}

func (s *site) do(method, path string, form url.Values, header ...string) answer {
	s.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(context.WithoutCancel(s.Context()), method, "https://opensunday.example"+path, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://opensunday.example")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return answer{w, w.Body.String()}
}

func (s *site) get(path string, header ...string) answer {
	s.Helper()
	return s.do(http.MethodGet, path, nil, header...)
}

// post sends a form and follows the redirect that ends it.
func (s *site) post(path string, form url.Values, header ...string) answer {
	s.Helper()
	a := s.do(http.MethodPost, path, form, header...)
	if a.Code == http.StatusSeeOther {
		return s.get(a.Header().Get("Location"), header...)
	}
	return a
}

func (s *site) says(a answer, status int, texts ...string) {
	s.Helper()
	if a.Code != status {
		s.Fatalf("status %d, want %d:\n%s", a.Code, status, a.body)
	}
	for _, t := range texts {
		if !strings.Contains(a.body, t) {
			s.Errorf("the page does not say %q:\n%s", t, a.body)
		}
	}
}

func (s *site) saysNot(a answer, texts ...string) {
	s.Helper()
	for _, t := range texts {
		if strings.Contains(a.body, t) {
			s.Errorf("the page says %q:\n%s", t, a.body)
		}
	}
}
