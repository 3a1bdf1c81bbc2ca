package message

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// charsetAliases maps names that mail uses and the WHATWG index lacks (R22). "" means: says nothing, go on guessing.
var charsetAliases = map[string]string{
	"ascii": "us-ascii", "us-ascii": "us-ascii", "iso646-us": "us-ascii", "ansi_x3.4-1968": "us-ascii",
	"7bit": "us-ascii", "8bit": "", "unknown-8bit": "", "x-unknown": "", "unknown": "", "default": "", "default_charset": "",
	"x-user-defined": "", "binary": "", "none": "", "_autodetect": "", "_iso-2022-jp$esc": "iso-2022-jp", "x-unknown-8bit": "",
	"cp932": "shift_jis", "cp943": "shift_jis", "cp943c": "shift_jis", "ms932": "shift_jis", "mskanji": "shift_jis", "x-ms-cp932": "shift_jis",
	"cp949": "euc-kr", "uhc": "euc-kr", "ms949": "euc-kr", "ks_c_5601": "euc-kr", "ksc5601": "euc-kr", "5601": "euc-kr",
	"cp936": "gbk", "x-gbk": "gbk", "ms936": "gbk", "gb": "gbk", "hz": "hz-gb-2312", "cp950": "big5", "big-5": "big5",
	"cp1250": "windows-1250", "cp1251": "windows-1251", "cp1252": "windows-1252", "cp1253": "windows-1253", "cp1254": "windows-1254",
	"cp1255": "windows-1255", "cp1256": "windows-1256", "cp1257": "windows-1257", "cp1258": "windows-1258", "win-1251": "windows-1251",
	"win1251": "windows-1251", "win-1252": "windows-1252", "latin-1": "windows-1252", "iso": "windows-1252",
	"koi": "koi8-r", "utf": "utf-8", "utf8mb4": "utf-8", "unicode-1-1-utf-8": "utf-8", "utf-8n": "utf-8",
	"utf-7": "utf-7", "utf7": "utf-7", "unicode-1-1-utf-7": "utf-7", "x-unicode-2-0-utf-7": "utf-7", "csunicode11utf7": "utf-7", "csutf7": "utf-7",
	"utf-16": "utf-16", "utf16": "utf-16", "utf-32": "utf-32", "utf-32be": "utf-32be", "utf-32le": "utf-32le",
	"cp437": "ibm437", "437": "ibm437", "cp850": "ibm850", "850": "ibm850", "cp852": "ibm852", "cp858": "ibm00858", "cp866": "ibm866",
	"iso-8859-11": "windows-874", "tis-620": "windows-874", "cp874": "windows-874",
	"x-mac-roman": "macintosh", "mac-roman": "macintosh", "x-mac-ce": "macintosh",
	"iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8", "iso-8859-6-i": "iso-8859-6",
}

// canonicalCharset folds a declared name; "" when it says nothing.
func canonicalCharset(name string) string {
	name = strings.ToLower(strings.Trim(name, " \t\r\n\"'`;,<>"))
	name = strings.TrimPrefix(name, "charset=")
	name = strings.Trim(name, "\"' ")
	if alias, ok := charsetAliases[name]; ok {
		return alias
	}
	if rest, ok := strings.CutPrefix(name, "iso"); ok { // iso8859-1, iso_8859_1, iso-8859-1:1987
		if _, number, ok := strings.Cut(rest, "8859"); ok {
			number, _, _ = strings.Cut(strings.TrimLeft(number, "-_"), ":")
			return "iso-8859-" + number
		}
	}
	return name
}

// findEncoding returns the encoding of a canonical name, or nil. ISO-8859-1 is read as windows-1252, gb2312 as gb18030's
// subset gbk, shift_jis as cp932, euc-kr as cp949, as the WHATWG standard has it.
func findEncoding(name string) encoding.Encoding {
	switch name {
	case "ibm437":
		return charmap.CodePage437
	case "ibm850":
		return charmap.CodePage850
	case "ibm852":
		return charmap.CodePage852
	case "ibm00858":
		return charmap.CodePage858
	case "utf-16":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "utf-32", "utf-32be":
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case "utf-32le":
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	case "iso-2022-kr":
		return nil // the WHATWG index maps it to "replacement"; decoded by decodeISO2022KR
	}
	if e, err := htmlindex.Get(name); err == nil && e != encoding.Replacement {
		return e
	}
	if e, err := ianaindex.MIME.Encoding(name); err == nil && e != nil {
		return e
	}
	return nil
}

