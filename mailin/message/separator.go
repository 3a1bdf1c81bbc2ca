package message

import "strings"

type separatorKind uint8

const (
	notSeparator separatorKind = iota
	isOriginal
	isForwarded
	isHeaderBlock
)

// separator recognises "----- Original Message -----" and its kin. Dashes are needed, except for the phrases that
// cannot be anything else and end in a colon ("Begin forwarded message:").
func (t *trimmer) separator(line string) separatorKind {
	if len(line) > 160 {
		return notSeparator
	}
	core := strings.Trim(line, "-_*=~<> \t—–")
	dashed := len(line)-len(core) >= 4 && strings.ContainsAny(line[:1], "-_*=~—–")
	colon := strings.HasSuffix(core, ":")
	if !dashed && !colon || len(core) < 4 {
		return notSeparator
	}
	core = strings.ToLower(strings.TrimRight(core, ": "))
	switch {
	case t.phrase.forwarded[core]:
		return isForwarded
	case t.phrase.original[core]:
		if dashed {
			return isOriginal
		}
	case dashed:
		for phrase := range strings.SplitSeq("forwarded by|forwarded message from|weitergeleitet von", "|") {
			if strings.HasPrefix(core, phrase) {
				return isForwarded
			}
		}
	}
	return notSeparator
}

// headerLine tells what a line like "From: …" or "*Gesendet:* …" is; zero when it is none.
func (t *trimmer) headerLine(line string) headerWord {
	line = strings.TrimLeft(unmark(line), " \t*>|")
	i := strings.Index(line[:min(len(line), 48)], ":")
	width := 1
	if j := strings.Index(line[:min(len(line), 48)], "："); j >= 0 && (i < 0 || j < i) {
		i, width = j, len("：")
	}
	if i <= 0 || i+width > len(line) {
		return headerWord{}
	}
	return t.phrase.headers[strings.ToLower(strings.Trim(line[:i], "* \t\u00a0"))]
}

// headerBlock tells whether a block of header lines begins at i: a From line (or the date above it) and, within the next
// lines, two others of date, recipient and subject. Names wrap, and HTML leaves blank lines between them.
func (t *trimmer) headerBlock(i int) bool {
	have := t.headerLine(t.lines[i])
	if !have.from && !have.sent {
		return false
	}
	if t.valueOf(i) == "" {
		return false
	}
	from, sent, to, subject := have.from, !have.from && have.sent, false, false
	strange := 0
	for j := i + 1; j < len(t.lines) && j < i+14 && strange < 3; j++ {
		if strings.TrimSpace(unmark(t.lines[j])) == "" {
			continue
		}
		h := t.headerLine(t.lines[j])
		switch {
		case h.subject && !subject:
			subject = true
		case h.sent && !sent:
			sent = true
		case h.from && !from:
			from = true
		case h.to:
			to = true
		default:
			strange++
		}
	}
	kinds := 0
	for _, k := range []bool{sent, to, subject} {
		if k {
			kinds++
		}
	}
	return from && kinds >= 2
}

func (t *trimmer) valueOf(i int) string {
	_, value, _ := strings.Cut(t.lines[i], ":")
	if value == "" {
		_, value, _ = strings.Cut(t.lines[i], "：")
	}
	return strings.Trim(value, " \t*")
}

// headerEnd returns the line after the last header line of the block that begins at i, or i when there is none.
func (t *trimmer) headerEnd(i int) int {
	end, last := i, i
	for j := i; j < len(t.lines) && j < i+40; j++ {
		line := strings.TrimSpace(unmark(t.lines[j]))
		switch {
		case t.headerLine(t.lines[j]) != headerWord{}:
			end, last = j+1, j
		case line == "":
			if j-last > 1 { // two lines without a field: the block is over
				return end
			}
		case j == end && t.headerLine(t.lines[last]) != headerWord{}:
			end = j + 1 // a wrapped value
		default:
			return end
		}
	}
	return end
}

// maxAttribution is over how many lines an attribution may be wrapped.
const maxAttribution = 7

// attribution recognises "On … X wrote:", over up to five lines, and Gmail's date-only form. It returns the line after
// it, or i. A line begins one only if a date or an address is in it.
func (t *trimmer) attribution(i int, line string) int {
	if i+1 < len(t.lines) && startsWithDate(line) {
		if end := t.dateAttribution(i, line); end > i {
			return end
		}
	}
	if t.nextEnd[i] >= i+maxAttribution {
		return i
	}
	joined := ""
	blanks := 0
	begins := false
	for j := i; j < len(t.lines) && j < i+maxAttribution; j++ {
		part := strings.TrimSpace(t.lines[j])
		if part == "" {
			if blanks++; blanks > 1 || !begins {
				return i
			}
			continue
		}
		if j > i && isMarked(t.lines[j]) && !strings.HasPrefix(part, "> wrote") && !strings.HasPrefix(part, ">:") && !endsAttribution(part) {
			return i
		}
		joined = strings.TrimPrefix(joined+" "+strings.ToLower(part), " ")
		if j == i {
			begins = t.mayBegin(joined)
			if !begins {
				return i
			}
		}
		if len(joined) > 600 {
			return i
		}
		if endsAttribution(part) {
			if (t.isAttribution(joined) || t.bareAttribution(joined, j+1)) && !t.beginsLater(i, j) {
				return j + 1
			}
			return i
		}
	}
	return i
}

