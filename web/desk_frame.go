package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"countersign/petition"
	"countersign/store"
)

// deskFrame is what surrounds every page of the desk.
type deskFrame struct {
	Frame
	Me       petition.Organizer
	CanAct   bool
	Campaign *petition.Campaign // nil: all campaigns of the organizer
	Others   []*petition.Campaign
	Base     string // "/desk" or "/desk/SLUG"
	Views    []deskView
	Query    string
	Flash    *flashView
	Banners  []banner
	Waiting  int
	Current  string // the view or page of the campaign that is open
}

// deskView is one entry of the side list.
type deskView struct {
	Key     string // message desk.view_KEY
	URL     string
	N       int
	Hot     bool
	Current bool
}

// flashView says what the last act did, with a way back where there is one.
type flashView struct {
	What        string
	Name        string
	Number      int
	Count       int
	Endorsement int64
	Event       int64
}

// banner tells that something stands still (U11, U25).
type banner struct {
	Key     string // message desk.banner_KEY
	Mailbox string
	Problem string
	More    int // restored: came due since
	Since   time.Time
	Due     int
}

const (
	slowAfter   = 10 * time.Minute // a due notice older than this: the desk says that mail waits to go out
	silentAfter = 15 * time.Minute // a mailbox that nobody visited for so long stands still (U25)
)

// deskFrame loads what every page of the desk shows around itself.
func (s *Server) deskFrame(ctx context.Context, v *visit, c *petition.Campaign, current string) (deskFrame, error) {
	f := deskFrame{Frame: s.frame(v.locale, ""), Me: v.organizer, CanAct: v.mayAct(), Campaign: c, Base: "/desk", Current: current}
	if c == nil && len(v.campaigns) == 1 {
		c = v.campaigns[0]
		f.Campaign = c
	}
	if c != nil {
		f.Brand, f.Base = c.Name, "/desk/"+url.PathEscape(c.Slug)
	}
	f.BrandURL = f.Base
	for _, other := range v.campaigns {
		if c == nil || other.ID != c.ID {
			f.Others = append(f.Others, other)
		}
	}
	counts, err := s.queueCounts(ctx, v, c)
	if err != nil {
		return f, err
	}
	f.Views, f.Waiting = deskViews(f.Base, counts, current)
	if f.Banners, err = s.banners(ctx, zoneOf(c)); err != nil {
		return f, err
	}
	f.Flash, err = s.flashView(ctx, v)
	return f, err
}

// queueCounts counts what the organizer may see. The store counts what belongs to no
// campaign for everybody; that is only for those who see all.
func (s *Server) queueCounts(ctx context.Context, v *visit, c *petition.Campaign) (map[string]int, error) {
	counts, err := s.store.QueueCounts(ctx, v.scope(c))
	if err != nil || v.may(0) {
		return counts, err
	}
	nobodys, err := s.store.QueueCounts(ctx, nil)
	for kind, n := range nobodys {
		counts[kind] -= n
	}
	return counts, err
}

// queue reads the queue as the organizer may see it. The backlog has a list of its
// own: among everything that waits it would bury the rest (U01).
func (s *Server) queue(ctx context.Context, v *visit, f store.QueueFilter) ([]store.QueueRow, error) {
	var seen []store.QueueRow
	for {
		rows, err := s.store.Queue(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.Task == nil || v.may(r.Task.CampaignID) && (f.Kind != "" || f.Query != "" || r.Task.Kind != petition.TaskOlder) {
				seen = append(seen, r)
			}
		}
		if len(seen) >= f.Limit || len(rows) < f.Limit {
			return seen[:min(len(seen), f.Limit)], nil
		}
		f.After = rows[len(rows)-1].Key
	}
}

// reviewKind is the part of the queue that is no task: endorsements to decide on.
const reviewKind = store.KindReview

// queueKinds is the order of the side list.
var queueKinds = []string{
	reviewKind, string(petition.TaskQuestion), string(petition.TaskUnsure), string(petition.TaskUnclear), string(petition.TaskDisputed),
	string(petition.TaskDuplicate), string(petition.TaskLate), string(petition.TaskForwarded), string(petition.TaskUnproven),
	string(petition.TaskUnreachable), string(petition.TaskDelivery), string(petition.TaskRouting), string(petition.TaskQuarantine),
}

// deskViews makes the side list. Kinds of which nothing waits are left out, but for
// the one that is open; the backlog stands apart and does not count as waiting (U01).
func deskViews(base string, counts map[string]int, current string) ([]deskView, int) {
	total := 0
	views := []deskView{{Key: "all", URL: base, Current: current == ""}}
	for _, kind := range queueKinds {
		n := counts[kind]
		total += n
		if n == 0 && kind != current && kind != reviewKind && kind != string(petition.TaskQuestion) {
			continue
		}
		hot := kind == string(petition.TaskDisputed) || kind == string(petition.TaskQuarantine)
		views = append(views, deskView{Key: kind, URL: base + "?kind=" + kind, N: n, Hot: hot && n > 0, Current: kind == current})
	}
	views[0].N = total
	if n := counts[string(petition.TaskOlder)]; n > 0 || current == string(petition.TaskOlder) {
		views = append(views, deskView{Key: "older", URL: base + "?kind=older", N: n, Current: current == string(petition.TaskOlder)})
	}
	return views, total
}

