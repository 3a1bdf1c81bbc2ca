package mailin

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-sasl"

	"countersign/petition"
)

// scripted is an IMAP server of a few lines that can be wrong in every way that was
// seen of real ones. It has one folder, whose mails are all the same but for
// their UID.
type scripted struct {
	t        *testing.T
	listener net.Listener
	caps     string
	uids     []int
	// answer is asked first for every command; "" leaves it to the defaults below, hang
	// says nothing for ever, cut closes the connection, after what stands before it.
	answer func(n int, command string) string

	mu       sync.Mutex
	conns    int
	commands []string
	asked    string
	open     []net.Conn
	serving  sync.WaitGroup
}

const (
	hang = "\x00hang"
	cut  = "\x00cut"
	ask  = "\x00ask" // reads one line more and then goes on
)

func script(t *testing.T, s *scripted) *scripted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.t, s.listener = t, l
	if s.caps == "" {
		s.caps = "IMAP4rev1 IDLE MOVE UIDPLUS"
	}
	s.serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns++
			n := s.conns
			s.open = append(s.open, c)
			s.mu.Unlock()
			s.serving.Go(func() { s.serve(n, c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		for _, c := range s.open {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.serving.Wait()
	})
	return s
}

func (s *scripted) serve(n int, c net.Conn) {
	defer c.Close()
	fmt.Fprintf(c, "* OK [CAPABILITY %s] hello\r\n", s.caps)
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimSpace(line), " ")
		s.mu.Lock()
		s.commands = append(s.commands, command)
		s.mu.Unlock()
		reply := ""
		if s.answer != nil {
			reply = s.answer(n, command)
		}
		if reply == "" {
			reply = s.usual(command)
		}
		if before, found := strings.CutSuffix(reply, hang); found {
			fmt.Fprint(c, before)
			_, _ = r.ReadString('\n') // until the client gives up
			return
		}
		if before, found := strings.CutSuffix(reply, cut); found {
			fmt.Fprint(c, before)
			return
		}
		if before, after, found := strings.Cut(reply, ask); found {
			fmt.Fprint(c, before)
			answer, err := r.ReadString('\n')
			if err != nil {
				return
			}
			s.mu.Lock()
			s.asked = strings.TrimSpace(answer)
			s.mu.Unlock()
			reply = after
		}
		if command == "IDLE" {
			fmt.Fprint(c, "+ idling\r\n")
			if _, err := r.ReadString('\n'); err != nil {
				return
			}
		}
		if !strings.Contains(reply, "TAG ") {
			reply += "TAG OK done\r\n"
		}
		fmt.Fprint(c, strings.ReplaceAll(reply, "TAG ", tag+" "))
	}
}

var uidFetch = regexp.MustCompile(`^UID FETCH (\S+) `)

// usual is what a sound server says.
func (s *scripted) usual(command string) string {
	var b strings.Builder
	switch {
	case command == "CAPABILITY":
		return "* CAPABILITY " + s.caps + "\r\n"
	case strings.HasPrefix(command, "EXAMINE"), strings.HasPrefix(command, "SELECT"):
		return fmt.Sprintf("* %d EXISTS\r\n* FLAGS ()\r\n* OK [PERMANENTFLAGS (\\*)] ok\r\n* OK [UIDVALIDITY 5] ok\r\n", len(s.uids))
	case strings.HasPrefix(command, "UID SEARCH"):
		return "* SEARCH" + strings.TrimRight(" "+strings.Trim(fmt.Sprint(s.uids), "[]"), " ") + "\r\n"
	case strings.HasPrefix(command, "SEARCH UID "):
		for i, uid := range s.uids {
			if fmt.Sprint("SEARCH UID ", uid) == command {
				return fmt.Sprintf("* SEARCH %d\r\n", i+1)
			}
		}
		return "* SEARCH\r\n"
	}
	m := uidFetch.FindStringSubmatch(command)
	if m == nil {
		return ""
	}
	for i, uid := range s.uids {
		if !inSet(m[1], uid) {
			continue
		}
		b.WriteString(fetchLine(i+1, uid, command))
	}
	return b.String()
}

