// With-postgres starts a throw-away PostgreSQL, runs the command in its arguments
// with COUNTERSIGN_TEST_POSTGRES naming it, stops it, and ends as the command ended.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"countersign/e2e/servers"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "with-postgres:", err)
	}
	os.Exit(code)
}

// run returns the command's exit code, or 1 and why it could not be run.
func run(args []string) (int, error) {
	if len(args) == 0 {
		return 2, errors.New("usage: with-postgres COMMAND [ARGUMENT…]")
	}
	// A Ctrl-C reaches the command, too, being of the same terminal: it ends, then we do.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p, err := servers.StartPostgres(ctx)
	if err != nil {
		return 1, err
	}
	defer p.Stop()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // to run its arguments is what this program is for
	cmd.Env = append(os.Environ(), "COUNTERSIGN_TEST_POSTGRES="+p.DSN)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
