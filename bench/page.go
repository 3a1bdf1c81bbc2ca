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
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"countersign/e2e/servers"
)

const pageRounds = 5

// page measures the public page beside nginx serving the very same compressed bytes
// as a file: an ordinary list, and the longest that we promise anything about.
func page(ctx context.Context, t *table) error {
	return errors.Join(pageOf(ctx, t, 1000), pageOf(ctx, t, 100_000))
}

func pageOf(ctx context.Context, t *table, signatures int) error {
	dir, err := os.MkdirTemp("", "csb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	dsn := "sqlite:" + filepath.Join(dir, "p.db")
	ours, err := startWeb(ctx, dsn, signatures)
	if err != nil {
		return err
	}
	defer ours.stop()
	body, err := ours.await(ctx)
	if err != nil {
		return err
	}
	nginx, err := servers.StartNginx(ctx, body)
	if err != nil {
		return err
	}
	defer nginx.Stop()
	sides := []*side{{name: "nginx", url: nginx.Address, pid: nginx.PID}, {name: "public page", url: ours.url, pid: ours.pid}}
	for range pageRounds {
		for _, s := range sides {
			if err := s.round(ctx); err != nil {
				return err
			}
		}
	}
	t.part(fmt.Sprintf("Public page, %d signatures", signatures),
		fmt.Sprintf("%d bytes compressed, wrk with 16 connections; nginx serves the same bytes as a file.", len(body)))
	for i, s := range sides {
		goal := ""
		if i > 0 {
			goal = "0.75 x"
		}
		t.row(s.name, fmt.Sprintf("%.0f requests/s", middle(s.rates)), fmt.Sprintf("%.2f x", middle(s.rates)/middle(sides[0].rates)), goal)
		t.row(s.name+": processor time an answer", fmt.Sprintf("%.1f µs", middle(s.costs)/1000), "", "")
		t.row(s.name+": first byte under that load, 99 of 100 within", fmt.Sprintf("%.1f ms", s.firsts().Seconds()*1000), "", "10 ms")
	}
	return withdrawals(ctx, t, dsn, ours.url)
}

func middle(f []float64) float64 {
	d := make([]time.Duration, len(f))
	for i, v := range f {
		d[i] = time.Duration(v)
	}
	return float64(median(d))
}

// webProcess is a worker process that serves a campaign.
type webProcess struct {
	url  string
	last string // a name that is on the complete list
	pid  int
	stop func()
}

func startWeb(ctx context.Context, dsn string, signatures int) (*webProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, self, "work", "web", dsn, addr, strconv.Itoa(signatures))
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it finishes, and writes its profile
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	stop := func() { cancel(); _ = cmd.Wait() }
	return &webProcess{url: "http://" + addr + "/bench", last: benchName(entered - 1), pid: cmd.Process.Pid, stop: stop}, nil
}

func freeAddr(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// await waits for the page and returns its compressed bytes.
func (p *webProcess) await(ctx context.Context) ([]byte, error) {
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		body, err := fetch(ctx, p.url)
		if err != nil {
			continue // not up yet
		}
		text, err := unzip(body)
		if err != nil {
			return nil, fmt.Errorf("the page is not compressed: %w", err)
		}
		if bytes.Contains(text, []byte(p.last+"<")) {
			return body, nil
		}
	}
	return nil, errors.New("the page did not come up with all signatures")
}

// fetch returns the compressed bytes of a page.
func fetch(ctx context.Context, target string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status)
	}
	return io.ReadAll(resp.Body)
}

func unzip(body []byte) ([]byte, error) {
	plain, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(plain)
}

var (
	requestsASecond = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	requestsInAll   = regexp.MustCompile(`([0-9]+) requests in`)
)

// wrk loads a page and returns its requests a second, and how many they were.
func wrk(ctx context.Context, target string) (rate, n float64, err error) {
	out, err := exec.CommandContext(ctx, "wrk", "-t1", "-c16", "-d4s", "-H", "Accept-Encoding: gzip", target).CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("wrk: %w: %s", err, out)
	}
	a, b := requestsASecond.FindSubmatch(out), requestsInAll.FindSubmatch(out)
	if a == nil || b == nil || bytes.Contains(out, []byte("Non-2xx")) {
		return 0, 0, fmt.Errorf("wrk: %s", out)
	}
	rate, err = strconv.ParseFloat(string(a[1]), 64)
	if err != nil {
		return 0, 0, err
	}
	n, err = strconv.ParseFloat(string(b[1]), 64)
	return rate, n, err
}
