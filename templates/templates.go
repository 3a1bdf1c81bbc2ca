// Package templates holds what Countersign says: the messages of every language,
// the mails, the pages and the static files, all embedded in the binary.
//
// Everything is parsed and checked once, by New: a template that does not parse,
// a message that one language has and another lacks, a key that a template uses
// and no language defines, each is an error there, so that a running program
// cannot fail on one. Rendering fails only on data that do not fit a template.
// Nothing here does I/O or reads a clock; a Set may be used by many goroutines.
//
// Files:
//
//	locale/AREA.TAG.toml   go-i18n messages; TAG is a BCP 47 tag. All files of a tag are one language.
//	                    common (dates, numbers, lists), mail and pages make a language for signers; desk may come later
//	mail/KIND.txt       one mail: "Subject: …", an empty line, the text; mail/_*.txt are shared parts
//	mail/layout.html    the frame of the HTML part; what stands in it is made from the same lines as the text
//	html/NAME.html      one page, executed by its name; html/_*.html are shared parts
//	static/…            served as they are
package templates

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	texttemplate "text/template"
)

//go:embed all:mail all:html all:locale all:static
var embedded embed.FS

// ErrUnknown says that there is no such locale, page or mail. It is a mistake of the program.
var ErrUnknown = errors.New("no such template")

// fallback is the language that is always there.
const fallback = "en"

// Set is every template in every language.
type Set struct {
	files      fs.FS
	locales    []string // fallback first
	voices     map[string]*voice
	areas      map[string]string // message key → kind of file, in English
	choice     choice
	deskChoice choice
	pages      pages
	mails      map[string]map[string]*texttemplate.Template // by locale, by kind
	layout     *template.Template
	used       map[string]string // message key → a template that uses it
	usedUnder  map[string]string // prefix of keys made at run time → a template that uses it
}

// New parses and checks all templates and messages.
func New() (*Set, error) { return load(embedded) }

func load(files fs.FS) (*Set, error) {
	s := &Set{files: files, used: map[string]string{}, usedUnder: map[string]string{}}
	for _, step := range []func() error{s.loadMessages, s.loadMails, s.loadPages, s.check} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("templates: %w", err)
		}
	}
	return s, nil
}

// Static is the folder of static files.
func (s *Set) Static() fs.FS {
	sub, err := fs.Sub(s.files, "static")
	if err != nil { // only an invalid name makes one
		return s.files
	}
	return sub
}

// Page writes the page html/NAME.html in the locale. Nothing but the data may
// make it fail; write to a buffer first, since what is written before stays written.
func (s *Set) Page(w io.Writer, locale, name string, data any) error {
	t, err := s.page(locale, name)
	if err != nil {
		return err
	}
	return t.Execute(w, data)
}

func (s *Set) voice(locale string) *voice {
	if v := s.voices[locale]; v != nil {
		return v
	}
	return s.voices[fallback]
}
