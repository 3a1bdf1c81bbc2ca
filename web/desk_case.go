package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"countersign/petition"
)

// casePage is the data of desk/case: one endorsement, one task, or a task with its endorsement.
type casePage struct {
	deskFrame
	Place    place
	Zone     *time.Location
	Now      time.Time
	Task     *petition.Task
	By       string // who did the task, where it is done
	E        *petition.Endorsement
	Action   string // where the main form goes
	State    caseState
	Facts    []factField
	Kind     petition.Kind
	Mail     *mailView
	Asked    *threadItem // an unclear answer: what it answers
	Thread   []threadItem
	History  []historyLine
	Versions []versionView
	Like     []foundRow // perhaps the same
	Names    []string   // further names in the mail
	Conflict *conflictView
	Problem  string // message desk.case_PROBLEM
	Typed    typed
	Choose   []*petition.Campaign // routing: where the mail may belong
	Next     string               // the item after this one, "" where nobody came from the queue
	mail     *petition.Mail       // what Mail shows
}

// typed is what an organizer wrote into the forms, so that nothing is lost when
// a form comes back.
type typed struct {
	Do, Text, Why string
	Tell          bool
}

// caseState is the state in words, one message each.
type caseState struct {
	Strokes   strokes
	Signer    string // desk.signer_…
	How       string // desk.channel_…, "" where nothing is confirmed
	Review    string // desk.review_…
	Listed    bool
	Number    int
	Standing  string // the older line that stands while a correction is under way
	Withdrawn time.Time
	EraseOn   time.Time // the persons are erased then; zero: nobody asked
	Hidden    time.Time
	OnHold    string
	Late      bool
	Withheld  bool
	CanList   bool // approving lists it at once
	Confirmer petition.Person
}

func stateOf(e *petition.Endorsement, events []petition.Event) caseState {
	v := e.Current()
	st := caseState{
		Strokes: strokesOf(e), Signer: string(v.Verification), Review: string(v.Review), Number: e.Number, Confirmer: v.Confirmer,
		Withdrawn: e.WithdrawnAt, Hidden: e.HiddenAt, OnHold: e.OnHold, Late: e.Late, Withheld: e.Withheld,
	}
	if !e.ErasingAt.IsZero() {
		st.EraseOn = e.ErasingAt.Add(petition.ReversibleFor)
	}
	line, listed := e.Listed()
	st.Listed = listed
	if listed && line.N != v.N {
		st.Standing = line.Fields.Name
	}
	st.CanList = v.Verification == petition.Confirmed && !e.Gone() && e.HiddenAt.IsZero()
	for _, ev := range slices.Backward(events) {
		if ev.Kind == petition.EventConfirmed && v.Verification == petition.Confirmed {
			st.How = string(ev.Channel)
			break
		}
	}
	return st
}

// endorsement loads one that the organizer may see. Another campaign's does not exist for them.
func (s *Server) endorsement(ctx context.Context, v *visit, id int64) (*petition.Endorsement, error) {
	e, err := s.store.Endorsement(ctx, id)
	if err != nil {
		return nil, err
	}
	if !v.may(e.CampaignID) {
		return nil, petition.ErrNotFound
	}
	return e, nil
}

// task loads one that the organizer may see.
func (s *Server) task(ctx context.Context, v *visit, id int64) (*petition.Task, error) {
	t, err := s.store.Task(ctx, id)
	if err != nil {
		return nil, err
	}
	if !v.may(t.CampaignID) {
		return nil, petition.ErrNotFound
	}
	return t, nil
}

func (s *Server) getEndorsement(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	e, err := s.endorsement(r.Context(), v, id)
	if err != nil {
		return err
	}
	page, err := s.casePage(r.Context(), v, placeOf(r), e, nil)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, v.locale, "desk/case", page)
}

func (s *Server) getTask(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	t, err := s.task(r.Context(), v, id)
	if err != nil {
		return err
	}
	page, err := s.taskPage(r.Context(), v, placeOf(r), t)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, v.locale, "desk/case", page)
}

