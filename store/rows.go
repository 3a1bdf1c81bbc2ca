package store

import (
	"context"
	"database/sql/driver"
	"math/bits"
	"reflect"
	"strconv"
	"strings"
)

// maxParams is below what both engines take (SQLite 32,766, PostgreSQL 65,535).
const maxParams = 30000

// insert runs "INSERT … VALUES (…), (…) suffix" for all rows in as few statements as possible.
func (c conn) insert(ctx context.Context, head string, rows [][]any, suffix string) error {
	return c.eachPart(rows, func(values string, args []any) error {
		_, err := c.exec(ctx, head+" "+values+" "+suffix, args...)
		return err
	})
}

// insertReturning is insert whose RETURNING rows are collected.
func insertReturning[T any](ctx context.Context, c conn, head string, rows [][]any, suffix string) ([]T, error) {
	var all []T
	err := c.eachPart(rows, func(values string, args []any) error {
		var got []T
		err := c.list(ctx, &got, head+" "+values+" "+suffix, args...)
		all = append(all, got...)
		return err
	})
	return all, err
}

// eachPart cuts rows into the parts that one statement takes. PostgreSQL takes all,
// as one array a column: planning a list of a thousand parameters cost more than
// storing them. SQLite is quicker with the list.
func (c conn) eachPart(rows [][]any, do func(values string, args []any) error) error {
	if len(rows) == 0 {
		return nil
	}
	if casts := columnTypes(rows[0]); c.store.postgres && casts != nil && len(rows) > 1 {
		values, args := arrays(rows, casts)
		return do(values, args)
	}
	return batches(rows, func(part [][]any) error { return do(c.valueList(part, nil)) })
}

// batches cuts rows into parts whose parameters both engines take.
func batches(rows [][]any, do func([][]any) error) error {
	for len(rows) > 0 {
		n := min(len(rows), maxParams/len(rows[0]))
		if err := do(rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// table is "VALUES …" or the like with its arguments, to stand in a WITH before any
// other parameter of the statement. casts are the columns' types, which nothing else says there.
func (c conn) table(rows [][]any, casts []string) (string, []any) {
	if c.store.postgres {
		return arrays(rows, casts)
	}
	return c.valueList(rows, casts)
}

// eachTable cuts rows into parts as table takes them. For SQLite their lengths are
// powers of two: lists of all lengths are a few texts, which stay prepared.
func (c conn) eachTable(rows [][]any, casts []string, do func(values string, args []any) error) error {
	for len(rows) > 0 {
		n := len(rows)
		if !c.store.postgres {
			n = min(n, maxParams/len(casts))
			n = 1 << (bits.Len(uint(n)) - 1)
		}
		if err := do(c.table(rows[:n], casts)); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// valueList is "VALUES ($1,$2),($3,$4)" with its arguments. With casts the first row says the types.
func (c conn) valueList(rows [][]any, casts []string) (string, []any) {
	var b strings.Builder
	b.WriteString("VALUES ")
	args := make([]any, 0, len(rows)*len(rows[0]))
	for i, row := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for j, v := range row {
			if j > 0 {
				b.WriteByte(',')
			}
			args = append(args, v)
			if casts != nil && i == 0 {
				b.WriteString("CAST(" + c.store.nth(len(args)) + " AS " + casts[j] + ")")
				continue
			}
			b.WriteString(c.store.nth(len(args)))
		}
		b.WriteByte(')')
	}
	return b.String(), args
}

// arrays is "SELECT * FROM unnest(…)" with an array for each column.
func arrays(rows [][]any, casts []string) (string, []any) {
	var b strings.Builder
	b.WriteString("SELECT * FROM unnest(")
	args := make([]any, len(casts))
	for j, cast := range casts {
		if j > 0 {
			b.WriteByte(',')
		}
		b.WriteString("CAST($" + strconv.Itoa(j+1) + " AS " + cast + "[])")
		args[j] = column(rows, j)
	}
	b.WriteByte(')')
	return b.String(), args
}

// column writes a column as PostgreSQL's text form of an array (8.15.6 of its manual).
func column(rows [][]any, j int) string {
	b := []byte{'{'}
	for i, row := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendElement(b, row[j])
	}
	return string(append(b, '}'))
}

func appendElement(b []byte, v any) []byte {
	if valuer, is := v.(driver.Valuer); is {
		v, _ = valuer.Value() // ours never fail
	}
	if v == nil {
		return append(b, "NULL"...)
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(b, r.Bool())
	case reflect.Int, reflect.Int64:
		return strconv.AppendInt(b, r.Int(), 10)
	default:
		b = append(b, '"')
		text := cleanText(r.String())
		for i := strings.IndexAny(text, `"\`); i >= 0; i = strings.IndexAny(text, `"\`) {
			b = append(append(append(b, text[:i]...), '\\'), text[i])
			text = text[i+1:]
		}
		return append(append(b, text...), '"')
	}
}

const longText = 512 // bytes

// columnTypes are the types of a row's columns, nil where an array is not the way: bytes
// would travel as letters, and long texts are quicker as parameters of their own.
func columnTypes(row []any) []string {
	types := make([]string, len(row))
	for j, v := range row {
		if v == nil {
			return nil
		}
		switch r := reflect.ValueOf(v); r.Kind() {
		case reflect.Bool:
			types[j] = "BOOLEAN"
		case reflect.Int, reflect.Int64:
			types[j] = "BIGINT"
		case reflect.String:
			if r.Len() > longText {
				return nil
			}
			types[j] = "TEXT"
		default:
			return nil
		}
	}
	return types
}
