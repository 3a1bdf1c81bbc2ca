package store

import (
	"context"
	"time"

	"countersign/petition"
)

// Line is one line of the public list, with all fields of the listed version: the
// reader takes out what is not public.
type Line struct {
	Number        int
	EndorsementID int64
	Fields        petition.Fields
	Kind          petition.Kind
	ListedAt      time.Time
	Withheld      bool // counted, named nowhere (U24)
	Group         string
}

// PublicList is what stands on the list, by number.
func (s *Store) PublicList(ctx context.Context, campaignID int64) ([]Line, error) {
	var rows []struct {
		ID        int64
		Number    ref
		ListedAt  micros
		Withheld  bool
		GroupName string
		ErasingAt micros
		Fields    string
	}
	if err := s.reader().list(ctx, &rows, `SELECT e.id, e.number, e.listed_at, e.withheld, e.group_name, e.erasing_at, v.fields
		FROM endorsements e JOIN versions v ON v.endorsement_id=e.id AND v.n=e.listed_version
		WHERE e.campaign_id=$1 AND e.listed_version>0 ORDER BY e.number, e.id`, campaignID); err != nil {
		return nil, err
	}
	lines := make([]Line, len(rows))
	for i, r := range rows {
		lines[i] = Line{Number: int(r.Number), EndorsementID: r.ID, ListedAt: r.ListedAt.time(), Withheld: r.Withheld, Group: r.GroupName}
		if err := fromJSON(r.Fields, &lines[i].Fields); err != nil {
			return nil, err
		}
		if r.ErasingAt != 0 { // see petition.Endorsement.Listed
			lines[i].Fields.Signatory, lines[i].Fields.Title, lines[i].Fields.Contact = "", "", ""
		}
		lines[i].Kind = lines[i].Fields.Kind
	}
	return lines, nil
}

// ListRevision grows with every change of the list, the settings or the letter.
func (s *Store) ListRevision(ctx context.Context, campaignID int64) (int64, error) {
	var n int64
	err := s.reader().get(ctx, &n, `SELECT list_revision FROM campaigns WHERE id=$1`, campaignID)
	return n, err
}

// Counts are the figures of a campaign: what is listed, and what waits.
type Counts struct {
	Organizations int // listed
	Individuals   int // listed
	Countries     int // of the listed organizations
	Awaiting      int // asked, no answer yet
	Undecided     int
	ToReview      int // confirmed, waits for an organizer
	Tasks         int // open
	Backlog       int // mails that came before the start or are too old to answer
}

// Counts counts from scratch: every figure derives from the one predicate.
func (s *Store) Counts(ctx context.Context, campaignID int64) (Counts, error) {
	var n Counts
	c := s.reader()
	if err := c.get(ctx, &n, `SELECT
		COALESCE(SUM(CASE WHEN listed_version>0 AND listed_kind<>'individual' THEN 1 ELSE 0 END), 0) AS organizations,
		COALESCE(SUM(CASE WHEN listed_version>0 AND listed_kind='individual' THEN 1 ELSE 0 END), 0) AS individuals,
		COUNT(DISTINCT CASE WHEN listed_version>0 AND listed_kind<>'individual' AND listed_country<>'' THEN listed_country END) AS countries,
		COALESCE(SUM(CASE WHEN state='awaiting' AND on_hold='' THEN 1 ELSE 0 END), 0) AS awaiting,
		COALESCE(SUM(CASE WHEN state='undecided' THEN 1 ELSE 0 END), 0) AS undecided,
		COALESCE(SUM(CASE WHEN review_since>0 THEN 1 ELSE 0 END), 0) AS to_review
		FROM endorsements WHERE campaign_id=$1`, campaignID); err != nil {
		return n, err
	}
	if err := c.get(ctx, &n.Tasks, `SELECT COUNT(*) FROM tasks WHERE campaign_id=$1 AND done_at=0`, campaignID); err != nil {
		return n, err
	}
	err := c.get(ctx, &n.Backlog, `SELECT COUNT(*) FROM tasks WHERE campaign_id=$1 AND done_at=0 AND kind='older'`, campaignID)
	return n, err
}
