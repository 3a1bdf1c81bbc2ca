package templates

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"
)

// Date writes the day in full: "12 May 2026". The caller puts t into the zone that is meant.
func (s *Set) Date(locale string, t time.Time) string { return s.voice(locale).date(t) }

// DateTime writes weekday, day, hour and zone: "Tuesday, 26 May 2026, 18:00 (Brussels
// time)". zone is what people call the zone of t; "" gives the language's name for it,
// which is right wherever the campaign's own name is in another language.
func (s *Set) DateTime(locale string, t time.Time, zone string) (string, error) {
	return s.voice(locale).datetime(t, zone)
}

// Number writes a whole number as the language groups it.
func (s *Set) Number(locale string, n int) string { return s.voice(locale).number(n) }

// Country gives the name of an ISO 3166 alpha-2 code; any other text is returned as it is.
func (s *Set) Country(locale, code string) string { return s.voice(locale).country(code) }

// Language gives the name of a BCP 47 tag; "" for "und" and what is no tag.
func (s *Set) Language(locale, tag string) string { return s.voice(locale).language(tag) }

// List joins the items: "A, B and C".
func (s *Set) List(locale string, items []string) (string, error) { return s.voice(locale).list(items) }

func (v *voice) date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return v.calendar.FmtDateLong(t)
}

// day writes the day without its year: "28 May".
func (v *voice) day(t time.Time) (string, error) {
	return v.say("common.day", map[string]any{"Day": t.Day(), "Month": v.calendar.MonthWide(t.Month())})
}

// clock writes the hour: "14:02", "14:02 Uhr".
func (v *voice) clock(t time.Time) (string, error) {
	return v.say("common.clock", map[string]any{"Time": v.calendar.FmtTimeShort(t)})
}

func (v *voice) datetime(t time.Time, zone string) (string, error) {
	return v.when("common.datetime", v.calendar.FmtDateFull(t), t, zone)
}

// moment is datetime without the weekday: "12 May 2026, 18:00 (Brussels time)".
func (v *voice) moment(t time.Time, zone string) (string, error) {
	return v.when("common.datetime", v.date(t), t, zone)
}

// momentAt is moment inside a sentence: "12 May 2026 at 14:02 (Brussels time)".
func (v *voice) momentAt(t time.Time, zone string) (string, error) {
	return v.when("common.moment_at", v.date(t), t, zone)
}

// dateClock is a moment of which the zone does not matter: "12 May 2026, 14:02".
func (v *voice) dateClock(t time.Time) (string, error) {
	return v.when("common.date_clock", v.date(t), t, "")
}

func (v *voice) when(key, date string, t time.Time, zone string) (string, error) {
	clock, err := v.clock(t)
	if err != nil {
		return "", err
	}
	if zone == "" {
		zone = v.zone(t)
	}
	return v.say(key, map[string]any{"Date": date, "Clock": clock, "Zone": zone})
}

// zone is the language's name for the zone of t, else its abbreviation.
func (v *voice) zone(t time.Time) string {
	abbreviation, _ := t.Zone()
	if name, err := v.say("common.zone."+abbreviation, nil); err == nil {
		return name
	}
	return abbreviation
}

func (v *voice) number(n any) string {
	switch n := n.(type) {
	case int:
		return v.calendar.FmtNumber(float64(n), 0)
	case int64:
		return v.calendar.FmtNumber(float64(n), 0)
	default:
		return fmt.Sprint(n)
	}
}

func (v *voice) country(code string) string {
	if len(code) != 2 {
		return code
	}
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() {
		return code
	}
	if name := v.regions.Name(region); name != "" {
		return name
	}
	return code
}

func (v *voice) language(code string) string {
	tag, err := language.Parse(code)
	if err != nil || tag == language.Und {
		return ""
	}
	return v.languages.Name(tag)
}

func (v *voice) list(items []string) (string, error) {
	if len(items) == 0 {
		return "", nil
	}
	text := items[0]
	for i, item := range items[1:] {
		key := "common.list_comma"
		if i == len(items)-2 {
			key = "common.list_and"
		}
		var err error
		if text, err = v.say(key, map[string]any{"List": text, "Item": item}); err != nil {
			return "", err
		}
	}
	return text, nil
}

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
	rtl := strings.ContainsFunc(text, isRightToLeft)
	ltr := strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) && !isRightToLeft(r) })
	if (v.dir() == "ltr" && rtl) || (v.dir() == "rtl" && ltr) {
		return isolate + text + popIsolate
	}
	return text
}

func isRightToLeft(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Thaana, unicode.Syriac, unicode.Nko, unicode.Adlam)
}
