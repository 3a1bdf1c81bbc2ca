package message

import (
	"fmt"
	"strings"
	"testing"
)

// mail joins header lines and body with CRLF, as mail arrives.
func mailOf(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n")) }

// R21: every way in which headers are written.
func TestR21HeaderDecoding(t *testing.T) {
	tests := []struct{ name, field, want string }{
		{"plain", "Subject: Longer opening hours", "Longer opening hours"},
		{"encoded word", "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"},
		{"underscore and language", "Subject: =?iso-8859-1*de?Q?Sch=F6ne_B=FCcher?=", "Schöne Bücher"},
		{"adjacent words join", "Subject: =?utf-8?B?w7Y=?= =?utf-8?B?w6Q=?=", "öä"},
		{"character split over words", "Subject: =?utf-8?B?Yc8=?=\r\n =?utf-8?B?gg==?=", "aς"},
		{"space between word and text stays", "Subject: =?utf-8?Q?=C3=BC?= ber", "ü ber"},
		{"raw UTF-8", "Subject: Bücher für alle", "Bücher für alle"},
		{"raw 8 bit in the charset of the text", "Subject: \xc1\xe8\xe1\xeb\xe8\xee\xf2\xe5\xea\xe0", "Библиотека"},
		{"broken word stays", "Subject: =?utf-8?Q?open", "=?utf-8?Q?open"},
		{"unknown charset", "Subject: =?x-nothing?Q?abc?=", "abc"},
		{"smuggled line end", "Subject: =?utf-8?Q?a=0D=0ABcc:_x?=", "a  Bcc: x"},
		{"missing padding", "Subject: =?utf-8?B?SGFsbG8?=", "Hallo"},
		{"folded", "Subject: a\r\n\tb", "a b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Parse(mailOf("From: a@example.org", tt.field, "Content-Type: text/plain; charset=windows-1251", "", "x"))
			if m.Header.Subject != tt.want {
				t.Errorf("subject %q, want %q", m.Header.Subject, tt.want)
			}
		})
	}
}

// R17, R18, R21: addresses as people and broken programs write them.
func TestR21Addresses(t *testing.T) {
	tests := []struct {
		name, field string
		want        []Address
	}{
		{"bare", "ann@example.org", []Address{{"", "ann@example.org"}}},
		{"name", "Ann Bell <ann@example.org>", []Address{{"Ann Bell", "ann@example.org"}}},
		{"quoted comma", `"Bell, Ann" <ann@example.org>`, []Address{{"Bell, Ann", "ann@example.org"}}},
		{"unquoted comma", "Bell, Ann <ann@example.org>", []Address{{"Bell, Ann", "ann@example.org"}}},
		{"comment as name", "ann@example.org (Ann Bell)", []Address{{"Ann Bell", "ann@example.org"}}},
		{"encoded word in quotes", `"=?utf-8?Q?J=C3=BCrgen?=" <j@example.org>`, []Address{{"Jürgen", "j@example.org"}}},
		{"comma inside an encoded word", "=?utf-8?Q?Bell=2C_Ann?= <ann@example.org>", []Address{{"Bell, Ann", "ann@example.org"}}},
		{"group", "Board: ann@example.org, bob@example.org;", []Address{{"", "ann@example.org"}, {"", "bob@example.org"}}},
		{"empty group", "undisclosed-recipients:;", nil},
		{"lone quote", `Ann "Bell <ann@example.org>, bob@example.org`, []Address{{"Ann Bell", "ann@example.org"}, {"", "bob@example.org"}}},
		{"no bracket at the end", "Ann <ann@example.org", []Address{{"Ann", "ann@example.org"}}},
		{"mailto", "<mailto:ann@example.org>", []Address{{"", "ann@example.org"}}},
		{"address in the name", `"info@org.example" <x@other.example>`, []Address{{"info@org.example", "x@other.example"}}},
		{"two", "a@example.org, b@example.org", []Address{{"", "a@example.org"}, {"", "b@example.org"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Parse(mailOf("From: "+tt.field, "", "x"))
			if fmt.Sprint(m.Header.From) != fmt.Sprint(tt.want) {
				t.Errorf("from %q, want %q", m.Header.From, tt.want)
			}
		})
	}
}

// R18: two From fields are both there for the caller to see, and a defect says so.
func TestR18TwoFromFields(t *testing.T) {
	m := Parse(mailOf("From: a@example.org", "From: b@example.org", "Subject: x", "Subject: y", "", "z"))
	if len(m.Header.From) != 2 || m.Header.Subject != "x" {
		t.Errorf("from %v, subject %q", m.Header.From, m.Header.Subject)
	}
	if !hasDefect(m, "several From fields") || !hasDefect(m, "several Subject fields") {
		t.Errorf("defects %q", m.Defects)
	}
}

// R21: parameters with RFC 2231 continuations, and the usual abuse.
func TestR21Filenames(t *testing.T) {
	tests := []struct{ name, params, want string }{
		{"plain", `filename="a.pdf"`, "a.pdf"},
		{"token", `filename=a.pdf`, "a.pdf"},
		{"rfc 2231", `filename*=utf-8''%C3%BC.pdf`, "ü.pdf"},
		{"continuation", "filename*0*=iso-8859-1''%FC; filename*1=ber.pdf", "über.pdf"},
		{"out of order", "filename*1=b.pdf; filename*0=a", "ab.pdf"},
		{"encoded word", `filename="=?utf-8?B?w7wucGRm?="`, "ü.pdf"},
		{"raw", "filename=\"\xfc.pdf\"", "ü.pdf"},
		{"direction override", "filename*=utf-8''a%E2%80%AEfdp.exe", "afdp.exe"},
		{"missing quote", `filename="a b.pdf; size=3`, "a b.pdf"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Parse(mailOf("From: a@example.org", "Content-Type: application/pdf", "Content-Disposition: attachment; "+tt.params, "", "x"))
			if len(m.Attachments) != 1 || m.Attachments[0].Filename != tt.want {
				t.Errorf("attachments %+v, want %q", m.Attachments, tt.want)
			}
		})
	}
}

