package web

import (
	"context"
	"errors"
	"net/http"

	"countersign/petition"
)

// handler is a page. It returns what went wrong, having written nothing then.
type handler func(w http.ResponseWriter, r *http.Request) error

var (
	errTooMany = errors.New("too many attempts")    // 429
	errForm    = errors.New("this form is damaged") // 400: not something that our pages send
)

// problem is one thing to tell a visitor: a status and the messages problem.KEY_title and problem.KEY_text.
type problem struct {
	status int
	key    string
}

var (
	problem400 = problem{http.StatusBadRequest, "form"}
	problem403 = problem{http.StatusForbidden, "origin"}
	problem404 = problem{http.StatusNotFound, "not_found"}
	problem405 = problem{http.StatusMethodNotAllowed, "method"}
	problem409 = problem{http.StatusConflict, "conflict"}
	problem413 = problem{http.StatusRequestEntityTooLarge, "too_large"}
	problem429 = problem{http.StatusTooManyRequests, "too_many"}
	problem500 = problem{http.StatusInternalServerError, "fault"}
	problem503 = problem{http.StatusServiceUnavailable, "busy"}
)

// problemOf maps an error to what the visitor is told. It is the only such map.
func problemOf(err error) problem {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem413
	}
	switch {
	case errors.Is(err, petition.ErrNotFound):
		return problem404
	case errors.Is(err, petition.ErrConflict):
		return problem409
	case errors.Is(err, errTooMany):
		return problem429
	case errors.Is(err, errForm):
		return problem400
	case errors.Is(err, context.DeadlineExceeded):
		return problem503
	default:
		return problem500
	}
}

// handle runs a page with its limits and shows what went wrong.
func (s *Server) handle(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), handlerTimeout)
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// fail tells the visitor in fixed words and the operator the cause.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) {
		return // the visitor went away
	}
	if errors.Is(err, petition.ErrToken) {
		s.showDeadLink(w, r)
		return
	}
	p := problemOf(err)
	if p.status >= http.StatusInternalServerError {
		s.log.Error("a page failed", "route", r.Pattern, "err", err)
	}
	s.problem(w, r, p)
}

// problemPage is the data of problem.html.
type problemPage struct {
	Frame
	Heading string
	Text    string
}

// problem shows one of the error pages; where even that fails, plain text.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, p problem) {
	locale := s.visitorLocale(r)
	heading := s.templates.T(locale, "problem."+p.key+"_title", nil)
	page := problemPage{Frame: s.frame(locale, heading), Heading: heading, Text: s.templates.T(locale, "problem."+p.key+"_text", nil)}
	if p == problem405 {
		w.Header().Set("Allow", "GET, HEAD")
	}
	if err := s.render(w, p.status, locale, "problem", page); err != nil {
		s.log.Error("the error page failed", "route", r.Pattern, "err", err)
		http.Error(w, http.StatusText(p.status), p.status)
	}
}

// getNothing answers for every address that no other route knows.
func (s *Server) getNothing(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.problem(w, r, problem405)
		return nil
	}
	return petition.ErrNotFound
}
