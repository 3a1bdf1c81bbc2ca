package postoffice

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

func (o *Office) newIMAP() *imapserver.Server {
	options := &imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{office: o}, nil, nil
		},
		Caps:         o.caps(),
		Logger:       logger{o},
		InsecureAuth: true,
	}
	if !o.options.ImplicitTLS {
		options.TLSConfig = o.options.TLS
	}
	return imapserver.New(options)
}

// caps lists what the IMAP server announces. Unless said, the library announces
// bare IMAP4rev1. IMAP4rev2 implies MOVE, IDLE and UIDPLUS (RFC 9051 appendix E),
// so it goes with the first of them that is hidden.
func (o *Office) caps() imap.CapSet {
	caps := imap.CapSet{}
	for _, c := range []imap.Cap{
		imap.CapIMAP4rev1, imap.CapIMAP4rev2, imap.CapMove, imap.CapUIDPlus, imap.CapNamespace,
		imap.CapESearch, imap.CapListExtended, imap.CapListStatus, imap.CapStatusSize,
	} {
		caps[c] = struct{}{}
	}
	for _, hidden := range o.options.Without {
		delete(caps, imap.Cap(hidden))
		delete(caps, imap.CapIMAP4rev2)
	}
	return caps
}

// session is one IMAP connection. It mends what the memory server gets wrong.
type session struct {
	*imapmemserver.UserSession // nil before Login

	office   *Office
	account  *account // nil before Login
	selected uint32   // the open folder's UIDVALIDITY as the memory server counts
}

var _ imapserver.SessionIMAP4rev2 = (*session)(nil)

// Login takes the address as the user name, in any letter case.
func (s *session) Login(username, password string) error {
	a := s.office.login(username, password)
	if a == nil {
		return imapserver.ErrAuthFailed
	}
	s.account, s.UserSession = a, imapmemserver.NewUserSession(a.user)
	return nil
}

// idlePoll is how soon an idling client hears of a new mail.
const idlePoll = 20 * time.Millisecond

// Idle polls, because the memory server's own Idle loses an update that comes
// between "+ idling" and its registration.
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	t := time.NewTicker(idlePoll)
	defer t.Stop()
	for {
		if err := s.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-t.C:
		case <-stop:
			return nil
		}
	}
}

// shift makes the memory server's count of UIDVALIDITY (1, 2, … in each account)
// this office's.
func (s *session) shift(v uint32) uint32 {
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	return s.office.validity + v - 1
}

// Select opens a folder.
func (s *session) Select(name string, options *imap.SelectOptions) (*imap.SelectData, error) {
	data, err := s.UserSession.Select(name, options)
	if err == nil {
		s.selected = data.UIDValidity
		data.UIDValidity = s.shift(data.UIDValidity)
	}
	return data, err
}

// Status describes a folder.
func (s *session) Status(name string, options *imap.StatusOptions) (*imap.StatusData, error) {
	data, err := s.UserSession.Status(name, options)
	if err == nil && options.UIDValidity {
		data.UIDValidity = s.shift(data.UIDValidity)
	}
	return data, err
}

// Append lays a mail into a folder.
func (s *session) Append(name string, r imap.LiteralReader, options *imap.AppendOptions) (*imap.AppendData, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	data, err := s.UserSession.Append(name, literal(raw), options)
	if err == nil {
		s.office.remember(s.account, data, raw, options.Time)
		data.UIDValidity = s.shift(data.UIDValidity)
		s.office.notify()
	}
	return data, err
}

// Copy copies mails into another folder.
func (s *session) Copy(set imap.NumSet, dest string) (*imap.CopyData, error) {
	data, err := s.UserSession.Copy(set, dest)
	if err == nil {
		s.office.follow(s.account, s.selected, data)
		data.UIDValidity = s.shift(data.UIDValidity)
		s.office.notify()
	}
	return data, err
}

// Move moves mails into another folder. It is put together from the session's other
// commands, because the memory server's own writes its COPYUID by itself.
func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	data, err := s.Copy(set, dest)
	if err != nil || len(data.SourceUIDs) == 0 {
		return err
	}
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}, Silent: true}
	if err := s.Store(nil, data.SourceUIDs, flags, nil); err != nil {
		return fmt.Errorf("mark as moved: %w", err)
	}
	if err := w.WriteCopyData(data); err != nil {
		return err
	}
	return s.Expunge(nil, &data.SourceUIDs)
}

// Store changes flags.
func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, options *imap.StoreOptions) error {
	err := s.UserSession.Store(w, set, flags, options)
	s.office.notify()
	return err
}

// Close ends the session, also one that never logged in.
func (s *session) Close() error {
	if s.UserSession == nil {
		return nil
	}
	return s.UserSession.Close()
}

// hiding takes IDLE out of the capability lines: the library announces it whatever
// its options say.
func hiding(l net.Listener, without []string) net.Listener {
	if !slices.Contains(without, string(imap.CapIdle)) {
		return l
	}
	return hidingListener{l}
}

type hidingListener struct{ net.Listener }

func (l hidingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return hidingConn{c}, nil
}

type hidingConn struct{ net.Conn }

func (c hidingConn) Write(p []byte) (int, error) {
	if !bytes.Contains(p, []byte("CAPABILITY ")) {
		return c.Conn.Write(p)
	}
	if _, err := c.Conn.Write(bytes.ReplaceAll(p, []byte(" IDLE"), nil)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// literal makes bytes an IMAP literal.
func literal(raw []byte) imap.LiteralReader { return bytesLiteral{bytes.NewReader(raw)} }

type bytesLiteral struct{ *bytes.Reader }

// logger hands the servers' own remarks to slog, until the office is closed: their
// connections may end a little later, when whoever made the log is gone.
type logger struct{ office *Office }

// Printf satisfies both libraries.
func (l logger) Printf(format string, args ...any) { l.office.remark(fmt.Sprintf(format, args...)) }

// Println satisfies go-smtp.
func (l logger) Println(args ...any) { l.office.remark(fmt.Sprint(args...)) }

func (o *Office) remark(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.log.Debug("server", "err", text)
	}
}
