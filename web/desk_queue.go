package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"countersign/petition"
	"countersign/store"
)

const (
	queuePage = 50 // rows of a page
	findLimit = 20
)

// queuePageData is the data of desk/queue.
type queuePageData struct {
	deskFrame
	Kind     string
	Rows     []deskRow
	Found    []foundRow // signatures of any state that the search finds
	More     string     // address of the next page; "" at the end
	Counts   store.Counts
	Oldest   age
	Bulk     bool   // rows can be ticked: signatures to review, or the backlog (U01)
	BulkKind string // which rows can be
	Place    place
	Problem  string // message desk.bulk_PROBLEM
	Zone     *time.Location
	Mailbox  string // address that people write to
	Starting bool   // nothing has come yet
}

// deskRow is one thing that waits.
type deskRow struct {
	URL        string
	Key        int64
	Kind       string // reviewKind or the kind of the task
	Name       string // of the signer; "" where nobody can be told
	From       string
	Snippet    string
	Language   string
	Strokes    strokes
	Why        string // message desk.why_WHY
	Chip       string // "", warn, bad, blue: only exceptions are tinted
	Confidence petition.Confidence
	Age        age
	InCampaign string // where all campaigns are shown

	signature *petition.Endorsement
	task      *petition.Task
}

// foundRow is a signature found by the search.
type foundRow struct {
	URL     string
	Name    string
	City    string
	Country string
	Number  int
	Strokes strokes
}

// strokes are the two axes of a signature: w waits, d is done, x is refused.
type strokes struct{ Signer, Organizer string }

// age is how long ago, in the largest unit that says enough.
type age struct {
	Unit string // minutes, hours, days
	N    int
}

func ageOf(now, then time.Time) age {
	d := max(now.Sub(then), 0)
	switch {
	case d < time.Hour:
		return age{"minutes", int(d / time.Minute)}
	case d < 48*time.Hour:
		return age{"hours", int(d / time.Hour)}
	default:
		return age{"days", int(d / (24 * time.Hour))}
	}
}

// strokesOf condenses the newest version; words always stand beside the strokes.
func strokesOf(e *petition.Endorsement) strokes {
	if e == nil {
		return strokes{"w", "w"}
	}
	s, v := strokes{"w", "w"}, e.Current()
	switch v.Verification {
	case petition.Confirmed:
		s.Signer = "d"
	case petition.Disputed, petition.Unreachable, petition.Expired:
		s.Signer = "x"
	case petition.Awaiting, petition.Undecided:
	}
	if e.Gone() {
		s.Signer = "x"
	}
	switch v.Review {
	case petition.Approved:
		s.Organizer = "d"
	case petition.Declined:
		s.Organizer = "x"
	case petition.Pending:
	}
	return s
}

func (s *Server) getQueue(w http.ResponseWriter, r *http.Request, v *visit) error {
	c := v.bySlug(r.PathValue("slug"))
	if r.PathValue("slug") != "" && c == nil {
		return petition.ErrNotFound
	}
	page, err := s.queuePage(r.Context(), v, c, r.URL.Query())
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, v.locale, "desk/queue", page)
}

func (s *Server) queuePage(ctx context.Context, v *visit, c *petition.Campaign, q url.Values) (*queuePageData, error) {
	kind := q.Get("kind")
	frame, err := s.deskFrame(ctx, v, c, kind)
	if err != nil {
		return nil, err
	}
	c = frame.Campaign
	page := &queuePageData{deskFrame: frame, Kind: kind, Place: place{Kind: kind}, Zone: time.UTC}
	if c != nil {
		page.Place.Slug, page.Zone, page.Mailbox = c.Slug, c.Location(), c.Address()
	}
	page.Query = clip(strings.TrimSpace(q.Get("q")), 100)
	page.BulkKind = kind
	if kind == "" {
		page.BulkKind = reviewKind
	}
	page.Bulk = bulkActs[page.BulkKind] != nil && frame.CanAct && c != nil
	after, err := strconv.ParseInt(q.Get("after"), 10, 64)
	if err != nil {
		after = 0
	}
	filter := store.QueueFilter{CampaignIDs: v.scope(c), Kind: kind, Query: page.Query, After: after, Limit: queuePage + 1}
	rows, err := s.queue(ctx, v, filter)
	if err != nil {
		return nil, err
	}
	if len(rows) > queuePage {
		rows = rows[:queuePage]
		page.More = moreURL(frame.Base, kind, page.Query, rows[queuePage-1].Key)
	}
	if err := s.fillQueue(ctx, v, page, rows); err != nil {
		return nil, err
	}
	page.Title = s.templates.T(v.locale, "desk.queue_title", map[string]any{"Count": frame.Waiting, "Brand": frame.Brand})
	return page, nil
}

