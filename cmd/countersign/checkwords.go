package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-smtp"

	"countersign/petition"
)

// explain says in words what an error of a connection to a server means, and what to do.
func explain(err error, server string) string {
	host, port, splitErr := net.SplitHostPort(server)
	if splitErr != nil {
		host, port = server, ""
	}
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	wrongName, wrong := errors.AsType[x509.HostnameError](err)
	dns, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case refusedLogin(err):
		return fmt.Sprintf("%s refuses the user name or the password (%s). Many providers want an app password; an address may also be a group or an alias, not a mailbox of its own", host, said(err))
	case isDNS && dns.IsNotFound:
		return fmt.Sprintf("there is no server named %s; look it up in your provider's help", host)
	case timedOut(err):
		return fmt.Sprintf("%s does not answer at port %s: a firewall lets nothing through, or it is another server", host, port)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("%s refuses connections at port %s: nothing listens there", host, port)
	case unknown:
		return host + " shows a certificate that nobody vouches for; if it is your own, name it with ca_file"
	case wrong:
		return fmt.Sprintf("the certificate of %s is for %s: use that name", host, strings.Join(wrongName.Certificate.DNSNames, ", "))
	case strings.Contains(err.Error(), "first record does not look like a TLS handshake"):
		return fmt.Sprintf(`%s does not speak TLS at port %s: security = "starttls" may be right`, host, port)
	case errors.Is(err, petition.ErrBusy):
		return server + " is in use by another process"
	default:
		return fmt.Sprintf("%s: %s", server, said(err))
	}
}

// refusedLogin tells wrong credentials from everything else.
func refusedLogin(err error) bool {
	if e, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return e.Code == 535 || e.Code == 534 || e.Code == 530
	}
	if e, ok := errors.AsType[*imap.Error](err); ok {
		return e.Type == imap.StatusResponseTypeNo && e.Code != imap.ResponseCodeUnavailable && e.Code != imap.ResponseCodeNonExistent
	}
	return false
}

func timedOut(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// otherPorts is advice for a submission server that cannot be reached: providers of
// small servers often block one port and not the others.
func otherPorts(err error) string {
	if timedOut(err) || errors.Is(err, syscall.ECONNREFUSED) {
		return `. Try port 587 (security "starttls"), 465 ("tls") or 2525: hosting providers often block one of them`
	}
	return ""
}

// said is the innermost message: what the server or the system said.
func said(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 && len(text)-i > 6 {
		text = text[i+2:]
	}
	if len(text) > 200 {
		text = text[:200]
	}
	return strings.Join(strings.Fields(text), " ")
}
