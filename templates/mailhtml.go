package templates

import (
	"html/template"
	"strings"
)

// What the sections, blocks and lines of a mail look like in HTML. They are written
// here rather than in layout.html, since a mail has dozens of lines and a template
// takes a microsecond or two for each value.
const (
	sectionStyle = "padding:24px 24px 20px;text-align:start;font-family:Georgia,'Noto Serif',serif;font-size:17px;line-height:1.55;color:#13171d"
	sectionRule  = ";border-top:1px solid #d7dbde" // between two languages

	namesBegin = `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 18px"><tr><td class="rule" style="border-bottom:2px solid #2a35a5;padding:0 0 10px">` + "\n"
	nameBegin  = `<strong class="ink" style="font-size:20px;line-height:1.4;color:#13171d"><bdi>`
	nameEnd    = `</bdi></strong>`
	placeBegin = `<span class="ink2" style="font-family:Arial,'Noto Sans',sans-serif;font-size:14px;color:#434b56"><bdi>`
	placeEnd   = `</bdi></span>`
	namesEnd   = "\n</td></tr></table>\n"

	quoteBegin = `<blockquote class="ink2 rule" dir="auto" style="margin:0 0 18px;padding:0 0 0 14px;border-left:2px solid #7d8690;color:#434b56">` + "\n"
	quoteEnd   = "\n</blockquote>\n"

	pointsBegin = `<div style="margin:0 0 16px">` + "\n"
	pointBegin  = `<p style="margin:0 0 8px;padding-inline-start:1.4em;text-indent:-1.4em"><strong style="display:inline-block;width:1.15em;text-indent:0">`
	pointNumber = `</strong> `
	pointEnd    = "</p>\n"
	pointsEnd   = "</p>\n</div>\n"

	textBegin = `<p style="margin:0 0 16px">` + "\n"
	textEnd   = "\n</p>\n"

	linkBegin = `<a href="`
	linkStyle = `" class="blue" style="font-family:Arial,'Noto Sans',sans-serif;font-size:15px;color:#2a35a5;word-break:break-all" dir="ltr">`
	linkEnd   = `</a>`
	newLine   = "<br>\n"
)

// htmlWriter writes the sections of a mail. Whatever is not one of the constants
// above goes through escaped.
type htmlWriter struct{ b strings.Builder }

// escaped writes text as text, also where an attribute in double quotes holds it.
func (w *htmlWriter) escaped(text string) {
	if !strings.ContainsAny(text, "<>&'\"\x00") {
		w.b.WriteString(text)
		return
	}
	template.HTMLEscape(&w.b, []byte(text))
}

func (w *htmlWriter) section(s section, first bool) {
	w.b.WriteString(`<tr><td lang="`)
	w.escaped(s.Lang)
	w.b.WriteString(`" dir="`)
	w.escaped(s.Dir)
	w.b.WriteString(`" class="ink" style="` + sectionStyle)
	if !first {
		w.b.WriteString(sectionRule)
	}
	w.b.WriteString("\">\n")
	for _, b := range s.Blocks {
		w.block(b)
	}
	w.b.WriteString("</td></tr>\n")
}

func (w *htmlWriter) block(b block) {
	switch b.Kind {
	case "names":
		w.lines(b, namesBegin, namesEnd, w.name)
	case "quote":
		w.lines(b, quoteBegin, quoteEnd, func(l line) { w.escaped(l.Text) })
	case "points":
		w.points(b)
	default:
		w.lines(b, textBegin, textEnd, w.text)
	}
}

func (w *htmlWriter) lines(b block, begin, end string, write func(line)) {
	w.b.WriteString(begin)
	for i, l := range b.Lines {
		if i > 0 {
			w.b.WriteString(newLine)
		}
		write(l)
	}
	w.b.WriteString(end)
}

func (w *htmlWriter) name(l line) {
	begin, end := placeBegin, placeEnd
	if l.First {
		begin, end = nameBegin, nameEnd
	}
	w.b.WriteString(begin)
	w.escaped(l.Text)
	w.b.WriteString(end)
}

func (w *htmlWriter) points(b block) {
	w.b.WriteString(pointsBegin)
	for i, l := range b.Lines {
		switch {
		case l.Number == "":
			w.b.WriteString(newLine)
		case i > 0:
			w.b.WriteString(pointEnd)
			fallthrough
		default:
			w.b.WriteString(pointBegin)
			w.escaped(l.Number)
			w.b.WriteString(pointNumber)
		}
		w.text(l)
	}
	w.b.WriteString(pointsEnd)
}

// text writes a line with the address of a page at its end, which linkAtEnd lets
// through only if it is http or https.
func (w *htmlWriter) text(l line) {
	w.escaped(l.Text)
	if l.URL == "" {
		return
	}
	if l.Text != "" {
		w.b.WriteByte(' ')
	}
	w.b.WriteString(linkBegin)
	w.escaped(l.URL)
	w.b.WriteString(linkStyle)
	w.escaped(l.URL)
	w.b.WriteString(linkEnd)
}
