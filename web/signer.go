package web

import (
	"context"
	"net/http"

	"countersign/petition"
)

// signerStore is what the signers' pages need of the database.
type signerStore interface {
	Notice(ctx context.Context, id int64) (petition.Notice, error)
	EndorsementsByID(ctx context.Context, ids []int64) ([]*petition.Endorsement, error)
	CampaignByID(ctx context.Context, id int64) (*petition.Campaign, error)
	Events(ctx context.Context, endorsementID int64) ([]petition.Event, error)
	Act(ctx context.Context, a petition.Action) (petition.Outcome, error)
}

func (s *Server) getConfirm(http.ResponseWriter, *http.Request) error  { return petition.ErrNotFound }
func (s *Server) postConfirm(http.ResponseWriter, *http.Request) error { return petition.ErrNotFound }
func (s *Server) getSelf(http.ResponseWriter, *http.Request) error     { return petition.ErrNotFound }
func (s *Server) postSelf(http.ResponseWriter, *http.Request) error    { return petition.ErrNotFound }
func (s *Server) getNewLink(http.ResponseWriter, *http.Request) error  { return petition.ErrNotFound }
func (s *Server) postNewLink(http.ResponseWriter, *http.Request) error { return petition.ErrNotFound }

func (s *Server) showDeadLink(w http.ResponseWriter, r *http.Request) { s.problem(w, r, problem404) }
