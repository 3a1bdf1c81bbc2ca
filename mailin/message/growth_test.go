//go:build unix

package message

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hostile are mails that grow in one dimension only, by n.
var hostile = []struct {
	name string
	make func(n int) string
}{
	{"size of an attachment", func(n int) string {
		return "From: a@example.org\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3g=\r\n", n*400)
	}},
	{"size of a damaged attachment", func(n int) string {
		return "From: a@example.org\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat("QUJDREVGR0hJSktMTU5PU!FFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3g\r\n", n*400)
	}},
	{"depth of multiparts", func(n int) string {
		var b strings.Builder
		b.WriteString("From: a@example.org\r\n")
		for i := range n * 100 {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		return b.String() + "\r\nhello"
	}},
	{"depth of attached messages", func(n int) string {
		return strings.Repeat("From: a@example.org\r\nContent-Type: message/rfc822\r\n\r\n", n*100) + "hello"
	}},
	{"parts", func(n int) string {
		return "From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", n*400) + "--b--"
	}},
	{"parts without an end", func(n int) string {
		return "From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n", n*100)
	}},
	{"header fields", func(n int) string {
		return "From: a@example.org\r\n" + strings.Repeat("X-A: yyyyyyyyyyyyyyyyyyyyyyyyy\r\n", n*200) + "\r\nhello"
	}},
	{"folded lines of a field", func(n int) string {
		return "From: a@example.org\r\nX-A: a\r\n" + strings.Repeat(" yyyyyyyyyyyyyyyyyyyyyyyyy\r\n", n*200) + "\r\nhello"
	}},
	{"recipients", func(n int) string {
		return "From: a@example.org\r\nTo: " + strings.Repeat("Ann Bell <ann@example.org>,\r\n ", n*100) + "b@example.org\r\n\r\nhello"
	}},
	{"lines of text", func(n int) string {
		return "From: a@example.org\r\n\r\n" + strings.Repeat("On Mon, the Reading Room wrote 100 lines:\r\n", n*100)
	}},
	{"quoted lines", func(n int) string {
		return "From: a@example.org\r\n\r\nYes\r\n" + strings.Repeat("> On Mon, a@example.org wrote:\r\n", n*100)
	}},
	{"header blocks in the text", func(n int) string {
		return "From: a@example.org\r\n\r\nYes\r\n" + strings.Repeat("> From: a@example.org\r\n> Sent: x\r\n> To: b\r\n> Subject: c\r\n\r\ny\r\n", n*40)
	}},
	{"elements of HTML", func(n int) string {
		return "From: a@example.org\r\nContent-Type: text/html\r\n\r\n" + strings.Repeat("<div><blockquote class=gmail_quote>x", n*100)
	}},
	{"links of HTML", func(n int) string {
		return "From: a@example.org\r\nContent-Type: text/html\r\n\r\n" + strings.Repeat("<a href=https://x.example/y>z", n*100)
	}},
	{"S/MIME pieces", func(n int) string {
		return "From: a@example.org\r\nContent-Type: application/pkcs7-mime\r\n\r\n" + string(cmsOf(cmsSigned, open, []byte(strings.Repeat("\x04\x02xy", n*400))))
	}},
}

// BenchmarkGrowth prints, for mails that grow in one way, how many times more processor time one takes that is eight times as big: about
// eight where the work is linear, less where a limit stops it.
func BenchmarkGrowth(b *testing.B) {
	for _, h := range hostile {
		b.Run(h.name, func(b *testing.B) {
			small, big := []byte(h.make(64)), []byte(h.make(512))
			if len(big) < 6*len(small) {
				b.Fatalf("%d and %d bytes", len(small), len(big))
			}
			var once, eight time.Duration
			for b.Loop() {
				begin := processorTime(b)
				for range 8 {
					Parse(small)
				}
				middle := processorTime(b)
				Parse(big)
				once, eight = once+middle-begin, eight+processorTime(b)-middle
			}
			b.ReportMetric(8*float64(eight)/float64(max(once, 1)), "x/8x")
		})
	}
}

// processorTime is what this process used so far: what else runs on the machine does not count.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// R16: a mail eight times as big, in whatever way, takes at most about eight times as many allocations.
func TestR16WorkIsLinear(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			count := func(n int) float64 {
				raw := []byte(h.make(n))
				return testing.AllocsPerRun(1, func() { Parse(raw) })
			}
			if small, big := count(4), count(32); big > 9*small+200 {
				t.Errorf("%.0f allocations, and %.0f for eight times the size", small, big)
			}
		})
	}
}
