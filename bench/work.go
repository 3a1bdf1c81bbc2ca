package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"countersign/mailin"
	"countersign/mailin/reading"
	"countersign/petition"
	"countersign/store"
)

// result is what a worker process reports: how long the work took, without the
// start of the process, and the most memory it held.
type result struct {
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu"` // seconds of processor time
	RSS     int64   `json:"rss"` // bytes
	N       int     `json:"n"`
}

func (r result) took() time.Duration { return time.Duration(r.Seconds * float64(time.Second)) }

// child runs this program again as a worker and reads its report.
func child(ctx context.Context, args ...string) (result, error) {
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{"work"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("worker %s: %w", args[0], err)
	}
	var r result
	return r, json.Unmarshal(out, &r)
}

// work is a worker process: it does one thing and reports.
func work(ctx context.Context, what string, args []string) error {
	debug.SetGCPercent(400) // as the program itself does
	debug.SetMemoryLimit(60 << 20)
	if path := os.Getenv("BENCH_CPU"); path != "" { // for pprof
		f, err := os.Create(fmt.Sprintf("%s.%s.%d", path, what, os.Getpid())) //nolint:gosec // whoever measures names it
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	var r result
	var err error
	switch what {
	case "record":
		r, err = workRecord(ctx, args, false)
	case "understand":
		r, err = workRecord(ctx, args, true)
	case "socket":
		r, err = workSocket(ctx, args)
	case "send":
		r, err = workSend(ctx, args)
	case "web":
		return workWeb(ctx, args)
	default:
		return fmt.Errorf("no such work: %s", what)
	}
	if err != nil {
		return err
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return err
	}
	r.RSS = usage.Maxrss * 1024
	return json.NewEncoder(os.Stdout).Encode(r)
}

// processor is the processor time that this process has had.
func processor() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // only for a wrong argument
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// benchLog tells on standard error what goes wrong.
func benchLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func benchKeys() petition.Keys {
	k, err := petition.NewKeys(1, map[byte][]byte{1: []byte(strings.Repeat("b", petition.MinSecret))})
	if err != nil {
		panic(err) // the key is ours
	}
	return k
}

func openStore(ctx context.Context, dsn string) (*store.Store, error) {
	if strings.HasPrefix(dsn, "postgres") {
		if _, _, err := store.Migrate(ctx, dsn); err != nil {
			return nil, err
		}
	}
	return store.Open(ctx, store.Options{DSN: dsn, Keys: benchKeys(), Log: benchLog()})
}

// workRecord polls a mailbox until n mails are recorded and, if asked, read with
// the reading stored. Arguments: DSN, server, user, password, n.
func workRecord(ctx context.Context, args []string, understand bool) (result, error) {
	dsn, addr, user, password := args[0], args[1], args[2], args[3]
	want, err := strconv.Atoi(args[4])
	if err != nil {
		return result{}, err
	}
	st, err := openStore(ctx, dsn)
	if err != nil {
		return result{}, err
	}
	defer st.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return result{}, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return result{}, err
	}
	intake, read, err := benchIntake(st, want, stop)
	if err != nil {
		return result{}, err
	}
	var recorded atomic.Int64
	poller, err := mailin.NewPoller(mailin.PollerConfig{
		Mailbox: mailin.Mailbox{Name: "bench", Host: host, Port: number, TLS: mailin.NoTLS, Username: user, Password: password},
		Store:   st, Holder: "bench", Log: benchLog(),
		Recorded: func(n int) {
			if int(recorded.Add(int64(n))) >= want && !understand {
				stop()
			}
			intake.Kick()
		},
	})
	if err != nil {
		return result{}, err
	}
	start := time.Now()
	done := make(chan error, 1)
	if understand {
		go func() { done <- intake.Run(ctx) }()
	} else {
		done <- nil
	}
	if err := poller.Run(ctx); err != nil {
		return result{}, err
	}
	took := time.Since(start)
	if err := <-done; err != nil {
		return result{}, err
	}
	n := int(recorded.Load())
	if understand {
		n = int(read.Load())
	}
	return result{Seconds: took.Seconds(), N: n}, nil
}

// benchIntake reads mails and stores the readings; deciding is not measured here.
func benchIntake(st *store.Store, want int, stop func()) (*mailin.Intake, *atomic.Int64, error) {
	reader, err := reading.Default()
	if err != nil {
		return nil, nil, err
	}
	understand, err := mailin.NewUnderstander(mailin.UnderstanderConfig{Reader: reader, Keys: benchKeys()})
	if err != nil {
		return nil, nil, err
	}
	desk := &readOnlyDesk{Store: st, want: int64(want), stop: stop}
	intake, err := mailin.NewIntake(mailin.IntakeConfig{Store: desk, Holder: "bench", Understand: understand, Decide: petition.Decide, Log: benchLog()})
	return intake, &desk.read, err
}

// readOnlyDesk is the store without deciding.
type readOnlyDesk struct {
	*store.Store
	read atomic.Int64
	want int64
	stop func()
}

func (d *readOnlyDesk) Understood(ctx context.Context, batch []petition.Understanding) error {
	if err := d.Store.Understood(context.WithoutCancel(ctx), batch); err != nil {
		return err
	}
	if d.read.Add(int64(len(batch))) >= d.want {
		d.stop()
	}
	return nil
}

func (d *readOnlyDesk) Decide(context.Context, int64, petition.Decider) (petition.Outcome, error) {
	return petition.Outcome{}, nil
}

func (d *readOnlyDesk) Undecided(context.Context, string, int, time.Duration) ([]int64, error) {
	return nil, nil
}
