package message

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// answers are texts of replies, with what is new in them.
var answers = []struct{ name, text, want string }{
	{"German", "Ja, das ist richtig.\n\nGrüße aus Köln\nAnna Glöckner\n\nAm 02.02.2026 um 10:00 schrieb Open Letter <letter@letter.test>:\n> Stimmt das? Bitte antworten Sie mit Ja.\n> Köln\n\nNur der Ort: Münster.\n", "Ja, das ist richtig.\n\nGrüße aus Köln\nAnna Glöckner\n\nNur der Ort: Münster."},
	{"French", "Oui, tout est juste, à une chose près : la ville est Besançon.\n\nLe 2 févr. 2026 à 10:00, Open Letter <letter@letter.test> a écrit :\n\n> Est-ce correct ?\n", "Oui, tout est juste, à une chose près : la ville est Besançon."},
	{"Spanish with a signature", "Sí, es correcto. ¡Gracias! El año próximo, también.\n-- \nAna Muñoz\nSala de Lectura\n", "Sí, es correcto. ¡Gracias! El año próximo, también."},
}

// unfold QP and base64 of a text.
func encodeQP(s []byte) string {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write(s)
	_ = w.Close()
	return b.String()
}

func encodeBase64(s []byte, width int) string {
	all := base64.StdEncoding.EncodeToString(s)
	var b strings.Builder
	for len(all) > width {
		b.WriteString(all[:width] + "\r\n")
		all = all[width:]
	}
	return b.String() + all + "\r\n"
}

// R17, R21-R24: a reply says the same however it is encoded, labelled, wrapped in parts, cut or damaged.
func TestR17SameTextInEveryShape(t *testing.T) {
	for _, a := range answers {
		crlf := strings.ReplaceAll(a.text, "\n", "\r\n")
		latin, err := charmap.Windows1252.NewEncoder().String(crlf)
		if err != nil {
			t.Fatal(err)
		}
		wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(crlf)
		if err != nil {
			t.Fatal(err)
		}
		head := "From: Ann <ann@example.org>\r\nTo: letter@letter.test\r\nSubject: Re: x\r\n"
		body := func(contentType, encoding, content string) string {
			return "Content-Type: " + contentType + "\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + content
		}
		plain := body("text/plain; charset=utf-8", "8bit", crlf)
		base := body("text/plain; charset=utf-8", "base64", encodeBase64([]byte(crlf), 76))
		long := strings.Repeat("b", 200)
		shapes := map[string]string{
			"8 bit":                         head + plain,
			"quoted-printable":              head + body("text/plain; charset=utf-8", "quoted-printable", encodeQP([]byte(crlf))),
			"quoted-printable, lower case":  head + body("text/plain; charset=utf-8", "Quoted-Printable", strings.ReplaceAll(strings.ReplaceAll(encodeQP([]byte(crlf)), "=C3", "=c3"), "=E2", "=e2")),
			"base64":                        head + base,
			"base64 in one line":            head + body("text/plain; charset=utf-8", "base64", encodeBase64([]byte(crlf), 1<<20)),
			"base64 in odd lines":           head + body("text/plain; charset=utf-8", "base64", encodeBase64([]byte(crlf), 61)),
			"base64 without padding":        head + body("text/plain; charset=utf-8", "base64", strings.TrimRight(encodeBase64([]byte(crlf), 76), "=\r\n")),
			"base64 with garbage":           head + body("text/plain; charset=utf-8", "base64", strings.Replace(encodeBase64([]byte(crlf), 76), "\r\n", "!\r\n", 1)),
			"base64, spaces around":         head + body("text/plain; charset=utf-8", " BASE64 ", strings.ReplaceAll(encodeBase64([]byte(crlf), 76), "\r\n", " \r\n")),
			"Latin-1":                       head + body("text/plain; charset=iso-8859-1", "8bit", latin),
			"Latin-1 without a label":       head + body("text/plain", "8bit", latin),
			"Latin-1 labelled as UTF-8":     head + body("text/plain; charset=utf-8", "8bit", latin),
			"Latin-1 labelled as ASCII":     head + body("text/plain; charset=us-ascii", "8bit", latin),
			"UTF-8 labelled as Latin-1":     head + body("text/plain; charset=iso-8859-1", "8bit", crlf),
			"UTF-8 with an unknown label":   head + body("text/plain; charset=x-nothing", "8bit", crlf),
			"UTF-8 with a doubled label":    head + body("text/plain; charset=utf-8; charset=iso-8859-2", "8bit", crlf),
			"UTF-8 with a label in quotes":  head + body(`text/plain; charset="'UTF-8'"`, "8bit", crlf),
			"UTF-16":                        head + body("text/plain; charset=utf-16", "base64", encodeBase64([]byte(wide), 76)),
			"LF only":                       strings.ReplaceAll(head+plain, "\r\n", "\n"),
			"CR only":                       strings.ReplaceAll(head+plain, "\r\n", "\r"),
			"CR CR LF":                      strings.ReplaceAll(head+plain, "\r\n", "\r\r\n"),
			"no line end at the end":        strings.TrimRight(head+plain, "\r\n"),
			"mixed line ends":               strings.Replace(head+plain, "\r\n", "\n", 3),
			"type without a slash":          head + body("text", "8bit", crlf),
			"no header of MIME at all":      head + "\r\n" + crlf,
			"flowed":                        head + body("text/plain; charset=utf-8; format=flowed", "8bit", strings.ReplaceAll(crlf, "\r\n>  ", "\r\n> ")),
			"multipart":                     head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + plain + "\r\n--b--\r\n",
			"multipart, cut off":            head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + plain,
			"multipart, long boundary":      head + "Content-Type: multipart/mixed; boundary=\"" + long + "\"\r\n\r\n--" + long + "\r\n" + plain + "\r\n--" + long + "--\r\n",
			"multipart, wrong boundary":     head + "Content-Type: multipart/mixed; boundary=c\r\n\r\n--b\r\n" + plain + "\r\n--b--\r\n",
			"multipart, spaces behind":      head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b  \r\n" + plain + "\r\n--b-- \r\n",
			"multipart, LF only":            strings.ReplaceAll(head+"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"+plain+"\r\n--b--\r\n", "\r\n", "\n"),
			"multipart, CR only":            strings.ReplaceAll(head+"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"+plain+"\r\n--b--\r\n", "\r\n", "\r"),
			"multipart, no end of the part": head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n" + plain + "\r\n--b--\r\n",
			"alternative with HTML":         head + "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n" + base + "\r\n--b\r\n" + body("text/html", "7bit", "<p>HTML</p>") + "\r\n--b--\r\n",
			"signed":                        head + "Content-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"\r\n\r\n--b\r\n" + plain + "\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n",
			"S/MIME":                        string(smimeMail("application/pkcs7-mime", cmsOf(cmsSigned, ber, ber(berOctets, []byte(base))))),
			"blank lines above":             "\r\n\r\n" + head + plain,
			"a line of an mbox file above":  "From ann@example.org Mon Feb  2 10:00:00 2026\r\n" + head + plain,
			"a header line without colon":   head + "X-Broken\r\n" + plain,
			"spaces before the colon":       strings.ReplaceAll(head, ":", " :") + plain,
			"a NUL":                         head + strings.Replace(plain, "\r\n\r\n", "\r\n\r\n\x00", 1),
		}
		for name, raw := range shapes {
			t.Run(a.name+"/"+name, func(t *testing.T) {
				m := Parse([]byte(raw))
				if strings.Join(strings.Fields(m.New), " ") != strings.Join(strings.Fields(a.want), " ") {
					t.Errorf("new %q, want %q, defects %q", m.New, a.want, m.Defects)
				}
				if len(m.Header.From) != 1 || !strings.HasSuffix(m.Header.From[0].Address, "@example.org") {
					t.Errorf("from %q, defects %q", m.Header.From, m.Defects)
				}
			})
		}
	}
}