func fetchLine(seq, uid int, command string) string {
	switch {
	case strings.Contains(command, "BODY.PEEK[HEADER]"):
		h := fmt.Sprintf("Subject: mail %d\r\n\r\n", uid)
		return fmt.Sprintf("* %d FETCH (UID %d RFC822.SIZE 100 BODY[HEADER]<0> {%d}\r\n%s)\r\n", seq, uid, len(h), h)
	case strings.Contains(command, "BODY.PEEK[]"):
		body := bodyOf(uid)
		return fmt.Sprintf("* %d FETCH (UID %d FLAGS () RFC822.SIZE %d INTERNALDATE \"01-Mar-2026 12:00:00 +0000\" BODY[] {%d}\r\n%s)\r\n", seq, uid, len(body), len(body), body)
	default:
		return fmt.Sprintf("* %d FETCH (UID %d RFC822.SIZE %d)\r\n", seq, uid, len(bodyOf(uid)))
	}
}

func bodyOf(uid int) string {
	return fmt.Sprintf("From: a@far.example\r\nSubject: mail %d\r\n\r\n%s\r\n", uid, strings.Repeat("We sign. ", 50))
}

func inSet(set string, uid int) bool {
	for part := range strings.SplitSeq(set, ",") {
		var a, b int
		if n, _ := fmt.Sscanf(part, "%d:%d", &a, &b); n == 2 && uid >= a && uid <= b || n == 1 && uid == a {
			return true
		}
	}
	return false
}

func (s *scripted) sent(part string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.commands {
		if strings.Contains(c, part) {
			n++
		}
	}
	return n
}

// impatient polls a scripted server without waiting after failures.
func impatient(t *testing.T, s *scripted, l *ledger, change func(*Mailbox)) {
	t.Helper()
	box := boxAt(t, s.listener.Addr().String())
	box.Timeout = 300 * time.Millisecond
	if change != nil {
		change(&box)
	}
	p := newPoller(t, box, l)
	l.fault = func(method string) error {
		if method == "Heartbeat" {
			p.Kick() // ends the pause after a failure
		}
		return nil
	}
	running(t, p.Run)
}

// whole reports whether the ledger has these mails byte for byte.
func (l *ledger) whole(uids ...int) bool {
	for _, uid := range uids {
		if !slices.ContainsFunc(l.all(), func(m *petition.Mail) bool { return !m.Partial && string(m.Raw) == bodyOf(uid) }) {
			return false
		}
	}
	return true
}

func (l *ledger) all() []*petition.Mail {
	var list []*petition.Mail
	for _, m := range l.mails {
		list = append(list, m)
	}
	return list
}

func isBody(command string) bool { return strings.Contains(command, "BODY.PEEK[]") }

