package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"countersign/mailin"
	"countersign/mailin/message"
	"countersign/petition"
	"countersign/postoffice"
	"countersign/store"
)

// What mortal is told by its environment.
const (
	killAt    = "KILL_AT"    // the point at which it kills itself
	killAhead = "KILL_AHEAD" // its clock is ahead by this duration, so that claims of the dead have run out
)

// mortal is `serve` in a process of its own that kills itself at a point, as a power
// cut would: no deferred function runs, no connection is closed in order.
func mortal() {
	if err := runMortal(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "mortal:", err)
		os.Exit(1)
	}
}

func runMortal(config string) error {
	c, err := loadConfig(config, os.Environ())
	if err != nil {
		return err
	}
	ahead, err := time.ParseDuration(os.Getenv(killAhead))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := newService(ctx, &c, serviceOptions{
		Log:   c.Log.logger(os.Stderr),
		Clock: func() time.Time { return time.Now().Add(ahead) },
		Tune:  func(m *mailin.Mailbox) { m.LeaseTTL, m.Scan = 2*time.Second, time.Second },
		Faults: func(point string) {
			if point == os.Getenv(killAt) {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {} // the signal is on its way: nothing further may happen
			}
		},
	})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return errors.Join(s.Run(ctx), s.Close())
}

// start runs mortal and waits until it minds signals. The channel gets its end.
func (i installation) start(t *testing.T, point string, ahead time.Duration, environ ...string) (*exec.Cmd, <-chan error) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "mortal", i.config)
	cmd.Env = append(os.Environ(), append(environ, killAt+"="+point, killAhead+"="+ahead.String())...)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("it never got ready: %v", errors.Join(err, cmd.Wait()))
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	return cmd, done
}

// dies waits until the process has been killed.
func dies(t *testing.T, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("it was to be killed and ended with %v", err)
		}
	case <-time.After(time.Minute): // far more than it takes: only so that a failure ends
		t.Fatal("it never came to the point where it was to be killed")
	}
}

// ends asks the process to finish and waits for it.
func ends(t *testing.T, cmd *exec.Cmd, done <-chan error) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatalf("it ended with %v", err)
	}
}

var libraries = []string{"Lindenau", "Plagwitz", "Connewitz"}

// deliverAll sends one sign-on for each library, from an address of its own.
func (i installation) deliverAll(t *testing.T) {
	t.Helper()
	for n, name := range libraries {
		from := librarian(name)
		if !slices.Contains(i.office.Accounts(), from) {
			if err := i.office.AddAccount(from, password); err != nil {
				t.Fatal(err)
			}
		}
		raw := fmt.Sprintf(signOn, time.Now().Format(time.RFC1123Z), fmt.Sprint(n))
		raw = strings.NewReplacer(signerAddress, from, "Lindenau\n", name+"\n").Replace(raw)
		if err := i.office.Deliver(t.Context(), from, []string{campaignAddress}, []byte(raw), postoffice.Pass); err != nil {
			t.Fatal(err)
		}
	}
}

func librarian(name string) string { return "office@" + strings.ToLower(name) + ".example" }

// everybodyAnswered waits until each library has an answer.
func (i installation) everybodyAnswered(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // far more than it takes: only so that a failure ends
	defer cancel()
	for _, name := range libraries {
		if _, err := i.office.Wait(ctx, librarian(name), func(postoffice.Letter) bool { return true }); err != nil {
			t.Fatalf("%s got no answer: %v", name, err)
		}
	}
}

// wantOnce demands that every mail is there once and decided, and that every library
// got one answer; where twice is true the same answer, with the same Message-ID, may
// have come twice to one of them (R08).
func (i installation) wantOnce(t *testing.T, twice bool) {
	t.Helper()
	extra := 0
	for _, name := range libraries {
		ids := make(map[string]int)
		for _, l := range i.office.Inbox(librarian(name)) {
			ids[message.Parse(l.Raw).Header.MessageID]++
		}
		if len(ids) != 1 {
			t.Errorf("%s got %d different answers, want 1", name, len(ids))
		}
		for n := range maps.Values(ids) {
			extra += n - 1
		}
	}
	if extra > 0 && !twice {
		t.Errorf("%d answers came twice", extra)
	}
	if h := i.health(t); h.Mails[petition.MailDecided] != len(libraries) || unfinished(h) > 0 {
		t.Errorf("mails = %v, notices that wait = %v, want %d decided and nothing else", h.Mails, h.Notices, len(libraries))
	}
	if n := len(i.office.Inbox(campaignAddress)); n != len(libraries) {
		t.Errorf("the mailbox holds %d mails, want %d: nothing is ever deleted", n, len(libraries))
	}
}