// R21: a subject and a sender in the charsets of old clients, declared and raw.
func TestR21HeadersInEveryCharset(t *testing.T) {
	for _, c := range []struct {
		charset, name string
		encode        func(string) (string, error)
	}{
		{"utf-8", "Библиотека Łódź", func(s string) (string, error) { return s, nil }},
		{"windows-1251", "Библиотека мира", charmap.Windows1251.NewEncoder().String},
		{"koi8-r", "Библиотека мира", charmap.KOI8R.NewEncoder().String},
		{"iso-8859-2", "Książnica Łódź", charmap.ISO8859_2.NewEncoder().String},
		{"windows-1253", "Βιβλιοθήκη Αθηνών", charmap.Windows1253.NewEncoder().String},
		{"windows-1254", "Kütüphane İzmir Şişli", charmap.Windows1254.NewEncoder().String},
		{"gb18030", "图书馆", simplifiedchinese.GB18030.NewEncoder().String},
		{"shift_jis", "読書室", japanese.ShiftJIS.NewEncoder().String},
		{"iso-2022-jp", "読書室", japanese.ISO2022JP.NewEncoder().String},
	} {
		coded, err := c.encode(c.name)
		if err != nil {
			t.Fatal(err)
		}
		word := "=?" + c.charset + "?B?" + base64.StdEncoding.EncodeToString([]byte(coded)) + "?="
		half := len(coded) / 2
		split := fmt.Sprintf("=?%s?B?%s?=\r\n =?%s?B?%s?=", c.charset, base64.StdEncoding.EncodeToString([]byte(coded[:half])), c.charset, base64.StdEncoding.EncodeToString([]byte(coded[half:])))
		for shape, value := range map[string]string{"word": word, "two words": split, "raw": coded, "lower case": strings.Replace(word, "?B?", "?b?", 1)} {
			if c.charset == "iso-2022-jp" && shape == "two words" {
				continue // cut within an escape: each word must stand alone (RFC 2047 5)
			}
			m := Parse([]byte("From: " + value + " <ann@example.org>\r\nSubject: " + value + "\r\nContent-Type: text/plain; charset=" + c.charset + "\r\n\r\n" + strings.Repeat(coded+". ", 5)))
			if m.Header.Subject != c.name || len(m.Header.From) != 1 || m.Header.From[0].Name != c.name {
				t.Errorf("%s, %s: subject %q, from %q, want %q", c.charset, shape, m.Header.Subject, m.Header.From, c.name)
			}
		}
	}
}

