package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// deskArea is the one kind of message file that a language may lack: organizers
// then work in English, while signers are served in their language.
const deskArea = "desk"

// voice is everything that speaks one language.
type voice struct {
	locale    string
	tag       language.Tag
	areas     map[string]bool // kinds of message file that the language has: common, mail, pages, desk
	messages  map[string]*i18n.Message
	plain     map[string]string  // messages without values and plurals: nothing to work out
	patterns  map[string]pattern // messages of words and values alone
	localizer *i18n.Localizer
	calendar
	regions   display.Namer
	languages display.Namer
}

// loadMessages reads locale/AREA.TAG.toml. Each tag that occurs is a language. A key
// that two files of a language define is an error.
func (s *Set) loadMessages() error {
	bundle := i18n.NewBundle(language.MustParse(fallback))
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	names, err := fs.Glob(s.files, "locale/*.toml")
	if err != nil {
		return err
	}
	s.voices, s.areas = map[string]*voice{}, map[string]string{}
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
	var wrong []error
	for _, l := range s.locales {
		v := s.voices[l]
		v.localizer = i18n.NewLocalizer(bundle, l)
		if v.calendar, err = v.newCalendar(); err != nil {
			wrong = append(wrong, fmt.Errorf("%q: %w", l, err))
		}
	}
	s.choice = newChoice(s.locales)
	s.deskChoice = newChoice(slices.DeleteFunc(slices.Clone(s.locales), func(l string) bool { return !s.voices[l].areas[deskArea] }))
	return errors.Join(wrong...)
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
		v = &voice{
			locale: locale, tag: file.Tag, areas: map[string]bool{}, messages: map[string]*i18n.Message{}, plain: map[string]string{}, patterns: map[string]pattern{},
			regions: named(display.Regions, file.Tag), languages: named(display.Languages, file.Tag),
		}
		s.voices[locale] = v
	}
	area, _, _ := strings.Cut(path.Base(name), ".")
	v.areas[area] = true
	for _, m := range file.Messages {
		if v.messages[m.ID] != nil {
			return fmt.Errorf("%q is defined twice", m.ID)
		}
		v.messages[m.ID] = m
		if locale == fallback {
			s.areas[m.ID] = area
		}
		switch p, ok := patternOf(m); {
		case ok && len(p) == 1:
			v.plain[m.ID] = m.Other
		case ok:
			v.patterns[m.ID] = p
		}
	}
	return nil
}

// named is the language's own namer, or the English one where x/text has none.
func named(namer func(language.Tag) display.Namer, tag language.Tag) display.Namer {
	if n := namer(tag); n != nil {
		return n
	}
	return namer(language.English)
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
	if p, ok := v.patterns[key]; ok {
		if text, ok := v.fill(p, data); ok {
			return text, nil
		}
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
