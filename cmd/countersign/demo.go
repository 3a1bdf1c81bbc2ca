package main

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"countersign/mailin"
	"countersign/petition"
	"countersign/postoffice"
	"countersign/web"
)

// demoCmd runs the whole service on this machine with a post office of its own.
type demoCmd struct {
	Keep   string `placeholder:"DIR" help:"Keep the data in this folder, and go on with it the next time."`
	JSON   bool   `name:"json" help:"Print what to open as one JSON object."`
	Script bool   `help:"Play a whole story without a person, and exit 0 only if every step came out right."`
}

//go:embed demo/letters/*.md
var demoLetters embed.FS

// The people and places of the demo: reserved domains only (RFC 2606).
const (
	demoAddress  = "sign@opensunday.example"
	demoReviewer = "nora@opensunday.example"
	demoPassword = "demo"
	demoSlug     = "open-on-sunday"
	demoServer   = "mx.opensunday.example"
)

// demoPlaces is what to open, printed at the start.
type demoPlaces struct {
	Public     string `json:"public"`
	Desk       string `json:"desk"`
	PostOffice string `json:"post_office"`
	SMTP       string `json:"smtp"`
	IMAP       string `json:"imap"`
	Account    string `json:"account"`
	Password   string `json:"password"`
	Data       string `json:"data"`
}

// demo is the running demonstration.
type demo struct {
	dir     string
	office  *postoffice.Office
	service *service
	post    net.Listener
	pages   http.Handler
	base    *url.URL
	nora    int64
}

// Run starts everything, tells what to open, and stays until it is told to stop;
// with --script it plays the story and ends.
func (d demoCmd) Run(ctx context.Context, w *world) (err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	running, err := d.start(ctx, w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.close(d.Keep == "")) }()
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 2)
	go func() { done <- running.service.Run(ctx) }()
	go func() { done <- web.Serve(ctx, running.post, running.pages, slog.New(slog.DiscardHandler)) }()
	if d.Script {
		err = running.story(w.Out).play(ctx)
		if err == nil {
			fmt.Fprintln(w.Out, "The story came out right, every step of it.")
		}
	} else {
		err = running.tell(w.Out, d.JSON)
		if w.Ready != nil {
			w.Ready(running.service.Addr())
		}
		select {
		case <-ctx.Done():
		case failed := <-done:
			done <- nil
			err = errors.Join(err, failed)
		}
	}
	cancel()
	return errors.Join(err, <-done, <-done)
}

// start makes the data folder, the post office, the service with its campaign, and the demo's own pages.
func (d demoCmd) start(ctx context.Context, w *world) (_ *demo, err error) {
	running := &demo{dir: d.Keep}
	if d.Keep == "" {
		if running.dir, err = os.MkdirTemp("", "countersign-demo-"); err != nil {
			return nil, err
		}
	} else if err := os.MkdirAll(d.Keep, 0o700); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, running.close(d.Keep == ""))
		}
	}()
	running.office, err = startOffice(ctx)
	if err != nil {
		return nil, err
	}
	listen, err := freePort(ctx, "127.0.0.1:8080")
	if err != nil {
		return nil, err
	}
	running.base = &url.URL{Scheme: "http", Host: listen}
	c, err := running.config(listen)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(w.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	running.service, err = newService(ctx, c, serviceOptions{
		Log: log, Faults: w.Faults, DNS: noDNS, Hosts: []string{listen},
		Tune: func(m *mailin.Mailbox) { m.Scan = 2 * time.Second },
	})
	if err != nil {
		return nil, err
	}
	if err := running.seed(ctx); err != nil {
		return nil, fmt.Errorf("make the sample campaign: %w", err)
	}
	return running, running.openPostOffice(ctx)
}

