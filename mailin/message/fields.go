package message

import (
	"bytes"
	"strings"
)

// rawField is one field as it stands in the mail: value still folded and undecoded.
type rawField struct {
	name  string
	value []byte
	at    int // where value begins in the header block
}

// splitFields reads the header block at the start of data and returns its fields and the offset of the body.
// Lines that are no field are skipped with a defect, unless the body seems to begin there without a blank line (R17).
func splitFields(data []byte, m *Message) ([]rawField, int) {
	var fields []rawField
	pos, last := 0, -1
	for pos < len(data) {
		line, next := cutLine(data, pos)
		if len(line) == 0 {
			return fields, next
		}
		switch {
		case pos > MaxHeaderBlock:
			m.beyond("header block over 256 kB: the rest of it was not read")
			last = -1
		case (line[0] == ' ' || line[0] == '\t') && len(fields) > 0:
			if len(bytes.TrimSpace(line)) == 0 && !continues(data, next) {
				return fields, next // a blank line with spaces ends the header where no field follows
			}
			if last >= 0 {
				fields[last].value = data[fields[last].at : pos+len(line)]
			}
		default:
			name, ok := fieldName(line)
			if !ok && bodyBegins(line, data[next:], len(fields)) {
				m.defect("no blank line between header and body")
				return fields, pos
			}
			if !ok {
				m.defect("header line without a field name")
				last = -1
				break
			}
			colon := bytes.IndexByte(line, ':') + 1
			fields = append(fields, rawField{name: name, value: line[colon:], at: pos + colon})
			last = len(fields) - 1
		}
		pos = next
	}
	return fields, len(data)
}

// continues tells whether a field or a folded line stands at pos.
func continues(data []byte, pos int) bool {
	line, _ := cutLine(data, pos)
	if len(line) == 0 {
		return false
	}
	if line[0] == ' ' || line[0] == '\t' {
		return len(bytes.TrimSpace(line)) > 0
	}
	return looksLikeField(line)
}

// bodyBegins guesses whether a line that is no field is the first of the body: a boundary, or words with more words below,
// or with lines like "Name: Ann" below, none of which is a field that mail has.
func bodyBegins(line, rest []byte, fields int) bool {
	if fields == 0 || bytes.HasPrefix(line, []byte("--")) {
		return true
	}
	if bytes.IndexByte(line, ' ') <= 0 || bytes.IndexByte(line, ':') >= 0 {
		return false
	}
	following, _ := cutLine(rest, 0)
	return !looksLikeField(following) || bytes.Count(line, []byte(" ")) >= 2 && !mailFieldsFollow(rest)
}

// mailFieldsFollow tells whether one of the next lines, up to a blank one, is a field of a mail header.
func mailFieldsFollow(data []byte) bool {
	pos := 0
	for range 20 {
		line, next := cutLine(data, pos)
		if len(line) == 0 {
			return false
		}
		if name, ok := fieldName(line); ok && isMailField(strings.ToLower(name)) {
			return true
		}
		pos = next
	}
	return false
}

// isMailField knows the usual fields (RFC 5322 3.6, RFC 2045) and families of fields that programs add.
func isMailField(lower string) bool {
	switch lower {
	case "from", "to", "cc", "bcc", "subject", "date", "sender", "reply-to", "message-id", "in-reply-to", "references", "received",
		"return-path", "mime-version", "delivered-to", "envelope-to", "user-agent", "precedence", "importance", "priority",
		"thread-topic", "thread-index", "auto-submitted", "dkim-signature", "authentication-results", "received-spf", "status", "errors-to":
		return true // not "organization": that is what a form asks for
	}
	for _, family := range []string{"x-", "content-", "list-", "resent-", "arc-"} {
		if strings.HasPrefix(lower, family) {
			return true
		}
	}
	return false
}

// cutLine returns the line at pos without its end, and where the next begins.
func cutLine(data []byte, pos int) (line []byte, next int) {
	i := bytes.IndexByte(data[pos:], '\n')
	if i < 0 {
		return bytes.TrimRight(data[pos:], "\r"), len(data)
	}
	return bytes.TrimRight(data[pos:pos+i], "\r"), pos + i + 1
}

func firstLine(data []byte) []byte {
	line, _ := cutLine(data, 0)
	return line
}

func looksLikeField(line []byte) bool {
	_, ok := fieldName(line)
	return ok
}

// fieldName reads a field name (RFC 5322 3.6.8); white space before the colon is tolerated (RFC 5322 4.5).
func fieldName(line []byte) (string, bool) {
	i := bytes.IndexByte(line, ':')
	if i <= 0 || i > 998 {
		return "", false
	}
	name := bytes.TrimRight(line[:i], " \t")
	for _, c := range name {
		if c <= ' ' || c == 127 {
			return "", false
		}
	}
	return string(name), len(name) > 0
}

// unfold removes folding (RFC 5322 2.2.3): line ends go, the white space after them stays as one space.
func unfold(value []byte) []byte {
	value = bytes.TrimSpace(value)
	if bytes.IndexByte(value, '\n') < 0 && bytes.IndexByte(value, '\r') < 0 {
		return value
	}
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		if c := value[i]; c != '\r' && c != '\n' {
			out = append(out, c)
			continue
		}
		for i+1 < len(value) && strings.IndexByte(" \t\r\n", value[i+1]) >= 0 {
			i++
		}
		out = append(bytes.TrimRight(out, " \t"), ' ')
	}
	return out
}

// first returns the first field of that name, folded, or nil.
func first(fields []rawField, name string) []byte {
	for i := range fields {
		if strings.EqualFold(fields[i].name, name) {
			return fields[i].value
		}
	}
	return nil
}
