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
	on        prefixes
	original  map[string]bool
	forwarded map[string]bool
	headers   map[string]headerWord // key of a header line
	device    prefixes              // begins a line that a device or app adds
	sure      prefixes              // begins one that may name anything
	short     prefixes              // begins a very short one
	deviceEnd []string              // ends one
	brands    []string              // words of which one stands in such a line
	devices   []string              // the same, by kind
	footer    prefixes
	legal     []string // words of which one stands in such a paragraph
	lists     []string
	stubs     []string
}

// headerWord is what a line of a header block tells. A word may mean two things in two languages ("de", "a", "la").
// client: only programs write it so, not people above a memo.
type headerWord struct{ from, sent, to, subject, client bool }

// prefixes holds phrases by their first bytes, so that a line is compared with few of them.
type prefixes map[string][]string

const prefixKey = 4

func byStart(phrases []string) prefixes {
	p := prefixes{}
	for _, phrase := range phrases {
		key := phrase[:min(len(phrase), prefixKey)]
		p[key] = append(p[key], phrase)
	}
	return p
}

// match tells whether a lower-case line begins with one of the phrases.
func (p prefixes) match(line string) bool {
	for n := min(prefixKey, len(line)); n > 0; n-- {
		for _, phrase := range p[line[:n]] {
			if strings.HasPrefix(line, phrase) {
				return true
			}
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
			sections[section] = append(sections[section], foldLine(line))
		}
	}
	t := &phraseTables{
		wrote: sections["wrote"], lists: sections["lists"], stubs: sections["stubs"], legal: sections["legal"],
		deviceEnd: sections["device end"], brands: sections["brands"], devices: sections["devices"],
		original: set(sections["original"]), forwarded: set(sections["forwarded"]), headers: map[string]headerWord{},
		on: byStart(sections["on"]), device: byStart(sections["device"]), sure: byStart(sections["device sure"]), short: byStart(sections["device short"]), footer: byStart(sections["footer"]),
	}
	for _, kind := range []string{"from", "sent", "date", "to", "subject"} {
		for _, word := range sections[kind] {
			h := t.headers[word]
			h.from, h.sent = h.from || kind == "from", h.sent || kind == "sent" || kind == "date"
			h.client = h.client || kind == "sent"
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
