package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"countersign/e2e/servers"
)

const (
	slug            = "open-on-sunday"
	campaignAddress = "sign@opensunday.example"
	letterText      = `# Open the libraries on Sunday

*To the city council*

Most people work when the library is open. On Sunday, when they have time, its doors are locked.

We ask the council

- to open every branch on Sunday from noon to six,
- to pay those who work then what Sunday work is worth,
- to tell us after a year who came.

A library is a warm room, a table and an answer for everybody. It should be there when everybody can come.
`
)

// installation is a configuration file with an open campaign, the servers that it
// names, and the account in which its mail arrives.
type installation struct {
	dovecot *servers.Dovecot
	sink    *servers.Sink
	account string
	config  string // path
	base    string // base_url
	metrics string // host:port
}

// plan is what an installation may differ in; the zero value is an SQLite file and
// servers of its own.
type plan struct {
	database string // as in the configuration
	top      string // further lines of the configuration: of no table,
	mailbox  string // of its mailbox
	dovecot  *servers.Dovecot
	sink     *servers.Sink
}

// accounts numbers the mailboxes: each installation has one of its own.
var accounts struct {
	sync.Mutex
	n int
}

// install writes the configuration and opens the campaign by the program's own commands.
func install(t *testing.T, p plan) *installation {
	t.Helper()
	dir := t.TempDir()
	if p.dovecot == nil {
		p.dovecot = servers.For(t, servers.StartDovecot)
	}
	if p.sink == nil {
		p.sink = startSink(t)
	}
	if p.database == "" {
		p.database = "sqlite:" + filepath.Join(dir, "countersign.db")
	}
	accounts.Lock()
	accounts.n++
	i := &installation{
		dovecot: p.dovecot, sink: p.sink, account: fmt.Sprintf("sign%d", accounts.n),
		config: filepath.Join(dir, "countersign.toml"), metrics: freeAddress(t),
	}
	accounts.Unlock()
	listen := freeAddress(t)
	i.base = "http://" + listen
	write(t, i.config, fmt.Sprintf(`base_url = %q
listen = %q
database = %q
secret_key = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
%s
[smtp]
server = %q
security = "none"
[metrics]
listen = %q
[mailbox.info]
server = %q
security = "none"
username = %q
password = %q
addresses = [%q]
campaign = %q
%s
`, i.base, listen, p.database, p.top, i.sink.Addr, i.metrics, i.dovecot.Addr, i.account, servers.DovecotPassword, campaignAddress, slug, p.mailbox))
	letter := filepath.Join(dir, "letter.md")
	write(t, letter, letterText)
	i.do(t, "migrate", "up")
	i.do(t, "campaign", "create", slug, "--name", "Open on Sunday", "--recipient", "the city council", "--zone", "Europe/Brussels", "--zone-name", "Brussels time",
		"--closes", time.Now().AddDate(0, 2, 0).Format("2006-01-02")+" 18:00", "--goal", "100", "--controller", "Library Friends Network",
		"--contact", "Nora Example, phone +00 000 0000", "--privacy-url", "https://example.org/privacy", "--text", "en="+letter)
	i.do(t, "campaign", "open", slug)
	return i
}

func startSink(t *testing.T, args ...string) *servers.Sink {
	t.Helper()
	return servers.For(t, func(ctx context.Context) (*servers.Sink, error) { return servers.StartSink(ctx, args...) })
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// freeAddress is a loopback address that nobody listens on. It lies below the ports
// that systems give to outgoing connections: none of those takes it meanwhile.
func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 15000+rand.IntN(15000)))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
}

// do runs one command, which has to succeed, and returns what it printed.
func (i *installation) do(t *testing.T, args ...string) string {
	t.Helper()
	out, said, code := i.try(t, args...)
	if code != 0 {
		t.Fatalf("countersign %s: exit status %d\n%s%s", strings.Join(args, " "), code, out, said)
	}
	return out
}

// try runs one command and returns what it printed, what it said on standard error,
// and its exit status.
func (i *installation) try(t *testing.T, args ...string) (out, said string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var o, e bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, append(args, "--config", i.config)...)
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// process is one running `countersign serve`.
type process struct {
	cmd  *exec.Cmd
	addr string // where it listens
	done chan struct{}
	log  output
}

// output keeps what a process says, for a failed test and for those who wait for words.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// serve starts the service and waits until it listens. environ goes before the
// configuration: KEY=value. What still runs is stopped with the test.
func (i *installation) serve(t *testing.T, environ ...string) *process {
	t.Helper()
	p := &process{done: make(chan struct{}), addr: strings.TrimPrefix(i.base, "http://")}
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), binary, "serve", "--config", i.config)
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), environ...), &p.log
	for _, e := range environ {
		if addr, ok := strings.CutPrefix(e, "COUNTERSIGN_LISTEN="); ok {
			p.addr = addr
		}
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // ProcessState says it
	}()
	t.Cleanup(func() {
		if p.running() {
			p.signal(t, syscall.SIGTERM)
			select {
			case <-p.done:
			case <-time.After(patience):
				t.Error("serve did not end")
				p.signal(t, syscall.SIGKILL)
			}
		}
		<-p.done
		if t.Failed() {
			t.Logf("serve on %s said:\n%s", p.addr, p.log.String())
		}
	})
	eventually(t, "serve listens", func() bool {
		return !p.running() || strings.Contains(p.log.String(), "msg=listening")
	})
	if !p.running() {
		t.Fatalf("serve ended: %v", p.cmd.ProcessState)
	}
	return p
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
}

// ended waits for the end of the process.
func (p *process) ended(t *testing.T) syscall.WaitStatus {
	t.Helper()
	eventually(t, "serve ends", func() bool { return !p.running() })
	return p.cmd.ProcessState.Sys().(syscall.WaitStatus)
}

// stop lets the process finish what is in hand, which has to go well.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	if s := p.ended(t); !s.Exited() || s.ExitStatus() != 0 {
		t.Errorf("after SIGTERM serve ended with %v, want exit status 0", p.cmd.ProcessState)
	}
}

// get fetches a page of a process, by the public host name.
func (i *installation) get(t *testing.T, addr, path string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if addr != i.metrics {
		req.Host = strings.TrimPrefix(i.base, "http://")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(b)
}

// page fetches a public page, which has to be there.
func (i *installation) page(t *testing.T, path string) string {
	t.Helper()
	status, body := i.get(t, strings.TrimPrefix(i.base, "http://"), path)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, status, body)
	}
	return body
}

// metric is the value of a line of /metrics, like `countersign_mails{state="decided"}`; 0 where there is none.
func (i *installation) metric(t *testing.T, name string) int {
	t.Helper()
	_, body := i.get(t, i.metrics, "/metrics")
	for line := range strings.Lines(body) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			var n int
			if _, err := fmt.Sscan(value, &n); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return n
		}
	}
	return 0
}
