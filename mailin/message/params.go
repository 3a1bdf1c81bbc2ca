package message

import (
	"sort"
	"strconv"
	"strings"
)

// parseMediaType reads "type/subtype; name=value" (RFC 2045 5.1) and "disposition; name=value" (RFC 2183), with the
// continuations and charsets of RFC 2231 and encoded words where they do not belong. The first of doubled parameters counts.
func parseMediaType(value []byte) (string, map[string]string) {
	if value == nil {
		return "", nil
	}
	s := string(unfold(value[:min(len(value), maxParams)]))
	main, rest := s, ""
	if before, after, ok := strings.Cut(s, ";"); ok {
		main, rest = before, after
	} else if i := strings.IndexByte(s, ' '); i > 0 && strings.IndexByte(s[i:], '=') > 0 {
		main, rest = s[:i], s[i+1:] // "text/plain charset=utf-8"
	}
	main = strings.ToLower(strings.TrimSpace(stripComments(main)))
	main = strings.Trim(main, "\"'")
	main = strings.ReplaceAll(main, " ", "")
	params := map[string]string{}
	var extended []extParam
	for rest != "" {
		var name, val string
		name, val, rest = nextParam(rest)
		if name == "" {
			continue
		}
		if strings.IndexByte(name, '*') > 0 {
			extended = append(extended, newExtParam(name, val))
			continue
		}
		if _, ok := params[name]; !ok {
			params[name] = decodeParam(val)
		}
	}
	joinExtended(params, extended)
	return main, params
}

// maxParams is how much of a Content-Type or Content-Disposition field is read: long file names fit many times over.
const maxParams = 8 << 10

func decodeParam(val string) string {
	if strings.Contains(val, "=?") || !isASCII(val) {
		return decodeHeaderText([]byte(val), "")
	}
	return val
}

// nextParam cuts one "name=value" off; value may be quoted.
func nextParam(s string) (name, val, rest string) {
	s = strings.TrimLeft(s, " \t;")
	i := strings.IndexAny(s, "=;")
	if i < 0 {
		return "", "", ""
	}
	if s[i] == ';' {
		return "", "", s[i+1:]
	}
	name = strings.ToLower(strings.TrimSpace(stripComments(s[:i])))
	s = strings.TrimLeft(s[i+1:], " \t")
	if strings.HasPrefix(s, "\"") {
		val, rest = quotedParam(s)
		return name, val, rest
	}
	if i = strings.IndexByte(s, ';'); i >= 0 {
		val, rest = s[:i], s[i+1:]
	} else {
		val = s
	}
	val = strings.TrimSpace(val)
	if !strings.Contains(val, "=?") {
		val = strings.TrimSpace(stripComments(val))
	}
	// "charset=us-ascii name=x": white space ends a value that is not quoted, but file names often have spaces.
	if name != "name" && name != "filename" && !strings.Contains(val, "=?") {
		if i = strings.IndexAny(val, " \t"); i > 0 {
			if strings.IndexByte(val[i:], '=') > 0 {
				rest = val[i+1:] + ";" + rest
			}
			val = val[:i]
		}
	}
	return name, val, rest
}

// quotedParam reads a quoted string (RFC 2045 5.1).
func quotedParam(s string) (val, rest string) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	// the closing quote is missing: take what stands before the next parameter
	if val, rest, ok := strings.Cut(s[1:], ";"); ok {
		return strings.TrimSpace(val), rest
	}
	return b.String(), ""
}

// extParam is one piece of an RFC 2231 parameter: name*2*=...
type extParam struct {
	name    string
	index   int
	encoded bool
	value   string
}

func newExtParam(name, val string) extParam {
	base, tail, _ := strings.Cut(name, "*")
	e := extParam{name: base, value: val}
	if tail == "" || strings.HasSuffix(tail, "*") {
		e.encoded = true
		tail = strings.TrimSuffix(tail, "*")
	}
	e.index, _ = strconv.Atoi(tail)
	return e
}

// joinExtended puts continuations together, percent-decodes and converts the charset (RFC 2231 3, 4).
func joinExtended(params map[string]string, pieces []extParam) {
	if len(pieces) == 0 {
		return
	}
	sort.SliceStable(pieces, func(i, j int) bool {
		if pieces[i].name != pieces[j].name {
			return pieces[i].name < pieces[j].name
		}
		return pieces[i].index < pieces[j].index
	})
	for start := 0; start < len(pieces); {
		end := start
		charset := ""
		var raw []byte
		for ; end < len(pieces) && pieces[end].name == pieces[start].name; end++ {
			e := pieces[end]
			if !e.encoded {
				raw = append(raw, e.value...)
				continue
			}
			if end == start {
				if parts := strings.SplitN(e.value, "'", 3); len(parts) == 3 {
					charset, e.value = parts[0], parts[2]
				}
			}
			raw = append(raw, percentDecode(e.value)...)
		}
		if charset == "" {
			params[pieces[start].name] = decodeHeaderText(raw, "")
		} else {
			params[pieces[start].name], _ = decodeCharset(raw, charset)
		}
		start = end
	}
}

func percentDecode(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// stripComments removes (comments) outside quoted strings (RFC 5322 3.2.2); an unclosed one is left alone.
func stripComments(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			if depth == 0 {
				b.WriteString(s[i : i+2])
			}
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
			b.WriteByte(c)
		case c == '(' && !quoted:
			depth++
		case c == ')' && !quoted && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	if depth > 0 {
		return s
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
