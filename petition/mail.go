package petition

import "time"

// Place is where a mail lies on a server (R01). The mailbox is the configured
// name, never the host; a UID means nothing without its UIDVALIDITY.
type Place struct {
	Mailbox     string
	Folder      string
	UIDValidity uint32
	UID         uint32
}

// Fetched is a mail as it came from a mailbox, before anything is understood.
type Fetched struct {
	Place    Place
	Received time.Time // INTERNALDATE
	Size     int64     // RFC822.SIZE
	Raw      []byte    // the bytes exactly as sent; only the header where Partial
	Partial  bool      // larger than the limit: only the header was fetched (R15)
	Spam     bool      // lies in a junk folder, watched read-only (R27)
}

// MailState is what has become of a recorded mail.
type MailState string

// The states of a mail.
const (
	MailRecorded    MailState = "recorded"    // bytes committed, not yet read
	MailRead        MailState = "read"        // a reading is stored, not yet decided
	MailDecided     MailState = "decided"     // Disposition says what came of it
	MailQuarantined MailState = "quarantined" // reading did not finish twice: a person looks
)

// Header is what deciding needs of a message's header, decoded.
type Header struct {
	MessageID  string    `json:"message_id"`
	InReplyTo  []string  `json:"in_reply_to"`
	References []string  `json:"references"`
	Date       time.Time `json:"date"`
	Subject    string    `json:"subject"`
	From       []Address `json:"from"`
	Recipients []string  `json:"recipients"` // Delivered-To, X-Original-To, Envelope-To, then To, Cc: canonical, in this order, once each
	Delivered  []string  `json:"delivered"`  // of those, Delivered-To, X-Original-To and Envelope-To
	TopHop     time.Time `json:"top_hop"`    // date of the topmost Received; zero when there is none
}

// Mail is one received message with what was understood of it.
type Mail struct {
	ID       int64
	SHA256   string
	Size     int64
	Mailbox  string // where it was first found
	Received time.Time
	Partial  bool
	Spam     bool
	State    MailState
	Attempts int // readings begun
	Raw      []byte

	Header     Header
	Origin     Origin
	Reading    Reading
	References []Reference // reply references of ours found in the mail, best first (R28)
	Codes      []string    // printed codes found in the text, new or quoted, in canonical form
	Similar    string      // hash over From, Date, Message-ID, Subject and body: the same submission by another way (R06)
	NewText    string      // what the sender wrote, at most 64 kB; purged with the raw bytes
}

// From is the one sender, canonical, or "" where there is none or more than one (R18).
func (m *Mail) From() string {
	if len(m.Header.From) != 1 {
		return ""
	}
	return CanonicalAddress(m.Header.From[0].Address)
}

// FromName is the display name of the one sender.
func (m *Mail) FromName() string {
	if len(m.Header.From) != 1 {
		return ""
	}
	return m.Header.From[0].Name
}

// Oldest is the oldest of INTERNALDATE, Date and topmost Received: what answer_within is measured from (R58).
// A Date that lies after the arrival says nothing about age.
func (m *Mail) Oldest() time.Time {
	oldest := m.Received
	for _, t := range []time.Time{m.Header.Date, m.Header.TopHop} {
		if !t.IsZero() && t.Before(oldest) {
			oldest = t
		}
	}
	return oldest
}

// Understanding is what the intake stores once a mail has been read.
type Understanding struct {
	MailID     int64
	Header     Header
	Origin     Origin
	Reading    Reading
	References []Reference
	Codes      []string
	Similar    string
	NewText    string
}
