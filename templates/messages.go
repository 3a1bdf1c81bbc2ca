package templates

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/go-playground/locales"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en_GB"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// calendars know dates and numbers of each language. English is written as in
// Brussels rather than Boston: day before month, 24 hours.
var calendars = map[string]func() locales.Translator{
	"en": en_GB.New,
	"de": de.New,
}

// voice is everything that speaks one language.
type voice struct {
	locale    string
	tag       language.Tag
	messages  map[string]*i18n.Message
	plain     map[string]string // messages without values and plurals: nothing to work out
	localizer *i18n.Localizer
	calendar  locales.Translator
	regions   display.Namer
	languages display.Namer
}

// loadMessages reads locale/*.TAG.toml. A key that two files of a language define is an error.
func (s *Set) loadMessages() error {
	bundle := i18n.NewBundle(language.MustParse(fallback))
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	names, err := fs.Glob(s.files, "locale/*.toml")
	if err != nil {
		return err
	}
	s.voices = map[string]*voice{}
	for _, name := range names {
		if err := s.loadMessageFile(bundle, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if s.voices[fallback] == nil {
		return fmt.Errorf("no messages in %q", fallback)
	}
	s.locales = slices.SortedFunc(maps.Keys(s.voices), func(a, b string) int {
		if (a == fallback) != (b == fallback) {
			if a == fallback {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	tags := make([]language.Tag, len(s.locales))
	for i, l := range s.locales {
		tags[i] = s.voices[l].tag
		s.voices[l].localizer = i18n.NewLocalizer(bundle, l)
	}
	s.matcher = language.NewMatcher(tags)
	return nil
}

func (s *Set) loadMessageFile(bundle *i18n.Bundle, name string) error {
	text, err := fs.ReadFile(s.files, name)
	if err != nil {
		return err
	}
	file, err := bundle.ParseMessageFileBytes(text, path.Base(name))
	if err != nil {
		return err
	}
	locale := file.Tag.String()
	v := s.voices[locale]
	if v == nil {
		calendar := calendars[locale]
		if calendar == nil {
			return fmt.Errorf("no calendar for %q: add it to calendars", locale)
		}
		v = &voice{
			locale: locale, tag: file.Tag, messages: map[string]*i18n.Message{}, plain: map[string]string{}, calendar: calendar(),
			regions: display.Regions(file.Tag), languages: display.Languages(file.Tag),
		}
		s.voices[locale] = v
	}
	for _, m := range file.Messages {
		if v.messages[m.ID] != nil {
			return fmt.Errorf("%q is defined twice", m.ID)
		}
		v.messages[m.ID] = m
		if !hasPlurals(m) && !strings.Contains(m.Other, "{{") {
			v.plain[m.ID] = m.Other
		}
	}
	return nil
}

// strict makes a message fail that names something which is not in its data.
var strict = &i18ntemplate.TextParser{Option: "missingkey=error"}

// T returns the message in the locale. data["Count"] chooses the plural form, and
// gives the message {{.N}}, the count as the language writes it. An unknown key
// comes back as itself: a test walks every template and program text for keys.
func (s *Set) T(locale, key string, data map[string]any) string {
	text, err := s.voice(locale).say(key, data)
	if err != nil {
		return key
	}
	return text
}

func (v *voice) say(key string, data map[string]any) (string, error) {
	if text, ok := v.plain[key]; ok {
		return text, nil
	}
	config := &i18n.LocalizeConfig{MessageID: key, TemplateParser: strict}
	if count, ok := data["Count"]; ok {
		data = maps.Clone(data)
		data["N"] = v.number(count)
		if m := v.messages[key]; m != nil && hasPlurals(m) {
			config.PluralCount = count
		}
	}
	if data != nil {
		config.TemplateData = data
	}
	text, err := v.localizer.Localize(config)
	if err != nil {
		return "", fmt.Errorf("message %q in %q: %w", key, v.locale, err)
	}
	return text, nil
}

func hasPlurals(m *i18n.Message) bool {
	return m.Zero+m.One+m.Two+m.Few+m.Many != ""
}

// forms are the texts of a message, by plural form.
func forms(m *i18n.Message) map[string]string {
	return map[string]string{"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many, "other": m.Other}
}