// unfinished counts mails without a decision and notices that are not sent.
func unfinished(h store.Health) int {
	n := -h.Mails[petition.MailDecided]
	for _, mails := range h.Mails {
		n += mails
	}
	for _, notices := range h.Notices {
		n += notices
	}
	return n
}

// health looks into the database, also beside the process that has it.
func (i installation) health(t *testing.T) store.Health {
	t.Helper()
	c, err := loadConfig(i.config, nil)
	if err != nil {
		t.Fatal(err)
	}
	options, err := storeOptions(&c, c.Log.logger(t.Output()))
	if err != nil {
		t.Fatal(err)
	}
	options.Shared = true
	s, err := store.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h, err := s.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// comesToRest waits until every mail is decided and every notice sent.
func (i installation) comesToRest(t *testing.T) {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	patience := time.After(time.Minute) // far more than it takes: only so that a failure ends
	for unfinished(i.health(t)) > 0 {
		select {
		case <-again.C:
		case <-patience:
			t.Fatalf("it does not come to rest: %+v", i.health(t))
		}
	}
}

const later = 30 * time.Minute // longer than every claim of a dead process

// Killed at any point of the way of a mail, nothing is lost and nothing doubled (R07, R08).
func TestKilledAnywhereNothingIsLostOrDoubled(t *testing.T) {
	for _, tt := range []struct {
		point, after string
		twice        bool // a mail may have been between the server's 250 and our mark
	}{
		{faultFolder, "keep", false},
		{faultFetched, "keep", false},
		{faultRecorded, "keep", false},
		{faultRecorded, "move", false},
		{faultMoved, "move", true},
		{faultKeyworded, "keyword", true},
		{faultClaimed, "keep", false},
		{faultUnderstood, "keep", false},
		{faultDecided, "keep", false},
		{faultAttempt, "keep", false},
		{faultSent, "keep", true},
		{faultSettled, "keep", true},
	} {
		t.Run(tt.point+" "+tt.after, func(t *testing.T) {
			t.Parallel()
			i := install(t, fmt.Sprintf("after = %q", tt.after), postoffice.Options{})
			i.deliverAll(t)
			_, done := i.start(t, tt.point, 0)
			dies(t, done)
			cmd, done := i.start(t, "", later)
			i.everybodyAnswered(t)
			i.comesToRest(t)
			ends(t, cmd, done)
			i.wantOnce(t, tt.twice)
		})
	}
}

// Killed after MOVE was sent and before its OK came: the server has moved the mail, we
// know nothing of it. It is neither lost nor taken for a new one.
func TestKilledBetweenMoveAndItsOK(t *testing.T) {
	i := install(t, `after = "move"`, postoffice.Options{})
	i.deliverAll(t)
	sent := make(chan struct{}, 1)
	proxy := moveProxy(t, i.office.IMAPAddr(), sent)
	cmd, done := i.start(t, "", 0, "COUNTERSIGN_MAILBOX_INFO_SERVER="+proxy)
	<-sent
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	dies(t, done)
	cmd, done = i.start(t, "", later)
	i.everybodyAnswered(t)
	i.comesToRest(t)
	ends(t, cmd, done)
	i.wantOnce(t, true) // a notice may just have been on its way
}

// moveProxy passes everything on to the IMAP server until a MOVE: that is passed on,
// its answer is not.
func moveProxy(t *testing.T, server string, sent chan<- struct{}) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			go pass(client, server, sent)
		}
	}()
	return l.Addr().String()
}