// R22: the charset ladder.
func TestR22Charsets(t *testing.T) {
	tests := []struct{ name, charset, body, want string }{
		{"utf-8", "utf-8", "größe", "größe"},
		{"latin1 is windows-1252", "iso-8859-1", "\x84gut\x93", "„gut“"},
		{"cp932", "cp932", "\x83\x65\x83\x58\x83\x67", "テスト"},
		{"cp949", "cp949", "\xc7\xd1\xb1\xdb", "한글"},
		{"gb2312 is gbk", "gb2312", "\xd6\xd0\xce\xc4", "中文"},
		{"utf-7 when declared", "utf-7", "Gr+APw-n", "Grün"},
		{"utf-7 not when undeclared", "us-ascii", "1+ABC-2", "1+ABC-2"},
		{"stray quote", `utf-8"`, "größe", "größe"},
		{"unknown, but UTF-8", "x-unknown", "größe", "größe"},
		{"missing, but UTF-8", "", "größe", "größe"},
		{"missing, windows-1252", "", "gr\xf6\xdfe", "größe"},
		{"missing, windows-1251", "", "\xcc\xfb \xef\xee\xe4\xe4\xe5\xf0\xe6\xe8\xe2\xe0\xe5\xec \xef\xe8\xf1\xfc\xec\xee", "Мы поддерживаем письмо"},
		{"missing, koi8-r", "", "\xed\xd9 \xd0\xcf\xc4\xc4\xc5\xd2\xd6\xc9\xd7\xc1\xc5\xcd \xd0\xc9\xd3\xd8\xcd\xcf", "Мы поддерживаем письмо"},
		{"missing, shift_jis", "", "\x82\xb1\x82\xcc\x8f\x91\x8a\xc8\x82\xc9\x8e\x5e\x93\xaf\x82\xb5\x82\xdc\x82\xb7", "この書簡に賛同します"},
		{"ISO-2022-JP by its escapes", "", "\x1b$B%F%9%H\x1b(B", "テスト"},
		{"declared latin1, is UTF-8", "iso-8859-1", "größe für", "größe für"},
		{"declared latin1, is windows-1251", "iso-8859-1", "\xcc\xfb \xef\xee\xe4\xe4\xe5\xf0\xe6\xe8\xe2\xe0\xe5\xec", "Мы поддерживаем"},
		{"a few damaged bytes", "utf-8", "größe für\xff alle", "größe für\uFFFD alle"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Parse(mailOf("From: a@example.org", "Content-Type: text/plain; charset="+tt.charset, "", tt.body))
			if m.Text != tt.want {
				t.Errorf("text %q, want %q (%q)", m.Text, tt.want, m.Defects)
			}
		})
	}
}

