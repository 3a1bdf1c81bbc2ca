package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"
)

const (
	handlerTimeout = 20 * time.Second // of everything that asks the database
	bodyLimit      = 1 << 20          // bytes of a form; letters are edited at the desk
)

// Shared slices: the hot path allocates nothing for them, and nobody appends to them.
var (
	contentPolicy = []string{"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}
	noSniff       = []string{"nosniff"}
)

// securityHeaders go with every answer: nothing is loaded from elsewhere, no script
// runs and nothing frames us. They are the two that even the public page cannot do
// without; what else is said is said by secluded. Up to eight headers net/http keeps
// without a table, and with a table an answer costs it half as much again.
func securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Content-Security-Policy"], h["X-Content-Type-Options"] = contentPolicy, noSniff
		next.ServeHTTP(w, r)
	})
}

// secluded marks an answer as nobody else's to keep, to index or to learn the
// address of (R40). Referrer-Policy is same-origin, which every page also says in
// its head: no-referrer would make browsers send "Origin: null" with our own forms.
// X-Frame-Options is for browsers older than frame-ancestors.
func secluded(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// recovered turns a panic into the 500 page. What was thrown goes to the log with
// the route, never with the path: paths hold tokens.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			thrown := recover()
			if thrown == nil {
				return
			}
			if err, ok := thrown.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(thrown)
			}
			s.log.Error("a page panicked", "route", r.Pattern, "err", fmt.Sprint(thrown), "stack", string(debug.Stack()))
			s.problem(w, r, problem500)
		}()
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses what another site's page posts to us.
func (s *Server) sameOrigin(next http.Handler) (http.Handler, error) {
	c := http.NewCrossOriginProtection()
	if err := c.AddTrustedOrigin(s.base.Scheme + "://" + strings.ToLower(s.base.Host)); err != nil {
		return nil, fmt.Errorf("web: base URL: %w", err)
	}
	c.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.problem(w, r, problem403)
	}))
	return c.Handler(next), nil
}

// checkHost answers only for our own names: against DNS rebinding on machines
// where we listen on loopback, and against poisoned links.
func (s *Server) checkHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.hosts != nil && !s.hosts[r.Host] && !s.hosts[plainHost(r.Host)] && !isProbe(r) {
			http.Error(w, "This server does not answer for that name.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isProbe reports whether the request only asks for health: probes call by address.
func isProbe(r *http.Request) bool { return r.URL.Path == "/healthz" || r.URL.Path == "/readyz" }

func allowedHosts(o Options) map[string]bool {
	hosts := map[string]bool{}
	names := o.HostCheck
	if names == nil {
		names = []string{o.BaseURL.Host}
	}
	for _, n := range names {
		if n == "*" {
			return nil
		}
		hosts[plainHost(n)] = true
	}
	return hosts
}

// plainHost is the host in lower case, without a port that the scheme implies.
func plainHost(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if name, port, err := net.SplitHostPort(host); err == nil && (port == "80" || port == "443") {
		return name
	}
	return host
}

// visitor is the address that limits count by. X-Forwarded-For is believed from a
// proxy of ours only, and of it only the last entry, which that proxy wrote.
func (s *Server) visitor(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	address := peer.Addr().Unmap()
	if forwarded := r.Header.Values("X-Forwarded-For"); len(forwarded) > 0 && s.isProxy(address) {
		list := strings.Split(forwarded[len(forwarded)-1], ",")
		if a, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err == nil {
			address = a.Unmap()
		}
	}
	if address.Is6() { // one household has a /64
		if prefix, err := address.WithZone("").Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return address.String()
}

func (s *Server) isProxy(a netip.Addr) bool {
	for _, p := range s.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
