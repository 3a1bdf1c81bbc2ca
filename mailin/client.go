package mailin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"countersign/petition"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// ErrLogin says that the server refuses the user name or the password. Trying again
// soon would only lock the account.
var ErrLogin = errors.New("the server refuses the user name or the password")

// ErrFolder says that a folder cannot be opened.
var ErrFolder = errors.New("the folder cannot be opened")

// client is one connection, logged in. The library knows no contexts: when the
// context ends the connection is closed, and every command returns.
type client struct {
	*imapclient.Client
	conn *conn
	news chan struct{} // a kick when the server tells of new mail
	stop func() bool
}

// connect dials and logs in. The connection lives until close or the end of ctx.
func (m Mailbox) connect(ctx context.Context) (*client, error) {
	c, err := m.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	cl := &client{conn: c, news: make(chan struct{}, 1)}
	cl.stop = context.AfterFunc(ctx, func() { _ = c.Close() })
	cl.Client = imapclient.New(c, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				poke(cl.news)
			}
		},
	}})
	if err := cl.login(ctx, m); err != nil {
		cl.close()
		return nil, fmt.Errorf("log in: %w", c.cause(err))
	}
	return cl, nil
}

func (c *client) login(ctx context.Context, m Mailbox) error {
	if err := c.WaitGreeting(); err != nil {
		return err
	}
	if m.SASL != nil {
		auth, err := m.SASL(ctx)
		if err != nil {
			return err
		}
		return refusal(c.authenticate(auth))
	}
	caps := c.Caps()
	if caps == nil {
		return errors.New("the server does not say what it can do")
	}
	if caps.Has(imap.AuthCap(sasl.Plain)) {
		return refusal(c.authenticate(sasl.NewPlainClient("", m.Username, m.Password)))
	}
	if caps.Has(imap.CapLoginDisabled) {
		return errors.New("the server allows no login on this connection")
	}
	return refusal(c.Login(m.Username, m.Password).Wait())
}

// authenticate runs a SASL exchange. When the server's last word comes while the library
// is working on a challenge, the library waits for another one for ever, even when the connection has
// ended; then this goes without it.
func (c *client) authenticate(auth sasl.Client) error {
	done := make(chan error, 1)
	go func() { done <- c.Authenticate(auth) }()
	select {
	case err := <-done:
		return err
	case <-c.Closed():
	}
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case err := <-done:
		return err
	case <-t.C:
		return errors.New("the connection ended during the login")
	}
}

// XOAuth2 is the login by bearer token that Gmail and Microsoft 365 know (R53); go-sasl has
// only its successor OAUTHBEARER. One client serves one login.
func XOAuth2(username, token string) sasl.Client { return &xoauth2{username, token} }

type xoauth2 struct{ username, token string }

// Start sends the token.
func (a *xoauth2) Start() (mech string, ir []byte, err error) {
	return "XOAUTH2", []byte("user=" + a.username + "\x01auth=Bearer " + a.token + "\x01\x01"), nil
}

// Next answers the server's explanation of a refusal with nothing, as it must be: the
// refusal itself follows.
func (a *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// refusal tells a refused login from a server that is out of order (RFC 5530).
func refusal(err error) error {
	e, ok := errors.AsType[*imap.Error](err)
	if !ok || e.Type != imap.StatusResponseTypeNo {
		return err
	}
	switch e.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug:
		return err
	default:
		return fmt.Errorf("%w: %w", ErrLogin, err)
	}
}

// can reports whether the server announces the capability, itself or by IMAP4rev2.
func (c *client) can(capability imap.Cap) bool { return c.Caps().Has(capability) }

// open selects a folder, by EXAMINE where nothing may change.
func (c *client) open(folder string, readOnly bool) (*imap.SelectData, error) {
	data, err := c.Select(folder, &imap.SelectOptions{ReadOnly: readOnly}).Wait()
	if _, refused := errors.AsType[*imap.Error](err); refused {
		return nil, fmt.Errorf("%w: %s: %w", ErrFolder, folder, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", folder, c.conn.cause(err))
	}
	return data, nil
}

// close ends the connection without ceremony and waits until the library has let go of it.
func (c *client) close() {
	c.stop()
	_ = c.conn.Close()
	if c.Client == nil {
		return
	}
	t := time.NewTimer(5 * time.Second)
	defer t.Stop()
	select {
	case <-c.Closed():
	case <-t.C:
	}
}

// tooMany is how many UIDs a search answer may name: a hostile or broken answer of
// two numbers can stand for four billion.
const tooMany = 5_000_000

// search lists the UIDs of the open folder from first on, ascending. The server
// answers "n:*" with the last mail even when its UID is below n (RFC 9051 6.4.4).
func (c *client) search(first uint32) ([]uint32, error) {
	criteria := &imap.SearchCriteria{}
	if first > 1 {
		criteria.UID = []imap.UIDSet{{{Start: imap.UID(first), Stop: 0}}}
	}
	return c.find(criteria, first)
}

func (c *client) find(criteria *imap.SearchCriteria, first uint32) ([]uint32, error) {
	data, err := c.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("search: %w", c.conn.cause(err))
	}
	uids, _ := data.All.(imap.UIDSet)
	total := uint64(0)
	for _, r := range uids {
		total += uint64(r.Stop) - uint64(r.Start) + 1
	}
	if total > tooMany || uids.Dynamic() {
		return nil, fmt.Errorf("search: the server names %d mails", total)
	}
	nums, _ := uids.Nums()
	var found []uint32
	for _, n := range nums {
		if uint32(n) >= first {
			found = append(found, uint32(n))
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

func uidSet(uids []uint32) imap.UIDSet {
	var s imap.UIDSet
	for _, u := range uids {
		s.AddNum(imap.UID(u))
	}
	return s
}

// Problem says in plain words what an error of a mailbox means to the people who
// run it. The cause itself belongs into the log.
func Problem(err error) string {
	_, unknownCA := errors.AsType[x509.UnknownAuthorityError](err)
	_, wrongName := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
	dns, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrLogin):
		return "The server refuses the user name or the password."
	case unknownCA, wrongName, invalid, unverified:
		return "The server's certificate is not valid for it."
	case isDNS && dns.IsNotFound:
		return "The server's name is not known."
	case errors.Is(err, ErrFolder):
		return "The folder cannot be opened. Is its name right?"
	case errors.Is(err, petition.ErrFull):
		return "The disk of the database is full. Make room there; mail waits on the server."
	case errors.Is(err, errStore):
		return "The database does not answer."
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "The server does not answer."
	case strings.Contains(err.Error(), "connection refused"):
		return "The server takes no connections."
	default:
		return "The connection to the server keeps failing."
	}
}

// errStore marks errors of the store, so that the server is not blamed.
var errStore = errors.New("store")

func storeError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errStore, err)
}
