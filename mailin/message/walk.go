package message

import (
	"bytes"
	"slices"
	"strings"
)

// part is one MIME entity: a leaf has body, a multipart has children.
type part struct {
	fields      []rawField
	mediaType   string // lower case
	params      map[string]string
	disposition string // lower case: "", inline, attachment
	filename    string
	encoding    string // lower case
	body        []byte // still transfer-encoded; of a multipart: nothing
	children    []*part
}

// walker cuts a mail into parts in one pass: every boundary line is compared with all boundaries that are open, so that
// a missing end costs nothing and the work does not grow with depth.
type walker struct {
	m      *Message
	budget *budget
	data   []byte
	pos    int
	open   []string // boundaries from the outside in
	base   int      // depth of this message within attached ones
}

// entity reads header and body at pos, up to the next line that is a boundary of an enclosing multipart.
func (w *walker) entity(defaultType string, inMultipart bool) *part {
	fields, n := splitFields(w.data[w.pos:], w.m)
	if inMultipart { // a part may end within its header: then a boundary line ended the header above
		fields, n = w.clip(fields, n)
	}
	w.pos += n
	p := newPart(fields, defaultType, w.m)
	if !strings.HasPrefix(p.mediaType, "multipart/") {
		p.body = w.leaf()
		return p
	}
	boundary := p.params["boundary"]
	switch {
	case boundary == "":
		w.m.defect("multipart without boundary: read as text")
		p.mediaType = "text/plain"
		p.body = w.leaf()
		return p
	case w.base+len(w.open) >= MaxDepth:
		w.m.beyond("nested deeper than 20 levels: the rest was not read")
		p.body = w.leaf()
		return p
	}
	w.multipart(p, boundary)
	return p
}

// clip undoes reading over a boundary line that has a colon in it and so looked like a field.
func (w *walker) clip(fields []rawField, n int) ([]rawField, int) {
	for i := range fields {
		if strings.HasPrefix(fields[i].name, "--") {
			at := bytes.LastIndexByte(w.data[w.pos:w.pos+fields[i].at], '\n') + 1
			if level, _ := w.boundary(w.pos + at); level >= 0 {
				return fields[:i], at
			}
		}
	}
	return fields, n
}

// multipart reads the parts between the lines of a boundary (RFC 2046 5.1.1).
func (w *walker) multipart(p *part, boundary string) {
	w.open = append(w.open, boundary)
	own := len(w.open) - 1
	childType := ""
	if p.mediaType == "multipart/digest" {
		childType = "message/rfc822"
	}
	preamble := w.leaf() // normally empty or a hint for old clients
	level, closing := w.boundary(w.pos)
	if level < own && len(bytes.TrimSpace(preamble)) > 0 {
		w.open = w.open[:own]
		w.withoutBoundary(p, preamble)
		return
	}
	for level == own && !closing {
		_, w.pos = cutLine(w.data, w.pos)
		if w.budget.parts <= 0 {
			w.m.beyond("more than 500 parts: the rest was not read")
			w.pos = len(w.data)
			break
		}
		w.budget.parts--
		p.children = append(p.children, w.entity(childType, true))
		level, closing = w.boundary(w.pos)
	}
	w.open = w.open[:own]
	switch {
	case level == own && closing:
		_, w.pos = cutLine(w.data, w.pos)
		w.leaf() // the epilogue is ignored (RFC 2046 5.1.1)
	case len(p.children) > 0 && !w.m.Beyond:
		w.m.defect("final boundary missing")
	}
}

// withoutBoundary reads a multipart whose declared boundary does not occur: with the one that does, else as text.
func (w *walker) withoutBoundary(p *part, body []byte) {
	actual := actualBoundary(body)
	if actual == "" {
		w.m.defect("no part found in a multipart: read as text")
		p.mediaType, p.body = "text/plain", body
		return
	}
	w.m.defect("boundary declared wrongly: the one used was taken")
	inner := &walker{m: w.m, budget: w.budget, data: body, base: w.base + len(w.open)}
	inner.multipart(p, actual)
}

