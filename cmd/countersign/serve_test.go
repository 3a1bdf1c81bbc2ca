package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/petition"
	"countersign/postoffice"
)

const (
	campaignAddress = "sign@opensunday.example"
	signerAddress   = "office@lindenau.example"
	password        = "secret"
)

// installation is a post office, a configuration for it, and an open campaign.
type installation struct {
	office *postoffice.Office
	config string // path
}

// install makes one. extra is appended to the configuration of the mailbox.
func install(t *testing.T, extra string, options postoffice.Options) installation {
	t.Helper()
	options.Accounts = map[string]string{campaignAddress: password, signerAddress: password}
	office, err := postoffice.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { office.Close() })
	dir := t.TempDir()
	config := fmt.Sprintf(`
base_url = "http://127.0.0.1:1"
listen = "127.0.0.1:0"
database = %q
secret_key = "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
[smtp]
server = %q
security = "none"
username = %q
password = %q
[log]
level = "debug"
[mailbox.info]
server = %q
security = "none"
username = %q
password = %q
addresses = [%q]
campaign = "open-on-sunday"
authserv_ids = [%q]
%s
`, "sqlite:"+filepath.Join(dir, "countersign.db"), office.SMTPAddr(), campaignAddress, password, office.IMAPAddr(), campaignAddress, password, campaignAddress, office.AuthservID(), extra)
	i := installation{office: office, config: filepath.Join(dir, "countersign.toml")}
	if err := os.WriteFile(i.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	letter := filepath.Join(dir, "letter.md")
	if err := os.WriteFile(letter, []byte("# Open on Sunday\n\nWe ask for it.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	i.do(t, "campaign", "create", "open-on-sunday", "--name", "Open on Sunday", "--controller", "Library Friends Network",
		"--contact", "Nora Example", "--privacy-url", "https://example.org/privacy", "--text", "en="+letter)
	i.do(t, "campaign", "open", "open-on-sunday")
	return i
}

// do runs one command and returns what it printed.
func (i installation) do(t *testing.T, args ...string) string {
	t.Helper()
	out, err := i.try(t, args...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

func (i installation) try(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), &world{Args: append(args, "--config", i.config), In: strings.NewReader(""), Out: &out, Err: t.Output()})
	return out.String(), err
}

// served is a service that runs in this process.
type served struct {
	addr string
	stop context.CancelFunc
	done chan error
}

// serve starts the service and waits until it listens. It is stopped with the test.
func (i installation) serve(t *testing.T, faults func(string), flags ...string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &served{stop: cancel, done: make(chan error, 1)}
	ready := make(chan string, 1)
	go func() {
		s.done <- run(ctx, &world{
			Args: append([]string{"serve", "--config", i.config}, flags...), Out: io.Discard, Err: t.Output(), Faults: faults,
			Ready: func(addr string) { ready <- addr },
		})
		close(s.done)
	}()
	t.Cleanup(func() {
		cancel()
		<-s.done
	})
	select {
	case s.addr = <-ready:
		return s
	case err := <-s.done:
		t.Fatalf("serve ended: %v", err)
	}
	return nil
}

const signOn = `From: Anna Berg <office@lindenau.example>
To: sign@opensunday.example
Subject: We sign: Open on Sunday
Date: %s
Message-ID: <%s@lindenau.example>
Content-Type: text/plain; charset=utf-8

We want to sign this letter.

Organization: City Library Lindenau
City and country: Leipzig, Germany
Website:
Your name: Anna Berg
Your position: Office manager
`

func (i installation) deliver(t *testing.T, id string, sent time.Time) {
	t.Helper()
	raw := fmt.Appendf(nil, signOn, sent.Format(time.RFC1123Z), id)
	if err := i.office.Deliver(t.Context(), signerAddress, []string{campaignAddress}, raw, postoffice.Pass); err != nil {
		t.Fatal(err)
	}
}

func (i installation) answer(t *testing.T) postoffice.Letter {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // far more than it takes: only so that a failure ends
	defer cancel()
	l, err := i.office.Wait(ctx, signerAddress, func(postoffice.Letter) bool { return true })
	if err != nil {
		t.Fatalf("no answer came: %v", err)
	}
	return l
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "127.0.0.1:1" // that of base_url
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestServeAnswersASignOnAndShowsTheLetter(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	var mu sync.Mutex
	var points []string
	s := i.serve(t, func(point string) {
		mu.Lock()
		defer mu.Unlock()
		points = append(points, point)
	})
	i.deliver(t, "1", time.Now())
	letter := string(i.answer(t).Raw)
	for _, want := range []string{"Is this correct? City Library Lindenau", "http://127.0.0.1:1/c/", "Auto-Submitted: auto-replied"} {
		if !strings.Contains(letter, want) {
			t.Errorf("the answer does not hold %q:\n%s", want, letter)
		}
	}
	if status, _ := get(t, "http://"+s.addr+"/readyz"); status != http.StatusOK {
		t.Errorf("/readyz = %d", status)
	}
	if status, page := get(t, "http://"+s.addr+"/open-on-sunday"); status != http.StatusOK || !strings.Contains(page, "We ask for it.") {
		t.Errorf("the letter's page = %d\n%s", status, page)
	}
	// A second serve on the same file is told so, and a short command works beside the first.
	if _, err := i.try(t, "serve"); !errors.Is(err, petition.ErrBusy) {
		t.Errorf("a second serve: %v, want ErrBusy", err)
	}
	if out := i.do(t, "campaign", "list"); !strings.Contains(out, "open-on-sunday") {
		t.Errorf("campaign list beside serve: %s", out)
	}
	s.stop()
	if err := <-s.done; err != nil {
		t.Errorf("serve ended with %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{faultFolder, faultFetched, faultRecorded, faultClaimed, faultUnderstood, faultDecided, faultAttempt, faultSent, faultSettled} {
		if !strings.Contains(strings.Join(points, " "), want) {
			t.Errorf("the work never came to the point %q: %v", want, points)
		}
	}
}

// U01, R58: mail from before the start is read and never answered by itself. The mail
// that is answered afterwards shows that the old one had its turn.
func TestServeIsQuietAboutOldMail(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	old := fmt.Appendf(nil, signOn, time.Now().AddDate(0, -1, 0).Format(time.RFC1123Z), "old")
	if err := i.office.Put(campaignAddress, postoffice.InboxFolder, old, time.Now().AddDate(0, -1, 0)); err != nil {
		t.Fatal(err)
	}
	i.serve(t, nil)
	i.deliver(t, "new", time.Now())
	letter := string(i.answer(t).Raw)
	if !strings.Contains(letter, "In-Reply-To: <new@lindenau.example>") {
		t.Errorf("the first answer is not to the new mail:\n%s", letter)
	}
}

// R59: on a copy that was put back, mail from before waits for an organizer, and what is
// answered to new mail goes out once an owner has looked; starting anew changes nothing of that.
func TestR59ServeAfterRestore(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	i.deliver(t, "answered-before", time.Now().Add(-time.Hour))
	s := i.serve(t, nil, "--after-restore")
	beside := i.later(t, 0)
	until := func(what string, yes func() bool) {
		again := time.NewTicker(20 * time.Millisecond)
		defer again.Stop()
		enough := time.After(time.Minute)
		for !yes() {
			select {
			case <-again.C:
			case <-enough:
				t.Fatalf("it never came to it that %s", what)
			}
		}
	}
	until("the old mail waits for a person", func() bool {
		e, err := beside.Endorsement(t.Context(), 1)
		return err == nil && e.OnHold == "older"
	})
	s.stop()
	<-s.done
	i.serve(t, nil)
	restored := time.Now()
	until("a new second begins: the times in a mail are whole ones", func() bool { return time.Now().Unix() > restored.Unix() })
	i.deliver(t, "new", time.Now())
	until("the answer to the new mail waits for an owner", func() bool {
		hold, err := beside.Held(t.Context())
		return err == nil && hold.Due == 1
	})
	if n := len(i.office.Inbox(signerAddress)); n != 0 {
		t.Errorf("%d mails went out before anybody looked", n)
	}
	if err := beside.Release(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	i.deliver(t, "newer", time.Now())                  // wakes the sender, as the desk does
	until("what was held back goes out", func() bool { // beside the newest answer, in any order
		return slices.ContainsFunc(i.office.Inbox(signerAddress), func(l postoffice.Letter) bool {
			return strings.Contains(string(l.Raw), "In-Reply-To: <new@lindenau.example>")
		})
	})
}

// A metrics address of its own (R56): the state of mails is there, and it is not on the public site.
func TestMetricsAreServedApart(t *testing.T) {
	i := install(t, "[metrics]\nlisten = \"127.0.0.1:0\"", postoffice.Options{})
	c, err := loadConfig(i.config, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newService(t.Context(), &c, serviceOptions{Log: c.Log.logger(t.Output())})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- errors.Join(s.Run(ctx), s.Close()) }()
	i.deliver(t, "1", time.Now())
	i.answer(t)
	status, text := get(t, "http://"+s.metrics.Addr().String()+"/metrics")
	if status != http.StatusOK || !strings.Contains(text, `countersign_mails{state="decided"} 1`) || !strings.Contains(text, `countersign_mailbox_up{mailbox="info"} 1`) {
		t.Errorf("metrics = %d\n%s", status, text)
	}
	if status, _ := get(t, "http://"+s.Addr()+"/metrics"); status != http.StatusNotFound {
		t.Errorf("the public site answers /metrics with %d", status)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
