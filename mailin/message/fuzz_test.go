package message

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// R21: no header field makes its readers panic or yield dirty strings, and none grows.
func FuzzHeader(f *testing.F) {
	for _, s := range []string{
		"Ann Bell <ann@example.org>, \"Bell, Bob\" <bob@example.org>", "=?utf-8?Q?J=C3=BCrgen?= =?utf-8?B?w7Y=?= <j@example.org>", "Board: a@example.org, b@example.org;",
		"attachment; filename*0*=utf-8''gr%C3; filename*1*=%BC.pdf", "text/plain; charset=\"utf-8", "Mon, 2 Feb 2026 10:00:00 +0100 (CET)", "(((\"<>", "\xfc\xdf <x@y>",
	} {
		f.Add([]byte(s), "windows-1251")
	}
	f.Fuzz(func(t *testing.T, raw []byte, charset string) {
		for _, a := range parseAddresses(raw, charset) {
			if len(a.Name)+len(a.Address) > 8*len(raw)+16 {
				t.Errorf("%q grew to %q", raw, a)
			}
		}
		parseMediaType(raw)
		parseDate(string(raw))
		parseIDs(string(raw))
		if text := decodeHeaderText(unfold(raw), charset); len(text) > 8*len(raw)+16 {
			t.Errorf("%d bytes grew to %d", len(raw), len(text))
		}
	})
}

// R17: no body makes the transfer decodings panic or grow.
func FuzzTransfer(f *testing.F) {
	for _, s := range []string{"aGVsbG8=", "aGV!sbG8", "a=C3=BC=\r\nb =", "begin 644 a\n#0V%T\n`\nend\n", "text\nbegin 644 a\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, encoding := range []string{"base64", "quoted-printable", "x-uuencode"} {
			if out := decodeTransfer(raw, encoding, &Message{}); len(out) > len(raw)+3 {
				t.Errorf("%s: %d bytes grew to %d", encoding, len(raw), len(out))
			}
		}
	})
}

// R22: whatever the bytes and the label, text comes out.
func FuzzCharset(f *testing.F) {
	for _, s := range []string{"gr\xf6\xdfe", "\x1b$B%F%9%H\x1b(B", "Gr+APw-n", "\xff\xfeh\x00", "\x1b$)C\x0e\x21\x21", "\xcc\xfb \xef"} {
		for _, charset := range []string{"", "utf-8", "utf-7", "utf-16", "iso-2022-kr", "iso-8859-1", "gb18030", "x"} {
			f.Add([]byte(s), charset)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, charset string) {
		text, _ := decodeCharset(raw, charset)
		if text = clean(text); !utf8.ValidString(text) || len(text) > 12*len(raw)+16 {
			t.Errorf("%q as %q: %q", raw, charset, text)
		}
	})
}

// R25: no HTML makes the renderer panic or pass its limit by more than a piece of text.
func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"<p>one<br>two</p>", "<blockquote><div class=gmail_quote>x", "<a href=https://x.example>y</a>", "<div style='display:none'>x", "<pre>a\n b", "<ul><li>a<li>b", "</div></p><td>x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, spans := htmlToText(s, 1000)
		for _, sp := range spans {
			if sp.start > sp.end || sp.end > len(text) {
				t.Errorf("span %v of %d bytes", sp, len(text))
			}
		}
		if len(text) > 2000+4*len(s) {
			t.Errorf("%d bytes out of %d", len(text), len(s))
		}
	})
}

// R29, R30: every word of a text is in its new, quoted or signature part, in order and once.
func FuzzSplit(f *testing.F) {
	f.Add("Yes\n\nOn Mon, 2 Feb 2026 at 10:00, Open Letter <letter@letter.test> wrote:\n> Is it?\n\nOdense\n-- \nAnn")
	f.Add("Von: a\nGesendet: x\nAn: b\nBetreff: c\n\n---- Original ----\n>From x\n________\nSent from my iPhone\n2026-02-02 10:00 UTC\n＞ x")
	f.Fuzz(func(t *testing.T, text string) {
		m := &Message{Text: clean(text), Header: Header{To: []Address{{Address: "letter@letter.test"}}}}
		m.split(nil, &budget{parts: MaxParts, attached: maxAttached}, 0)
		parts := map[string][]string{"new": words(m.New), "quoted": words(m.Quoted), "signature": words(m.Signature)}
		n := 0
		for name, list := range parts {
			n += len(list)
			all := words(m.Text)
			for _, w := range list {
				i := 0
				for i < len(all) && all[i] != w {
					i++
				}
				if i == len(all) {
					t.Fatalf("%s has %q out of order in %q", name, w, text)
				}
				all = all[i+1:]
			}
		}
		if want := len(words(m.Text)); n != want {
			t.Errorf("%d words of %d: %q", n, want, strings.TrimSpace(text))
		}
	})
}
