package templates

import (
	"slices"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// choice finds the locale for what readers wish.
type choice struct {
	locales []string
	tags    []language.Tag
	matcher language.Matcher
}

func newChoice(locales []string) choice {
	c := choice{locales: locales}
	for _, l := range locales {
		c.tags = append(c.tags, language.Make(l))
	}
	c.matcher = language.NewMatcher(c.tags)
	return c
}

// Locales returns the tags of all languages, English first.
func (s *Set) Locales() []string { return slices.Clone(s.choice.locales) }

// Match returns the locale that fits best. Each argument is a BCP 47 tag or an
// Accept-Language header; the first that fits any locale decides. English if none does.
// A region never matters; a script does: zh-TW is zh-Hant, sr is sr-Cyrl, sr-ME is sr-Latn.
func (s *Set) Match(accept ...string) string { return s.choice.first(accept) }

// MatchDesk is Match among the languages that the organizers' desk speaks.
func (s *Set) MatchDesk(accept ...string) string { return s.deskChoice.first(accept) }

// Speaks reports whether a reader of the language (a BCP 47 tag) can be served in one of Locales.
func (s *Set) Speaks(tag string) bool {
	_, ok := s.choice.match(tag)
	return ok
}

// OwnName is what the language of a BCP 47 tag calls itself: "Deutsch". A tag that
// nobody knows comes back as it is.
func (s *Set) OwnName(tag string) string {
	if v := s.voices[tag]; v != nil {
		return v.plain["common.language"]
	}
	if name := display.Self.Name(language.Make(tag)); name != "" {
		return name
	}
	return tag
}

func (c *choice) first(accept []string) string {
	for _, a := range accept {
		if l, ok := c.match(a); ok {
			return l
		}
	}
	return fallback
}

// match takes the first wish of which we have the very language. What the matcher
// calls close by is no match: it knows which second language people are likely to
// read (Russian for Belarusian), and that is not ours to presume.
func (c *choice) match(accept string) (string, bool) {
	if slices.Contains(c.locales, accept) {
		return accept, true
	}
	wishes, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return "", false
	}
	for _, wish := range wishes {
		_, i, confidence := c.matcher.Match(wish)
		if confidence < language.High {
			continue
		}
		// sh and iw are old tags of languages that we have: such a match is exact.
		have, _ := c.tags[i].Base()
		if base, _ := wish.Base(); base == have || confidence == language.Exact {
			return c.locales[i], true
		}
	}
	return "", false
}
