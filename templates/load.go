package templates

import (
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"sync"
	texttemplate "text/template"
)

// loadMails parses mail/KIND.txt, each with all shared parts, once, and binds it to every language.
func (s *Set) loadMails() error {
	shared, kinds, err := s.split("mail", ".txt")
	if err != nil {
		return err
	}
	funcs := map[string]texttemplate.FuncMap{}
	s.mails = map[string]map[string]*texttemplate.Template{}
	for _, locale := range s.locales {
		funcs[locale], s.mails[locale] = s.voices[locale].mailFuncs(), map[string]*texttemplate.Template{}
	}
	for kind, file := range kinds {
		parsed, err := texttemplate.New(path.Base(file)).Funcs(funcs[fallback]).ParseFS(s.files, append([]string{file}, shared...)...)
		if err != nil {
			return err
		}
		for _, locale := range s.locales {
			t, err := parsed.Clone()
			if err != nil {
				return err
			}
			s.mails[locale][kind] = t.Funcs(funcs[locale])
		}
	}
	s.layout, err = template.New("layout.html").ParseFS(s.files, "mail/layout.html")
	return err
}

// loadPages parses html/NAME.html, each with all shared parts. A page in a sub-folder
// has the folder in its name: "desk/queue".
func (s *Set) loadPages() error {
	shared, names, err := s.split("html", ".html")
	if err != nil {
		return err
	}
	s.pages.parsed, s.pages.bound = map[string]*template.Template{}, map[[2]string]*template.Template{}
	funcs := s.voices[fallback].funcs()
	for name, file := range names {
		s.pages.parsed[name], err = template.New(path.Base(file)).Funcs(funcs).ParseFS(s.files, append([]string{file}, shared...)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// pages are the parsed pages, which are never executed, and their copies by
// language, made when one is first asked for: most of them never are.
type pages struct {
	parsed map[string]*template.Template // by name
	mu     sync.Mutex
	bound  map[[2]string]*template.Template // by locale and name
}

// page is the page in the language of the locale; ErrUnknown if there is no such page
// or locale. The desk's pages exist in the languages that have its messages.
func (s *Set) page(locale, name string) (*template.Template, error) {
	v, parsed := s.voices[locale], s.pages.parsed[name]
	if v == nil || parsed == nil || strings.HasPrefix(name, deskArea+"/") && !v.areas[deskArea] {
		return nil, fmt.Errorf("page %q in %q: %w", name, locale, ErrUnknown)
	}
	s.pages.mu.Lock()
	defer s.pages.mu.Unlock()
	key := [2]string{locale, name}
	if t := s.pages.bound[key]; t != nil {
		return t, nil
	}
	t, err := parsed.Clone()
	if err != nil {
		return nil, err
	}
	s.pages.bound[key] = t.Funcs(v.funcs())
	return t, nil
}

// split lists the files of a folder: shared parts begin with an underscore, the others go by name.
func (s *Set) split(folder, suffix string) (shared []string, named map[string]string, err error) {
	named = map[string]string{}
	err = fs.WalkDir(s.files, folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != suffix {
			return err
		}
		if strings.HasPrefix(entry.Name(), "_") {
			shared = append(shared, file)
			return nil
		}
		name := strings.TrimSuffix(strings.TrimPrefix(file, folder+"/"), suffix)
		if named[name] != "" {
			return fmt.Errorf("%s: a second template of this name", file)
		}
		named[name] = file
		return nil
	})
	return shared, named, err
}