func (s *Server) banners(ctx context.Context, zone *time.Location) ([]banner, error) {
	var list []banner
	boxes, err := s.store.Mailboxes(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range boxes {
		switch {
		case b.Problem != "":
			list = append(list, banner{Key: "mailbox", Mailbox: b.Mailbox, Problem: b.Problem, Since: b.ProblemSince.In(zone)})
		case !b.OKAt.IsZero() && s.clock().Sub(b.OKAt) > silentAfter:
			list = append(list, banner{Key: "silent", Mailbox: b.Mailbox, Since: b.OKAt.In(zone)})
		}
	}
	hold, err := s.store.Held(ctx)
	if err != nil {
		return nil, err
	}
	if !hold.Since.IsZero() {
		return append(list, banner{Key: "restored", Due: hold.Held, More: hold.Due, Since: hold.Since.In(zone)}), nil
	}
	due, oldest, err := s.store.QueueLength(ctx)
	if err != nil {
		return nil, err
	}
	if due > 0 && !oldest.IsZero() && s.clock().Sub(oldest) > slowAfter {
		list = append(list, banner{Key: "outbox", Due: due, Since: oldest.In(zone)})
	}
	return list, nil
}

// flashView looks up what the flash names; what the organizer may not see stays unnamed.
func (s *Server) flashView(ctx context.Context, v *visit) (*flashView, error) {
	if v.flash == nil {
		return nil, nil //nolint:nilnil // no flash is the usual case, not a fault
	}
	f := &flashView{What: v.flash.What, Count: v.flash.Count}
	if v.flash.Endorsement == 0 {
		return f, nil
	}
	e, err := s.store.Endorsement(ctx, v.flash.Endorsement)
	if errors.Is(err, petition.ErrNotFound) || err == nil && !v.may(e.CampaignID) {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	f.Name, f.Number, f.Endorsement, f.Event = e.Current().Fields.Name, e.Number, e.ID, v.flash.Event
	if _, listed := e.Listed(); !listed {
		f.Number = 0
	}
	return f, nil
}

// deskProblem is an error page inside the desk: messages desk.problem_KEY_title and _text.
type deskProblemPage struct {
	Frame
	Key string
}

func (s *Server) deskProblem(w http.ResponseWriter, v *visit, status int, key string) error {
	page := deskProblemPage{Frame: s.frame(v.locale, s.templates.T(v.locale, "desk.problem_"+key+"_title", nil)), Key: key}
	page.BrandURL = "/desk"
	return s.render(w, status, v.locale, "desk/problem", page)
}

// place is where in the queue somebody is: the list that a row was opened from.
type place struct {
	Slug string // "": all campaigns
	Kind string
	Key  int64 // of the row; 0: not from the queue
}

func placeOf(r *http.Request) place {
	return place{Slug: r.FormValue("in"), Kind: r.FormValue("kind"), Key: formID(r, "key")}
}

// Query is the place as the query of a link, with its question mark, or "".
func (p place) Query() string {
	q := url.Values{}
	if p.Slug != "" {
		q.Set("in", p.Slug)
	}
	if p.Kind != "" {
		q.Set("kind", p.Kind)
	}
	if p.Key != 0 {
		q.Set("key", strconv.FormatInt(p.Key, 10))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// List is the address of the list.
func (p place) List() string {
	path := "/desk"
	if p.Slug != "" {
		path += "/" + url.PathEscape(p.Slug)
	}
	if p.Kind != "" {
		path += "?" + url.Values{"kind": {p.Kind}}.Encode()
	}
	return path
}

// next is the item after the place, else the first of its list, else the list itself.
func (s *Server) next(ctx context.Context, v *visit, p place) (string, error) {
	if p.Key == 0 {
		return p.List(), nil
	}
	c := v.bySlug(p.Slug)
	if p.Slug != "" && c == nil {
		return "/desk", nil
	}
	for _, after := range []int64{p.Key, 0} {
		rows, err := s.queue(ctx, v, store.QueueFilter{CampaignIDs: v.scope(c), Kind: p.Kind, After: after, Limit: 2})
		if err != nil {
			return "", err
		}
		for i := range rows {
			if rows[i].Key != p.Key {
				return rowURL(&rows[i], p), nil
			}
		}
	}
	return p.List(), nil
}

// rowURL is the page of a row, opened from the place's list.
func rowURL(row *store.QueueRow, p place) string {
	p.Key = row.Key
	if row.Task != nil {
		return "/desk/q/" + strconv.FormatInt(row.Task.ID, 10) + p.Query()
	}
	return "/desk/e/" + strconv.FormatInt(row.Endorsement.ID, 10) + p.Query()
}