// beginsLater: line i was taken for the first only because it names an address, and a better one stands below it.
func (t *trimmer) beginsLater(i, end int) bool {
	if t.strongStart(strings.ToLower(strings.TrimSpace(t.lines[i]))) {
		return false
	}
	for k := i + 1; k <= end; k++ {
		if t.strongStart(strings.ToLower(strings.TrimSpace(t.lines[k]))) &&
			t.isAttribution(strings.ToLower(strings.Join(t.lines[k:end+1], " "))) {
			return true
		}
	}
	return false
}

func endsAttribution(line string) bool {
	return strings.HasSuffix(line, ":") || strings.HasSuffix(line, "：") || strings.HasSuffix(line, "----") || strings.HasSuffix(line, "wrote") ||
		strings.HasSuffix(line, ":*") || strings.HasSuffix(line, ":_")
}

// mayBegin: the first line of an attribution starts with an "On" word, a date, or names an address.
func (t *trimmer) mayBegin(lower string) bool {
	lower = strings.TrimLeft(lower, "-_*=> ")
	if lower == "" {
		return false
	}
	return t.strongStart(lower) || strings.Contains(lower, "@") || strings.ContainsAny(lower, "<\"") ||
		endsAttribution(lower) && containsAny(lower, t.phrase.wrote)
}

// strongStart: a date or an "On" word.
func (t *trimmer) strongStart(lower string) bool {
	if lower = strings.TrimLeft(lower, "-_*=> "); lower == "" {
		return false
	}
	if lower[0] >= '0' && lower[0] <= '9' {
		return true
	}
	for _, on := range t.phrase.on {
		if strings.HasPrefix(lower, on) {
			return true
		}
	}
	return false
}

// isAttribution: a verb of writing and a date or an address.
func (t *trimmer) isAttribution(joined string) bool {
	if !containsAny(joined, t.phrase.wrote) {
		return false
	}
	digits := 0
	for k := range len(joined) {
		if joined[k] >= '0' && joined[k] <= '9' {
			digits++
		}
	}
	if digits >= 3 || strings.Contains(joined, "@") {
		return true
	}
	return false
}

// bareAttribution: forms that only count where a quote mark follows: "Jane Doe wrote:", and a date with an address but no
// verb, as Gmail writes it in Russian and Japanese.
func (t *trimmer) bareAttribution(joined string, next int) bool {
	for next < len(t.lines) && strings.TrimSpace(t.lines[next]) == "" {
		next++
	}
	if next >= len(t.lines) || !isMarked(t.lines[next]) || !strings.HasSuffix(joined, ":") {
		return false
	}
	if len(joined) < 60 && strings.Count(joined, " ") <= 4 && containsAny(joined, t.phrase.wrote) {
		return true
	}
	return strings.HasSuffix(joined, ">:") && strings.Contains(joined, "@") && strings.ContainsAny(joined, "0123456789")
}

// dateAttribution: "2016-03-03 17:21 GMT+01:00 Jane Doe <jane@example.org>:", perhaps wrapped, without a verb.
func (t *trimmer) dateAttribution(i int, line string) int {
	var joined strings.Builder
	joined.WriteString(line)
	for j := i; j < i+3 && j < len(t.lines); j++ {
		if j > i {
			joined.WriteString(" " + strings.TrimSpace(t.lines[j]))
		}
		zone := strings.Contains(joined.String(), "GMT") || strings.Contains(joined.String(), "UTC")
		address := strings.Contains(joined.String(), "@") && strings.Contains(joined.String(), ">")
		if (zone || address) && (strings.HasSuffix(joined.String(), ":") || strings.HasSuffix(joined.String(), ">") || zone && j == i && strings.TrimSpace(t.lines[min(j+1, len(t.lines)-1)]) == "") {
			return j + 1
		}
	}
	return i
}

// startsWithDate: 2016-03-03 or 2013/7/20 at the start.
func startsWithDate(line string) bool {
	if len(line) < 9 || line[4] != '-' && line[4] != '/' {
		return false
	}
	for _, k := range []int{0, 1, 2, 3, 5} {
		if line[k] < '0' || line[k] > '9' {
			return false
		}
	}
	return true
}
