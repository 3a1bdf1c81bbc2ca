package origin

import (
	"embed"
	"strings"
	"sync"
)

//go:embed phrases.txt
var phraseFile string

//go:embed reasons/*.txt
var reasonFiles embed.FS

// section is a named list of phrases, in the order of the file.
type section struct {
	name    string
	phrases []string
}

// wording are the tables of phrases.txt and the folder reasons; they never change once read.
type wording struct {
	bounceSubject, bounceBody, returned []string
	introduction, delayed               []string
	autoSubject, bulkSubject            []string
	autoBody, bulk, challenge           *phraseIndex
	robots                              map[string]bool
	reasons                             [3]*phraseIndex // strong, fair, weak; the rank is that of precedence
	certain                             *phraseIndex    // wording of user_unknown that needs no further proof
	codes                               map[string]codeReason
}

// codeReason is what an enhanced status code means; exact: it is only sent for that.
type codeReason struct {
	reason string
	exact  bool
}

// precedence is the order in which the reasons are looked for in a text: a mailbox that is full comes before "policy",
// which nearly every refusal names, too.
var precedence = []string{
	"mailbox_full", "moved", "virus", "authentication", "rate_limited", "blocked", "too_large", "spam", "suspended", "relaying_denied",
	"rejected", "filtered", "network", "host_unknown", "user_unknown", "content", "expired", "system", "policy",
}

var words = sync.OnceValue(func() *wording {
	byName := map[string][]string{}
	for _, s := range readSections(phraseFile) {
		byName[s.name] = s.phrases
	}
	w := &wording{
		bounceSubject: byName["bounce.subject"], bounceBody: byName["bounce.body"], returned: byName["returned"],
		introduction: byName["bounce.introduction"], delayed: byName["bounce.delayed"],
		autoSubject: byName["auto.subject"], autoBody: indexOf(byName["auto.body"]), challenge: indexOf(byName["challenge"]),
		bulk: indexOf(byName["bulk"]), bulkSubject: byName["bulk.subject"],
		robots: map[string]bool{},
	}
	w.readReasons()
	for _, r := range byName["robots"] {
		w.robots[r] = true
	}
	return w
})

// readReasons joins the tables of all families of hosts, each weight in the order of precedence.
func (w *wording) readReasons() {
	phrases := map[string][]string{}
	w.codes = map[string]codeReason{}
	files, _ := reasonFiles.ReadDir("reasons") // embedded: it is there, or the program was not built
	for _, f := range files {
		data, _ := reasonFiles.ReadFile("reasons/" + f.Name())
		if f.Name() == "codes.txt" {
			readCodes(string(data), w.codes)
			continue
		}
		for _, s := range readSections(string(data)) {
			phrases[s.name] = append(phrases[s.name], s.phrases...)
		}
	}
	w.certain = indexOf(phrases["user_unknown*"])
	phrases["user_unknown!"] = append(phrases["user_unknown!"], phrases["user_unknown*"]...)
	for i, weight := range []string{"!", "", "?"} {
		var list []ranked
		for rank, reason := range precedence {
			for _, p := range phrases[reason+weight] {
				list = append(list, ranked{p, rank})
			}
		}
		w.reasons[i] = newIndex(list)
	}
}

func readCodes(file string, into map[string]codeReason) {
	for line := range strings.Lines(file) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] != "#" {
			into[f[0]] = codeReason{f[1], len(f) > 2 && f[2] == "!"}
		}
	}
}

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
