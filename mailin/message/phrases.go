package message

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed separators.txt
var separators string

// phraseTables are the sections of separators.txt in the form that they are looked up in.
type phraseTables struct {
	wrote     []string
	on        []string
	original  map[string]bool
	forwarded map[string]bool
	headers   map[string]headerWord // key of a header line
	device    prefixes
	footer    prefixes
	lists     []string
	stubs     []string
}

// headerWord is what a line of a header block tells. A word may mean two things in two languages ("de", "a", "la").
type headerWord struct{ from, sent, to, subject bool }

// prefixes holds phrases by their first bytes, so that a line is compared with few of them.
type prefixes map[string][]string

const prefixKey = 4

func (p prefixes) add(phrase string) {
	key := phrase[:min(len(phrase), prefixKey)]
	p[key] = append(p[key], phrase)
}

// match tells whether a lower-case line begins with one of the phrases.
func (p prefixes) match(line string) bool {
	for n := min(prefixKey, len(line)); n > 0; n-- {
		for _, phrase := range p[line[:n]] {
			if strings.HasPrefix(line, phrase) {
				return true
			}
		}
		if n < prefixKey {
			break
		}
	}
	return false
}

// phrases reads the embedded table once; it never changes afterwards.
var phrases = sync.OnceValue(func() *phraseTables {
	sections := map[string][]string{}
	section := ""
	for line := range strings.Lines(separators) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			sections[section] = append(sections[section], line)
		}
	}
	t := &phraseTables{
		wrote: sections["wrote"], on: sections["on"], lists: sections["lists"], stubs: sections["stubs"],
		original: set(sections["original"]), forwarded: set(sections["forwarded"]),
		headers: map[string]headerWord{}, device: prefixes{}, footer: prefixes{},
	}
	for _, p := range sections["device"] {
		t.device.add(p)
	}
	for _, p := range sections["footer"] {
		t.footer.add(p)
	}
	for _, kind := range []string{"from", "sent", "to", "subject"} {
		for _, word := range sections[kind] {
			h := t.headers[word]
			h.from, h.sent = h.from || kind == "from", h.sent || kind == "sent"
			h.to, h.subject = h.to || kind == "to", h.subject || kind == "subject"
			t.headers[word] = h
		}
	}
	return t
})

func set(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}
