package petition

import "time"

// NoticeKind names a mail that we send. Its text is templates/mail/KIND.
type NoticeKind string

// The kinds of notice. M1–M5 are the mails of docs/rules.md.
const (
	NoticeRequest       NoticeKind = "request"        // M1: is this correct?
	NoticeReceived      NoticeKind = "received"       // M2A: thank you, a person reads it
	NoticeListed        NoticeKind = "listed"         // M2B: on the list
	NoticeReminder      NoticeKind = "reminder"       // M3
	NoticeNotUnderstood NoticeKind = "not_understood" // M4
	NoticeQuestion      NoticeKind = "question"       // M5, to organizers
	NoticeWaiting       NoticeKind = "waiting"        // received, somebody else must decide first
	NoticeCorrected     NoticeKind = "corrected"      // the line before and now
	NoticeDeclined      NoticeKind = "declined"
	NoticeTooLate       NoticeKind = "too_late"
	NoticeAlready       NoticeKind = "already_signed" // one line, kind
	NoticeNewLink       NoticeKind = "new_link"
	NoticeOrganizations NoticeKind = "only_organizations"
	NoticeWithdrawn     NoticeKind = "withdrawn"
	NoticeRefused       NoticeKind = "refused"     // their NO: nothing is published
	NoticeProveLink     NoticeKind = "prove"       // a link for a purpose, to the address on file (R60)
	NoticeUseLink       NoticeKind = "use_link"    // their YES cannot count: please use the page
	NoticeThanks        NoticeKind = "thanks"      // good wishes or a polite no: thank you, nothing is published
	NoticeAcknowledge   NoticeKind = "acknowledge" // a question or other mail of a person: a person answers
	NoticeForwarder     NoticeKind = "forwarder"   // R19: please ask them to write themselves
	NoticeNote          NoticeKind = "note"        // 48 h before closing, to those not decided yet
	NoticeAsk           NoticeKind = "ask"         // an organizer asks the signer
	NoticeAnswer        NoticeKind = "answer"      // an organizer's answer to a signer's question
	NoticeErasing       NoticeKind = "erasing"     // the persons' data will be erased, can be undone
	NoticeData          NoticeKind = "data"        // what we keep of the reader (R60)
	NoticeRemoved       NoticeKind = "removed"     // "we did not ask for this": removed, can be undone
	NoticeDigest        NoticeKind = "digest"      // to organizers, daily
	NoticeSignIn        NoticeKind = "sign_in"
	NoticeAlert         NoticeKind = "alert" // to organizers: something stands still
	NoticeCheck         NoticeKind = "check" // `countersign check` to itself
)

// NoticeState is where a notice stands on its way out.
type NoticeState string

// The states of a notice.
const (
	NoticeDue     NoticeState = "due"
	NoticeSending NoticeState = "sending" // an attempt is committed; after its lease it is due again
	NoticeSent    NoticeState = "sent"
	NoticeFailed  NoticeState = "failed"  // 5xx, or two days of 4xx
	NoticeHeld    NoticeState = "held"    // an organizer must release it (R59)
	NoticeDropped NoticeState = "dropped" // overtaken: what it would have said is no longer true
)

// Shown is one version that a notice shows.
type Shown struct {
	EndorsementID int64 `json:"endorsement"`
	Version       int   `json:"version"`
}

// Details is what a notice says besides the versions that it shows. Pinned when queued.
type Details struct {
	WroteAt   time.Time `json:"wrote_at,omitzero"`    // when their mail arrived
	Missing   string    `json:"missing,omitempty"`    // not_understood: see Reading.Missing
	Before    []Shown   `json:"before,omitempty"`     // corrected: the lines before
	Purpose   Purpose   `json:"purpose,omitempty"`    // prove: what the link is for
	Text      string    `json:"text,omitempty"`       // ask, answer, declined, question: words of a person, cleaned
	Who       string    `json:"who,omitempty"`        // question: "City Library Lindenau"; sign_in: the browser
	From      string    `json:"from,omitempty"`       // question: the writer's address
	Language  string    `json:"language,omitempty"`   // question: the language of the mail
	Checked   string    `json:"checked,omitempty"`    // question: the sender's Proof
	AlsoSigns bool      `json:"also_signs,omitempty"` // question: they want to sign, too
	SignIn    int64     `json:"sign_in,omitempty"`    // sign_in: the attempt whose link this mail carries
	AskedBy   string    `json:"asked_by,omitempty"`   // ask, answer: name of the organizer
	Nth       int       `json:"nth,omitempty"`        // reminder: first or second
	CanReply  bool      `json:"can_reply,omitempty"`  // an answer by mail can count (U03)
	Asks      bool      `json:"asks,omitempty"`       // corrected: the new line still needs a yes
	Counts    []Count   `json:"counts,omitempty"`     // digest
}

