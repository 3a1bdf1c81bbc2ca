package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"countersign/petition"
	"countersign/store"
)

// letterStore is what the public page needs of the database.
type letterStore interface {
	Campaigns(ctx context.Context) ([]*petition.Campaign, error)
	Campaign(ctx context.Context, slug string) (*petition.Campaign, error)
	// ListRevision grows with every change of the list, the settings or the text.
	ListRevision(ctx context.Context, campaignID int64) (int64, error)
	PublicList(ctx context.Context, campaignID int64) ([]store.Line, error)
}

var (
	cachePublic  = []string{"public, no-cache"}
	cachePrivate = []string{"private, no-cache"}
)

// languagesOf are the languages that the letter can be read in.
func languagesOf(c *petition.Campaign) []string {
	var have []string
	for _, t := range c.Texts {
		have = append(have, t.Language)
	}
	if len(have) == 0 {
		return []string{c.Language()}
	}
	slices.SortStableFunc(have, func(a, b string) int { // in the order that the campaign names them
		return rank(c.Languages, a) - rank(c.Languages, b)
	})
	return have
}

func rank(list []string, item string) int {
	if i := slices.Index(list, item); i >= 0 {
		return i
	}
	return len(list)
}

// getLetter serves /{slug} and what lies under it. It is not wrapped by handle: it
// asks the database only when an edition is due, under a limit of its own.
func (s *Server) getLetter(w http.ResponseWriter, r *http.Request) {
	if err := s.showLetter(w, r, r.PathValue("slug"), r.PathValue("rest")); err != nil {
		s.fail(w, r, err)
	}
}

func (s *Server) showLetter(w http.ResponseWriter, r *http.Request, slug, rest string) error {
	e, err := s.edition(r.Context(), slug)
	if err != nil {
		return err
	}
	c := e.campaign
	export := rest == "list" || rest == "signatures.json" || rest == "signatures.csv"
	secret := rest
	if export {
		secret = "" // an unlisted letter has no exports (U19)
	}
	if !c.Visible(s.clock(), secret) || (c.Visibility != petition.Unlisted && rest != "" && !export) {
		return petition.ErrNotFound
	}
	switch rest {
	case "list":
		return redirect(w, r, "/"+c.Slug+"#list")
	case "signatures.json":
		return s.sendExport(w, r, e, "json")
	case "signatures.csv":
		return s.sendExport(w, r, e, "csv")
	}
	lang := e.language(r)
	f, err := e.file(rendering{"page", lang}, func() (file, error) { return s.renderLetter(e, lang) })
	if err != nil {
		return err
	}
	cache := cachePublic
	if c.Visibility == petition.Unlisted {
		cache = cachePrivate
		w.Header()["X-Robots-Tag"] = []string{"noindex"}
	}
	f.send(w, r, cache)
	return nil
}

// homePage is the data of home.html.
type homePage struct {
	Frame
	Letters []homeLetter
}

type homeLetter struct {
	URL, Title, Language, Dir string
}

// getHome shows the only public letter, or a list of them.
func (s *Server) getHome(w http.ResponseWriter, r *http.Request) error {
	all, err := s.store.Campaigns(r.Context())
	if err != nil {
		return err
	}
	now := s.clock()
	all = slices.DeleteFunc(all, func(c *petition.Campaign) bool { return c.Visibility == petition.Unlisted || !c.Visible(now, "") })
	if len(all) == 1 {
		return s.showLetter(w, r, all[0].Slug, "")
	}
	locale := s.visitorLocale(r)
	page := homePage{Frame: s.frame(locale, s.templates.T(locale, "home.title", nil))}
	page.Index = true
	page.Languages = s.ourLanguages(locale)
	for _, c := range all {
		t := c.Text(pickLanguage(languagesOf(c), chosenLanguage(r), r.Header.Get("Accept-Language")))
		page.Letters = append(page.Letters, homeLetter{URL: "/" + c.Slug, Title: t.Title, Language: t.Language, Dir: direction(t.Language)})
	}
	slices.SortStableFunc(page.Letters, func(a, b homeLetter) int { return strings.Compare(a.Title, b.Title) })
	return s.render(w, http.StatusOK, locale, "home", page)
}
