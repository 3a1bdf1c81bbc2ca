// Package store keeps everything that Countersign knows: in PostgreSQL, or in one
// SQLite file. Every query is written once, with $1 placeholders; whatever differs
// between the two engines stands in this file.
//
// A method is one transaction: it happened as a whole, or it did not and the error
// says why. Errors that callers branch on are petition's (ErrNotFound, ErrConflict,
// ErrLeaseLost, ErrToken, ErrNewer, ErrBusy, ErrFull, ErrIncomplete); every other error is a
// fault of the machine or the database, and trying again later is right: no method
// has an effect twice. Transactions that lose a race (serialization failure,
// deadlock, a busy file) are repeated inside.
//
// SQLite has one writing connection and a pool that only reads; a lock beside the
// file keeps a second serve away. PostgreSQL is shared by any number of processes.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/jmoiron/sqlx"
	"github.com/jmoiron/sqlx/reflectx"
	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"countersign/petition"
)

// Options is what a store is opened with. DSN and Keys are needed.
type Options struct {
	DSN       string            // "sqlite:PATH", or "postgres://…" (sslmode and binary_parameters are added when absent)
	Keys      petition.Keys     // makes Message-IDs, reads references and codes
	Rules     petition.Rules    // of the installation; SetRules changes them
	Fallback  map[string]string // mailbox name → slug of its default campaign
	Clock     func() time.Time  // nil: time.Now
	Log       *slog.Logger      // nil: nothing is logged
	Retention Retention
	Holder    string // names this process among all that share the database: see Attend
	Shared    bool   // SQLite: a short command beside a running serve; takes no lock and never migrates
}

// Retention says how long mails keep their bytes. Zero keeps them.
type Retention struct {
	Raw      time.Duration // bytes and text of every mail
	NoSignOn time.Duration // of mail that is nobody's signature (U09)
}

// Store is the database. It is safe for use by many goroutines.
type Store struct {
	write    *sqlx.DB // PostgreSQL: the pool; SQLite: the one writing connection
	read     *sqlx.DB // PostgreSQL: the same pool; SQLite: connections that only read
	writes   *statements
	reads    *statements
	postgres bool
	lock     *os.File // SQLite: held while open
	keys     petition.Keys
	fallback map[string]string
	holder   string
	dsn      string // PostgreSQL: with what was added
	clock    func() time.Time
	log      *slog.Logger
	retain   Retention
	handover *handover

	migrations fs.FS

	mu    sync.Mutex
	rules petition.Rules
	known map[int64]*petition.Campaign // parsed campaigns by id, valid for their revision; never changed
}

// Open connects to the database. SQLite files are made and migrated here, after a
// copy of the old file; a second process gets petition.ErrBusy. A PostgreSQL
// database must be migrated before (Migrate); petition.ErrNewer means that this
// program is too old.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := connect(o.DSN, !o.Shared)
	if err != nil {
		return nil, err
	}
	s.keys, s.rules, s.fallback, s.retain, s.holder = o.Keys, o.Rules, o.Fallback, o.Retention, o.Holder
	if o.Clock != nil {
		s.clock = o.Clock
	}
	if o.Log != nil {
		s.log = o.Log
	}
	if err := s.prepare(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context, o Options) error {
	if !s.postgres && !o.Shared {
		if _, _, err := s.migrate(ctx); err != nil {
			return err
		}
		return s.takeOver(ctx)
	}
	have, want, err := s.version(ctx)
	switch {
	case err != nil:
		return err
	case have > want:
		return newer(have, want)
	case have < want:
		return fmt.Errorf("the database has schema version %d, this program needs %d: run `countersign migrate up`", have, want)
	}
	return nil
}

// Close ends all connections and lets go of the file.
func (s *Store) Close() error {
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.reader().get(ctx, &one, `SELECT 1`)
}

// Now is the store's clock: UTC, whole microseconds, as the database keeps times.
func (s *Store) Now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// SetRules changes the installation's rules for every later decision.
func (s *Store) SetRules(r petition.Rules) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = r
}

func (s *Store) currentRules() petition.Rules {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rules
}

// --- what differs between the engines ---

const sqlitePrefix = "sqlite:"

// connect opens the pools without asking the database anything yet.
func connect(dsn string, exclusive bool) (*Store, error) {
	s := &Store{known: make(map[int64]*petition.Campaign), handover: newHandover(), migrations: embedded, clock: time.Now, log: slog.New(slog.DiscardHandler)}
	if path, ok := strings.CutPrefix(dsn, sqlitePrefix); ok {
		if exclusive {
			lock, err := lockFile(path)
			if err != nil {
				return nil, err
			}
			s.lock = lock
		}
		s.write, s.read = open("sqlite", sqliteDSN(path, false)), open("sqlite", sqliteDSN(path, true))
		s.write.SetMaxOpenConns(1)
		s.read.SetMaxOpenConns(4)
		s.read.SetMaxIdleConns(4)
		s.writes, s.reads = newStatements(s.write), newStatements(s.read)
		return s, nil
	}
	url, err := postgresURL(dsn)
	if err != nil {
		return nil, err
	}
	s.postgres, s.dsn = true, url
	s.write = open("postgres", url)
	s.write.SetMaxOpenConns(16)
	s.write.SetMaxIdleConns(16)
	s.read = s.write
	s.writes = newStatements(s.write)
	s.reads = s.writes
	return s, nil
}

