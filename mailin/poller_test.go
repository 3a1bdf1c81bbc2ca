package mailin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"countersign/petition"
	"countersign/postoffice"
)

const (
	inbox  = "info@library.example"
	mara   = "mara@readers.example"
	secret = "correct horse"
)

func openOffice(t *testing.T, o postoffice.Options) *postoffice.Office {
	t.Helper()
	o.Accounts = map[string]string{inbox: secret, mara: "x"}
	o.Log = testLog(t)
	office, err := postoffice.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = office.Close() })
	return office
}

// boxAt is a mailbox at an address, with times that suit a test.
func boxAt(t *testing.T, addr string) Mailbox {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return Mailbox{Name: "info", Host: host, Port: n, TLS: NoTLS, Username: inbox, Password: secret}
}

func newPoller(t *testing.T, box Mailbox, l *ledger) *Poller {
	t.Helper()
	p, err := NewPoller(PollerConfig{Mailbox: box, Store: l, Holder: t.Name(), Log: testLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mailWith(n int, extra string) []byte {
	return fmt.Appendf(nil, "From: Mara <%s>\r\nTo: %s\r\nSubject: Sign-on %d\r\n%s\r\nWe sign. %d\r\n", mara, inbox, n, extra, n)
}

func deliver(t *testing.T, o *postoffice.Office, raw []byte) {
	t.Helper()
	if err := o.Deliver(t.Context(), mara, []string{inbox}, raw, postoffice.Pass); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, o *postoffice.Office, folder string, raw []byte) {
	t.Helper()
	if err := o.Put(inbox, folder, raw, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
}

// R01, R03, R04, R07: what lies there and what arrives is recorded byte for byte, and the
// folder stays as people left it.
func TestKeepRecordsAndTouchesNothing(t *testing.T) {
	for _, without := range [][]string{nil, {"IDLE"}, {"MOVE"}, {"UIDPLUS"}, {"IDLE", "MOVE", "UIDPLUS"}} {
		t.Run(strings.Join(without, "+"), func(t *testing.T) {
			o := openOffice(t, postoffice.Options{Without: without})
			deliver(t, o, mailWith(1, ""))
			l := newLedger()
			p := newPoller(t, boxAt(t, o.IMAPAddr()), l)
			running(t, p.Run)
			l.until(t, "first mail", func() bool { return len(l.mails) == 1 && l.scans > 0 })
			deliver(t, o, mailWith(2, ""))
			if slices.Contains(without, "IDLE") {
				p.Kick() // the time between scans is a minute
			}
			l.until(t, "second mail", func() bool { return len(l.mails) == 2 })
			letters := o.Inbox(inbox)
			for i, letter := range letters {
				if letter.Folder != "INBOX" || len(letter.Flags) != 0 {
					t.Errorf("letter %d was touched: %s %v", i, letter.Folder, letter.Flags)
				}
				if m := l.mails[int64(i+1)]; !bytes.Equal(m.Raw, letter.Raw) || m.Received.Unix() != letter.Received.Unix() || m.Size != int64(len(letter.Raw)) || m.Partial {
					t.Errorf("mail %d differs from the letter: %d bytes, %v", i+1, len(m.Raw), m.Received)
				}
			}
		})
	}
}

// R02, R09, R17: malformed mails arrive byte for byte, like any other.
func TestOddMails(t *testing.T) {
	odd := map[string]string{
		"no From":           "Subject: x\r\n\r\nwe sign\r\n",
		"two Froms":         "From: a@far.example\r\nFrom: b@far.example\r\n\r\nwe sign\r\n",
		"NUL bytes":         "From: a@far.example\r\n\r\nwe\x00 sign\x00\r\n",
		"NUL in the header": "From: a@far.example\r\nX\x00: y\r\n\r\nwe sign\r\n",
		"empty":             "",
		"only line ends":    "\r\n\r\n",
		"bare line feeds":   "From: a@far.example\n\nwe sign\n",
		"no colon":          "From a@far.example\r\nwhatever\r\n\r\nwe sign",
		"8 bit":             "From: \xcf\xf0\xe8\xe2\xe5\xf2 <a@far.example>\r\n\r\n\xcf\xf0\xe8\xe2\xe5\xf2",
		"huge header":       "From: a@far.example\r\nX-Long: " + strings.Repeat("long ", 1<<20) + "\r\n\r\nwe sign",
	}
	o := openOffice(t, postoffice.Options{})
	for _, raw := range odd {
		put(t, o, "INBOX", []byte(raw))
	}
	l := newLedger()
	running(t, newPoller(t, boxAt(t, o.IMAPAddr()), l).Run)
	l.until(t, "all mails", func() bool { return len(l.places) == len(odd) && l.scans > 0 })
	have := map[string]bool{}
	for _, m := range l.mails {
		have[string(m.Raw)] = true
	}
	for name, raw := range odd {
		if !have[raw] {
			t.Errorf("%s: not recorded as it is", name)
		}
	}
}

// R05: the same bytes twice are one mail at two places.
func TestSameMailAppendedTwice(t *testing.T) {
	o := openOffice(t, postoffice.Options{})
	for range 2 {
		put(t, o, "INBOX", mailWith(1, ""))
	}
	l := newLedger()
	running(t, newPoller(t, boxAt(t, o.IMAPAddr()), l).Run)
	l.until(t, "one mail", func() bool { return len(l.places) == 2 && len(l.mails) == 1 })
}

// R15: of a mail of 40 MB only the header is fetched; the next mail is read as ever.
func TestTooLarge(t *testing.T) {
	o := openOffice(t, postoffice.Options{})
	large := mailWith(1, "X-Kind: large\r\n")
	put(t, o, "INBOX", append(large, bytes.Repeat([]byte("0123456789abcde\n"), 40<<16)...))
	put(t, o, "INBOX", mailWith(2, ""))
	l := newLedger()
	running(t, newPoller(t, boxAt(t, o.IMAPAddr()), l).Run)
	l.until(t, "both mails", func() bool { return len(l.mails) == 2 })
	partial := 0
	for _, m := range l.mails {
		if !m.Partial {
			continue
		}
		partial++
		if m.Size < 40<<20 || !bytes.Contains(m.Raw, []byte("X-Kind: large\r\n")) || len(m.Raw) > 1000 {
			t.Errorf("size %d, header %d bytes", m.Size, len(m.Raw))
		}
	}
	if partial != 1 {
		t.Errorf("%d mails by header only, want 1", partial)
	}
}

// R02: another UIDVALIDITY, also 0, makes every UID mean another mail: all is looked at
// again, and what is known by its bytes is not taken for new.
func TestUIDValidityChanges(t *testing.T) {
	o := openOffice(t, postoffice.Options{UIDValidity: 77})
	put(t, o, "INBOX", mailWith(1, ""))
	l := newLedger()
	p := newPoller(t, boxAt(t, o.IMAPAddr()), l)
	running(t, p.Run)
	l.until(t, "first mail", func() bool { return len(l.mails) == 1 && l.scans == 1 })
	for i, validity := range []uint32{0, 78} {
		o.SetUIDValidity(validity)
		put(t, o, "INBOX", mailWith(i+2, ""))
		p.Kick()
		l.until(t, "the whole folder again", func() bool {
			return len(l.mails) == i+2 && len(l.uids("info", "INBOX", validity, func(petition.Place) bool { return true })) == i+2
		})
	}
}

// R10: a UID below the highest known that the ledger lacks is found on a new connection.
func TestSkippedUIDIsFound(t *testing.T) {
	o := openOffice(t, postoffice.Options{UIDValidity: 9})
	for i := range 5 {
		put(t, o, "INBOX", mailWith(i, ""))
	}
	l := newLedger()
	for _, uid := range []uint32{1, 2, 4, 5} {
		l.places[petition.Place{Mailbox: "info", Folder: "INBOX", UIDValidity: 9, UID: uid}] = 0
	}
	running(t, newPoller(t, boxAt(t, o.IMAPAddr()), l).Run)
	l.until(t, "the third mail", func() bool { return len(l.mails) == 1 })
	if !bytes.Contains(l.mails[1].Raw, []byte("Sign-on 2")) {
		t.Errorf("another mail: %q", l.mails[1].Raw)
	}
}

// U09: a shared mailbox's other mail is not fetched; a plus part does not hide ours.
func TestOnlyTo(t *testing.T) {
	o := openOffice(t, postoffice.Options{})
	to := func(addresses string) []byte {
		return fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: for %[2]s\r\n\r\nhello\r\n", mara, addresses)
	}
	for _, addresses := range []string{"office@library.example", "Letter <LETTER@library.example>", "x@far.example,\r\n letter+n123@library.example", "letter@library.example.evil.test"} {
		put(t, o, "INBOX", to(addresses))
	}
	put(t, o, "INBOX", append([]byte("Delivered-To: letter@library.example\r\n"), to("undisclosed")...))
	put(t, o, "INBOX", []byte("Subject: nobody\r\n\r\nhello"))
	l := newLedger()
	box := boxAt(t, o.IMAPAddr())
	box.OnlyTo = []string{"letter@library.example"}
	p := newPoller(t, box, l)
	running(t, p.Run)
	l.until(t, "a scan", func() bool { return l.scans > 0 })
	if len(l.mails) != 3 {
		t.Errorf("%d mails taken, want 3", len(l.mails))
	}
	put(t, o, "INBOX", to("letter@library.example, b@far.example"))
	l.until(t, "a fourth", func() bool { return len(l.mails) == 4 })
}

// R27: the junk folder is watched and never changed; that it is missing stops nothing.
func TestJunk(t *testing.T) {
	o := openOffice(t, postoffice.Options{})
	put(t, o, "Junk", mailWith(1, ""))
	put(t, o, "INBOX", mailWith(2, ""))
	l := newLedger()
	box := boxAt(t, o.IMAPAddr())
	box.Junk, box.After = "Junk", Move
	stop := running(t, newPoller(t, box, l).Run)
	l.until(t, "both mails", func() bool { return len(l.mails) == 2 && l.scans > 0 })
	for _, m := range l.mails {
		if want := bytes.Contains(m.Raw, []byte("Sign-on 1")); m.Spam != want {
			t.Errorf("spam is %v for %q", m.Spam, m.Raw)
		}
	}
	for _, letter := range o.Inbox(inbox) {
		if letter.Folder == "INBOX" || letter.Folder == "Junk" && len(letter.Flags) > 0 {
			t.Errorf("letter in %s with %v", letter.Folder, letter.Flags)
		}
	}

	stop()
	l = newLedger()
	box.Junk = "Werbung"
	running(t, newPoller(t, box, l).Run)
	put(t, o, "INBOX", mailWith(3, ""))
	l.until(t, "the inbox's mail", func() bool { return len(l.mails) == 1 && len(l.beats) > 0 })
}

// U09, R11: marked only after the commit; the mark is a keyword, never \Seen or \Deleted.
func TestKeyword(t *testing.T) {
	o := openOffice(t, postoffice.Options{UIDValidity: 3})
	put(t, o, "INBOX", mailWith(1, ""))
	l := newLedger()
	box := boxAt(t, o.IMAPAddr())
	box.After = Keyword
	running(t, newPoller(t, box, l).Run)
	place := petition.Place{Mailbox: "info", Folder: "INBOX", UIDValidity: 3, UID: 1}
	l.until(t, "settled", func() bool { return l.settled[place] })
	if letters := o.Inbox(inbox); len(letters) != 1 || !slices.Equal(letters[0].Flags, []string{"$countersign"}) {
		t.Errorf("letters %+v", letters)
	}
}

// R07, R11, R12: moved after the commit, and the new place is known.
func TestMove(t *testing.T) {
	for _, without := range [][]string{nil, {"UIDPLUS"}} {
		t.Run(fmt.Sprint(without), func(t *testing.T) {
			o := openOffice(t, postoffice.Options{UIDValidity: 10, Without: without})
			for i := range 3 {
				put(t, o, "INBOX", mailWith(i, ""))
			}
			l := newLedger()
			box := boxAt(t, o.IMAPAddr())
			box.After = Move
			running(t, newPoller(t, box, l).Run)
			l.until(t, "all settled", func() bool {
				return len(l.mails) == 3 && len(l.uids("info", "INBOX", 10, func(p petition.Place) bool { return l.settled[p] })) == 3
			})
			for _, letter := range o.Inbox(inbox) {
				if letter.Folder != "Processed" {
					t.Errorf("a letter is still in %s", letter.Folder)
				}
				place := petition.Place{Mailbox: "info", Folder: "Processed", UIDValidity: 12, UID: letter.UID}
				if !l.settled[place] {
					t.Errorf("the ledger does not know %+v", place)
				}
			}
		})
	}
}

// R59: after a copy of the database was put back, mail that was moved away since is found, once.
func TestLooksThroughProcessed(t *testing.T) {
	o := openOffice(t, postoffice.Options{UIDValidity: 10})
	put(t, o, "INBOX", mailWith(1, ""))
	box := boxAt(t, o.IMAPAddr())
	box.After = Move
	first := newLedger()
	stop := running(t, newPoller(t, box, first).Run)
	first.until(t, "moved", func() bool { return len(o.Inbox(inbox)) == 1 && o.Inbox(inbox)[0].Folder == "Processed" })
	stop()
	restored := newLedger() // the copy knows nothing of it
	box.Again, box.Name = true, "again"
	running(t, newPoller(t, box, restored).Run)
	restored.until(t, "found", func() bool { return len(restored.mails) == 1 })
	put(t, o, "INBOX", mailWith(2, ""))
	restored.until(t, "new mail still counts", func() bool { return len(restored.mails) == 2 })
	for _, letter := range o.Inbox(inbox) {
		if letter.Folder != "Processed" && letter.Folder != "INBOX" {
			t.Errorf("a letter is in %s", letter.Folder)
		}
	}
}

// R11: without MOVE nothing is moved, and nothing is deleted.
func TestMoveWithoutMOVE(t *testing.T) {
	o := openOffice(t, postoffice.Options{Without: []string{"MOVE", "UIDPLUS"}})
	put(t, o, "INBOX", mailWith(1, ""))
	l := newLedger()
	box := boxAt(t, o.IMAPAddr())
	box.After = Move
	running(t, newPoller(t, box, l).Run)
	l.until(t, "recorded", func() bool { return len(l.mails) == 1 && l.scans > 0 })
	if letters := o.Inbox(inbox); len(letters) != 1 || letters[0].Folder != "INBOX" || len(letters[0].Flags) != 0 {
		t.Errorf("letters %+v", letters)
	}
}

// R07: a crash after MOVE and before the ledger heard of it: the mail is not in the folder
// any more, and that settles it.
func TestMovedInAnEarlierLife(t *testing.T) {
	o := openOffice(t, postoffice.Options{UIDValidity: 5})
	put(t, o, "INBOX", mailWith(1, ""))
	l := newLedger()
	gone := petition.Place{Mailbox: "info", Folder: "INBOX", UIDValidity: 5, UID: 900}
	l.places[gone] = 0
	box := boxAt(t, o.IMAPAddr())
	box.After = Move
	running(t, newPoller(t, box, l).Run)
	l.until(t, "settled", func() bool { return l.settled[gone] })
}

// The store is away while mails come: nothing is lost, nothing is moved before the commit.
func TestStoreAway(t *testing.T) {
	o := openOffice(t, postoffice.Options{})
	put(t, o, "INBOX", mailWith(1, ""))
	l := newLedger()
	failures := 0
	l.fault = func(method string) error {
		if method == "Record" && failures < 2 {
			failures++
			return errAway
		}
		return nil
	}
	box := boxAt(t, o.IMAPAddr())
	box.After = Move
	p := newPoller(t, box, l)
	running(t, p.Run)
	for n := 1; n <= 2; n++ {
		l.until(t, "a failure", func() bool { return failures == n && len(l.beats) >= n })
		if letters := o.Inbox(inbox); len(letters) != 1 || letters[0].Folder != "INBOX" {
			t.Errorf("after failure %d: %+v", n, letters)
		}
		p.Kick()
	}
	l.until(t, "recorded and settled", func() bool { return len(l.mails) == 1 && len(l.settled) == 2 })
	if l.beats[0] != "The database does not answer." {
		t.Errorf("problem %q", l.beats[0])
	}
}

// R13: two pollers on one mailbox: one works, and the other takes over when it stops.
func TestTwoPollers(t *testing.T) {
	o := openOffice(t, postoffice.Options{})
	l := newLedger()
	var news [2]atomic.Int64
	var stops [2]func()
	var pollers [2]*Poller
	for i := range pollers {
		p, err := NewPoller(PollerConfig{
			Mailbox: boxAt(t, o.IMAPAddr()), Store: l, Holder: fmt.Sprint("process ", i), Log: testLog(t).With("process", i),
			Recorded: func(n int) { news[i].Add(int64(n)) },
		})
		if err != nil {
			t.Fatal(err)
		}
		pollers[i] = p
		stops[i] = running(t, p.Run)
		l.until(t, "the first has the lease", func() bool { return l.leases["mailbox:info"].Holder == "process 0" && l.scans > 0 })
	}
	for i := range 10 {
		deliver(t, o, mailWith(i, ""))
	}
	l.until(t, "ten mails", func() bool { return len(l.mails) == 10 })
	if news[1].Load() != 0 {
		t.Error("both worked at once")
	}
	stops[0]()
	deliver(t, o, mailWith(11, ""))
	pollers[1].Kick()
	l.until(t, "the other took over", func() bool { return len(l.mails) == 11 && l.leases["mailbox:info"].Holder == "process 1" })
}

// A lease that has passed to another process records nothing more.
func TestLeaseIsTaken(t *testing.T) {
	o := openOffice(t, postoffice.Options{})
	l := newLedger()
	p := newPoller(t, boxAt(t, o.IMAPAddr()), l)
	running(t, p.Run)
	l.until(t, "a scan", func() bool { return l.scans > 0 })
	l.mu.Lock()
	taken := l.leases["mailbox:info"]
	taken.Holder, taken.Generation, taken.Until = "somebody else", taken.Generation+1, time.Now().Add(time.Hour)
	l.leases["mailbox:info"] = taken
	refused := 0
	l.fault = func(method string) error {
		if method == "Record" {
			refused++
		}
		return nil
	}
	l.mu.Unlock()
	deliver(t, o, mailWith(1, ""))
	p.Kick()
	l.until(t, "refused", func() bool { return refused > 0 })
	if len(l.mails) != 0 {
		t.Error("recorded under a lost lease")
	}
}

// R13: what arrives while a scan is under way is taken by the same scan.
func TestMailArrivesDuringTheScan(t *testing.T) {
	o := openOffice(t, postoffice.Options{Without: []string{"IDLE"}})
	put(t, o, "INBOX", mailWith(0, ""))
	l := newLedger()
	p := newPoller(t, boxAt(t, o.IMAPAddr()), l)
	n := 0
	p.recorded = func(int) {
		if n++; n < 5 {
			put(t, o, "INBOX", mailWith(n, ""))
		}
	}
	running(t, p.Run)
	l.until(t, "five mails in one scan", func() bool { return len(l.mails) == 5 && l.scans == 1 })
}

// A backlog comes in batches of at most 200, and is complete.
func TestBacklog(t *testing.T) {
	o := openOffice(t, postoffice.Options{})
	for i := range 1234 {
		put(t, o, "INBOX", mailWith(i, ""))
	}
	l := newLedger()
	running(t, newPoller(t, boxAt(t, o.IMAPAddr()), l).Run)
	l.until(t, "all", func() bool { return len(l.mails) == 1234 && l.scans > 0 })
	if most := slices.Max(l.batches); most > batchMails || len(l.batches) > 12 {
		t.Errorf("batches %v", l.batches)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	o := openOffice(t, postoffice.Options{})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	tests := []struct {
		name   string
		change func(*Mailbox)
		want   string
	}{
		{"wrong password", func(m *Mailbox) { m.Password = "wrong" }, "The server refuses the user name or the password."},
		{"folder missing", func(m *Mailbox) { m.Folder = "Petitions" }, "The folder cannot be opened. Is its name right?"},
		{"nobody listens", func(m *Mailbox) { m.Port = closed.Addr().(*net.TCPAddr).Port }, "The server takes no connections."},
		{"unknown host", func(m *Mailbox) { m.Host, m.TLS = "imap.nowhere.invalid", ImplicitTLS }, "The server's name is not known."},
		{"no TLS there", func(m *Mailbox) { m.TLS = ImplicitTLS }, "The connection to the server keeps failing."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLedger()
			box := boxAt(t, o.IMAPAddr())
			tt.change(&box)
			running(t, newPoller(t, box, l).Run)
			l.until(t, "said", func() bool { return len(l.beats) > 0 })
			if l.beats[0] != tt.want {
				// A machine without any name server cannot tell that a name is unknown.
				if tt.name != "unknown host" || l.beats[0] != Problem(errors.New("lookup")) && l.beats[0] != "The server does not answer." {
					t.Errorf("problem %q, want %q", l.beats[0], tt.want)
				}
			}
		})
	}
}

func TestSettingsAreChecked(t *testing.T) {
	good := Mailbox{Name: "info", Host: "imap.library.example", Username: "u", Password: "p"}
	tests := []struct {
		name   string
		change func(*Mailbox)
		want   []string
	}{
		{"nothing", func(m *Mailbox) { *m = Mailbox{} }, []string{"no name", "host is missing", "username is missing"}},
		{"password in the clear", func(m *Mailbox) { m.TLS = NoTLS }, []string{"in the clear"}},
		{"tls", func(m *Mailbox) { m.TLS = "perhaps" }, []string{"use implicit or starttls"}},
		{"after", func(m *Mailbox) { m.After = "delete" }, []string{"use keep, keyword or move"}},
		{"moved in place", func(m *Mailbox) { m.After, m.Processed = Move, "inbox" }, []string{"where it is"}},
		{"junk", func(m *Mailbox) { m.Junk = "inbox" }, []string{"junk is the folder itself"}},
		{"good", func(*Mailbox) {}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			box := good
			tt.change(&box)
			_, err := NewPoller(PollerConfig{Mailbox: box, Store: newLedger(), Holder: "h"})
			if (err == nil) != (tt.want == nil) {
				t.Fatalf("error %v", err)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %v does not say %q", err, w)
				}
			}
		})
	}
	if d := good.withDefaults(); d.Port != 993 || d.TLS != ImplicitTLS || d.After != Keep || d.MaxSize != 25<<20 {
		t.Errorf("defaults %+v", d)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	o := openOffice(t, postoffice.Options{})
	l := newLedger()
	p := newPoller(t, boxAt(t, o.IMAPAddr()), l)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()
	l.until(t, "a scan", func() bool { return l.scans > 0 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if l.leases["mailbox:info"].Holder != "" {
		t.Error("the lease was not given back")
	}
}

// R58, U01: what `check` tells of a mailbox, changing nothing in it.
func TestCheck(t *testing.T) {
	o := openOffice(t, postoffice.Options{})
	now := time.Now().Truncate(time.Second)
	for _, age := range []time.Duration{400 * 24 * time.Hour, 73 * time.Hour, 72*time.Hour + time.Minute, 72*time.Hour - time.Minute, time.Minute} {
		if err := o.Put(inbox, "INBOX", mailWith(1, ""), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	box := boxAt(t, o.IMAPAddr())
	box.Junk = "Junk"
	got, err := box.Check(t.Context(), now.Add(-72*time.Hour))
	if want := (Report{Mails: 5, Older: 3, Idle: true, Move: true, UIDPlus: true, Keywords: true, Junk: true, Made: true}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	for _, letter := range o.Inbox(inbox) {
		if len(letter.Flags) > 0 {
			t.Errorf("flags %v", letter.Flags)
		}
	}

	o = openOffice(t, postoffice.Options{Without: []string{"IDLE", "MOVE"}})
	box = boxAt(t, o.IMAPAddr())
	box.Junk, box.After = "Werbung", Move
	got, err = box.Check(t.Context(), now)
	if want := (Report{UIDPlus: true, Keywords: true, Made: true}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	box.Password = "wrong"
	if _, err := box.Check(t.Context(), now); !errors.Is(err, ErrLogin) {
		t.Errorf("wrong password: %v", err)
	}
}
