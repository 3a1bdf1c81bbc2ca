package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// duration is a time.Duration that may be written in days: "14d", "72h", "90m".
type duration time.Duration

// UnmarshalText reads a duration.
func (d *duration) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 36500 {
			return fmt.Errorf("%q is not a number of days", s)
		}
		*d = duration(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 {
		return fmt.Errorf(`%q is not a duration like "72h" or "14d"`, s)
	}
	*d = duration(v)
	return nil
}

// String writes whole weeks and more as days.
func (d duration) String() string {
	v := time.Duration(d)
	if v >= 7*24*time.Hour && v%(24*time.Hour) == 0 {
		return strconv.Itoa(int(v/(24*time.Hour))) + "d"
	}
	if v%time.Hour == 0 {
		return strconv.Itoa(int(v/time.Hour)) + "h"
	}
	return v.String()
}

// date is an instant that may be written as a day ("2026-05-01", in UTC) or in full (RFC 3339).
type date struct{ time.Time }

// UnmarshalText reads a date; empty is the zero time.
func (d *date) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if s == "" {
		d.Time = time.Time{}
		return nil
	}
	t, err := parseDate(s, time.UTC)
	if err != nil {
		return err
	}
	d.Time = t
	return nil
}

// parseDate reads a day, a day with hour and minute, or a full instant. What names no zone is in loc.
func parseDate(s string, loc *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New(strconv.Quote(s) + ` is not a date like "2026-05-01" or "2026-05-01 18:00"`)
}
