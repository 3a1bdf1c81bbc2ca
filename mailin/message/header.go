package message

import (
	"net/mail"
	"strings"
	"time"
)

// readHeader decodes the fields that we use. Where a field stands twice the first counts, and a defect says so (R18):
// a signature may cover one and the reader see the other (RFC 6376 8.15).
func readHeader(fields []rawField, charset string, m *Message) Header {
	h := Header{Fields: make([]Field, 0, len(fields))}
	seen := map[string]bool{}
	for _, f := range fields {
		if len(f.value) > MaxHeaderField {
			m.beyond("header field " + f.name + " over 64 kB: cut")
			f.value = f.value[:MaxHeaderField]
		}
		raw := unfold(f.value)
		h.Fields = append(h.Fields, Field{Name: f.name, Value: decodeHeaderText(raw, charset), Raw: raw})
		field := &h.Fields[len(h.Fields)-1]
		name := strings.ToLower(f.name)
		again := seen[name]
		seen[name] = true
		if again {
			switch name {
			case "subject", "date", "message-id", "from", "sender", "in-reply-to", "references", "reply-to":
				m.defect("several " + f.name + " fields")
			}
		}
		h.take(name, field, again, charset, m)
	}
	if !seen["from"] && len(fields) > 0 {
		m.defect("no From field")
	}
	return h
}

func (h *Header) take(name string, f *Field, again bool, charset string, m *Message) {
	switch name {
	case "from":
		h.From = append(h.From, parseAddresses(f.Raw, charset)...)
	case "to":
		h.To = append(h.To, parseAddresses(f.Raw, charset)...)
	case "cc":
		h.Cc = append(h.Cc, parseAddresses(f.Raw, charset)...)
	case "sender":
		h.Sender = append(h.Sender, parseAddresses(f.Raw, charset)...)
	case "reply-to":
		h.ReplyTo = append(h.ReplyTo, parseAddresses(f.Raw, charset)...)
	case "in-reply-to":
		h.InReplyTo = append(h.InReplyTo, parseIDs(f.Value)...)
	case "references":
		h.References = append(h.References, parseIDs(f.Value)...)
	}
	if again {
		return
	}
	switch name {
	case "subject":
		h.Subject = strings.TrimSpace(f.Value)
	case "message-id":
		if ids := parseIDs(f.Value); len(ids) > 0 {
			h.MessageID = ids[0]
		} else {
			h.MessageID = strings.Trim(f.Value, "<> \t")
		}
	case "date":
		var ok bool
		if h.Date, ok = parseDate(f.Value); !ok {
			m.defect("Date illegible")
		}
	}
}

// Get returns the decoded value of the first field of that name, or "".
func (h *Header) Get(name string) string {
	for i := range h.Fields {
		if strings.EqualFold(h.Fields[i].Name, name) {
			return h.Fields[i].Value
		}
	}
	return ""
}

// Has tells whether there is a field of that name.
func (h *Header) Has(name string) bool {
	for i := range h.Fields {
		if strings.EqualFold(h.Fields[i].Name, name) {
			return true
		}
	}
	return false
}

// Values returns the decoded values of all fields of that name, topmost first.
func (h *Header) Values(name string) []string {
	var out []string
	for i := range h.Fields {
		if strings.EqualFold(h.Fields[i].Name, name) {
			out = append(out, h.Fields[i].Value)
		}
	}
	return out
}

// parseIDs reads message identifiers (RFC 5322 3.6.4), also separated by commas or without brackets (R28).
func parseIDs(s string) []string {
	var out []string
	if strings.IndexByte(s, '<') >= 0 {
		for {
			_, rest, ok := strings.Cut(s, "<")
			if !ok {
				return out
			}
			id, after, ok := strings.Cut(rest, ">")
			if id = strings.Join(strings.Fields(id), ""); id != "" {
				out = append(out, id)
			}
			if !ok {
				return out
			}
			s = after
		}
	}
	for _, id := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' }) {
		if strings.Contains(id, "@") {
			out = append(out, strings.Trim(id, "<>"))
		}
	}
	return out
}

// dateLayouts are forms that net/mail does not know.
var dateLayouts = []string{
	"Mon Jan _2 15:04:05 2006", "Mon Jan _2 15:04:05 MST 2006", "Mon Jan _2 15:04:05 -0700 2006", "Mon, _2 Jan 2006 15:04:05",
	"Mon, _2 January 2006 15:04:05 -0700", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05",
	"Mon, _2 Jan 2006 15.04.05 -0700", "_2 Jan 2006 15:04:05", "Mon, _2-Jan-2006 15:04:05 -0700",
}

// parseDate reads a date (RFC 5322 3.3, 4.3) and a few forms that occur.
func parseDate(s string) (time.Time, bool) {
	s = strings.Join(strings.Fields(s), " ")
	plain, _, _ := strings.Cut(s, " (")
	if t, err := time.Parse("Mon, _2 Jan 2006 15:04:05 -0700", plain); err == nil { // what nearly all programs write
		return t, true
	}
	if t, err := mail.ParseDate(s); err == nil {
		return t, true
	}
	s = strings.TrimSpace(stripComments(s))
	s = strings.TrimSuffix(s, ",")
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	if i := strings.LastIndexByte(s, ' '); i > 0 { // an unknown zone: the rest is still worth having
		if t, err := mail.ParseDate(s[:i] + " +0000"); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
