package message

import (
	"bytes"
	"strings"
)

// parseAddresses reads an address list (RFC 5322 3.4) as people and broken programs write it: commas in unquoted names,
// encoded words inside quotes, raw 8-bit names, groups, comments as names, missing brackets. It never fails.
func parseAddresses(value []byte, fallback string) []Address {
	value = unfold(value)
	var out []Address
	pending := "" // pieces without an address: the surname of an unquoted "Petrov, Ivan <i@x>"
	for _, piece := range splitList(value) {
		a := parseMailbox(piece, fallback)
		switch {
		case a.Address == "" && a.Name == "":
			continue
		case a.Address == "":
			pending = joinName(pending, a.Name)
			continue
		case pending != "":
			a.Name = joinName(pending, a.Name)
			pending = ""
		}
		out = append(out, a)
		if len(out) >= 2000 {
			break
		}
	}
	if pending != "" {
		out = append(out, Address{Name: pending})
	}
	return out
}

func joinName(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	if len(a) > 1000 { // no name is so long, and joining must not grow quadratic
		return a
	}
	return a + ", " + b
}

// splitList cuts at commas and semicolons outside quotes, comments and brackets, and drops group names ("Board: …;").
func splitList(value []byte) [][]byte {
	var out [][]byte
	start, depth := 0, 0
	quoted, angle := false, false
	add := func(end int) {
		if piece := bytes.TrimSpace(value[start:end]); len(piece) > 0 {
			out = append(out, piece)
		}
	}
	unclosed := bytes.Count(value, []byte{'"'})%2 == 1 // a lone quote mark must not swallow the list
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\':
			i++
		case c == '"' && depth == 0 && !unclosed:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == ':' && !angle && !bytes.Contains(value[start:i], []byte("@")) && !bytes.Contains(value[start:i], []byte("=?")):
			start = i + 1
		case c == ',' && !angle, c == ';' && !angle:
			add(i)
			start = i + 1
		}
	}
	if start < len(value) {
		add(len(value))
	}
	return out
}

// parseMailbox reads one "Name <address>", "address (Name)" or bare address.
func parseMailbox(piece []byte, fallback string) Address {
	if open := bytes.LastIndexByte(piece, '<'); open >= 0 {
		addr := piece[open+1:]
		rest := []byte(nil)
		if end := bytes.IndexByte(addr, '>'); end >= 0 {
			addr, rest = addr[:end], addr[end+1:]
		}
		name := decodeName(piece[:open], fallback)
		if name == "" {
			name = decodeName(rest, fallback)
		}
		return Address{Name: name, Address: cleanAddress(string(addr))}
	}
	text, comment := cutComment(string(piece))
	fields := strings.Fields(text)
	for i, f := range fields {
		if strings.Contains(f, "@") {
			name := strings.Join(append(append([]string{}, fields[:i]...), fields[i+1:]...), " ")
			if name == "" {
				name = comment
			}
			return Address{Name: decodeName([]byte(name), fallback), Address: cleanAddress(f)}
		}
	}
	return Address{Name: decodeName(piece, fallback)}
}

// cutComment takes the last comment off: "ivan@example.org (Ivan Petrov)".
func cutComment(s string) (text, comment string) {
	open, end := strings.IndexByte(s, '('), strings.LastIndexByte(s, ')')
	if open < 0 || end < open {
		return s, ""
	}
	return s[:open] + " " + s[end+1:], s[open+1 : end]
}

// cleanAddress removes routes (RFC 5322 4.4), spaces, quotes and "mailto:".
func cleanAddress(s string) string {
	s = strings.TrimSpace(stripComments(s))
	if strings.HasPrefix(s, "@") {
		if i := strings.IndexByte(s, ':'); i >= 0 {
			s = s[i+1:]
		}
	}
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	s = strings.Trim(s, "<>,;'[] \t")
	if i := strings.LastIndexByte(s, '@'); i > 0 && !strings.HasPrefix(s, "\"") {
		s = strings.ReplaceAll(s, " ", "")
	}
	return decodeRaw([]byte(s), "")
}

// decodeName decodes a display name: quotes and escapes go, comments stay out where there is more, encoded words are read.
func decodeName(raw []byte, fallback string) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	if raw[0] != '"' && bytes.IndexByte(raw, '(') >= 0 {
		if s := strings.TrimSpace(stripComments(string(raw))); s != "" {
			raw = []byte(s)
		} else {
			raw = bytes.Trim(raw, "()")
		}
	}
	if bytes.IndexByte(raw, '"') >= 0 || bytes.IndexByte(raw, '\\') >= 0 {
		raw = unquote(raw)
	}
	name := strings.Join(strings.Fields(decodeHeaderText(raw, fallback)), " ")
	if len(name) >= 2 && (name[0] == '"' || name[0] == '\'') && name[len(name)-1] == name[0] {
		name = strings.TrimSpace(name[1 : len(name)-1])
	}
	return name
}

func unquote(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		switch {
		case raw[i] == '\\' && i+1 < len(raw):
			i++
			out = append(out, raw[i])
		case raw[i] == '"':
		default:
			out = append(out, raw[i])
		}
	}
	return out
}
