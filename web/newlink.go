package web

import (
	"errors"
	"net/http"
	"strings"

	"countersign/petition"
)

// linkPage is the data of link.html: the one page for a link that does not work
// (any more), whatever the reason, and for asking for a new one.
type linkPage struct {
	Frame
	Dead    bool // somebody followed a link
	Sent    bool // the address was taken; whether anything is known of it is not said
	Address string
	Wrong   bool // what was typed is no address
}

func (s *Server) showLink(w http.ResponseWriter, r *http.Request, status int, page linkPage) error {
	locale := s.visitorLocale(r)
	page.Frame = s.frame(locale, s.templates.T(locale, "link.title", nil))
	page.Languages = s.ourLanguages(locale)
	if page.Lang = chosenLanguage(r); page.Lang != "" {
		page.Lang = locale
	}
	return s.render(w, status, locale, "link", page)
}

// showDeadLink says the same for a wrong, unknown, old and foreign link.
func (s *Server) showDeadLink(w http.ResponseWriter, r *http.Request) {
	if err := s.showLink(w, r, http.StatusNotFound, linkPage{Dead: true}); err != nil {
		s.log.Error("the page for dead links failed", "route", r.Pattern, "err", err)
		s.problem(w, r, problem500)
	}
}

func (s *Server) getNewLink(w http.ResponseWriter, r *http.Request) error {
	return s.showLink(w, r, http.StatusOK, linkPage{Sent: r.URL.Query().Get("done") == "sent"})
}

// postNewLink sends what is open for an address once more, to that address only.
// The answer is the same whether anything is known or not.
func (s *Server) postNewLink(w http.ResponseWriter, r *http.Request) error {
	if err := s.allowPost(r, 0); err != nil {
		return err
	}
	if err := signerForm(r); err != nil {
		return err
	}
	typed := strings.TrimSpace(r.PostForm.Get("address"))
	if !isAddress(typed) {
		return s.showLink(w, r, http.StatusUnprocessableEntity, linkPage{Address: typed, Wrong: true})
	}
	// Without a campaign the store looks in all of them, in one transaction.
	_, err := s.store.Act(r.Context(), petition.Action{Kind: petition.ActNewLink, Channel: petition.ByForm, Address: petition.CanonicalAddress(typed)})
	if err != nil && !errors.Is(err, petition.ErrNotFound) {
		return err
	}
	s.changed()
	path := "/new-link?done=sent"
	if lang := chosenLanguage(r); lang != "" {
		path += "&lang=" + lang
	}
	return redirect(w, r, path)
}
