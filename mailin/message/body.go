package message

import (
	"crypto/sha256"
	"encoding/hex"
	"net/textproto"
	"strings"
)

// collector goes over the tree of parts once: text is gathered, everything else becomes an attachment.
type collector struct {
	m      *Message
	budget *budget
	depth  int

	text   []string
	spans  []span // places in the joined text that HTML marks as quoted
	length int    // bytes of text so far
	bounce bool   // inside multipart/report
	layers int    // of S/MIME opened so far
}

// body takes a part that belongs to what the reader sees.
func (c *collector) body(p *part) {
	switch {
	case p.mediaType == "multipart/alternative" && len(p.children) > 0:
		c.alternative(p)
	case p.mediaType == "multipart/related" && len(p.children) > 0:
		c.related(p)
	case p.mediaType == "multipart/encrypted":
		c.m.Encrypted = true
		c.attachAll(p)
	case p.mediaType == "multipart/signed" && len(p.children) > 0:
		c.body(p.children[0])
		for _, child := range p.children[1:] {
			c.attachAll(child)
		}
	case p.mediaType == "multipart/report":
		c.bounce = true
		c.each(p)
	case len(p.children) > 0:
		c.each(p)
	case strings.HasPrefix(p.mediaType, "multipart/") && len(p.body) == 0:
		c.m.defect("empty multipart")
	case isInlineText(p):
		c.inline(p)
	default:
		c.attach(p)
	}
}

func (c *collector) each(p *part) {
	for _, child := range p.children {
		c.body(child)
	}
}

// alternative chooses text/plain unless it is empty or a stub, else the last form that we understand (R23).
func (c *collector) alternative(p *part) {
	chosen, html := choose(p, c.m)
	if html != nil && html != chosen {
		c.keepHTML(html)
	}
	for _, child := range p.children {
		switch {
		case child == chosen, chosen != nil && chosen.mediaType == "text/plain" && child.mediaType == "text/plain" && isInlineText(child):
			c.body(child) // several plain texts: a server added one
		case strings.HasPrefix(child.mediaType, "text/") && child.mediaType != "text/calendar" && child.disposition != "attachment":
			// another form of the same text
		default:
			c.losers(child, chosen)
		}
	}
}

// choose picks the form to read; html is the one to keep for display.
func choose(p *part, m *Message) (chosen, html *part) {
	var plain, other *part
	for _, child := range p.children {
		switch {
		case child.disposition == "attachment":
		case child.mediaType == "text/plain":
			if plain == nil && !isStub(child, p, m) {
				plain = child
			}
		case plain == nil && holds(child, "text/plain") && !holds(child, "text/html"):
			plain = child
		case holds(child, "text/html"):
			html = child
		case strings.HasPrefix(child.mediaType, "text/") && child.mediaType != "text/calendar", len(child.children) > 0:
			other = child
		}
	}
	switch {
	case plain != nil:
		return plain, html
	case html != nil:
		return html, html
	case other != nil:
		return other, html
	}
	for _, child := range p.children {
		if child.mediaType == "text/plain" {
			return child, html
		}
	}
	return nil, html
}

// losers keeps the files of a form that was not chosen: images of the HTML, an invitation.
func (c *collector) losers(p, chosen *part) {
	if len(p.children) == 0 {
		if chosen == nil && isInlineText(p) {
			c.inline(p)
			return
		}
		if !strings.HasPrefix(p.mediaType, "text/") || !isInlineText(p) {
			c.attach(p)
		}
		return
	}
	for _, child := range p.children {
		c.losers(child, p)
	}
}

// related reads the root only (RFC 2387); the other parts belong to it.
func (c *collector) related(p *part) {
	root := p.children[0]
	if start := p.params["start"]; start != "" {
		for _, child := range p.children {
			if string(unfold(first(child.fields, "Content-ID"))) == start {
				root = child
			}
		}
	}
	for _, child := range p.children {
		if child == root || strings.HasPrefix(child.mediaType, "multipart/") {
			c.body(child)
		} else {
			c.attach(child)
		}
	}
}

func (c *collector) attachAll(p *part) {
	if len(p.children) == 0 {
		c.attach(p)
	}
	for _, child := range p.children {
		c.attachAll(child)
	}
}