// startOffice opens the post office on its usual ports, or on free ones.
func startOffice(ctx context.Context) (*postoffice.Office, error) {
	o := postoffice.Options{
		SMTPAddr: "127.0.0.1:1025", IMAPAddr: "127.0.0.1:1143", AuthservID: demoServer,
		Accounts: map[string]string{demoAddress: demoPassword, demoReviewer: demoPassword},
		Welcome:  demoPassword, // whoever tries with a mail program of their own
	}
	var err error
	if o.SMTPAddr, err = freePort(ctx, o.SMTPAddr); err != nil {
		return nil, err
	}
	if o.IMAPAddr, err = freePort(ctx, o.IMAPAddr); err != nil {
		return nil, err
	}
	return postoffice.Start(ctx, o)
}

// freePort is the address, if its port is free, else one with a free port.
func freePort(ctx context.Context, usual string) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", usual)
	if err != nil {
		if l, err = lc.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return "", err
		}
	}
	return l.Addr().String(), l.Close()
}

// config is that of a real service. The mailbox has a new name each run: the post
// office forgets its mails, so places in an older one must never be taken for new ones.
func (d *demo) config(listen string) (*Config, error) {
	key, err := d.key()
	if err != nil {
		return nil, err
	}
	c := defaults()
	c.BaseURL, c.Listen, c.SecretKey = d.base.String(), listen, key
	c.Database = "sqlite:" + filepath.Join(d.dir, "countersign.db")
	c.SMTP.Server, c.SMTP.Security, c.SMTP.From = d.office.SMTPAddr(), "none", demoAddress
	c.SMTP.Username, c.SMTP.Password = demoAddress, demoPassword
	m := mailboxDefaults()
	m.Server, m.Security, m.Username, m.Password = d.office.IMAPAddr(), "none", demoAddress, demoPassword
	m.Addresses, m.Campaign, m.AuthservIDs = []string{demoAddress}, demoSlug, []string{demoServer}
	c.Mailbox = map[string]Mailbox{fmt.Sprintf("demo-%d", time.Now().UnixNano()): m}
	return &c, nil
}

// key is the demo's secret: kept with the data, so that links in old mails still work.
func (d *demo) key() (string, error) {
	path := filepath.Join(d.dir, "secret")
	if b, err := os.ReadFile(path); err == nil {
		return string(b), nil
	}
	b := make([]byte, petition.MinSecret)
	_, _ = rand.Read(b) // never fails
	key := "1:" + base64.StdEncoding.EncodeToString(b)
	return key, os.WriteFile(path, []byte(key), 0o600)
}

// noDNS asks nobody: the demo's domains do not exist.
func noDNS(_ context.Context, name string) ([]string, error) {
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// seed makes the sample campaign and its organizer, unless a kept folder has them.
func (d *demo) seed(ctx context.Context) error {
	st := d.service.store
	nora, err := st.OrganizerByAddress(ctx, demoReviewer)
	if errors.Is(err, petition.ErrNotFound) {
		nora = petition.Organizer{Address: demoReviewer, Name: "Nora Example", Role: petition.RoleOwner, Locale: "en", Digest: true}
		nora.ID, err = st.AddOrganizer(ctx, nora)
	}
	if err != nil {
		return err
	}
	d.nora = nora.ID
	if _, err := st.Campaign(ctx, demoSlug); !errors.Is(err, petition.ErrNotFound) {
		return err
	}
	c := &petition.Campaign{Slug: demoSlug, State: petition.Draft, Settings: demoSettings(time.Now())}
	if err := st.CreateCampaign(ctx, c); err != nil {
		return err
	}
	var texts []petition.Text
	for i, language := range c.Languages {
		b, err := demoLetters.ReadFile("demo/letters/" + language + ".md")
		if err != nil {
			return err
		}
		t := petition.Text{Language: language, Binding: i == 0, Change: petition.SmallChange}
		t.Title, t.Body = splitTitle(string(b))
		t.Addressee = map[string]string{"en": "To the members of the town council", "de": "An die Mitglieder des Stadtrats"}[language]
		texts = append(texts, t)
	}
	if err := st.AddText(ctx, c.ID, texts); err != nil {
		return err
	}
	if err := st.SetState(ctx, c.ID, petition.Open, nora.ID); err != nil {
		return err
	}
	return d.service.refreshRules(ctx)
}

func demoSettings(now time.Time) petition.Settings {
	brussels, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		brussels = time.UTC
	}
	in := func(days, hour int) time.Time {
		y, m, day := now.AddDate(0, 0, days).Date()
		return time.Date(y, m, day, hour, 0, 0, 0, brussels)
	}
	return petition.Settings{
		Name: "Open on Sunday", Recipient: "the town council", Addresses: []string{demoAddress}, Sender: "Open on Sunday letter",
		Languages: []string{"en", "de"}, Zone: "Europe/Brussels", ZoneName: "Brussels time", Closes: in(14, 18), Grace: petition.DefaultGrace,
		Delivers: in(16, 10), Goal: 40, Visibility: petition.Public, Listing: petition.AfterReview, Public: petition.DefaultPublic,
		Controller: "Library Friends Network, Quay 4, Lindmark", Contact: "Nora Example, Library Friends Network, phone +00 000 0000",
		PrivacyText: "We keep your name, position and address to show that the signature is real, and delete them six months after the deadline.",
	}
}

