package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"countersign/mailin"
	"countersign/mailin/reading"
	"countersign/mailout"
	"countersign/petition"
	"countersign/store"
	"countersign/templates"
	"countersign/web"
)

// service is everything that serve runs, wired. Make it with newService, run it
// once, close it.
type service struct {
	config   *Config
	log      *slog.Logger
	store    *store.Store
	holder   string // names this process among all that share the database
	pollers  []*mailin.Poller
	intake   *mailin.Intake
	sender   *mailout.Sender
	presence *store.Presence
	site     http.Handler
	listener net.Listener
	metrics  net.Listener // nil: no metrics
}

// serviceOptions is what newService may be told besides the configuration.
type serviceOptions struct {
	Log    *slog.Logger
	Faults func(point string)                                                // nil: none
	DNS    func(ctx context.Context, name string) ([]string, error)          // nil: the system's resolver
	Tune   func(*mailin.Mailbox)                                             // nil: as configured; the demo and tests shorten waits
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error) // to the SMTP server; nil: the network
	Clock  func() time.Time                                                  // nil: time.Now
	Reader func(mailin.Understand) mailin.Understand                         // stands before the reader; nil: nothing does
	// Restored: the database is a copy that was put back (R59).
	Restored bool
	Hosts    []string // Host headers that are answered; nil: that of base_url
}

// newService opens the database and listens, and starts nothing yet. On an error
// everything is closed again.
func newService(ctx context.Context, c *Config, o serviceOptions) (_ *service, err error) {
	if o.Faults == nil {
		o.Faults = func(string) {}
	}
	s := &service{config: c, log: o.Log, holder: newHolder()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	options, err := storeOptions(c, o.Log)
	if err != nil {
		return nil, err
	}
	options.Clock, options.Holder = o.Clock, s.holder
	if s.store, err = store.Open(ctx, options); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if o.Restored {
		held, err := s.store.Restored(ctx)
		if err != nil {
			return nil, err
		}
		s.log.Warn("nothing is sent before an organizer has looked: see the desk", "held", held)
	}
	if err := errors.Join(s.refreshRules(ctx), s.store.KeepMailboxes(ctx, slices.Sorted(maps.Keys(c.Mailbox)))); err != nil {
		return nil, err
	}
	set, err := templates.New()
	if err != nil {
		return nil, err
	}
	faulty := faultyStore{Store: s.store, fault: o.Faults}
	if s.sender, err = s.newSender(options.Keys, set, faulty, o); err != nil {
		return nil, err
	}
	if s.intake, err = s.newIntake(options.Keys, faulty, o); err != nil {
		return nil, err
	}
	if err := s.newPollers(faulty, o); err != nil {
		return nil, err
	}
	if s.presence, err = s.store.Attend(s.woken); err != nil {
		return nil, err
	}
	return s, s.listen(ctx, options.Keys, set, o)
}

// woken passes on what another process says.
func (s *service) woken(what string) {
	switch what {
	case store.WokenForMail:
		s.intake.Kick()
	case store.WokenForNotices:
		s.sender.Kick()
	case store.WokenForLeases:
		for _, p := range s.pollers {
			p.Kick()
		}
	}
}

// kickIntake has mail read, here and by others who share the work.
func (s *service) kickIntake() {
	s.intake.Kick()
	s.presence.Tell(store.WokenForMail)
}

// kickSender has notices sent, here and by others who share the work.
func (s *service) kickSender() {
	s.sender.Kick()
	s.presence.Tell(store.WokenForNotices)
}

// newHolder is a name that no other process has: host, process, and chance, for
// containers that all are process 1 on one host name.
func newHolder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never fails
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), hex.EncodeToString(b))
}

// listen takes the ports, so that a taken one is said before anything else starts.
func (s *service) listen(ctx context.Context, keys petition.Keys, set *templates.Set, o serviceOptions) error {
	base, err := url.Parse(s.config.BaseURL)
	if err != nil {
		return err
	}
	proxies, err := s.config.Prefixes()
	if err != nil {
		return err
	}
	s.site, err = web.New(web.Options{
		Store: s.store, Keys: keys, Templates: set, BaseURL: base, Log: o.Log.With("component", "web"), Clock: o.Clock,
		HostCheck: o.Hosts, Proxies: proxies, Outbox: s.kickSender, Intake: s.kickIntake,
	})
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	if s.listener, err = lc.Listen(ctx, "tcp", s.config.Listen); err != nil {
		return err
	}
	if s.config.Metrics.Listen != "" {
		s.metrics, err = lc.Listen(ctx, "tcp", s.config.Metrics.Listen)
	}
	return err
}

// Addr is where the pages are served.
func (s *service) Addr() string { return s.listener.Addr().String() }