func pass(client net.Conn, server string, sent chan<- struct{}) {
	defer client.Close()
	upstream, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer upstream.Close()
	moved := make(chan struct{})
	go func() {
		b := make([]byte, 64<<10)
		for {
			n, err := upstream.Read(b)
			if err != nil {
				return
			}
			select {
			case <-moved:
				select {
				case sent <- struct{}{}:
				default:
				}
				continue // the answer to MOVE is lost on the way
			default:
			}
			if _, err := client.Write(b[:n]); err != nil {
				return
			}
		}
	}()
	b := make([]byte, 64<<10)
	for closed := false; ; {
		n, err := client.Read(b)
		if err != nil {
			return
		}
		if !closed && bytes.Contains(b[:n], []byte("UID MOVE")) {
			closed = true
			close(moved)
		}
		if _, err := upstream.Write(b[:n]); err != nil {
			return
		}
	}
}

// Killed while the places of all mails change: UIDVALIDITY is new, every mail has to be
// found again by its bytes, and none is answered twice (R02).
func TestKilledDuringUIDValidityChange(t *testing.T) {
	for _, point := range []string{faultFolder, faultFetched, faultRecorded} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			i := install(t, "", postoffice.Options{UIDValidity: 7})
			i.deliverAll(t)
			cmd, done := i.start(t, "", 0)
			i.everybodyAnswered(t)
			i.comesToRest(t)
			ends(t, cmd, done)
			i.office.SetUIDValidity(8)
			_, done = i.start(t, point, later)
			dies(t, done)
			cmd, done = i.start(t, "", 2*later)
			i.deliver(t, "later", time.Now()) // its answer shows that the folder was gone through
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := i.office.Wait(ctx, signerAddress, func(l postoffice.Letter) bool {
				return strings.Contains(string(l.Raw), "In-Reply-To: <later@lindenau.example>")
			}); err != nil {
				t.Fatalf("the later mail got no answer: %v", err)
			}
			ends(t, cmd, done)
			for _, name := range libraries[1:] {
				if n := len(i.office.Inbox(librarian(name))); n != 1 {
					t.Errorf("%s got %d answers, want 1", name, n)
				}
			}
			if n := len(i.office.Inbox(signerAddress)); n != 2 {
				t.Errorf("%s got %d answers to two mails", signerAddress, n)
			}
			h := i.health(t)
			if h.Mails[petition.MailDecided] != len(libraries)+1 {
				t.Errorf("mails = %v, want %d decided", h.Mails, len(libraries)+1)
			}
		})
	}
}

func TestServeEndsInOrderOnTheFirstSignalAndAtOnceOnTheSecond(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	serve := func() (*exec.Cmd, *watched) {
		cmd := exec.CommandContext(t.Context(), "countersign", "serve", "--config", i.config)
		w := &watched{said: make(chan string, 1000)}
		cmd.Stderr = w
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, w
	}
	cmd, w := serve()
	w.waitFor(t, "msg=listening")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("one signal: it ended with %v", err)
	}

	cmd, w = serve()
	line := w.waitFor(t, "msg=listening")
	_, addr, _ := strings.Cut(line, "addr=")
	addr, _, _ = strings.Cut(addr, " ")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHo") // a request in hand, which never comes to its end
	for range 2 {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if !w.ended {
			w.waitFor(t, "finishing what is in hand")
			w.ended = true
		}
	}
	exit, ok := errors.AsType[*exec.ExitError](cmd.Wait())
	if !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("two signals: it ended with %v", exit)
	}
}

// watched takes what a process logs, line by line.
type watched struct {
	said  chan string
	rest  []byte
	ended bool
}

func (w *watched) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, ok := bytes.Cut(w.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		w.rest = rest
		select {
		case w.said <- string(line):
		default: // nobody waits for that much
		}
	}
}

func (w *watched) waitFor(t *testing.T, words string) string {
	t.Helper()
	for {
		select {
		case line := <-w.said:
			if strings.Contains(line, words) {
				return line
			}
		case <-time.After(time.Minute): // far more than it takes: only so that a failure ends
			t.Fatalf("it never said %q", words)
		}
	}
}