// Count is one line of a digest.
type Count struct {
	What string `json:"what"`
	N    int    `json:"n"`
}

// Notice is one mail that we send. Everything that its text is made of is pinned
// when it is queued, together with its Message-ID and DedupeKey: sending it twice
// after a crash sends the same mail (R08).
type Notice struct {
	ID         int64
	Kind       NoticeKind
	CampaignID int64 // 0: of the installation (sign-in, alert)
	To         string
	Locale     string
	DedupeKey  string // "request:E12:v2", unique
	MessageID  string // no angle brackets; fixed by the store at insert from the id (see Keys.MessageID)
	InReplyTo  string
	References []string
	Subject    string // of the mail it answers, where the thread keeps it
	MailID     int64  // the mail it answers; 0: none
	Shows      []Shown
	Details    Details
	QueuedAt   time.Time
	DueAt      time.Time
	ExpiresAt  time.Time // its links and codes count until then; zero: never
	State      NoticeState
	Attempts   int
	LastError  string
	SentAt     time.Time
	CodeTries  int    // wrong printed codes that named this notice
	SentText   string // as sent, links and codes masked
}

// Settlement is what became of one attempt to send a notice.
type Settlement struct {
	ID       int64
	Attempts int         // as claimed: a settlement of an older attempt changes nothing
	State    NoticeState // sent, failed, or due (again)
	DueAt    time.Time   // due: when to try again
	Error    string      // what the server said, for organizers; never shown to signers
	Text     string      // sent: the text with links and codes masked
}

// Occasion is everything that a notice's text is made of besides the notice itself.
type Occasion struct {
	Notice        Notice
	Campaign      *Campaign      // nil for notices of the installation
	Endorsements  []*Endorsement // those in Notice.Shows and Details.Before, each once
	Organizations int            // listed today; for NoticeListed only
	Countries     int            // of the listed organizations; for NoticeListed only
}

// Priority is the order of sending: sign-in, requests, receipts, the rest (U11). Lower goes first.
func (k NoticeKind) Priority() int {
	switch k {
	case NoticeSignIn:
		return 0
	case NoticeRequest, NoticeNewLink, NoticeProveLink, NoticeUseLink:
		return 1
	case NoticeReminder, NoticeDigest, NoticeNote, NoticeAlert:
		return 3
	default:
		return 2
	}
}

// ToOrganizers reports whether the notice goes to our own people, not to a signer.
func (k NoticeKind) ToOrganizers() bool {
	switch k {
	case NoticeQuestion, NoticeDigest, NoticeSignIn, NoticeAlert, NoticeCheck:
		return true
	default:
		return false
	}
}

// Overtakes names the kinds that a notice of kind k makes untrue: those of the same
// endorsement that are not yet sent are dropped.
func (k NoticeKind) Overtakes() []NoticeKind {
	asking := []NoticeKind{NoticeRequest, NoticeReminder, NoticeNewLink, NoticeUseLink, NoticeNote, NoticeCorrected}
	switch k {
	case NoticeRequest, NoticeNewLink, NoticeUseLink, NoticeCorrected:
		return []NoticeKind{NoticeReminder, NoticeNote}
	case NoticeReceived:
		return asking
	case NoticeListed, NoticeDeclined:
		return append(asking, NoticeReceived)
	case NoticeWithdrawn, NoticeRefused, NoticeRemoved, NoticeErasing:
		return append(asking, NoticeReceived, NoticeListed)
	default:
		return nil
	}
}
