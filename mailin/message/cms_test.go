package message

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

// ber builds a value with a definite length.
func ber(tag byte, content ...[]byte) []byte {
	body := bytes.Join(content, nil)
	if n := len(body); n < 0x80 {
		return append([]byte{tag, byte(n)}, body...)
	} else if n < 0x10000 {
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, body...)
	}
	n := len(body)
	return append([]byte{tag, 0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

// open builds a value whose end is marked (X.690 8.1.3.6).
func open(tag byte, content ...[]byte) []byte {
	return append(append([]byte{tag, 0x80}, bytes.Join(content, nil)...), 0, 0)
}

func oid(kind cmsKind) []byte {
	for text, k := range cmsKinds {
		if k == kind && (kind != cmsEncrypted || strings.HasSuffix(text, "0703")) {
			raw, _ := hex.DecodeString(text)
			return ber(berOID, raw)
		}
	}
	return nil
}

type wrapper func(tag byte, content ...[]byte) []byte

// cmsOf wraps content as openssl (definite) or Outlook and Java (marked ends, pieces) do.
func cmsOf(kind cmsKind, w wrapper, content ...[]byte) []byte {
	data, _ := hex.DecodeString("2a864886f70d010701")
	certificates := w(berContext0, ber(berSequence, []byte("certificate")))
	return w(berSequence, oid(kind), w(berContext0, w(berSequence, ber(berInteger, []byte{1}), w(0x31, w(berSequence, ber(berOID, []byte{1}))),
		w(berSequence, ber(berOID, data), w(berContext0, content...)), certificates)))
}

func smimeMail(params string, data []byte) []byte {
	return mailOf("From: a@example.org", "Content-Type: "+params, "Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString(data))
}

const signedEntity = "Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe Reading Room signs: größe.\r\n--i\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nx\r\n--i--\r\n"

// R26: opaque signed mail is read like what it wraps; encrypted mail is recognised by what it is.
func TestR26SMIME(t *testing.T) {
	entity := []byte(signedEntity)
	var zipped bytes.Buffer
	z := zlib.NewWriter(&zipped)
	if _, err := z.Write(entity); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	pieces := open(0x24, ber(berOctets, entity[:30]), ber(berOctets, entity[30:90]), open(0x24, ber(berOctets, entity[90:])))
	nested := cmsOf(cmsSigned, ber, ber(berOctets, []byte("Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString(cmsOf(cmsSigned, ber, ber(berOctets, entity))))))
	tests := []struct {
		name, params string
		data         []byte
	}{
		{"definite lengths", "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", cmsOf(cmsSigned, ber, ber(berOctets, entity))},
		{"marked ends and pieces", "application/x-pkcs7-mime; name=smime.p7m", cmsOf(cmsSigned, open, pieces)},
		{"no type that says so", "application/octet-stream; name=smime.p7m", cmsOf(cmsSigned, ber, ber(berOctets, entity))},
		{"wrongly declared as enveloped", "application/pkcs7-mime; smime-type=enveloped-data", cmsOf(cmsSigned, ber, ber(berOctets, entity))},
		{"signed twice", "application/pkcs7-mime", nested},
		{"compressed", "application/pkcs7-mime; smime-type=compressed-data; name=smime.p7z", cmsOf(cmsCompressed, ber, ber(berOctets, zipped.Bytes()))},
		{"cut within the certificates", "application/pkcs7-mime; smime-type=signed-data", cmsOf(cmsSigned, ber, ber(berOctets, entity))[:len(entity)+60]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Parse(smimeMail(tt.params, tt.data))
			if m.New != "The Reading Room signs: größe." || m.Encrypted || m.Beyond {
				t.Errorf("new %q, encrypted %v, defects %q", m.New, m.Encrypted, m.Defects)
			}
			if n := len(m.Attachments); n < 2 || m.Attachments[n-1].Filename != "a.pdf" {
				t.Errorf("attachments %+v", m.Attachments)
			}
		})
	}
	for name, m := range map[string]*Message{
		"enveloped":                    Parse(smimeMail("application/pkcs7-mime; name=smime.p7m", cmsOf(cmsEncrypted, ber, ber(berOctets, entity)))),
		"enveloped, declared signed":   Parse(smimeMail("application/pkcs7-mime; smime-type=signed-data", cmsOf(cmsEncrypted, open, ber(berOctets, entity)))),
		"enveloped, marked ends":       Parse(smimeMail("application/pkcs7-mime", cmsOf(cmsEncrypted, open, pieces))),
		"illegible and without a hint": Parse(smimeMail("application/pkcs7-mime", []byte("abc"))),
	} {
		if !m.Encrypted || m.New != "" {
			t.Errorf("%s: encrypted %v, new %q", name, m.Encrypted, m.New)
		}
	}
	if m := Parse(smimeMail("application/pkcs7-mime; smime-type=signed-data", []byte("abc"))); m.Encrypted || !m.Beyond {
		t.Errorf("damaged: encrypted %v, beyond %v", m.Encrypted, m.Beyond)
	}
}

// R26: the header inside a signed object never counts as the outer one's (R19).
func TestR26SMIMEHeaderIsData(t *testing.T) {
	inner := []byte("From: chair@signer.example\r\nSubject: Inner\r\nContent-Type: text/plain\r\n\r\nWe sign.")
	m := Parse(smimeMail("application/pkcs7-mime", cmsOf(cmsSigned, ber, ber(berOctets, inner))))
	if m.Header.From[0].Address != "a@example.org" || m.Header.Subject != "" || m.New != "We sign." {
		t.Errorf("from %v, subject %q, new %q", m.Header.From, m.Header.Subject, m.New)
	}
}

// R16: layers around layers, and levels of BER, end.
func TestR16SMIMELayers(t *testing.T) {
	data := cmsOf(cmsSigned, ber, ber(berOctets, []byte("\r\nhello")))
	for range 8 {
		data = cmsOf(cmsSigned, ber, ber(berOctets, []byte("Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString(data))))
	}
	if m := Parse(smimeMail("application/pkcs7-mime", data)); !m.Beyond || m.New != "" {
		t.Errorf("beyond %v, new %q", m.Beyond, m.New)
	}
	deep := bytes.Repeat([]byte{0x24, 0x80}, 200_000)
	if kind, content := openCMS(cmsOf(cmsSigned, open, deep)); kind != cmsSigned || len(content) != 0 {
		t.Errorf("kind %v, %d bytes", kind, len(content))
	}
	if m := Parse(smimeMail("application/pkcs7-mime; smime-type=signed-data", bytes.Repeat([]byte{0x30, 0x80}, 100_000))); m.New != "" {
		t.Errorf("new %q", m.New)
	}
}

// R26: inline PGP, also several blocks; quoted armour and keys are no armour of ours.
func TestR26InlinePGP(t *testing.T) {
	signed := func(text string) string {
		return "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\n" + text + "\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\nabc=\r\n-----END PGP SIGNATURE-----\r\n"
	}
	key := "-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n\r\nabc\r\n-----END PGP PUBLIC KEY BLOCK-----"
	tests := []struct{ name, body, want string }{
		{"two blocks", signed("We sign.") + "between\r\n" + signed("- -- dashes\r\nOdense"), "We sign.\nbetween\n-- dashes\nOdense"},
		{"signature cut off", strings.TrimSuffix(signed("We sign."), "-----END PGP SIGNATURE-----\r\n"), "We sign."},
		{"quoted armour", "We sign.\r\n> -----BEGIN PGP MESSAGE-----\r\n> abc", "We sign."},
		{"a key below", "We sign.\r\n" + key + "\r\nOdense", "We sign.\nOdense"},
		{"a mail that speaks of armour", "Write -----BEGIN PGP SIGNED MESSAGE----- above.", "Write -----BEGIN PGP SIGNED MESSAGE----- above."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Parse(mailOf("From: a@example.org", "", tt.body))
			if m.New != tt.want || m.Encrypted {
				t.Errorf("new %q, want %q, encrypted %v", m.New, tt.want, m.Encrypted)
			}
		})
	}
}

// R16, R26: no bytes make CMS reading panic or yield more than they hold.
func FuzzCMS(f *testing.F) {
	f.Add(cmsOf(cmsSigned, ber, ber(berOctets, []byte(signedEntity))))
	f.Add(cmsOf(cmsSigned, open, open(0x24, ber(berOctets, []byte("a")), ber(berOctets, []byte("b")))))
	f.Add(cmsOf(cmsEncrypted, open, ber(berOctets, []byte("a"))))
	f.Fuzz(func(t *testing.T, data []byte) {
		kind, content := openCMS(data)
		if kind != cmsCompressed && len(content) > len(data) {
			t.Errorf("%d bytes out of %d", len(content), len(data))
		}
		if len(content) > maxInflated {
			t.Errorf("%d bytes", len(content))
		}
	})
}
