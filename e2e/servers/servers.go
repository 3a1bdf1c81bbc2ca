// Package servers starts real servers for tests: Dovecot, PostgreSQL and
// Postfix's smtp-sink, each from what the operating system brings, unprivileged,
// in a short temporary folder of its own, on a loopback port that was free. It
// also says where Chromium is.
//
// A missing program is an error that names it and tells what to do (ErrMissing):
// the tests that come here were asked for, so they fail and never skip. Every
// server must be stopped by its Stop, which also removes its folder.
package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// ErrMissing means that a program is not installed here.
var ErrMissing = errors.New("not found; run 'make setup'")

// nobody is who the servers run as when the tests run as root: PostgreSQL and
// Dovecot's login process refuse to be root.
const nobody = 65534

// patience is how long a server may take to answer for the first time.
const patience = 20 * time.Second

// find returns the path of the first of the programs that exists: on the path,
// then in the folders (patterns of filepath.Glob).
func find(folders []string, programs ...string) (string, error) {
	for _, program := range programs {
		if path, err := exec.LookPath(program); err == nil {
			return path, nil
		}
		for _, folder := range folders {
			paths, err := filepath.Glob(filepath.Join(folder, program))
			if err == nil && len(paths) > 0 {
				return paths[len(paths)-1], nil
			}
		}
	}
	return "", fmt.Errorf("%s: %w", programs[0], ErrMissing)
}

// home makes a folder that the server's user owns. Its path is short: the paths of
// unix sockets end at 108 bytes.
func home() (string, error) {
	dir, err := os.MkdirTemp("/tmp", "cs")
	if err != nil {
		return "", err
	}
	if os.Getuid() == 0 {
		err = os.Chown(dir, nobody, nobody)
	}
	return dir, err
}

// user is who the servers run as.
func user() (uid, gid int) {
	if os.Getuid() == 0 {
		return nobody, nobody
	}
	return os.Getuid(), os.Getgid()
}

// command prepares a program to run in dir, as nobody where we are root, as a
// process group of its own, so that Stop reaches its children and a Ctrl-C at the
// terminal does not.
func command(ctx context.Context, dir, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		cmd.Env = append(os.Environ(), "HOME="+dir, "USER=nobody", "LOGNAME=nobody")
	}
	return cmd
}

// freePort returns a loopback port that was free a moment ago.
func freePort(ctx context.Context) (int, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

// await dials until somebody listens, the program ends, or patience is over.
func await(ctx context.Context, addr string, done <-chan ended) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var dialer net.Dialer
	for {
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case e := <-done:
			return fmt.Errorf("ended at once: %w", e.err)
		case <-ctx.Done():
			return fmt.Errorf("nobody listens on %s: %w", addr, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// end asks the program to stop and waits for it; after five seconds its whole group is killed.
func end(cmd *exec.Cmd, done <-chan ended) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-done
	}
}

// ended is how a program came to its end; err is never nil.
type ended struct{ err error }

// run starts cmd and tells through the channel when it has ended.
func run(cmd *exec.Cmd) (<-chan ended, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	done := make(chan ended, 1)
	go func() {
		err := cmd.Wait()
		if err == nil {
			err = errors.New("exit status 0")
		}
		done <- ended{err}
		close(done)
	}()
	return done, nil
}

// Stopper is a server that runs.
type Stopper interface{ Stop() }

// For starts a server for one test and stops it with the test. The test fails
// where the server cannot be started, in CI and everywhere.
func For[S Stopper](t testing.TB, start func(context.Context) (S, error)) S {
	t.Helper()
	s, err := start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}
