package mailout

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// TLSMode says how a connection is protected (RFC 8314).
type TLSMode string

// The modes. There is no fallback from one to another (R52).
const (
	TLSImplicit TLSMode = "implicit" // the default, port 465
	TLSStart    TLSMode = "starttls" // port 587; a server without STARTTLS is refused
	TLSNone     TLSMode = "none"     // loopback and tests
)

// Server is the submission server and the account on it.
type Server struct {
	Host        string
	Port        int
	TLS         TLSMode
	TLSConfig   *tls.Config // nil: the system's roots and Host
	User        string      // "": no login
	Password    string
	Token       func(ctx context.Context) (string, error) // an access token for XOAUTH2; nil: Password
	Hello       string                                    // our name in EHLO; "": localhost
	Connections int                                       // kept open side by side; 0 means 4
	Timeout     time.Duration                             // of one command; 0 means a minute
	Submission  time.Duration                             // for the answer to a whole mail; 0 means 3 minutes (RFC 5321, 4.5.3.2.6 allows 10)
	Idle        time.Duration                             // an unused connection is closed after it; 0 means 30 seconds
	Dial        func(ctx context.Context, network, address string) (net.Conn, error)
}

func (s *Server) connections() int          { return cmp.Or(max(s.Connections, 0), 4) }
func (s *Server) timeout() time.Duration    { return cmp.Or(s.Timeout, time.Minute) }
func (s *Server) submission() time.Duration { return cmp.Or(s.Submission, 3*time.Minute) }
func (s *Server) idle() time.Duration       { return cmp.Or(s.Idle, 30*time.Second) }

// stage is how far a mail got. What a refusal means depends on it.
type stage string

const (
	stageConnect stage = "connect"
	stageLogin   stage = "login"
	stageSender  stage = "sender"    // MAIL
	stageTo      stage = "recipient" // RCPT
	stageData    stage = "data"      // DATA, before the content
	stageContent stage = "content"   // the content and the answer to it
)

// sendError is an error with the stage at which it came.
type sendError struct {
	stage stage
	err   error
}

func (e *sendError) Error() string { return string(e.stage) + ": " + e.err.Error() }
func (e *sendError) Unwrap() error { return e.err }

// connection is one open session with the server. It is used by one goroutine.
type connection struct {
	client *smtp.Client
	raw    net.Conn  // closing it ends whatever waits: the library knows no contexts
	pipe   *pipeline // nil: one command after the other
}

// connect dials, protects and logs in, or fails with a *sendError.
func (s *Server) connect(ctx context.Context) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	dial := s.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	raw, err := dial(ctx, "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return nil, &sendError{stageConnect, err}
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	c, err := s.greet(ctx, raw)
	if err == nil && s.User != "" {
		err = s.login(ctx, c.client)
	}
	if err != nil {
		_ = raw.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
		if failed, ok := errors.AsType[*sendError](err); ok {
			return nil, failed
		}
		return nil, &sendError{stageConnect, err}
	}
	return c, nil
}

// greet brings the connection to where commands may be sent.
func (s *Server) greet(ctx context.Context, raw net.Conn) (*connection, error) {
	config := s.TLSConfig.Clone()
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.ServerName = cmp.Or(config.ServerName, s.Host)
	c := &connection{raw: raw}
	var own net.Conn // the one that commands go over; of STARTTLS the library keeps it to itself
	switch s.TLS {
	case TLSImplicit, "":
		protected := tls.Client(raw, config)
		if err := protected.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		c.client, own = smtp.NewClient(protected), protected
	case TLSStart:
		client, err := smtp.NewClientStartTLS(raw, config)
		if err != nil {
			return nil, err
		}
		c.client = client
	case TLSNone:
		c.client, own = smtp.NewClient(raw), raw
	default:
		return nil, fmt.Errorf("unknown TLS mode %q", s.TLS)
	}
	c.client.CommandTimeout, c.client.SubmissionTimeout = s.timeout(), s.submission()
	err := c.client.Hello(cmp.Or(s.Hello, "localhost"))
	if err == nil && own != nil {
		c.pipe = newPipeline(own, c.client)
	}
	return c, err
}

