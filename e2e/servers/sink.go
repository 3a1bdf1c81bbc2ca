package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// Sink is Postfix's smtp-sink: it takes every mail and keeps it as a file.
type Sink struct {
	Addr string
	dir  string
	cmd  *exec.Cmd
	done <-chan ended
}

// sinkFolders is where make setup unpacks it.
func sinkFolders() []string {
	folders := []string{"/usr/sbin"}
	if cache, err := os.UserCacheDir(); err == nil {
		folders = slices.Insert(folders, 0, filepath.Join(cache, "countersign", "bin"))
	}
	return folders
}

// StartSink starts smtp-sink. Further arguments go before its address: "-q", "DATA"
// makes it drop the connection after DATA, "-r", "RCPT" refuse for now, "-f", "RCPT" for good.
func StartSink(ctx context.Context, args ...string) (*Sink, error) {
	path, err := find(sinkFolders(), "smtp-sink")
	if err != nil {
		return nil, err
	}
	dir, err := home()
	if err != nil {
		return nil, err
	}
	s, err := startSink(ctx, dir, path, args)
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("start smtp-sink: %w", err)
	}
	return s, nil
}

func startSink(ctx context.Context, dir, path string, args []string) (*Sink, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	args = append(slices.Clone(args), "-d", filepath.Join(dir, "mail-%Y%m%d%H%M%S."), addr, "200")
	// Not bound to ctx: Stop ends it, also after the context of a test is over.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, args...)
	if os.Getuid() == 0 { // it lies in root's own cache folder, and changes user by itself
		cmd.Args = slices.Insert(cmd.Args, 1, "-u", "nobody")
	}
	cmd.Dir = dir
	done, err := run(cmd)
	if err != nil {
		return nil, err
	}
	s := &Sink{Addr: addr, dir: dir, cmd: cmd, done: done}
	if err := await(ctx, addr, done); err != nil {
		end(cmd, done)
		return nil, err
	}
	return s, nil
}

// Mails are all mails taken so far, oldest first, each with smtp-sink's X- lines
// (client, envelope) before its header.
func (s *Sink) Mails() ([][]byte, error) {
	paths, err := filepath.Glob(filepath.Join(s.dir, "mail-*"))
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	var mails [][]byte
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if len(b) > 0 { // a connection that sent nothing leaves an empty file
			mails = append(mails, b)
		}
	}
	return mails, nil
}

// Stop ends the server and removes its mails.
func (s *Sink) Stop() {
	end(s.cmd, s.done)
	_ = os.RemoveAll(s.dir)
}
