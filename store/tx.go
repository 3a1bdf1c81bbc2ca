package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"countersign/petition"
)

// conn is a transaction or a pool, with every argument cleaned on its way: the one
// choke point. PostgreSQL refuses NUL and invalid UTF-8 in text, SQLite keeps them silently.
type conn struct {
	q      sqlx.ExtContext
	store  *Store
	stmts  *statements
	tx     *sqlx.Tx  // nil: a pool
	wanted *[]string // queries of the transaction that are to be prepared after it
}

// tx is one transaction; its clock stands still.
type tx struct {
	conn
	now time.Time
}

func (s *Store) reader() conn { return conn{q: s.read, store: s, stmts: s.reads} }
func (s *Store) writer() conn { return conn{q: s.write, store: s, stmts: s.writes} }

func (c conn) get(ctx context.Context, dest any, query string, args ...any) error {
	var err error
	if stmt := c.statement(ctx, query); stmt != nil { //nolint:sqlclosecheck // kept for the next time
		err = stmt.GetContext(ctx, dest, cleanArgs(args)...)
	} else {
		err = sqlx.GetContext(ctx, c.q, dest, query, cleanArgs(args)...)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return petition.ErrNotFound
	}
	return err
}

func (c conn) list(ctx context.Context, dest any, query string, args ...any) error {
	if stmt := c.statement(ctx, query); stmt != nil { //nolint:sqlclosecheck // kept for the next time
		return stmt.SelectContext(ctx, dest, cleanArgs(args)...)
	}
	return sqlx.SelectContext(ctx, c.q, dest, query, cleanArgs(args)...)
}

// listBinary is list through a prepared statement. lib/pq asks for bytea in binary
// form only then; otherwise every byte of a mail travels as two letters.
func (c conn) listBinary(ctx context.Context, dest any, query string, args ...any) (err error) {
	p, ok := c.q.(sqlx.PreparerContext)
	if !ok {
		return c.list(ctx, dest, query, args...)
	}
	stmt, err := sqlx.PreparexContext(ctx, p, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stmt.Close()) }()
	return stmt.SelectContext(ctx, dest, cleanArgs(args)...)
}

// exec returns how many rows were touched.
func (c conn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	exec := c.q.ExecContext
	if stmt := c.statement(ctx, query); stmt != nil {
		exec = func(ctx context.Context, _ string, args ...any) (sql.Result, error) {
			return stmt.ExecContext(ctx, args...)
		}
	}
	r, err := exec(ctx, query, cleanArgs(args)...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// in appends the values to the arguments and returns "($3,$4)"; for none "(NULL)", which matches nothing.
func in[T any](args *[]any, values []T) string {
	if len(values) == 0 {
		return "(NULL)"
	}
	var b strings.Builder
	for i, v := range values {
		b.WriteString([2]string{",", "("}[btoi(i == 0)])
		*args = append(*args, v)
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(len(*args)))
	}
	b.WriteByte(')')
	return b.String()
}

// padded repeats the last value until their number is a power of two: lists of all
// lengths are a few texts, which stay prepared.
func padded[T any](values []T) []T {
	for n := len(values); n&(n-1) != 0; n++ {
		values = append(values[:n:n], values[n-1])
	}
	return values
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

const tries = 8 // of a transaction that keeps losing races

// inTx runs do in a writing transaction and commits it, again from the start when
// it lost a race. Inside, everything goes through t: the writing connection is taken.
func (s *Store) inTx(ctx context.Context, do func(t *tx) error) error {
	for i := 1; ; i++ {
		err := s.once(ctx, do)
		if full(err) {
			return fmt.Errorf("%w (%w)", petition.ErrFull, err)
		}
		if err == nil || i == tries || !lostRace(err) {
			return err
		}
		wait := time.NewTimer(time.Duration(i) * (2*time.Millisecond + rand.N(8*time.Millisecond))) //nolint:gosec // spreads retries
		select {
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		case <-wait.C:
		}
	}
}

func (s *Store) once(ctx context.Context, do func(t *tx) error) error {
	sqlTx, err := s.write.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer sqlTx.Rollback() // after Commit it does nothing
	var wanted []string
	if err := do(&tx{conn: conn{q: sqlTx, store: s, stmts: s.writes, tx: sqlTx, wanted: &wanted}, now: s.Now()}); err != nil {
		return err
	}
	if err := sqlTx.Commit(); err != nil {
		return err
	}
	for _, query := range wanted {
		s.writes.prepare(ctx, query)
	}
	return nil
}

// cleanArgs cleans every text argument, named string types included.
func cleanArgs(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case string:
			args[i] = cleanText(v)
		case nil, int, int64, bool, []byte, driver.Valuer:
		default:
			if r := reflect.ValueOf(a); r.Kind() == reflect.String {
				args[i] = cleanText(r.String())
			}
		}
	}
	return args
}

// cleanText makes text that both engines keep as it is.
func cleanText(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// toJSON encodes for a text column. NUL is taken out here, too: as \u0000 it would
// pass the column and come back.
func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // our own types always encode
		panic(fmt.Sprintf("store: encode %T: %v", v, err))
	}
	s := string(b)
	if !strings.Contains(s, `\u0000`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], `\u0000`):
			i += 6
		case s[i] == '\\':
			out.WriteString(s[i : i+2])
			i += 2
		default:
			out.WriteByte(s[i])
			i++
		}
	}
	return out.String()
}

// fromJSON decodes a text column; "" leaves the value as it is.
func fromJSON(text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("decode stored %T: %w", into, err)
	}
	return nil
}

// micros is a time as the database keeps it: microseconds since 1970 UTC, 0 for the
// zero time. Text times compare and scan wrongly, and the engines round differently.
type micros int64

func toMicros(t time.Time) micros {
	if t.IsZero() {
		return 0
	}
	return micros(t.UnixMicro())
}

func (m micros) Value() (driver.Value, error) { return int64(m), nil }

func (m micros) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(m)).UTC()
}

// ref is the id of another row, 0 for none, which the database keeps as NULL.
type ref int64

// Value gives NULL for 0.
func (r ref) Value() (driver.Value, error) {
	if r == 0 {
		return nil, nil
	}
	return int64(r), nil
}

// Scan takes NULL as 0.
func (r *ref) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*r = 0
	case int64:
		*r = ref(v)
	default:
		return fmt.Errorf("an id must be a whole number, not %T", v)
	}
	return nil
}
