// Package e2e tells stories to the real program: the binary as it is built, run as
// processes against Dovecot, PostgreSQL, smtp-sink and Chromium.
//
// The stories run where COUNTERSIGN_E2E is 1, as under `make e2e`. A program that is
// missing there fails them. Every limit of time is far more than the thing takes: it
// is there so that a failure ends.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// patience is how long a story waits for one thing to happen.
const patience = 3 * time.Minute

// binary is the program; TestMain builds it.
var binary string

func TestMain(m *testing.M) {
	if os.Getenv("COUNTERSIGN_E2E") != "1" {
		fmt.Println("these tests need real servers: 'make e2e' runs them")
		return
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "countersign-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "countersign")
	build := exec.Command("go", "build", "-o", binary, "./cmd/countersign")
	build.Dir, build.Stdout, build.Stderr = "..", os.Stdout, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		return 1
	}
	return m.Run()
}

// eventually asks again and again until the answer is yes.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for !yes() {
		select {
		case <-limit.C:
			t.Fatalf("it never came about: %s", what)
		case <-again.C:
		}
	}
}
