package message

import (
	"encoding/base64"
	"encoding/binary"
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
