package message

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// span is a half-open range of byte offsets.
type span struct {
	start, end int
	signature  bool // of a signature, not of quoted mail
}

// metaCharset finds a charset in the first kilobytes of HTML (R22, step 3).
func metaCharset(raw []byte) string {
	head := bytes.ToLower(raw[:min(len(raw), 2048)])
	_, after, ok := bytes.Cut(head, []byte("charset="))
	if !ok {
		return ""
	}
	rest := bytes.TrimLeft(after, "\"' ")
	if end := bytes.IndexAny(rest, "\"'> ;/"); end >= 0 {
		return string(rest[:end])
	}
	return ""
}

// htmlWriter turns a stream of HTML tokens into text. It keeps its own stack, so that its work is linear in the input.
type htmlWriter struct {
	out        strings.Builder
	limit      int
	stack      []element
	counts     map[string]int // open elements by name
	skip       int            // depth of elements that are not shown
	pre        int
	quotes     int // depth of blockquotes
	lineQuotes int // … of the line last begun
	quoted     int // depth of containers that clients put quotes in
	spanAt     int
	signed     int // depth of containers of signatures
	signAt     int
	spans      []span
	newlines   int // pending line ends
	space      bool
	lineBegun  bool
	marker     string // list marker to write before the next text
	href       []string
	hrefAt     []int
}

type element struct {
	name                            string
	hidden, pre, quote, qspan, sign bool
	link                            bool
}

// htmlToText renders HTML (R25): block elements break lines, lists get "- ", table cells are separated, links keep their
// address, blockquotes become "> ". Scripts, styles and what is hidden go. The spans are what clients mark as quoted mail.
func htmlToText(s string, limit int) (string, []span) {
	w := &htmlWriter{limit: limit, counts: map[string]int{}}
	w.out.Grow(min(len(s)/2, limit))
	z := html.NewTokenizer(strings.NewReader(s))
	for w.out.Len() < limit {
		switch z.Next() {
		case html.ErrorToken:
			return w.finish()
		case html.TextToken:
			if w.skip == 0 {
				w.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			w.start(z)
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(string(name))
		}
	}
	return w.finish()
}

func (w *htmlWriter) finish() (string, []span) {
	if w.quoted > 0 {
		w.spans = append(w.spans, span{w.spanAt, w.out.Len(), false})
	}
	if w.signed > 0 {
		w.spans = append(w.spans, span{w.signAt, w.out.Len(), true})
	}
	return w.out.String(), w.spans
}

var voidElements = map[string]bool{
	"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true, "input": true, "link": true,
	"meta": true, "param": true, "source": true, "track": true, "wbr": true,
}

func (w *htmlWriter) start(z *html.Tokenizer) {
	nameBytes, more := z.TagName()
	name := string(nameBytes)
	e := element{name: name}
	var a attributes
	if more {
		a.read(z)
	}
	e.hidden = a.hidden
	switch name {
	case "br":
		w.br()
		return
	case "hr":
		w.block(1)
		return
	case "script", "style", "head", "title", "noscript", "template", "object", "svg", "select":
		e.hidden = true
	case "blockquote":
		e.quote = !isIndent(a.style)
	case "pre", "listing", "textarea", "nofill":
		e.pre = true
	case "a":
		e.link = true
		w.href, w.hrefAt = append(w.href, a.href), append(w.hrefAt, w.out.Len())
	case "li":
		w.block(1)
		w.marker = "- "
	case "td", "th":
		w.cell()
	case "body": // a body tag inside a head that was never closed
		w.closeTo("head")
	}
	if voidElements[name] {
		return
	}
	e.hidden = e.hidden || isHidden(a.style)
	e.qspan = isQuoteContainer(name, &a)
	e.sign = isSignature(&a)
	w.block(breaks(name))
	w.push(e)
}

// push opens an element. Beyond a generous depth elements are only text: nothing real nests so deep.
func (w *htmlWriter) push(e element) {
	if len(w.stack) >= 10000 {
		return
	}
	if e.hidden {
		w.skip++
	}
	if e.pre {
		w.pre++
	}
	if e.quote {
		w.quotes++
	}
	if e.qspan {
		if w.quoted == 0 {
			w.block(1)
			w.spanAt = w.out.Len()
		}
		w.quoted++
	}
	if e.sign {
		if w.signed == 0 {
			w.block(1)
			w.signAt = w.out.Len()
		}
		w.signed++
	}
	w.stack = append(w.stack, e)
	w.counts[e.name]++
}

// end closes the innermost element of that name and what is open inside it; a tag that closes nothing is ignored.
func (w *htmlWriter) end(name string) {
	if name == "p" || name == "br" {
		w.block(breaks(name))
	}
	if w.counts[name] == 0 {
		return
	}
	w.closeTo(name)
}

func (w *htmlWriter) closeTo(name string) {
	if w.counts[name] == 0 {
		return
	}
	for len(w.stack) > 0 {
		e := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		w.pop(e)
		if e.name == name {
			return
		}
	}
}

func (w *htmlWriter) pop(e element) {
	w.counts[e.name]--
	if e.link {
		w.closeLink()
	}
	w.block(breaks(e.name))
	if e.hidden {
		w.skip--
	}
	if e.pre {
		w.pre--
	}
	if e.quote {
		w.quotes--
	}
	if e.qspan {
		if w.quoted--; w.quoted == 0 {
			w.spans = append(w.spans, span{w.spanAt, w.out.Len(), false})
		}
	}
	if e.sign {
		if w.signed--; w.signed == 0 {
			w.spans = append(w.spans, span{w.signAt, w.out.Len(), true})
		}
	}
}

// closeLink writes the address behind a link text that does not show it.
func (w *htmlWriter) closeLink() {
	n := len(w.href) - 1
	href, at := strings.TrimSpace(w.href[n]), w.hrefAt[n]
	w.href, w.hrefAt = w.href[:n], w.hrefAt[:n]
	href = strings.TrimPrefix(href, "mailto:")
	if w.skip > 0 || href == "" || len(href) > 300 || href[0] == '#' || !strings.ContainsAny(href, ".@") || at >= w.out.Len() {
		return
	}
	bare := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(href, "https://"), "http://"), "/")
	if len(w.out.String()[at:]) < 2000 && !strings.Contains(w.out.String()[at:], bare) {
		w.text(" (" + href + ")")
	}
}