// isStub: an empty text/plain, or one that says little more than that the reader should see the HTML (R23).
func isStub(p, alternative *part, m *Message) bool {
	if len(p.body) > 2000 {
		return false
	}
	s, _ := decodeCharset(decodeTransfer(p.body, p.encoding, m), p.params["charset"])
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" {
		return true
	}
	if len(s) >= 400 || !containsAny(strings.Join(strings.Fields(s), " "), phrases().stubs) {
		return false
	}
	return 4*wordsBesideExcuse(s) < wordsOfHTML(alternative)
}

// wordsBesideExcuse counts the words of a text outside sentences that excuse the lack of HTML, addresses left out. A
// sentence may be wrapped, not over a blank line.
func wordsBesideExcuse(s string) int {
	n := 0
	for paragraph := range strings.SplitSeq(normalizeLines(s), "\n\n") {
		for sentence := range strings.FieldsFuncSeq(paragraph, func(r rune) bool { return r == '.' || r == '!' || r == '?' || r == '。' }) {
			if containsAny(strings.Join(strings.Fields(sentence), " "), phrases().stubs) {
				continue
			}
			for word := range strings.FieldsSeq(sentence) {
				if !strings.ContainsAny(word, "/@") {
					n++
				}
			}
		}
	}
	return n
}

// wordsOfHTML counts the words of the HTML form, of its beginning when it is long.
func wordsOfHTML(p *part) int {
	leaf := leafOf(p, "text/html")
	if leaf == nil {
		return 0
	}
	body := leaf.body[:min(len(leaf.body), 64<<10)]
	text, _ := decodeCharset(decodeTransfer(body, leaf.encoding, &Message{}), leaf.params["charset"])
	text, _ = htmlToText(text, MaxText)
	return len(strings.Fields(text))
}

// leafOf returns the first part of a media type within p, or nil.
func leafOf(p *part, mediaType string) *part {
	if p.mediaType == mediaType {
		return p
	}
	for _, child := range p.children {
		if leaf := leafOf(child, mediaType); leaf != nil {
			return leaf
		}
	}
	return nil
}

// holds tells whether a part is, or contains as its text, a media type.
func holds(p *part, mediaType string) bool { return leafOf(p, mediaType) != nil }

// isInlineText: text to read, not a file. A name alone makes a file, except for the types that mail bodies have.
func isInlineText(p *part) bool {
	if p.disposition == "attachment" || !strings.HasPrefix(p.mediaType, "text/") {
		return p.mediaType == "text" || p.mediaType == "plain/text"
	}
	switch p.mediaType {
	case "text/plain", "text/html", "text/enriched", "text/richtext", "text/x-html", "text/watch-html":
		return p.filename == ""
	case "text/calendar", "text/rfc822-headers", "text/x-vcard", "text/vcard", "text/directory", "text/css", "text/x-amp-html":
		return false
	}
	return p.filename == "" && p.disposition != "inline"
}

// inline adds the text of a part.
func (c *collector) inline(p *part) {
	raw := decodeTransfer(p.body, p.encoding, c.m)
	limit := MaxText - c.length
	isHTML := p.mediaType == "text/html" || p.mediaType == "text/x-html" || p.mediaType == "text/watch-html"
	if isHTML {
		limit = maxHTML
	} else {
		raw = c.extractUU(raw)
	}
	if len(raw) > limit {
		c.m.beyond("more than 256 kB of text: the rest was not read")
		raw = raw[:max(limit, 0)]
	}
	text := c.decode(raw, p, isHTML)
	var spans []span
	switch {
	case isHTML:
		if source := text; c.m.html == nil {
			c.m.html = func() string { return source }
		}
		text, spans = htmlToText(text, MaxText-c.length)
	case p.mediaType == "text/enriched" || p.mediaType == "text/richtext":
		text, spans = htmlToText(strings.ReplaceAll(enrichedBreaks(text), "<<", "&lt;"), MaxText-c.length)
	default:
		text = normalizeLines(text)
		if strings.EqualFold(p.params["format"], "flowed") {
			text = unflow(text, strings.EqualFold(p.params["delsp"], "yes"))
		}
	}
	if strings.Contains(text, "-----BEGIN PGP") {
		text = c.unarmour(text)
		spans = nil
	}
	c.add(text, spans)
}