// TECH 6, a–h: the ways in which a server and the library together lose mail.
func TestTraps(t *testing.T) {
	tests := []struct {
		name   string
		server scripted
		want   func(l *ledger) bool
	}{
		{
			name: "the connection ends inside a literal",
			server: scripted{uids: []int{1, 2, 3}, answer: func(n int, c string) string {
				if n == 1 && isBody(c) {
					return fetchLine(1, 1, c) + strings.Replace(fetchLine(2, 2, c), "We sign.", "We"+cut, 1)[:120] + cut
				}
				return ""
			}},
			want: func(l *ledger) bool { return l.whole(1, 2, 3) && len(l.mails) == 3 },
		},
		{
			name: "the connection ends between commands",
			server: scripted{uids: []int{1, 2}, answer: func(n int, c string) string {
				if n < 4 && strings.HasPrefix(c, []string{"", "UID SEARCH", "EXAMINE", "UID FETCH"}[n]) {
					return cut
				}
				return ""
			}},
			want: func(l *ledger) bool { return l.whole(1, 2) },
		},
		{
			name: "the server says nothing any more",
			server: scripted{uids: []int{1}, answer: func(n int, c string) string {
				if n < 4 && strings.HasPrefix(c, []string{"", "UID SEARCH", "EXAMINE", "LOGIN"}[n]) {
					return hang
				}
				return ""
			}},
			want: func(l *ledger) bool { return l.whole(1) && slices.Contains(l.beats, "The server does not answer.") },
		},
		{
			name: "the server says nothing any more inside a literal",
			server: scripted{uids: []int{1}, answer: func(n int, c string) string {
				if n == 1 && isBody(c) {
					return fetchLine(1, 1, c)[:130] + hang
				}
				return ""
			}},
			want: func(l *ledger) bool { return l.whole(1) && slices.Contains(l.beats, "The server does not answer.") },
		},
		{
			name: "an unasked FETCH comes before the answer",
			server: scripted{uids: []int{1, 2, 3}, answer: func(n int, c string) string {
				if isBody(c) && strings.HasPrefix(c, "UID FETCH 1:3 ") {
					return "* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n" + fetchLine(1, 1, c) + fetchLine(2, 2, c) + fetchLine(3, 3, c)
				}
				return ""
			}},
			want: func(l *ledger) bool { return l.whole(1, 2, 3) && len(l.mails) == 3 },
		},
		{
			name: "the UID stands behind the body",
			server: scripted{uids: []int{7, 9}, answer: func(n int, c string) string {
				if !isBody(c) {
					return ""
				}
				lines := ""
				for i, uid := range []int{7, 9} {
					if m := regexp.MustCompile(`FETCH (\S+) `).FindStringSubmatch(c); inSet(m[1], map[bool]int{true: uid, false: i + 1}[strings.HasPrefix(c, "UID")]) {
						lines += fmt.Sprintf("* %d FETCH (BODY[] {%d}\r\n%s UID %d)\r\n", i+1, len(bodyOf(uid)), bodyOf(uid), uid)
					}
				}
				return lines
			}},
			want: func(l *ledger) bool { return l.whole(7, 9) && len(l.mails) == 2 },
		},
		{
			name: "a mail is gone between search and fetch",
			server: scripted{uids: []int{1, 3}, answer: func(n int, c string) string {
				if strings.HasPrefix(c, "UID SEARCH") {
					return "* SEARCH 1 2 3\r\n"
				}
				return ""
			}},
			want: func(l *ledger) bool { return l.whole(1, 3) && l.scans > 0 && len(l.mails) == 2 },
		},
		{
			name: "the connection ends during IDLE",
			server: scripted{uids: []int{1}, answer: func(n int, c string) string {
				if n == 1 && c == "IDLE" {
					return "+ idling\r\n" + cut
				}
				return ""
			}},
			want: func(l *ledger) bool { return l.whole(1) && l.scans > 1 && len(l.beats) > 0 },
		},
		{
			name: "the server has no body to give",
			server: scripted{uids: []int{1, 2}, answer: func(_ int, c string) string {
				if isBody(c) {
					return "* 1 FETCH (UID 1 BODY[] NIL)\r\n" + fetchLine(2, 2, c)
				}
				return ""
			}},
			want: func(l *ledger) bool {
				return l.whole(2) && len(l.mails) == 2 && slices.ContainsFunc(l.all(), func(m *petition.Mail) bool { return m.Partial && strings.Contains(string(m.Raw), "mail 1") })
			},
		},
		{
			name: "one mail ends every connection",
			server: scripted{uids: seq(1, 60), answer: func(n int, c string) string {
				m := uidFetch.FindStringSubmatch(c)
				if m == nil || !isBody(c) || !inSet(m[1], 30) {
					return ""
				}
				lines := ""
				for uid := 1; uid < 30; uid++ {
					if inSet(m[1], uid) {
						lines += fetchLine(uid, uid, c)
					}
				}
				return lines + "* 30 FETCH (UID 30 X-STRANGE (1 2))\r\n"
			}},
			want: func(l *ledger) bool {
				partial := 0
				for _, m := range l.mails {
					if m.Partial && strings.Contains(string(m.Raw), "mail 30") {
						partial++
					}
				}
				return len(l.mails) == 60 && partial == 1 && l.whole(append(seq(1, 29), seq(31, 60)...)...)
			},
		},
		{
			name: "one mail cannot be had at all",
			server: scripted{uids: []int{1, 2, 3}, answer: func(n int, c string) string {
				m := regexp.MustCompile(`FETCH (\S+) .*BODY`).FindStringSubmatch(c)
				if m != nil && inSet(m[1], 2) {
					return "TAG NO internal error\r\n"
				}
				return ""
			}},
			want: func(l *ledger) bool {
				return l.whole(1, 3) && len(l.mails) == 2 && slices.Contains(l.beats, "1 mails in the folder INBOX cannot be fetched.")
			},
		},
		{
			name: "the server lies about a size",
			server: scripted{uids: []int{1, 2}, answer: func(n int, c string) string {
				if isBody(c) && strings.Contains(c, "FETCH 1") {
					return "* 1 FETCH (UID 1 BODY[] {4000000000}\r\nFrom: " + hang
				}
				return ""
			}},
			want: func(l *ledger) bool { return l.whole(2) && len(l.mails) == 2 },
		},
		{
			name: "a search answer of two numbers stands for four billion",
			server: scripted{uids: []int{1}, caps: "IMAP4rev2", answer: func(n int, c string) string {
				if n == 1 && strings.HasPrefix(c, "UID SEARCH") {
					return "* ESEARCH (TAG \"T5\") UID ALL 1:4294967295\r\n"
				}
				return ""
			}},
			want: func(l *ledger) bool { return len(l.beats) > 0 },
		},
		{
			name: "n:* brings the last mail although its UID is lower",
			server: scripted{uids: []int{5}, answer: func(n int, c string) string {
				if c == "IDLE" {
					return "* 1 EXISTS\r\n"
				}
				return ""
			}},
			want: func(l *ledger) bool { return l.whole(5) && l.scans > 1 },
		},
	}
	for i := range tests {
		tt := &tests[i]
		t.Run(tt.name, func(t *testing.T) {
			s, l := script(t, &tt.server), newLedger()
			impatient(t, s, l, nil)
			l.until(t, tt.name, func() bool { return tt.want(l) })
			for _, never := range []string{"EXPUNGE", "STORE", "ENVELOPE", "BODYSTRUCTURE", "BODY[]", "COPY"} {
				if n := s.sent(never); n > 0 {
					t.Errorf("%d commands with %s", n, never)
				}
			}
		})
	}
}

