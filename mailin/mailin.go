// Package mailin brings mail from a mailbox to a decision. A Poller records what
// arrives, bytes and place, before anything is understood; an Intake reads what
// was recorded and has it decided.
//
// Both are workers that run until their context ends, in as many processes as
// there are: a lease in the database lets one poller at a time touch a mailbox,
// and claims let one worker at a time read a mail. Whatever goes wrong with a
// connection or the database is tried again, slower each time; what goes wrong
// with one mail is put before a person and never stops the next (R09). Killing
// the process at any point loses nothing and doubles nothing: what was not
// committed is fetched again, and the ledger of places and hashes knows the rest.
//
// On the server nothing is ever deleted: mail is left as it is, marked with a
// keyword, or moved by MOVE where the server has it, and only after the commit (R07).
package mailin

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"countersign/petition"

	"github.com/emersion/go-sasl"
)

// After says what becomes of a mail on the server once it is recorded (R11, U09).
type After string

// What may become of it.
const (
	Keep    After = "keep"    // nothing: people who share the inbox find it as they left it
	Keyword After = "keyword" // it gets the keyword $Countersign, if the server allows keywords
	Move    After = "move"    // it goes to the folder Processed, if the server has MOVE
)

// TLS says how the connection is protected (R52).
type TLS string

// The ways. There is no falling back from one to another.
const (
	ImplicitTLS TLS = "implicit" // TLS from the first byte, port 993 (RFC 8314)
	StartTLS    TLS = "starttls" // port 143
	NoTLS       TLS = "none"     // loopback only: for tests and the demo
)

// Mailbox is one mailbox that is read, as configured. Zero durations and sizes take
// the defaults named beside them.
type Mailbox struct {
	Name     string // the configured name: what the ledger knows the mailbox by, whatever its host
	Host     string
	Port     int // 0: 993, or 143 without implicit TLS
	TLS      TLS
	RootCAs  *x509.CertPool // nil: the system's
	Username string
	Password string
	// SASL makes the client for each login, instead of Password (OAuth2, R53).
	SASL func(ctx context.Context) (sasl.Client, error)

	Folder    string   // INBOX
	Junk      string   // watched, never changed (R27); "": not watched
	After     After    // keep
	Processed string   // folder for After move: Processed
	Again     bool     // look through Processed, too, once: what the ledger does not know is recorded, and nothing changed (R59)
	OnlyTo    []string // take only mail to these addresses (U09); empty: all

	MaxSize   int64         // 25 MB; of larger mails only the header is fetched (R15)
	Scan      time.Duration // 60 s between scans; IDLE is only a hint (R13)
	Idle      time.Duration // 5 min, how long one IDLE may last
	Reconcile time.Duration // 15 min between scans of the whole folder (R10)
	Timeout   time.Duration // 45 s without a byte while an answer is due (R14)
	AuthPause time.Duration // 30 min after a refused login: trying on would lock the account (R14)
	LeaseTTL  time.Duration // 60 s
}

const (
	batchMails = 200     // mails in one record
	batchBytes = 2 << 20 // bytes in one record, unless one mail is larger: a few batches are held at a time
	keyword    = "$Countersign"
)

func (m Mailbox) withDefaults() Mailbox {
	set(&m.TLS, ImplicitTLS)
	set(&m.Folder, "INBOX")
	set(&m.After, Keep)
	set(&m.Processed, "Processed")
	set(&m.MaxSize, 25<<20)
	set(&m.Scan, time.Minute)
	set(&m.Idle, 5*time.Minute)
	set(&m.Reconcile, 15*time.Minute)
	set(&m.Timeout, 45*time.Second)
	set(&m.AuthPause, 30*time.Minute)
	set(&m.LeaseTTL, time.Minute)
	if m.TLS == ImplicitTLS {
		set(&m.Port, 993)
	}
	set(&m.Port, 143)
	return m
}

func set[T comparable](v *T, byDefault T) {
	var zero T
	if *v == zero {
		*v = byDefault
	}
}

// validate returns everything that is wrong with the settings, joined.
func (m Mailbox) validate() error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("mailbox %q: "+format, append([]any{m.Name}, args...)...))
	}
	if m.Name == "" {
		wrong("it has no name")
	}
	if m.Host == "" {
		wrong("host is missing")
	}
	if m.Username == "" && m.SASL == nil {
		wrong("username is missing")
	}
	switch m.TLS {
	case ImplicitTLS, StartTLS:
	case NoTLS:
		if ip := net.ParseIP(m.Host); m.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			wrong("tls = %q would send the password in the clear: it is for 127.0.0.1 only", m.TLS)
		}
	default:
		wrong("tls = %q: use implicit or starttls", m.TLS)
	}
	switch m.After {
	case Keep, Keyword:
	case Move:
		if strings.EqualFold(m.Processed, m.Folder) {
			wrong("processed mail would be moved to where it is")
		}
	default:
		wrong("after = %q: use keep, keyword or move", m.After)
	}
	if m.Junk != "" && strings.EqualFold(m.Junk, m.Folder) {
		wrong("junk is the folder itself")
	}
	return errors.Join(errs...)
}

// Leases lets one process at a time work on a mailbox.
type Leases interface {
	// Lease takes or renews; petition.ErrLeaseLost: somebody else has it.
	Lease(ctx context.Context, name, holder string, ttl time.Duration) (petition.Lease, error)
	ReleaseLease(ctx context.Context, l petition.Lease) error
}

// Ledger knows which mails are recorded.
type Ledger interface {
	// KnownUIDs lists the recorded places of a folder, ascending.
	KnownUIDs(ctx context.Context, mailbox, folder string, uidValidity uint32) ([]uint32, error)
	// Record commits mails with their places, all or none, and returns the ids of those
	// whose bytes were not known. petition.ErrLeaseLost: nothing was recorded.
	Record(ctx context.Context, l petition.Lease, mails []petition.Fetched) ([]int64, error)
}

// Settler knows which recorded mails still wait to be marked or moved on the server.
type Settler interface {
	Unsettled(ctx context.Context, mailbox, folder string, uidValidity uint32) ([]uint32, error)
	Settled(ctx context.Context, l petition.Lease, places []petition.Place) error
	// Moved records where a mail went, so that it is never taken for a new one.
	Moved(ctx context.Context, l petition.Lease, from, to petition.Place) error
}

// Heart is told after every scan how a mailbox is. problem is "" after a good scan,
// else plain words for the organizers.
type Heart interface {
	Heartbeat(ctx context.Context, mailbox string, at time.Time, problem string) error
}

// Box is everything that a poller needs of the store.
type Box interface {
	Leases
	Ledger
	Settler
	Heart
}
