package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"countersign/petition"
)

type campaignRow struct {
	ID       int64
	Slug     string
	State    petition.CampaignState
	Settings string
	Revision int64
}

type textRow struct {
	CampaignID int64
	N          int
	Language   string
	Binding    bool
	Title      string
	Addressee  string
	Body       string
	Change     petition.TextChange
	Published  micros
}

func (r *textRow) text() petition.Text {
	return petition.Text{
		N: r.N, Language: r.Language, Binding: r.Binding, Title: r.Title, Addressee: r.Addressee, Body: r.Body,
		Change: r.Change, Published: r.Published.time(),
	}
}

// campaigns loads all campaigns by slug. Parsed ones are kept: with every mail they
// are needed, and they change with their revision only. Callers must not change them.
func (c conn) campaigns(ctx context.Context) ([]*petition.Campaign, error) {
	var heads []struct{ ID, Revision int64 }
	if err := c.list(ctx, &heads, `SELECT id, revision FROM campaigns ORDER BY slug`); err != nil {
		return nil, err
	}
	all := make([]*petition.Campaign, len(heads))
	for i, h := range heads {
		k, err := c.campaignAt(ctx, h.ID, h.Revision)
		if err != nil {
			return nil, err
		}
		all[i] = k
	}
	return all, nil
}

// campaignAt gives the campaign at a revision: the kept one, or what the database has.
func (c conn) campaignAt(ctx context.Context, id, revision int64) (*petition.Campaign, error) {
	c.store.mu.Lock()
	kept := c.store.known[id]
	c.store.mu.Unlock()
	if kept != nil && kept.Revision == revision {
		return kept, nil
	}
	var r campaignRow
	if err := c.get(ctx, &r, `SELECT id, slug, state, settings, revision FROM campaigns WHERE id=$1`, id); err != nil {
		return nil, err
	}
	k := &petition.Campaign{ID: r.ID, Slug: r.Slug, State: r.State, Revision: r.Revision}
	if err := fromJSON(r.Settings, &k.Settings); err != nil {
		return nil, err
	}
	texts, err := c.texts(ctx, id, `AND n=(SELECT MAX(n) FROM texts WHERE campaign_id=$1)`)
	if err != nil {
		return nil, err
	}
	k.Texts = inOrder(texts, k.Languages)
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	if newer := c.store.known[id]; newer == nil || newer.Revision < k.Revision {
		c.store.known[id] = k
	}
	return k, nil
}

// inOrder sorts texts as the campaign lists its languages, the default first.
func inOrder(texts []petition.Text, languages []string) []petition.Text {
	rank := func(t petition.Text) int {
		if i := slices.Index(languages, t.Language); i >= 0 {
			return i
		}
		return len(languages)
	}
	slices.SortStableFunc(texts, func(a, b petition.Text) int { return rank(a) - rank(b) })
	return texts
}

func (c conn) campaignByID(ctx context.Context, id int64) (*petition.Campaign, error) {
	var revision int64
	if err := c.get(ctx, &revision, `SELECT revision FROM campaigns WHERE id=$1`, id); err != nil {
		return nil, err
	}
	return c.campaignAt(ctx, id, revision)
}

func (c conn) texts(ctx context.Context, campaignID int64, which string) ([]petition.Text, error) {
	var rows []textRow
	if err := c.list(ctx, &rows, `SELECT campaign_id, n, language, binding, title, addressee, body, change, published FROM texts
		WHERE campaign_id=$1 `+which+` ORDER BY n, language`, campaignID); err != nil {
		return nil, err
	}
	texts := make([]petition.Text, len(rows))
	for i := range rows {
		texts[i] = rows[i].text()
	}
	return texts, nil
}

// lockCampaign keeps other decisions and acts of the campaign out until the
// transaction ends, and gives the campaign as it is now.
func (t *tx) lockCampaign(ctx context.Context, id int64) (*petition.Campaign, error) {
	var revision int64
	if err := t.get(ctx, &revision, `SELECT revision FROM campaigns WHERE id=$1`+t.store.forUpdate(), id); err != nil {
		return nil, err
	}
	return t.campaignAt(ctx, id, revision)
}

// Campaigns lists all by slug.
func (s *Store) Campaigns(ctx context.Context) ([]*petition.Campaign, error) {
	all, err := s.reader().campaigns(ctx)
	for i, c := range all {
		all[i] = cloned(c)
	}
	return all, err
}

// Campaign finds one by slug, or gives petition.ErrNotFound.
func (s *Store) Campaign(ctx context.Context, slug string) (*petition.Campaign, error) {
	var id int64
	if err := s.reader().get(ctx, &id, `SELECT id FROM campaigns WHERE slug=$1`, slug); err != nil {
		return nil, err
	}
	return s.CampaignByID(ctx, id)
}

// CampaignByID loads one, or gives petition.ErrNotFound.
func (s *Store) CampaignByID(ctx context.Context, id int64) (*petition.Campaign, error) {
	c, err := s.reader().campaignByID(ctx, id)
	if err != nil {
		return nil, err
	}
	return cloned(c), nil
}

// cloned is a copy that the caller may change, lists included.
func cloned(c *petition.Campaign) *petition.Campaign {
	k := *c
	k.Addresses, k.Languages = slices.Clone(c.Addresses), slices.Clone(c.Languages)
	k.Public, k.Groups, k.Texts = slices.Clone(c.Public), slices.Clone(c.Groups), slices.Clone(c.Texts)
	return &k
}

// Texts lists every version of the letter in every language, oldest first.
func (s *Store) Texts(ctx context.Context, campaignID int64) ([]petition.Text, error) {
	return s.reader().texts(ctx, campaignID, "")
}

