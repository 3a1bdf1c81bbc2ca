package message

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf16"
)

// The attributes and properties of TNEF that we read (MS-OXTNEF 2.1.3, MS-OXPROPS).
const (
	tnefSignature     = 0x223E9F78
	tnefBody          = 0x0002800C
	tnefMessageProps  = 0x00069003
	tnefCodepage      = 0x00069007
	tnefAttachStart   = 0x00069002
	tnefAttachTitle   = 0x00018010
	tnefAttachData    = 0x0006800F
	tnefAttachProps   = 0x00069005
	mapiBody          = 0x1000
	mapiBodyHTML      = 0x1013
	mapiRTF           = 0x1009
	mapiAttachData    = 0x3701
	mapiAttachName    = 0x3704
	mapiAttachLong    = 0x3707
	mapiAttachMIME    = 0x370E
	mapiMultiValue    = 0x1000
	mapiString8       = 0x001E
	mapiUnicode       = 0x001F
	mapiBinary        = 0x0102
	mapiObject        = 0x000D
	maxTNEFAttributes = 10_000
	mapiObjectHeader  = 16 // an interface id stands before the data of an object
)

// tnefFile is one file inside a winmail.dat.
type tnefFile struct {
	name, mediaType string
	data            []byte
}

// tnef opens a winmail.dat (R26): its files become attachments, its body the text where the mail has no other.
func (c *collector) tnef(data []byte) {
	files, text, html, ok := readTNEF(data)
	if !ok {
		c.m.defect("winmail.dat is damaged: read as far as possible")
	}
	for _, f := range files {
		if c.budget.parts <= 0 {
			c.m.beyond("more than 500 parts: the rest was not read")
			break
		}
		c.budget.parts--
		sum := sha256.Sum256(f.data)
		if f.mediaType == "" {
			f.mediaType = "application/octet-stream"
		}
		if f.name == "" {
			f.name = "Untitled Attachment"
		}
		c.m.Attachments = append(c.m.Attachments, Attachment{
			Filename: safeName(f.name), MediaType: strings.ToLower(f.mediaType), Size: int64(len(f.data)), SHA256: hex.EncodeToString(sum[:]),
		})
	}
	if strings.TrimSpace(strings.Join(c.text, "")) != "" {
		return
	}
	if text == "" && html != "" {
		text, _ = htmlToText(html[:min(len(html), maxHTML)], MaxText-c.length)
	}
	if len(text) > MaxText-c.length {
		text = text[:MaxText-c.length]
	}
	c.add(normalizeLines(text), nil)
}

// readTNEF walks the attributes. It is not ok where the stream is no TNEF or ends early.
func readTNEF(data []byte) (files []tnefFile, text, html string, ok bool) {
	if len(data) < 6 || binary.LittleEndian.Uint32(data) != tnefSignature {
		return nil, "", "", false
	}
	data = data[6:]
	codepage := "windows-1252"
	rtf := "" // counts where there is neither text nor HTML
	defer func() {
		if text == "" && html == "" {
			text = rtf
		}
	}()
	file := func() *tnefFile {
		if len(files) == 0 {
			files = append(files, tnefFile{})
		}
		return &files[len(files)-1]
	}
	for n := 0; len(data) >= 9 && n < maxTNEFAttributes; n++ {
		id, length := binary.LittleEndian.Uint32(data[1:]), uint64(binary.LittleEndian.Uint32(data[5:]))
		if length+11 > uint64(len(data)) {
			return files, text, html, false
		}
		value := data[9 : 9+length]
		data = data[11+length:]
		switch id {
		case tnefCodepage:
			if len(value) >= 4 {
				codepage = codepageName(binary.LittleEndian.Uint32(value))
			}
		case tnefBody:
			text, _ = decodeCharset(cString(value), codepage)
		case tnefMessageProps:
			for _, p := range mapiProps(value) {
				switch p.id {
				case mapiBody:
					text = p.text(codepage)
				case mapiBodyHTML:
					html = p.text(codepage)
				case mapiRTF:
					rtf = rtfToText(inflateRTF(p.value))
				}
			}
		case tnefAttachStart:
			files = append(files, tnefFile{})
		case tnefAttachTitle:
			if f := file(); f.name == "" {
				f.name, _ = decodeCharset(cString(value), codepage)
			}
		case tnefAttachData:
			file().data = value
		case tnefAttachProps:
			file().take(mapiProps(value), codepage)
		}
	}
	return files, text, html, true
}

