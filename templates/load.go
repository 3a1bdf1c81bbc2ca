package templates

import (
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	texttemplate "text/template"
)

// loadMails parses mail/KIND.txt, each with all shared parts, for every language.
func (s *Set) loadMails() error {
	shared, kinds, err := s.split("mail", ".txt")
	if err != nil {
		return err
	}
	s.mails = map[string]map[string]*texttemplate.Template{}
	for _, locale := range s.locales {
		funcs := s.voices[locale].mailFuncs()
		s.mails[locale] = map[string]*texttemplate.Template{}
		for kind, file := range kinds {
			t, err := texttemplate.New(path.Base(file)).Funcs(funcs).ParseFS(s.files, append([]string{file}, shared...)...)
			if err != nil {
				return err
			}
			s.mails[locale][kind] = t
		}
	}
	s.layout, err = template.New("layout.html").ParseFS(s.files, "mail/layout.html")
	return err
}

// loadPages parses html/NAME.html, each with all shared parts, for every language.
// A page in a sub-folder has the folder in its name: "desk/queue".
func (s *Set) loadPages() error {
	shared, names, err := s.split("html", ".html")
	if err != nil {
		return err
	}
	s.pages = map[string]map[string]*template.Template{}
	for _, locale := range s.locales {
		funcs := s.voices[locale].funcs()
		s.pages[locale] = map[string]*template.Template{}
		for name, file := range names {
			t, err := template.New(path.Base(file)).Funcs(funcs).ParseFS(s.files, append([]string{file}, shared...)...)
			if err != nil {
				return err
			}
			s.pages[locale][name] = t
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