// R21: names of files in every form that RFC 2231 allows, and that programs make of it.
func TestR21BrokenFilenames(t *testing.T) {
	tests := []struct{ name, disposition, contentType, want string }{
		{"RFC 2231", `filename*=utf-8''gr%C3%BC%C3%9Fe.pdf`, "", "grüße.pdf"},
		{"quoted", `filename*="utf-8''gr%C3%BC%C3%9Fe.pdf"`, "", "grüße.pdf"},
		{"both forms: the better one", `filename="grusse.pdf"; filename*=utf-8''gr%C3%BC%C3%9Fe.pdf`, "", "grüße.pdf"},
		{"no charset", `filename*=''gr%C3%BC%C3%9Fe.pdf`, "", "grüße.pdf"},
		{"no quotes at all", `filename*=gr%C3%BC%C3%9Fe.pdf`, "", "grüße.pdf"},
		{"wrong charset", `filename*=us-ascii''gr%C3%BC%C3%9Fe.pdf`, "", "grüße.pdf"},
		{"language", `filename*=utf-8'de'gr%C3%BC%C3%9Fe.pdf`, "", "grüße.pdf"},
		{"character cut between pieces", `filename*0*=utf-8''gr%C3; filename*1*=%BC%C3%9Fe.pdf`, "", "grüße.pdf"},
		{"pieces without stars behind", `filename*0=gru; filename*1=sse.pdf`, "", "grusse.pdf"},
		{"pieces out of order", `filename*2=f; filename*0="grusse"; filename*1=.pd`, "", "grusse.pdf"},
		{"ten pieces", `filename*0=a; filename*1=b; filename*2=c; filename*3=d; filename*4=e; filename*5=f; filename*6=g; filename*7=h; filename*8=i; filename*9=j; filename*10=.pdf`, "", "abcdefghij.pdf"},
		{"first piece missing", `filename*1*=gr%C3%BC; filename*2=n.pdf`, "", "grün.pdf"},
		{"encoded word", `filename="=?utf-8?Q?gr=C3=BC=C3=9Fe.pdf?="`, "", "grüße.pdf"},
		{"encoded word without quotes", `filename==?utf-8?Q?gr=C3=BC=C3=9Fe.pdf?=`, "", "grüße.pdf"},
		{"two encoded words", "filename=\"=?utf-8?B?Z3LDvA==?=\r\n =?utf-8?B?w59lLnBkZg==?=\"", "", "grüße.pdf"},
		{"encoded words in pieces", `filename*0="=?utf-8?B?Z3LDvMOf"; filename*1="ZS5wZGY=?="`, "", "grüße.pdf"},
		{"Latin-1 raw", "filename=\"gr\xfc\xdfe.pdf\"", "", "grüße.pdf"},
		{"only in Content-Type", "", `name*=utf-8''gr%C3%BC%C3%9Fe.pdf`, "grüße.pdf"},
		{"semicolon in quotes", `filename="a;b.pdf"`, "", "a;b.pdf"},
		{"escaped quote", `filename="a\"b.pdf"`, "", `a"b.pdf`},
		{"spaces without quotes", `filename=Our letter.pdf`, "", "Our letter.pdf"},
		{"upper case", `FILENAME="A.PDF"`, "", "A.PDF"},
		{"spaces around the sign", `filename = "a.pdf"`, "", "a.pdf"},
		{"percent in a plain form stays", `filename="100%25.pdf"`, "", "100%25.pdf"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := "From: a@example.org\r\nContent-Type: application/pdf; " + tt.contentType + "\r\nContent-Disposition: attachment; " + tt.disposition + "\r\n\r\nx"
			m := Parse([]byte(raw))
			if len(m.Attachments) != 1 || m.Attachments[0].Filename != tt.want {
				t.Errorf("attachments %+v, want %q", m.Attachments, tt.want)
			}
		})
	}
}
