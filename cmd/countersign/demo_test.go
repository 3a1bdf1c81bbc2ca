package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// demonstrate runs a demo until the test ends and returns what it says to open.
func demonstrate(t *testing.T, args ...string) (places demoPlaces, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- run(ctx, &world{Args: append([]string{"demo", "--json"}, args...), Out: &out, Err: t.Output(), Ready: func(addr string) { ready <- addr }})
	}()
	stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		done <- nil
	}
	t.Cleanup(stop)
	select {
	case <-ready:
	case err := <-done:
		t.Fatalf("the demo ended: %v", err)
	}
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	if err := d.Decode(&places); err != nil {
		t.Fatal(err)
	}
	if d.More() {
		t.Error("more than one object was printed")
	}
	return places, stop
}

// The demo: one JSON object, loopback only, two at once, other Host headers refused,
// and a folder that stays if it is to.
func TestDemo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	first, stop := demonstrate(t, "--keep", dir)
	second, _ := demonstrate(t)
	seen := map[string]bool{}
	for _, p := range []demoPlaces{first, second} {
		for _, place := range []string{p.Public, p.Desk, p.PostOffice, p.SMTP, p.IMAP} {
			if u, err := url.Parse(place); err == nil && u.Host != "" {
				if resp := fetch(t, place, u.Host); resp != http.StatusOK {
					t.Errorf("%s gives %d", place, resp)
				}
				if resp := fetch(t, place, "evil.example"); resp < 400 {
					t.Errorf("%s answers to another Host with %d", place, resp)
				}
				place = u.Host
			}
			host, _, err := net.SplitHostPort(place)
			if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
				t.Errorf("%q is not on loopback (%v)", place, err)
			}
		}
		for _, port := range []string{p.SMTP, p.IMAP, p.Public, p.PostOffice} {
			if seen[port] {
				t.Errorf("both demos have %s", port)
			}
			seen[port] = true
		}
	}
	if first.Data == second.Data || !strings.HasPrefix(first.Data, dir) {
		t.Errorf("data in %q and %q", first.Data, second.Data)
	}
	stop()
	if _, err := os.Stat(filepath.Join(dir, "countersign.db")); err != nil {
		t.Errorf("what was to be kept is gone: %v", err)
	}
	demonstrate(t, "--keep", dir) // and it goes on
}

func fetch(t *testing.T, place, host string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, place, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	resp, err := client.Do(req)
	if err != nil {
		return http.StatusBadGateway // a redirect to where nobody is
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}
