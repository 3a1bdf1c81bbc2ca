package templates

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/message"
	xnumber "golang.org/x/text/number"
)

// calendar is what dates and numbers of a language are made of. Names of months and
// days are messages, as they stand inside a date; digits and groups are CLDR's.
type calendar struct {
	months    [12]string
	weekdays  [7]string         // Sunday first, as time.Weekday
	numerals  *strings.Replacer // nil: 0 to 9 are the language's own
	printer   *message.Printer
	ungrouped int // numbers up to this one stand without separator
}

// newCalendar reads the messages below "common" that a calendar needs, and reports each that is missing.
func (v *voice) newCalendar() (calendar, error) {
	var wrong []error
	text := func(key string) string {
		name, ok := v.plain[key]
		if !ok {
			wrong = append(wrong, fmt.Errorf("message %q is missing, or has values", key))
		}
		return name
	}
	c := calendar{printer: message.NewPrinter(v.tag)}
	for i := range c.months {
		c.months[i] = text("common.month." + strings.ToLower(time.Month(i+1).String()))
	}
	for i := range c.weekdays {
		c.weekdays[i] = text("common.weekday." + strings.ToLower(time.Weekday(i).String()))
	}
	var err error
	if c.ungrouped, err = strconv.Atoi(text("common.ungrouped")); err != nil {
		wrong = append(wrong, fmt.Errorf("common.ungrouped: %w", err))
	}
	var pairs []string
	for i := range 10 {
		if digit := c.printer.Sprint(xnumber.Decimal(i)); digit != strconv.Itoa(i) {
			pairs = append(pairs, strconv.Itoa(i), digit)
		}
	}
	if pairs != nil {
		c.numerals = strings.NewReplacer(pairs...)
	}
	return c, errors.Join(wrong...)
}

// digits writes the digits of a text as the language does.
func (c *calendar) digits(text string) string {
	if c.numerals == nil {
		return text
	}
	return c.numerals.Replace(text)
}

// number writes a whole number: "1,234", "12,34,567", "۱٬۲۳۴". What is none stays as it is.
func (c *calendar) number(n any) string {
	switch i := n.(type) {
	case int:
		return c.integer(int64(i))
	case int64:
		return c.integer(i)
	default:
		return fmt.Sprint(n)
	}
}

func (c *calendar) integer(n int64) string {
	if n >= 0 && n <= int64(c.ungrouped) {
		return c.digits(strconv.FormatInt(n, 10))
	}
	return c.printer.Sprint(xnumber.Decimal(n))
}
