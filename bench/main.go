// Bench measures Countersign beside other programs and beside limits, in one run
// on one machine, and prints a table of ratios: absolute figures belong to a
// machine, ratios hold longer. `make bench` writes it to docs/performance.md.
//
// Each figure is the median of several rounds in which the things compared take
// turns. What is measured runs in a process of its own. A program that is not
// installed is an error that names it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if len(os.Args) > 2 && os.Args[1] == "work" {
		err = work(ctx, os.Args[2], os.Args[3:])
	} else {
		err = measure(ctx, os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// table is what a run prints: one part a subject.
type table struct{ b strings.Builder }

func (t *table) part(title, intro string) {
	fmt.Fprintf(&t.b, "\n## %s\n\n%s\n\n| what | median | ratio | goal |\n| --- | --- | --- | --- |\n", title, intro)
}

func (t *table) row(what, median, ratio, goal string) {
	fmt.Fprintf(&t.b, "| %s | %s | %s | %s |\n", what, median, ratio, goal)
	fmt.Fprintf(os.Stderr, "%-70s %-28s %-10s %s\n", what, median, ratio, goal)
}

// measure runs the named subjects, all of them by default.
func measure(ctx context.Context, only []string) error {
	t := new(table)
	fmt.Fprintf(&t.b, "# Performance\n\nMade by `make bench` on %s: %d processors, %s, loopback without TLS, other programs as the\ndistribution brings them. Medians; the things compared take turns in one run.\n",
		time.Now().Format("2 January 2006"), runtime.NumCPU(), runtime.Version())
	subjects := []struct {
		name string
		run  func(context.Context, *table) error
	}{{"backlog", backlog}, {"answer", answering}, {"outbox", outbox}, {"page", page}}
	var failed []error
	for _, s := range subjects {
		if len(only) > 0 && !slices.Contains(only, s.name) {
			continue
		}
		if err := s.run(ctx, t); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	fmt.Print(t.b.String())
	return errors.Join(failed...)
}

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	if len(d) == 0 {
		return 0
	}
	return d[len(d)/2]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func times(a, b time.Duration) string { return fmt.Sprintf("%.2f x", a.Seconds()/b.Seconds()) }
