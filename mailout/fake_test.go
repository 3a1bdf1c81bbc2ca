package mailout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"countersign/petition"
)

// post is a real SMTP server that a test scripts.
type post struct {
	mu     sync.Mutex
	mails  []posted
	logins []string // "MECHANISM user secret"
	// mechanisms are what the server offers; nil: PLAIN.
	mechanisms []string
	// at is asked at each stage of the n-th command of this stage (from 1), with
	// the connection; what it returns is the server's answer.
	at     func(at stage, n int, c *smtp.Conn) error
	counts map[stage]int
	server *smtp.Server
}

// posted is one mail that reached the server, whether or not it said so.
type posted struct {
	at       time.Time
	from, to string
	options  smtp.MailOptions
	raw      string
}

func newPost() *post {
	p := &post{counts: map[stage]int{}}
	p.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{post: p, conn: c}, p.ask(stageConnect, c)
	}))
	p.server.Domain = "mail.example"
	p.server.EnableDSN, p.server.AllowInsecureAuth = true, true
	p.server.ErrorLog = quiet{}
	return p
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (p *post) ask(at stage, c *smtp.Conn) error {
	p.mu.Lock()
	p.counts[at]++
	n := p.counts[at]
	script := p.at
	p.mu.Unlock()
	if script == nil {
		return nil
	}
	return script(at, n, c)
}

func (p *post) got() []posted {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.mails)
}

func (p *post) count(at stage) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[at]
}

// refuse is an SMTP answer.
func refuse(code, class, subject, detail int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{class, subject, detail}, Message: text}
}

type session struct {
	*post
	conn *smtp.Conn
	mail posted
}

func (s *session) Reset()        { s.mail = posted{} }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	s.mail.from = from
	if opts != nil {
		s.mail.options = *opts
	}
	return s.ask(stageSender, s.conn)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.to = to
	return s.ask(stageTo, s.conn)
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.raw, s.mail.at = string(raw), time.Now()
	err = s.ask(stageContent, s.conn)
	s.mu.Lock()
	if err == nil || errors.Is(err, errCut) {
		s.mails = append(s.mails, s.mail)
	}
	s.mu.Unlock()
	if errors.Is(err, errCut) {
		_ = s.conn.Conn().Close()
	}
	return err
}

// errCut accepts a mail and cuts the connection instead of saying so.
var errCut = errors.New("cut")

func (s *session) AuthMechanisms() []string {
	if s.mechanisms != nil {
		return s.mechanisms
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	login := func(user, secret string) error {
		s.mu.Lock()
		s.logins = append(s.logins, strings.TrimSpace(mechanism+" "+user+" "+secret))
		s.mu.Unlock()
		return s.ask(stageLogin, s.conn)
	}
	switch mechanism {
	case "LOGIN":
		return &loginServer{login: login}, nil
	case "XOAUTH2":
		return oneAnswer(func(answer []byte) error { return login(string(answer), "") }), nil
	case "OAUTHBEARER":
		return sasl.NewOAuthBearerServer(func(o sasl.OAuthBearerOptions) *sasl.OAuthBearerError {
			_ = login(o.Username, o.Token)
			return nil
		}), nil
	default:
		return sasl.NewPlainServer(func(_, user, password string) error { return login(user, password) }), nil
	}
}

// loginServer is the LOGIN mechanism, which go-sasl has for clients only.
type loginServer struct {
	login func(user, password string) error
	user  string
	step  int
}

func (l *loginServer) Next(answer []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch l.step {
	case 1:
		if answer != nil { // an initial response is the name
			l.user, l.step = string(answer), 2
			return []byte("Password:"), false, nil
		}
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(answer)
		return []byte("Password:"), false, nil
	default:
		return nil, true, l.login(l.user, string(answer))
	}
}

// oneAnswer is a mechanism of a single answer.
type oneAnswer func(answer []byte) error

func (o oneAnswer) Next(answer []byte) (challenge []byte, done bool, err error) {
	if answer == nil {
		return []byte{}, false, nil
	}
	return nil, true, o(answer)
}

// pipes is a listener without a network, so that a test can run in synctest's time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 25} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.closed:
		return nil, errors.New("connection refused")
	}
}

// outbox is the queue in memory, with what a test needs to see. The real one is
// tested with the store; here it is the place to inject failures.
type outbox struct {
	mu        sync.Mutex
	now       func() time.Time
	notices   map[int64]*petition.Notice
	leases    map[int64]time.Time
	sentAt    map[int64]time.Time
	texts     map[int64]string
	order     []petition.NoticeKind // as they were taken
	settleErr func([]petition.Settlement) error

	sending, maxSending int // claimed, and not yet settled
}

