package templates

import (
	"fmt"
	"strconv"
	"time"

	"golang.org/x/text/language"
)

// Date writes the day in full: "12 May 2026". The caller puts t into the zone that is meant.
func (s *Set) Date(locale string, t time.Time) (string, error) { return s.voice(locale).date(t) }

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

func (v *voice) date(t time.Time) (string, error) {
	if t.IsZero() {
		return "", nil
	}
	return v.say("common.date", v.dayOf(t))
}

// day writes the day without its year: "28 May".
func (v *voice) day(t time.Time) (string, error) { return v.say("common.day", v.dayOf(t)) }

// dateFull writes the day with its weekday: "Tuesday, 26 May 2026".
func (v *voice) dateFull(t time.Time) (string, error) {
	date, err := v.date(t)
	if err != nil {
		return "", err
	}
	return v.say("common.date_full", map[string]any{"Weekday": v.weekdays[t.Weekday()], "Date": date})
}

func (v *voice) dayOf(t time.Time) map[string]any {
	return map[string]any{"Day": v.digits(strconv.Itoa(t.Day())), "Month": v.months[t.Month()-1], "Year": v.digits(strconv.Itoa(t.Year()))}
}

// clock writes the hour, of 24: "14:02", "14:02 Uhr".
func (v *voice) clock(t time.Time) (string, error) {
	return v.say("common.clock", map[string]any{"Time": v.digits(t.Format("15:04"))})
}

func (v *voice) datetime(t time.Time, zone string) (string, error) {
	return v.when("common.datetime", v.dateFull, t, zone)
}

// moment is datetime without the weekday: "12 May 2026, 18:00 (Brussels time)".
func (v *voice) moment(t time.Time, zone string) (string, error) {
	return v.when("common.datetime", v.date, t, zone)
}

// momentAt is moment inside a sentence: "12 May 2026 at 14:02 (Brussels time)".
func (v *voice) momentAt(t time.Time, zone string) (string, error) {
	return v.when("common.moment_at", v.date, t, zone)
}

// dateClock is a moment of which the zone does not matter: "12 May 2026, 14:02".
func (v *voice) dateClock(t time.Time) (string, error) {
	return v.when("common.date_clock", v.date, t, "")
}

func (v *voice) when(key string, day func(time.Time) (string, error), t time.Time, zone string) (string, error) {
	date, err := day(t)
	if err != nil {
		return "", err
	}
	clock, err := v.clock(t)
	if err != nil {
		return "", err
	}
	if zone == "" {
		zone = v.zone(t)
	}
	return v.say(key, map[string]any{"Date": date, "Clock": clock, "Zone": zone})
}

// zone is the language's name for the zone of t. A zone without one is told by its
// distance from UTC: an abbreviation like IST means three zones.
func (v *voice) zone(t time.Time) string {
	abbreviation, offset := t.Zone()
	if name, ok := v.plain["common.zone."+abbreviation]; ok {
		return name
	}
	if offset == 0 {
		return "UTC"
	}
	sign := "+"
	if offset < 0 {
		sign, offset = "−", -offset
	}
	text := sign + strconv.Itoa(offset/3600)
	if minutes := offset % 3600 / 60; minutes != 0 {
		text += fmt.Sprintf(":%02d", minutes)
	}
	return "UTC" + v.digits(text)
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