func open(driverName, dsn string) *sqlx.DB {
	db, err := sql.Open(driverName, dsn)
	if err != nil { // only for an unknown driver name
		panic(err)
	}
	x := sqlx.NewDb(db, driverName)
	x.Mapper = reflectx.NewMapperFunc("db", snakeCase)
	return x
}

// snakeCase is the column of a field: "CampaignID" is campaign_id.
func snakeCase(field string) string {
	var b strings.Builder
	for i, r := range field {
		upper := r >= 'A' && r <= 'Z'
		if upper && i > 0 && (field[i-1] >= 'a' && field[i-1] <= 'z') {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// sqliteDSN sets everything for each connection: a PRAGMA by Exec would reach one only.
func sqliteDSN(path string, readOnly bool) string {
	q := url.Values{
		"_pragma": {"page_size(8192)", "foreign_keys(1)", "busy_timeout(10000)", "temp_store(2)", "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(8000)"}, // mails fill pages; what undoes one statement stays in memory; NORMAL may lose the last commits on power loss; 64 MB between checkpoints
		"_txlock": {"immediate"},
	}
	if readOnly {
		q["_pragma"] = []string{"busy_timeout(10000)", "query_only(1)"}
		q["_txlock"] = []string{"deferred"}
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

// postgresURL adds what lib/pq should not be left to guess.
func postgresURL(dsn string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", errors.New(`the database address must be "sqlite:PATH" or "postgres://USER@HOST/NAME"`) // never with the text: it may hold a password
	}
	q := u.Query()
	set := func(key, value string) {
		if !q.Has(key) {
			q.Set(key, value)
		}
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); host == "localhost" || host == "" || ip != nil && ip.IsLoopback() {
		set("sslmode", "disable")
	}
	set("sslmode", "require")
	set("binary_parameters", "yes") // one round trip fewer, and bytes as they are
	set("connect_timeout", "10")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// forUpdate locks the selected rows; SQLite's writer has the whole file already.
func (s *Store) forUpdate() string {
	if s.postgres {
		return " FOR UPDATE"
	}
	return ""
}

// forShare keeps others from changing the rows, and lets them read and share them.
func (s *Store) forShare() string {
	if s.postgres {
		return " FOR SHARE"
	}
	return ""
}

// among is "= any of what the sub-select gives", skipping rows that another process
// has locked. As ARRAY the sub-select runs once, so LIMIT holds.
func (s *Store) among(selection string) string {
	if s.postgres {
		return "= ANY(ARRAY(" + selection + " FOR UPDATE SKIP LOCKED))"
	}
	return "IN (" + selection + ")"
}

// nth is the n-th parameter of a statement that counts them from the first. SQLite
// searches all named ones ($1 is a name to it) for each: a thousand cost a million steps.
func (s *Store) nth(n int) string {
	if s.postgres {
		return "$" + strconv.Itoa(n)
	}
	return "?"
}

// databaseNow is the database's own clock in microseconds.
func (s *Store) databaseNow() string {
	if s.postgres {
		return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
	}
	return "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
}

// lockSchema keeps a second migration out until the transaction ends.
func (s *Store) lockSchema(ctx context.Context, t *tx) error {
	if !s.postgres {
		return nil
	}
	_, err := t.exec(ctx, `SELECT pg_advisory_xact_lock(7236101)`)
	return err
}

// hasTable tells whether the table exists.
func (s *Store) hasTable(ctx context.Context, c conn, name string) (bool, error) {
	query := `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1`
	if s.postgres {
		query = `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1`
	}
	var n int
	err := c.get(ctx, &n, query, name)
	return n > 0, err
}

// lostRace reports errors after which the same transaction may simply run again.
func lostRace(err error) bool {
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return e.Code == "40001" || e.Code == "40P01" || e.Code == "23505" // serialization failure, deadlock, two made the same row
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == sqlite3.SQLITE_BUSY || e.Code()&0xff == sqlite3.SQLITE_LOCKED
	}
	return false
}

// full reports that the database has no room left.
func full(err error) bool {
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return e.Code == "53100" // disk_full
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == sqlite3.SQLITE_FULL
}

// badRow reports errors that one row of many may be to blame for: then each is tried by itself.
func badRow(err error) bool {
	if errors.Is(err, driver.ErrBadConn) {
		return false
	}
	if e, ok := errors.AsType[*pq.Error](err); ok {
		class := e.Code.Class()
		return class == "22" || class == "23" || class == "54" // bad data, a constraint, too much
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH:
			return true
		}
	}
	return false
}
