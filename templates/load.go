package templates

import (
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	texttemplate "text/template"
)

// loadMails parses mail/KIND.txt, each with all shared parts, once, and binds it to every language.
func (s *Set) loadMails() error {
	shared, kinds, err := s.split("mail", ".txt")
	if err != nil {
		return err
	}
	s.mails = map[string]map[string]*texttemplate.Template{}
	for kind, file := range kinds {
		parsed, err := texttemplate.New(path.Base(file)).Funcs(s.voices[fallback].mailFuncs()).ParseFS(s.files, append([]string{file}, shared...)...)
		if err != nil {
			return err
		}
		for _, locale := range s.locales {
			t, err := parsed.Clone()
			if err != nil {
				return err
			}
			if s.mails[locale] == nil {
				s.mails[locale] = map[string]*texttemplate.Template{}
			}
			s.mails[locale][kind] = t.Funcs(s.voices[locale].mailFuncs())
		}
	}
	s.layout, err = template.New("layout.html").ParseFS(s.files, "mail/layout.html")
	return err
}

// loadPages parses html/NAME.html, each with all shared parts, once, and binds it to
// every language. A page in a sub-folder has the folder in its name: "desk/queue".
// The desk's pages exist in the languages that have its messages.
func (s *Set) loadPages() error {
	shared, names, err := s.split("html", ".html")
	if err != nil {
		return err
	}
	s.pages = map[string]map[string]*template.Template{}
	for name, file := range names {
		parsed, err := template.New(path.Base(file)).Funcs(s.voices[fallback].funcs()).ParseFS(s.files, append([]string{file}, shared...)...)
		if err != nil {
			return err
		}
		locales := s.locales
		if strings.HasPrefix(name, deskArea+"/") {
			locales = s.deskChoice.locales
		}
		for _, locale := range locales {
			t, err := parsed.Clone()
			if err != nil {
				return err
			}
			if s.pages[locale] == nil {
				s.pages[locale] = map[string]*template.Template{}
			}
			s.pages[locale][name] = t.Funcs(s.voices[locale].funcs())
		}
	}
	return nil
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
