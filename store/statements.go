package store

import (
	"context"
	"sync"

	"github.com/jmoiron/sqlx"
)

// statements keeps a pool's often used queries prepared: parsing and planning them
// anew each time cost a third of sending a mail. A query is prepared when it comes
// the third time, so that texts with lists of changing length do not fill the room.
type statements struct {
	db   *sqlx.DB
	mu   sync.Mutex
	made map[string]*sqlx.Stmt
	used map[string]int
}

const (
	prepareAfter  = 3   // uses
	maxStatements = 200 // prepared at the most
	maxCounted    = 2000
)

func newStatements(db *sqlx.DB) *statements {
	return &statements{db: db, made: map[string]*sqlx.Stmt{}, used: map[string]int{}}
}

// find returns the query's statement, or nil; due means that it is worth preparing now.
func (s *statements) find(query string) (stmt *sqlx.Stmt, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stmt := s.made[query]; stmt != nil {
		return stmt, false
	}
	if len(s.made) >= maxStatements || len(s.used) >= maxCounted && s.used[query] == 0 {
		return nil, false
	}
	s.used[query]++
	return nil, s.used[query] >= prepareAfter
}

// prepare makes the statement, outside any transaction: SQLite's one writing
// connection would wait for itself. nil where it cannot be made: then the query
// runs as it is, and says itself what is wrong with it.
func (s *statements) prepare(ctx context.Context, query string) *sqlx.Stmt {
	stmt, err := s.db.PreparexContext(ctx, query)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.made[query]; other != nil {
		_ = stmt.Close() //nolint:sqlclosecheck // somebody was quicker; this one was never used
		return other
	}
	s.made[query] = stmt
	delete(s.used, query)
	return stmt
}

// statement is the query's prepared statement for this conn, nil where there is none.
func (c conn) statement(ctx context.Context, query string) *sqlx.Stmt {
	stmt, due := c.stmts.find(query)
	if c.tx == nil {
		if stmt == nil && due {
			stmt = c.stmts.prepare(ctx, query)
		}
		return stmt
	}
	if stmt == nil {
		if due && c.wanted != nil {
			*c.wanted = append(*c.wanted, query)
		}
		return nil
	}
	return c.tx.StmtxContext(ctx, stmt)
}
