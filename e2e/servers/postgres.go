package servers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Postgres is a throw-away PostgreSQL.
type Postgres struct {
	Addr string
	// DSN opens the database "postgres" as the owner of everything.
	DSN     string
	dir     string
	program string
	args    []string
	done    <-chan ended
	kill    func(syscall.Signal)
}

// postgresFolders is where distributions keep the server's programs, which are not on the path.
var postgresFolders = []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin"}

// StartPostgres makes a cluster in a temporary folder and starts it: about a second.
// It does not sync to disk: never measure with it.
func StartPostgres(ctx context.Context) (*Postgres, error) {
	return newPostgres(ctx, "-c", "fsync=off", "-c", "full_page_writes=off")
}

// StartDurablePostgres starts one that syncs every commit to disk, to measure with.
func StartDurablePostgres(ctx context.Context) (*Postgres, error) { return newPostgres(ctx) }

func newPostgres(ctx context.Context, settings ...string) (*Postgres, error) {
	initdb, err := find(postgresFolders, "initdb")
	if err != nil {
		return nil, err
	}
	if initdb, err = filepath.EvalSymlinks(initdb); err != nil {
		return nil, err
	}
	dir, err := home()
	if err != nil {
		return nil, err
	}
	p, err := startPostgres(ctx, dir, initdb, settings)
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	return p, nil
}

func startPostgres(ctx context.Context, dir, initdb string, settings []string) (*Postgres, error) {
	data := filepath.Join(dir, "data")
	out, err := command(ctx, dir, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	p := &Postgres{
		Addr: fmt.Sprintf("127.0.0.1:%d", port),
		DSN:  fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port),
		dir:  dir, program: filepath.Join(filepath.Dir(initdb), "postgres"),
		args: append([]string{
			"-D", data, "-c", "listen_addresses=127.0.0.1", "-c", "port=" + strconv.Itoa(port), "-c", "unix_socket_directories=" + dir,
			"-c", "max_connections=200",
		}, settings...),
	}
	return p, p.Up(ctx)
}

// Up starts the server on its data: again, after Down.
func (p *Postgres) Up(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	// Not bound to ctx: Stop ends it, also after the context of a test is over.
	cmd := command(context.WithoutCancel(ctx), p.dir, p.program, p.args...)
	cmd.Stdout, cmd.Stderr = log, log
	if p.done, err = run(cmd); err != nil {
		return err
	}
	p.kill = func(s syscall.Signal) { _ = cmd.Process.Signal(s) }
	if err := p.ready(ctx, filepath.Join(p.dir, "data", "postmaster.pid")); err != nil {
		p.kill(syscall.SIGQUIT)
		text, _ := os.ReadFile(log.Name()) // only for the message
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}

// Down ends the server at once, as its crash would, and keeps its data for Up.
func (p *Postgres) Down() {
	p.kill(syscall.SIGQUIT)
	<-p.done
}

// ready waits until the server accepts sessions, as pg_ctl does: the last line of
// its pid file says so. It listens a moment before that.
func (p *Postgres) ready(ctx context.Context, pidFile string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if b, err := os.ReadFile(pidFile); err == nil && strings.HasSuffix(strings.TrimSpace(string(b)), "ready") {
			return nil
		}
		select {
		case e := <-p.done:
			return fmt.Errorf("ended at once: %w", e.err)
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the server at once and removes its data.
func (p *Postgres) Stop() {
	p.Down()
	_ = os.RemoveAll(p.dir)
}