// R17: damage is read as far as possible, and noted.
func TestR17Tolerance(t *testing.T) {
	multi := "Content-Type: multipart/mixed; boundary=b"
	tests := []struct {
		name, defect, want string
		raw                []byte
	}{
		{"final boundary missing", "final boundary missing", "hello", mailOf("From: a@example.org", multi, "", "--b", "", "hello")},
		{"wrong boundary declared", "boundary declared wrongly", "hello", mailOf("From: a@example.org", multi, "", "--c", "Content-Type: text/plain", "", "hello", "--c--")},
		{"no boundary at all", "multipart without boundary", "hello", mailOf("From: a@example.org", "Content-Type: multipart/mixed", "", "hello")},
		{"two Content-Type fields", "several Content-Type", "hello", mailOf("From: a@example.org", "Content-Type: text/plain", "Content-Type: text/html", "", "hello")},
		{"header without colon", "header line without a field name", "hello", mailOf("From: a@example.org", "garbage", "Subject: x", "", "hello")},
		{"no blank line", "no blank line", "hello world\nmore words", mailOf("From: a@example.org", "hello world", "more words")},
		{"prose above a form, no blank line", "no blank line", "We want to sign.\nOrganization: Reading Room", mailOf("From: a@example.org", "We want to sign.", "Organization: Reading Room", "", "")},
		{"prose above more header", "header line without a field name", "hello", mailOf("From: a@example.org", "a line cut in two", "X-Mailer: x", "Subject: x", "", "hello")},
		{"mbox line", "mbox separator", "hello", mailOf("From a@example.org Mon Jan  1 00:00:00 2024", "From: a@example.org", "", "hello")},
		{"blank lines above", "blank lines above", "hello", mailOf("", "", "From: a@example.org", "", "hello")},
		{"bare CR", "bare CR", "hello\nworld", []byte("From: a@example.org\r\rhello\rworld")},
		{"bare LF", "", "hello", []byte("From: a@example.org\n\nhello")},
		{"base64 garbage", "characters outside", "hello", mailOf("From: a@example.org", "Content-Transfer-Encoding: base64", "", "aGV!sbG8=")},
		{"base64 cut", "ends too early", "hello", mailOf("From: a@example.org", "Content-Transfer-Encoding: base64", "", "aGVsbG8")},
		{"base64 with footer", "text after base64", "hello\n____\nThe list, see below", mailOf("From: a@example.org", "Content-Transfer-Encoding: base64", "", "aGVsbG8=", "____", "The list, see below")},
		{"plain text declared base64", "is plain text", "We sign. The Reading Room", mailOf("From: a@example.org", "Content-Transfer-Encoding: base64", "", "We sign. The Reading Room")},
		{"stray = in QP", "stray =", "1=ZZ ü", mailOf("From: a@example.org", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", "1=ZZ =C3=BC")},
		{"unknown encoding", "unknown transfer encoding", "hello", mailOf("From: a@example.org", "Content-Transfer-Encoding: x-odd", "", "hello")},
		{"NUL", "", "hello", mailOf("From: a@example.org", "", "he\x00llo")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Parse(tt.raw)
			if strings.TrimSpace(m.Text) != tt.want {
				t.Errorf("text %q, want %q", m.Text, tt.want)
			}
			if len(m.Header.From) != 1 || m.Header.From[0].Address != "a@example.org" {
				t.Errorf("from %v", m.Header.From)
			}
			if tt.defect != "" && !hasDefect(m, tt.defect) {
				t.Errorf("defects %q, want %q", m.Defects, tt.defect)
			}
			if tt.defect == "" && len(m.Defects) > 0 {
				t.Errorf("defects %q, want none", m.Defects)
			}
		})
	}
}

// R23: which parts are the text.
func TestR23BodyChoice(t *testing.T) {
	part := func(media, body string) string { return "--b\r\nContent-Type: " + media + "\r\n\r\n" + body + "\r\n" }
	tests := []struct{ name, media, body, want string }{
		{"plain before html", "alternative", part("text/plain", "plain") + part("text/html", "<p>html</p>"), "plain"},
		{"empty plain", "alternative", part("text/plain", " ") + part("text/html", "<p>html</p>"), "html"},
		{"stub", "alternative", part("text/plain", "Your client does not support HTML.") + part("text/html", "<p>html</p>"), "html"},
		{"text that ends in an excuse", "alternative", part("text/plain", "We sign the letter, all of us.\r\nThis client does not support HTML") + part("text/html", "<p>We sign the letter, all of us.</p>"), "We sign the letter, all of us.\nThis client does not support HTML"},
		{"excuse with a greeting and a link", "alternative", part("text/plain", "Hello,\r\n\r\nyour program does not\r\nsupport HTML: https://room.example/view") + part("text/html", "<p>The Reading Room signs the letter, all eleven of us.</p>"), "The Reading Room signs the letter, all eleven of us."},
		{"html only", "alternative", part("text/html", "<p>html</p>"), "html"},
		{"texts around a file", "mixed", part("text/plain", "one") + part("image/png", "x") + part("text/plain", "two"), "one\ntwo"},
		{"root of related", "related", part("text/html", "<p>html</p>") + part("text/html", "<p>frame</p>"), "html"},
		{"first part of signed", "signed", part("text/plain", "signed") + part("application/pgp-signature", "x"), "signed"},
		{"named text is a file", "mixed", part("text/plain", "one") + part("text/plain; name=list.txt", "two"), "one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Parse(mailOf("From: a@example.org", "Content-Type: multipart/"+tt.media+"; boundary=b", "", tt.body+"--b--"))
			if strings.TrimSpace(m.Text) != tt.want {
				t.Errorf("text %q, want %q", m.Text, tt.want)
			}
		})
	}
}