func seq(from, to int) []int {
	var s []int
	for i := from; i <= to; i++ {
		s = append(s, i)
	}
	return s
}

// U09: that the answer about a mail's recipients is lost must not lose the mail.
func TestOnlyToWithoutAnswer(t *testing.T) {
	s := script(t, &scripted{uids: []int{1, 2, 3, 4}, answer: func(_ int, c string) string {
		switch {
		case strings.Contains(c, "HEADER.FIELDS"):
			to := "To: letter@library.example\r\n\r\n"
			return fmt.Sprintf("* 1 FETCH (RFC822.SIZE 60 BODY[HEADER.FIELDS (Delivered-To X-Original-To Envelope-To X-Envelope-To To Cc)]<0> {%d}\r\n%s UID 1)\r\n* 2 FETCH (UID 2 RFC822.SIZE 60 BODY[HEADER.FIELDS (To)]<0> NIL)\r\n"+
				"* 4 FETCH (UID 4 RFC822.SIZE 60 BODY[HEADER.FIELDS (To)]<0> {%[1]d}\r\n%[2]s)\r\n", len(to), to)
		case isBody(c):
			lines := ""
			for uid, to := range map[int]string{1: "letter@library.example", 2: "other@library.example", 3: "Letter+n1@library.example", 4: "letter@library.example"} {
				body := fmt.Sprintf("To: %s\r\n\r\nmail %d\r\n", to, uid)
				if inSet(uidFetch.FindStringSubmatch(c)[1], uid) {
					lines += fmt.Sprintf("* %d FETCH (UID %[1]d BODY[] {%d}\r\n%s)\r\n", uid, len(body), body)
				}
			}
			return lines
		}
		return ""
	}})
	l := newLedger()
	impatient(t, s, l, func(m *Mailbox) { m.OnlyTo = []string{"letter@library.example"} })
	l.until(t, "a scan", func() bool { return l.scans > 0 })
	if uids := l.uids("info", "INBOX", 5, func(petition.Place) bool { return true }); !slices.Equal(uids, []uint32{1, 3, 4}) {
		t.Errorf("recorded %v", uids)
	}
}

// R53: a token that is refused is a refused login; one that counts logs in.
func TestXOAuth2(t *testing.T) {
	for _, caps := range []string{"IMAP4rev1 SASL-IR AUTH=XOAUTH2", "IMAP4rev1 AUTH=XOAUTH2"} {
		t.Run(caps, func(t *testing.T) {
			const ir = "dXNlcj1pbmZvAWF1dGg9QmVhcmVyIGdvb2QBAQ==" // user=info^Aauth=Bearer good^A^A
			var impolite atomic.Bool
			s := script(t, &scripted{caps: caps, uids: []int{1}, answer: func(_ int, c string) string {
				switch c {
				case "AUTHENTICATE XOAUTH2 " + ir:
					return ""
				case "AUTHENTICATE XOAUTH2":
					return "+ \r\n" + ask
				}
				if strings.HasPrefix(c, "AUTHENTICATE") {
					wait := ask
					if impolite.Load() {
						wait = ""
					}
					return "+ eyJzdGF0dXMiOiI0MDEifQ==\r\n" + wait + "TAG NO [AUTHENTICATIONFAILED] no\r\n"
				}
				return ""
			}})
			token := "good"
			box := boxAt(t, s.listener.Addr().String())
			box.SASL = func(context.Context) (sasl.Client, error) { return XOAuth2("info", token), nil }
			box.Password = ""
			if _, err := box.Check(t.Context(), time.Now()); err != nil {
				t.Error(err)
			}
			s.mu.Lock()
			asked := s.asked
			s.mu.Unlock()
			if asked != "" && asked != ir {
				t.Errorf("it answered %q", asked)
			}
			if !strings.Contains(caps, "SASL-IR") {
				return
			}
			token = "stale"
			if _, err := box.Check(t.Context(), time.Now()); !errors.Is(err, ErrLogin) {
				t.Errorf("a stale token: %v", err)
			}
			impolite.Store(true) // it refuses without waiting for an answer: the library may hang
			box.Timeout = 300 * time.Millisecond
			if _, err := box.Check(t.Context(), time.Now()); err == nil {
				t.Error("a stale token logs in")
			}
		})
	}
}

