package postoffice

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Command names the step of a submission that a fault may strike.
type Command string

// The steps.
const (
	AtMail   Command = "MAIL"
	AtRcpt   Command = "RCPT"
	AtData   Command = "DATA"   // the mail was read, nothing is stored
	AtStored Command = "STORED" // the mail is stored, 250 is not yet said
)

// Step is where a submission stands.
type Step struct {
	Command Command
	Account string // who logged in, or ""
	From    string
	To      string // AtRcpt: this recipient; later: the first
	Raw     []byte // AtData, AtStored
}

// Fault is what the server does instead of going on.
type Fault struct {
	Code     int    // 421, 450, 550 …; 0 with Cut: the connection just ends
	Enhanced [3]int // RFC 3463
	Text     string
	Cut      bool // close the connection, after Code where there is one
}

// Submission is a mail as it came by SMTP, for judging it.
type Submission struct {
	Account string // who logged in, or ""
	From    string // the envelope sender
	Raw     []byte
}

func (o *Office) newSMTP() *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &submission{office: o, conn: c.Conn(), helo: c}, nil
	}))
	s.Domain = o.options.AuthservID
	s.AllowInsecureAuth = true
	s.EnableSMTPUTF8 = true
	s.EnableDSN = true
	s.MaxMessageBytes = maxMessage
	s.MaxLineLength = 1 << 20 // real clients send long lines; taking them is what providers do
	s.MaxRecipients = 100
	s.ErrorLog = logger{o}
	if !o.options.ImplicitTLS {
		s.TLSConfig = o.options.TLS
	}
	return s
}

// submission is one SMTP connection.
type submission struct {
	office  *Office
	conn    net.Conn
	helo    *smtp.Conn
	account string
	from    string
	to      []string
}

var _ smtp.AuthSession = (*submission)(nil)

// AuthMechanisms lists what we offer.
func (s *submission) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth checks the password of an account.
func (s *submission) Auth(mech string) (sasl.Server, error) {
	if mech != sasl.Plain {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(func(_, username, password string) error {
		if s.office.login(username, password) == nil {
			return smtp.ErrAuthFailed
		}
		s.account = canonical(username)
		return nil
	}), nil
}

// Mail begins a mail.
func (s *submission) Mail(from string, _ *smtp.MailOptions) error {
	if err := s.fault(Step{Command: AtMail, From: from}); err != nil {
		return err
	}
	s.from = from
	return nil
}

// Rcpt adds a recipient. One that has no mailbox here is refused (RFC 5321 3.3).
func (s *submission) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.fault(Step{Command: AtRcpt, From: s.from, To: to}); err != nil {
		return err
	}
	if !s.office.accepts(domainOf(canonical(to))) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "This server sends nothing on: not one of its domains"}
	}
	if s.office.account(to) == nil {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox here"}
	}
	s.to = append(s.to, to)
	return nil
}

// Data takes the mail and delivers it to every recipient before it says yes.
func (s *submission) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("read the mail: %w", err)
	}
	step := Step{Command: AtData, From: s.from, Raw: raw}
	if len(s.to) > 0 {
		step.To = s.to[0]
	}
	if err := s.fault(step); err != nil {
		return err
	}
	judged := Submission{Account: s.account, From: s.from, Raw: raw}
	verdict := s.office.DefaultVerdict(judged)
	if s.office.options.Judge != nil {
		verdict = s.office.options.Judge(judged)
	}
	e := envelope{from: s.from, to: s.to, helo: s.helo.Hostname(), with: s.protocol()}
	if err := s.office.deliver(context.Background(), e, raw, verdict); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	step.Command = AtStored
	return s.fault(step)
}

// protocol is the word for how the mail came (RFC 3848).
func (s *submission) protocol() string {
	_, encrypted := s.helo.TLSConnectionState()
	switch {
	case encrypted && s.account != "":
		return "ESMTPSA"
	case encrypted:
		return "ESMTPS"
	case s.account != "":
		return "ESMTPA"
	default:
		return "ESMTP"
	}
}

func (s *submission) fault(step Step) error {
	if s.office.options.Faults == nil {
		return nil
	}
	step.Account = s.account
	f := s.office.options.Faults(step)
	if f == nil {
		return nil
	}
	refusal := &smtp.SMTPError{Code: f.Code, EnhancedCode: f.Enhanced, Message: f.Text}
	if !f.Cut {
		return refusal
	}
	if f.Code != 0 {
		if _, err := fmt.Fprintf(s.conn, "%d %d.%d.%d %s\r\n", f.Code, f.Enhanced[0], f.Enhanced[1], f.Enhanced[2], f.Text); err != nil {
			s.office.log.Debug("fault not sent", "err", err)
		}
	}
	if err := s.conn.Close(); err != nil {
		s.office.log.Debug("connection already gone", "err", err)
	}
	return refusal // nobody hears it any more
}

// Reset forgets the mail that was begun.
func (s *submission) Reset() { s.from, s.to = "", nil }

// Logout ends the connection.
func (s *submission) Logout() error { return nil }