// R24: format=flowed.
func TestR24Flowed(t *testing.T) {
	tests := []struct{ name, params, body, want string }{
		{"soft breaks join", "", "The Reading \r\nRoom", "The Reading Room\n"},
		{"delsp", "; delsp=yes", "Biblio \r\nthek", "Bibliothek\n"},
		{"signature mark stands alone", "", "text \r\n-- \r\nAnn", "text \n-- \nAnn\n"},
		{"stuffed", "", " >no quote", ">no quote\n"},
		{"depths do not join", "", "> a \r\n>> b", "> a \n>> b\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Parse(mailOf("From: a@example.org", "Content-Type: text/plain; format=flowed"+tt.params, "", tt.body))
			if m.Text != tt.want {
				t.Errorf("text %q, want %q", m.Text, tt.want)
			}
		})
	}
}

// R25: HTML as text.
func TestR25HTML(t *testing.T) {
	tests := []struct{ name, html, want string }{
		{"blocks and breaks", "<p>one<br>two</p><div>three</div>", "one\ntwo\n\nthree"},
		{"list", "<ul><li>a<li>b</ul>", "- a\n- b"},
		{"table", "<table><tr><td>Name</td><td>Ann</td></tr></table>", "Name\tAnn"},
		{"link", `<a href="https://room.example/a">our site</a>`, "our site (https://room.example/a)"},
		{"link that shows itself", `<a href="https://room.example/">room.example</a>`, "room.example"},
		{"script, style, title", "<title>t</title><style>p{}</style><script>1</script>x", "x"},
		{"hidden", `<div style="display: none">pre</div><span style="font-size:0px">x</span>y`, "y"},
		{"small is not hidden", `<span style="font-size:0.9em">x</span>`, "x"},
		{"blockquote", "new<blockquote>old<blockquote>older</blockquote></blockquote>", "new\n\n> old\n>\n>> older"},
		{"Gmail's indent is no quote", `<blockquote style="margin:0 0 0 40px;border:none;padding:0px">x</blockquote>`, "x"},
		{"entities", "Caf&eacute; &amp; B&uuml;cher&nbsp;e.V.", "Café & Bücher e.V."},
		{"pre", "<pre>a\n  b</pre>", "a\n  b"},
		{"unclosed", "<div><b>x", "x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Parse(mailOf("From: a@example.org", "Content-Type: text/html; charset=utf-8", "", tt.html))
			if m.Text != tt.want {
				t.Errorf("text %q, want %q", m.Text, tt.want)
			}
		})
	}
}