func (c *collector) decode(raw []byte, p *part, isHTML bool) string {
	charset := p.params["charset"]
	if isHTML && canonicalCharset(charset) == "" {
		charset = metaCharset(raw)
	}
	text, note := decodeCharset(raw, charset)
	if note != "" {
		c.m.defect(note)
	}
	return text
}

// add appends one text; texts of several parts stand on lines of their own.
func (c *collector) add(text string, spans []span) {
	if c.length > 0 && text != "" && !strings.HasSuffix(c.text[len(c.text)-1], "\n") {
		c.text = append(c.text, "\n")
		c.length++
	}
	for _, s := range spans {
		c.spans = append(c.spans, span{s.start + c.length, s.end + c.length, s.signature})
	}
	if text != "" {
		c.text = append(c.text, text)
		c.length += len(text)
	}
}

// attach keeps a part that is not the text: hashed whole, its text up to the limit; attached messages are read as data.
func (c *collector) attach(p *part) {
	data := decodeTransfer(p.body, p.encoding, c.m)
	sum := sha256.Sum256(data)
	a := Attachment{
		Filename: safeName(p.filename), MediaType: p.mediaType, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:]),
		Inline: p.disposition == "inline" || (p.disposition == "" && first(p.fields, "Content-ID") != nil),
	}
	if strings.HasPrefix(p.mediaType, "text/") {
		a.Text, _ = decodeCharset(data[:min(len(data), MaxText)], p.params["charset"])
		a.Text = normalizeLines(a.Text)
	}
	c.m.Attachments = append(c.m.Attachments, a)
	c.special(p, data)
}

// special reads the attachments that say something about the mail itself.
func (c *collector) special(p *part, data []byte) {
	switch p.mediaType {
	case "message/rfc822", "message/global", "message/news":
		c.attached(data)
	case "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
		c.returned(data)
	case "message/delivery-status", "message/global-delivery-status":
		c.m.Report = append(c.m.Report, parseReport(data)...)
	case "message/partial", "message/external-body":
		c.m.beyond(p.mediaType + " is not supported") // R19
	case "application/ms-tnef", "application/vnd.ms-tnef":
		c.tnef(data)
	}
	if isSMIME(p) {
		c.smime(p, data)
	}
}

func (c *collector) attached(data []byte) {
	if c.depth+1 >= MaxDepth || c.budget.attached <= 0 {
		c.m.beyond("attached messages beyond the limit: not read")
		return
	}
	c.budget.attached--
	inner := c.budget.message(data, c.depth+1)
	c.m.Attached = append(c.m.Attached, inner)
	if c.bounce && c.m.Returned == nil {
		c.m.Returned = &inner.Header
	}
}

// returned reads the header of a returned message (RFC 6522 4).
func (c *collector) returned(data []byte) {
	scratch := &Message{}
	fields, _ := splitFields(data, scratch)
	h := readHeader(fields, "", scratch)
	if c.m.Returned == nil && len(h.Fields) > 0 {
		c.m.Returned = &h
	}
}

// parseReport reads the groups of fields of a delivery status (RFC 3464 2.1), separated by blank lines.
func parseReport(data []byte) []textproto.MIMEHeader {
	var groups []textproto.MIMEHeader
	for len(data) > 0 && len(groups) < MaxParts {
		fields, n := splitFields(data, &Message{})
		if n == 0 { // a line that begins no field: step over it
			_, n = cutLine(data, 0)
		}
		data = data[n:]
		if len(fields) == 0 {
			continue
		}
		group := textproto.MIMEHeader{}
		for _, f := range fields {
			value := f.value[:min(len(f.value), MaxHeaderField)]
			group.Add(clean(f.name), clean(decodeHeaderText(unfold(value), "")))
		}
		groups = append(groups, group)
	}
	return groups
}

// finish joins the text and divides it.
func (c *collector) finish() {
	c.m.Text = clean(strings.Join(c.text, ""))
	if len(c.m.Text) > 0 {
		c.m.split(c.spans, c.budget, c.depth)
	}
}
