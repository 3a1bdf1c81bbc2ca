package web

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"
)

// Frame is what surrounds every page: language, title, the way home. Page structs embed it.
type Frame struct {
	Locale    string // of our own words
	Dir       string // ltr or rtl, of Locale
	Title     string // of the window
	Brand     string // beside the mark
	BrandURL  string
	CSS       string     // address of the stylesheet
	Languages []Language // to choose from; empty: no choice
	Index     bool       // search engines may keep the page
	Lang      string     // ?lang= of this page, kept by its forms and links; "" where the visitor chose none
}

// Language is one entry of the choice of languages.
type Language struct {
	Tag     string
	Name    string // in itself: "Deutsch"
	Dir     string
	URL     string
	Current bool
}

// frame is the frame of a page that belongs to no campaign.
func (s *Server) frame(locale, title string) Frame {
	return Frame{Locale: locale, Dir: direction(locale), Title: title, Brand: "Countersign", BrandURL: "/", CSS: s.fileURL(stylesheet)}
}

// render writes a page that is nobody else's to keep: signers' pages, the desk, errors.
func (s *Server) render(w http.ResponseWriter, status int, locale, name string, data any) error {
	var b bytes.Buffer
	if err := s.templates.Page(&b, locale, name, data); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	secluded(h)
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the visitor went away: nobody to tell
	return nil
}

// redirect ends a POST: the browser asks for path, one of ours, by GET.
func redirect(w http.ResponseWriter, r *http.Request, path string) error {
	secluded(w.Header())
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// visitorLocale is the language of our own words where no campaign has a say:
// ?lang=, then the browser's wishes, then ours.
func (s *Server) visitorLocale(r *http.Request) string {
	return s.templates.Match(wishes(r)...)
}

// deskLocale is visitorLocale among the languages that the desk speaks.
func (s *Server) deskLocale(r *http.Request, further ...string) string {
	return s.templates.MatchDesk(append(wishes(r), further...)...)
}

// wishes are the languages that the visitor asks for: ?lang=, then the browser's.
func wishes(r *http.Request) []string {
	wishes := make([]string, 0, 4)
	if lang := chosenLanguage(r); lang != "" {
		wishes = append(wishes, lang)
	}
	if accept := r.Header.Get("Accept-Language"); accept != "" {
		wishes = append(wishes, accept)
	}
	return wishes
}

// chosenLanguage is ?lang= (or the form's field), if it is the shape of a language tag.
func chosenLanguage(r *http.Request) string {
	lang := r.URL.Query().Get("lang")
	if len(lang) > 35 { // RFC 5646 section 4.4.1
		return ""
	}
	if _, err := language.Parse(lang); err != nil {
		return ""
	}
	return lang
}

// pickLanguage chooses among the languages that a letter has: exactly, by what
// the visitor prefers, else the first.
func pickLanguage(have []string, chosen, accept string) string {
	if len(have) == 0 {
		return "en"
	}
	if slices.Contains(have, chosen) {
		return chosen
	}
	tags := make([]language.Tag, len(have))
	for i, h := range have {
		tags[i] = language.Make(h)
	}
	var wishes []language.Tag
	if t, err := language.Parse(chosen); err == nil {
		wishes = append(wishes, t)
	}
	if t, _, err := language.ParseAcceptLanguage(accept); err == nil {
		wishes = append(wishes, t...)
	}
	_, i, confidence := language.NewMatcher(tags).Match(wishes...)
	if confidence == language.No {
		return have[0]
	}
	return have[i]
}

// direction is the writing direction of a language tag.
func direction(tag string) string {
	script, _ := language.Make(tag).Script()
	if strings.Contains(" Arab Hebr Thaa Syrc Nkoo Adlm Rohg ", " "+script.String()+" ") {
		return "rtl"
	}
	return "ltr"
}