// breaks is how many line ends stand around a block element: 2 leaves a blank line.
func breaks(name string) int {
	switch atom.Lookup([]byte(name)) {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Dl, atom.Blockquote, atom.Pre, atom.Table:
		return 2
	case atom.Div, atom.Tr, atom.Li, atom.Dt, atom.Dd, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Address, atom.Center,
		atom.Form, atom.Fieldset, atom.Body, atom.Html, atom.Title, atom.Main, atom.Aside, atom.Nav, atom.Figure, atom.Hr, atom.Caption:
		return 1
	}
	return 0
}

// block asks for n line ends before the next text.
func (w *htmlWriter) block(n int) {
	if n == 0 || w.skip > 0 {
		return
	}
	if !w.lineBegun {
		n = min(n, 2)
	}
	w.newlines = max(w.newlines, n)
	w.space = false
}

// br ends a line; several make blank lines.
func (w *htmlWriter) br() {
	if w.skip > 0 {
		return
	}
	w.newlines = min(w.newlines+1, 3)
	w.space = false
}

func (w *htmlWriter) cell() {
	if w.skip == 0 && w.lineBegun && w.newlines == 0 {
		w.out.WriteString("\t")
		w.space = false
	}
}

// text writes character data: white space collapses, except in pre.
func (w *htmlWriter) text(s string) {
	s = html.UnescapeString(s)
	if w.pre > 0 {
		for i, line := range strings.Split(normalizeLines(s), "\n") {
			if i > 0 {
				w.newlines++
			}
			if line != "" {
				w.begin()
				w.out.WriteString(line)
			}
		}
		return
	}
	for len(s) > 0 {
		i := strings.IndexAny(s, " \t\r\n\u00a0\u200b\ufeff\u00ad") // not U+200C: Persian words need it
		word := s
		if i >= 0 {
			word = s[:i]
		}
		if word != "" {
			w.begin()
			if w.space {
				w.out.WriteByte(' ')
				w.space = false
			}
			w.out.WriteString(word)
		}
		if i < 0 {
			return
		}
		s = s[i:]
		n, space := blank(s, w.space, w.lineBegun && w.newlines == 0)
		w.space = space
		s = s[n:]
	}
}

// blank measures one white space character; soft hyphens and zero-width characters separate nothing.
func blank(s string, space, inLine bool) (int, bool) {
	switch {
	case strings.HasPrefix(s, "\u00a0"):
		return len("\u00a0"), inLine
	case s[0] >= 0x80:
		for i := range s {
			if i > 0 {
				return i, space
			}
		}
		return len(s), space
	}
	return 1, inLine
}

// begin writes pending line ends and the quote marks of a new line.
func (w *htmlWriter) begin() {
	if w.newlines > 0 {
		if w.out.Len() > 0 {
			for range w.newlines - 1 {
				w.out.WriteByte('\n')
				w.out.WriteString(strings.TrimSuffix(marks(min(w.quotes, w.lineQuotes)), " "))
			}
			w.out.WriteByte('\n')
		}
		w.newlines, w.lineBegun = 0, false
	}
	if !w.lineBegun {
		w.out.WriteString(marks(w.quotes))
		w.lineQuotes = w.quotes
		w.lineBegun, w.space = true, false
	}
	if w.marker != "" {
		w.out.WriteString(w.marker)
		w.marker = ""
	}
}

// marks are the quote marks of a depth.
func marks(depth int) string {
	if depth == 0 {
		return ""
	}
	return strings.Repeat(">", min(depth, 20)) + " "
}

// enrichedBreaks: in text/enriched (RFC 1896) one line end is a space and two are one line end.
func enrichedBreaks(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(normalizeLines(s), "\n\n", "<br>"), "\n", " ")
}
