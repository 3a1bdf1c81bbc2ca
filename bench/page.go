package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"countersign/e2e/servers"
	"countersign/petition"
	"countersign/templates"
	"countersign/web"
)

const (
	pageSignatures = 1000
	pageRounds     = 5
)

// page measures the public page beside nginx serving the very same compressed bytes as a file.
func page(ctx context.Context, t *table) error {
	dir, err := os.MkdirTemp("", "csb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	addr, err := freeAddr(ctx)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(ctx, self, "work", "web", "sqlite:"+filepath.Join(dir, "p.db"), addr)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it finishes, and writes its profile
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { stop(); _ = cmd.Wait() }()
	body, err := awaitPage(ctx, "http://"+addr+"/bench")
	if err != nil {
		return err
	}
	nginx, end, err := servers.StartNginx(ctx, body)
	if err != nil {
		return err
	}
	defer end()
	var ours, theirs []float64
	for range pageRounds {
		a, err := wrk(ctx, nginx)
		if err != nil {
			return err
		}
		b, err := wrk(ctx, "http://"+addr+"/bench")
		if err != nil {
			return err
		}
		theirs, ours = append(theirs, a), append(ours, b)
	}
	t.part("Public page", fmt.Sprintf("A list of %d signatures, %d bytes compressed, wrk with 16 connections; nginx serves the same bytes as a file.", pageSignatures, len(body)))
	a, b := middle(theirs), middle(ours)
	t.row("nginx", fmt.Sprintf("%.0f requests/s", a), "1.00 x", "")
	t.row("public page", fmt.Sprintf("%.0f requests/s", b), fmt.Sprintf("%.2f x", b/a), "0.75 x")
	return nil
}

func middle(f []float64) float64 {
	d := make([]time.Duration, len(f))
	for i, v := range f {
		d[i] = time.Duration(v)
	}
	return float64(median(d))
}

var requestsASecond = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)

func wrk(ctx context.Context, target string) (float64, error) {
	out, err := exec.CommandContext(ctx, "wrk", "-t1", "-c16", "-d4s", "-H", "Accept-Encoding: gzip", target).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("wrk: %w: %s", err, out)
	}
	m := requestsASecond.FindSubmatch(out)
	if m == nil || bytes.Contains(out, []byte("Non-2xx")) {
		return 0, fmt.Errorf("wrk: %s", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

func freeAddr(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// awaitPage waits for the page and returns its compressed bytes.
func awaitPage(ctx context.Context, target string) ([]byte, error) {
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			continue // not up yet
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			continue
		}
		plain, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("the page is not compressed: %w", err)
		}
		text, err := io.ReadAll(plain)
		if err != nil {
			return nil, err
		}
		if bytes.Contains(text, []byte(fmt.Sprintf("Reading Circle %d<", pageSignatures-1))) {
			return body, nil
		}
	}
	return nil, errors.New("the page did not come up with all signatures")
}

// workWeb serves a campaign with signatures until it is killed. Arguments: DSN, address.
func workWeb(ctx context.Context, args []string) error {
	st, err := openStore(ctx, args[0])
	if err != nil {
		return err
	}
	defer st.Close()
	c, err := makeCampaign(ctx, st)
	if err != nil {
		return err
	}
	organizer, err := st.AddOrganizer(ctx, petition.Organizer{Address: "nora@bench.example", Name: "Nora", Role: petition.RoleOwner, Locale: "en"})
	if err != nil {
		return err
	}
	for i := range pageSignatures {
		_, err := st.Act(ctx, petition.Action{
			Kind: petition.ActEnter, CampaignID: c.ID, OrganizerID: organizer, Channel: petition.ByDesk, Language: "en", Why: "on paper",
			Fields: petition.Fields{Kind: petition.KindOrganization, Name: fmt.Sprintf("Reading Circle %d", i), City: "Lindmark", Country: "FI"},
		})
		if err != nil {
			return err
		}
	}
	set, err := templates.New()
	if err != nil {
		return err
	}
	base := &url.URL{Scheme: "http", Host: args[1]}
	handler, err := web.New(web.Options{Store: st, Keys: benchKeys(), Templates: set, BaseURL: base, Log: benchLog()})
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", args[1])
	if err != nil {
		return err
	}
	return web.Serve(ctx, l, handler, benchLog())
}
