package origin

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed phrases.txt
var phraseFile string

//go:embed reasons.txt
var reasonFile string

// section is a named list of phrases, in the order of the file.
type section struct {
	name    string
	phrases []string
}

// wording are the tables of phrases.txt and reasons.txt; they never change once read.
type wording struct {
	bounceSubject, bounceBody, returned []string
	autoSubject, autoBody               []string
	challenge                           []string
	robots                              map[string]bool
	reasons                             []section
}

var words = sync.OnceValue(func() *wording {
	byName := map[string][]string{}
	for _, s := range readSections(phraseFile) {
		byName[s.name] = s.phrases
	}
	w := &wording{
		bounceSubject: byName["bounce.subject"], bounceBody: byName["bounce.body"], returned: byName["returned"],
		autoSubject: byName["auto.subject"], autoBody: byName["auto.body"], challenge: byName["challenge"],
		robots: map[string]bool{}, reasons: readSections(reasonFile),
	}
	for _, r := range byName["robots"] {
		w.robots[r] = true
	}
	return w
})

func readSections(file string) []section {
	var out []section
	for line := range strings.Lines(file) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			out = append(out, section{name: strings.Trim(line, "[]")})
		default:
			s := &out[len(out)-1]
			s.phrases = append(s.phrases, line)
		}
	}
	return out
}

// anyIn returns the first phrase that s contains, or "".
func anyIn(s string, phrases []string) string {
	for _, p := range phrases {
		if strings.Contains(s, p) {
			return p
		}
	}
	return ""
}

// anyStart returns the first phrase that s begins with, or "".
func anyStart(s string, phrases []string) string {
	for _, p := range phrases {
		if strings.HasPrefix(s, p) {
			return p
		}
	}
	return ""
}
