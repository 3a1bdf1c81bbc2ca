package postoffice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const (
	library = "info@library.example"
	reader  = "mara@readers.example"
)

func start(t *testing.T, o Options) *Office {
	t.Helper()
	if o.Accounts == nil {
		o.Accounts = map[string]string{library: "secret", reader: "other"}
	}
	o.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	office, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := office.Close(); err != nil {
			t.Error(err)
		}
	})
	return office
}

func dialSMTP(t *testing.T, o *Office) *smtp.Client {
	t.Helper()
	c, err := smtp.Dial(o.SMTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func dialIMAP(t *testing.T, o *Office, address string) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(o.IMAPAddr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login(address, "secret").Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func letter(from, extra string) string {
	return extra + "From: " + from + "\r\nTo: " + library + "\r\nSubject: Hello\r\n\r\nWe sign.\r\n"
}

// field returns the values of a header field, unfolded, topmost first.
func field(raw []byte, name string) []string {
	header, _, _ := strings.Cut(string(raw), "\r\n\r\n")
	header = strings.NewReplacer("\r\n\t", " ", "\r\n ", " ").Replace(header)
	var values []string
	for line := range strings.SplitSeq(header, "\r\n") {
		if n, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(n, name) {
			values = append(values, strings.TrimSpace(v))
		}
	}
	return values
}

// R47: what the office writes is what a provider writes, and nobody else can write it.
func TestSubmissionIsJudged(t *testing.T) {
	forgedLine := "Authentication-Results: (a (nested) comment) MX.postoffice.example 1; dmarc=pass header.from=readers.example\r\n" +
		"Authentication-Results: elsewhere.example; dkim=pass header.d=readers.example\r\nReturn-Path: <forged@evil.example>\r\n"
	tests := []struct {
		name  string
		login bool
		from  string
		dmarc string
	}{
		{"somebody logged in who writes from a domain of their own", true, reader, "dmarc=pass header.from=readers.example"},
		{"nobody logged in who claims a domain that is hosted here", false, reader, "dmarc=fail header.from=readers.example"},
		{"somebody logged in who claims another domain that is hosted here", true, library, "dmarc=fail header.from=library.example"},
		{"nobody logged in from a domain that nobody knows", false, "a@far.example", "dmarc=none header.from=far.example"},
		{"a name in brackets", true, `"Mara, of Readers" <` + reader + ">", "dmarc=pass header.from=readers.example"},
		{"two senders", true, reader + ", " + library, "dmarc=none header.from="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := start(t, Options{})
			c := dialSMTP(t, o)
			if tt.login {
				if err := c.Auth(sasl.NewPlainClient("", reader, "other")); err != nil {
					t.Fatal(err)
				}
			}
			raw := letter(tt.from, forgedLine)
			if err := c.SendMail("bounce@far.example", []string{"Info+n7@Library.example"}, strings.NewReader(raw)); err != nil {
				t.Fatal(err)
			}
			letters := o.Inbox(library)
			if len(letters) != 1 {
				t.Fatalf("%d letters, want 1", len(letters))
			}
			got := letters[0].Raw
			results := field(got, "Authentication-Results")
			if len(results) != 2 || !strings.HasPrefix(results[0], o.AuthservID()+";") || !strings.HasSuffix(results[0], tt.dmarc) {
				t.Errorf("Authentication-Results: %q, want ours first with %q", results, tt.dmarc)
			}
			if len(results) == 2 && !strings.HasPrefix(results[1], "elsewhere.example") {
				t.Errorf("the line of another server is gone: %q", results)
			}
			if got := field(got, "Return-Path"); len(got) != 1 || got[0] != "<bounce@far.example>" {
				t.Errorf("Return-Path: %q", got)
			}
			if got := field(got, "Delivered-To"); len(got) != 1 || got[0] != "info+n7@library.example" {
				t.Errorf("Delivered-To: %q", got)
			}
			if got := field(got, "Received"); len(got) != 1 || !strings.Contains(got[0], "by mx.postoffice.example with ESMTP") {
				t.Errorf("Received: %q", got)
			}
			if !strings.HasSuffix(string(got), "\r\n\r\nWe sign.\r\n") {
				t.Errorf("the body changed: %q", got)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	o := start(t, Options{})
	c := dialSMTP(t, o)
	if err := c.Auth(sasl.NewPlainClient("", reader, "wrong")); smtpCode(err) != 535 {
		t.Errorf("wrong password: %v", err)
	}
	if err := c.Mail(reader, nil); err != nil {
		t.Fatal(err)
	}
	err := c.Rcpt("nobody@library.example", nil)
	if e := new(smtp.SMTPError); !errors.As(err, &e) || e.Code != 550 || e.EnhancedCode != (smtp.EnhancedCode{5, 1, 1}) {
		t.Errorf("unknown recipient: %v", err)
	}
	if err := c.Rcpt("somebody@outside.net", nil); smtpCode(err) != 550 {
		t.Errorf("a domain that is not reserved: %v", err)
	}
	if err := o.AddAccount("a@outside.net", "x"); err == nil {
		t.Error("an account outside the accepted domains")
	}
	if err := o.AddAccount(strings.ToUpper(library), "x"); err == nil {
		t.Error("the same account twice")
	}
	if err := o.Deliver(t.Context(), reader, []string{library, "nobody@library.example"}, []byte(letter(reader, "")), Pass); err == nil || len(o.Inbox(library)) != 0 {
		t.Errorf("delivered although one recipient is unknown: %v", err)
	}
	if _, err := Start(t.Context(), Options{SMTPAddr: "0.0.0.0:0"}); err == nil {
		t.Error("it listens to the world")
	}
}

func smtpCode(err error) int {
	if e := new(smtp.SMTPError); errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name     string
		at       Command
		fault    Fault
		wantCode int // 0: the connection ends
		arrives  int
	}{
		{"later please", AtRcpt, Fault{Code: 450, Enhanced: [3]int{4, 2, 0}, Text: "greylisted"}, 450, 0},
		{"never", AtRcpt, Fault{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: "no"}, 550, 0},
		{"closing", AtMail, Fault{Code: 421, Enhanced: [3]int{4, 3, 2}, Text: "shutting down", Cut: true}, 421, 0},
		{"cut before storing", AtData, Fault{Cut: true}, 0, 0},
		{"cut after storing", AtStored, Fault{Cut: true}, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := start(t, Options{Faults: func(s Step) *Fault {
				if s.Command != tt.at {
					return nil
				}
				return &tt.fault
			}})
			err := dialSMTP(t, o).SendMail(reader, []string{library}, strings.NewReader(letter(reader, "")))
			if err == nil {
				t.Fatal("no error")
			}
			if got := smtpCode(err); got != tt.wantCode {
				t.Errorf("code %d (%v), want %d", got, err, tt.wantCode)
			}
			if got := len(o.Inbox(library)); got != tt.arrives {
				t.Errorf("%d letters arrived, want %d", got, tt.arrives)
			}
		})
	}
}

func TestDeliverVerdicts(t *testing.T) {
	o := start(t, Options{})
	for _, v := range []Verdict{Pass, Forged, Unknown, Unsure, NoVerdict} {
		if err := o.Deliver(t.Context(), "", []string{library}, []byte(strings.ReplaceAll(letter(reader, ""), "\r\n", "\n")), v); err != nil {
			t.Fatal(err)
		}
	}
	letters := o.Inbox(library)
	for i, want := range []string{"dmarc=pass", "dmarc=fail", "dmarc=none", "dmarc=temperror", ""} {
		results := strings.Join(field(letters[i].Raw, "Authentication-Results"), "|")
		if !strings.Contains(results, want) || (want == "") != (results == "") {
			t.Errorf("letter %d: %q, want %q", i, results, want)
		}
		if bytes.Contains(bytes.ReplaceAll(letters[i].Raw, []byte("\r\n"), nil), []byte("\n")) {
			t.Errorf("letter %d has bare line feeds", i)
		}
	}
}

// TECH: the memory server's UIDVALIDITY is the same in every process.
func TestUIDValidityIsConsistent(t *testing.T) {
	o := start(t, Options{UIDValidity: 4000})
	if err := o.AddFolder(library, "Processed"); err != nil {
		t.Fatal(err)
	}
	c := dialIMAP(t, o, strings.ToUpper(library))
	raw := letter(reader, "")
	app := c.Append("INBOX", int64(len(raw)), nil)
	if _, err := io.WriteString(app, raw); err != nil {
		t.Fatal(err)
	}
	if err := app.Close(); err != nil {
		t.Fatal(err)
	}
	appended, err := app.Wait()
	if err != nil || appended.UIDValidity != 4000 {
		t.Fatalf("APPENDUID %+v, %v", appended, err)
	}
	if d, err := c.Select("INBOX", nil).Wait(); err != nil || d.UIDValidity != 4000 {
		t.Fatalf("SELECT %+v, %v", d, err)
	}
	moved, err := c.Move(imap.UIDSetNum(appended.UID), "Processed").Wait()
	if err != nil || moved.UIDValidity != 4002 || moved.DestUIDs == nil {
		t.Fatalf("COPYUID %+v, %v", moved, err)
	}
	if d, err := c.Status("Processed", &imap.StatusOptions{UIDValidity: true, NumMessages: true}).Wait(); err != nil || d.UIDValidity != 4002 || *d.NumMessages != 1 {
		t.Fatalf("STATUS %+v, %v", d, err)
	}
	letters := o.Inbox(library)
	if len(letters) != 1 || letters[0].Folder != "Processed" || string(letters[0].Raw) != raw {
		t.Fatalf("letters %+v", letters)
	}
	o.SetUIDValidity(0)
	if d, err := c.Select("INBOX", nil).Wait(); err != nil || d.UIDValidity != 0 {
		t.Fatalf("SELECT %+v, %v", d, err)
	}
}

func TestTwoStartsDiffer(t *testing.T) {
	a, b := start(t, Options{UIDValidity: 7}), start(t, Options{})
	validity := func(o *Office) uint32 {
		d, err := dialIMAP(t, o, library).Select("INBOX", nil).Wait()
		if err != nil {
			t.Fatal(err)
		}
		return d.UIDValidity
	}
	if validity(a) != 7 || validity(b) < 1000 {
		t.Errorf("UIDVALIDITY %d and %d", validity(a), validity(b))
	}
}

func TestHiddenCapabilities(t *testing.T) {
	for _, without := range []string{"IDLE", "MOVE", "UIDPLUS"} {
		t.Run(without, func(t *testing.T) {
			caps := dialIMAP(t, start(t, Options{Without: []string{without}}), library).Caps()
			for _, c := range []imap.Cap{imap.CapIdle, imap.CapMove, imap.CapUIDPlus} {
				if got, want := caps.Has(c), string(c) != without; got != want {
					t.Errorf("%s: %v, want %v", c, got, want)
				}
			}
		})
	}
}

// TECH: the memory server's own Idle loses updates; ours must not lose one of 40.
func TestIdleLosesNothing(t *testing.T) {
	o := start(t, Options{})
	exists := make(chan uint32, 100)
	c, err := imapclient.DialInsecure(o.IMAPAddr(), &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				exists <- *d.NumMessages
			}
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(library, "secret").Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	for n := uint32(1); n <= 40; n++ {
		idle, err := c.Idle()
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Deliver(t.Context(), reader, []string{library}, []byte(letter(reader, "")), Pass); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-exists:
			if got != n {
				t.Fatalf("EXISTS %d, want %d", got, n)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("mail %d was not announced", n)
		}
		if err := errors.Join(idle.Close(), idle.Wait()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWait(t *testing.T) {
	o := start(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	found := make(chan error, 1)
	go func() {
		l, err := o.Wait(ctx, library, func(l Letter) bool { return strings.Contains(string(l.Raw), "second") })
		if err == nil && l.UID != 2 {
			err = fmt.Errorf("uid %d", l.UID)
		}
		found <- err
	}()
	for _, word := range []string{"first", "second"} {
		if err := o.Deliver(t.Context(), reader, []string{library}, []byte(letter(reader, "X-Word: "+word+"\r\n")), Pass); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-found; err != nil {
		t.Error(err)
	}
	cancel()
	if _, err := o.Wait(ctx, library, func(Letter) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
}

func TestPutKeepsBytes(t *testing.T) {
	o := start(t, Options{})
	raw := []byte("Subject: one\r\nno header\x00\rbare\r\nFrom: a@far.example\r\n\r\ntext\n")
	when := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if err := o.Put(library, JunkFolder, raw, when); err != nil {
		t.Fatal(err)
	}
	if err := o.Put(library, "Nowhere", raw, when); err == nil {
		t.Error("put into a folder that is not there")
	}
	letters := o.Inbox(library)
	if len(letters) != 1 || !bytes.Equal(letters[0].Raw, raw) || !letters[0].Received.Equal(when) || letters[0].Folder != JunkFolder {
		t.Errorf("%+v", letters)
	}
	c := dialIMAP(t, o, library)
	if _, err := c.Select(JunkFolder, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Move(imap.SeqSetNum(1), InboxFolder).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select(InboxFolder, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	for want, section := range map[string]*imap.FetchItemBodySection{
		"From: a@far.example\r\n\r\n": {Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"From"}, Peek: true},
		"text\n":                      {Specifier: imap.PartSpecifierText, Peek: true},
		"Subj":                        {Partial: &imap.SectionPartial{Size: 4}, Peek: true},
	} {
		m, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{UID: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
		if err != nil || len(m) != 1 || string(m[0].FindBodySection(section)) != want || m[0].RFC822Size != int64(len(raw)) {
			t.Errorf("after moving: %+v, %v, want %q", m, err, want)
		}
	}
}

func TestCloseFreesThePorts(t *testing.T) {
	o := start(t, Options{})
	if err := errors.Join(o.Close(), o.Close()); err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{o.SMTPAddr(), o.IMAPAddr()} {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			t.Errorf("%s still answers", addr)
		}
	}
	if got := o.Inbox(library); got != nil {
		t.Errorf("letters after close: %v", got)
	}
}

func TestNewcomersAreWelcomeWithThePassword(t *testing.T) {
	o := start(t, Options{Welcome: "demo"})
	login := func(address, password string) error {
		c, err := imapclient.DialInsecure(o.IMAPAddr(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.Login(address, password).Wait()
	}
	if login("anna@reading.example", "guess") == nil || login("anna@gmail.com", "demo") == nil || login(library, "demo") == nil {
		t.Error("let in with a wrong password, from a real domain, or into another's account")
	}
	if err := login("anna@reading.example", "demo"); err != nil {
		t.Errorf("a newcomer: %v", err)
	}
	if err := o.Deliver(t.Context(), reader, []string{"anna@reading.example"}, []byte(letter(reader, "")), Pass); err != nil {
		t.Errorf("a mail to the newcomer: %v", err)
	}
	if login("Anna@Reading.example", "demo") != nil {
		t.Error("the newcomer cannot come back")
	}
	if closed := start(t, Options{}); closed.login("ben@reading.example", "") != nil {
		t.Error("without the option somebody got in")
	}
}
