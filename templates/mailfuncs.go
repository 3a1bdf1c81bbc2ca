package templates

import (
	"strings"
	texttemplate "text/template"
)

// mailFuncs are funcs and what only mails need:
//
//	entries LINES    the name block: one line each for several
//	oneline LINES    the same with each on one line
//	one ENTRY        the entry as LINES
//	fact KEY TEXT    "Written by: Anna Berg" below a name block; nothing without a text
//	names LINES      for subjects: the first name "and 2 more"
//	dateclock T      "12 May 2026, 14:02"
//	quote TEXT       somebody's words, each line behind ">"
//	own TEXT         an organizer's words as our own text
//	whatever PREFIX WORD   the message PREFIX.WORD if there is one, else WORD
func (v *voice) mailFuncs() texttemplate.FuncMap {
	funcs := v.funcs()
	delete(funcs, "md")
	funcs["entries"] = v.entries
	funcs["oneline"] = v.oneLine
	funcs["one"] = func(e Entry) []Entry { return []Entry{e} }
	funcs["fact"] = v.fact
	funcs["names"] = v.names
	funcs["dateclock"] = v.dateClock
	funcs["quote"] = func(text string) string { return prefixed(text, indent+"> ") }
	funcs["own"] = func(text string) string { return prefixed(text, "") }
	funcs["whatever"] = func(prefix, word string) (string, error) {
		if v.messages[prefix+word] == nil {
			return word, nil
		}
		return v.say(prefix+word, nil)
	}
	return funcs
}

func (v *voice) entries(lines []Entry) string {
	if len(lines) != 1 {
		return v.oneLine(lines)
	}
	var b strings.Builder
	for _, part := range v.parts(lines[0]) {
		b.WriteString(indent + part + "\n")
	}
	return b.String()
}

func (v *voice) fact(key, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	label, err := v.say(key, nil)
	if err != nil {
		return "", err
	}
	line, err := v.say("common.fact", map[string]any{"Label": label, "Value": v.isolated(text)})
	return indent + line + "\n", err
}

func (v *voice) oneLine(lines []Entry) string {
	var b strings.Builder
	for _, e := range lines {
		b.WriteString(indent)
		if len(lines) > 1 {
			b.WriteString("- ")
		}
		b.WriteString(strings.Join(v.parts(e), v.plain["common.comma"]) + "\n")
	}
	return b.String()
}

// parts are the lines in which an entry is shown.
func (v *voice) parts(e Entry) []string {
	var parts []string
	for _, part := range []string{
		e.Name, e.OtherName, v.joined(v.isolated(e.City), v.isolated(v.country(e.Country))), e.Website, v.joined(v.isolated(e.Signatory), v.isolated(e.Title)),
	} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

func (v *voice) joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + v.plain["common.comma"] + b
}

func (v *voice) names(lines []Entry) (string, error) {
	if len(lines) == 0 {
		return "", nil
	}
	if len(lines) == 1 {
		return v.isolated(lines[0].Name), nil
	}
	return v.say("common.and_more", map[string]any{"Name": v.isolated(lines[0].Name), "Count": len(lines) - 1})
}

// prefixed puts the prefix before each line of a text. Leading space is dropped: it
// would make a name block of somebody's words.
func prefixed(text, prefix string) string {
	var b strings.Builder
	for _, l := range tidy(text) {
		b.WriteString(strings.TrimRight(prefix+strings.TrimSpace(l), " ") + "\n")
	}
	return b.String()
}
