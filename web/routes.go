package web

import "net/http"

// routes is every address of the site. A slug is the first part of a path, so no
// pattern may be a subtree: /{slug}/{rest} and /desk/ would contradict each other.
func (s *Server) routes(mux *http.ServeMux) {
	page := func(pattern string, h handler) { mux.Handle(pattern, s.handle(h)) }

	page("GET /{$}", s.getHome)
	mux.HandleFunc("GET /{slug}", s.getLetter) // hot: see letter.go
	mux.HandleFunc("GET /{slug}/{rest}", s.getLetter)

	page("GET /c/{token}", s.getConfirm)
	page("POST /c/{token}", s.postConfirm)
	page("GET /s/{token}", s.getSelf)
	page("POST /s/{token}", s.postSelf)
	page("GET /new-link", s.getNewLink)
	page("POST /new-link", s.postNewLink)

	s.deskRoutes(mux)

	mux.HandleFunc("GET /healthz", s.getHealth)
	mux.HandleFunc("GET /readyz", s.getReady)
	mux.HandleFunc("GET /robots.txt", s.getRobots)
	mux.HandleFunc("GET /static/{file}", s.getStatic)
	page("/", s.getNothing)
}

// handler is the site with everything that surrounds the routes, outermost first:
// a panic is caught, the host is checked, headers are set, foreign sites are kept out.
func (s *Server) handler() (http.Handler, error) {
	mux := http.NewServeMux()
	s.routes(mux)
	protected, err := s.sameOrigin(mux)
	if err != nil {
		return nil, err
	}
	return s.recovered(s.checkHost(securityHeaders(protected))), nil
}
