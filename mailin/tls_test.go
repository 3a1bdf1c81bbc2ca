package mailin

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strings"
	"testing"

	"countersign/postoffice"
)

// R52: TLS is verified, both ways of it, and there is no falling back.
func TestTLS(t *testing.T) {
	cert, pool := certificate(t, "127.0.0.1")
	other, otherPool := certificate(t, "imap.elsewhere.example")
	const invalid = "The server's certificate is not valid for it."
	tests := []struct {
		name  string
		cert  tls.Certificate
		roots *x509.CertPool
		want  string
	}{
		{"good", cert, pool, ""},
		{"unknown authority", cert, nil, invalid},
		{"for another name", other, otherPool, invalid},
	}
	for _, mode := range []TLS{ImplicitTLS, StartTLS} {
		for _, tt := range tests {
			t.Run(string(mode)+"/"+tt.name, func(t *testing.T) {
				o := openOffice(t, postoffice.Options{
					TLS: &tls.Config{Certificates: []tls.Certificate{tt.cert}}, ImplicitTLS: mode == ImplicitTLS,
				})
				put(t, o, "INBOX", mailWith(1, ""))
				l := newLedger()
				box := boxAt(t, o.IMAPAddr())
				box.TLS, box.RootCAs = mode, tt.roots
				running(t, newPoller(t, box, l).Run)
				l.until(t, "an end", func() bool { return l.scans > 0 || len(l.beats) > 0 })
				if tt.want == "" && len(l.mails) != 1 || tt.want != "" && (len(l.beats) == 0 || l.beats[0] != tt.want) {
					t.Errorf("%d mails, problems %q, want %q", len(l.mails), l.beats, tt.want)
				}
			})
		}
	}
}

// R52: a server without STARTTLS, or one who speaks in its name in the clear, gets no password.
func TestStartTLSRefused(t *testing.T) {
	for name, reply := range map[string]string{
		"refused":  "S BAD what\r\n",
		"injected": "S OK go on\r\n* PREAUTH come in\r\n",
		"endless":  strings.Repeat("x", 2*maxLine),
		"bye":      "",
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			heard := make(chan string, 1)
			go func() {
				c, err := l.Accept()
				if err != nil {
					heard <- err.Error()
					return
				}
				defer c.Close()
				fmt.Fprint(c, "* OK hello\r\n")
				r := bufio.NewReader(c)
				line, _ := r.ReadString('\n')
				fmt.Fprint(c, reply)
				if reply == "" {
					_ = c.Close()
				}
				more, _ := r.ReadString('\n')
				heard <- line + more
			}()
			box := boxAt(t, l.Addr().String()).withDefaults()
			box.TLS = StartTLS
			c, err := box.dial(t.Context())
			if err == nil {
				_ = c.Close()
				t.Error("connected")
			}
			if got := <-heard; strings.TrimSpace(got) != "S STARTTLS" {
				t.Errorf("it said %q", got)
			}
		})
	}
}
