package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"countersign/petition"
)

type endorsementRow struct {
	ID             int64
	CampaignID     int64
	OrganizationID ref
	RequestMailID  ref
	Base           string
	Revision       int64
	Channel        petition.Channel
	Locale         string
	Confidence     petition.Confidence
	Aligned        bool
	Invited        bool
	Writer         string
	CreatedAt      micros
	ArrivedAt      micros
	WithdrawnAt    micros
	ErasingAt      micros
	HiddenAt       micros
	Withheld       bool
	GroupName      string
	Number         ref
	ListedAt       micros
	DuplicateOf    ref
	Late           bool
	OnHold         string
}

const endorsementColumns = `id, campaign_id, organization_id, request_mail_id, base, revision, channel, locale, confidence, aligned, invited,
	writer, created_at, arrived_at, withdrawn_at, erasing_at, hidden_at, withheld, group_name, number, listed_at, duplicate_of, late, on_hold`

func (r *endorsementRow) endorsement() (*petition.Endorsement, error) {
	e := &petition.Endorsement{
		ID: r.ID, CampaignID: r.CampaignID, OrganizationID: int64(r.OrganizationID), RequestID: int64(r.RequestMailID),
		Revision: r.Revision, Channel: r.Channel, Locale: r.Locale, Confidence: r.Confidence, Aligned: r.Aligned, Invited: r.Invited,
		CreatedAt: r.CreatedAt.time(), ArrivedAt: r.ArrivedAt.time(), WithdrawnAt: r.WithdrawnAt.time(), ErasingAt: r.ErasingAt.time(), HiddenAt: r.HiddenAt.time(),
		Withheld: r.Withheld, Group: r.GroupName, Number: int(r.Number), ListedAt: r.ListedAt.time(), DuplicateOf: int64(r.DuplicateOf),
		Late: r.Late, OnHold: r.OnHold,
	}
	return e, fromJSON(r.Writer, &e.Writer)
}

type versionRow struct {
	EndorsementID int64
	N             int
	Fields        string
	Channel       petition.Channel
	MailID        ref
	CreatedAt     micros
	TextVersion   int
	TextLanguage  string
	Verification  petition.Verification
	VerifiedAt    micros
	Confirmer     string
	Review        petition.Review
	ReviewedAt    micros
	ReviewedBy    ref
	Reason        string
}

func (r *versionRow) version() (petition.Version, error) {
	v := petition.Version{
		N: r.N, Channel: r.Channel, MailID: int64(r.MailID), CreatedAt: r.CreatedAt.time(), TextVersion: r.TextVersion, TextLanguage: r.TextLanguage,
		Verification: r.Verification, VerifiedAt: r.VerifiedAt.time(), Review: r.Review, ReviewedAt: r.ReviewedAt.time(),
		ReviewedBy: int64(r.ReviewedBy), Reason: r.Reason,
	}
	if err := fromJSON(r.Fields, &v.Fields); err != nil {
		return v, err
	}
	return v, fromJSON(r.Confirmer, &v.Confirmer)
}

