package templates

import (
	"strings"

	"golang.org/x/text/width"
)

// wrap breaks a line at spaces, with what follows under its beginning. Addresses
// of pages stay whole; a word that is too long for any line is cut.
func wrap(l string, columns int) []string {
	if span(l) <= columns {
		return []string{l}
	}
	rest := strings.TrimLeft(l, " ")
	first := l[:len(l)-len(rest)]
	follow := first
	if quote, ok := strings.CutPrefix(rest, "> "); ok {
		first, follow, rest = first+"> ", first+"> ", quote
	} else if m := number.FindStringSubmatch(rest); m != nil {
		first, follow, rest = first+m[1]+" ", first+strings.Repeat(" ", len(m[1])+1), m[2]
	} else if item, ok := strings.CutPrefix(rest, "- "); ok {
		first, follow, rest = first+"- ", first+"  ", item
	}
	var out []string
	now, empty := first, true
	for _, word := range strings.Fields(rest) {
		for _, piece := range pieces(word, columns-span(follow)) {
			if !empty && span(now)+1+span(piece) > columns {
				out = append(out, now)
				now, empty = follow, true
			}
			if !empty {
				now += " "
			}
			now, empty = now+piece, false
		}
	}
	return append(out, now)
}

func pieces(word string, columns int) []string {
	if span(word) <= columns || strings.Contains(word, "://") {
		return []string{word}
	}
	var all []string
	var piece []rune
	n := 0
	for _, r := range word {
		w := span(string(r))
		if n+w > columns {
			all, piece, n = append(all, string(piece)), nil, 0
		}
		piece, n = append(piece, r), n+w
	}
	return append(all, string(piece))
}

// span is the number of columns that the text takes; East Asian letters take two.
func span(text string) int {
	n := 0
	for _, r := range text {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
