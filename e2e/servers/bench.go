package servers

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// Own gives a file or folder to the user that the servers run as.
func Own(path string) error {
	if os.Getuid() != 0 {
		return nil
	}
	return os.Chown(path, nobody, nobody)
}

// SMTPSource is the path of Postfix's load generator, beside smtp-sink.
func SMTPSource() (string, error) {
	return find(sinkFolders(), "smtp-source")
}

// Nginx is a running nginx.
type Nginx struct {
	Address string // of the page
	PID     int    // of the master; its children do the work
	Stop    func()
}

// StartNginx serves the gzip-compressed page as a file, set up as Debian's own
// nginx.conf does (a worker for each processor, sendfile, tcp_nopush), but for access
// logs and for connections that stay.
func StartNginx(ctx context.Context, page []byte) (*Nginx, error) {
	path, err := find([]string{"/usr/sbin"}, "nginx")
	if err != nil {
		return nil, err
	}
	dir, err := home()
	if err != nil {
		return nil, err
	}
	plain, err := gzip.NewReader(bytes.NewReader(page))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		return nil, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	conf := fmt.Sprintf("daemon off; worker_processes auto; pid %[1]s/pid; error_log %[1]s/log;\nevents { worker_connections 768; }\nhttp { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; types { text/html html; }\nclient_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;\nserver { listen 127.0.0.1:%[2]d; root %[1]s; gzip_static on; } }\n", dir, port)
	for name, content := range map[string][]byte{"nginx.conf": []byte(conf), "page.html": text, "page.html.gz": page} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil { //nolint:gosec // read by nobody, where we are root
			return nil, err
		}
	}
	cmd := command(context.WithoutCancel(ctx), dir, path, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "log"))
	done, err := run(cmd)
	if err != nil {
		return nil, err
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	if err := await(ctx, addr, done); err != nil {
		return nil, err
	}
	stop := func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		<-done
		_ = os.RemoveAll(dir)
	}
	return &Nginx{Address: "http://" + addr + "/page.html", PID: cmd.Process.Pid, Stop: stop}, nil
}
