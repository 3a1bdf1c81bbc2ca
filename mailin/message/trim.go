package message

import (
	"slices"
	"strings"
)

// lineKind is what a line of the text is to its reader.
type lineKind uint8

const (
	lineNew lineKind = iota
	lineQuoted
	lineSignature
)

// trimmer classifies the lines of a text in one pass downwards with a bounded look around each line, so that its work
// is linear. Trimming is a view (R30): the whole text stays in Message.Text.
type trimmer struct {
	lines  []string
	folded []string // of low
	kinds  []lineKind
	phrase *phraseTables
	spans  []bool // line stands in a container that HTML marks as quoted
	signed []bool // … as signature
	found  []forward

	nextEnd   []int // of each line: the next one that may end an attribution
	openUntil int   // lines above this one stand in a container that answers were written into

	recipients []Address // whom the mail is addressed to
	doubt      bool      // text was kept as new that may be a quote
}

// forward is a mail inside the text: header lines and body, by line numbers.
type forward struct {
	header, body, end int
	marked            bool // behind quote marks
}

// split divides the text into what is new, quoted and signature (R29). Where in doubt a line stays new: a correction
// lost is worse than a quote kept.
func (m *Message) split(spans []span, b *budget, depth int) {
	t := &trimmer{lines: strings.Split(m.Text, "\n"), phrase: phrases(), recipients: slices.Concat(m.Header.To, m.Header.Cc)}
	t.kinds = make([]lineKind, len(t.lines))
	t.spans, t.signed = t.markSpans(spans, false), t.markSpans(spans, true)
	t.quotes()
	t.signatures()
	if t.doubt {
		m.defect("text below an attribution has no quote marks: kept as new")
	}
	m.New, m.Quoted, m.Signature = t.join(lineNew), t.join(lineQuoted), t.join(lineSignature)
	for _, f := range t.found {
		m.addForward(t, f, b, depth)
	}
}

// join returns the lines of one kind, without blank lines at both ends.
func (t *trimmer) join(kind lineKind) string {
	var out strings.Builder
	out.Grow(t.sizeOf(kind))
	blank := 0
	for i, line := range t.lines {
		if t.kinds[i] != kind {
			continue
		}
		line = strings.TrimRight(line, " \t\u00a0")
		if line == "" {
			blank++
			continue
		}
		if out.Len() > 0 {
			for range min(blank, 2) + 1 {
				out.WriteByte('\n')
			}
		}
		blank = 0
		out.WriteString(line)
	}
	return out.String()
}

func (t *trimmer) sizeOf(kind lineKind) int {
	n := 0
	for i, line := range t.lines {
		if t.kinds[i] == kind {
			n += len(line) + 1
		}
	}
	return n
}

// markSpans turns the byte offsets of quote containers, or of signatures, into lines; nil when there are none.
func (t *trimmer) markSpans(all []span, signature bool) []bool {
	var spans []span
	for _, s := range all {
		if s.signature == signature {
			spans = append(spans, s)
		}
	}
	if len(spans) == 0 {
		return nil
	}
	marked := make([]bool, len(t.lines))
	pos, next := 0, 0
	for i, line := range t.lines {
		for next < len(spans) && spans[next].end <= pos {
			next++
		}
		marked[i] = next < len(spans) && pos+len(line) > spans[next].start && spans[next].start <= pos+1
		pos += len(line) + 1
	}
	return marked
}

// quotes finds quoted lines from the top downwards.
func (t *trimmer) quotes() {
	t.nextEnd = make([]int, len(t.lines)+1)
	t.nextEnd[len(t.lines)] = len(t.lines) + maxAttribution
	for i := len(t.lines) - 1; i >= 0; i-- {
		t.nextEnd[i] = t.nextEnd[i+1]
		if endsAttribution(trimEdges(t.lines[i])) {
			t.nextEnd[i] = i
		}
	}
	for i := 0; i < len(t.lines); {
		line := strings.TrimSpace(t.lines[i])
		switch {
		case line == "":
			i++
		case t.isEscapedFrom(i):
			i++
		case isMarked(t.lines[i]):
			i = t.markedRegion(i)
		default:
			i = t.unmarked(i, line)
		}
	}
}

// unmarked looks at a line without a quote mark: a separator ends the new text there. It returns where to go on.
func (t *trimmer) unmarked(i int, line string) int {
	if kind := t.separator(line); kind != notSeparator {
		return t.rest(i, i+1, kind)
	}
	if t.titledBelow(i, line) {
		return t.rest(i, i+2, isOriginal)
	}
	if t.headerBlock(i) {
		return t.rest(i, i, isHeaderBlock)
	}
	if end := t.attribution(i, line); end > i {
		return t.attributed(i, end)
	}
	if t.spans != nil && t.spans[i] && i >= t.openUntil {
		return t.span(i)
	}
	return i + 1
}

// titledBelow: a rule, and on the line below it what else stands between dashes.
func (t *trimmer) titledBelow(i int, line string) bool {
	return i+1 < len(t.lines) && len(line) >= 3 && strings.Trim(line, line[:1]) == "" && strings.ContainsAny(line[:1], "-_=*") &&
		t.phrase.original[strings.Trim(t.low(i+1), "*_ :")]
}

