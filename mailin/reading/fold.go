package reading

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// foldTable folds every rune below 0x2000; anything above is folded by rule.
// Latin and Greek lose their accents, because people write without them;
// Hebrew and Arabic lose their points; Cyrillic и and й stay apart from nothing
// (both fold to и), so that a decomposed й reads like a composed one.
type foldTable [0x2000]string

func newFoldTable() *foldTable {
	t := new(foldTable)
	for r := range rune(len(t)) {
		t[r] = foldRune(r)
	}
	for from, to := range map[rune]string{
		'ß': "ss", 'ł': "l", 'Ł': "l", 'đ': "d", 'Đ': "d", 'ø': "o", 'Ø': "o", 'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'ı': "i", 'İ': "i", 'ς': "σ",
		'أ': "ا", 'إ': "ا", 'آ': "ا", 'ٱ': "ا", 'ى': "ي", 'ی': "ي", 'ک': "ك", 'ة': "ه", 'ۀ': "ه", 'ـ': "", 'ؤ': "و", 'ئ': "ي",
	} {
		t[from] = to
	}
	return t
}

func foldRune(r rune) string {
	if unicode.In(r, unicode.Cf) {
		return ""
	}
	if r >= 0x900 && r < 0x1E00 { // scripts whose marks are letters
		return string(unicode.ToLower(r))
	}
	out := make([]rune, 0, 2)
	for _, d := range norm.NFKD.String(string(r)) {
		if !unicode.Is(unicode.Mn, d) {
			out = append(out, unicode.ToLower(d))
		}
	}
	return string(out)
}

// appendFold appends the folded rune.
func (t *foldTable) appendFold(b []byte, r rune) []byte {
	switch {
	case r < utf8.RuneSelf:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return append(b, byte(r))
	case int(r) < len(t):
		return append(b, t[r]...)
	case r >= 0xFF01 && r <= 0xFF5E: // full width ASCII
		return t.appendFold(b, r-0xFEE0)
	case r == '’' || r == '‘' || r == 'ʼ':
		return append(b, '\'')
	case unicode.In(r, unicode.Cf):
		return b
	default:
		return utf8.AppendRune(b, unicode.ToLower(r))
	}
}

// plain folds a text, its white space single spaces.
func (t *foldTable) plain(s string) string {
	out := make([]byte, 0, len(s)+8)
	gap := false
	for _, r := range s {
		if r <= ' ' || r >= 0x80 && unicode.IsSpace(r) {
			gap = len(out) > 0
			continue
		}
		if gap {
			out, gap = append(out, ' '), false
		}
		out = t.appendFold(out, r)
	}
	return string(out)
}

// script is the writing system of a token, as language files name them.
type script uint8

const (
	scriptNone script = iota
	scriptLatin
	scriptCyrillic
	scriptGreek
	scriptArabic
	scriptHebrew
	scriptDevanagari
	scriptHan
	scriptKana
	scriptHangul
	scripts
)

var scriptNames = map[string]script{
	"latin": scriptLatin, "cyrillic": scriptCyrillic, "greek": scriptGreek, "arabic": scriptArabic, "hebrew": scriptHebrew,
	"devanagari": scriptDevanagari, "han": scriptHan, "kana": scriptKana, "hangul": scriptHangul,
}

// scriptOf looks only at the block, which is all that telling languages apart needs.
func scriptOf(r rune) script {
	switch {
	case r < 0x250, r >= 0x1E00 && r < 0x1F00:
		return scriptLatin
	case r >= 0x370 && r < 0x400, r >= 0x1F00 && r < 0x2000:
		return scriptGreek
	case r >= 0x400 && r < 0x530:
		return scriptCyrillic
	case r >= 0x590 && r < 0x600:
		return scriptHebrew
	case r >= 0x600 && r < 0x780, r >= 0xFB50 && r < 0xFE00, r >= 0xFE70 && r < 0xFF00:
		return scriptArabic
	case r >= 0x900 && r < 0x980:
		return scriptDevanagari
	case r >= 0x3040 && r < 0x3100, r >= 0x31F0 && r < 0x3200, r >= 0xFF66 && r < 0xFFA0:
		return scriptKana
	case r >= 0x3400 && r < 0xA000, r >= 0xF900 && r < 0xFB00, r >= 0x20000 && r < 0x32000, r == '々':
		return scriptHan
	case r >= 0xAC00 && r < 0xD7B0, r >= 0x1100 && r < 0x1200, r >= 0x3130 && r < 0x3190:
		return scriptHangul
	default:
		return scriptNone
	}
}

// apart reports a script that is written without spaces (or, for Hangul, with
// particles stuck to words), so that each letter is a token of its own.
func (s script) apart() bool { return s == scriptHan || s == scriptKana || s == scriptHangul }
