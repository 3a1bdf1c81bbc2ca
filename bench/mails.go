package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// generate writes n mails of about 20 kB each into a Maildir, as a mailbox of a
// busy campaign has them: 2 to 20 kB of text in eight charsets, plain and HTML,
// every thirtieth with an attachment of 200 kB. The same every time. It returns
// their size in bytes.
func generate(maildir string, n int, own func(path string) error) (int64, error) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // made-up mails, the same each time
	cur := filepath.Join(maildir, "cur")
	for _, d := range []string{filepath.Dir(filepath.Dir(maildir)), filepath.Dir(maildir), maildir, cur, filepath.Join(maildir, "new"), filepath.Join(maildir, "tmp")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return 0, err
		}
		if err := own(d); err != nil {
			return 0, err
		}
	}
	var size int64
	for i := range n {
		raw := generateMail(r, i)
		size += int64(len(raw))
		path := filepath.Join(cur, fmt.Sprintf("%d.M%dP1.bench,S=%d:2,", 1767225600+i, i, len(raw)))
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			return 0, err
		}
		if err := own(path); err != nil {
			return 0, err
		}
	}
	return size, nil
}

var benchCharsets = []struct {
	name  string
	with  encoding.Encoding
	words []string
}{
	{"utf-8", encoding.Nop, []string{"library", "reading", "Sunday", "neighbourhood", "hours", "garden", "Straße", "Büro"}},
	{"iso-8859-1", charmap.ISO8859_1, []string{"bibliothèque", "dimanche", "ouverte", "quartier", "lecture", "année"}},
	{"iso-8859-2", charmap.ISO8859_2, []string{"biblioteka", "niedziela", "czytelnia", "ogród", "miasto", "święto"}},
	{"windows-1250", charmap.Windows1250, []string{"knihovna", "neděle", "čtení", "město", "zahrada"}},
	{"windows-1251", charmap.Windows1251, []string{"библиотека", "воскресенье", "чтение", "город", "сад"}},
	{"windows-1252", charmap.Windows1252, []string{"biblioteca", "domingo", "leitura", "bairro", "horário"}},
	{"koi8-r", charmap.KOI8R, []string{"открыта", "читальня", "соседи", "двор", "письмо"}},
	{"iso-8859-7", charmap.ISO8859_7, []string{"βιβλιοθήκη", "Κυριακή", "ανάγνωση", "πόλη"}},
}

func generateMail(r *rand.Rand, i int) []byte {
	cs := benchCharsets[r.IntN(len(benchCharsets))]
	text := prose(r, cs.words, 2000+r.IntN(10000))
	if r.IntN(10) == 0 {
		text = fmt.Sprintf("Dear all,\n\nour organization, Reading Circle %d, would like to sign the open letter.\n\n%s", i, text)
	}
	coded, err := cs.with.NewEncoder().String(text)
	if err != nil {
		coded = text
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: Writer %d <w%d@sender%d.example>\r\nTo: sign@bench.example\r\nSubject: Mail number %d\r\n", i, i, i%500, i)
	fmt.Fprintf(&b, "Date: %s\r\nMessage-ID: <b%d@sender%d.example>\r\nMIME-Version: 1.0\r\n", time.Unix(1767225600+int64(i), 0).UTC().Format(time.RFC1123Z), i, i%500)
	b.WriteString("Content-Type: multipart/mixed; boundary=\"=_m\"\r\n\r\n--=_m\r\nContent-Type: multipart/alternative; boundary=\"=_a\"\r\n")
	fmt.Fprintf(&b, "\r\n--=_a\r\nContent-Type: text/plain; charset=%s\r\n", cs.name)
	encodeBody(&b, coded, r.IntN(2) == 0)
	fmt.Fprintf(&b, "\r\n--=_a\r\nContent-Type: text/html; charset=%s\r\n", cs.name)
	encodeBody(&b, "<html><body><p>"+strings.ReplaceAll(coded, "\n\n", "</p><p>")+"</p></body></html>", r.IntN(2) == 0)
	b.WriteString("\r\n--=_a--\r\n")
	if i%30 == 0 {
		junk := make([]byte, 150_000)
		for j := range junk {
			junk[j] = byte(r.UintN(256))
		}
		b.WriteString("\r\n--=_m\r\nContent-Type: application/pdf; name=\"a.pdf\"\r\nContent-Disposition: attachment; filename=\"a.pdf\"\r\n")
		encodeBody(&b, string(junk), true)
	}
	b.WriteString("\r\n--=_m--\r\n")
	return b.Bytes()
}

func prose(r *rand.Rand, words []string, size int) string {
	var b strings.Builder
	for b.Len() < size {
		b.WriteString(words[r.IntN(len(words))])
		if r.IntN(60) == 0 {
			b.WriteString(".\n\n")
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func encodeBody(b *bytes.Buffer, text string, base64ed bool) {
	if !base64ed {
		b.WriteString("Content-Transfer-Encoding: quoted-printable\r\n\r\n")
		w := quotedprintable.NewWriter(b)
		_, _ = w.Write([]byte(text)) // into memory
		_ = w.Close()
		return
	}
	b.WriteString("Content-Transfer-Encoding: base64\r\n\r\n")
	coded := base64.StdEncoding.EncodeToString([]byte(text))
	for len(coded) > 76 {
		b.WriteString(coded[:76] + "\r\n")
		coded = coded[76:]
	}
	b.WriteString(coded + "\r\n")
}
