package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/lib/pq" // to make databases

	"countersign/e2e/servers"
)

const (
	backlogMails  = 10_000
	backlogRounds = 3
)

// backlog measures the first connection to a full mailbox.
func backlog(ctx context.Context, t *table) error {
	dovecot, err := servers.StartDovecot(ctx)
	if err != nil {
		return err
	}
	defer dovecot.Stop()
	postgres, err := servers.StartDurablePostgres(ctx)
	if err != nil {
		return err
	}
	defer postgres.Stop()
	size, err := generate(dovecot.Maildir("bench"), backlogMails, servers.Own)
	if err != nil {
		return err
	}
	b := &backlogRun{dovecot: dovecot, postgres: postgres}
	defer b.clean()
	if b.dir, err = os.MkdirTemp("", "csb"); err != nil {
		return err
	}
	if _, err := b.socket(ctx); err != nil { // Dovecot makes its index at the first visit
		return err
	}
	for range backlogRounds {
		if err := b.round(ctx); err != nil {
			return err
		}
	}
	if err := b.peers(ctx); err != nil {
		return err
	}
	b.report(t, size)
	return nil
}

type backlogRun struct {
	dovecot  *servers.Dovecot
	postgres *servers.Postgres
	dir      string
	n        int
	took     map[string][]time.Duration
	rss      int64
}

func (b *backlogRun) clean() { _ = os.RemoveAll(b.dir) }

func (b *backlogRun) add(what string, d time.Duration) {
	if b.took == nil {
		b.took = map[string][]time.Duration{}
	}
	b.took[what] = append(b.took[what], d)
	fmt.Fprintf(os.Stderr, "  %-24s %s, %.0f MB at most so far\n", what, seconds(d), float64(b.rss)/1e6)
}

func (b *backlogRun) socket(ctx context.Context) (time.Duration, error) {
	r, err := child(ctx, "socket", b.dovecot.Addr, "bench", servers.DovecotPassword)
	return r.took(), err
}

// round lets everything that is compared take its turn once.
func (b *backlogRun) round(ctx context.Context) error {
	d, err := b.socket(ctx)
	if err != nil {
		return err
	}
	b.add("socket", d)
	for _, what := range []string{"record", "understand"} {
		for _, engine := range []string{"postgres", "sqlite"} {
			dsn, err := b.database(ctx, engine)
			if err != nil {
				return err
			}
			r, err := child(ctx, what, dsn, b.dovecot.Addr, "bench", servers.DovecotPassword, fmt.Sprint(backlogMails))
			if err != nil {
				return err
			}
			if r.N < backlogMails {
				return fmt.Errorf("%s on %s: %d mails of %d", what, engine, r.N, backlogMails)
			}
			b.rss = max(b.rss, r.RSS)
			b.add(what+" "+engine, r.took())
		}
	}
	return nil
}

// database is a new, empty one.
func (b *backlogRun) database(ctx context.Context, engine string) (string, error) {
	b.n++
	if engine == "sqlite" {
		return "sqlite:" + filepath.Join(b.dir, fmt.Sprintf("%d.db", b.n)), nil
	}
	db, err := sql.Open("postgres", b.postgres.DSN)
	if err != nil {
		return "", err
	}
	defer db.Close()
	name := fmt.Sprintf("bench%d", b.n)
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	return strings.Replace(b.postgres.DSN, "/postgres?", "/"+name+"?", 1), nil
}