// rest takes everything from a separator on: what stands below "Original Message" or a header block carries no marks.
func (t *trimmer) rest(from, below int, kind separatorKind) int {
	start := from
	for start > 0 && isRule(t.lines[start-1]) { // Outlook draws a line above the block
		start--
	}
	t.quote(start, len(t.lines))
	for below < len(t.lines) && strings.TrimSpace(t.lines[below]) == "" {
		below++
	}
	if below < len(t.lines) && (kind != isOriginal || t.headerLine(t.lines[below]) != headerWord{}) {
		if body := t.headerEnd(below); body > below {
			t.found = append(t.found, forward{header: below, body: body, end: len(t.lines), marked: isMarked(t.lines[below])})
		}
	}
	return len(t.lines)
}

// attributed handles "On … wrote:" on lines [from,end). With quote marks below only the marked lines are taken, since
// an answer may stand under them; without marks nobody can tell where the quote ends, so it goes to the end, if a client
// wrote the line.
func (t *trimmer) attributed(from, end int) int {
	next := end
	for next < len(t.lines) && strings.TrimSpace(t.lines[next]) == "" {
		next++
	}
	if next < len(t.lines) && (isMarked(t.lines[next]) || isBar(t.lines[next])) {
		t.quote(from, next)
		return t.markedRegion(next)
	}
	switch {
	case !t.certain(from, end):
		return from + 1
	case t.foreign(from, end):
		t.quote(from, end)
		t.doubt = true
		return end
	}
	t.quote(from, len(t.lines))
	return len(t.lines)
}

// markedRegion takes a run of lines with quote marks and the blank lines between them.
func (t *trimmer) markedRegion(i int) int {
	start, end := i, i
	for j := i; j < len(t.lines); j++ {
		switch {
		case isMarked(t.lines[j]) || isBar(t.lines[j]) && (j == i || isBar(t.lines[j-1])):
			end = j + 1
		case strings.TrimSpace(t.lines[j]) == "":
		default:
			j = len(t.lines)
		}
	}
	t.quote(start, end)
	t.answersInside(start)
	t.markedForward(start, end)
	return end
}

// answersInside: where marked lines stand inside a container of HTML, unmarked lines below them in it are answers.
func (t *trimmer) answersInside(start int) {
	if t.spans == nil || !t.spans[start] || start < t.openUntil {
		return
	}
	end := start
	for end < len(t.lines) && (t.spans[end] || strings.TrimSpace(unmark(t.lines[end])) == "") {
		end++
	}
	t.openUntil = end
}

// markedForward sees a forwarded mail behind quote marks, as Apple Mail writes it.
func (t *trimmer) markedForward(start, end int) {
	if len(t.found) > 0 {
		return
	}
	seen := 0
	for i := start; i < end && seen < 3; i++ {
		line := strings.TrimSpace(unmark(t.lines[i]))
		if line == "" {
			continue
		}
		seen++
		if (t.headerLine(line) != headerWord{}) && t.headerBlock(i) {
			t.found = append(t.found, forward{header: i, body: min(t.headerEnd(i), end), end: end, marked: true})
			return
		}
	}
}

// span takes lines of an HTML quote container: those above the first marked line, or all where none is marked.
func (t *trimmer) span(i int) int {
	end, marked := i, false
	for end < len(t.lines) && (t.spans[end] || strings.TrimSpace(t.lines[end]) == "") && !marked {
		if marked = isMarked(t.lines[end]); !marked {
			end++
		}
	}
	t.quote(i, end)
	return max(end, i+1)
}

func (t *trimmer) quote(from, to int) {
	for i := from; i < to; i++ {
		t.kinds[i] = lineQuoted
	}
}

// isMarked: ">" at the start, or initials before it ("JS> "), as some clients mark quotes.
func isMarked(line string) bool {
	letters := 0
	for i := range len(line) {
		switch c := line[i]; {
		case c == '>':
			return letters == 0 || line[0] >= 'A' && line[0] <= 'Z'
		case (c == ' ' || c == '\t') && letters == 0:
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
			if letters++; letters > 3 || letters <= i {
				return false
			}
		default:
			return letters == 0 && strings.HasPrefix(line[i:], "＞")
		}
	}
	return false
}

// isEscapedFrom: ">From " alone among lines without marks is what mbox files make of a line of text that begins "From ".
func (t *trimmer) isEscapedFrom(i int) bool {
	return strings.HasPrefix(t.lines[i], ">From ") && (i == 0 || !isMarked(t.lines[i-1])) && (i+1 == len(t.lines) || !isMarked(t.lines[i+1]))
}

// isBar: a quote marked with a bar, which only counts below an attribution.
func isBar(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " "), "|") }

// unmark takes one level of quote marks off.
func unmark(line string) string {
	line = strings.TrimLeft(line, " \t")
	for _, mark := range [...]string{">", "＞"} {
		if rest, ok := strings.CutPrefix(line, mark); ok {
			return strings.TrimPrefix(rest, " ")
		}
	}
	return line
}

// isRule: a line of at least five equal marks and nothing else, with spaces around it.
func isRule(line string) bool {
	line = strings.Trim(line, " \t*")
	return len(line) >= 5 && strings.Trim(line, line[:1]) == "" && strings.ContainsAny(line[:1], "-_=")
}
