package message

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// rtfPrefix is what the dictionary of compressed RTF begins with (MS-OXRTFCP 2.1.2.1).
const rtfPrefix = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

const (
	rtfCompressed = 0x75465A4C // "LZFu"
	rtfPlain      = 0x414C454D // "MELA"
	rtfHeader     = 16
	maxRTF        = 1 << 20 // bytes of RTF looked at for text: much of it is markup
	maxRTFDepth   = 200     // groups within groups that keep a state of their own
)

// inflateRTF undoes the compression of a message's RTF (MS-OXRTFCP 2.2), as far as the bytes are sound and up to maxRTF.
func inflateRTF(data []byte) []byte {
	if len(data) < rtfHeader {
		return nil
	}
	kind := binary.LittleEndian.Uint32(data[8:])
	data = data[rtfHeader:]
	if kind == rtfPlain {
		return data[:min(len(data), maxRTF)]
	}
	if kind != rtfCompressed {
		return nil
	}
	var dictionary [4096]byte
	at := copy(dictionary[:], rtfPrefix)
	var out []byte
	put := func(c byte) {
		out = append(out, c)
		dictionary[at] = c
		at = (at + 1) % len(dictionary)
	}
	for len(data) > 0 && len(out) < maxRTF {
		control := data[0]
		data = data[1:]
		for bit := 0; bit < 8 && len(data) > 0; bit, control = bit+1, control>>1 {
			if control&1 == 0 {
				put(data[0])
				data = data[1:]
				continue
			}
			if len(data) < 2 {
				return out
			}
			reference := binary.BigEndian.Uint16(data)
			data = data[2:]
			from, n := int(reference>>4), int(reference&15)+2
			if from == at { // the end
				return out
			}
			for range n {
				put(dictionary[from])
				from = (from + 1) % len(dictionary)
			}
		}
	}
	return out
}

// rtfState is what a group of RTF inherits and changes.
type rtfState struct {
	hidden bool
	fonts  bool // within the table of fonts
	skip   int  // characters that stand in for one of Unicode
	page   string
}

// rtfReader turns RTF into text: what is written for programs (destinations marked with a star, tables, pictures) goes.
type rtfReader struct {
	data  []byte
	out   strings.Builder
	run   []byte // bytes not decoded yet, of one code page
	units []uint16
	state rtfState
	stack []rtfState
	over  int // open groups beyond maxRTFDepth

	page  string         // of the document
	font  int            // last one defined in the table
	pages map[int]string // code page by font
	stand int            // stand-in characters to leave out
}

// rtfToText reads RTF, also the kind that wraps HTML (MS-OXRTFEX): its rendering is in it.
func rtfToText(data []byte) string {
	r := &rtfReader{data: data, page: "windows-1252", pages: map[int]string{}}
	r.state = rtfState{skip: 1, page: r.page}
	for len(r.data) > 0 && r.out.Len() < MaxText {
		c := r.data[0]
		r.data = r.data[1:]
		switch c {
		case '{':
			if len(r.stack) < maxRTFDepth {
				r.stack = append(r.stack, r.state)
			} else {
				r.over++
			}
		case '}':
			r.leave()
		case '\\':
			r.control()
		case '\r', '\n':
		default:
			r.char(c)
		}
	}
	r.flush()
	return r.out.String()
}

func (r *rtfReader) leave() {
	if r.over > 0 {
		r.over--
		return
	}
	if n := len(r.stack); n > 0 {
		if r.stack[n-1].page != r.state.page {
			r.flush()
		}
		r.state, r.stack = r.stack[n-1], r.stack[:n-1]
	}
}

// char takes one byte of text.
func (r *rtfReader) char(c byte) {
	switch {
	case r.stand > 0:
		r.stand--
	case !r.state.hidden:
		if len(r.units) > 0 {
			r.flush()
		}
		r.run = append(r.run, c)
	}
}

// flush decodes what was gathered.
func (r *rtfReader) flush() {
	if len(r.run) > 0 {
		text, _ := decodeCharset(r.run, r.state.page)
		r.out.WriteString(text)
		r.run = r.run[:0]
	}
	if len(r.units) > 0 {
		r.out.WriteString(string(utf16.Decode(r.units)))
		r.units = r.units[:0]
	}
}