// R26: what is signed is read, what is encrypted is recognised.
func TestR26SignedAndEncrypted(t *testing.T) {
	clear := Parse(mailOf("From: a@example.org", "", "-----BEGIN PGP SIGNED MESSAGE-----", "Hash: SHA512", "", "We sign.", "- -- dashes", "-----BEGIN PGP SIGNATURE-----", "", "abc", "-----END PGP SIGNATURE-----"))
	if got := strings.TrimSpace(clear.Text); got != "We sign.\n-- dashes" || clear.Encrypted {
		t.Errorf("clear-signed: text %q, encrypted %v", got, clear.Encrypted)
	}
	for name, raw := range map[string][]byte{
		"inline PGP": mailOf("From: a@example.org", "", "-----BEGIN PGP MESSAGE-----", "", "abc", "-----END PGP MESSAGE-----"),
		"PGP/MIME":   mailOf("From: a@example.org", "Content-Type: multipart/encrypted; boundary=b", "", "--b", "Content-Type: application/pgp-encrypted", "", "Version: 1", "--b--"),
		"S/MIME":     mailOf("From: a@example.org", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data", "", "abc"),
	} {
		if m := Parse(raw); !m.Encrypted {
			t.Errorf("%s: not recognised as encrypted", name)
		}
	}
}

// R19: an attached message is data; its header never overrides ours.
func TestR19AttachedMessage(t *testing.T) {
	m := Parse(mailOf("From: forwarder@example.org", "Subject: Fwd", "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "see below",
		"--b", "Content-Type: message/rfc822", "", "From: signer@example.org", "Subject: Inner", "", "We sign.", "--b--"))
	if m.Header.Subject != "Fwd" || m.Header.From[0].Address != "forwarder@example.org" || strings.TrimSpace(m.Text) != "see below" {
		t.Errorf("outer %+v, text %q", m.Header.From, m.Text)
	}
	if len(m.Attached) != 1 || m.Attached[0].Header.Subject != "Inner" || m.Attached[0].New != "We sign." {
		t.Fatalf("attached %+v", m.Attached)
	}
	if len(m.Attachments) != 1 || m.Attachments[0].MediaType != "message/rfc822" {
		t.Errorf("attachments %+v", m.Attachments)
	}
}

// R42: the fields of a delivery status and the returned header.
func TestR42DeliveryStatus(t *testing.T) {
	m := Parse(mailOf("From: MAILER-DAEMON@example.org", "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "",
		"--b", "", "It failed.", "--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example.org", "",
		"Final-Recipient: rfc822; gone@example.org", "Action: failed", "Status: 5.1.1", "--b", "Content-Type: text/rfc822-headers", "",
		"Message-ID: <ours@example.test>", "Subject: Please confirm", "--b--"))
	if len(m.Report) != 2 || m.Report[1].Get("Status") != "5.1.1" {
		t.Errorf("report %v", m.Report)
	}
	if m.Returned == nil || m.Returned.MessageID != "ours@example.test" {
		t.Errorf("returned %+v", m.Returned)
	}
	if m.Params["report-type"] != "delivery-status" || strings.TrimSpace(m.Text) != "It failed." {
		t.Errorf("params %v, text %q", m.Params, m.Text)
	}
}

// R28: identifiers with commas, as Exchange and iOS write them.
func TestR28MessageIDs(t *testing.T) {
	m := Parse(mailOf("From: a@example.org", "Message-ID: <x@example.org>", "In-Reply-To: <a@b.example>,<c@d.example>", "References: a@b.example c@d.example", "", "x"))
	if m.Header.MessageID != "x@example.org" || fmt.Sprint(m.Header.InReplyTo) != "[a@b.example c@d.example]" || fmt.Sprint(m.Header.References) != "[a@b.example c@d.example]" {
		t.Errorf("%q %q %q", m.Header.MessageID, m.Header.InReplyTo, m.Header.References)
	}
}

func TestHeaderLookup(t *testing.T) {
	m := Parse(mailOf("From: a@example.org", "X-Tag: one", "x-tag: two", "", "x"))
	if m.Header.Get("X-TAG") != "one" || len(m.Header.Values("x-tag")) != 2 || m.Header.Has("missing") {
		t.Errorf("Get %q, Values %q", m.Header.Get("X-TAG"), m.Header.Values("x-tag"))
	}
}

func hasDefect(m *Message, part string) bool {
	for _, d := range m.Defects {
		if strings.Contains(d, part) {
			return true
		}
	}
	return false
}
