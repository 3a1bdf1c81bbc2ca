package web

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// listening serves a handler on loopback by run, until the test ends.
func listening(t *testing.T, h http.Handler, run func(context.Context, net.Listener, http.Handler) error) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, l, h) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func byServe(ctx context.Context, l net.Listener, h http.Handler) error {
	return Serve(ctx, l, h, slog.New(slog.DiscardHandler))
}

// byPlain is net/http with nothing of ours around it.
func byPlain(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// fileSizes lie around what net/http buffers of a body (2 kB) and of an answer (4 kB).
var fileSizes = []int{0, 1, 2000, 2048, 3500, 3900, 4096, 5000, 8000, 12_000, 30_000, 70_000, 1 << 20}

// mixed answers with files of every size, and in every other way that a handler may.
func mixed() http.Handler {
	mux := http.NewServeMux()
	noise := make([]byte, 1<<20) // gzip leaves it as it is
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for _, n := range fileSizes {
		f := newFile("application/octet-stream", noise[:n], "Accept-Encoding")
		mux.HandleFunc(fmt.Sprintf("/noise/%d", n), func(w http.ResponseWriter, r *http.Request) { f.send(w, r, cachePublic) })
		g := newFile("text/plain; charset=utf-8", bytes.Repeat([]byte("again "), n/6), "Accept-Encoding")
		mux.HandleFunc(fmt.Sprintf("/text/%d", n), func(w http.ResponseWriter, r *http.Request) { g.send(w, r, cachePublic) })
	}
	mux.HandleFunc("/stream", func(w http.ResponseWriter, _ *http.Request) {
		for i := range 3 {
			_, _ = w.Write(noise[:3000*i])
			_ = http.NewResponseController(w).Flush()
		}
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\n\r\nours now"))
		_ = conn.Close()
	})
	return mux
}

var dateLine = regexp.MustCompile(`Date: [^\r]+\r\n`)

// raw sends bytes and reads until the other side closes.
func raw(t *testing.T, addr, requests string) string {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, requests) }()
	all, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return dateLine.ReplaceAllString(string(all), "")
}

// TestServeSaysWhatNetHTTPSays: joining changes when bytes go out, never which.
func TestServeSaysWhatNetHTTPSays(t *testing.T) {
	h := mixed()
	ours, plain := listening(t, h, byServe), listening(t, h, byPlain)
	get := func(path string, lines ...string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + strings.Join(append(lines, "\r\n"), "\r\n")
	}
	last := "Connection: close"
	var sizes strings.Builder // one after the other on one connection, all asked for at once
	for _, n := range fileSizes {
		for _, what := range []string{"noise", "text"} {
			path := fmt.Sprintf("/%s/%d", what, n)
			sizes.WriteString(get(path) + get(path, "Accept-Encoding: gzip") + get(path, "If-None-Match: *") + strings.Replace(get(path), "GET", "HEAD", 1))
		}
	}
	for name, requests := range map[string]string{
		"every size, pipelined": sizes.String() + get("/nothing", last),
		"HTTP/1.0":              "GET /noise/12000 HTTP/1.0\r\n\r\n",
		"HTTP/1.0, keep-alive":  "GET /noise/5000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /noise/12000 HTTP/1.0\r\n\r\n",
		"stream between files":  get("/noise/12000") + get("/stream") + get("/noise/5000", last),
		"a body between files":  get("/noise/5000") + "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello" + get("/noise/12000", last),
		"a body nobody reads":   "POST /noise/12000 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + get("/noise/8000", last),
		"hijacked after a file": get("/noise/12000") + get("/hijack"),
		"bad after a file":      get("/noise/12000") + "GET\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, want := raw(t, ours, requests), raw(t, plain, requests)
			if got != want || !strings.Contains(want, " 200 OK\r\n") {
				t.Errorf("%d bytes, net/http has %d; they begin to differ at %d", len(got), len(want), differs(got, want))
			}
		})
	}
}

func differs(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestServeWithoutReader: a visitor who leaves in the middle costs the answer, not
// the next one's.
func TestServeWithoutReader(t *testing.T) {
	addr := listening(t, mixed(), byServe)
	for range 20 {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, strings.Repeat("GET /noise/1048576 HTTP/1.1\r\nHost: h\r\n\r\n", 10))
		if _, err := bufio.NewReader(conn).Peek(1); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
	}
	if a := raw(t, addr, "GET /text/12000 HTTP/1.0\r\n\r\n"); !strings.HasSuffix(a, strings.Repeat("again ", 2000)) {
		t.Errorf("%.300s", a)
	}
}

// TestJoiningConnReports: what is reported as written was written, or the connection ends.
func TestJoiningConnReports(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	accepted, err := joiningListener{l}.Accept()
	c, ok := accepted.(*joiningConn)
	if err != nil || !ok {
		t.Fatal(accepted, err)
	}
	c.joining = true
	for _, piece := range []string{"one ", "two ", "three "} { // held, joined, held again
		if n, err := c.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Errorf("%q: %d, %v", piece, n, err)
		}
	}
	c.release()
	if n, err := c.Write([]byte("four")); n != 4 || err != nil {
		t.Errorf("after release: %d, %v", n, err)
	}
	_ = c.CloseWrite()
	if got, err := io.ReadAll(client); string(got) != "one two three four" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	c.joining = true
	if n, err := c.Write([]byte("lost")); n != 4 || err != nil {
		t.Errorf("held: %d, %v", n, err)
	}
	if n, err := c.Write([]byte("too")); n != 0 || err == nil {
		t.Errorf("joined on a closed side: %d, %v", n, err)
	}
	_, _ = c.Write([]byte("lost"))
	c.release()
	if _, err := c.Write(nil); err == nil {
		t.Error("a connection that lost a piece goes on")
	}
}