// taskPage is the page of a task, with its endorsement where it has one.
func (s *Server) taskPage(ctx context.Context, v *visit, p place, t *petition.Task) (*casePage, error) {
	var e *petition.Endorsement
	if t.EndorsementID != 0 {
		var err error
		if e, err = s.endorsement(ctx, v, t.EndorsementID); err != nil {
			return nil, err
		}
	}
	page, err := s.casePage(ctx, v, p, e, t)
	if err != nil {
		return nil, err
	}
	if !t.DoneAt.IsZero() {
		names, err := s.organizerNames(ctx, v)
		if err != nil {
			return nil, err
		}
		page.By = names[t.DoneBy]
	}
	if t.Kind == petition.TaskRouting {
		page.Choose = v.campaigns
	}
	if t.Kind == petition.TaskUnclear && e != nil && page.mail != nil {
		if page.Asked, err = s.askedBefore(ctx, t, e, page.mail); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// askedBefore is the notice that an unclear answer answers: the one that it refers
// to, else the last one to the signer before it came; nil where there is none (R29).
func (s *Server) askedBefore(ctx context.Context, t *petition.Task, e *petition.Endorsement, m *petition.Mail) (*threadItem, error) {
	notices, err := s.store.Notices(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	var found *petition.Notice
	for i := range notices {
		n := &notices[i]
		if n.Kind.ToOrganizers() || n.CampaignID != t.CampaignID || n.MailID == m.ID && m.ID != e.RequestID {
			continue
		}
		if slices.ContainsFunc(m.References, func(r petition.Reference) bool { return r.Notice == n.ID }) {
			found = n
			break
		}
		if n.QueuedAt.Before(m.Received) && (found == nil || n.QueuedAt.After(found.QueuedAt)) {
			found = n
		}
	}
	if found == nil {
		return nil, nil //nolint:nilnil // nothing was asked: the page shows the answer alone
	}
	item := noticeItem(found)
	return &item, nil
}

// casePage loads everything about an endorsement, a task, or both.
func (s *Server) casePage(ctx context.Context, v *visit, p place, e *petition.Endorsement, t *petition.Task) (*casePage, error) {
	var c *petition.Campaign
	switch {
	case e != nil:
		c = v.campaign(e.CampaignID)
	case t != nil:
		c = v.campaign(t.CampaignID)
	}
	frame, err := s.deskFrame(ctx, v, c, "-")
	if err != nil {
		return nil, err
	}
	page := &casePage{deskFrame: frame, Place: p, Zone: zoneOf(c), Now: s.clock(), Task: t, E: e, Kind: petition.KindOrganization}
	if p.Key != 0 {
		if page.Next, err = s.next(ctx, v, p); err != nil {
			return nil, err
		}
	}
	if e != nil {
		page.Action = "/desk/e/" + itoa(e.ID)
		if err := s.fillEndorsement(ctx, v, page); err != nil {
			return nil, err
		}
	}
	if t != nil {
		page.Action = "/desk/q/" + itoa(t.ID)
	}
	if err := s.fillMail(ctx, v, page); err != nil {
		return nil, err
	}
	page.Title = s.caseTitle(v, page)
	return page, nil
}

func (s *Server) caseTitle(v *visit, page *casePage) string {
	name := ""
	if page.E != nil {
		name = page.E.Current().Fields.Name
	}
	if page.Task != nil {
		kind := s.templates.T(v.locale, "desk.task_"+string(page.Task.Kind), nil)
		return strings.TrimSuffix(kind+": "+name, ": ")
	}
	return name
}

func (s *Server) fillEndorsement(ctx context.Context, v *visit, page *casePage) error {
	e := page.E
	events, err := s.store.Events(ctx, e.ID)
	if err != nil {
		return err
	}
	names, err := s.organizerNames(ctx, v)
	if err != nil {
		return err
	}
	page.State, page.Kind = stateOf(e, events), e.Current().Fields.Kind
	page.History = s.history(v.locale, e, events, names)
	page.Versions = s.versions(v.locale, e)
	if page.Thread, err = s.thread(ctx, e.ID); err != nil {
		return err
	}
	if e.DuplicateOf != 0 { // one that cannot be shown is no reason to hide this one
		other, err := s.endorsement(ctx, v, e.DuplicateOf)
		if err == nil {
			page.Like = append(page.Like, foundRowOf(other))
		}
	}
	return nil
}

// fillMail shows the mail that the newest version stands on, or the task's.
func (s *Server) fillMail(ctx context.Context, v *visit, page *casePage) error {
	id, name := int64(0), ""
	if e := page.E; e != nil {
		name = e.Current().Fields.Name
		for _, version := range slices.Backward(e.Versions) {
			if id == 0 {
				id, name = version.MailID, version.Fields.Name
			}
		}
		if id == 0 {
			id, name = e.RequestID, e.Versions[0].Fields.Name
		}
	}
	if t := page.Task; t != nil && t.MailID != 0 {
		id = t.MailID
	}
	var fields petition.Fields
	if page.E != nil {
		fields = page.E.Current().Fields
	}
	var read map[string]bool
	if id != 0 {
		m, err := s.store.Mail(ctx, id)
		if err != nil {
			return err
		}
		page.mail, page.Mail = m, s.mailView(v.locale, m, name)
		page.Mail.URL += mailContextQuery(page)
		read = page.Mail.Read
		if page.E == nil {
			fields = fieldsOf(m)
		}
		page.Names = otherNames(&m.Reading, fields.Name)
	}
	page.Facts = s.factsOf(v.locale, fields, page.Campaign, read)
	return nil
}

func mailContextQuery(page *casePage) string {
	if page.Task != nil && page.Task.MailID != 0 {
		return "?q=" + itoa(page.Task.ID)
	}
	return "?e=" + itoa(page.E.ID)
}

// fieldsOf proposes what a mail without an endorsement might say, for a person to check.
func fieldsOf(m *petition.Mail) petition.Fields {
	f := petition.Fields{Kind: petition.KindOrganization, Contact: m.From()}
	if len(m.Reading.Organizations) > 0 {
		c := m.Reading.Organizations[0]
		f.Name, f.City, f.Country, f.Website = c.Name, c.City, c.Country, c.Website
		if c.Kind != "" {
			f.Kind = c.Kind
		}
	}
	if len(m.Reading.Signatories) > 0 {
		f.Signatory, f.Title = m.Reading.Signatories[0].Name, m.Reading.Signatories[0].Title
	}
	return f.Clean()
}

// otherNames are the further names of the mail, each once.
func otherNames(r *petition.Reading, shown string) []string {
	var names []string
	for _, n := range r.Candidates {
		if n = petition.CleanLine(n, petition.MaxName); n != "" && n != shown && !slices.Contains(names, n) && len(names) < 5 {
			names = append(names, n)
		}
	}
	return names
}

func (s *Server) organizerNames(ctx context.Context, v *visit) (map[int64]string, error) {
	all, err := s.store.Organizers(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[int64]string, len(all))
	for _, o := range all {
		names[o.ID] = o.Name
		if o.Name == "" {
			names[o.ID] = o.Address
		}
	}
	names[v.organizer.ID] = s.templates.T(v.locale, "desk.you", nil)
	return names, nil
}
