package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"countersign/petition"
)

func TestMigrationsHaveEqualNames(t *testing.T) {
	names := func(engine string) []string {
		files := got(fs.Glob(embedded, "migrations/"+engine+"/*"))(t)
		for i := range files {
			files[i] = filepath.Base(files[i])
		}
		return files
	}
	if p, s := names("postgres"), names("sqlite"); len(p) == 0 || !slices.Equal(p, s) {
		t.Fatalf("postgres has %v, sqlite has %v", p, s)
	}
}

// withMigration is the embedded migrations and one more for both engines.
func withMigration(t *testing.T, text string) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	ok(t, fs.WalkDir(embedded, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(embedded, path)
		all[path] = &fstest.MapFile{Data: data}
		return err
	}))
	for _, engine := range []string{"postgres", "sqlite"} {
		all["migrations/"+engine+"/9999_more.sql"] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

// migrateWith migrates the database as a later program would.
func migrateWith(t *testing.T, dsn string, files fs.FS) (from, to int, err error) {
	t.Helper()
	s := got(connect(dsn, true))(t)
	defer s.Close()
	s.migrations = files
	return s.migrate(t.Context())
}

func TestMigrationKeepsWhatWasThere(t *testing.T) {
	eachDatabase(t, func(t *testing.T, dsn string) {
		s := openTest(t, dsn)
		c := testCampaign(t, s)
		have, want, err := SchemaVersion(t.Context(), dsn)
		if err != nil || have != want || have == 0 {
			t.Fatalf("schema %d of %d: %v", have, want, err)
		}
		ok(t, s.Close())
		from, to, err := migrateWith(t, dsn, withMigration(t, `ALTER TABLE campaigns ADD COLUMN colour TEXT NOT NULL DEFAULT 'green'; CREATE TABLE more (n INTEGER);`))
		if err != nil || from != have || to != have+1 {
			t.Fatalf("from %d to %d: %v", from, to, err)
		}
		again := got(connect(dsn, false))(t)
		defer again.Close()
		var row struct{ Slug, Colour string }
		ok(t, again.reader().get(t.Context(), &row, `SELECT slug, colour FROM campaigns`))
		if row.Slug != c.Slug || row.Colour != "green" {
			t.Errorf("after the migration: %+v", row)
		}
		if path, isFile := strings.CutPrefix(dsn, "sqlite:"); isFile {
			copied := openTest(t, fmt.Sprintf("sqlite:%s.before-%d", path, to))
			if got(copied.Campaign(t.Context(), c.Slug))(t).ID != c.ID {
				t.Error("the copy does not hold the campaign")
			}
		}
	})
}

// upTo is the embedded migrations up to a version.
func upTo(t *testing.T, version int) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	for _, engine := range []string{"postgres", "sqlite"} {
		for _, path := range got(fs.Glob(embedded, "migrations/"+engine+"/*"))(t)[:version] {
			all[path] = &fstest.MapFile{Data: got(fs.ReadFile(embedded, path))(t)}
		}
	}
	return all
}

