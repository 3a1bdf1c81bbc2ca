// Package web serves everything that people see in a browser: the public page of
// a letter with its list, the pages that a signer reaches by a mailed link, and
// the organizers' desk.
//
// It renders and it calls; what is allowed is decided in petition and carried out
// by store. A GET changes nothing, ever (R40): robots open every link of every
// mail. Whatever changes something is a POST with a field that a person sets on
// purpose. A page is rendered completely before its first byte is written, so a
// fault gives an error page in plain words, never half a page. Visitors are told
// what happened in fixed sentences; the cause goes to the log, and no token,
// address or path with a token in it ever does.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"countersign/petition"
)

// Store is what the pages need of the database; *store.Store has it all. Each
// group of pages names its part beside the handlers.
type Store interface {
	letterStore
	signerStore
	deskStore
	// Ping reports whether the database answers.
	Ping(ctx context.Context) error
}

// Templates is what the pages need of *templates.Set.
type Templates interface {
	// Page writes the page called name, in the locale, with its data.
	Page(w io.Writer, locale, name string, data any) error
	// T is one message of the locale, filled in.
	T(locale, key string, data map[string]any) string
	// Match picks one of Locales for language tags or an Accept-Language header.
	Match(accept ...string) string
	// MatchDesk is Match among the languages that the desk speaks.
	MatchDesk(accept ...string) string
	// OwnName is what the language of a tag calls itself.
	OwnName(tag string) string
	// Country names an ISO 3166 code in the locale; other text stays as it is.
	Country(locale, code string) string
	Locales() []string
	// Static holds the stylesheet and its like.
	Static() fs.FS
}

// Options is what New needs. Store, Keys, Templates, BaseURL and Log are required.
type Options struct {
	Store     Store
	Keys      petition.Keys
	Templates Templates
	BaseURL   *url.URL // scheme and host, no path: what links in mails begin with
	Log       *slog.Logger
	Clock     func() time.Time                // nil: time.Now
	HostCheck []string                        // Host headers that are answered; nil: that of BaseURL. "*": any
	Proxies   []netip.Prefix                  // whose X-Forwarded-For is believed; nil: loopback
	Ready     func(ctx context.Context) error // what /readyz asks; nil: Store.Ping
	Outbox    func()                          // called after an act that may have queued mail; nil: nobody to wake
	Intake    func()                          // called after an act that may have left mail to read; nil: nobody to wake
}

// Server holds what the handlers share. Make it with New, which returns it as a handler.
type Server struct {
	store     Store
	keys      petition.Keys
	templates Templates
	base      *url.URL
	log       *slog.Logger
	clock     func() time.Time
	hosts     map[string]bool // nil: any
	proxies   []netip.Prefix
	ready     func(ctx context.Context) error
	outbox    func()
	intake    func()

	files    map[string]file // by name under /static/
	letters  letters
	attempts *limiter // POSTs by visitor and by notice
}

// New checks the options and returns the whole site as one handler.
func New(o Options) (http.Handler, error) {
	s, err := newServer(o)
	if err != nil {
		return nil, err
	}
	return s.handler()
}

func newServer(o Options) (*Server, error) {
	switch {
	case o.Store == nil || o.Templates == nil || o.Log == nil:
		return nil, errors.New("web: store, templates and log are required")
	case o.BaseURL == nil || o.BaseURL.Host == "" || (o.BaseURL.Scheme != "http" && o.BaseURL.Scheme != "https"):
		return nil, errors.New("web: the base URL must be http(s)://host")
	case o.BaseURL.Path != "" && o.BaseURL.Path != "/":
		return nil, fmt.Errorf("web: the base URL must have no path, this has %q", o.BaseURL.Path)
	}
	s := &Server{
		store: o.Store, keys: o.Keys, templates: o.Templates, log: o.Log,
		base:  &url.URL{Scheme: o.BaseURL.Scheme, Host: o.BaseURL.Host},
		clock: o.Clock, proxies: o.Proxies, ready: o.Ready, outbox: o.Outbox, intake: o.Intake,
		hosts: allowedHosts(o), attempts: newLimiter(attemptWindow, attemptKeys),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.ready == nil {
		s.ready = o.Store.Ping
	}
	if s.outbox == nil {
		s.outbox = func() {}
	}
	if s.intake == nil {
		s.intake = func() {}
	}
	if s.proxies == nil {
		s.proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	var err error
	s.files, err = loadFiles(o.Templates.Static())
	if err != nil {
		return nil, fmt.Errorf("web: static files: %w", err)
	}
	return s, nil
}

// url is an absolute address on this site, for mails, exports and copyable text.
func (s *Server) url(path string) string { return s.base.String() + path }

// changed is called after every act: the lists are checked on the next request
// instead of within checkEvery, and waiting mail goes out now.
func (s *Server) changed() {
	s.letters.expire()
	s.outbox()
}
