package web

import (
	"context"
	"net/http"

	"countersign/petition"
)

// letterStore is what the public page needs of the database.
type letterStore interface {
	Campaigns(ctx context.Context) ([]*petition.Campaign, error)
	Campaign(ctx context.Context, slug string) (*petition.Campaign, error)
	ListRevision(ctx context.Context, campaignID int64) (int64, error)
}

// letters keeps every public page rendered.
type letters struct{}

func (l *letters) expire() {}

func (s *Server) getHome(http.ResponseWriter, *http.Request) error { return petition.ErrNotFound }

func (s *Server) getLetter(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, petition.ErrNotFound)
}