// TestUpgradeFromFirstSchema opens what the first program left behind, with every
// migration that came since.
func TestUpgradeFromFirstSchema(t *testing.T) {
	eachDatabase(t, func(t *testing.T, dsn string) {
		old := got(connect(dsn, true))(t)
		if old.postgres {
			_, err := old.writer().exec(t.Context(), `DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
			ok(t, err)
		}
		old.migrations = upTo(t, 1)
		_, _, err := old.migrate(t.Context())
		ok(t, err)
		_, err = old.writer().exec(t.Context(), string(got(os.ReadFile("testdata/v1.sql"))(t)))
		ok(t, err)
		_, err = old.writer().exec(t.Context(), `INSERT INTO mail_bytes (mail_id, raw) VALUES (3, $1)`, []byte("From: office@late.example\r\n"))
		ok(t, err)
		ok(t, old.Close())
		if _, _, err := Migrate(t.Context(), dsn); err != nil {
			t.Fatal(err)
		}
		s := openTest(t, dsn)
		c := got(s.Campaign(t.Context(), "opensunday"))(t)
		if c.Name != "Open on Sunday" || c.State != petition.Open || len(c.Texts) != 2 {
			t.Errorf("campaign: %+v", c)
		}
		list := got(s.PublicList(t.Context(), c.ID))(t)
		if len(list) != 1 || list[0].Number != 1 || list[0].Fields.Name != "City Library Lindenau" {
			t.Errorf("list: %+v", list)
		}
		for _, e := range got(s.Find(t.Context(), []int64{c.ID}, "example", 10))(t) {
			checkFold(t, s, e.ID)
		}
		waiting := got(s.Undecided(t.Context(), "w", 5, minute))(t)
		if len(waiting) != 1 || string(got(s.Mail(t.Context(), waiting[0]))(t).Raw) != "From: office@late.example\r\n" {
			t.Fatalf("undecided: %v", waiting)
		}
		if out := got(s.Decide(t.Context(), waiting[0], petition.Decide))(t); out.Disposition != petition.DispSignOn {
			t.Errorf("decided: %+v", out)
		}
		if due, _, err := s.QueueLength(t.Context()); err != nil || due != 2 {
			t.Errorf("%d notices due, %v", due, err)
		}
	})
}

func TestFailedMigrationChangesNothing(t *testing.T) {
	eachDatabase(t, func(t *testing.T, dsn string) {
		ok(t, openTest(t, dsn).Close())
		if _, _, err := migrateWith(t, dsn, withMigration(t, `CREATE TABLE half (n INTEGER); SELECT nonsense FROM nowhere;`)); err == nil {
			t.Fatal("nonsense was applied")
		}
		s := openTest(t, dsn)
		if exists := got(s.hasTable(t.Context(), s.reader(), "half"))(t); exists {
			t.Error("half a migration stayed")
		}
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	eachDatabase(t, func(t *testing.T, dsn string) {
		ok(t, openTest(t, dsn).Close())
		if _, _, err := migrateWith(t, dsn, withMigration(t, `CREATE TABLE later (n INTEGER)`)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), Options{DSN: dsn, Keys: testKeys()}); !errors.Is(err, petition.ErrNewer) {
			t.Errorf("Open: %v", err)
		}
		if _, _, err := Migrate(t.Context(), dsn); !errors.Is(err, petition.ErrNewer) {
			t.Errorf("Migrate: %v", err)
		}
	})
}

func TestOldPostgresSchemaNamesTheRemedy(t *testing.T) {
	eachDatabase(t, func(t *testing.T, dsn string) {
		if strings.HasPrefix(dsn, "sqlite:") {
			return // migrates by itself
		}
		s := got(connect(dsn, false))(t)
		defer s.Close()
		_, err := s.writer().exec(t.Context(), `DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
		ok(t, err)
		if _, err := Open(t.Context(), Options{DSN: dsn, Keys: testKeys()}); err == nil || !strings.Contains(err.Error(), "countersign migrate up") {
			t.Fatalf("Open of an empty database: %v", err)
		}
		var starts sync.WaitGroup
		for range 4 {
			starts.Go(func() {
				if _, _, err := Migrate(t.Context(), dsn); err != nil {
					t.Error(err)
				}
			})
		}
		starts.Wait()
		ok(t, openTest(t, dsn).Close())
	})
}

func TestSecondOpenOfOneFile(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "with space & ?.db")
	s := openTest(t, dsn)
	_, err := Open(t.Context(), Options{DSN: dsn, Keys: testKeys()})
	if !errors.Is(err, petition.ErrBusy) || !strings.Contains(err.Error(), "stop the other") {
		t.Fatalf("second Open: %v", err)
	}
	beside := got(Open(t.Context(), Options{DSN: dsn, Keys: testKeys(), Shared: true}))(t)
	testCampaign(t, beside)
	ok(t, beside.Close())
	if all := got(s.Campaigns(t.Context()))(t); len(all) != 1 {
		t.Errorf("serve sees %d campaigns", len(all))
	}
	ok(t, s.Close())
	ok(t, openTest(t, dsn).Close())
	if _, err := os.Stat(strings.TrimPrefix(dsn, "sqlite:")); err != nil {
		t.Error(err)
	}
}

func TestAddressNeedsAKnownScheme(t *testing.T) {
	for _, dsn := range []string{"", "mysql://u:secret@h/db", "/tmp/x.db", "postgres://%zz"} {
		_, err := Open(t.Context(), Options{DSN: dsn})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", dsn, err)
		}
	}
}

func TestPostgresURL(t *testing.T) {
	for _, test := range []struct{ name, dsn, want string }{
		{"loopback", "postgres://u@127.0.0.1/db", "postgres://u@127.0.0.1/db?binary_parameters=yes&connect_timeout=10&sslmode=disable"},
		{"remote", "postgres://u@db.example/db", "postgres://u@db.example/db?binary_parameters=yes&connect_timeout=10&sslmode=require"},
		{"said", "postgresql://u@db.example/db?sslmode=verify-full&connect_timeout=3", "postgresql://u@db.example/db?binary_parameters=yes&connect_timeout=3&sslmode=verify-full"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if url := got(postgresURL(test.dsn))(t); url != test.want {
				t.Errorf("got %s", url)
			}
		})
	}
}
