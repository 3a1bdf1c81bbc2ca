package reading

import (
	"slices"
	"strings"
	"unicode"
)

// labelOf is the label that a column's head or a key stands for, catNone where
// it is none: "Org name *", "contact_name", "jobTitle".
func (x *lexicon) labelOf(s string) category {
	if len(s) > 80 {
		return catNone
	}
	var words []splitToken
	for _, t := range x.split(unkey(s)) {
		if r := []rune(t.text); len(r) > 0 && (unicode.IsLetter(r[0]) || r[0] == '/') {
			words = append(words, t)
		}
	}
	node := rootPhrases
	for _, w := range words {
		id, ok := x.words[w.text]
		if !ok {
			return catNone
		}
		if node, ok = x.edges[uint64(node)<<32|uint64(id)]; !ok {
			return catNone
		}
	}
	best := catNone
	for _, e := range x.endings[node] {
		if cat := x.patterns[e.pattern].category; labelCategories>>cat&1 == 1 && node >= roots && (best == catNone || cat < best) {
			best = cat
		}
	}
	return best
}

// unkey parts the words of a program's key: "orgName", "org_name", "org-name".
func unkey(s string) string {
	var b strings.Builder
	lower := false
	for _, r := range s {
		switch {
		case r == '_' || r == '-' && !strings.Contains(s, " "):
			r = ' '
		case lower && unicode.IsUpper(r):
			b.WriteByte(' ')
		}
		lower = unicode.IsLower(r)
		b.WriteRune(r)
	}
	return b.String()
}

// span is a part of a page's text, in bytes.
type span struct{ start, end int }

// field is the tokens within a span, without quotation marks around them.
func (p *page) field(s span) field {
	a, _ := slices.BinarySearchFunc(p.toks, int32(s.start), func(t token, at int32) int { return int(t.start - at) })
	b, _ := slices.BinarySearchFunc(p.toks, int32(s.end), func(t token, at int32) int { return int(t.start - at) })
	for a < b && p.toks[a].mark == '"' && p.closing(a, b) == b-1 {
		a, b = a+1, b-1
	}
	return field{page: p, a: a, b: b}
}

// cells parts a line at a separator; CSV's quotes hold a cell together (RFC 4180).
// A gap is two spaces or more.
func cells(text string, line span, sep rune) []span {
	var out []span
	start, quoted := line.start, false
	for i, r := range text[line.start:line.end] {
		at := line.start + i
		switch {
		case r == '"' && (quoted || strings.TrimSpace(text[start:at]) == ""):
			quoted = !quoted
		case quoted:
		case r == sep && sep != ' ', sep == ' ' && r == ' ' && strings.HasPrefix(text[at:line.end], "  ") && at > start && text[at-1] != ' ':
			out = append(out, trimSpan(text, span{start, at}))
			start = at + 1
		}
	}
	out = append(out, trimSpan(text, span{start, line.end}))
	if sep == '|' { // a frame is no cell
		if len(out) > 1 && out[0].start == out[0].end {
			out = out[1:]
		}
		if n := len(out); n > 1 && out[n-1].start == out[n-1].end {
			out = out[:n-1]
		}
	}
	return out
}

func trimSpan(text string, s span) span {
	inner := strings.TrimLeft(text[s.start:s.end], " \t\r")
	s.start = s.end - len(inner)
	s.end = s.start + len(strings.TrimRight(inner, " \t\r"))
	return s
}

// textLines are the lines of a text.
func textLines(text string) []span {
	var out []span
	for start := 0; start < len(text); {
		end := strings.IndexByte(text[start:], '\n')
		if end < 0 {
			end = len(text) - start
		}
		out = append(out, span{start, start + end})
		start += end + 1
	}
	return out
}

