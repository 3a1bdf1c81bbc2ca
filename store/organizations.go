package store

import (
	"context"
	"errors"
	"slices"
	"strings"

	"countersign/petition"
)

const nameKey = "name:"

// organization finds the organization whose name key is the fields', or makes it.
// Only an equal name is the same organization; an equal domain merely suggests.
// Two transactions that make the same one at once meet at the unique key: the later
// one waits and takes what the first one made.
func (t *tx) organization(ctx context.Context, f petition.Fields) (int64, error) {
	if f.Kind == petition.KindIndividual {
		return 0, nil
	}
	keys := petition.IdentityKeys(f)
	for i := range keys {
		keys[i] = cutKey(keys[i])
	}
	names := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return !strings.HasPrefix(k, nameKey) })
	id, err := t.organizationByKeys(ctx, names)
	if errors.Is(err, petition.ErrNotFound) {
		id, err = t.newOrganization(ctx, f.Name, names)
	}
	if err != nil {
		return 0, err
	}
	rows := make([][]any, len(keys))
	for i, k := range keys {
		rows[i] = []any{id, k}
	}
	return id, t.insert(ctx, `INSERT INTO organization_keys (organization_id, key)`, rows, `ON CONFLICT DO NOTHING`)
}

// organizationByKeys follows merges. The first key counts most: it is the name as they write it.
func (t *tx) organizationByKeys(ctx context.Context, names []string) (int64, error) {
	for _, k := range names {
		var id int64
		err := t.get(ctx, &id, `SELECT COALESCE(o.merged_into, o.id) FROM organization_keys k JOIN organizations o ON o.id = k.organization_id
			WHERE k.key=$1 ORDER BY o.id LIMIT 1`, k)
		if !errors.Is(err, petition.ErrNotFound) {
			return id, err
		}
	}
	return 0, petition.ErrNotFound
}

func (t *tx) newOrganization(ctx context.Context, name string, names []string) (int64, error) {
	var id int64
	if err := t.get(ctx, &id, `INSERT INTO organizations (name, created_at) VALUES ($1,$2) RETURNING id`, name, toMicros(t.now)); err != nil {
		return 0, err
	}
	if len(names) == 0 {
		return id, nil
	}
	got, err := t.exec(ctx, `INSERT INTO organization_keys (organization_id, key) VALUES ($1,$2) ON CONFLICT DO NOTHING`, id, names[0])
	if err != nil || got > 0 {
		return id, err
	}
	if _, err := t.exec(ctx, `DELETE FROM organizations WHERE id=$1`, id); err != nil { // somebody made it meanwhile
		return 0, err
	}
	return t.organizationByKeys(ctx, names)
}
