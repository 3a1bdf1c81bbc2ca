package message

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// candidate is a charset with letters that are frequent in the languages written in it. Order decides between equals.
type candidate struct {
	name   string
	common string // letters outside ASCII, the frequent ones
	double bool   // of two-byte characters: needs most of them to be plausible
}

var candidates = []candidate{
	{"windows-1252", "äöüßéèàáâçêëîïíóôõúùûñåæøÄÖÜÉÅØ’“”–„‚‘…«»°§€·´¡¿ºª", false},
	{"windows-1250", "ąćęłńóśźżáčďéěíňřšťúůýžäöüßőűăâîșțşţŁŚŻČŠŽđ’“”–„", false},
	{"iso-8859-2", "ąćęłńóśźżáčďéěíňřšťúůýžäöüßőűăâîşţŁŚŻČŠŽđ", false},
	{"windows-1251", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфіїєј", false},
	{"koi8-r", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэф", false},
	{"windows-1253", "αοιετσνηυρπκμλωςγδθχάίόέήώύ’", false},
	{"windows-1254", "ıiğüşöçİĞÜŞÖÇâ’", false},
	{"shift_jis", "のにはをたがでてとしれさるいすまなかっりんもこうくだよら、。", true},
	{"euc-jp", "のにはをたがでてとしれさるいすまなかっりんもこうくだよら、。", true},
	{"gb18030", "的一是不了在人有我他这中大来上国个到说们为你会们，。", true},
	{"big5", "的一是不了在人有我他這中大來上國個到說們為你會，。", true},
	{"euc-kr", "이다는을의가에고하지한로은를기사니도어나서리", true},
}

const guessSample = 4096

// guess picks the charset whose decoding looks most like a language (R22, step 4); windows-1252 where none does.
func guess(b []byte) (text, note string) {
	best := bestGuess(b)
	text, _ = decodeWith(b, best)
	return text, "charset guessed: " + best
}

func bestGuess(b []byte) string {
	sample := b[:min(len(b), guessSample)]
	best, bestScore := "windows-1252", 0.0
	for _, c := range candidates {
		s, ok := decodeWith(sample, c.name)
		if !ok {
			continue
		}
		if score := plausible(s, c); score > bestScore+1e-9 {
			best, bestScore = c.name, score
		}
	}
	return best
}

// effectiveCharset is the declared charset, or the one that the bytes are really in where a Latin one is declared: text
// whose letters are nearly all outside ASCII is not Latin, and Icelandic letters without Icelandic vowels are Turkish.
func effectiveCharset(b []byte, declared string) string {
	switch declared {
	case "iso-8859-1", "windows-1252", "latin1", "iso-8859-15":
	default:
		return declared
	}
	b = b[:min(len(b), guessSample)]
	ascii, high, turkish, icelandic := 0, 0, 0, 0
	for _, c := range b {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			ascii++
		case c >= 0xC0:
			high++
			switch c {
			case 0xFD, 0xFE, 0xF0, 0xDD, 0xDE, 0xD0:
				turkish++
			case 0xE1, 0xED, 0xF3, 0xFA, 0xE6, 0xE9, 0xC1, 0xCD, 0xD3, 0xDA, 0xC6:
				icelandic++
			}
		}
	}
	switch {
	case high >= 8 && high > 2*ascii && !utf8.Valid(b):
		if name := bestGuess(b); name != "windows-1252" {
			return name
		}
	case turkish >= 3 && icelandic == 0 && ascii > 0:
		return "windows-1254"
	}
	return declared
}

// plausible is the share of characters outside ASCII that are frequent letters, less what no text has: replacement
// characters, controls, capitals inside words, letters of two scripts side by side.
func plausible(s string, c candidate) float64 {
	total, score := 0.0, 0.0
	var before rune
	for i, r := range s {
		if r < utf8.RuneSelf {
			before = r
			continue
		}
		total++
		switch {
		case r == utf8.RuneError && i+guessTail < len(s):
			score -= 3
		case r == utf8.RuneError: // a sample may end within a character
		case r < 0xA0:
			score -= 2
		case strings.ContainsRune(c.common, r):
			score++
		case c.double && (unicode.Is(unicode.Han, r) || unicode.Is(unicode.Hangul, r) || unicode.Is(unicode.Hiragana, r) || unicode.Is(unicode.Katakana, r)):
			score += 0.25
		case unicode.IsLetter(r) && strings.ContainsRune(c.common, unicode.ToLower(r)):
			score += 0.7
		case unicode.IsLetter(r):
			score += 0.1
		}
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			score--
		}
		if !c.double && unicode.IsLetter(r) && foreignNeighbour(before, r) {
			score -= 0.5
		}
		before = r
	}
	if total == 0 {
		return 0
	}
	return score / total
}

const guessTail = 8

// foreignNeighbour: a Latin letter directly beside a Cyrillic or Greek one.
func foreignNeighbour(a, b rune) bool {
	if !unicode.IsLetter(a) {
		return false
	}
	return unicode.Is(unicode.Latin, a) != unicode.Is(unicode.Latin, b)
}