// R11: the folder to move to is missing and cannot be made: nothing is deleted, and somebody is told.
func TestMoveTargetMissing(t *testing.T) {
	for _, caps := range []string{"IMAP4rev1 MOVE UIDPLUS", "IMAP4rev1 UIDPLUS", "IMAP4rev1"} {
		t.Run(caps, func(t *testing.T) {
			s := script(t, &scripted{caps: caps, uids: []int{1}, answer: func(n int, c string) string {
				switch {
				case strings.HasPrefix(c, "CREATE"):
					return "TAG NO [NOPERM] no\r\n"
				case strings.Contains(c, "MOVE"), strings.Contains(c, "COPY"):
					return "TAG NO [TRYCREATE] no such folder\r\n"
				}
				return ""
			}})
			l := newLedger()
			impatient(t, s, l, func(m *Mailbox) { m.After = Move })
			if strings.Contains(caps, "MOVE") {
				l.until(t, "told", func() bool {
					return l.whole(1) && slices.Contains(l.beats, "The server does not make the folder Processed.")
				})
			} else {
				l.until(t, "recorded", func() bool { return l.whole(1) && l.scans > 0 })
			}
			for _, never := range []string{"EXPUNGE", "STORE", "COPY", "CLOSE"} {
				if s.sent(never) > 0 {
					t.Errorf("it sent %s", never)
				}
			}
			if len(l.settled) > 0 {
				t.Error("settled, although it was not moved")
			}
		})
	}
}

// R11: should the library fall back from MOVE all the same, its commands do not leave the house.
func TestGuardAgainstDeleting(t *testing.T) {
	for line, want := range map[string]bool{
		"T1 UID EXPUNGE 1:3": true, "T1 expunge": true, "T1 CLOSE": true, "T1 DELETE INBOX": true,
		`T1 UID STORE 1 +FLAGS.SILENT (\Deleted)`: true, `T1 STORE 1 FLAGS (\Seen \deleted)`: true,
		"T1 UID STORE 1 +FLAGS.SILENT ($Countersign)": false, "T1 UID MOVE 1 Processed": false, "T1 NOOP": false,
		"T1 LOGIN delete expunge": false, "DONE": false, "": false, "T1 UID FETCH 1:9 (BODY.PEEK[])": false,
	} {
		if got := deletes([]byte(line)); got != want {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
	}
	ours, theirs := net.Pipe()
	defer theirs.Close()
	c := newConn(ours, time.Minute, nil)
	if _, err := c.Write([]byte("T1 NOOP\r\nT2 EXPUNGE\r\n")); err == nil {
		t.Error("it was written")
	}
	if n, err := theirs.Read(make([]byte, 10)); n > 0 || err == nil {
		t.Errorf("%d bytes left the house", n)
	}
}

// R14: a refused login is not tried again until the pause is over; a server out of order is.
func TestRefusedLogin(t *testing.T) {
	tests := []struct {
		name, reply string
		problem     string
		again       bool
	}{
		{"refused", "TAG NO [AUTHENTICATIONFAILED] wrong\r\n", "The server refuses the user name or the password.", false},
		{"refused without a code", "TAG NO no\r\n", "The server refuses the user name or the password.", false},
		{"out of order", "TAG NO [UNAVAILABLE] later\r\n", "The connection to the server keeps failing.", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := script(t, &scripted{uids: []int{1}, answer: func(n int, c string) string {
				if strings.HasPrefix(c, "LOGIN") && n == 1 {
					return tt.reply
				}
				return ""
			}})
			l := newLedger()
			box := boxAt(t, s.listener.Addr().String())
			p := newPoller(t, box, l)
			running(t, p.Run)
			l.until(t, "reported", func() bool { return len(l.beats) > 0 && l.beats[0] == tt.problem })
			if tt.again {
				l.until(t, "again by itself", func() bool { return l.whole(1) })
			} else if n := s.sent("LOGIN"); n != 1 {
				t.Errorf("%d logins", n)
			}
		})
	}
}

// certificate makes a self-signed certificate for names.
func certificate(t *testing.T, names ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
