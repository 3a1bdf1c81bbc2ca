package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign/petition"
)

// postgresEnv names a PostgreSQL server (a URL) on which tests may create databases.
const postgresEnv = "COUNTERSIGN_TEST_POSTGRES"

// eachStore runs the test on SQLite and, where a server is named, on PostgreSQL.
func eachStore(t *testing.T, test func(t *testing.T, s *Store), change ...func(*Options)) {
	t.Helper()
	eachDatabase(t, func(t *testing.T, dsn string) {
		test(t, openTest(t, dsn, change...))
	})
}

// eachDatabase runs the test with the address of a migrated, empty database of each engine.
func eachDatabase(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	})
	server := os.Getenv(postgresEnv)
	if server == "" {
		if os.Getenv("CI") == "true" {
			t.Fatalf("set %s to the URL of a PostgreSQL server on which databases may be created", postgresEnv)
		}
		return
	}
	t.Run("postgres", func(t *testing.T) {
		test(t, freshDatabase(t, server))
	})
}

var template struct {
	once sync.Once
	name string
	err  error
}

var databases atomic.Int64

// freshDatabase copies a template that is migrated once a run.
func freshDatabase(t *testing.T, server string) string {
	t.Helper()
	admin, err := sql.Open("postgres", server)
	if err != nil {
		t.Fatal(err)
	}
	template.once.Do(func() {
		template.name = fmt.Sprintf("countersign_template_%d_%d", os.Getpid(), time.Now().UnixNano())
		if _, template.err = admin.Exec(`CREATE DATABASE ` + template.name); template.err == nil {
			_, _, template.err = Migrate(context.Background(), onServer(server, template.name))
		}
	})
	if template.err != nil {
		t.Fatal(template.err)
	}
	name := fmt.Sprintf("%s_%d", template.name, databases.Add(1))
	if _, err := admin.Exec(`CREATE DATABASE ` + name + ` TEMPLATE ` + template.name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(`DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	return onServer(server, name)
}

// TestMain takes the template away again.
func TestMain(m *testing.M) {
	code := m.Run()
	if template.name != "" {
		if admin, err := sql.Open("postgres", os.Getenv(postgresEnv)); err == nil {
			_, _ = admin.Exec(`DROP DATABASE IF EXISTS ` + template.name + ` WITH (FORCE)`)
			_ = admin.Close()
		}
	}
	os.Exit(code)
}

func onServer(server, database string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic(err)
	}
	u.Path = "/" + database
	q := u.Query()
	if !q.Has("sslmode") {
		q.Set("sslmode", "disable")
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// testClock is a clock that tests turn.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// clocks finds a store's clock again.
var clocks sync.Map // *Store → *testClock

func turn(s *Store, d time.Duration) {
	c, _ := clocks.Load(s)
	c.(*testClock).turn(d)
}

const minute = time.Minute

var startOfTest = time.Date(2026, 5, 12, 12, 2, 0, 0, time.UTC)

func testKeys() petition.Keys {
	k, err := petition.NewKeys(1, map[byte][]byte{1: bytes.Repeat([]byte("k"), petition.MinSecret)})
	if err != nil {
		panic(err)
	}
	return k
}

func openTest(t *testing.T, dsn string, change ...func(*Options)) *Store {
	t.Helper()
	clock := &testClock{now: startOfTest}
	o := Options{
		DSN: dsn, Keys: testKeys(), Clock: clock.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Rules: petition.Rules{Own: []string{"sign@opensunday.example"}, AnswerWithin: 72 * time.Hour},
	}
	for _, c := range change {
		c(&o)
	}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	clocks.Store(s, clock)
	t.Cleanup(func() { s.Close() })
	return s
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func got[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func testCampaign(t *testing.T, s *Store) *petition.Campaign {
	t.Helper()
	c := &petition.Campaign{Slug: "opensunday", Settings: petition.Settings{
		Name: "Open on Sunday", Recipient: "the Ministry of Culture", Addresses: []string{"sign@opensunday.example"}, Languages: []string{"en", "de"},
		Zone: "Europe/Brussels", ZoneName: "Brussels time", Controller: "Library Friends Network", Contact: "Nora Example",
		PrivacyText: "We keep little.", Closes: startOfTest.AddDate(0, 1, 0),
	}, Texts: []petition.Text{
		{Language: "de", Title: "Sonntags offen", Body: "Bibliotheken sollen sonntags öffnen."},
		{Language: "en", Binding: true, Title: "Open on Sunday", Body: "Libraries should open on Sundays."},
	}}
	ok(t, s.CreateCampaign(t.Context(), c))
	ok(t, s.SetState(t.Context(), c.ID, petition.Open, 0))
	return got(s.CampaignByID(t.Context(), c.ID))(t)
}

func testOrganizer(t *testing.T, s *Store) int64 {
	t.Helper()
	return got(s.AddOrganizer(t.Context(), petition.Organizer{Address: "Nora@Friends.example", Name: "Nora Example", Role: petition.RoleOwner, Locale: "en", Digest: true}))(t)
}

func testLease(t *testing.T, s *Store) petition.Lease {
	t.Helper()
	return got(s.Lease(t.Context(), "mailbox:info", "here", time.Hour))(t)
}

// signOn is a mail that signs for an organization, as it is understood.
type signOn struct {
	from, name string
	uid        uint32
	similar    string
	codes      []string
	references []petition.Reference
	intent     petition.Intent
	text       string
}

// receive records the mail and what it says, and returns its id.
func receive(t *testing.T, s *Store, m signOn) int64 {
	t.Helper()
	raw := fmt.Sprintf("From: %s\r\nSubject: sign %d\r\n\r\nWe sign: %s\r\n%s", m.from, m.uid, m.name, m.text)
	ids := got(s.Record(t.Context(), testLease(t, s), []petition.Fetched{{
		Place: petition.Place{Mailbox: "info", Folder: "INBOX", UIDValidity: 7, UID: m.uid}, Received: s.Now(), Size: int64(len(raw)), Raw: []byte(raw),
	}}))(t)
	if len(ids) != 1 {
		t.Fatalf("recorded %d mails", len(ids))
	}
	ok(t, s.Understood(t.Context(), []petition.Understanding{understanding(ids[0], m)}))
	return ids[0]
}

func understanding(id int64, m signOn) petition.Understanding {
	u := petition.Understanding{
		MailID: id, Similar: m.similar, Codes: m.codes, References: m.references, NewText: "We sign: " + m.name + "\n" + m.text,
		Header: petition.Header{
			MessageID: fmt.Sprintf("m%d@%s", m.uid, petition.Domain(m.from)), Subject: "We sign",
			From: []petition.Address{{Name: "Anna Berg", Address: m.from}}, Recipients: []string{"sign@opensunday.example"},
		},
		Reading: petition.Reading{Reader: "test", Language: "en", Intent: m.intent, Confidence: petition.High},
		Origin:  petition.Origin{Authentication: petition.Authentication{DMARC: "pass", AlignedDomain: petition.Domain(m.from)}},
	}
	if m.intent == "" {
		u.Reading.Intent = petition.SignOn
	}
	if u.Reading.Intent == petition.SignOn {
		u.Reading.Organizations = []petition.Claim{{Name: m.name, Kind: petition.KindOrganization, City: "Leipzig", Country: "Germany"}}
	}
	return u
}

// sign takes a sign-on all the way to a decided mail and returns its endorsement.
func sign(t *testing.T, s *Store, m signOn) *petition.Endorsement {
	t.Helper()
	out := got(s.Decide(t.Context(), receive(t, s, m), petition.Decide))(t)
	if len(out.New) != 1 {
		t.Fatalf("decided %q, silence %q, %d new", out.Disposition, out.Silence, len(out.New))
	}
	return got(s.Endorsement(t.Context(), out.New[0].ID))(t)
}

func act(t *testing.T, s *Store, a petition.Action) petition.Outcome {
	t.Helper()
	return got(s.Act(t.Context(), a))(t)
}

func confirm(t *testing.T, s *Store, id int64) {
	t.Helper()
	act(t, s, petition.Action{Kind: petition.ActConfirm, Endorsements: []int64{id}, Channel: petition.ByLink, Who: petition.Person{Name: "Anna Berg"}})
}

func approve(t *testing.T, s *Store, id, organizer int64) {
	t.Helper()
	act(t, s, petition.Action{Kind: petition.ActApprove, Endorsements: []int64{id}, OrganizerID: organizer, Channel: petition.ByDesk})
}

// benchDatabases are the addresses of an empty database of each engine.
func benchDatabases(b *testing.B) []string {
	b.Helper()
	all := []string{"sqlite:" + filepath.Join(b.TempDir(), "bench.db")}
	server := os.Getenv(postgresEnv)
	if server == "" {
		return all
	}
	admin, err := sql.Open("postgres", server)
	if err != nil {
		b.Fatal(err)
	}
	name := fmt.Sprintf("countersign_bench_%d", time.Now().UnixNano())
	if _, err := admin.Exec(`CREATE DATABASE ` + name); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_, _ = admin.Exec(`DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)`)
		admin.Close()
	})
	if _, _, err := Migrate(b.Context(), onServer(server, name)); err != nil {
		b.Fatal(err)
	}
	return append(all, onServer(server, name))
}