// Run works until ctx ends, finishes what is in hand and returns nil. A worker that
// cannot go on ends all of them.
func (s *service) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	start := func(name string, run func(context.Context) error) {
		workers.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	for _, p := range s.pollers {
		start("poller", p.Run)
	}
	start("presence", s.presence.Run)
	start("intake", s.intake.Run)
	start("sender", s.sender.Run)
	start("clock", s.clock().Run)
	start("web", func(ctx context.Context) error { return web.Serve(ctx, s.listener, s.site, s.log) })
	if s.metrics != nil {
		start("metrics", func(ctx context.Context) error { return web.Serve(ctx, s.metrics, metricsHandler(s.store), s.log) })
	}
	workers.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// Close lets go of the database and the ports.
func (s *service) Close() error {
	var errs []error
	for _, l := range []net.Listener{s.listener, s.metrics} {
		if l == nil {
			continue
		}
		if err := l.Close(); !errors.Is(err, net.ErrClosed) { // the web server may have closed it
			errs = append(errs, err)
		}
	}
	if s.presence != nil {
		errs = append(errs, s.presence.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}

func (s *service) newPollers(box mailin.Box, o serviceOptions) error {
	for _, name := range slices.Sorted(maps.Keys(s.config.Mailbox)) {
		m, err := mailboxOf(name, s.config.Mailbox[name])
		if err != nil {
			return err
		}
		m.Again = o.Restored
		if o.Tune != nil {
			o.Tune(&m)
		}
		p, err := mailin.NewPoller(mailin.PollerConfig{
			Mailbox: m, Store: box, Holder: s.holder, Log: o.Log, Clock: o.Clock, Recorded: func(int) { s.kickIntake() },
		})
		if err != nil {
			return err
		}
		s.pollers = append(s.pollers, p)
	}
	return nil
}

// mailboxOf translates a configured mailbox.
func mailboxOf(name string, c Mailbox) (mailin.Mailbox, error) {
	host, port, err := splitServer(c.Server)
	if err != nil {
		return mailin.Mailbox{}, err
	}
	roots, err := rootCAs(c.CAFile)
	if err != nil {
		return mailin.Mailbox{}, err
	}
	return mailin.Mailbox{
		Name: name, Host: host, Port: port, TLS: imapSecurity[c.Security], RootCAs: roots,
		Username: c.Username, Password: c.Password, Folder: c.Folder, Junk: c.Junk,
		After: mailin.After(c.After), Processed: c.MoveTo, OnlyTo: c.OnlyTo,
	}, nil
}

var (
	imapSecurity = map[string]mailin.TLS{"tls": mailin.ImplicitTLS, "starttls": mailin.StartTLS, "none": mailin.NoTLS}
	smtpSecurity = map[string]mailout.TLSMode{"tls": mailout.TLSImplicit, "starttls": mailout.TLSStart, "none": mailout.TLSNone}
)

func (s *service) newIntake(keys petition.Keys, desk mailin.Desk, o serviceOptions) (*mailin.Intake, error) {
	reader, err := reading.Default()
	if err != nil {
		return nil, err
	}
	trusted := make(map[string][]string)
	for name, m := range s.config.Mailbox {
		trusted[name] = m.AuthservIDs
	}
	dns := o.DNS
	if dns == nil {
		dns = systemTXT()
	}
	hints := hints{store: s.store, config: s.config, log: s.log}
	understand, err := mailin.NewUnderstander(mailin.UnderstanderConfig{
		Reader: reader, Keys: keys, TrustedAuthservIDs: trusted, LookupTXT: dns, Clock: o.Clock,
		OwnAddresses: hints.ownAddresses, CampaignNames: hints.campaignNames, ShownNames: hints.shownNames,
	})
	if err != nil {
		return nil, err
	}
	if o.Reader != nil {
		understand = o.Reader(understand)
	}
	return mailin.NewIntake(mailin.IntakeConfig{
		Store: desk, Holder: s.holder, Understand: understand, Decide: petition.Decide, Log: o.Log,
		Decided: func(int64, petition.Outcome) { s.kickSender() },
	})
}

func (s *service) newSender(keys petition.Keys, set *templates.Set, outbox faultyStore, o serviceOptions) (*mailout.Sender, error) {
	server, err := smtpServer(s.config)
	if err != nil {
		return nil, err
	}
	server.Dial = o.Dial
	return mailout.New(mailout.Config{
		Store: outbox, Server: server, Log: o.Log.With("component", "sender"), Clock: o.Clock,
		SendPerHour: s.config.SMTP.SendPerHour, SendPerDay: s.config.SMTP.SendPerDay,
		Composer: newComposer(s.config, keys, set),
		Alert:    s.alertSending,
	}), nil
}

// alertSending tells what keeps mail from going out: the log at once, the owners by
// mail when it flows again; until then the desk's banner says that mail waits (U25).
func (s *service) alertSending(ctx context.Context, what string) {
	s.log.Error("mail is not sent", "why", what)
	if _, err := s.store.QueueAlert(ctx, "sending", "SMTP", what); err != nil && ctx.Err() == nil {
		s.log.Error("the alert was not queued", "err", err)
	}
}

func newComposer(c *Config, keys petition.Keys, set *templates.Set) *mailout.Composer {
	base, err := url.Parse(c.BaseURL)
	if err != nil { // check refused it before
		base = &url.URL{}
	}
	return &mailout.Composer{
		Templates: set, Keys: keys, BaseURL: base.Scheme + "://" + base.Host,
		From: petition.Address{Name: "Countersign", Address: c.SMTP.From}, Plus: c.SMTP.PlusAddress, VERP: c.SMTP.Envelope == "verp",
	}
}

// smtpServer translates the configured submission server.
func smtpServer(c *Config) (mailout.Server, error) {
	host, port, err := splitServer(c.SMTP.Server)
	if err != nil {
		return mailout.Server{}, err
	}
	s := mailout.Server{
		Host: host, Port: port, TLS: smtpSecurity[c.SMTP.Security], User: c.SMTP.Username, Password: c.SMTP.Password,
		Connections: c.SMTP.Connections, Hello: petition.Domain(c.SMTP.From),
	}
	roots, err := rootCAs(c.SMTP.CAFile)
	if err != nil {
		return mailout.Server{}, err
	}
	if roots != nil {
		s.TLSConfig = &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12}
	}
	return s, nil
}

func splitServer(server string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(server)
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(text)
	return host, port, err
}

// rootCAs are the system's certificates and those in the file; nil for the system's alone.
func rootCAs(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return pool, nil
}
