package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/petition"
)

// signerStore is what the signers' pages need of the database.
type signerStore interface {
	Notice(ctx context.Context, id int64) (petition.Notice, error)
	EndorsementsByID(ctx context.Context, ids []int64) ([]*petition.Endorsement, error)
	CampaignByID(ctx context.Context, id int64) (*petition.Campaign, error)
	Act(ctx context.Context, a petition.Action) (petition.Outcome, error)
}

// closedFor is how long after its end a link still says that the list has closed,
// rather than that it does not work.
const closedFor = 7 * 24 * time.Hour

// purposesOfSelf open the signer's own page: whatever a mail promised, it is there.
var purposesOfSelf = []petition.Purpose{
	petition.PurposeSelf, petition.PurposeWithdraw, petition.PurposeCorrect, petition.PurposeSee, petition.PurposeErase,
}

// request is what a link of ours opens: the notice that carried it and what that shows, as it is now.
type request struct {
	path     string // of the page, with the token
	self     bool   // the signer's own page, not a request to confirm
	notice   petition.Notice
	campaign *petition.Campaign
	lines    []*petition.Endorsement // in the notice's order
}

// open finds what a link opens. Wrong, unknown, old and for another purpose are
// all petition.ErrToken, and one page: nobody learns which it was (R41).
func (s *Server) open(ctx context.Context, path, token string, purposes ...petition.Purpose) (*request, error) {
	id, err := s.keys.LinkNotice(token)
	if err != nil {
		return nil, petition.ErrToken
	}
	q := &request{path: path + strings.ToLower(token)}
	q.notice, err = s.store.Notice(ctx, id)
	if err != nil {
		return nil, noToken(err)
	}
	if !slices.ContainsFunc(purposes, func(p petition.Purpose) bool { return s.keys.LinkOpens(token, p, &q.notice) }) {
		return nil, petition.ErrToken
	}
	if q.campaign, err = s.store.CampaignByID(ctx, q.notice.CampaignID); err != nil {
		return nil, noToken(err)
	}
	if s.expired(q) {
		return nil, petition.ErrToken
	}
	var ids []int64
	for _, shown := range q.notice.Shows {
		ids = append(ids, shown.EndorsementID)
	}
	if q.lines, err = s.store.EndorsementsByID(ctx, ids); err != nil {
		return nil, noToken(err)
	}
	for i, e := range q.lines {
		if i < len(q.notice.Shows) && e.ID == q.notice.Shows[i].EndorsementID && !e.Asks(q.notice.To, q.notice.Shows[i].Version) {
			return nil, petition.ErrToken // it went to a contact that an organizer has replaced
		}
	}
	if len(q.lines) == 0 {
		return nil, petition.ErrToken
	}
	return q, nil
}

// noToken hides from the visitor that something is not there; a fault stays a fault.
func noToken(err error) error {
	if errors.Is(err, petition.ErrNotFound) {
		return petition.ErrToken
	}
	return err
}

// expired reports whether the link counts no more. A deadline that is extended
// takes the notices' own ends along (U06): the store sees to that.
func (s *Server) expired(q *request) bool {
	end, now := q.notice.ExpiresAt, s.clock()
	if end.IsZero() {
		return false
	}
	if !q.campaign.AcceptsConfirmation(now) {
		end = end.Add(closedFor)
	}
	return now.After(end)
}

// allowPost counts a POST by its visitor and by the notice whose link it uses.
// Wrong links count by visitor; reading never counts.
func (s *Server) allowPost(r *http.Request, notice int64) error {
	now := s.clock()
	if !s.attempts.allow("visitor "+s.visitor(r), postsByVisitor, now) {
		return errTooMany
	}
	if notice != 0 && !s.attempts.allow("notice "+strconv.FormatInt(notice, 10), postsByNotice, now) {
		return errTooMany
	}
	return nil
}

// openPost opens the link of a POST and reads its form.
func (s *Server) openPost(r *http.Request, path string, purposes ...petition.Purpose) (*request, error) {
	claimed, err := s.keys.LinkNotice(r.PathValue("token"))
	if err != nil {
		claimed = 0
	}
	if err := s.allowPost(r, claimed); err != nil {
		return nil, err
	}
	q, err := s.open(r.Context(), path, r.PathValue("token"), purposes...)
	if err != nil {
		return nil, err
	}
	return q, signerForm(r)
}

// signerForm parses the form and keeps the size error as it is.
func signerForm(r *http.Request) error {
	err := r.ParseForm()
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); err != nil && !tooLarge {
		return errForm
	}
	return err
}

// deliberate is the field that only a person sets (R40, U12): a tick of its own in every form that changes something.
func deliberate(form url.Values) bool { return form.Get("deliberate") == "yes" }