// control reads what follows a backslash.
func (r *rtfReader) control() {
	if len(r.data) == 0 {
		return
	}
	c := r.data[0]
	if c|0x20 < 'a' || c|0x20 > 'z' {
		r.data = r.data[1:]
		switch c {
		case '\'':
			if len(r.data) >= 2 && unhex(r.data[0]) >= 0 && unhex(r.data[1]) >= 0 {
				r.char(byte(unhex(r.data[0])<<4 | unhex(r.data[1])))
				r.data = r.data[2:]
			}
		case '*':
			r.state.hidden = true
		case '~':
			r.char(' ')
		case '_':
			r.char('-')
		case '\\', '{', '}':
			r.char(c)
		case '\r', '\n':
			r.write("\n")
		}
		return
	}
	n := 0
	for n < len(r.data) && r.data[n]|0x20 >= 'a' && r.data[n]|0x20 <= 'z' {
		n++
	}
	word := string(r.data[:n])
	r.data = r.data[n:]
	value := r.number()
	if len(r.data) > 0 && r.data[0] == ' ' { // it only ends the word
		r.data = r.data[1:]
	}
	r.word(word, value)
}

// number reads the value behind a control word; -1 where there is none is good enough for what we read.
func (r *rtfReader) number() int {
	negative := len(r.data) > 1 && r.data[0] == '-'
	i := 0
	if negative {
		i = 1
	}
	start, v := i, 0
	for i < len(r.data) && i-start < 9 && r.data[i] >= '0' && r.data[i] <= '9' {
		v = v*10 + int(r.data[i]-'0')
		i++
	}
	if i == start {
		return -1
	}
	r.data = r.data[i:]
	if negative {
		return -v
	}
	return v
}

func (r *rtfReader) write(s string) {
	if !r.state.hidden {
		r.flush()
		r.out.WriteString(s)
	}
}

// rtfText are the control words that stand for characters.
var rtfText = map[string]string{
	"par": "\n", "line": "\n", "row": "\n", "sect": "\n", "page": "\n", "tab": "\t", "cell": "\t", "emdash": "—", "endash": "–",
	"bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ",
}

func (r *rtfReader) word(word string, value int) {
	if text, ok := rtfText[word]; ok {
		r.write(text)
		return
	}
	switch word {
	case "ansicpg":
		r.page = codepageName(uint32(max(value, 0)))
		r.state.page = r.page
	case "fonttbl":
		r.state.hidden, r.state.fonts = true, true
	case "colortbl", "stylesheet", "info", "pict", "header", "footer", "headerl", "headerr", "footerl", "footerr", "objdata", "listtable", "fldinst":
		r.state.hidden = true
	case "uc":
		r.state.skip = max(value, 0)
	case "u":
		if !r.state.hidden {
			if len(r.run) > 0 {
				r.flush()
			}
			r.units = append(r.units, uint16(value))
		}
		r.stand = min(r.state.skip, 10)
	case "bin": // bytes that are no text follow
		r.data = r.data[min(max(value, 0), len(r.data)):]
	case "fcharset":
		if r.state.fonts && len(r.pages) < 1000 {
			r.pages[r.font] = fontPage(value, r.page)
		}
	case "f", "plain":
		r.useFont(value)
	}
}

// useFont changes the code page to that of a font.
func (r *rtfReader) useFont(font int) {
	if r.state.fonts {
		r.font = font
		return
	}
	page := r.pages[font]
	if page == "" {
		page = r.page
	}
	if page != r.state.page {
		r.flush()
		r.state.page = page
	}
}

// fontPage maps the charset of a font to a code page.
func fontPage(charset int, document string) string {
	switch charset {
	case 128:
		return "shift_jis"
	case 129:
		return "euc-kr"
	case 134:
		return "gbk"
	case 136:
		return "big5"
	case 161:
		return "windows-1253"
	case 162:
		return "windows-1254"
	case 163:
		return "windows-1258"
	case 177:
		return "windows-1255"
	case 178:
		return "windows-1256"
	case 186:
		return "windows-1257"
	case 204:
		return "windows-1251"
	case 222:
		return "windows-874"
	case 238:
		return "windows-1250"
	}
	return document
}
