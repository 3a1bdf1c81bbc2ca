package message

import (
	"bytes"
	"encoding/base64"
)

// decodeTransfer undoes the transfer encoding (RFC 2045 6). Damage is tolerated and noted (R17); an unknown encoding
// leaves the bytes as they are.
func decodeTransfer(body []byte, encoding string, m *Message) []byte {
	switch encoding {
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit", "none", "utf-8", "utf8", "us-ascii":
		return body
	case "quoted-printable", "quotedprintable", "quoted":
		return decodeQP(body, m)
	case "base64", "base-64", "b", "x-base64":
		return decodeBase64(body, m)
	case "x-uuencode", "uuencode", "x-uue", "uue":
		if data, ok := decodeUU(body); ok {
			return data
		}
		m.defect("uuencoded part without data: left as it is")
		return body
	}
	m.defect("unknown transfer encoding " + encoding + ": left as it is")
	return body
}

func decodeBase64(body []byte, m *Message) []byte {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
	if n, err := base64.StdEncoding.Decode(out, bytes.TrimSpace(body)); err == nil {
		return out[:n]
	}
	if allProse(body) {
		m.defect("declared base64 but is plain text")
		return body
	}
	return looseBase64(body, out[:0], m)
}

// allProse: no line at the beginning is base64, each holds words.
func allProse(body []byte) bool {
	lines := 0
	for pos := 0; pos < len(body) && lines < 5; {
		line, next := cutLine(body, pos)
		pos = next
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		lines++
		if !isProse(line) || bytes.IndexByte(bytes.TrimSpace(line), ' ') < 0 {
			return false
		}
	}
	return lines > 0
}

// looseBase64 ignores characters outside the alphabet (RFC 2045 6.8) and goes on after padding, but keeps prose that a
// list server appended below the data as it is.
func looseBase64(body, out []byte, m *Message) []byte {
	var quad uint32
	have, padded := 0, false
	flush := func() {
		switch have {
		case 2:
			out = append(out, byte(quad>>4))
		case 3:
			out = append(out, byte(quad>>10), byte(quad>>2))
		}
		quad, have = 0, 0
	}
	for pos := 0; pos < len(body); {
		line, next := cutLine(body, pos)
		if isProse(line) && (padded || have == 0) && len(out) > 0 {
			m.defect("text after base64 data: kept as it is")
			flush()
			out = append(out, '\n')
			return append(out, body[pos:]...)
		}
		for _, c := range line {
			switch v := base64Value(c); {
			case v >= 0:
				quad, have, padded = quad<<6|uint32(v), have+1, false
				if have == 4 {
					out = append(out, byte(quad>>16), byte(quad>>8), byte(quad))
					quad, have = 0, 0
				}
			case c == '=':
				flush()
				padded = true
			case c != ' ' && c != '\t' && c != '\r':
				m.defect("characters outside the base64 alphabet: ignored")
			}
		}
		pos = next
	}
	if have > 0 {
		m.defect("base64 data ends too early")
		flush()
	}
	return out
}

// isProse tells a line of words or a rule of dashes from base64 data.
func isProse(line []byte) bool {
	strange := 0
	for _, c := range bytes.TrimSpace(line) {
		if base64Value(c) < 0 && c != '=' {
			strange++
		}
	}
	return strange > 0 && strange*12 >= len(line)
}

func base64Value(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}

// decodeQP reads quoted-printable (RFC 2045 6.7): a stray "=" stays as it is, white space before a line end goes.
func decodeQP(body []byte, m *Message) []byte {
	out := make([]byte, 0, len(body))
	for pos := 0; pos < len(body); {
		end, next := len(body), len(body)
		ending := 0
		if i := bytes.IndexByte(body[pos:], '\n'); i >= 0 {
			end, next, ending = pos+i, pos+i+1, 1
			if end > pos && body[end-1] == '\r' {
				end, ending = end-1, 2
			}
		}
		line := bytes.TrimRight(body[pos:end], " \t\r")
		soft := len(line) > 0 && line[len(line)-1] == '='
		if soft {
			line = line[:len(line)-1]
		}
		out = appendQP(out, line, m)
		if !soft {
			out = append(out, body[next-ending:next]...)
		}
		pos = next
	}
	return out
}

func appendQP(out, line []byte, m *Message) []byte {
	for {
		i := bytes.IndexByte(line, '=')
		if i < 0 {
			return append(out, line...)
		}
		out = append(out, line[:i]...)
		if i+2 < len(line) {
			if hi, lo := unhex(line[i+1]), unhex(line[i+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				line = line[i+3:]
				continue
			}
		}
		m.defect("stray = in quoted-printable: kept")
		out = append(out, '=')
		line = line[i+1:]
	}
}

// decodeUU reads the first uuencoded file ("begin 644 name" … "end") in body.
func decodeUU(body []byte) (data []byte, ok bool) {
	start, _ := findUU(body)
	if start < 0 {
		return nil, false
	}
	for pos := start; pos < len(body); {
		line, next := cutLine(body, pos)
		pos = next
		if len(line) == 0 || bytes.Equal(line, []byte("end")) {
			break
		}
		data = appendUU(data, line)
	}
	return data, true
}

// findUU returns the offset after the first "begin mode name" line and the name, or -1.
func findUU(body []byte) (int, []byte) {
	for pos := 0; pos < len(body); {
		i := bytes.Index(body[pos:], []byte("begin "))
		if i < 0 {
			return -1, nil
		}
		pos += i
		line, next := cutLine(body, pos)
		if name, ok := uuBegin(line); ok && (pos == 0 || body[pos-1] == '\n') {
			return next, name
		}
		pos = next
	}
	return -1, nil
}

// uuBegin reads a "begin 644 name" line.
func uuBegin(line []byte) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(line, []byte("begin "))
	if !ok {
		return nil, false
	}
	mode, name, ok := bytes.Cut(rest, []byte(" "))
	if !ok || len(mode) < 3 || len(mode) > 4 || len(bytes.TrimSpace(name)) == 0 {
		return nil, false
	}
	for _, c := range mode {
		if c < '0' || c > '7' {
			return nil, false
		}
	}
	return bytes.TrimSpace(name), true
}

func appendUU(out, line []byte) []byte {
	n := int(line[0]-' ') & 63
	for i := 1; n > 0 && i < len(line); i += 4 {
		var v [4]byte
		for j := range v {
			if i+j < len(line) {
				v[j] = (line[i+j] - ' ') & 63
			}
		}
		three := [3]byte{v[0]<<2 | v[1]>>4, v[1]<<4 | v[2]>>2, v[2]<<6 | v[3]}
		k := min(n, 3)
		out = append(out, three[:k]...)
		n -= k
	}
	return out
}
