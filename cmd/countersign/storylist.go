package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// list demands the same lines everywhere, and nothing that is not public.
func (s *story) list(ctx context.Context) error {
	if err := s.quiet(ctx); err != nil {
		return err
	}
	want := []string{"City Library Lindenau", "Radverein Dresden-Südstadt e.V.", "Библиотека «Лесная полка»", "Reading Circle Northgate", "Eastfield Seed Library"}
	slices.Sort(want)
	var lines []string
	var err error
	for last := time.Now().Add(time.Second); ; { // a withdrawal is gone everywhere within a second
		if lines, err = s.lines(ctx); err != nil {
			return err
		}
		if slices.Equal(lines, want) || time.Now().After(last) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	if !slices.Equal(lines, want) {
		return fmt.Errorf("JSON has %q, should have %q", lines, want)
	}
	b := newBrowser(s.site)
	sheet, err := b.get(ctx, "/"+s.slug+"/signatures.csv")
	if err != nil {
		return err
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(sheet.Body, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != len(want)+1 {
		return fmt.Errorf("CSV has %d rows, should have %d and a heading: %w", len(rows), len(want), err)
	}
	page, err := b.get(ctx, "/"+s.slug)
	if err != nil {
		return err
	}
	for _, name := range want {
		if !strings.Contains(page.Body, name) || !strings.Contains(sheet.Body, name) {
			return fmt.Errorf("%s is missing in the page or in the CSV", name)
		}
	}
	for _, hidden := range []string{"Southbank", "Plagwitz", "Anna Berg", annaAtLindenau, "Jürgen", "lesnaya-polka"} {
		if strings.Contains(page.Body, hidden) || strings.Contains(sheet.Body, hidden) {
			return fmt.Errorf("%q is public", hidden)
		}
	}
	return nil
}

// lines are the listed names of the JSON, sorted.
func (s *story) lines(ctx context.Context) ([]string, error) {
	p, err := newBrowser(s.site).get(ctx, "/"+s.slug+"/signatures.json")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Signatures []map[string]any `json:"signatures"`
	}
	if err := json.Unmarshal([]byte(p.Body), &answer); err != nil {
		return nil, fmt.Errorf("%s: %w", url.PathEscape(p.URL.Path), err)
	}
	var names []string
	for _, line := range answer.Signatures {
		names = append(names, fmt.Sprint(line["name"]))
	}
	slices.Sort(names)
	return names, nil
}
