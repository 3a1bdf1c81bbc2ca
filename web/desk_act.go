package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"countersign/petition"
)

// whats are the things that a flash can tell: messages desk.did_WHAT.
var whats = []string{
	"approved", "approved_waits", "declined", "declined_told", "saved", "unchanged", "asked", "withdrawn", "reinstated", "kept", "hidden", "shown", "noted",
	"undone", "released", "vouched", "answered", "done", "entered", "taken_yes", "taken_no", "bulk_release", "bulk_vouch", "bulk_done", "bulk_approve",
}

func isWhat(w string) bool { return slices.Contains(whats, w) }

// deskForm is what the forms of a case send.
type deskForm struct {
	typed
	Fields   petition.Fields
	Sent     bool // the form had the fields
	Revision int64
	Event    int64
	Sure     bool
	Place    place
	Campaign int64 // routing
}

func readForm(r *http.Request) (deskForm, error) {
	if err := r.ParseForm(); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return deskForm{}, err
		}
		return deskForm{}, errForm
	}
	f := deskForm{
		typed: typed{
			Do: r.PostFormValue("do"), Text: strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n")),
			Why: petition.CleanLine(r.PostFormValue("why"), 500), Tell: r.PostFormValue("tell") != "",
		},
		Revision: formID(r, "revision"), Event: formID(r, "event"), Sure: r.PostFormValue("sure") != "", Place: placeOf(r),
		Campaign: formID(r, "campaign"),
	}
	// A button that takes another name from the mail is a save of that name.
	if name := r.PostFormValue("use"); name != "" {
		f.Do = "save"
		r.PostForm.Set("name", name)
	}
	_, f.Sent = r.PostForm["name"]
	f.Fields = petition.Fields{
		Kind: petition.Kind(r.PostFormValue("signer")), Name: r.PostFormValue("name"), OtherName: r.PostFormValue("other_name"),
		City: r.PostFormValue("city"), Country: r.PostFormValue("country"), Website: r.PostFormValue("website"),
		Signatory: r.PostFormValue("signatory"), Title: r.PostFormValue("title"), Contact: r.PostFormValue("contact"),
	}
	if f.Fields.Kind != petition.KindIndividual {
		f.Fields.Kind = petition.KindOrganization
	}
	return f, nil
}

// action is an act of the organizer on the endorsement, as the form knew it.
func (v *visit) action(kind petition.ActionKind, e *petition.Endorsement) petition.Action {
	a := petition.Action{Kind: kind, OrganizerID: v.organizer.ID, Channel: petition.ByDesk, Language: v.locale}
	if e != nil {
		a.CampaignID, a.Endorsements = e.CampaignID, []int64{e.ID}
	}
	return a
}

// postEndorsement is every act on one endorsement; the pressed button is its "do".
func (s *Server) postEndorsement(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	form, err := readForm(r)
	if err != nil {
		return err
	}
	e, err := s.endorsement(r.Context(), v, id)
	if err != nil {
		return err
	}
	if problem := form.problem(e); problem != "" {
		return s.caseAgain(w, r, v, e, form, problem)
	}
	did, err := s.actOn(r.Context(), v, e, form)
	if errors.Is(err, petition.ErrConflict) {
		return s.caseConflict(w, r, v, e.ID, form)
	}
	if errors.Is(err, petition.ErrNotAllowed) {
		return s.caseAgain(w, r, v, e, form, "not_allowed")
	}
	if err != nil {
		return err
	}
	s.changed()
	if err := s.setFlash(w, did); err != nil {
		return err
	}
	return s.afterAct(w, r, v, e.ID, form)
}

// problem is what is missing before an act can be tried: message desk.case_PROBLEM.
func (f *deskForm) problem(e *petition.Endorsement) string {
	switch f.Do {
	case "save", "release":
		if f.Sent && petition.CleanLine(f.Fields.Name, petition.MaxName) == "" {
			return "name_missing"
		}
	case "approve":
		if f.Sent && petition.CleanLine(f.Fields.Name, petition.MaxName) == "" {
			return "name_missing"
		}
	case "decline":
		if f.Why == "" {
			return "reason_missing"
		}
		if f.Tell && e.Current().Fields.Contact == "" {
			return "no_address"
		}
	case "ask":
		if f.Text == "" {
			return "text_missing"
		}
		if e.Current().Fields.Contact == "" {
			return "no_address"
		}
	case "note":
		if f.Why == "" {
			return "note_missing"
		}
	case "vouch":
		if f.Why == "" {
			return "vouch_missing"
		}
	case "withdraw", "hide":
		if !f.Sure {
			return "not_sure"
		}
	}
	return ""
}

// caseActs are the buttons that need no more than their reason or text.
var caseActs = map[string]deskAct{
	"ask": {petition.ActAsk, "asked"}, "withdraw": {petition.ActWithdraw, "withdrawn"}, "reinstate": {petition.ActReinstate, "reinstated"}, "keep": {petition.ActReinstate, "kept"},
	"hide": {petition.ActHide, "hidden"}, "show": {petition.ActShow, "shown"}, "note": {petition.ActNote, "noted"}, "vouch": {petition.ActVouch, "vouched"},
}

