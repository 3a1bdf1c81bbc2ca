package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"countersign/petition"
)

const (
	signInsByVisitor = 20 // links asked for in the limiter's window
	triesByVisitor   = 40 // presses on sign-in pages
)

// signInPage is the data of desk/signin, desk/sent and desk/enter.
type signInPage struct {
	Frame
	Next    string
	Address string // as typed
	Problem string // message desk.signin_PROBLEM
	Digits  string // shown in the browser that asked
	Until   time.Time
	Token   string
	Here    bool // this browser asked: one press is enough
	Out     bool // signed out just now
}

func (s *Server) signInFrame(r *http.Request, key string) (string, signInPage) {
	locale := s.deskLocale(r)
	return locale, signInPage{Frame: s.frame(locale, s.templates.T(locale, key, nil))}
}

func (s *Server) getSignIn(w http.ResponseWriter, r *http.Request) error {
	if token := cookieValue(r, s.cookieName(sessionCookie)); token != "" {
		if _, err := s.store.Session(r.Context(), token); err == nil {
			return redirect(w, r, deskPath(r.FormValue("next")))
		}
	}
	locale, page := s.signInFrame(r, "desk.signin_title")
	page.Next, page.Out = deskPath(r.FormValue("next")), r.FormValue("out") != ""
	return s.render(w, http.StatusOK, locale, "desk/signin", page)
}

// postSignIn answers the same, after the same time, whoever's address it is.
func (s *Server) postSignIn(w http.ResponseWriter, r *http.Request) error {
	if !s.attempts.allow("sign-in:"+s.visitor(r), signInsByVisitor, s.clock()) {
		return errTooMany
	}
	locale, page := s.signInFrame(r, "desk.signin_title")
	page.Next, page.Address = deskPath(r.FormValue("next")), strings.TrimSpace(r.FormValue("address"))
	if !looksLikeAddress(page.Address) {
		page.Problem = "bad_address"
		return s.render(w, http.StatusUnprocessableEntity, locale, "desk/signin", page)
	}
	a, err := newAsked(page.Next)
	if err != nil {
		return err
	}
	even := time.NewTimer(signInPause)
	defer even.Stop()
	_, err = s.store.StartSignIn(r.Context(), petition.CanonicalAddress(page.Address), a.browserHash(), s.digitsHash(a.Digits), s.visitorLocale(r), signInLife)
	if err != nil {
		return err
	}
	s.outbox()
	if err := s.setAsked(w, a); err != nil {
		return err
	}
	if err := waitFor(r.Context(), even); err != nil {
		return err
	}
	return redirect(w, r, "/desk/sign-in/sent")
}

// signInPause is how long an answer takes at least: queueing a mail takes longer
// than finding nobody, and that must not show.
const signInPause = 150 * time.Millisecond

func waitFor(ctx context.Context, t *time.Timer) error {
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func looksLikeAddress(address string) bool {
	local, domain, ok := strings.Cut(address, "@")
	return ok && local != "" && domain != "" && len(address) <= 254 && !strings.ContainsAny(address, " \t\r\n<>,;")
}

func (s *Server) getSignInSent(w http.ResponseWriter, r *http.Request) error {
	a, ok := s.asked(r)
	if !ok {
		return redirect(w, r, "/desk/sign-in")
	}
	locale, page := s.signInFrame(r, "desk.sent_title")
	page.Digits = a.Digits[:3] + "\u00a0" + a.Digits[3:]
	return s.render(w, http.StatusOK, locale, "desk/sent", page)
}

// signInNotice finds the notice whose link this is. Every failure is ErrToken.
func (s *Server) signInNotice(r *http.Request) (petition.Notice, error) {
	token := r.PathValue("token")
	id, err := petition.Keys.LinkNotice(s.keys, token)
	if err != nil {
		return petition.Notice{}, petition.ErrToken
	}
	n, err := s.store.Notice(r.Context(), id)
	switch {
	case errors.Is(err, petition.ErrNotFound):
		return petition.Notice{}, petition.ErrToken
	case err != nil:
		return petition.Notice{}, err
	case n.Kind != petition.NoticeSignIn, !s.keys.LinkOpens(token, petition.PurposeSignIn, &n),
		!n.ExpiresAt.IsZero() && s.clock().After(n.ExpiresAt):
		return petition.Notice{}, petition.ErrToken
	}
	return n, nil
}

func (s *Server) getSignInLink(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.signInNotice(r); err != nil {
		return s.signInFailed(w, r, err)
	}
	locale, page := s.signInFrame(r, "desk.enter_title")
	page.Token = r.PathValue("token")
	_, page.Here = s.asked(r)
	return s.render(w, http.StatusOK, locale, "desk/enter", page)
}

// postSignInLink signs in. In the browser that asked one press is enough; any
// other must know the digits that the first one shows.
func (s *Server) postSignInLink(w http.ResponseWriter, r *http.Request) error {
	if !s.attempts.allow("enter:"+s.visitor(r), triesByVisitor, s.clock()) {
		return errTooMany
	}
	n, err := s.signInNotice(r)
	if err != nil {
		return s.signInFailed(w, r, err)
	}
	digits := onlyDigits(r.FormValue("digits"))
	a, here := s.asked(r)
	if !here && len(digits) != 6 {
		return s.askDigits(w, r, "digits_missing")
	}
	var browser, code string
	if here {
		browser = a.browserHash()
	}
	if len(digits) == 6 {
		code = s.digitsHash(digits)
	}
	token, err := s.store.FinishSignIn(r.Context(), n.ID, browser, code)
	if errors.Is(err, petition.ErrToken) || errors.Is(err, petition.ErrNotFound) {
		if here && code == "" {
			return s.askDigits(w, r, "other_browser")
		}
		return s.askDigits(w, r, "digits_wrong")
	}
	if err != nil {
		return err
	}
	http.SetCookie(w, SessionCookie(s.base, token))
	s.clearCookie(w, signInCookie)
	return redirect(w, r, deskPath(a.Next))
}

func (s *Server) askDigits(w http.ResponseWriter, r *http.Request, problem string) error {
	locale, page := s.signInFrame(r, "desk.enter_title")
	page.Token, page.Problem = r.PathValue("token"), problem
	return s.render(w, http.StatusUnprocessableEntity, locale, "desk/enter", page)
}

// signInFailed shows one text for every link that does not work.
func (s *Server) signInFailed(w http.ResponseWriter, r *http.Request, err error) error {
	if !errors.Is(err, petition.ErrToken) {
		return err
	}
	locale, page := s.signInFrame(r, "desk.dead_title")
	return s.render(w, http.StatusNotFound, locale, "desk/dead", page)
}

func onlyDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
}

func (s *Server) postSignOut(w http.ResponseWriter, r *http.Request) error {
	if token := cookieValue(r, s.cookieName(sessionCookie)); token != "" {
		if err := s.store.EndSession(r.Context(), token); err != nil && !isSignedOut(err) {
			return err
		}
	}
	s.clearCookie(w, sessionCookie)
	return redirect(w, r, "/desk/sign-in?out=1")
}
