package petition

import (
	"maps"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// MaxName is the most letters of a name that we keep; longer ones are cut at a word.
const MaxName = 200

// CleanLine makes one plain line of what a stranger wrote: NFC, no control or
// direction characters, white space single, at most limit letters.
func CleanLine(s string, limit int) string {
	var b strings.Builder
	space, n := false, 0
	for _, r := range norm.NFC.String(strings.ToValidUTF8(s, "")) {
		switch {
		case unicode.IsSpace(r):
			space = n > 0
		case unicode.IsControl(r) || isDirection(r) || r == unicode.ReplacementChar || r == '\ufeff':
		default:
			if space {
				b.WriteByte(' ')
				n++
			}
			space = false
			if n++; n > limit {
				return cutAtWord(b.String())
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isDirection finds the characters that reorder text (Unicode UAX 9): overrides,
// embeddings and isolates. Joiners stay: Persian and Indic names need them.
func isDirection(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f' || r == '\u061c'
}

func cutAtWord(s string) string {
	if i := strings.LastIndexByte(s, ' '); i > len(s)/2 {
		s = s[:i]
	}
	return strings.TrimSpace(s)
}

var countryLanguages = []string{
	"en", "de", "fr", "es", "pt", "it", "nl", "pl", "ru", "uk", "sr", "sr-Latn", "el", "tr", "ar", "he", "fa", "hi", "zh", "zh-Hant", "ja", "ko",
}

var countryCodes = sync.OnceValue(func() map[string]string {
	codes := make(map[string]string, 6000)
	for _, tag := range countryLanguages {
		names := display.Regions(language.MustParse(tag))
		for a := 'A'; a <= 'Z'; a++ {
			for b := 'A'; b <= 'Z'; b++ {
				code := string(a) + string(b)
				region, err := language.ParseRegion(code)
				if err != nil || !region.IsCountry() || region.Canonicalize().String() != code { // not the retired ones
					continue
				}
				if name := FoldName(names.Name(region)); name != "" {
					if _, taken := codes[name]; !taken {
						codes[name] = code
					}
				}
			}
		}
	}
	maps.Copy(codes, map[string]string{
		"uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "usa": "US", "us": "US",
		"united states of america": "US", "holland": "NL", "the netherlands": "NL", "czech republic": "CZ", "brd": "DE",
	})
	return codes
})

// CountryCode finds the ISO 3166 code of a country named in one of our languages
// or by its code; what it does not know it returns cleaned.
func CountryCode(name string) string {
	if code, ok := countryCodes()[FoldName(name)]; ok {
		return code
	}
	if upper := strings.ToUpper(strings.TrimSpace(name)); len(upper) == 2 {
		if region, err := language.ParseRegion(upper); err == nil && region.IsCountry() {
			return region.Canonicalize().String()
		}
	}
	return CleanLine(name, 60)
}

// Clean returns the fields as we keep them: one line each, the country as a code where known.
func (f Fields) Clean() Fields {
	f.Name, f.OtherName = CleanLine(f.Name, MaxName), CleanLine(f.OtherName, MaxName)
	f.City, f.Country = CleanLine(f.City, 80), CountryCode(f.Country)
	f.Website = CleanLine(f.Website, 200)
	f.Signatory, f.Title = CleanLine(f.Signatory, 120), CleanLine(f.Title, 120)
	f.Contact = CanonicalAddress(CleanLine(f.Contact, 254))
	if f.Kind == "" {
		f.Kind = KindOrganization
	}
	return f
}
