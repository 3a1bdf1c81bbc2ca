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
	core := strings.Trim(line, "-_*=~<> \t—–‐")
	dashed := len(line)-len(core) >= 4 && strings.ContainsAny(line[:1], "-_*=~\u2010\u2013\u2014")
	colon := strings.HasSuffix(core, ":") || strings.HasSuffix(core, "：")
	if !dashed && !colon || len(core) < 4 {
		return notSeparator
	}
	core = strings.TrimRight(foldLine(core), ": ")
	switch {
	case t.phrase.forwarded[core]:
		return isForwarded
	case t.phrase.original[core]:
		if dashed {
			return isOriginal
		}
	case dashed:
		for _, phrase := range [...]string{"forwarded by", "forwarded message from", "weitergeleitet von"} {
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
	return t.phrase.headers[foldLine(strings.Trim(line[:i], "* \t\u00a0\u200e\u200f"))]
}

// headerBlock tells whether a block of header lines begins at i: a From line (or the date above it) and, within the next
// lines, two others of date, recipient and subject. Names wrap, and HTML leaves blank lines between them. A memo has such
// lines, too ("From: the board", "Date: 2 May"): a client writes "Sent", an address or the time.
func (t *trimmer) headerBlock(i int) bool {
	have := t.headerLine(t.lines[i])
	if !have.from && !have.sent {
		return false
	}
	if t.valueOf(i) == "" {
		return false
	}
	from, sent, to, subject := have.from, !have.from && have.sent, false, false
	client := have.client || printed(t.lines[i])
	strange := 0
	for j := i + 1; j < len(t.lines) && j < i+14 && strange < 3; j++ {
		if strings.TrimSpace(unmark(t.lines[j])) == "" {
			continue
		}
		h := t.headerLine(t.lines[j])
		client = client || h.client || (h != headerWord{}) && printed(t.lines[j])
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
	return from && kinds >= 2 && client
}

// printed: a value that a client prints and a person would not: an address or a time.
func printed(line string) bool { return strings.Contains(line, "@") || hasTime(foldLine(line)) }

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