// peers run once each: they take long, and the distance is what counts.
func (b *backlogRun) peers(ctx context.Context) error {
	host, port, err := net.SplitHostPort(b.dovecot.Addr)
	if err != nil {
		return err
	}
	for _, sync := range []string{"yes", "no"} {
		conf := filepath.Join(b.dir, "mbsync-"+sync)
		text := fmt.Sprintf("FSync %s\nIMAPAccount a\nHost %s\nPort %s\nUser bench\nPass %s\nSSLType None\nAuthMechs LOGIN\n\nIMAPStore far\nAccount a\n\nMaildirStore near\nPath %s/\nInbox %s\n\nChannel c\nFar :far:\nNear :near:\nSync Pull\nSyncState *\n",
			sync, host, port, servers.DovecotPassword, filepath.Join(b.dir, "m"+sync), filepath.Join(b.dir, "m"+sync, "inbox"))
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(b.dir, "m"+sync), 0o700); err != nil {
			return err
		}
		if err := b.peer(ctx, "mbsync FSync "+sync, "mbsync", "-c", conf, "c"); err != nil {
			return err
		}
	}
	rc := filepath.Join(b.dir, "fetchmailrc")
	text := fmt.Sprintf("poll %s service %s protocol imap auth password user bench password %s sslproto '' keep fetchall\n", host, port, servers.DovecotPassword)
	if err := os.WriteFile(rc, []byte(text), 0o600); err != nil {
		return err
	}
	return b.peer(ctx, "fetchmail --bsmtp", "fetchmail", "-f", rc, "--pidfile", filepath.Join(b.dir, "pid"), "-i", filepath.Join(b.dir, "ids"), "--bsmtp", filepath.Join(b.dir, "out.bsmtp"))
}

func (b *backlogRun) peer(ctx context.Context, what, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Run(); err != nil {
		tail := out.String()
		return fmt.Errorf("%s: %w: %s", what, err, tail[max(0, len(tail)-500):])
	}
	b.add(what, time.Since(start))
	return nil
}

func (b *backlogRun) report(t *table, size int64) {
	t.part("A mailbox of 10,000 mails", fmt.Sprintf("%d mails, %.0f MB, in Dovecot. Ratios are to a bare socket that reads the same bytes and keeps none.\nThe other programs write each mail to disk.", backlogMails, float64(size)/1e6))
	limit := median(b.took["socket"])
	t.row("bare socket", seconds(limit), "1.00 x", "")
	for _, r := range []struct{ key, what, goal string }{
		{"record postgres", "recorded in PostgreSQL", "5 x"},
		{"record sqlite", "recorded in SQLite", "5 x"},
		{"understand postgres", "recorded, read, reading stored in PostgreSQL", "10 x"},
		{"understand sqlite", "recorded, read, reading stored in SQLite", "10 x"},
		{"mbsync FSync no", "mbsync without fsync", ""},
		{"mbsync FSync yes", "mbsync as it comes", ""},
		{"fetchmail --bsmtp", "fetchmail --bsmtp", ""},
	} {
		t.row(r.what, seconds(median(b.took[r.key])), times(median(b.took[r.key]), limit), r.goal)
	}
	t.row("most memory of one process", fmt.Sprintf("%.0f MB", float64(b.rss)/1e6), "", "100 MB + 6 x the largest mail")
}

// workSocket reads all mails as fast as a socket can. Arguments: server, user, password.
func workSocket(ctx context.Context, args []string) (result, error) {
	var dialer net.Dialer
	start := time.Now()
	conn, err := dialer.DialContext(ctx, "tcp", args[0])
	if err != nil {
		return result{}, err
	}
	defer conn.Close()
	fmt.Fprintf(conn, "a LOGIN %s %s\r\nb SELECT INBOX\r\nc UID FETCH 1:* (UID BODY.PEEK[])\r\nd LOGOUT\r\n", args[1], args[2])
	r := bufio.NewReaderSize(conn, 256<<10)
	buf := make([]byte, 256<<10)
	var tail []byte
	for {
		n, err := r.Read(buf)
		tail = append(tail, buf[:n]...)
		if i := max(0, len(tail)-200); bytes.Contains(tail[i:], []byte("\r\nd OK")) {
			return result{Seconds: time.Since(start).Seconds()}, nil
		} else if i > 0 {
			tail = append(tail[:0], tail[i:]...)
		}
		if errors.Is(err, io.EOF) {
			return result{}, errors.New("the server closed before the end")
		}
		if err != nil {
			return result{}, err
		}
	}
}
