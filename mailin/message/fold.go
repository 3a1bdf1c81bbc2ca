package message

import "strings"

// foldLine makes what clients print comparable: lower case, digits and colons of ASCII, plain spaces and apostrophes, none
// of the marks of direction, of joining and of vowels that Arabic, Hebrew and Persian clients sprinkle in.
func foldLine(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return strings.Map(foldRune, strings.ToLower(s))
}

func foldRune(r rune) rune {
	switch {
	case r < 0x80:
		return r
	case r >= 0x0660 && r <= 0x0669:
		return r - 0x0660 + '0'
	case r >= 0x06F0 && r <= 0x06F9:
		return r - 0x06F0 + '0'
	case r >= 0x0966 && r <= 0x096F:
		return r - 0x0966 + '0'
	case r >= 0xFF10 && r <= 0xFF19:
		return r - 0xFF10 + '0'
	case r >= 0x064B && r <= 0x0652, isDirection(r): // vowels of Arabic
		return -1
	}
	switch r {
	case 0x0307, 0x0640, 0x200B, 0x200C, 0x200D, 0xFEFF: // the dot that lower-case İ leaves, tatweel, joiners
		return -1
	case 0x00A0, 0x2009, 0x202F, 0x3000:
		return ' '
	case '：':
		return ':'
	case '’', '‘', '´':
		return '\''
	case 'ي', 'ى':
		return 'ی'
	case 'ك':
		return 'ک'
	case 'أ', 'إ', 'آ':
		return 'ا'
	}
	return r
}

// isDirection: marks, embeddings, overrides and isolates of UAX 9.
func isDirection(r rune) bool {
	return r == 0x061C || r == 0x200E || r == 0x200F || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// trimEdges takes white space and marks of direction off both ends.
func trimEdges(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return r == ' ' || r == '\t' || r == '\r' || r == 0x00A0 || r == 0x3000 || r >= 0x80 && isDirection(r)
	})
}

// hasTime finds a time of day: 10:00, 10h00.
func hasTime(s string) bool {
	digit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	for i := range len(s) {
		if (s[i] == ':' || s[i] == 'h') && digit(i-1) && digit(i+1) && digit(i+2) {
			return true
		}
	}
	return false
}

// hasYear finds a year of this or the last century that is no part of a longer number.
func hasYear(s string) bool {
	run := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] >= '0' && s[i] <= '9' {
			run++
			continue
		}
		if run == 4 && (s[i-4] == '2' && s[i-3] == '0' || s[i-4] == '1' && s[i-3] == '9') {
			return true
		}
		run = 0
	}
	return false
}

func countDigits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// hasShortDate finds 2/5/26, 2.5.26 or 2-5-26.
func hasShortDate(s string) bool {
	digit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	marks := 0
	for i := range len(s) {
		switch c := s[i]; {
		case digit(i):
		case (c == '/' || c == '.' || c == '-') && digit(i-1) && digit(i+1):
			if marks++; marks == 2 {
				return true
			}
		default:
			marks = 0
		}
	}
	return false
}
