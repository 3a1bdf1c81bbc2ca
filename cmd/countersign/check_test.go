package main

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-smtp"

	"countersign/petition"
	"countersign/postoffice"
)

// wantLines fails where the report lacks a line that holds all words of an entry.
func wantLines(t *testing.T, out string, want [][]string) {
	t.Helper()
next:
	for _, words := range want {
		for line := range strings.Lines(out) {
			all := true
			for _, w := range words {
				all = all && strings.Contains(line, w)
			}
			if all {
				continue next
			}
		}
		t.Errorf("no line says %q:\n%s", words, out)
	}
}

func TestCheckSaysWhatWorks(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	out, err := i.try(t, "check")
	if err != nil {
		t.Errorf("check: %v", err)
	}
	wantLines(t, out, [][]string{
		{"ok", "database", "schema"},
		{"note", "organizers", "countersign organizer add"},
		{"ok", "smtp", "takes our mail"},
		{"ok", "mailbox info", "logged in"},
		{"ok", "mailbox info", "the folder INBOX holds 0 mails"},
		{"ok", "mailbox info", "IDLE, MOVE, UIDPLUS"},
		{"ok", "mail to info", "it arrived"},
		{"ok", "mail to info", "From survived"},
		{"ok", "mail to info", "Message-ID survived"},
		{"ok", "mail to info", "Reply-To survived"},
		{"ok", "mail to info", "an address with a plus part arrives"},
		{"ok", "mail to info", "the envelope sender survived"},
		{"ok", "mail to info", "authserv_ids = ["},
	})
}

func TestCheckSaysWhatIsMissing(t *testing.T) {
	i := install(t, "folder = \"Letters\"\nafter = \"move\"", postoffice.Options{Without: []string{"IDLE", "MOVE", "UIDPLUS"}})
	out, err := i.try(t, "check", "--no-mail")
	if err == nil || !strings.Contains(err.Error(), "1 of these must be mended") {
		t.Errorf("check: %v", err)
	}
	wantLines(t, out, [][]string{{"FAIL", "the folder Letters cannot be opened", "INBOX"}})
	i = install(t, "after = \"move\"", postoffice.Options{Without: []string{"IDLE", "MOVE", "UIDPLUS"}})
	wantLines(t, i.do(t, "check", "--no-mail"), [][]string{
		{"note", "without IDLE"}, {"note", "without MOVE"}, {"note", "without UIDPLUS"},
	})
}

func TestCheckExplainsWhatFails(t *testing.T) {
	for _, tt := range []struct {
		name    string
		environ []string
		want    []string
	}{
		{"wrong password", []string{"COUNTERSIGN_MAILBOX_INFO_PASSWORD=wrong"}, []string{"FAIL", "mailbox info", "refuses the user name or the password", "group"}},
		{"wrong password for sending", []string{"COUNTERSIGN_SMTP_PASSWORD=wrong"}, []string{"FAIL", "smtp", "refuses the user name or the password"}},
		{"nothing listens", []string{"COUNTERSIGN_SMTP_SERVER=127.0.0.1:1"}, []string{"FAIL", "smtp", "refuses connections at port 1", "465", "2525"}},
		{"no such host", []string{"COUNTERSIGN_MAILBOX_INFO_SERVER=imap.invalid:993", "COUNTERSIGN_MAILBOX_INFO_SECURITY=tls"}, []string{"FAIL", "mailbox info", "there is no server named imap.invalid"}},
		{"no TLS there", []string{"COUNTERSIGN_MAILBOX_INFO_SECURITY=tls"}, []string{"FAIL", "mailbox info", "does not speak TLS"}},
		{"other domain", []string{"COUNTERSIGN_BASE_URL=https://sign.elsewhere.example"}, []string{"note", "addresses", "phishing"}},
		{"no such campaign", []string{"COUNTERSIGN_MAILBOX_INFO_CAMPAIGN=other"}, []string{"note", "campaign", "countersign campaign create other"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := install(t, "", postoffice.Options{})
			var out strings.Builder
			err := run(t.Context(), &world{Args: []string{"check", "--no-mail", "--config", i.config}, Environ: tt.environ, Out: &out, Err: t.Output()})
			if failed := err != nil; failed != (tt.want[0] == "FAIL") {
				t.Errorf("check: %v", err)
			}
			wantLines(t, out.String(), [][]string{tt.want})
		})
	}
}

// U11: silence and refusal are told apart, and both name the other ports.
func TestExplainTellsTimeoutFromRefusal(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want []string
	}{
		{&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, []string{"does not answer at port 587", "a firewall", "465", "2525"}},
		{context.DeadlineExceeded, []string{"does not answer at port 587"}},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, []string{"refuses connections at port 587: nothing listens there", "465", "2525"}},
		{&net.DNSError{Err: "no such host", Name: "smtp.example.org", IsNotFound: true}, []string{"there is no server named smtp.example.org"}},
		{x509.UnknownAuthorityError{}, []string{"a certificate that nobody vouches for", "ca_file"}},
		{x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"mail.example.org"}}, Host: "smtp.example.org"}, []string{"is for mail.example.org: use that name"}},
		{&smtp.SMTPError{Code: 535, Message: "5.7.8 authentication failed"}, []string{"refuses the user name or the password", "app password", "group"}},
		{&imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeAuthenticationFailed, Text: "no"}, []string{"refuses the user name or the password"}},
		{petition.ErrFull, []string{"make room there"}},
	} {
		text := explain(tt.err, "smtp.example.org:587") + otherPorts(tt.err)
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%v: %q does not say %q", tt.err, text, want)
			}
		}
		if strings.Contains(text, "2525") != (len(tt.want) > 2 && tt.want[len(tt.want)-1] == "2525" || errors.Is(tt.err, context.DeadlineExceeded)) {
			t.Errorf("%v: other ports in %q", tt.err, text)
		}
	}
}
