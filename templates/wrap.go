package templates

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// wrap breaks a line after a sentence, or at a space where one sentence is too long,
// with what follows under its beginning. Addresses of pages stay whole; a word that
// is too long for any line is cut.
func wrap(l string, columns int) []string {
	if span(l) <= columns {
		return []string{l}
	}
	first, follow, rest := hang(l)
	var out []string
	now, empty := first, true
	for _, sentence := range sentences(rest) {
		if !empty && span(now)+1+span(sentence) > columns {
			out = append(out, now)
			now, empty = follow, true
		}
		for word := range strings.SplitSeq(sentence, " ") { // not at a no-break space
			if word == "" {
				continue
			}
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
	}
	return append(out, now)
}

// hang tells what stands before the first line of a text, before each that follows, and the text.
func hang(l string) (first, follow, text string) {
	text = strings.TrimLeft(l, " ")
	space := l[:len(l)-len(text)]
	if quote, ok := strings.CutPrefix(text, "> "); ok {
		return space + "> ", space + "> ", quote
	}
	if item, ok := strings.CutPrefix(text, "- "); ok {
		return space + "- ", space + "  ", item
	}
	if m := number.FindStringSubmatch(text); m != nil {
		return space + m[1] + " ", space + strings.Repeat(" ", len(m[1])+1), m[2]
	}
	return space, space, text
}

// sentences splits after a full stop, question mark or colon that ends a word, in any
// script. A stop behind a digit is a German date.
func sentences(text string) []string {
	var all []string
	start, before := 0, ' '
	for i, r := range text {
		end := i + utf8.RuneLen(r)
		ends := strings.ContainsRune(".?:؟।", r) && strings.HasPrefix(text[end:], " ") && !unicode.IsDigit(before)
		if before = r; ends {
			all = append(all, text[start:end])
			start = end + 1
		}
	}
	return append(all, text[start:])
}

// pieces cuts a word that is too long for a line. Chinese and Japanese know no blanks:
// there it may be cut anywhere but before a closing mark or behind an opening one.
func pieces(word string, columns int) []string {
	if span(word) <= columns || strings.Contains(word, "://") {
		return []string{word}
	}
	const closing, opening = "、。，．：；？！）」』】》〉”’ー々", "（「『【《〈“‘"
	var all []string
	var piece []rune
	n := 0
	for _, r := range word {
		w := span(string(r))
		if n+w > columns {
			cut := len(piece)
			for cut > 1 && (strings.ContainsRune(closing, follows(piece, cut, r)) || strings.ContainsRune(opening, piece[cut-1])) {
				cut--
			}
			all, piece = append(all, string(piece[:cut])), slices.Clone(piece[cut:])
			n = span(string(piece))
		}
		piece, n = append(piece, r), n+w
	}
	return append(all, string(piece))
}

// follows is what stands behind the first n letters of a piece and what comes after it.
func follows(piece []rune, n int, next rune) rune {
	if n < len(piece) {
		return piece[n]
	}
	return next
}

// span is the number of columns that the text takes; East Asian letters take two.
func span(text string) int {
	n := 0
	for _, r := range text {
		if r < 0x1100 { // the first wide letters are Hangul's
			n++
			continue
		}
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
