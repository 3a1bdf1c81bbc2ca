package mailin

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// conn stands between the library and the network and adds what the library lacks:
// a limit on silence at every moment, and a guard that lets nothing through that
// could delete a mail.
//
// Every error of Read becomes io.EOF, because the library leaves goroutines behind
// after any other inside a literal; cause has the real one.
type conn struct {
	net.Conn
	quiet atomic.Int64  // how long the server may say nothing, in nanoseconds
	head  *bytes.Reader // bytes to be read first

	mu  sync.Mutex
	err error
}

func newConn(c net.Conn, quiet time.Duration, head []byte) *conn {
	w := &conn{Conn: c, head: bytes.NewReader(head)}
	w.quiet.Store(int64(quiet))
	return w
}

// allow sets how long the server may say nothing from now on.
func (c *conn) allow(d time.Duration) {
	c.quiet.Store(int64(d))
	if err := c.Conn.SetReadDeadline(time.Now().Add(d)); err != nil {
		c.fail(err)
	}
}

// Read reads under the limit of silence.
func (c *conn) Read(b []byte) (int, error) {
	if c.head.Len() > 0 {
		return c.head.Read(b)
	}
	if err := c.Conn.SetReadDeadline(time.Now().Add(time.Duration(c.quiet.Load()))); err != nil {
		c.fail(err)
		return 0, io.EOF
	}
	n, err := c.Conn.Read(b)
	if err != nil {
		c.fail(err)
		return n, io.EOF
	}
	return n, nil
}

// SetReadDeadline does nothing: the library takes its deadlines away between answers.
func (c *conn) SetReadDeadline(time.Time) error { return nil }

// Write refuses whatever could delete: the library falls back from MOVE to COPY,
// STORE \Deleted and EXPUNGE in one go, even when COPY fails (R11).
func (c *conn) Write(b []byte) (int, error) {
	for line := range bytes.SplitSeq(b, []byte("\r\n")) {
		if deletes(line) {
			err := errors.New("refused to send a command that deletes")
			c.fail(err)
			return 0, errors.Join(err, c.Close())
		}
	}
	return c.Conn.Write(b)
}

func deletes(line []byte) bool {
	words := bytes.Fields(line)
	if len(words) > 2 && bytes.EqualFold(words[1], []byte("UID")) {
		words = words[1:]
	}
	if len(words) < 2 {
		return false
	}
	switch strings.ToUpper(string(words[1])) {
	case "EXPUNGE", "CLOSE", "DELETE":
		return true
	case "STORE":
		return bytes.Contains(bytes.ToLower(line), []byte(`\deleted`))
	}
	return false
}

func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// cause explains an error of the library by what happened to the connection.
func (c *conn) cause(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil || c.err == nil || errors.Is(c.err, io.EOF) {
		return err
	}
	return fmt.Errorf("%w: %w", err, c.err)
}

// dial connects and negotiates TLS, which is always verified.
func (m Mailbox) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	d := net.Dialer{KeepAlive: 30 * time.Second}
	raw, err := d.DialContext(ctx, "tcp", net.JoinHostPort(m.Host, strconv.Itoa(m.Port)))
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	c, err := m.protect(ctx, raw)
	if err != nil {
		_ = raw.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", err, ctx.Err())
		}
		return nil, err
	}
	return c, nil
}

func (m Mailbox) protect(ctx context.Context, raw net.Conn) (*conn, error) {
	var head []byte
	switch m.TLS {
	case NoTLS:
		return newConn(raw, m.Timeout, nil), nil
	case StartTLS:
		if err := startTLS(raw); err != nil {
			return nil, err
		}
		// No second greeting follows; the library waits for one.
		head = []byte("* OK ready\r\n")
	case ImplicitTLS:
	}
	secure := tls.Client(raw, &tls.Config{ServerName: m.Host, RootCAs: m.RootCAs, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return newConn(secure, m.Timeout, head), nil
}

// startTLS asks for TLS (RFC 9051 6.2.1). Bytes that come in the clear behind the OK
// are somebody's attempt to speak in the server's name, and end the connection.
func startTLS(raw net.Conn) error {
	r := bufio.NewReader(raw)
	greeting, err := line(r)
	if err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	if !strings.HasPrefix(strings.ToUpper(greeting), "* OK") {
		return fmt.Errorf("the server greets with %q", greeting)
	}
	if _, err := io.WriteString(raw, "S STARTTLS\r\n"); err != nil {
		return fmt.Errorf("ask for TLS: %w", err)
	}
	for {
		answer, err := line(r)
		if err != nil {
			return fmt.Errorf("ask for TLS: %w", err)
		}
		if strings.HasPrefix(answer, "* ") {
			continue
		}
		if !strings.HasPrefix(strings.ToUpper(answer), "S OK") {
			return fmt.Errorf("the server refuses STARTTLS: %q", answer)
		}
		if r.Buffered() > 0 {
			return errors.New("the server sent more in the clear after STARTTLS")
		}
		return nil
	}
}

const maxLine = 8 << 10

func line(r *bufio.Reader) (string, error) {
	var b []byte
	for len(b) < maxLine {
		c, err := r.ReadByte()
		if err != nil {
			return "", err
		}
		if c == '\n' {
			return strings.TrimRight(string(b), "\r"), nil
		}
		b = append(b, c)
	}
	return "", errors.New("the server sends a line without end")
}
