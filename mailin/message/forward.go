package message

import (
	"strings"
)

// addForward reads a mail inside the text as data (R19): its header lines never override ours.
func (m *Message) addForward(t *trimmer, f forward, b *budget, depth int) {
	if b.attached <= 0 || depth >= MaxDepth {
		m.beyond("forwarded messages beyond the limit: not read")
		return
	}
	b.attached--
	inner := &Message{ContentType: "text/plain"}
	inner.Header = t.forwardHeader(f)
	var body strings.Builder
	for _, line := range t.lines[f.body:f.end] {
		if f.marked {
			line = unmark(line)
		}
		body.WriteString(line)
		body.WriteByte('\n')
	}
	inner.Text = strings.Trim(body.String(), "\n")
	inner.split(nil, b, depth+1)
	m.Forwarded = append(m.Forwarded, inner)
	m.Forwarded = append(m.Forwarded, inner.Forwarded...) // flat, outermost first
	inner.Forwarded = nil
}

// forwardHeader reads the header lines of a block in any of the languages.
func (t *trimmer) forwardHeader(f forward) Header {
	var h Header
	kind, value := headerWord{}, ""
	name := ""
	take := func() {
		if name == "" {
			return
		}
		h.Fields = append(h.Fields, Field{Name: name, Value: value, Raw: []byte(value)})
		switch {
		case kind.subject && h.Subject == "":
			h.Subject = value
		case kind.from && len(h.From) == 0:
			h.From = looseAddresses(value)
		case kind.sent && h.Date.IsZero() && strings.ContainsAny(value, "0123456789"):
			h.Date, _ = parseDate(value)
		case kind.to && len(h.To) == 0:
			h.To = looseAddresses(value)
		}
	}
	for _, line := range t.lines[f.header:f.body] {
		line = strings.TrimSpace(strings.TrimLeft(unmark(line), " *>|"))
		if next := t.headerLine(line); next != (headerWord{}) {
			take()
			kind = next
			name, value = cutHeader(line)
			continue
		}
		if line != "" {
			value = strings.TrimSpace(value + " " + line)
		}
	}
	take()
	return h
}

func cutHeader(line string) (name, value string) {
	i, width := strings.IndexByte(line, ':'), 1
	if j := strings.Index(line, "："); j >= 0 && (i < 0 || j < i) {
		i, width = j, len("：")
	}
	return strings.Trim(line[:i], "* "), strings.Trim(line[i+width:], "* \t")
}

// looseAddresses reads addresses as clients print them: "Jane [mailto:jane@example.org]", "<jane@example.org<mailto:…>>".
func looseAddresses(value string) []Address {
	value = strings.ReplaceAll(strings.ReplaceAll(value, "[mailto:", "<"), "(mailto:", "<")
	for {
		i := strings.Index(value, "<mailto:")
		if i < 0 || !strings.Contains(value[:i], "@") {
			break
		}
		end := strings.IndexByte(value[i:], '>')
		if end < 0 {
			break
		}
		value = value[:i] + value[i+end+1:]
	}
	return parseAddresses([]byte(value), "utf-8")
}
