package mailout

import (
	"log/slog"
	"net"
	"testing"
	"time"

	"countersign/petition"
)

func BenchmarkCompose(b *testing.B) {
	c := composer(b)
	o := occasion(petition.NoticeRequest, "en")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Compose(o); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSender sends over loopback, each mail composed and settled.
func BenchmarkSender(b *testing.B) {
	p := newPost()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = p.server.Serve(l) }()
	defer p.server.Close()
	o := newOutbox(b.N)
	s := New(Config{
		Store: o, Composer: composer(b), Log: slog.New(slog.DiscardHandler),
		Server: Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: TLSNone},
	})
	done := make(chan error)
	go func() { done <- s.Run(b.Context()) }()
	for o.count(petition.NoticeSent) < b.N {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
