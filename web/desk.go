package web

import "net/http"

// deskStore is what the organizers' desk needs of the database.
type deskStore interface{}

// deskRoutes are the addresses of the organizers' desk.
func (s *Server) deskRoutes(*http.ServeMux) {}