// CreateCampaign stores a new campaign with its texts, if it has any, and fills in
// its id and defaults. A slug that exists gives petition.ErrConflict.
func (s *Store) CreateCampaign(ctx context.Context, c *petition.Campaign) error {
	if c.State == "" {
		c.State = petition.Draft
	}
	withDefaults(&c.Settings)
	return s.inTx(ctx, func(t *tx) error {
		err := t.get(ctx, &c.ID, `INSERT INTO campaigns (slug, state, settings, created_at) VALUES ($1,$2,$3,$4)
			ON CONFLICT (slug) DO NOTHING RETURNING id`, c.Slug, c.State, toJSON(c.Settings), toMicros(t.now))
		if errors.Is(err, petition.ErrNotFound) {
			return fmt.Errorf("campaign %s exists: %w", c.Slug, petition.ErrConflict)
		}
		if err != nil {
			return err
		}
		c.Revision = 1
		if len(c.Texts) == 0 {
			return nil
		}
		c.Texts, err = t.addText(ctx, c.ID, c.Texts)
		return err
	})
}

func withDefaults(s *petition.Settings) {
	if s.Visibility == "" {
		s.Visibility = petition.Public
	}
	if s.Listing == "" {
		s.Listing = petition.AfterReview
	}
	if s.Public == nil {
		s.Public = slices.Clone(petition.DefaultPublic)
	}
	if s.Grace == 0 {
		s.Grace = petition.DefaultGrace
	}
	if s.Visibility == petition.Unlisted && s.Secret == "" {
		s.Secret = strings.ToLower(rand.Text())
	}
}

// SaveSettings replaces the settings. The revision is what the form was filled in
// on: petition.ErrConflict when somebody changed the campaign meanwhile.
func (s *Store) SaveSettings(ctx context.Context, id, revision int64, settings petition.Settings, organizerID int64) error {
	withDefaults(&settings)
	return s.inTx(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `UPDATE campaigns SET settings=$3, revision=revision+1, list_revision=list_revision+1
			WHERE id=$1 AND revision=$2`, id, revision, toJSON(settings))
		if err != nil {
			return err
		}
		if n == 0 {
			if _, err := t.campaignByID(ctx, id); err != nil {
				return err
			}
			return petition.ErrConflict
		}
		if err := t.prolong(ctx, id, settings); err != nil {
			return err
		}
		return t.campaignEvent(ctx, id, organizerID, "settings", toJSON(settings))
	})
}

// prolong lets links and codes that are out there follow a later deadline (U06).
func (t *tx) prolong(ctx context.Context, id int64, s petition.Settings) error {
	if s.Closes.IsZero() {
		return nil
	}
	_, err := t.exec(ctx, `UPDATE notices SET expires_at=$2 WHERE campaign_id=$1 AND expires_at>0 AND expires_at<$2`, id, toMicros(s.Closes.Add(s.Grace)))
	return err
}

// SetState opens or closes a campaign. Opening an incomplete one gives
// petition.ErrIncomplete with what is missing (U08).
func (s *Store) SetState(ctx context.Context, id int64, state petition.CampaignState, organizerID int64) error {
	return s.inTx(ctx, func(t *tx) error {
		c, err := t.lockCampaign(ctx, id)
		if err != nil {
			return err
		}
		if missing := c.MissingToOpen(); state == petition.Open && len(missing) > 0 {
			return fmt.Errorf("%w: set %s", petition.ErrIncomplete, strings.Join(missing, ", "))
		}
		if c.State == state {
			return nil
		}
		if _, err := t.exec(ctx, `UPDATE campaigns SET state=$2, revision=revision+1, list_revision=list_revision+1 WHERE id=$1`, id, state); err != nil {
			return err
		}
		return t.campaignEvent(ctx, id, organizerID, string(state), "")
	})
}

// AddText publishes a new version of the letter in all its languages. N and a zero
// Published are filled in by the store.
func (s *Store) AddText(ctx context.Context, campaignID int64, texts []petition.Text) error {
	if len(texts) == 0 {
		return errors.New("a version of the letter needs at least one language")
	}
	return s.inTx(ctx, func(t *tx) error {
		if _, err := t.lockCampaign(ctx, campaignID); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE campaigns SET revision=revision+1, list_revision=list_revision+1 WHERE id=$1`, campaignID); err != nil {
			return err
		}
		added, err := t.addText(ctx, campaignID, texts)
		if err != nil {
			return err
		}
		return t.campaignEvent(ctx, campaignID, 0, "text", fmt.Sprint(added[0].N))
	})
}

func (t *tx) addText(ctx context.Context, campaignID int64, texts []petition.Text) ([]petition.Text, error) {
	var last int
	if err := t.get(ctx, &last, `SELECT COALESCE(MAX(n), 0) FROM texts WHERE campaign_id=$1`, campaignID); err != nil {
		return nil, err
	}
	texts = slices.Clone(texts)
	rows := make([][]any, len(texts))
	for i := range texts {
		x := &texts[i]
		x.N = last + 1
		if x.Published.IsZero() {
			x.Published = t.now
		}
		rows[i] = []any{campaignID, x.N, x.Language, x.Binding, x.Title, x.Addressee, x.Body, x.Change, toMicros(x.Published)}
	}
	return texts, t.insert(ctx, `INSERT INTO texts (campaign_id, n, language, binding, title, addressee, body, change, published)`, rows, "")
}

func (t *tx) campaignEvent(ctx context.Context, id, organizerID int64, kind, detail string) error {
	_, err := t.exec(ctx, `INSERT INTO campaign_events (campaign_id, at, organizer_id, kind, revision, detail)
		SELECT id, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS TEXT), revision, CAST($5 AS TEXT) FROM campaigns WHERE id=$1`,
		id, toMicros(t.now), ref(organizerID), kind, detail)
	return err
}
