package web

import (
	"net/http"

	"countersign/petition"
)

// postRestored lets mail out again after a copy of the database was put back (R59).
func (s *Server) postRestored(w http.ResponseWriter, r *http.Request, v *visit) error {
	if v.organizer.Role != petition.RoleOwner {
		return s.deskProblem(w, v, http.StatusForbidden, "owner")
	}
	if err := r.ParseForm(); err != nil {
		return errForm
	}
	do := r.PostForm.Get("do")
	if do != "send" && do != "drop" {
		return errForm
	}
	if err := s.store.Release(r.Context(), do == "send"); err != nil {
		return err
	}
	s.changed()
	return redirect(w, r, "/desk")
}