// carryOut hands the act to the store and ends the POST. A line that can no longer
// do this is shown as it stands; that is the answer.
func (s *Server) carryOut(w http.ResponseWriter, r *http.Request, q *request, done string, acts ...petition.Action) error {
	for _, a := range acts {
		a.CampaignID, a.NoticeID, a.Channel, a.Travels = q.campaign.ID, q.notice.ID, petition.ByLink, !q.self
		_, err := s.store.Act(r.Context(), a)
		if err != nil && !errors.Is(err, petition.ErrNotAllowed) {
			return err
		}
		if err != nil {
			done = ""
		}
	}
	s.changed()
	query := url.Values{}
	if done != "" {
		query.Set("done", done)
	}
	if lang := chosenLanguage(r); lang != "" {
		query.Set("lang", lang)
	}
	path := q.path
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return redirect(w, r, path)
}

// pending are the lines that still wait for a yes.
func (q *request) pending() []*petition.Endorsement {
	var lines []*petition.Endorsement
	for _, e := range q.lines {
		if !e.Gone() && e.ErasingAt.IsZero() && e.Current().Verification != petition.Confirmed {
			lines = append(lines, e)
		}
	}
	return lines
}

// find is one of the request's lines: a form can act on no other.
func (q *request) find(id string) (*petition.Endorsement, error) {
	for _, e := range q.lines {
		if strconv.FormatInt(e.ID, 10) == id {
			return e, nil
		}
	}
	return nil, errForm
}

func (s *Server) getSelf(w http.ResponseWriter, r *http.Request) error {
	q, err := s.open(r.Context(), "/s/", r.PathValue("token"), purposesOfSelf...)
	if err != nil {
		return err
	}
	q.self = true
	return s.showSigned(w, r, q, http.StatusOK, formState{})
}

func (s *Server) postSelf(w http.ResponseWriter, r *http.Request) error {
	q, err := s.openPost(r, "/s/", purposesOfSelf...)
	if err != nil {
		return err
	}
	q.self = true
	return s.changeSigned(w, r, q)
}

// changeSigned is what a signer does to a line that stands: correct, withdraw, have
// the persons erased, or take either back within seven days.
func (s *Server) changeSigned(w http.ResponseWriter, r *http.Request, q *request) error {
	e, err := q.find(r.PostForm.Get("line"))
	if err != nil {
		return err
	}
	kinds := map[string]petition.ActionKind{
		"correct": petition.ActCorrect, "withdraw": petition.ActWithdraw, "undo": petition.ActReinstate, "erase": petition.ActErase,
	}
	act := r.PostForm.Get("act")
	if act == "own" {
		return s.sendOwnLink(w, r, q, e)
	}
	kind, ok := kinds[act]
	if !ok {
		return errForm
	}
	state := formState{Act: act, Line: e.ID, Posted: r.PostForm}
	if !deliberate(r.PostForm) {
		state.NoTick = true
		return s.showSigned(w, r, q, http.StatusUnprocessableEntity, state)
	}
	a := petition.Action{Kind: kind, Endorsements: []int64{e.ID}, Language: s.letterLanguage(q, r)}
	if kind == petition.ActCorrect {
		a.Fields, a.Revisions = s.postedFields(r, q, e)
		if a.Fields.Name == "" {
			state.NoName = true
			return s.showSigned(w, r, q, http.StatusUnprocessableEntity, state)
		}
	}
	err = s.carryOut(w, r, q, act, a)
	if errors.Is(err, petition.ErrConflict) {
		return s.again(w, r, q)
	}
	return err
}

// sendOwnLink sends the link of the own page to the address on file: what has its
// signer's yes is changed there, since the link of a request may have been forwarded.
func (s *Server) sendOwnLink(w http.ResponseWriter, r *http.Request, q *request, e *petition.Endorsement) error {
	if !deliberate(r.PostForm) {
		return s.showSigned(w, r, q, http.StatusUnprocessableEntity, formState{Act: "own", Line: e.ID, Posted: r.PostForm, NoTick: true})
	}
	return s.carryOut(w, r, q, "own", petition.Action{Kind: petition.ActNewLink, Address: e.Current().Fields.Contact})
}

// again shows the page as it is now, because it was not what the form knew.
func (s *Server) again(w http.ResponseWriter, r *http.Request, q *request) error {
	purposes := []petition.Purpose{petition.PurposeConfirm}
	path := "/c/"
	if q.self {
		purposes, path = purposesOfSelf, "/s/"
	}
	now, err := s.open(r.Context(), path, r.PathValue("token"), purposes...)
	if err != nil {
		return err
	}
	now.self = q.self
	state := formState{Stale: true, Posted: r.PostForm}
	if now.self || len(now.pending()) == 0 {
		return s.showSigned(w, r, now, http.StatusConflict, state)
	}
	return s.showRequest(w, r, now, http.StatusConflict, state)
}
