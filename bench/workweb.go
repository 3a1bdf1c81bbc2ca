package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"countersign/petition"
	"countersign/templates"
	"countersign/web"
)

// entered is how many signatures are entered as an organizer enters them; a longer
// list has copies of them.
const entered = 1000

func benchName(i int) string { return fmt.Sprintf("Reading Circle %d", i) }

// workWeb serves a campaign with signatures until it is told to stop. Arguments:
// DSN of SQLite, address, how many (a multiple of entered).
func workWeb(ctx context.Context, args []string) error {
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	if err := enterSignatures(ctx, args[0]); err != nil {
		return err
	}
	if err := copySignatures(ctx, args[0], n/entered); err != nil {
		return fmt.Errorf("copy the list: %w", err)
	}
	st, err := openStore(ctx, args[0])
	if err != nil {
		return err
	}
	defer st.Close()
	set, err := templates.New()
	if err != nil {
		return err
	}
	base := &url.URL{Scheme: "http", Host: args[1]}
	handler, err := web.New(web.Options{Store: st, Keys: benchKeys(), Templates: set, BaseURL: base, Log: benchLog()})
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", args[1])
	if err != nil {
		return err
	}
	return web.Serve(ctx, l, handler, benchLog())
}

func enterSignatures(ctx context.Context, dsn string) error {
	st, err := openStore(ctx, dsn)
	if err != nil {
		return err
	}
	defer st.Close()
	c, organizer, err := openCampaign(ctx, st)
	if err != nil {
		return err
	}
	for i := range entered {
		_, err := st.Act(ctx, petition.Action{
			Kind: petition.ActEnter, CampaignID: c.ID, OrganizerID: organizer, Channel: petition.ByDesk, Language: "en", Why: "on paper",
			Fields: petition.Fields{Kind: petition.KindOrganization, Name: benchName(i), City: "Lindmark", Country: "FI"},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// copySignatures makes the list that many times as long, in SQL: entering 100,000 by
// the rules takes minutes, and the page asks for no more than these two tables.
func copySignatures(ctx context.Context, dsn string, times int) error {
	db, err := sql.Open("sqlite", strings.TrimPrefix(dsn, "sqlite:"))
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, table := range []struct {
		name, key string
		shifted   []string
	}{{"endorsements", "id", []string{"id", "number"}}, {"versions", "endorsement_id", []string{"endorsement_id"}}} {
		into, from, err := columnsOf(ctx, tx, table.name, table.shifted)
		if err != nil {
			return err
		}
		for k := 1; k < times; k++ {
			// The names of the tables and columns are the schema's.
			query := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s<=$2", table.name, into, from, table.name, table.key) //nolint:gosec // as said
			if _, err := tx.ExecContext(ctx, query, k*entered, entered); err != nil {                                                 //nolint:gosec // as said
				return err
			}
		}
	}
	return tx.Commit()
}

// columnsOf lists a table's columns, to insert into and to select: the shifted ones
// with $1 added, the fields with names that repeat nowhere.
func columnsOf(ctx context.Context, tx *sql.Tx, table string, shifted []string) (into, from string, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT name FROM pragma_table_info($1)", table)
	if err != nil {
		return "", "", err
	}
	defer rows.Close()
	var names, values []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return "", "", err
		}
		value := name
		switch {
		case slices.Contains(shifted, name):
			value += "+$1"
		case name == "fields":
			value = "replace(fields, 'Reading Circle', 'Walking Club ' || ($1+endorsement_id) || ' of')"
		}
		names, values = append(names, name), append(values, value)
	}
	return strings.Join(names, ","), strings.Join(values, ","), rows.Err()
}