// actualBoundary finds the first line "--x" with a Content- field below it.
func actualBoundary(body []byte) string {
	for pos := 0; pos < len(body); {
		line, next := cutLine(body, pos)
		pos = next
		if len(line) > 2 && bytes.HasPrefix(line, []byte("--")) {
			below, _ := cutLine(body, next)
			if len(below) > 8 && strings.EqualFold(string(below[:8]), "Content-") && looksLikeField(below) {
				return string(bytes.TrimRight(line[2:], " \t"))
			}
		}
	}
	return ""
}

// leaf returns the bytes up to the next line that is an open boundary, and leaves pos at that line.
func (w *walker) leaf() []byte {
	start := w.pos
	if level, _ := w.boundary(w.pos); level >= 0 {
		return nil
	}
	for {
		i := bytes.Index(w.data[w.pos:], []byte("\n--"))
		if i < 0 || len(w.open) == 0 {
			w.pos = len(w.data)
			return w.data[start:w.pos:w.pos]
		}
		w.pos += i + 1
		if level, _ := w.boundary(w.pos); level >= 0 {
			end := w.pos - 1 // the line end belongs to the boundary
			if end > start && w.data[end-1] == '\r' {
				end--
			}
			return w.data[start:end:end]
		}
	}
}

// boundary tells which open multipart the line at pos delimits (-1: none) and whether it closes it.
func (w *walker) boundary(pos int) (level int, closing bool) {
	if len(w.open) == 0 || !bytes.HasPrefix(w.data[pos:], []byte("--")) {
		return -1, false
	}
	line, _ := cutLine(w.data, pos)
	line = line[2:]
	for i, b := range slices.Backward(w.open) {

		if len(line) < len(b) || string(line[:len(b)]) != b {
			continue
		}
		switch rest := line[len(b):]; {
		case len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t': // RFC 2046 5.1.1: what follows is ignored
			return i, false
		case string(rest) == "--" || bytes.HasPrefix(rest, []byte("-- ")) || bytes.HasPrefix(rest, []byte("--\t")):
			return i, true
		}
	}
	return -1, false
}

// newPart interprets the MIME fields of an entity; the first of doubled fields counts (R17).
func newPart(fields []rawField, defaultType string, m *Message) *part {
	p := &part{fields: fields}
	if defaultType == "" {
		defaultType = "text/plain"
	}
	types := 0
	for i := range fields {
		if strings.EqualFold(fields[i].name, "Content-Type") {
			types++
		}
	}
	if types > 1 {
		m.defect("several Content-Type fields: the first was taken")
	}
	p.mediaType, p.params = parseMediaType(first(fields, "Content-Type"))
	if p.mediaType == "" {
		p.mediaType = defaultType
	}
	var dispParams map[string]string
	if v := first(fields, "Content-Disposition"); v != nil {
		p.disposition, dispParams = parseMediaType(v)
	}
	p.filename = dispParams["filename"]
	if p.filename == "" {
		p.filename = p.params["name"]
	}
	enc, _, _ := strings.Cut(string(unfold(first(fields, "Content-Transfer-Encoding"))), ";")
	p.encoding = strings.ToLower(strings.Trim(enc, "\" \t"))
	if i := strings.IndexAny(p.encoding, " ("); i > 0 {
		p.encoding = p.encoding[:i]
	}
	return p
}

// headerCharset is what raw 8-bit header bytes are probably in: the charset of the first text part (R21), as it turns
// out to be rather than as it is declared.
func (p *part) headerCharset() string {
	text := p.firstText()
	if text == nil {
		return ""
	}
	declared := text.params["charset"]
	for i := range p.fields {
		if isASCIIBytes(p.fields[i].value) {
			continue
		}
		sample := decodeTransfer(text.body[:min(len(text.body), guessSample)], text.encoding, &Message{})
		if name := effectiveCharset(sample, canonicalCharset(declared)); name != "" {
			return name
		}
		break
	}
	return declared
}

func (p *part) firstText() *part {
	if len(p.children) == 0 && strings.HasPrefix(p.mediaType, "text/") {
		return p
	}
	for _, c := range p.children {
		if t := c.firstText(); t != nil {
			return t
		}
	}
	return nil
}
