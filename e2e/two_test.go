package e2e

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"countersign/e2e/servers"
)

const batch = 60

// Two processes share a database and a mailbox: each sign-on is answered once. Then
// the one that reads the mailbox is killed in the middle of its work.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	dsn := servers.For(t, servers.StartPostgres).DSN
	slow := startSink(t, "-W", "DATA:1:20") // a second for one in five: so that there is a middle to be killed in
	i := install(t, plan{database: dsn, sink: slow})
	db := database{t, open(t, dsn)}
	processes := []*process{
		i.serve(t),
		i.serve(t, "COUNTERSIGN_LISTEN="+freeAddress(t), "COUNTERSIGN_METRICS_LISTEN="+freeAddress(t)),
	}
	i.deliver(t, "INBOX", time.Now(), signOns("first", 0, batch)...)
	eventually(t, "the first batch is answered", func() bool { return db.idle(batch) })
	i.wantEachOnce(t, "first", batch, 0)
	for n, p := range processes { // whoever does not read the mailbox is woken by the other
		sent := strings.Count(p.log.String(), "a notice was sent")
		t.Logf("process %d sent %d answers", n+1, sent)
		if sent == 0 {
			t.Errorf("process %d had no part in the first batch", n+1)
		}
	}

	i.deliver(t, "INBOX", time.Now(), signOns("second", 0, batch/2)...)
	dead := processes[0]
	if holder := db.text(`SELECT holder FROM leases WHERE name='mailbox:info'`); strings.Contains(holder, fmt.Sprintf("/%d/", processes[1].cmd.Process.Pid)) {
		dead = processes[1]
	}
	its := fmt.Sprintf("%%/%d/%%", dead.cmd.Process.Pid)
	eventually(t, "the second batch is under way, and the reader of the mailbox is sending", func() bool {
		return len(i.letters(t)) >= batch+5 && db.number(`SELECT COUNT(*) FROM notices WHERE state='sending' AND claimed_by LIKE $1`, its) > 0
	})
	dead.signal(t, syscall.SIGKILL)
	dead.ended(t)
	t.Logf("killed with %d answers of the second batch sent and %d on their way", db.number(`SELECT COUNT(*) FROM notices WHERE state='sent'`)-batch,
		db.number(`SELECT COUNT(*) FROM notices WHERE state='sending'`))
	i.deliver(t, "INBOX", time.Now(), signOns("second", batch/2, batch)...)

	// The other sees that the dead one's lock is gone, and takes over what it had: the
	// mailbox, and the claims that would last for five and ten minutes.
	eventually(t, "the other has done all", func() bool { return db.idle(2 * batch) })

	again := db.number(`SELECT COUNT(*) FROM notices WHERE attempts>1`)
	t.Logf("%d answers were attempted twice", again)
	i.wantEachOnce(t, "first", batch, 0)
	i.wantEachOnce(t, "second", batch, min(again, 8)) // what two connections had on their way or not yet settled
	if n := len(i.folder(t, "INBOX")); n != 2*batch {
		t.Errorf("the mailbox holds %d mails, want %d", n, 2*batch)
	}
}

// signOns are mails of as many organizations, each with a domain of its own.
func signOns(name string, from, to int) [][]byte {
	var mails [][]byte
	for n := from; n < to; n++ {
		kind := []string{"Reading Circle", "Rowing Club"}[n/len(circles)%2]
		mails = append(mails, signOn(person(name, n), "Ada Moor", circles[n%len(circles)]+" "+kind+" "+name, "Ghent, Belgium", time.Now()))
	}
	return mails
}

func person(name string, n int) string { return fmt.Sprintf("ada@%s%d.example", name, n) }

// wantEachOnce demands one answer to each of the batch. Up to twice of them may have
// come again, as the same mail: between the server's 250 and our mark (R08).
func (i *installation) wantEachOnce(t *testing.T, name string, n, twice int) {
	t.Helper()
	answers := make(map[string][]letter)
	for _, l := range i.letters(t) {
		answers[l.to] = append(answers[l.to], l)
	}
	doubled := 0
	for n := range n {
		got := answers[person(name, n)]
		if len(got) == 0 {
			t.Errorf("%s got no answer", person(name, n))
			continue
		}
		for _, l := range got[1:] {
			doubled++
			if l.mail.Header.MessageID != got[0].mail.Header.MessageID {
				t.Errorf("%s got two different answers: %q and %q", l.to, got[0].mail.Header.Subject, l.mail.Header.Subject)
			}
		}
	}
	if doubled > twice {
		t.Errorf("%d answers came twice, at most %d may", doubled, twice)
	}
}

// database looks into the program's tables.
type database struct {
	t *testing.T
	*sql.DB
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func (d database) text(query string, args ...any) string {
	d.t.Helper()
	var s sql.NullString
	if err := d.QueryRowContext(d.t.Context(), query, args...).Scan(&s); err != nil {
		d.t.Fatal(err)
	}
	return s.String
}

func (d database) number(query string, args ...any) int {
	d.t.Helper()
	n, err := strconv.Atoi(d.text(query, args...))
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

// idle reports that so many mails are decided, and that nothing else waits now.
func (d database) idle(mails int) bool {
	d.t.Helper()
	return d.number(`SELECT COUNT(*) FROM mails WHERE state='decided'`) == mails &&
		d.number(`SELECT COUNT(*) FROM notices WHERE state='sending' OR state='due' AND due_at<=$1`, time.Now().UnixMicro()) == 0
}
