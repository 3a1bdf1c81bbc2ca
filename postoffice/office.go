// Package postoffice is a mail provider in memory: an SMTP server that takes
// mail for its accounts and an IMAP server that shows their folders, in one
// process, for the demonstration and for tests. It behaves as a provider does
// where that matters to a program behind it: trace fields, Authentication-Results
// under its own name with forged ones taken off, plus parts, 550 for strangers.
//
// It listens on loopback only and accepts reserved domains only, unless told
// otherwise. Nothing is kept: when it closes, every mail is gone. A letter that
// Deliver or the SMTP server has accepted is in its folder before the call returns.
package postoffice

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
)

// Options says how an office is set up. The zero value is useful.
type Options struct {
	SMTPAddr    string            // host:port on loopback; "": a free port
	IMAPAddr    string            // host:port on loopback; "": a free port
	Domains     []string          // accepted for accounts; nil: every reserved domain (RFC 2606, RFC 6761)
	AuthservID  string            // names the office in Authentication-Results (RFC 8601 2.5); "": "mx.postoffice.example"
	Accounts    map[string]string // passwords by address
	Welcome     string            // whoever logs in with this password gets an account; "": nobody
	Log         *slog.Logger      // nil: silent
	TLS         *tls.Config       // nil: none; otherwise STARTTLS, or TLS from the first byte with ImplicitTLS
	ImplicitTLS bool
	Judge       func(Submission) Verdict // nil: DefaultVerdict decides for mail that comes by SMTP
	Faults      func(Step) *Fault        // nil: none; asked before every step of a submission
	Without     []string                 // IMAP capabilities to hide: "IDLE", "MOVE", "UIDPLUS"
	UIDValidity uint32                   // of every account's inbox; 0: a new one each start, see SetUIDValidity
}

// Office is a running post office. Close it.
type Office struct {
	options  Options
	log      *slog.Logger
	smtp     *smtp.Server
	imap     *imapserver.Server
	smtpAddr string
	imapAddr string
	inside   *insideListener
	serving  sync.WaitGroup
	closing  sync.Once
	closeErr error

	mu       sync.Mutex
	accounts map[string]*account
	validity uint32
	changed  chan struct{} // closed and replaced whenever a folder may have changed
	closed   bool
}

type account struct {
	password string
	user     *imapmemserver.User
	odd      map[place]oddMail
}

// InboxFolder and JunkFolder are the folders that every account has from the start.
const (
	InboxFolder = "INBOX"
	JunkFolder  = "Junk"
)

const maxMessage = 64 << 20 // bytes

// Start opens both servers. They run until Close or the end of ctx. An address
// that is not loopback, an account outside the accepted domains and a taken port
// are errors.
func Start(ctx context.Context, o Options) (*Office, error) {
	if o.AuthservID == "" {
		o.AuthservID = "mx.postoffice.example"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	office := &Office{
		options:  o,
		log:      o.Log.With("component", "postoffice"),
		accounts: map[string]*account{},
		validity: o.UIDValidity,
		changed:  make(chan struct{}),
	}
	if office.validity == 0 {
		// The memory server counts from 1 in every process and keeps nothing: a client
		// that knows an earlier run would take new mail for old without a new UIDVALIDITY (R02).
		office.validity = uint32(time.Now().UnixMilli()/100%(1<<32)) | 1
	}
	for address, password := range o.Accounts {
		if err := office.AddAccount(address, password); err != nil {
			return nil, err
		}
	}
	if err := office.listen(ctx); err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = office.Close() })
	return office, nil
}

func (o *Office) listen(ctx context.Context) error {
	smtpListener, err := o.listener(ctx, o.options.SMTPAddr)
	if err != nil {
		return fmt.Errorf("smtp: %w", err)
	}
	imapListener, err := o.listener(ctx, o.options.IMAPAddr)
	if err != nil {
		return errors.Join(fmt.Errorf("imap: %w", err), smtpListener.Close())
	}
	o.smtpAddr, o.imapAddr = smtpListener.Addr().String(), imapListener.Addr().String()
	o.smtp, o.imap, o.inside = o.newSMTP(), o.newIMAP(), newInside()
	o.serve("smtp", o.smtp.Serve, smtpListener)
	o.serve("imap", o.imap.Serve, hiding(imapListener, o.options.Without))
	o.serve("imap", o.imap.Serve, o.inside)
	return nil
}

// serve returns once the server waits for its first connection: both libraries miss a
// Close that comes before that.
func (o *Office) serve(name string, serve func(net.Listener) error, l net.Listener) {
	r := &readyListener{Listener: l, ready: make(chan struct{})}
	o.serving.Go(func() {
		if err := serve(r); err != nil && !o.isClosed() {
			o.log.Error("server ended", "server", name, "err", err)
		}
	})
	<-r.ready
}

type readyListener struct {
	net.Listener
	once  sync.Once
	ready chan struct{}
}

// Accept tells that the server has begun.
func (l *readyListener) Accept() (net.Conn, error) {
	l.once.Do(func() { close(l.ready) })
	return l.Listener.Accept()
}

