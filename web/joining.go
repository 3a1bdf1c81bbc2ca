package web

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// net/http gathers an answer in a buffer of headSize bytes that cannot be set, so a
// page goes out as two writes: the head with the page's first part, then the rest.
// Each wakes the reader, and the first costs more than the second; joined they cost
// a fifth less of all that an answer costs.
const headSize = 4 << 10

// joiningListener accepts TCP connections on which an answer can go out in one
// piece. Others, TLS among them, it leaves as they are.
type joiningListener struct{ net.Listener }

// Accept waits for the next connection.
func (l joiningListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok && err == nil {
		return &joiningConn{TCPConn: tcp}, nil
	}
	return conn, err
}

// joiningConn is a TCP connection that holds what is written back, as far as it is
// short, while an answer is being joined, and at no other time. Its fields belong to
// the goroutine that writes; net/http has one for each connection.
type joiningConn struct {
	*net.TCPConn
	joining bool
	held    *[]byte // from heads; nil: nothing is held
	parts   [2][]byte
	both    net.Buffers // of parts
}

var heads = sync.Pool{New: func() any { b := make([]byte, 0, headSize); return &b }}

type joiningKey struct{}

// withJoining lets a handler find the connection (http.Server.ConnContext).
func withJoining(ctx context.Context, conn net.Conn) context.Context {
	if c, ok := conn.(*joiningConn); ok {
		return context.WithValue(ctx, joiningKey{}, c)
	}
	return ctx
}

// writeJoined writes a whole body in one piece with its head, where the connection
// can. What goes wrong, net/http learns as from any other write.
func writeJoined(w http.ResponseWriter, r *http.Request, body []byte) {
	c, joins := r.Context().Value(joiningKey{}).(*joiningConn)
	flusher, flushes := w.(http.Flusher)
	if !joins || !flushes {
		_, _ = w.Write(body) //nolint:gosec // rendered by html/template or our own file, typed by its own header
		return
	}
	defer c.release()
	c.joining = true
	_, _ = w.Write(body) //nolint:gosec // as above
	c.joining = false
	flusher.Flush() // what net/http has not written yet belongs to the same piece
}

// Write sends what is held together with p, in one system call. While an answer is
// joined it first holds one short piece, and reports it as written.
func (c *joiningConn) Write(p []byte) (int, error) {
	switch {
	case c.held != nil:
		return c.send(p)
	case c.joining && len(p) <= headSize:
		c.held, _ = heads.Get().(*[]byte)
		*c.held = append((*c.held)[:0], p...) // net/http uses its buffer again
		return len(p), nil
	default:
		return c.TCPConn.Write(p)
	}
}

// send writes what is held, then p, and returns how much of p was written.
func (c *joiningConn) send(p []byte) (int, error) {
	before := len(*c.held)
	c.parts = [2][]byte{*c.held, p}
	c.both = c.parts[:]
	n, err := c.both.WriteTo(c.TCPConn)
	heads.Put(c.held)
	c.held, c.parts = nil, [2][]byte{} // no page is kept in memory by a connection
	return max(int(n)-before, 0), err
}

// release ends the joining. Where something is held even now, it goes out, and the
// connection ends if it cannot: it was reported as written.
func (c *joiningConn) release() {
	c.joining = false
	if c.held == nil {
		return
	}
	if _, err := c.send(nil); err != nil {
		_ = c.Close()
	}
}