// login uses the best mechanism that the server offers (RFC 4954).
func (s *Server) login(ctx context.Context, client *smtp.Client) error {
	var mechanism sasl.Client
	switch {
	case s.Token != nil:
		token, err := s.Token(ctx)
		if err != nil {
			return &sendError{stageLogin, err}
		}
		if client.SupportsAuth("OAUTHBEARER") && !client.SupportsAuth("XOAUTH2") {
			mechanism = sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: s.User, Token: token, Host: s.Host, Port: s.Port})
		} else {
			mechanism = xoauth2{s.User, token}
		}
	case client.SupportsAuth(sasl.Plain) || !client.SupportsAuth(sasl.Login):
		mechanism = sasl.NewPlainClient("", s.User, s.Password)
	default:
		mechanism = sasl.NewLoginClient(s.User, s.Password)
	}
	if err := client.Auth(mechanism); err != nil {
		return &sendError{stageLogin, err}
	}
	return nil
}

// xoauth2 is the mechanism of Gmail and Microsoft 365 (R53), which go-sasl lacks.
type xoauth2 struct{ user, token string }

func (x xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the server's account of an error with an empty line; the refusal follows.
func (x xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// send hands the letter over, or fails with a *sendError. After a refusal the
// connection can be used again; after anything else it must be closed.
func (c *connection) send(ctx context.Context, l *Letter) error {
	stop := context.AfterFunc(ctx, func() { _ = c.raw.Close() })
	defer stop()
	if c.pipe != nil && !l.UTF8 {
		return c.pipe.send(l)
	}
	return c.sendInTurn(l)
}

// sendInTurn waits for the answer to each command.
func (c *connection) sendInTurn(l *Letter) error {
	options := &smtp.MailOptions{Return: smtp.DSNReturnHeaders, EnvelopeID: l.EnvelopeID, UTF8: l.UTF8, Size: int64(len(l.Raw))}
	if err := c.client.Mail(l.EnvelopeFrom, options); err != nil {
		return &sendError{stageSender, err}
	}
	if err := c.client.Rcpt(l.To, nil); err != nil {
		return &sendError{stageTo, err}
	}
	w, err := c.client.Data()
	if err != nil {
		return &sendError{stageData, err}
	}
	_, err = w.Write(l.Raw)
	if closeErr := w.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return &sendError{stageContent, err}
	}
	return nil
}

// again makes the connection ready for the next mail after an error, or reports
// that it is of no use any more.
func (c *connection) again(ctx context.Context, err error) bool {
	if refusal, ok := errors.AsType[*smtp.SMTPError](err); !ok || refusal.Code == 421 || errors.Is(err, errInData) {
		return false
	}
	stop := context.AfterFunc(ctx, func() { _ = c.raw.Close() })
	defer stop()
	return c.client.Reset() == nil
}

const quitTimeout = 5 * time.Second

// quit takes leave. Nothing depends on the answer.
func (c *connection) quit() {
	if c == nil {
		return
	}
	c.client.CommandTimeout = quitTimeout
	if c.client.Quit() != nil {
		_ = c.raw.Close()
	}
}

// Send hands one letter to the server over a connection of its own. It is for
// `check`; the outbox goes through Sender.
func Send(ctx context.Context, server Server, l Letter) error {
	c, err := server.connect(ctx)
	if err != nil {
		return err
	}
	defer c.quit()
	return c.send(ctx, &l)
}

// TryLogin connects, logs in and leaves. It is for `check`.
func TryLogin(ctx context.Context, server Server) error {
	c, err := server.connect(ctx)
	if err != nil {
		return err
	}
	c.quit()
	return nil
}
