package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"countersign/petition"
)

// getConfirm shows what a link asks or what came of it. It changes nothing,
// however often a robot looks (R40).
func (s *Server) getConfirm(w http.ResponseWriter, r *http.Request) error {
	q, err := s.open(r.Context(), "/c/", r.PathValue("token"), petition.PurposeConfirm)
	if err != nil {
		return err
	}
	if len(q.pending()) > 0 {
		return s.showRequest(w, r, q, http.StatusOK, formState{})
	}
	return s.showSigned(w, r, q, http.StatusOK, formState{})
}

func (s *Server) postConfirm(w http.ResponseWriter, r *http.Request) error {
	q, err := s.openPost(r, "/c/", petition.PurposeConfirm)
	if err != nil {
		return err
	}
	act := r.PostForm.Get("act")
	if act == "wait" || act == "remove" {
		if len(q.pending()) == 0 {
			return s.carryOut(w, r, q, "") // all done before: the page says so
		}
	}
	switch act {
	case "confirm":
		err = s.confirm(w, r, q)
	case "wait":
		err = s.wait(w, r, q)
	case "remove":
		err = s.remove(w, r, q)
	default:
		return s.changeSigned(w, r, q)
	}
	if errors.Is(err, petition.ErrConflict) {
		return s.again(w, r, q)
	}
	return err
}

// confirm is the signer's yes to the lines that were chosen.
func (s *Server) confirm(w http.ResponseWriter, r *http.Request, q *request) error {
	state := formState{Act: "confirm", Posted: r.PostForm}
	chosen := q.chosen(r.PostForm)
	if len(chosen) == 0 && len(q.pending()) == 0 {
		return s.carryOut(w, r, q, "") // all done before: the page says so
	}
	version, err := strconv.Atoi(r.PostForm.Get("text"))
	state.NoTick, state.NoLine = !deliberate(r.PostForm), len(chosen) == 0
	state.TextChanged = err != nil || version != q.campaign.TextVersion()
	for _, e := range chosen {
		if fields, _ := s.postedFields(r, q, e); fields.Name == "" {
			state.NoName, state.Line = true, e.ID
		}
	}
	if state.wrong() {
		return s.showRequest(w, r, q, http.StatusUnprocessableEntity, state)
	}
	done := "confirm"
	if !q.campaign.AcceptsConfirmation(s.clock()) {
		done = "late"
	}
	return s.carryOut(w, r, q, done, s.confirmations(r, q, chosen, version)...)
}

// confirmations are the acts of one yes: unchanged lines together, a line that was
// changed on the page by itself, with its new fields.
func (s *Server) confirmations(r *http.Request, q *request, chosen []*petition.Endorsement, version int) []petition.Action {
	together := petition.Action{
		Kind: petition.ActConfirm, Language: s.letterLanguage(q, r), TextVersion: version,
		Who: petition.Person{
			Name: petition.CleanLine(r.PostForm.Get("who_name"), 120), Title: petition.CleanLine(r.PostForm.Get("who_position"), 120), Address: q.notice.To,
		},
	}
	var acts []petition.Action
	for _, e := range chosen {
		fields, revisions := s.postedFields(r, q, e)
		if fields == e.Current().Fields {
			together.Endorsements = append(together.Endorsements, e.ID)
			together.Revisions = append(together.Revisions, revisions...)
			continue
		}
		alone := together
		alone.Endorsements, alone.Revisions, alone.Fields = []int64{e.ID}, revisions, fields
		acts = append(acts, alone)
	}
	if len(together.Endorsements) > 0 {
		acts = append(acts, together)
	}
	return acts
}

// chosen are the pending lines that the form ticked; where there is only one, no box is shown.
func (q *request) chosen(form url.Values) []*petition.Endorsement {
	pending := q.pending()
	if len(q.lines) == 1 {
		return pending
	}
	return slices.DeleteFunc(pending, func(e *petition.Endorsement) bool {
		return !slices.Contains(form["line"], strconv.FormatInt(e.ID, 10))
	})
}

// postedFields are the line's fields as the page sent them, with the revision that
// it knew. What came back as it was shown is taken as unchanged, so that showing a
// field never alters it.
func (s *Server) postedFields(r *http.Request, q *request, e *petition.Endorsement) (petition.Fields, []int64) {
	id := strconv.FormatInt(e.ID, 10)
	now := e.Current().Fields
	fields := now
	locale := s.signerLocale(q, r)
	take := func(name, shown string, field *string) {
		if posted, ok := r.PostForm[name+"."+id]; ok && strings.TrimSpace(posted[0]) != strings.TrimSpace(shown) {
			*field = posted[0]
		}
	}
	take("name", now.Name, &fields.Name)
	take("other_name", now.OtherName, &fields.OtherName)
	take("city", now.City, &fields.City)
	take("country", s.templates.Country(locale, now.Country), &fields.Country)
	take("website", now.Website, &fields.Website)
	take("signatory", now.Signatory, &fields.Signatory)
	take("title", now.Title, &fields.Title)
	if fields != now {
		fields = fields.Clean()
	}
	revision, err := strconv.ParseInt(r.PostForm.Get("rev."+id), 10, 64)
	if err != nil {
		return fields, nil
	}
	return fields, []int64{revision}
}

// wait leaves the decision to somebody else, whom the signer may name (U13).
func (s *Server) wait(w http.ResponseWriter, r *http.Request, q *request) error {
	address := strings.TrimSpace(r.PostForm.Get("address"))
	state := formState{Act: "wait", Posted: r.PostForm, NoTick: !deliberate(r.PostForm), NoAddress: address != "" && !isAddress(address)}
	if state.wrong() {
		return s.showRequest(w, r, q, http.StatusUnprocessableEntity, state)
	}
	return s.carryOut(w, r, q, "wait", petition.Action{Kind: petition.ActWait, Endorsements: ids(q.pending()), Address: address})
}

// remove is "we did not ask for this".
func (s *Server) remove(w http.ResponseWriter, r *http.Request, q *request) error {
	if !deliberate(r.PostForm) {
		return s.showRequest(w, r, q, http.StatusUnprocessableEntity, formState{Act: "remove", Posted: r.PostForm, NoTick: true})
	}
	return s.carryOut(w, r, q, "remove", petition.Action{Kind: petition.ActRemove, Endorsements: ids(q.pending())})
}

func ids(lines []*petition.Endorsement) []int64 {
	list := make([]int64, len(lines))
	for i, e := range lines {
		list[i] = e.ID
	}
	return list
}

// isAddress reports whether the text can be written to: one @, a domain with a dot, no blanks.
func isAddress(text string) bool {
	text = petition.CanonicalAddress(text)
	local, domain, ok := strings.Cut(text, "@")
	return ok && local != "" && len(text) <= 254 && strings.Contains(strings.Trim(domain, "."), ".") &&
		!strings.ContainsAny(text, " ,;<>()[]\\\"\r\n") && strings.Count(text, "@") == 1
}
