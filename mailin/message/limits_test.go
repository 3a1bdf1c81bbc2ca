package message

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// R16: bombs cost linear work and give the right Message. Work is bounded by what the walk may do, so that finishing
// with these sizes is the proof: quadratic work over them would run for hours.
func TestR16Bombs(t *testing.T) {
	t.Run("5,000 levels", func(t *testing.T) {
		var b strings.Builder
		b.WriteString("From: a@example.org\r\nSubject: deep\r\n")
		for i := range 5000 {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		b.WriteString("\r\nhello")
		m := Parse([]byte(b.String()))
		if !m.Beyond || m.Header.Subject != "deep" || !hasDefect(m, "nested deeper") {
			t.Errorf("beyond %v, defects %q", m.Beyond, m.Defects)
		}
	})
	t.Run("100,000 parts", func(t *testing.T) {
		m := Parse([]byte("From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 100_000) + "--b--"))
		if !m.Beyond || !strings.HasPrefix(m.Text, "hello\nx\n") || strings.Count(m.Text, "x") != MaxParts-1 {
			t.Errorf("beyond %v, text of %d bytes", m.Beyond, len(m.Text))
		}
	})
	t.Run("5,000 attached messages inside each other", func(t *testing.T) {
		m := Parse([]byte(strings.Repeat("From: a@example.org\r\nContent-Type: message/rfc822\r\n\r\n", 5000) + "hello"))
		levels := 0
		for in := m; len(in.Attached) > 0; in = in.Attached[0] {
			levels++
		}
		if levels == 0 || levels > MaxDepth {
			t.Errorf("%d levels read", levels)
		}
	})
	t.Run("5 MB header field", func(t *testing.T) {
		m := Parse([]byte("From: a@example.org\r\nX-Big: " + strings.Repeat("x", 5<<20) + "\r\nSubject: after\r\n\r\nhello"))
		if !m.Beyond || m.Text != "hello" || len(m.Header.Get("X-Big")) > MaxHeaderField {
			t.Errorf("beyond %v, text %.20q", m.Beyond, m.Text)
		}
	})
	t.Run("5 MB of header fields", func(t *testing.T) {
		m := Parse([]byte("From: a@example.org\r\n" + strings.Repeat("X-A: "+strings.Repeat("y", 90)+"\r\n", 52_000) + "\r\nhello"))
		if !m.Beyond || m.Text != "hello" || m.Header.From[0].Address != "a@example.org" {
			t.Errorf("beyond %v, text %.20q", m.Beyond, m.Text)
		}
	})
	t.Run("40 MB attachment is hashed whole", func(t *testing.T) {
		body := bytes.Repeat([]byte("QUJD\r\n"), 40<<20/6)
		m := Parse(append([]byte("From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nWe sign.\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"), append(body, "\r\n--b--"...)...))
		if len(m.Attachments) != 1 || m.Attachments[0].Size != 3*(40<<20/6) || m.New != "We sign." {
			t.Errorf("attachments %+v, new %q", m.Attachments, m.New)
		}
	})
	t.Run("2 MB of text", func(t *testing.T) {
		m := Parse([]byte("From: a@example.org\r\n\r\n" + strings.Repeat("We sign the letter.\r\n", 100_000)))
		if !m.Beyond || len(m.Text) > MaxText {
			t.Errorf("beyond %v, text of %d bytes", m.Beyond, len(m.Text))
		}
	})
	for name, body := range map[string]string{
		"unclosed HTML":          strings.Repeat("<div><blockquote>", 50_000) + "hello",
		"HTML end tags":          strings.Repeat("</div></p>", 100_000) + "hello",
		"links in links":         strings.Repeat(`<a href="https://x.example/`+strings.Repeat("y", 20)+`">z`, 20_000),
		"nested quote marks":     strings.Repeat(strings.Repeat(">", 500)+"\n", 400),
		"forwards in forwards":   strings.Repeat("---------- Forwarded message ---------\nFrom: a@example.org\nDate: x\nSubject: y\n\n", 2500),
		"beginnings of a quote":  strings.Repeat("On Mon, 2 Feb 2026 a@example.org\n", 7000),
		"header words":           strings.Repeat("From: x\n", 30_000),
		"encoded words":          strings.Repeat("=?utf-8?Q?", 20_000),
		"rules":                  strings.Repeat("_____\n", 40_000),
		"uuencode":               strings.Repeat("begin 644 a\n", 20_000),
		"armour":                 strings.Repeat("-----BEGIN PGP SIGNED MESSAGE-----\n\n", 6000),
		"one line of 200,000":    strings.Repeat("x", 200_000) + ":",
		"signature marks":        strings.Repeat("--\n", 80_000),
		"parameters without ;":   strings.Repeat("a=b ", 50_000),
		"names without address":  strings.Repeat("a,", 100_000),
		"comments in parameters": strings.Repeat("((((", 50_000),
	} {
		t.Run(name, func(t *testing.T) {
			for _, media := range []string{"text/plain", "text/html"} {
				header := strings.ReplaceAll(body[:min(len(body), 60_000)], "\n", " ")
				m := Parse([]byte("From: a@example.org\r\nSubject: " + header + "\r\nTo: " + header + "\r\nContent-Type: " + media + "; " + header + "\r\n\r\n" + body))
				if len(m.Header.From) != 1 {
					t.Errorf("%s: %d From addresses", media, len(m.Header.From))
				}
			}
		})
	}
}

// R17: nothing at all is still a Message.
func TestR17Empty(t *testing.T) {
	for _, raw := range []string{"", "\r\n", "\r\n\r\n", "\x00", ":", "--", "From", "From:", "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n"} {
		if m := Parse([]byte(raw)); m == nil || m.ContentType == "" {
			t.Errorf("%q: %+v", raw, m)
		}
	}
}

// TestCorpora parses every file below testdata, and below COUNTERSIGN_CORPORA when that is set.
func TestCorpora(t *testing.T) {
	roots := []string{"testdata"}
	if dir := os.Getenv("COUNTERSIGN_CORPORA"); dir != "" {
		roots = append(roots, dir)
	}
	n := 0
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			n++
			checkClean(t, path, Parse(raw))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n == 0 {
		t.Error("no mail was read")
	}
}

// checkClean: no NUL and no invalid UTF-8 in any string.
func checkClean(t *testing.T, name string, m *Message) {
	t.Helper()
	texts := []string{m.Text, m.New, m.Quoted, m.Signature, m.HTML(), m.ContentType, m.Header.Subject, m.Header.MessageID}
	texts = append(append(append(texts, m.Defects...), m.Header.InReplyTo...), m.Header.References...)
	for _, f := range m.Header.Fields {
		texts = append(texts, f.Name, f.Value)
	}
	for _, list := range [][]Address{m.Header.From, m.Header.Sender, m.Header.ReplyTo, m.Header.To, m.Header.Cc} {
		for _, a := range list {
			texts = append(texts, a.Name, a.Address)
		}
	}
	for _, a := range m.Attachments {
		texts = append(texts, a.Filename, a.MediaType, a.Text)
	}
	for k, v := range m.Params {
		texts = append(texts, k, v)
	}
	for _, g := range m.Report {
		for k, v := range g {
			texts = append(append(texts, k), v...)
		}
	}
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			t.Errorf("%s: %.80q holds NUL or invalid UTF-8", name, s)
		}
	}
	for _, in := range append(append([]*Message{}, m.Attached...), m.Forwarded...) {
		checkClean(t, name, in)
	}
}

// R16, R17: no input may panic, lose a line of the text to nowhere, or leave a dirty string.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/golden/*.eml")
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte("From: =?utf-8?B?w7Y=?= <a@b.example>\r\nContent-Type: text/html\r\n\r\n<blockquote>x</blockquote>"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nA: b\r\n--b--"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := Parse(raw)
		checkClean(t, "fuzz", m)
		if got, all := len(words(m.New))+len(words(m.Quoted))+len(words(m.Signature)), len(words(m.Text)); got != all {
			t.Errorf("%d words in new, quoted and signature, %d in the text", got, all)
		}
	})
}

func words(s string) []string { return strings.Fields(s) }

// BenchmarkParse: an ordinary multipart/alternative mail of 20 kB.
func BenchmarkParse(b *testing.B) {
	text := strings.Repeat("The Reading Room would like to sign the letter on library hours =C3=BC.\r\n", 110)
	raw := []byte("Received: from a.example by b.example; Mon, 2 Feb 2026 10:00:00 +0000\r\nFrom: =?utf-8?Q?J=C3=BCrgen?= <j@example.org>\r\nTo: letter@example.test\r\n" +
		"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <x@example.org>\r\nDate: Mon, 2 Feb 2026 10:00:00 +0000\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + text +
		"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>" + strings.ReplaceAll(text, "\r\n", "<br>\r\n") + "</p>\r\n--b--\r\n")
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		Parse(raw)
	}
}