func (s *Server) fillQueue(ctx context.Context, v *visit, page *queuePageData, rows []store.QueueRow) error {
	now := s.clock()
	oldest := now
	for i := range rows {
		page.Rows = append(page.Rows, s.deskRow(v, &rows[i], page.Place, now))
		if rows[i].Since.Before(oldest) {
			oldest = rows[i].Since
		}
	}
	page.Oldest = ageOf(now, oldest)
	c := page.Campaign
	if page.Query != "" {
		found, err := s.store.Find(ctx, v.scope(c), page.Query, findLimit)
		if err != nil {
			return err
		}
		for _, e := range found {
			if v.may(e.CampaignID) {
				page.Found = append(page.Found, foundRowOf(e))
			}
		}
	}
	for _, one := range v.campaigns {
		if c != nil && one.ID != c.ID {
			continue
		}
		n, err := s.store.Counts(ctx, one.ID)
		if err != nil {
			return err
		}
		page.Counts.Organizations += n.Organizations
		page.Counts.Individuals += n.Individuals
		page.Counts.Awaiting += n.Awaiting
		page.Counts.Undecided += n.Undecided
		page.Counts.ToReview += n.ToReview
		page.Counts.Tasks += n.Tasks
		page.Counts.Backlog += n.Backlog
	}
	n := page.Counts
	page.Starting = n.Organizations+n.Individuals+n.Awaiting+n.Undecided+n.ToReview+n.Tasks+n.Backlog == 0
	return nil
}

func foundRowOf(e *petition.Endorsement) foundRow {
	f := e.Current().Fields
	row := foundRow{
		URL: "/desk/e/" + strconv.FormatInt(e.ID, 10), Name: f.Name, City: f.City, Country: f.Country, Strokes: strokesOf(e),
	}
	if _, ok := e.Listed(); ok {
		row.Number = e.Number
	}
	return row
}

func moreURL(base, kind, query string, after int64) string {
	q := url.Values{"after": {strconv.FormatInt(after, 10)}}
	if kind != "" {
		q.Set("kind", kind)
	}
	if query != "" {
		q.Set("q", query)
	}
	return base + "?" + q.Encode()
}

func (s *Server) deskRow(v *visit, row *store.QueueRow, p place, now time.Time) deskRow {
	d := deskRow{
		URL: rowURL(row, p), Key: row.Key, Kind: reviewKind, signature: row.Endorsement, task: row.Task, From: row.Mail.From, Snippet: clip(row.Mail.Snippet, 160), Language: row.Mail.Language,
		Strokes: strokesOf(row.Endorsement), Age: ageOf(now, row.Since),
	}
	if d.Snippet == "" {
		d.Snippet = clip(row.Mail.Subject, 160)
	}
	campaignID := int64(0)
	if e := row.Endorsement; e != nil {
		d.Name, d.Confidence, campaignID = e.Current().Fields.Name, e.Confidence, e.CampaignID
		d.Why, d.Chip = whyReview(e)
	}
	if t := row.Task; t != nil {
		d.Kind, campaignID = string(t.Kind), t.CampaignID
		d.Why, d.Chip = string(t.Kind), taskChip(t)
		if t.Kind == petition.TaskOlder && !row.Mail.Received.IsZero() {
			d.Age = ageOf(now, row.Mail.Received)
		}
	}
	if p.Slug == "" && len(v.campaigns) > 1 {
		if c := v.campaign(campaignID); c != nil {
			d.InCampaign = c.Name
		}
	}
	return d
}

// whyReview is the reason beside an endorsement that waits for a decision.
func whyReview(e *petition.Endorsement) (why, chip string) {
	if _, listed := e.Listed(); listed {
		return "correction", "blue"
	}
	domain := petition.Domain(e.Writer.Address)
	switch {
	case e.DuplicateOf != 0:
		return "duplicate", "warn"
	case e.Channel == petition.ByHand:
		return "hand", "blue"
	case e.Channel == petition.ByForm:
		return "form", ""
	case petition.IsFreeMail(domain):
		return "free_mail", ""
	case e.Aligned:
		return "own_domain", ""
	default:
		return "unchecked", ""
	}
}

func taskChip(t *petition.Task) string {
	switch t.Kind {
	case petition.TaskDisputed, petition.TaskUnproven, petition.TaskQuarantine:
		return "bad"
	case petition.TaskQuestion, petition.TaskForwarded, petition.TaskOlder:
		if t.Urgent {
			return "bad"
		}
		return "blue"
	default:
		return "warn"
	}
}

// clip cuts a text at n letters, for places where the whole is one click away.
func clip(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i] + "…"
		}
	}
	return text
}
