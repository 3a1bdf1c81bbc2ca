package web

import (
	"context"
	"errors"
	"net/http"

	"countersign/petition"
)

// postTask is every act that settles a task; the pressed button is its "do". The
// task is done with it, in the same transaction.
func (s *Server) postTask(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	form, err := readForm(r)
	if err != nil {
		return err
	}
	t, err := s.task(r.Context(), v, id)
	if err != nil {
		return err
	}
	if !t.DoneAt.IsZero() {
		return s.taskAgain(w, r, v, t, form, http.StatusConflict, "already_done")
	}
	var e *petition.Endorsement
	if t.EndorsementID != 0 {
		if e, err = s.endorsement(r.Context(), v, t.EndorsementID); err != nil {
			return err
		}
	}
	if problem := form.taskProblem(v, t, e); problem != "" {
		return s.taskAgain(w, r, v, t, form, http.StatusUnprocessableEntity, problem)
	}
	did, err := s.settleTask(r.Context(), v, t, e, form)
	switch {
	case errors.Is(err, petition.ErrConflict):
		return s.taskConflict(w, r, v, t.ID, form)
	case errors.Is(err, petition.ErrNotAllowed):
		return s.taskAgain(w, r, v, t, form, http.StatusUnprocessableEntity, "not_allowed")
	case err != nil:
		return err
	}
	s.changed()
	s.intake()
	if err := s.setFlash(w, did); err != nil {
		return err
	}
	next, err := s.next(r.Context(), v, form.Place)
	if err != nil {
		return err
	}
	return redirect(w, r, next)
}

// taskProblem is what is missing before an act can be tried: message desk.case_PROBLEM.
func (f *deskForm) taskProblem(v *visit, t *petition.Task, e *petition.Endorsement) string {
	if t.CampaignID == 0 && f.Do != "done" && !v.may(f.Campaign) {
		return "campaign_missing"
	}
	if t.CampaignID == 0 && f.Do != "done" && f.Campaign == 0 {
		return "campaign_missing"
	}
	switch f.Do {
	case "answer":
		if f.Text == "" {
			return "text_missing"
		}
	case "release":
		if petition.CleanLine(f.Fields.Name, petition.MaxName) == "" && (f.Sent || e == nil) {
			return "name_missing"
		}
	case "vouch":
		if f.Why == "" {
			return "vouch_missing"
		}
		if e == nil && petition.CleanLine(f.Fields.Name, petition.MaxName) == "" {
			return "name_missing"
		}
	case "ask":
		if f.Text == "" {
			return "text_missing"
		}
	case "hide", "withdraw":
		if !f.Sure {
			return "not_sure"
		}
	}
	return ""
}

// deskAct is what a button does, and the flash that tells it.
type deskAct struct {
	kind petition.ActionKind
	what string
}

var taskActs = map[string]deskAct{
	"done": {petition.ActDone, "done"}, "answer": {petition.ActAnswer, "answered"}, "release": {petition.ActRelease, "released"},
	"vouch": {petition.ActVouch, "vouched"}, "yes": {petition.ActVouch, "taken_yes"}, "no": {petition.ActDecline, "taken_no"},
	"ask": {petition.ActAsk, "asked"}, "hide": {petition.ActHide, "hidden"}, "show": {petition.ActShow, "shown"},
	"withdraw": {petition.ActWithdraw, "withdrawn"}, "decline": {petition.ActDecline, "declined"},
}

// settleTask carries out the act and says what it did.
func (s *Server) settleTask(ctx context.Context, v *visit, t *petition.Task, e *petition.Endorsement, f deskForm) (flash, error) {
	act, ok := taskActs[f.Do]
	if !ok {
		return flash{}, errForm
	}
	kind, what := act.kind, act.what
	if f.Do == "vouch" && e == nil {
		kind, what = petition.ActEnter, "entered"
	}
	if f.Do == "vouch" && e != nil && f.changes(e) { // what the organizer sees is what is vouched for
		if _, err := s.save(ctx, v, e, f); err != nil {
			return flash{}, err
		}
		fresh, err := s.store.Endorsement(ctx, e.ID)
		if err != nil {
			return flash{}, err
		}
		f.Revision = fresh.Revision
	}
	a := v.action(kind, e)
	a.TaskID, a.MailID, a.CampaignID, a.Text, a.Why = t.ID, t.MailID, t.CampaignID, f.Text, f.Why
	if a.CampaignID == 0 {
		a.CampaignID = f.Campaign
	}
	if kind == petition.ActRelease && f.Sent || kind == petition.ActEnter {
		a.Fields = f.Fields
	}
	if (f.Do == "yes" || f.Do == "no") && a.Why == "" {
		a.Why = s.templates.T(v.locale, "desk.why_taken_"+f.Do, nil)
	}
	id := int64(0)
	if e != nil {
		id = e.ID
		a.Revisions = []int64{f.Revision}
	}
	return s.did(ctx, a, what, id)
}

// taskAgain shows the page with everything as it was typed and what is the matter.
func (s *Server) taskAgain(w http.ResponseWriter, r *http.Request, v *visit, t *petition.Task, f deskForm, status int, problem string) error {
	page, err := s.taskPage(r.Context(), v, f.Place, t)
	if err != nil {
		return err
	}
	page.Problem = problem
	s.keepTyped(v, page, f)
	return s.render(w, status, v.locale, "desk/case", page)
}

func (s *Server) taskConflict(w http.ResponseWriter, r *http.Request, v *visit, id int64, f deskForm) error {
	t, err := s.task(r.Context(), v, id)
	if err != nil {
		return err
	}
	page, err := s.taskPage(r.Context(), v, f.Place, t)
	if err != nil {
		return err
	}
	page.Conflict = &conflictView{}
	if from := int(f.Revision); page.E != nil && from >= 0 && from <= len(page.History) {
		page.Conflict.Lines = page.History[from:]
	}
	s.keepTyped(v, page, f)
	return s.render(w, http.StatusConflict, v.locale, "desk/case", page)
}
