package templates

import (
	"strings"
	"unicode"
)

// dir is the direction in which the language is written. x/text does not tell it; scripts do.
func (v *voice) dir() string {
	script, _ := v.tag.Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg":
		return "rtl"
	default:
		return "ltr"
	}
}

// First Strong Isolate and Pop Directional Isolate (UAX 9, 2.7).
const (
	isolate    = "\u2068"
	popIsolate = "\u2069"
)

// isolated wraps text whose direction differs from the language's, so that it
// cannot turn the words around it. Other text stays as it is: some mail programs
// draw the isolates as boxes.
func (v *voice) isolated(text string) string {
	if strings.HasPrefix(text, isolate) && strings.Index(text, popIsolate) == len(text)-len(popIsolate) {
		return text // it is already
	}
	rtl := strings.ContainsFunc(text, isRightToLeft)
	ltr := strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) && !isRightToLeft(r) })
	if (v.dir() == "ltr" && rtl) || (v.dir() == "rtl" && ltr) {
		return isolate + text + popIsolate
	}
	return text
}

func isRightToLeft(r rune) bool {
	return r >= 0x590 && unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Thaana, unicode.Syriac, unicode.Nko, unicode.Adlam)
}
