package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"countersign/petition"
	"countersign/store"
)

// bulkLimit is how many rows one press may settle.
const bulkLimit = 500

// bulkPage is the data of desk/bulk: what a press on many rows will do, once more.
type bulkPage struct {
	deskFrame
	Do    string // release, vouch, done; approve
	Kind  string
	Rows  []deskRow
	All   bool
	Place place
	Why   string
	// Unnamed counts rows that nobody could be read from: they cannot be asked in bulk.
	Unnamed int
	Problem string
}

// bulkActs are the acts on many rows, by what the rows are: signatures to review,
// or mails from before the start (U01).
var bulkActs = map[string]map[string]petition.ActionKind{
	reviewKind:                 {"approve": petition.ActApprove},
	string(petition.TaskOlder): {"release": petition.ActRelease, "vouch": petition.ActVouch, "done": petition.ActDone},
}

// postBulk acts on ticked rows, or all of a kind. The first press shows what will
// happen, the second does it.
func (s *Server) postBulk(w http.ResponseWriter, r *http.Request, v *visit, c *petition.Campaign) error {
	form, err := readForm(r)
	if err != nil {
		return err
	}
	if _, ok := bulkActs[form.Place.Kind][form.Do]; !ok {
		return errForm
	}
	page, err := s.bulkPage(r.Context(), v, c, r, form)
	if err != nil {
		return err
	}
	switch {
	case len(page.Rows) == 0:
		return redirect(w, r, page.Place.List())
	case !form.Sure && r.PostFormValue("again") != "":
		page.Problem = "not_sure"
	case form.Sure && form.Do == "vouch" && form.Why == "":
		page.Problem = "vouch_missing"
	case form.Sure:
		return s.doBulk(w, r, v, page)
	}
	status := http.StatusOK
	if page.Problem != "" {
		status = http.StatusUnprocessableEntity
	}
	return s.render(w, status, v.locale, "desk/bulk", page)
}

func (s *Server) bulkPage(ctx context.Context, v *visit, c *petition.Campaign, r *http.Request, form deskForm) (*bulkPage, error) {
	kind := form.Place.Kind
	frame, err := s.deskFrame(ctx, v, c, kind)
	if err != nil {
		return nil, err
	}
	page := &bulkPage{deskFrame: frame, Do: form.Do, Kind: kind, All: r.PostFormValue("all") != "", Why: form.Why, Place: place{Slug: c.Slug, Kind: kind}}
	page.Title = s.templates.T(v.locale, "desk.view_"+kind, nil)
	ticked := map[int64]bool{}
	for _, one := range r.PostForm["row"] {
		if id, err := strconv.ParseInt(one, 10, 64); err == nil {
			ticked[id] = true
		}
	}
	rows, err := s.bulkRows(ctx, c, kind)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		row := &rows[i]
		if !page.All && !ticked[row.Key] {
			continue
		}
		if row.Endorsement == nil && form.Do != "done" {
			page.Unnamed++
			continue
		}
		page.Rows = append(page.Rows, s.deskRow(v, row, page.Place, s.clock()))
	}
	return page, nil
}

// bulkRows reads all rows of the kind that belong to the campaign, up to the limit of one press.
func (s *Server) bulkRows(ctx context.Context, c *petition.Campaign, kind string) ([]store.QueueRow, error) {
	var rows []store.QueueRow
	after := int64(0)
	for len(rows) < bulkLimit {
		some, err := s.store.Queue(ctx, store.QueueFilter{CampaignIDs: []int64{c.ID}, Kind: kind, After: after, Limit: 100})
		if err != nil {
			return nil, err
		}
		for i := range some {
			if some[i].Task == nil || some[i].Task.CampaignID == c.ID {
				rows = append(rows, some[i])
			}
		}
		if len(some) < 100 {
			break
		}
		after = some[len(some)-1].Key
	}
	return rows, nil
}

// doBulk acts on each row by itself. A row that somebody else settled meanwhile, or
// that cannot be acted on, stays as it is; the flash counts what was done.
func (s *Server) doBulk(w http.ResponseWriter, r *http.Request, v *visit, page *bulkPage) error {
	done := 0
	for i := range page.Rows {
		row := &page.Rows[i]
		a := v.action(bulkActs[page.Kind][page.Do], row.signature)
		a.CampaignID, a.Why = page.Campaign.ID, page.Why
		if row.task != nil {
			a.TaskID, a.MailID = row.task.ID, row.task.MailID
		}
		_, err := s.store.Act(r.Context(), a)
		if errors.Is(err, petition.ErrConflict) || errors.Is(err, petition.ErrNotAllowed) || errors.Is(err, petition.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		done++
	}
	s.changed()
	if err := s.setFlash(w, flash{What: "bulk_" + page.Do, Count: done}); err != nil {
		return err
	}
	return redirect(w, r, page.Place.List())
}