// endorsementsWhere loads endorsements with their versions, oldest first.
func (c conn) endorsementsWhere(ctx context.Context, where string, args ...any) ([]*petition.Endorsement, error) {
	var rows []endorsementRow
	if err := c.list(ctx, &rows, `SELECT `+endorsementColumns+` FROM endorsements WHERE `+where+` ORDER BY id`, args...); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, nil
	}
	all := make([]*petition.Endorsement, len(rows))
	byID := make(map[int64]*petition.Endorsement, len(rows))
	for i := range rows {
		e, err := rows[i].endorsement()
		if err != nil {
			return nil, err
		}
		all[i], byID[e.ID] = e, e
	}
	for part := range slices.Chunk(all, 1000) {
		if err := c.loadVersions(ctx, part, byID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (c conn) loadVersions(ctx context.Context, part []*petition.Endorsement, byID map[int64]*petition.Endorsement) error {
	var args []any
	list := in(&args, padded(idsOf(part)))
	var rows []versionRow
	if err := c.list(ctx, &rows, `SELECT endorsement_id, n, fields, channel, mail_id, created_at, text_version, text_language, verification,
		verified_at, confirmer, review, reviewed_at, reviewed_by, reason
		FROM versions WHERE endorsement_id IN `+list+` ORDER BY endorsement_id, n`, args...); err != nil {
		return err
	}
	for i := range rows {
		v, err := rows[i].version()
		if err != nil {
			return err
		}
		e := byID[rows[i].EndorsementID]
		e.Versions = append(e.Versions, v)
	}
	return nil
}

func idsOf(all []*petition.Endorsement) []int64 {
	ids := make([]int64, len(all))
	for i, e := range all {
		ids[i] = e.ID
	}
	return ids
}

// endorsements loads the endorsements in the order of the ids; unknown ids are left out.
func (c conn) endorsements(ctx context.Context, ids []int64) ([]*petition.Endorsement, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var found []*petition.Endorsement
	for part := range slices.Chunk(ids, 1000) {
		var args []any
		list := in(&args, padded(part))
		some, err := c.endorsementsWhere(ctx, `id IN `+list, args...)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	byID := make(map[int64]*petition.Endorsement, len(found))
	for _, e := range found {
		byID[e.ID] = e
	}
	ordered := make([]*petition.Endorsement, 0, len(found))
	for _, id := range ids {
		if e := byID[id]; e != nil {
			ordered = append(ordered, e)
			delete(byID, id)
		}
	}
	return ordered, nil
}

// Endorsement loads one, or gives petition.ErrNotFound.
func (s *Store) Endorsement(ctx context.Context, id int64) (*petition.Endorsement, error) {
	found, err := s.reader().endorsements(ctx, []int64{id})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, petition.ErrNotFound
	}
	return found[0], nil
}

// EndorsementsByID loads several in the order of the ids, each once; unknown ids are left out.
func (s *Store) EndorsementsByID(ctx context.Context, ids []int64) ([]*petition.Endorsement, error) {
	return s.reader().endorsements(ctx, ids)
}

// insertEndorsement makes the row of a new endorsement, which has no version yet.
func (t *tx) insertEndorsement(ctx context.Context, e *petition.Endorsement) error {
	base := *e
	base.ID, base.Versions = 0, nil
	return t.get(ctx, &e.ID, `INSERT INTO endorsements (campaign_id, organization_id, request_mail_id, base, revision, channel, locale, confidence,
		aligned, invited, writer, created_at, arrived_at, withdrawn_at, hidden_at, withheld, group_name, number, listed_at, duplicate_of, late, on_hold,
		state, kind, name, country, contact, version, verification, review, review_since, listed_version, listed_kind, listed_country)
		VALUES ($1,$2,$3,$4,0,$5,$6,$7,$8,$9,$10,$11,$12,0,0,$13,$14,NULL,0,$15,$16,$17,'','','','','',0,'','',0,0,'','') RETURNING id`,
		e.CampaignID, ref(e.OrganizationID), ref(e.RequestID), toJSON(base), e.Channel, e.Locale, e.Confidence, e.Aligned, e.Invited,
		toJSON(e.Writer), toMicros(e.CreatedAt), toMicros(e.ArrivedAt), e.Withheld, e.Group, ref(e.DuplicateOf), e.Late, e.OnHold)
}

// saveEndorsement writes an endorsement's present state and everything derived
// from it. No other function does, so nothing that is derived can drift.
func (t *tx) saveEndorsement(ctx context.Context, e *petition.Endorsement, old *petition.Endorsement) error {
	current := e.Current()
	listed, isListed := e.Listed()
	var reviewSince time.Time
	if !e.Gone() && current.Verification == petition.Confirmed && current.Review == petition.Pending {
		reviewSince = current.VerifiedAt
		if reviewSince.IsZero() {
			reviewSince = current.CreatedAt
		}
	}
	if !isListed {
		listed = petition.Version{}
	}
	if _, err := t.exec(ctx, `UPDATE endorsements SET organization_id=$2, revision=$3, writer=$4, withdrawn_at=$5, hidden_at=$6, withheld=$7,
		group_name=$8, number=$9, listed_at=$10, duplicate_of=$11, late=$12, on_hold=$13, state=$14, kind=$15, name=$16, country=$17, contact=$18,
		version=$19, verification=$20, review=$21, review_since=$22, listed_version=$23, listed_kind=$24, listed_country=$25, erasing_at=$26 WHERE id=$1`,
		e.ID, ref(e.OrganizationID), e.Revision, toJSON(e.Writer), toMicros(e.WithdrawnAt), toMicros(e.HiddenAt), e.Withheld,
		e.Group, ref(e.Number), toMicros(e.ListedAt), ref(e.DuplicateOf), e.Late, e.OnHold, e.State(), current.Fields.Kind, current.Fields.Name,
		current.Fields.Country, petition.CanonicalAddress(current.Fields.Contact), current.N, current.Verification, current.Review,
		toMicros(reviewSince), listed.N, listed.Fields.Kind, listed.Fields.Country, toMicros(e.ErasingAt)); err != nil {
		return err
	}
	if err := t.saveVersions(ctx, e); err != nil {
		return err
	}
	if old != nil && lookedUp(old) == lookedUp(e) {
		return nil
	}
	return t.saveLookups(ctx, e)
}

func (t *tx) saveVersions(ctx context.Context, e *petition.Endorsement) error {
	rows := make([][]any, len(e.Versions))
	for i := range e.Versions {
		v := &e.Versions[i]
		rows[i] = []any{
			e.ID, v.N, toJSON(v.Fields), v.Channel, ref(v.MailID), toMicros(v.CreatedAt), v.TextVersion, v.TextLanguage,
			v.Verification, toMicros(v.VerifiedAt), toJSON(v.Confirmer), v.Review, toMicros(v.ReviewedAt), ref(v.ReviewedBy), v.Reason,
		}
	}
	if _, err := t.exec(ctx, `DELETE FROM versions WHERE endorsement_id=$1 AND n>$2`, e.ID, len(e.Versions)); err != nil { // after undo
		return err
	}
	return t.insert(ctx, `INSERT INTO versions (endorsement_id, n, fields, channel, mail_id, created_at, text_version, text_language,
		verification, verified_at, confirmer, review, reviewed_at, reviewed_by, reason)`, rows,
		`ON CONFLICT (endorsement_id, n) DO UPDATE SET fields=excluded.fields, text_version=excluded.text_version, text_language=excluded.text_language,
		verification=excluded.verification, verified_at=excluded.verified_at, confirmer=excluded.confirmer, review=excluded.review,
		reviewed_at=excluded.reviewed_at, reviewed_by=excluded.reviewed_by, reason=excluded.reason, channel=excluded.channel,
		mail_id=excluded.mail_id, created_at=excluded.created_at`)
}

// shownFields are the fields under which an endorsement is found: of the current and of the listed version.
func shownFields(e *petition.Endorsement) []petition.Fields {
	fields := []petition.Fields{e.Current().Fields}
	if v, ok := e.Listed(); ok && v.Fields != fields[0] {
		fields = append(fields, v.Fields)
	}
	return fields
}

// lookedUp is a fingerprint of what saveLookups stores.
func lookedUp(e *petition.Endorsement) string {
	if len(e.Versions) == 0 {
		return ""
	}
	return toJSON(shownFields(e))
}

const contactKey = "contact:"

// saveLookups rewrites identity keys, contact addresses and search terms.
func (t *tx) saveLookups(ctx context.Context, e *petition.Endorsement) error {
	var keys, terms [][]any
	seen := make(map[string]bool)
	for _, f := range shownFields(e) {
		found := petition.IdentityKeys(f)
		if f.Contact != "" {
			found = append(found, contactKey+petition.CanonicalAddress(f.Contact))
		}
		for _, k := range found {
			if k = cutKey(k); !seen[k] {
				seen[k] = true
				keys = append(keys, []any{e.CampaignID, k, e.ID})
			}
		}
	}
	for _, term := range termsOf(shownFields(e)) {
		terms = append(terms, []any{term, e.ID})
	}
	if _, err := t.exec(ctx, `DELETE FROM endorsement_keys WHERE endorsement_id=$1`, e.ID); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `DELETE FROM terms WHERE endorsement_id=$1`, e.ID); err != nil {
		return err
	}
	if err := t.insert(ctx, `INSERT INTO endorsement_keys (campaign_id, key, endorsement_id)`, keys, ""); err != nil {
		return err
	}
	return t.insert(ctx, `INSERT INTO terms (term, endorsement_id)`, terms, `ON CONFLICT DO NOTHING`)
}

// maxKey keeps keys within what PostgreSQL takes in an index (2,700 bytes).
const maxKey = 600

func cutKey(s string) string {
	if len(s) <= maxKey {
		return s
	}
	return strings.ToValidUTF8(s[:maxKey], "")
}

// campaignsOf lists the campaigns of the endorsements, ascending.
func (c conn) campaignsOf(ctx context.Context, endorsements []int64) ([]int64, error) {
	var args []any
	list := in(&args, endorsements)
	var ids []int64
	err := c.list(ctx, &ids, `SELECT DISTINCT campaign_id FROM endorsements WHERE id IN `+list+` ORDER BY campaign_id`, args...)
	return ids, err
}