func newOutbox(n int) *outbox {
	o := &outbox{
		now: time.Now, notices: map[int64]*petition.Notice{}, leases: map[int64]time.Time{}, sentAt: map[int64]time.Time{}, texts: map[int64]string{},
	}
	for i := range n {
		o.add(int64(i+1), petition.NoticeRequest)
	}
	return o
}

func (o *outbox) add(id int64, kind petition.NoticeKind) {
	n := occasion(kind, "en").Notice
	n.ID, n.State, n.Attempts, n.To = id, petition.NoticeDue, 0, fmt.Sprintf("office%d@lindenau.example", id)
	n.QueuedAt, n.DueAt = o.now(), o.now()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.notices[id] = &n
}

func (o *outbox) due() []*petition.Notice {
	var due []*petition.Notice
	for _, n := range o.notices {
		waits := n.State == petition.NoticeDue && !n.DueAt.After(o.now())
		expired := n.State == petition.NoticeSending && !o.leases[n.ID].After(o.now())
		if waits || expired {
			due = append(due, n)
		}
	}
	slices.SortFunc(due, func(a, b *petition.Notice) int {
		return cmp.Or(cmp.Compare(a.Kind.Priority(), b.Kind.Priority()), a.DueAt.Compare(b.DueAt), cmp.Compare(a.ID, b.ID))
	})
	return due
}

func (o *outbox) ClaimNotices(_ context.Context, n int, lease time.Duration) ([]petition.Notice, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var claimed []petition.Notice
	for _, d := range o.due() {
		if len(claimed) == n {
			break
		}
		d.State, d.Attempts = petition.NoticeSending, d.Attempts+1
		o.leases[d.ID] = o.now().Add(lease)
		claimed = append(claimed, *d)
		o.sending++
		o.maxSending = max(o.maxSending, o.sending)
		o.order = append(o.order, d.Kind)
	}
	return claimed, nil
}

func (o *outbox) SettleNotices(_ context.Context, settlements []petition.Settlement) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.settleErr != nil {
		if err := o.settleErr(settlements); err != nil {
			return err
		}
	}
	for _, s := range settlements {
		n := o.notices[s.ID]
		if n.Attempts != s.Attempts || n.State != petition.NoticeSending {
			continue
		}
		n.State, n.DueAt, n.LastError = s.State, s.DueAt, s.Error
		o.sending--
		if s.State == petition.NoticeSent {
			n.SentAt, o.texts[s.ID] = o.now(), s.Text
		}
	}
	return nil
}

func (o *outbox) NextDue(context.Context) (time.Time, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var next time.Time
	for _, n := range o.notices {
		at := n.DueAt
		if n.State == petition.NoticeSending {
			at = o.leases[n.ID]
		} else if n.State != petition.NoticeDue {
			continue
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next, nil
}

func (o *outbox) SentSince(_ context.Context, t time.Time) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, notice := range o.notices {
		if notice.State == petition.NoticeSent && notice.SentAt.After(t) {
			n++
		}
	}
	return n, nil
}

func (o *outbox) Occasions(_ context.Context, notices []petition.Notice) ([]petition.Occasion, error) {
	all := make([]petition.Occasion, len(notices))
	for i, n := range notices {
		all[i] = occasion(n.Kind, n.Locale)
		all[i].Notice = n
	}
	return all, nil
}

func (o *outbox) notice(id int64) petition.Notice {
	o.mu.Lock()
	defer o.mu.Unlock()
	return *o.notices[id]
}

func (o *outbox) count(state petition.NoticeState) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, notice := range o.notices {
		if notice.State == state {
			n++
		}
	}
	return n
}

// bench is a sender with a real server and an outbox in memory.
type bench struct {
	*Sender
	post   *post
	outbox *outbox
	pipes  *pipes
	alerts chan string
	cancel context.CancelFunc
	done   chan error
}

// start runs a sender over pipes; for use inside synctest.
func start(t *testing.T, p *post, o *outbox, with func(*Config)) *bench {
	t.Helper()
	l := newPipes()
	b := &bench{post: p, outbox: o, pipes: l, alerts: make(chan string, 100), done: make(chan error, 1)}
	config := Config{
		Store: o, Composer: composer(t), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Server: Server{Host: "mail.example", Port: 25, TLS: TLSNone, Dial: l.dial},
		Alert:  func(_ context.Context, what string) { b.alerts <- what },
	}
	if with != nil {
		with(&config)
	}
	b.Sender = New(config)
	go func() { _ = p.server.Serve(l) }()
	b.run(t)
	return b
}

func (b *bench) run(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b.cancel = cancel
	go func() { b.done <- b.Run(ctx) }()
}

// stop ends the sender and the server, so that a synctest bubble can end.
func (b *bench) stop(t *testing.T) {
	t.Helper()
	b.cancel()
	if err := <-b.done; err != nil {
		t.Errorf("Run = %v", err)
	}
	_ = b.post.server.Close()
	_ = b.pipes.Close()
}
