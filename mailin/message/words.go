package message

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// decodeHeaderText decodes an unfolded field body: encoded words (RFC 2047), also inside quotes and with bytes of one
// character split over two words; raw 8-bit text as UTF-8 (RFC 6532), else in the fallback charset, else windows-1252 (R21).
func decodeHeaderText(raw []byte, fallback string) string {
	if !bytes.Contains(raw, []byte("=?")) {
		return decodeRaw(raw, fallback)
	}
	var out strings.Builder
	var pending []byte // bytes of adjacent words of one charset, decoded together
	charset := ""
	flush := func() {
		if len(pending) > 0 {
			s, _ := decodeCharset(pending, charset)
			out.WriteString(s)
			pending = nil
		}
	}
	for len(raw) > 0 {
		i := bytes.Index(raw, []byte("=?"))
		if i < 0 {
			break
		}
		word, ok := parseWord(raw[i:])
		if !ok {
			flush()
			out.WriteString(decodeRaw(raw[:i+2], fallback))
			raw = raw[i+2:]
			continue
		}
		between := raw[:i]
		if charset == "" || len(bytes.TrimSpace(between)) > 0 {
			flush()
			out.WriteString(decodeRaw(between, fallback))
		} // else: white space between adjacent words is not shown (RFC 2047 6.2)
		if !strings.EqualFold(word.charset, charset) {
			flush()
		}
		charset = word.charset
		pending = append(pending, word.data...)
		raw = raw[i+word.length:]
	}
	flush()
	out.WriteString(decodeRaw(raw, fallback))
	return oneLine(out.String())
}

type encodedWord struct {
	charset string
	data    []byte
	length  int
}

// parseWord reads "=?charset?B|Q?text?=" at the start of raw. Spaces in the text are tolerated; broken base64 is read loosely.
func parseWord(raw []byte) (encodedWord, bool) {
	limit := raw[2:min(len(raw), 1200)]
	i := bytes.IndexByte(limit, '?')
	if i <= 0 || i+2 >= len(limit) || limit[i+2] != '?' || bytes.ContainsAny(limit[:i], " \t=") {
		return encodedWord{}, false
	}
	charset, _, _ := strings.Cut(string(limit[:i]), "*") // RFC 2231 5: language after the star
	text := limit[i+3:]
	end := bytes.Index(text, []byte("?="))
	if end < 0 {
		return encodedWord{}, false
	}
	w := encodedWord{charset: charset, length: 2 + i + 3 + end + 2}
	switch limit[i+1] {
	case 'B', 'b':
		w.data = decodeWordB(text[:end])
	case 'Q', 'q':
		w.data = decodeWordQ(text[:end])
	default:
		return encodedWord{}, false
	}
	return w, true
}

func decodeWordB(text []byte) []byte {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	if n, err := base64.StdEncoding.Decode(out, text); err == nil {
		return out[:n]
	}
	return looseBase64(text, out[:0], &Message{})
}

func decodeWordQ(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(text) && unhex(text[i+1]) >= 0 && unhex(text[i+2]) >= 0:
			out = append(out, byte(unhex(text[i+1])<<4|unhex(text[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

// decodeRaw decodes header bytes that are no encoded words.
func decodeRaw(raw []byte, fallback string) string {
	if utf8.Valid(raw) {
		s := string(raw)
		if strings.IndexByte(s, '+') >= 0 && fallback != "" && canonicalCharset(fallback) == "utf-7" {
			return decodeUTF7(raw)
		}
		if strings.IndexByte(s, 0x1B) >= 0 { // ISO-2022-JP unencoded
			s, _ = decodeCharset(raw, "")
		}
		return s
	}
	if name := canonicalCharset(fallback); name != "" && name != "utf-8" && name != "us-ascii" {
		if s, ok := decodeWith(raw, name); ok && !strings.ContainsRune(s, utf8.RuneError) {
			return s
		}
	}
	s, _ := decodeWith(raw, "windows-1252")
	return s
}

// oneLine replaces line ends and tabs that an encoded word smuggled in.
func oneLine(s string) string {
	if !strings.ContainsAny(s, "\r\n\t") {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case '\r', '\n', '\t':
			return ' '
		}
		return r
	}, s)
}