// grid reads tables: a line of labels and the rows below it, their cells parted
// by tabs, semicolons, bars, commas or wide gaps.
func (p *page) grid() []record {
	var out []record
	if !p.labelled() {
		return nil
	}
	lines := textLines(p.text)
	labels := p.labelsByLine(lines)
	for n := 0; n < len(lines); n++ {
		if labels[n] < 2 {
			continue
		}
		sep, heads := p.heads(lines[n])
		if heads == nil {
			continue
		}
		for n+1 < len(lines) {
			row := cells(p.text, lines[n+1], sep)
			if len(row) < 2 || len(row) > len(heads)+1 {
				if rule := strings.Trim(p.text[lines[n+1].start:lines[n+1].end], "-=+|: \r"); rule == "" && lines[n+1].end > lines[n+1].start+2 {
					n++ // "-----+-----" below the heads
					continue
				}
				break
			}
			n++
			var r record
			for i, s := range row[:min(len(row), len(heads))] {
				if f := r.slot(heads[i]); f != nil && f.empty() {
					*f = p.field(s)
				}
			}
			if r != (record{}) {
				out = append(out, r)
			}
			if len(out) >= 60 {
				return out
			}
		}
	}
	return out
}

// labelled reports a label for an organization or a person anywhere.
func (p *page) labelled() bool {
	return slices.ContainsFunc(p.hits, func(h hit) bool { return h.category == catLabelOrganization || h.category == catLabelPerson })
}

// labelsByLine counts the labels that begin on each line.
func (p *page) labelsByLine(lines []span) []int {
	out := make([]int, len(lines))
	n := 0
	for _, h := range p.hits {
		if labelCategories>>h.category&1 == 0 {
			continue
		}
		at := int(p.toks[h.a].start)
		for n+1 < len(lines) && lines[n].end < at {
			n++
		}
		out[n]++
	}
	return out
}

// heads reads a line of labels; nil where it is none.
func (p *page) heads(line span) (rune, []category) {
	if line.end-line.start > 400 || line.end-line.start < 6 {
		return 0, nil
	}
	for _, sep := range []rune{'\t', ';', '|', ',', ' '} {
		if !strings.ContainsRune(p.text[line.start:line.end], sep) {
			continue
		}
		row := cells(p.text, line, sep)
		if len(row) < 2 {
			continue
		}
		var heads []category
		known := map[category]bool{}
		for _, s := range row {
			cat := p.lex.labelOf(p.text[s.start:s.end])
			heads = append(heads, cat)
			if cat != catNone {
				known[cat] = true
			}
		}
		if len(known) >= 2 && len(known)*2 >= len(row) && (known[catLabelOrganization] || known[catLabelPerson]) {
			return sep, heads
		}
	}
	return 0, nil
}

// keyed reads what programs write: "org_name": "X" and org_name=X.
func (p *page) keyed() []record {
	if !strings.ContainsAny(p.text, "{=_") {
		return nil
	}
	var out []record
	var now record
	for at := 0; at < len(p.text) && len(out) < 60; {
		i := strings.IndexAny(p.text[at:], ":=")
		if i < 0 {
			break
		}
		i += at
		at = i + 1
		key := p.key(i)
		if key == "" {
			continue
		}
		f := now.slot(p.lex.labelOf(key))
		value := p.value(i + 1)
		if f == nil || value.start >= value.end {
			continue
		}
		if !f.empty() {
			out, now = append(out, now), record{}
			f = now.slot(p.lex.labelOf(key))
		}
		*f = p.field(value)
		at = value.end
	}
	if now != (record{}) {
		out = append(out, now)
	}
	return out
}

// key is the quoted or joined word before byte i, "" where there is none.
func (p *page) key(i int) string {
	before := strings.TrimRight(p.text[max(0, i-60):i], " ")
	if rest, ok := strings.CutSuffix(before, `"`); ok {
		if open := strings.LastIndexByte(rest, '"'); open >= 0 {
			return rest[open+1:]
		}
		return ""
	}
	start := strings.LastIndexFunc(before, func(r rune) bool { return !unicode.IsLetter(r) && r != '_' }) + 1
	if word := before[start:]; strings.Contains(word, "_") {
		return word
	}
	return ""
}

// value is what stands behind a key: a quoted string, or the rest of the line.
func (p *page) value(i int) span {
	for i < len(p.text) && (p.text[i] == ' ' || p.text[i] == '\t') {
		i++
	}
	if i < len(p.text) && p.text[i] == '"' {
		if end := strings.IndexByte(p.text[i+1:], '"'); end >= 0 && end < 400 {
			return span{i + 1, i + 1 + end}
		}
		return span{}
	}
	end := strings.IndexAny(p.text[i:], "\n,}&")
	if end < 0 {
		end = len(p.text) - i
	}
	return trimSpan(p.text, span{i, i + min(end, 400)})
}