// decodeWith decodes in a known charset. It is not ok when the charset is unknown.
func decodeWith(b []byte, name string) (string, bool) {
	switch name {
	case "utf-8":
		return string(b), utf8.Valid(b)
	case "utf-7":
		return decodeUTF7(b), true
	case "iso-2022-kr", "csiso2022kr":
		return decodeISO2022KR(b), true
	}
	e := findEncoding(name)
	if e == nil {
		return "", false
	}
	if table, ok := e.(*charmap.Charmap); ok {
		return decodeBytes(b, table), true
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return "", false
	}
	return string(out), true
}

// decodeBytes decodes a charset of one byte a character, in one piece of memory.
func decodeBytes(b []byte, table *charmap.Charmap) string {
	size := 0
	for _, c := range b {
		size += utf8.RuneLen(table.DecodeByte(c))
	}
	var out strings.Builder
	out.Grow(size)
	for _, c := range b {
		out.WriteRune(table.DecodeByte(c))
	}
	return out.String()
}

// decodeCharset walks the ladder of R22: declared charset; valid UTF-8; ISO-2022 escapes; a guess; windows-1252.
// The note says what was done where that was not simply the declared charset.
func decodeCharset(b []byte, declared string) (text, note string) {
	name := canonicalCharset(declared)
	if name == "" || name == "us-ascii" || name == "utf-8" {
		if text, ok := decodeSelfEvident(b); ok {
			return text, ""
		}
		if name == "utf-8" && mostlyUTF8(b) {
			return strings.ToValidUTF8(string(b), "\uFFFD"), "invalid UTF-8 in places"
		}
		return guess(b)
	}
	if aboveASCII(name) && isASCIIBytes(b) && bytes.IndexByte(b, 0x1B) < 0 {
		return string(b), ""
	}
	if other := effectiveCharset(b, name); other != name {
		text, _ = decodeWith(b, other)
		return text, "declared " + name + " but is " + other
	}
	text, ok := decodeWith(b, name)
	if !ok {
		if text, ok = decodeSelfEvident(b); ok {
			return text, "unknown charset " + name
		}
		text, note = guess(b)
		return text, "unknown charset " + name + ", " + note
	}
	if utf8.Valid(b) && !isASCIIBytes(b) && (strings.ContainsRune(text, utf8.RuneError) || mojibake(name, b)) {
		return string(b), "declared " + name + " but is UTF-8"
	}
	return text, ""
}

// aboveASCII: a charset whose lower half is ASCII, so that text of it needs no decoding.
func aboveASCII(name string) bool {
	for _, family := range [...]string{"iso-8859-", "windows-", "koi8-", "gb", "big5", "euc-", "shift_jis", "macintosh"} {
		if strings.HasPrefix(name, family) {
			return true
		}
	}
	return false
}

// decodeSelfEvident reads bytes whose charset shows: ASCII, ISO-2022 by its escapes, valid UTF-8.
func decodeSelfEvident(b []byte) (string, bool) {
	if bytes.IndexByte(b, 0x1B) >= 0 {
		if bytes.Contains(b, []byte("\x1b$)C")) {
			return decodeISO2022KR(b), true
		}
		if bytes.Contains(b, []byte("\x1b$")) || bytes.Contains(b, []byte("\x1b(")) {
			if out, err := japanese.ISO2022JP.NewDecoder().Bytes(b); err == nil {
				return string(out), true
			}
		}
	}
	if bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")) {
		b = b[3:]
	}
	if utf8.Valid(b) {
		return string(b), true
	}
	return "", false
}

// mojibake: UTF-8 declared as a one-byte charset of Latin letters. Two valid sequences and nothing else above ASCII never
// come about by chance there.
func mojibake(name string, b []byte) bool {
	switch name {
	case "iso-8859-1", "windows-1252", "iso-8859-15", "latin1", "iso-8859-2", "windows-1250":
	default:
		return false
	}
	sequences := 0
	for _, c := range b {
		if c >= 0xC2 {
			sequences++
		}
	}
	return sequences >= 2
}

// mostlyUTF8 tells UTF-8 with a few damaged places from another charset.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		if b[0] < 0x80 {
			b = b[1:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		b = b[n:]
	}
	return good > 2*bad
}

func isASCIIBytes(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// decodeISO2022KR shifts between ASCII and KS X 1001 by SO and SI (RFC 1557).
func decodeISO2022KR(b []byte) string {
	b = bytes.ReplaceAll(b, []byte("\x1b$)C"), nil)
	out := make([]byte, 0, len(b))
	shifted := false
	for _, c := range b {
		switch {
		case c == 0x0E:
			shifted = true
		case c == 0x0F:
			shifted = false
		case c == '\n':
			shifted = false
			out = append(out, c)
		case shifted && c > ' ':
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	text, err := korean.EUCKR.NewDecoder().Bytes(out)
	if err != nil {
		return string(b)
	}
	return string(text)
}
