package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/petition"
	"countersign/store"
)

// side is one of the servers that are compared.
type side struct {
	name, url string
	pid       int // of the server; its children count with it

	rates  []float64       // requests a second, of each round
	costs  []float64       // nanoseconds of processor time an answer
	waited []time.Duration // for first bytes, of all rounds
}

// round loads the server once, asking beside the load as a visitor does.
func (s *side) round(ctx context.Context) error {
	before, err := processorTime(s.pid)
	if err != nil {
		return err
	}
	beside, stop := context.WithCancel(ctx)
	defer stop()
	visited := make(chan []time.Duration, 1)
	go func() { visited <- visits(beside, s.url) }()
	rate, n, err := wrk(ctx, s.url)
	if err != nil {
		return err
	}
	stop()
	s.waited = append(s.waited, <-visited...)
	after, err := processorTime(s.pid)
	if err != nil {
		return err
	}
	s.rates, s.costs = append(s.rates, rate), append(s.costs, float64(after-before)/n)
	return nil
}

// firsts is within which time 99 of 100 first bytes came.
func (s *side) firsts() time.Duration {
	d := slices.Sorted(slices.Values(s.waited))
	if len(d) == 0 {
		return 0
	}
	return d[len(d)*99/100]
}

// visits asks for the page every ten milliseconds and tells how long each first byte took.
func visits(ctx context.Context, target string) []time.Duration {
	var waited []time.Duration
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return waited
		case <-tick.C:
		}
		var first time.Time
		trace := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: func() { first = time.Now() }})
		req, err := http.NewRequestWithContext(trace, http.MethodGet, target, nil)
		if err != nil {
			return waited
		}
		req.Header.Set("Accept-Encoding", "gzip")
		start := time.Now()
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			continue // the round is over
		}
		waited = append(waited, first.Sub(start))
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

// clockTick is what Linux counts processor time in (USER_HZ, proc(5)).
const clockTick = 10 * time.Millisecond

// processorTime is what a process and its children have used, in their own code and in the kernel's.
func processorTime(pid int) (time.Duration, error) {
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0, err
	}
	var ticks int64
	for _, one := range append(strings.Fields(string(children)), strconv.Itoa(pid)) {
		stat, err := os.ReadFile("/proc/" + one + "/stat") //nolint:gosec // a number
		if err != nil {
			return 0, err
		}
		_, rest, _ := strings.Cut(string(stat), ") ") // behind the name: state is field 3, utime 14, stime 15
		fields := strings.Fields(rest)
		if len(fields) < 13 {
			return 0, fmt.Errorf("/proc/%s/stat: %d fields", one, len(fields))
		}
		for _, f := range fields[11:13] {
			n, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				return 0, err
			}
			ticks += n
		}
	}
	return time.Duration(ticks) * clockTick, nil
}

// withdrawals takes signatures back in another process than the one that serves, and
// measures until page, JSON and CSV show none of them any more.
func withdrawals(ctx context.Context, t *table, dsn, target string) error {
	st, err := store.Open(ctx, store.Options{DSN: dsn, Keys: benchKeys(), Log: benchLog(), Shared: true})
	if err != nil {
		return err
	}
	defer st.Close()
	var took []time.Duration
	for i := range pageRounds {
		start := time.Now()
		if _, err := st.Act(ctx, petition.Action{Kind: petition.ActWithdraw, Endorsements: []int64{int64(i + 1)}, Channel: petition.ByMail}); err != nil {
			return err
		}
		for _, place := range []string{"", "/signatures.json", "/signatures.csv"} {
			if err := awaitGone(ctx, target+place, benchName(i)); err != nil {
				return err
			}
		}
		took = append(took, time.Since(start))
	}
	t.row("a withdrawal, until page, JSON and CSV are all without it: median", seconds(median(took)), "", "")
	t.row("the slowest", seconds(slices.Max(took)), "", "1 s")
	return nil
}

// awaitGone asks for a file until it has no line of that name.
func awaitGone(ctx context.Context, target, name string) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		body, err := fetch(ctx, target)
		if err != nil {
			return err
		}
		text, err := unzip(body)
		if err != nil {
			return err
		}
		shown := false
		for _, end := range []string{"<", `"`, ","} {
			shown = shown || strings.Contains(string(text), name+end)
		}
		if !shown {
			return nil
		}
	}
	return fmt.Errorf("%s still shows %q", target, name)
}
