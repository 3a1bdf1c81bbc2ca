package message

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

// tnefOf builds a winmail.dat of attributes.
func tnefOf(attributes ...[]byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, tnefSignature)
	out = append(out, 1, 0)
	for _, a := range attributes {
		out = append(out, a...)
	}
	return out
}

func attribute(id uint32, value []byte) []byte {
	out := []byte{2}
	out = binary.LittleEndian.AppendUint32(out, id)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(value)))
	return append(append(out, value...), 0, 0)
}

func mailWithTNEF(text string, data []byte) []byte {
	return mailOf("From: a@example.org", "Content-Type: multipart/mixed; boundary=b", "", "--b", "", text, "--b", "Content-Type: application/ms-tnef; name=winmail.dat",
		"Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString(data), "--b--")
}

// R26: winmail.dat is opened: its files become attachments, its body the text where there is no other.
func TestR26TNEF(t *testing.T) {
	long := binary.LittleEndian.AppendUint32(nil, 1)
	long = append(long, 0x1F, 0, 0x07, 0x37, 1, 0, 0, 0, 8, 0, 0, 0, 0xFC, 0, '.', 0, 'p', 0, 0, 0)
	data := tnefOf(attribute(tnefBody, []byte("We sign.\x00")), attribute(tnefAttachStart, nil), attribute(tnefAttachData, []byte("one")),
		attribute(tnefAttachTitle, []byte("SHORT.PDF\x00")), attribute(tnefAttachProps, long), attribute(tnefAttachStart, nil), attribute(tnefAttachTitle, []byte("b.txt\x00")))
	m := Parse(mailWithTNEF("", data))
	if m.New != "We sign." || len(m.Attachments) != 3 || m.Attachments[1].Filename != "ü.p" || m.Attachments[1].Size != 3 || m.Attachments[2].Filename != "b.txt" {
		t.Errorf("new %q, attachments %+v, defects %q", m.New, m.Attachments, m.Defects)
	}
	if m = Parse(mailWithTNEF("The plain text.", data)); m.New != "The plain text." {
		t.Errorf("a text beside it: %q", m.New)
	}
	for n := range data { // cut anywhere: read as far as possible
		if m = Parse(mailWithTNEF("", data[:n])); len(m.Attachments) == 0 {
			t.Fatalf("cut at %d: the file itself got lost", n)
		}
	}
	if m = Parse(mailWithTNEF("", []byte(strings.Repeat("x", 50)))); !hasDefect(m, "winmail.dat is damaged") {
		t.Errorf("defects %q", m.Defects)
	}
}

// compressedRTF writes RTF as literals only, with a reference to the end (MS-OXRTFCP 3).
func compressedRTF(rtf string) []byte {
	var body []byte
	for len(rtf) > 0 {
		n := min(8, len(rtf))
		body = append(append(body, 0), rtf[:n]...)
		rtf = rtf[n:]
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(body)+12))
	out = binary.LittleEndian.AppendUint32(out, 0)
	out = binary.LittleEndian.AppendUint32(out, rtfCompressed)
	return append(binary.LittleEndian.AppendUint32(out, 0), body...)
}

// R26: a body that is only there as compressed RTF.
func TestR26RTF(t *testing.T) {
	// MS-OXRTFCP 4.1.1 and 4.1.2: the examples of the specification.
	for name, c := range map[string]struct{ hex, want string }{
		"simple":             {"2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0", "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"},
		"overlapping pieces": {"1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0", "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"},
	} {
		data, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(inflateRTF(data)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	tests := []struct{ name, rtf, want string }{
		{"plain", `{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\pard We sign.\par Caf\'e9 \{Odense\}}`, "We sign.\nCafé {Odense}"},
		{"Unicode with stand-ins", `{\rtf1\uc1 \u1044?\u1072?, {\uc2\u8364ab}x}`, "Да, €x"},
		{"code page of a font", `{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}}\f1\'c4\'e0\f0 , \'fc}`, "Да, ü"},
		{"HTML inside", `{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}We sign.{\*\htmltag <br>}\htmlrtf\line\htmlrtf0 Odense}`, "We sign.\nOdense"},
		{"pictures and bytes", `{\rtf1{\pict\bin4 }}}}x}We sign.}`, "We sign."},
		{"unclosed", `{\rtf1{{{{We sign.`, "We sign."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			value := compressedRTF(tt.rtf)
			props := binary.LittleEndian.AppendUint32([]byte{1, 0, 0, 0, 0x02, 0x01, 0x09, 0x10, 1, 0, 0, 0}, uint32(len(value)))
			props = append(append(props, value...), make([]byte, (4-len(value)%4)%4)...)
			m := Parse(mailWithTNEF("", tnefOf(attribute(tnefMessageProps, props))))
			if m.New != tt.want {
				t.Errorf("new %q, want %q (%q)", m.New, tt.want, m.Defects)
			}
		})
	}
}

// R16: no bytes make RTF reading panic, or yield more than its limits.
func FuzzRTF(f *testing.F) {
	f.Add(compressedRTF(`{\rtf1\ansi{\fonttbl{\f1\fcharset204 Arial;}}\f1\'c4\u1072?{\*\x y}\bin2 }}z}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		raw := inflateRTF(data)
		if len(raw) > maxRTF+200 || len(raw) > 20*len(data) {
			t.Errorf("%d bytes out of %d", len(raw), len(data))
		}
		if text := rtfToText(raw); len(text) > 4*len(raw)+8 {
			t.Errorf("text of %d bytes out of %d", len(text), len(raw))
		}
		rtfToText(data)
	})
}

func FuzzTNEF(f *testing.F) {
	f.Add(tnefOf(attribute(tnefAttachTitle, []byte("a\x00"))))
	f.Add(tnefOf(attribute(tnefAttachProps, []byte{1, 0, 0, 0, 0x1F, 0, 7, 0x37, 1, 0, 0, 0, 2, 0, 0, 0, 'a', 0})))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, _, _, _ := readTNEF(data)
		size := 0
		for _, file := range files {
			size += len(file.data)
		}
		if size > 2*len(data) {
			t.Errorf("%d bytes of files out of %d", size, len(data))
		}
	})
}