// openPostOffice listens for the demo's own pages.
func (d *demo) openPostOffice(ctx context.Context) error {
	addr, err := freePort(ctx, "127.0.0.1:8025")
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	if d.post, err = lc.Listen(ctx, "tcp", addr); err != nil {
		return err
	}
	d.pages, err = newPostPage(postPage{
		office: d.office, address: demoAddress, site: d.base.String(), public: d.base.String() + "/" + demoSlug, password: demoPassword,
		signIn: func() (*http.Cookie, error) { return d.session(context.WithoutCancel(ctx)) }, host: addr,
	})
	return err
}

// session signs the demo's organizer in, without a mail.
func (d *demo) session(ctx context.Context) (*http.Cookie, error) {
	token, err := d.service.store.NewSession(ctx, d.nora, 24*time.Hour)
	if err != nil {
		return nil, err
	}
	return web.SessionCookie(d.base, token), nil
}

func (d *demo) story(out io.Writer) *story {
	return &story{
		office: d.office, store: d.service.store, site: d.base, slug: demoSlug, address: demoAddress, reviewer: demoReviewer, password: demoPassword, out: out,
		signIn: func(ctx context.Context, b *browser) error {
			cookie, err := d.session(ctx)
			if err != nil {
				return err
			}
			b.client.Jar.SetCookies(d.base, []*http.Cookie{cookie})
			return nil
		},
	}
}

// tell prints what to open.
func (d *demo) tell(out io.Writer, asJSON bool) error {
	post := "http://" + d.post.Addr().String()
	p := demoPlaces{
		Public: d.base.String() + "/" + demoSlug, Desk: post + "/desk", PostOffice: post + "/",
		SMTP: d.office.SMTPAddr(), IMAP: d.office.IMAPAddr(), Account: demoAddress, Password: demoPassword, Data: d.dir,
	}
	if asJSON {
		return json.NewEncoder(out).Encode(p) //nolint:gosec // the password is "demo", printed for a mail program
	}
	_, err := fmt.Fprintf(out, `Countersign's demo runs on this machine only. Mails go to made-up addresses and nowhere else.

  Public page         %s
  Organizer's desk    %s   (signs you in)
  Post office         %s   (write a mail as anybody, read anybody's mail)

  For a real mail program: IMAP %s, SMTP %s, no encryption,
  as yourself (any made-up address, such as you@reading.example) or as the campaign's
  mailbox (%s); the password is always %s
  Data: %s

Ctrl-C ends it.
`, p.Public, p.Desk, p.PostOffice, p.IMAP, p.SMTP, p.Account, p.Password, p.Data)
	return err
}

// close ends what runs and, where nobody wants to keep it, removes the data.
func (d *demo) close(remove bool) error {
	var errs []error
	if d.post != nil {
		if err := d.post.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if d.service != nil {
		errs = append(errs, d.service.Close())
	}
	if d.office != nil {
		errs = append(errs, d.office.Close())
	}
	if remove {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}
