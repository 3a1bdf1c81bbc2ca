package web

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"golang.org/x/sys/unix"
)

// TestServeInOnePiece: an answer of up to a segment of loopback (64 kB) comes in one.
func TestServeInOnePiece(t *testing.T) {
	addr := listening(t, mixed(), byServe)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, n := range fileSizes {
		if n > 60_000 {
			continue
		}
		before := segments(t, conn)
		fmt.Fprintf(conn, "GET /noise/%d HTTP/1.1\r\nHost: h\r\n\r\n", n)
		a, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := io.Copy(io.Discard, a.Body); int(m) != n || err != nil {
			t.Fatal(m, err)
		}
		_ = a.Body.Close()
		if came := segments(t, conn) - before; came != 1 {
			t.Errorf("%d bytes came in %d pieces", n, came)
		}
	}
}

// segments is how many segments with data have come in.
func segments(t *testing.T, conn net.Conn) uint32 {
	t.Helper()
	rc, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	if cerr := rc.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
	return info.Data_segs_in
}
