package e2e

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"countersign/e2e/servers"
)

// inHand delivers a mail and waits until its answer is on its way: the sink thinks
// about it for some seconds.
func (i *installation) inHand(t *testing.T, from string) {
	t.Helper()
	i.deliver(t, "INBOX", time.Now(), signOn(from, "Ada Moor", "Slow Reading Circle", "Ghent, Belgium", time.Now()))
	eventually(t, "an answer is being sent", func() bool { return i.metric(t, `countersign_notices{state="sending"}`) == 1 })
}

func TestSIGTERMFinishesWhatIsInHand(t *testing.T) {
	t.Parallel()
	i := install(t, plan{sink: startSink(t, "-w", "3")})
	p := i.serve(t)
	i.inHand(t, "slow@slow.example")
	p.stop(t)
	if n := len(i.to(t, "slow@slow.example")); n != 1 {
		t.Fatalf("%d answers were sent, want the one that was in hand", n)
	}
	i.serve(t) // it knows that the answer is sent
	i.deliver(t, "INBOX", time.Now(), signOn("next@next.example", "Ada Moor", "Next Choir", "Ghent, Belgium", time.Now()))
	i.letter(t, "next@next.example", "Is this correct?")
	if n := len(i.to(t, "slow@slow.example")); n != 1 {
		t.Errorf("the answer was sent %d times", n)
	}
}

func TestSecondSIGTERMStopsAtOnce(t *testing.T) {
	t.Parallel()
	i := install(t, plan{sink: startSink(t, "-w", "300")})
	p := i.serve(t)
	i.inHand(t, "slow@slow.example")
	p.signal(t, syscall.SIGTERM)
	eventually(t, "it says that it finishes", func() bool { return strings.Contains(p.log.String(), "a second signal stops at once") })
	p.signal(t, syscall.SIGTERM)
	if s := p.ended(t); !s.Signaled() || s.Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v, want the signal", p.cmd.ProcessState)
	}
}

func TestSecondServeOnOneFileSaysWhatToDo(t *testing.T) {
	t.Parallel()
	i := install(t, plan{})
	i.serve(t)
	_, said, code := i.try(t, "serve")
	if code != 1 || !strings.Contains(said, "stop the other `countersign serve` first, or use PostgreSQL") {
		t.Errorf("exit status %d: %s", code, said)
	}
	if out := i.do(t, "campaign", "list"); !strings.Contains(out, slug) {
		t.Errorf("a short command beside serve says %q", out)
	}
}

func TestNewerSchemaIsRefusedInWords(t *testing.T) {
	t.Parallel()
	p := servers.For(t, servers.StartPostgres)
	for driver, dsn := range map[string]string{"sqlite": "", "postgres": p.DSN} {
		t.Run(driver, func(t *testing.T) {
			i := install(t, plan{database: dsn})
			if dsn == "" {
				dsn = filepath.Join(filepath.Dir(i.config), "countersign.db")
			}
			db, err := sql.Open(driver, dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.ExecContext(t.Context(), `INSERT INTO schema_version (version) VALUES (999)`); err != nil {
				t.Fatal(err)
			}
			for _, command := range [][]string{{"serve"}, {"migrate", "up"}, {"campaign", "list"}} {
				if _, said, code := i.try(t, command...); code != 1 || !strings.Contains(said, "version 999") || !strings.Contains(said, "install the newer countersign") {
					t.Errorf("%v: exit status %d: %s", command, code, said)
				}
			}
		})
	}
}

// The database goes away for ten seconds: the process stays, says so, and goes on
// with everything that came meanwhile, once.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	db := servers.For(t, servers.StartPostgres)
	i := install(t, plan{database: db.DSN})
	p := i.serve(t)
	status := func(path string) int { s, _ := i.get(t, p.addr, path); return s }
	deliver := func(when string) {
		for n := range 5 {
			i.deliver(t, "INBOX", time.Now(), signOn(fmt.Sprintf("%s%d@%s.example", when, n, strings.ToLower(circles[n])), "Ada Moor", circles[n]+" Society "+when, "Ghent, Belgium", time.Now()))
		}
	}
	eventually(t, "ready", func() bool { return status("/readyz") == http.StatusOK })
	deliver("before")
	i.letter(t, "before0@alder.example", "Is this correct?") // the others are under way
	db.Down()
	away := time.NewTimer(10 * time.Second)
	deliver("during")
	eventually(t, "not ready", func() bool { return status("/readyz") == http.StatusServiceUnavailable })
	eventually(t, "ten seconds", func() bool {
		if s := status("/healthz"); s != http.StatusOK {
			t.Fatalf("/healthz = %d", s)
		}
		select {
		case <-away.C:
			return true
		default:
			return false
		}
	})
	if err := db.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ready again", func() bool { return status("/readyz") == http.StatusOK })
	deliver("after")
	for _, when := range []string{"before", "during", "after"} {
		for n := range 5 {
			i.letter(t, fmt.Sprintf("%s%d@%s.example", when, n, strings.ToLower(circles[n])), "Is this correct?")
		}
	}
	eventually(t, "every mail is decided and every answer settled", func() bool {
		return i.metric(t, `countersign_mails{state="decided"}`) == 15 && i.metric(t, `countersign_notices{state="sending"}`) == 0
	})
	p.stop(t)
	ids := make(map[string]int)
	for _, l := range i.letters(t) {
		ids[l.mail.Header.MessageID]++
	}
	if len(ids) != 15 {
		t.Errorf("%d different answers to 15 mails", len(ids))
	}
}
