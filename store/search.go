package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"countersign/petition"
)

// Limits of the terms table.
const (
	maxTerms = 300 // of one endorsement
	maxTerm  = 60  // letters
)

// termsOf are the words under which an endorsement is found: folded, and pairs of
// letters where a script has no spaces.
func termsOf(fields []petition.Fields) []string {
	var terms []string
	for _, f := range fields {
		for _, text := range []string{f.Name, f.OtherName, f.City, f.Country, f.Signatory, f.Contact, f.Website} {
			for _, w := range words(text) {
				if len(terms) < maxTerms && !slices.Contains(terms, w) {
					terms = append(terms, w)
				}
			}
		}
	}
	return terms
}

// words splits and folds a text. A run of letters of a script without spaces gives
// its pairs, so that any part of it is found.
func words(text string) []string {
	var found []string
	for w := range strings.FieldsSeq(petition.FoldName(text)) {
		runes := []rune(w)
		if !slices.ContainsFunc(runes, noSpaces) || len(runes) < 3 {
			found = append(found, string(runes[:min(len(runes), maxTerm)]))
			continue
		}
		for i := range len(runes) - 1 {
			found = append(found, string(runes[i:i+2]))
		}
	}
	return found
}

func noSpaces(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// matching is an SQL condition on the column: every word of the query begins a term
// of the endorsement, or the query is its number.
func matching(args *[]any, column, query string) string {
	var all []string
	ws := words(query)
	for _, w := range ws[:min(len(ws), 20)] {
		*args = append(*args, w, w+string(utf8.MaxRune))
		n := len(*args)
		all = append(all, fmt.Sprintf(`%s IN (SELECT endorsement_id FROM terms WHERE term >= $%d AND term < $%d)`, column, n-1, n))
	}
	if len(all) == 0 {
		return "1=0"
	}
	cond := "(" + strings.Join(all, " AND ") + ")"
	if n, err := strconv.ParseInt(strings.TrimSpace(query), 10, 32); err == nil {
		*args = append(*args, n)
		cond = fmt.Sprintf("(%s OR %s IN (SELECT id FROM endorsements WHERE number = $%d))", cond, column, len(*args))
	}
	return cond
}

// Find returns endorsements whose names, places, persons or addresses begin with
// every word of the query, newest first. Case, accents and word order do not matter.
func (s *Store) Find(ctx context.Context, campaignIDs []int64, query string, limit int) ([]*petition.Endorsement, error) {
	var args []any
	campaigns := in(&args, campaignIDs)
	cond := matching(&args, "id", query)
	args = append(args, limit)
	var ids []int64
	if err := s.reader().list(ctx, &ids, `SELECT id FROM endorsements WHERE campaign_id IN `+campaigns+` AND `+cond+
		fmt.Sprintf(` ORDER BY id DESC LIMIT $%d`, len(args)), args...); err != nil {
		return nil, err
	}
	return s.reader().endorsements(ctx, ids)
}