// actOn carries out the form's act and says what it did.
func (s *Server) actOn(ctx context.Context, v *visit, e *petition.Endorsement, f deskForm) (flash, error) {
	switch f.Do {
	case "approve":
		return s.approve(ctx, v, e, f)
	case "save":
		return s.save(ctx, v, e, f)
	case "decline":
		a := v.action(petition.ActDecline, e)
		a.Revisions, a.Why, a.Tell, a.Text = []int64{f.Revision}, f.Why, f.Tell, f.Text
		if f.Tell {
			return s.did(ctx, a, "declined_told", e.ID)
		}
		return s.did(ctx, a, "declined", e.ID)
	case "undo":
		a := v.action(petition.ActUndo, e)
		a.EventID = f.Event
		return s.did(ctx, a, "undone", e.ID)
	case "release":
		a := v.action(petition.ActRelease, e)
		a.Revisions = []int64{f.Revision}
		if f.Sent {
			a.Fields = f.Fields
		}
		return s.did(ctx, a, "released", e.ID)
	}
	one, ok := caseActs[f.Do]
	if !ok {
		return flash{}, errForm
	}
	a := v.action(one.kind, e)
	a.Revisions, a.Why, a.Text = []int64{f.Revision}, f.Why, f.Text
	return s.did(ctx, a, one.what, e.ID)
}

// did acts and remembers the event that can be taken back.
func (s *Server) did(ctx context.Context, a petition.Action, what string, endorsementID int64) (flash, error) {
	out, err := s.store.Act(ctx, a)
	if err != nil {
		return flash{}, err
	}
	f := flash{What: what, Endorsement: endorsementID}
	for _, ev := range out.Events {
		if ev.EndorsementID == endorsementID && ev.OrganizerID != 0 && slices.Contains(petition.Undoable, ev.Kind) {
			f.Event = ev.ID
		}
	}
	return f, nil
}

// save changes the line. Fields as they were change nothing.
func (s *Server) save(ctx context.Context, v *visit, e *petition.Endorsement, f deskForm) (flash, error) {
	if !f.changes(e) {
		return flash{What: "unchanged", Endorsement: e.ID}, nil
	}
	a := v.action(petition.ActEdit, e)
	a.Revisions, a.Fields, a.Why = []int64{f.Revision}, f.Fields, f.Why
	return s.did(ctx, a, "saved", e.ID)
}

func (f *deskForm) changes(e *petition.Endorsement) bool {
	clean, old := f.Fields.Clean(), e.Current().Fields
	if clean.Contact == "" {
		clean.Contact = old.Contact
	}
	return f.Sent && clean != old
}

// approve first saves what was changed in the form, so that what the organizer sees
// is what is approved.
func (s *Server) approve(ctx context.Context, v *visit, e *petition.Endorsement, f deskForm) (flash, error) {
	if f.changes(e) {
		if _, err := s.save(ctx, v, e, f); err != nil {
			return flash{}, err
		}
		fresh, err := s.store.Endorsement(ctx, e.ID)
		if err != nil {
			return flash{}, err
		}
		f.Revision = fresh.Revision
	}
	a := v.action(petition.ActApprove, e)
	a.Revisions = []int64{f.Revision}
	did, err := s.did(ctx, a, "approved", e.ID)
	if err != nil {
		return flash{}, err
	}
	now, err := s.store.Endorsement(ctx, e.ID)
	if err != nil {
		return flash{}, err
	}
	if line, listed := now.Listed(); !listed || line.N != now.Current().N {
		did.What = "approved_waits"
	}
	return did, nil
}

// afterAct goes on to the next item after a decision, and back to the same one
// after what is only a step towards it.
func (s *Server) afterAct(w http.ResponseWriter, r *http.Request, v *visit, id int64, f deskForm) error {
	switch f.Do {
	case "approve", "decline", "ask", "vouch", "release":
		if f.Place.Key != 0 {
			next, err := s.next(r.Context(), v, f.Place)
			if err != nil {
				return err
			}
			return redirect(w, r, next)
		}
	}
	return redirect(w, r, "/desk/e/"+itoa(id)+f.Place.Query())
}

// caseAgain shows the page with everything as it was typed and what is missing.
func (s *Server) caseAgain(w http.ResponseWriter, r *http.Request, v *visit, e *petition.Endorsement, f deskForm, problem string) error {
	page, err := s.casePage(r.Context(), v, f.Place, e, nil)
	if err != nil {
		return err
	}
	page.Problem = problem
	s.keepTyped(v, page, f)
	return s.render(w, http.StatusUnprocessableEntity, v.locale, "desk/case", page)
}

// conflictView says who changed what since the form was loaded.
type conflictView struct {
	Lines []historyLine
}

// caseConflict shows what changed meanwhile, with the organizer's own changes still
// in the form; saving again is then a decision on what is there now.
func (s *Server) caseConflict(w http.ResponseWriter, r *http.Request, v *visit, id int64, f deskForm) error {
	e, err := s.endorsement(r.Context(), v, id)
	if err != nil {
		return err
	}
	page, err := s.casePage(r.Context(), v, f.Place, e, nil)
	if err != nil {
		return err
	}
	page.Conflict = &conflictView{}
	if from := int(f.Revision); from >= 0 && from <= len(page.History) {
		page.Conflict.Lines = page.History[from:]
	}
	s.keepTyped(v, page, f)
	return s.render(w, http.StatusConflict, v.locale, "desk/case", page)
}

// keepTyped puts what was typed back into the forms, and beside each field what
// stands now where that differs.
func (s *Server) keepTyped(v *visit, page *casePage, f deskForm) {
	page.Typed = f.typed
	if !f.Sent {
		return
	}
	for i := range page.Facts {
		fact := &page.Facts[i]
		value := s.factValue(v.locale, f.Fields, fact.Name)
		if value != fact.Value {
			fact.Changed, fact.Stands, fact.Value = true, fact.Value, value
		}
	}
}