func (o *Office) listener(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is not a loopback address", addr)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil || o.options.TLS == nil || !o.options.ImplicitTLS {
		return l, err
	}
	return tls.NewListener(l, o.options.TLS), nil
}

// SMTPAddr is the host and port of the SMTP server.
func (o *Office) SMTPAddr() string { return o.smtpAddr }

// IMAPAddr is the host and port of the IMAP server.
func (o *Office) IMAPAddr() string { return o.imapAddr }

// AuthservID is the name under which the office writes Authentication-Results.
func (o *Office) AuthservID() string { return o.options.AuthservID }

// Accounts lists the addresses that have a mailbox, in order.
func (o *Office) Accounts() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []string
	for address := range o.accounts {
		list = append(list, address)
	}
	slices.Sort(list)
	return list
}

// AddAccount opens a mailbox with an inbox and a junk folder. An address that has
// one already, or that lies outside the accepted domains, is an error.
func (o *Office) AddAccount(address, password string) error {
	address = canonical(address)
	if local, domain, ok := strings.Cut(address, "@"); !ok || local == "" || !o.accepts(domain) {
		return fmt.Errorf("no mailbox for %q here: not an accepted domain", address)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.accounts[address] != nil {
		return fmt.Errorf("%s has a mailbox already", address)
	}
	user := imapmemserver.NewUser(address, password)
	for _, folder := range []string{InboxFolder, JunkFolder} {
		if err := user.Create(folder, nil); err != nil {
			return fmt.Errorf("create %s: %w", folder, err)
		}
	}
	o.accounts[address] = &account{password: password, user: user, odd: map[place]oddMail{}}
	return nil
}

// AddFolder creates a folder in a mailbox.
func (o *Office) AddFolder(address, folder string) error {
	a := o.account(address)
	if a == nil {
		return fmt.Errorf("no mailbox %s", address)
	}
	return a.user.Create(folder, nil)
}

// SetUIDValidity changes the UIDVALIDITY of every inbox, as a server does that was
// restored or rebuilt. Sessions see it with their next SELECT. 0 is a value that
// real servers report (R02).
func (o *Office) SetUIDValidity(v uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.validity = v
}

// Close ends both servers and cuts every connection. Every Close returns when that is
// done, with the first one's error.
func (o *Office) Close() error {
	o.closing.Do(func() {
		o.mu.Lock()
		o.closed = true
		o.mu.Unlock()
		o.closeErr = errors.Join(o.smtp.Close(), o.imap.Close())
		o.serving.Wait()
	})
	return o.closeErr
}

func (o *Office) isClosed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}

// account finds the mailbox of an address: its own, else the one without the plus
// part (RFC 5233). nil: nobody by that name.
func (o *Office) account(address string) *account {
	address = canonical(address)
	o.mu.Lock()
	defer o.mu.Unlock()
	if a := o.accounts[address]; a != nil {
		return a
	}
	return o.accounts[withoutPlus(address)]
}

// login finds the account of whoever says the right password, and opens one for a
// newcomer who is welcome. nil: refused.
func (o *Office) login(username, password string) *account {
	same := func(want string) bool { return subtle.ConstantTimeCompare([]byte(want), []byte(password)) == 1 }
	if o.account(username) == nil && o.options.Welcome != "" && same(o.options.Welcome) {
		if err := o.AddAccount(username, password); err != nil {
			o.log.Debug("no account for a newcomer", "err", err)
		}
	}
	a := o.account(username)
	if a == nil || !same(a.password) {
		return nil
	}
	return a
}

// hosts reports whether any mailbox lies in the domain: then the office knows who
// may write from there.
func (o *Office) hosts(domain string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for address := range o.accounts {
		if domainOf(address) == domain {
			return true
		}
	}
	return false
}

func (o *Office) accepts(domain string) bool {
	if o.options.Domains == nil {
		return reserved(domain)
	}
	return slices.ContainsFunc(o.options.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
}

// reserved reports whether the domain belongs to nobody (RFC 2606, RFC 6761).
func reserved(domain string) bool {
	labels := strings.Split(domain, ".")
	last := labels[len(labels)-1]
	if slices.Contains([]string{"example", "test", "invalid", "localhost"}, last) {
		return true
	}
	return len(labels) >= 2 && labels[len(labels)-2] == "example" && slices.Contains([]string{"org", "com", "net"}, last)
}

// put lays bytes into a folder, exactly as they are.
func (o *Office) put(address, folder string, raw []byte, received time.Time) error {
	a := o.account(address)
	if a == nil {
		return fmt.Errorf("no mailbox %s", address)
	}
	data, err := a.user.Append(folder, literal(raw), &imap.AppendOptions{Time: received})
	if err != nil {
		return fmt.Errorf("append to %s: %w", folder, err)
	}
	o.remember(a, data, raw, received)
	o.notify()
	return nil
}

// Put lays a mail into a folder exactly as it is, without trace fields, as a mail
// client does by APPEND. A zero time is now.
func (o *Office) Put(address, folder string, raw []byte, received time.Time) error {
	return o.put(address, folder, raw, received)
}

func (o *Office) notify() {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
}

func (o *Office) changes() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.changed
}
