package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"countersign/petition"
	"countersign/store"
)

// deskStore is what the organizers' desk needs of the database.
type deskStore interface {
	deskAccess
	deskReader
	// Act carries out what an organizer does; petition.ErrConflict when a revision is stale.
	Act(ctx context.Context, a petition.Action) (petition.Outcome, error)
	SaveSettings(ctx context.Context, id, revision int64, settings petition.Settings, organizerID int64) error
	SetState(ctx context.Context, id int64, state petition.CampaignState, organizerID int64) error
	Release(ctx context.Context, send bool) error
}

// deskAccess is who may come in.
type deskAccess interface {
	StartSignIn(ctx context.Context, address, browserHash, digitsHash, locale string, life time.Duration) (int64, error)
	FinishSignIn(ctx context.Context, noticeID int64, browserHash, digitsHash string) (string, error)
	Session(ctx context.Context, token string) (petition.Organizer, error)
	EndSession(ctx context.Context, token string) error
	Organizers(ctx context.Context) ([]petition.Organizer, error)
}

// deskReader is what the desk shows.
type deskReader interface {
	Campaigns(ctx context.Context) ([]*petition.Campaign, error)
	CampaignByID(ctx context.Context, id int64) (*petition.Campaign, error)
	Texts(ctx context.Context, campaignID int64) ([]petition.Text, error)
	Counts(ctx context.Context, campaignID int64) (store.Counts, error)
	Queue(ctx context.Context, f store.QueueFilter) ([]store.QueueRow, error)
	QueueCounts(ctx context.Context, campaignIDs []int64) (map[string]int, error)
	QueueLength(ctx context.Context) (due int, oldest time.Time, err error)
	Find(ctx context.Context, campaignIDs []int64, query string, limit int) ([]*petition.Endorsement, error)
	Endorsement(ctx context.Context, id int64) (*petition.Endorsement, error)
	Events(ctx context.Context, endorsementID int64) ([]petition.Event, error)
	Notice(ctx context.Context, id int64) (petition.Notice, error)
	Notices(ctx context.Context, endorsementID int64) ([]petition.Notice, error)
	Mail(ctx context.Context, id int64) (*petition.Mail, error)
	MailsOf(ctx context.Context, endorsementID int64) ([]*petition.Mail, error)
	Task(ctx context.Context, id int64) (*petition.Task, error)
	Mailboxes(ctx context.Context) ([]store.MailboxHealth, error)
	Held(ctx context.Context) (store.Hold, error)
}

// deskRoutes are the addresses of the organizers' desk. The words here hide the desk
// pages of a campaign whose slug is one of them (sign-in, restored, e, q, mail, in).
func (s *Server) deskRoutes(mux *http.ServeMux) {
	page := func(pattern string, h handler) { mux.Handle(pattern, s.handle(h)) }
	page("GET /desk/sign-in", s.getSignIn)
	page("POST /desk/sign-in", s.postSignIn)
	page("GET /desk/sign-in/sent", s.getSignInSent)
	page("GET /desk/in/{token}", s.getSignInLink)
	page("POST /desk/in/{token}", s.postSignInLink)
	page("POST /desk/sign-out", s.postSignOut)

	page("POST /desk/restored", s.member(s.postRestored))
	page("GET /desk", s.member(s.getQueue))
	page("GET /desk/{slug}", s.member(s.getQueue))
	page("GET /desk/{slug}/{page}", s.member(s.getCampaignPage))
	page("POST /desk/{slug}/{page}", s.member(s.postCampaignPage))
	page("GET /desk/e/{id}", s.member(s.getEndorsement))
	page("POST /desk/e/{id}", s.member(s.postEndorsement))
	page("GET /desk/q/{id}", s.member(s.getTask))
	page("POST /desk/q/{id}", s.member(s.postTask))
	page("GET /desk/mail/{id}", s.member(s.getDeskMail))
}

// visit is one request of a signed-in organizer.
type visit struct {
	organizer petition.Organizer
	campaigns []*petition.Campaign // that the organizer may see
	locale    string
	flash     *flash // what the act before this page did
}

// deskHandler is a page for organizers.
type deskHandler func(w http.ResponseWriter, r *http.Request, v *visit) error

// member lets only signed-in organizers through, and only those who may act to anything but a GET.
func (s *Server) member(h deskHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := s.visit(w, r)
		if errors.Is(err, errNoSession) {
			return redirect(w, r, signInURL(r))
		}
		if err != nil {
			return err
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !v.mayAct() {
			return s.deskProblem(w, v, http.StatusForbidden, "reader")
		}
		return h(w, r, v)
	}
}

var errNoSession = errors.New("nobody is signed in")

func isSignedOut(err error) bool {
	return errors.Is(err, petition.ErrNotFound) || errors.Is(err, petition.ErrToken)
}

func (s *Server) visit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	token := cookieValue(r, s.cookieName(sessionCookie))
	if token == "" {
		return nil, errNoSession
	}
	organizer, err := s.store.Session(r.Context(), token)
	if isSignedOut(err) {
		return nil, errNoSession
	}
	if err != nil {
		return nil, err
	}
	v := &visit{organizer: organizer, locale: s.deskLocale(r, organizer.Locale)}
	if organizer.Locale != "" {
		v.locale = s.templates.MatchDesk(organizer.Locale, r.Header.Get("Accept-Language"))
	}
	all, err := s.store.Campaigns(r.Context())
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if v.may(c.ID) {
			v.campaigns = append(v.campaigns, c)
		}
	}
	if r.Method == http.MethodGet {
		v.flash = s.takeFlash(w, r)
	}
	return v, nil
}

func (v *visit) mayAct() bool {
	return v.organizer.Role == petition.RoleOwner || v.organizer.Role == petition.RoleReviewer
}

// may reports whether the organizer may see the campaign. What belongs to no
// campaign yet (0) is for those who see all.
func (v *visit) may(campaignID int64) bool {
	if len(v.organizer.Campaigns) == 0 {
		return true
	}
	for _, id := range v.organizer.Campaigns {
		if id == campaignID && id != 0 {
			return true
		}
	}
	return false
}

// campaign is one of the organizer's campaigns by id, or nil.
func (v *visit) campaign(id int64) *petition.Campaign {
	for _, c := range v.campaigns {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (v *visit) bySlug(slug string) *petition.Campaign {
	for _, c := range v.campaigns {
		if c.Slug == slug {
			return c
		}
	}
	return nil
}

// scope is what the store is asked for: the campaign, or all that the organizer may see.
func (v *visit) scope(c *petition.Campaign) []int64 {
	if c != nil {
		return []int64{c.ID}
	}
	ids := make([]int64, 0, len(v.campaigns))
	for _, one := range v.campaigns {
		ids = append(ids, one.ID)
	}
	return ids
}

// pathID is the id in the path. What is no id is not found.
func pathID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, petition.ErrNotFound
	}
	return id, nil
}

// formID is an id in a form or query, 0 where it is none.
func formID(r *http.Request, name string) int64 {
	id, err := strconv.ParseInt(r.FormValue(name), 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}

// signInURL is where somebody signs in and then comes back to the page asked for.
func signInURL(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/desk" {
		return "/desk/sign-in"
	}
	return "/desk/sign-in?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
}

// deskPath returns the path if it leads to a page of the desk, else the desk:
// nobody is sent to another site after signing in.
func deskPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/desk/") ||
		strings.HasPrefix(u.Path, "/desk/sign-") || strings.HasPrefix(u.Path, "/desk/in/") || strings.ContainsAny(path, "\\\r\n") || len(path) > 500 {
		return "/desk"
	}
	return path
}
