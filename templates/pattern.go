package templates

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// pattern is a message cut at its values: most messages say nothing but {{.Name}},
// and a mail has dozens. Texts stand at even places, names of values at odd ones.
type pattern []string

var namedValue = regexp.MustCompile(`\{\{\s*\.([A-Za-z]+)\s*\}\}`)

// patternOf is the message's pattern; none where it has plurals or says more.
func patternOf(m *i18n.Message) (pattern, bool) {
	if hasPlurals(m) || m.LeftDelim != "" || m.RightDelim != "" {
		return nil, false
	}
	var p pattern
	at := 0
	for _, found := range namedValue.FindAllStringSubmatchIndex(m.Other, -1) {
		p = append(p, m.Other[at:found[0]], m.Other[found[2]:found[3]])
		at = found[1]
	}
	p = append(p, m.Other[at:])
	for i := 0; i < len(p); i += 2 {
		if strings.Contains(p[i], "{{") {
			return nil, false
		}
	}
	return p, true
}

// fill puts the values in. It leaves to the template what it does not know: a value
// that is missing, or is neither text nor a whole number.
func (v *voice) fill(p pattern, data map[string]any) (string, bool) {
	var b strings.Builder
	for i, part := range p {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		value, ok := data[part]
		if count, counted := data["Count"]; counted && part == "N" {
			b.WriteString(v.number(count))
			continue
		}
		switch value := value.(type) {
		case string:
			b.WriteString(value)
		case int:
			b.WriteString(strconv.Itoa(value))
		default:
			ok = false
		}
		if !ok {
			return "", false
		}
	}
	return b.String(), true
}
