package servers

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"strings"
	"testing"

	_ "github.com/lib/pq"
)

// TestMain runs these tests only where real servers were asked for; then a missing one fails.
func TestMain(m *testing.M) {
	if os.Getenv("COUNTERSIGN_E2E") != "1" {
		fmt.Println("these tests need real servers: 'make e2e' runs them")
		return
	}
	os.Exit(m.Run())
}

func TestDovecotLogsAnybodyIn(t *testing.T) {
	d := For(t, StartDovecot)
	conn, err := net.Dial("tcp", d.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	fmt.Fprintf(conn, "a LOGIN anybody %s\r\nb SELECT Processed\r\n", DovecotPassword)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("%v\n%s", err, d.Log())
		}
		if strings.HasPrefix(line, "b ") {
			if !strings.HasPrefix(line, "b OK") {
				t.Fatalf("SELECT: %s", line)
			}
			return
		}
	}
}

func TestPostgresAnswers(t *testing.T) {
	p := For(t, StartPostgres)
	db, err := sql.Open("postgres", p.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var encoding string
	if err := db.QueryRowContext(t.Context(), "SHOW server_encoding").Scan(&encoding); err != nil || encoding != "UTF8" {
		t.Fatalf("server_encoding = %q, %v", encoding, err)
	}
}

func TestSinkKeepsWhatItTook(t *testing.T) {
	s := For(t, func(ctx context.Context) (*Sink, error) { return StartSink(ctx) })
	body := "Subject: one\r\n\r\nhello\r\n"
	if err := smtp.SendMail(s.Addr, nil, "a@example.org", []string{"b@example.org"}, []byte(body)); err != nil {
		t.Fatal(err)
	}
	mails, err := s.Mails()
	if err != nil || len(mails) != 1 || !strings.Contains(string(mails[0]), "Subject: one") {
		t.Fatalf("mails = %q, %v", mails, err)
	}
}

func TestChromiumStarts(t *testing.T) {
	path, flags, err := Chromium()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--user-data-dir=" + t.TempDir(), "--dump-dom"}
	for _, f := range flags {
		args = append(args, "--"+f)
	}
	out, err := exec.CommandContext(t.Context(), path, append(args, "data:text/html,<p>shown</p>")...).Output()
	if err != nil || !strings.Contains(string(out), "<p>shown</p>") {
		t.Fatalf("%v: %s", err, out)
	}
}