func (f *tnefFile) take(props []mapiProp, codepage string) {
	short := ""
	for _, p := range props {
		switch p.id {
		case mapiAttachLong:
			f.name = p.text(codepage)
		case mapiAttachName:
			short = p.text(codepage)
		case mapiAttachMIME:
			f.mediaType = p.text(codepage)
		case mapiAttachData:
			if f.data == nil && len(p.value) > mapiObjectHeader && p.kind == mapiObject {
				f.data = p.value[mapiObjectHeader:]
			} else if f.data == nil {
				f.data = p.value
			}
		}
	}
	if f.name == "" {
		f.name = short
	}
}

// mapiProp is a property with its first value.
type mapiProp struct {
	id, kind uint16
	value    []byte
}

func (p mapiProp) text(codepage string) string {
	if p.kind != mapiUnicode {
		s, _ := decodeCharset(cString(p.value), codepage)
		return s
	}
	units := make([]uint16, 0, len(p.value)/2)
	for i := 0; i+1 < len(p.value); i += 2 {
		u := binary.LittleEndian.Uint16(p.value[i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// mapiProps reads a property list (MS-OXTNEF 2.1.3.4) as far as it is sound.
func mapiProps(data []byte) []mapiProp {
	r := &mapiReader{data: data}
	count := r.u32()
	var out []mapiProp
	for n := uint32(0); n < count && n < maxTNEFAttributes && !r.failed; n++ {
		kind, id := r.u16(), r.u16()
		if id >= 0x8000 { // named: a GUID and a number or a name
			r.take(16)
			if r.u32() == 0 {
				r.u32()
			} else {
				r.padded(r.u32())
			}
		}
		value := r.values(kind)
		if !r.failed {
			out = append(out, mapiProp{id, kind &^ mapiMultiValue, value})
		}
	}
	return out
}

type mapiReader struct {
	data   []byte
	failed bool
}

func (r *mapiReader) take(n uint32) []byte {
	if r.failed || uint64(n) > uint64(len(r.data)) {
		r.failed = true
		return nil
	}
	v := r.data[:n]
	r.data = r.data[n:]
	return v
}

// padded takes n bytes and what fills them up to a multiple of four.
func (r *mapiReader) padded(n uint32) []byte {
	v := r.take(n)
	if rest := n % 4; rest != 0 {
		r.take(min(4-rest, uint32(len(r.data))))
	}
	return v
}

func (r *mapiReader) u16() uint16 {
	if v := r.take(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

func (r *mapiReader) u32() uint32 {
	if v := r.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

// values reads all values of a property and returns the first.
func (r *mapiReader) values(kind uint16) []byte {
	base := kind &^ mapiMultiValue
	variable := base == mapiString8 || base == mapiUnicode || base == mapiBinary || base == mapiObject
	count := uint32(1)
	if variable || kind&mapiMultiValue != 0 {
		count = r.u32()
	}
	var first []byte
	for i := uint32(0); i < count && !r.failed; i++ {
		var v []byte
		if variable {
			v = r.padded(r.u32())
		} else {
			v = r.take(fixedSize(base))
		}
		if i == 0 {
			first = v
		}
		if len(r.data) == 0 {
			break
		}
	}
	return first
}

func fixedSize(kind uint16) uint32 {
	switch kind {
	case 0x0005, 0x0006, 0x0007, 0x0014, 0x0040:
		return 8
	case 0x0048:
		return 16
	}
	return 4
}

// cString ends at the first NUL.
func cString(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}

// codepageName maps the Windows code pages that occur.
func codepageName(page uint32) string {
	switch page {
	case 874, 1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258:
		return "windows-" + strconv.Itoa(int(page))
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 65001:
		return "utf-8"
	}
	return "windows-1252"
}
