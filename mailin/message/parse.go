// Package message reads the raw bytes of a mail (RFC 5322, RFC 2045-2049) into a [Message]: headers, text, what is
// new, quoted and signature, attachments, attached and forwarded messages.
//
// It never fails and never panics: whatever is damaged is read as far as possible and noted in Message.Defects
// (R17); where a limit is met the rest stays unread and Message.Beyond is set, so that a person looks (R16). Its work
// is linear in the size of the mail: one walk over the bytes, never more than [MaxDepth] levels. No string of a
// Message holds a NUL or invalid UTF-8. The package knows nothing of petitions and does no I/O.
package message

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits of R16. Beyond them bytes are kept (attachments are hashed whole), but no longer read for meaning.
const (
	MaxDepth       = 20        // levels of multiparts and attached messages
	MaxParts       = 500       // parts of one mail, attached messages included
	MaxHeaderBlock = 256 << 10 // bytes of one header block
	MaxHeaderField = 64 << 10  // bytes of one field
	MaxText        = 256 << 10 // bytes of text of one mail
	maxHTML        = 1 << 20   // bytes of HTML looked at for text: much of it is markup
	maxDefects     = 50
	maxAttached    = 20 // attached or forwarded messages that are parsed
)

// Parse reads a mail. It always returns a Message; an empty or illegible mail gives an almost empty one with defects.
func Parse(raw []byte) *Message {
	b := &budget{parts: MaxParts, attached: maxAttached}
	m := b.message(raw, 0)
	m.sanitise(0)
	return m
}

// budget is what one mail may still use, shared with its attached messages.
type budget struct {
	parts    int
	attached int
}

func (b *budget) message(raw []byte, depth int) *Message {
	m := &Message{}
	raw = m.lineEnds(raw)
	raw = m.skipMbox(raw)
	w := &walker{m: m, budget: b, data: raw, base: depth}
	root := w.entity("", false)
	m.fill(root, b, depth)
	return m
}

// lineEnds turns a mail that has only bare CR into one with LF (R17); mixed line ends are handled where lines are read.
func (m *Message) lineEnds(raw []byte) []byte {
	if bytes.IndexByte(raw, '\n') >= 0 || bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	m.defect("bare CR line ends")
	return bytes.ReplaceAll(raw, []byte{'\r'}, []byte{'\n'})
}

// skipMbox steps over a "From " line of mbox and blank lines above the header.
func (m *Message) skipMbox(raw []byte) []byte {
	trimmed := bytes.TrimLeft(raw, "\r\n")
	if len(trimmed) < len(raw) && looksLikeField(firstLine(trimmed)) {
		m.defect("blank lines above the header")
		raw = trimmed
	}
	for (bytes.HasPrefix(raw, []byte("From ")) || bytes.HasPrefix(raw, []byte(">From "))) && !looksLikeField(firstLine(raw)) {
		i := bytes.IndexByte(raw, '\n')
		if i < 0 {
			break
		}
		m.defect("mbox separator line above the header")
		raw = raw[i+1:]
	}
	return raw
}

// fill makes the Message of the tree of parts.
func (m *Message) fill(root *part, b *budget, depth int) {
	m.ContentType, m.Params = root.mediaType, root.params
	m.Header = readHeader(root.fields, root.headerCharset(), m)
	c := &collector{m: m, budget: b, depth: depth}
	c.body(root)
	c.finish()
}

// defect notes damage once.
func (m *Message) defect(what string) {
	if len(m.Defects) >= maxDefects {
		return
	}
	if slices.Contains(m.Defects, what) {
		return
	}
	m.Defects = append(m.Defects, what)
}

// beyond notes that a limit was met.
func (m *Message) beyond(what string) {
	m.Beyond = true
	m.defect(what)
}

// sanitise is the one place that keeps NUL and invalid UTF-8 out of every string: PostgreSQL refuses both in text.
func (m *Message) sanitise(depth int) {
	for _, s := range []*string{&m.Text, &m.New, &m.Quoted, &m.Signature, &m.ContentType} {
		*s = clean(*s)
	}
	m.Header.sanitise()
	if m.Returned != nil {
		m.Returned.sanitise()
	}
	for i := range m.Attachments {
		a := &m.Attachments[i]
		a.Filename, a.MediaType, a.Text = clean(a.Filename), clean(a.MediaType), clean(a.Text)
	}
	for i := range m.Defects {
		m.Defects[i] = clean(m.Defects[i])
	}
	m.Params = cleanMap(m.Params)
	for _, group := range m.Report {
		for _, values := range group {
			for i := range values {
				values[i] = clean(values[i])
			}
		}
	}
	if depth > MaxDepth+1 {
		return
	}
	for _, list := range [][]*Message{m.Attached, m.Forwarded} {
		for _, inner := range list {
			inner.sanitise(depth + 1)
		}
	}
}

func (h *Header) sanitise() {
	h.MessageID, h.Subject = clean(h.MessageID), clean(h.Subject)
	for _, ids := range [][]string{h.InReplyTo, h.References} {
		for i := range ids {
			ids[i] = clean(ids[i])
		}
	}
	for _, list := range [][]Address{h.From, h.Sender, h.ReplyTo, h.To, h.Cc} {
		for i := range list {
			list[i] = Address{clean(list[i].Name), clean(list[i].Address)}
		}
	}
	for i := range h.Fields {
		h.Fields[i].Name, h.Fields[i].Value = clean(h.Fields[i].Name), clean(h.Fields[i].Value)
	}
}

func clean(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}

func cleanMap(params map[string]string) map[string]string {
	for k, v := range params {
		if ck, cv := clean(k), clean(v); ck != k || cv != v {
			delete(params, k)
			params[ck] = cv
		}
	}
	return params
}
