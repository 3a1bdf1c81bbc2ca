package petition

import (
	"slices"
	"time"
)

// Verification is the signer's side of a version: proof that the mailbox's owner means it.
type Verification string

// The states of verification.
const (
	Awaiting    Verification = "awaiting"
	Undecided   Verification = "undecided" // somebody else must decide first (U13): not listed, not nagged
	Confirmed   Verification = "confirmed"
	Disputed    Verification = "disputed"    // "this was not me", or two people of one organization differ
	Unreachable Verification = "unreachable" // the request bounced for good
	Expired     Verification = "expired"
)

// Review is the organizer's side of a version.
type Review string

// The states of review.
const (
	Pending  Review = "pending"
	Approved Review = "approved"
	Declined Review = "declined"
)

// Channel is the way by which something reached us.
type Channel string

// The channels.
const (
	ByMail    Channel = "mail" // a first mail, or one that no notice asked for
	ByReply   Channel = "reply"
	ByLink    Channel = "link"
	ByForm    Channel = "form"
	ByDesk    Channel = "desk"
	ByHand    Channel = "hand"
	ByImport  Channel = "import"
	ByProgram Channel = "program" // a clock, a bounce, a rule of the campaign
)

// Fields is what an endorsement says at one moment.
type Fields struct {
	Kind      Kind   `json:"kind"`
	Name      string `json:"name"`                 // the organization as it writes itself, or the person
	OtherName string `json:"other_name,omitempty"` // in the letter's language, optional (U22)
	City      string `json:"city,omitempty"`
	Country   string `json:"country,omitempty"` // ISO 3166 alpha-2 where known, else as written
	Website   string `json:"website,omitempty"`
	Signatory string `json:"signatory,omitempty"`
	Title     string `json:"title,omitempty"`
	Contact   string `json:"contact,omitempty"` // the address that we ask
}

// Version is the fields of an endorsement as they stood at one moment, with the
// two decisions that were made on exactly these fields.
type Version struct {
	N            int
	Fields       Fields
	Channel      Channel
	MailID       int64 // 0: not from a mail
	CreatedAt    time.Time
	TextVersion  int    // the letter's version that was shown or meant
	TextLanguage string // and in which language
	Verification Verification
	VerifiedAt   time.Time
	Confirmer    Person // who confirmed
	Review       Review
	ReviewedAt   time.Time
	ReviewedBy   int64 // organizer; 0: a rule of the campaign
	Reason       string
}

// Endorsement is one organization's or person's signature on one campaign, through its whole life.
type Endorsement struct {
	ID             int64
	CampaignID     int64
	OrganizationID int64 // 0 for a person
	RequestID      int64 // the mail that first named it: endorsements of one mail are asked for together
	Revision       int64 // counts events; a stale form is told
	Channel        Channel
	Locale         string // in which we write to the signer
	Confidence     Confidence
	Aligned        bool // the mail that named it came aligned-pass
	Invited        bool
	Writer         Person // who wrote the mail
	CreatedAt      time.Time
	ArrivedAt      time.Time // INTERNALDATE of the mail that named it: what counts against the deadline (U06)
	WithdrawnAt    time.Time // zero: stands
	ErasingAt      time.Time // its persons are to be erased and shown nowhere since; zero: not. See Gone
	HiddenAt       time.Time // hidden until an organizer decides (U20, trap 2); zero: not hidden
	Withheld       bool      // name known to the organizers only (U24)
	Group          string
	Number         int       // given at the first listing, never reused (U18); 0 before
	ListedAt       time.Time // first listing
	DuplicateOf    int64     // suggested, never merged by itself
	Late           bool      // arrived after the deadline; no longer on hold: an organizer accepts it all the same
	OnHold         string    // why a person must look before anything is asked: "", "authentication", "older", …
	Versions       []Version // oldest first; never empty
}

// Current is the newest version.
func (e *Endorsement) Current() *Version { return &e.Versions[len(e.Versions)-1] }

// Accepted reports whether an organizer has accepted it although it came too late (U06).
func (e *Endorsement) Accepted() bool { return e.Late && e.OnHold == "" }

// Asks reports whether what went to the address to show version n still speaks for
// the endorsement: not once an organizer has put another contact in its place.
// Somebody whom the signer named to decide (U13) was never the contact, and stays asked.
func (e *Endorsement) Asks(address string, n int) bool {
	address = CanonicalAddress(address)
	v := e.Version(n)
	return v == nil || CanonicalAddress(v.Fields.Contact) != address || CanonicalAddress(e.Current().Fields.Contact) == address
}

// Version returns version n, or nil.
func (e *Endorsement) Version(n int) *Version {
	for i := range e.Versions {
		if e.Versions[i].N == n {
			return &e.Versions[i]
		}
	}
	return nil
}

// WasConfirmed reports whether any version has the signer's yes.
func (e *Endorsement) WasConfirmed() bool {
	return slices.ContainsFunc(e.Versions, func(v Version) bool { return v.Verification == Confirmed })
}

// Listed is the one predicate: the newest version that is both confirmed and
// approved, unless the endorsement is gone or hidden. A correction under way
// leaves the old line standing, and persons who are to be erased are not in it.
// Everything that publishes or counts asks this.
func (e *Endorsement) Listed() (Version, bool) {
	if e.Gone() || !e.HiddenAt.IsZero() {
		return Version{}, false
	}
	for _, v := range slices.Backward(e.Versions) {
		if v.Verification == Confirmed && v.Review == Approved {
			if !e.ErasingAt.IsZero() {
				v.Fields, v.Confirmer = v.Fields.withoutPersons(), Person{}
			}
			return v, true
		}
	}
	return Version{}, false
}

// State is the endorsement's state in one word, as the table of answers (U04) knows it.
type State string

// The states. New is the absence of an endorsement.
const (
	StateNew       State = "new"
	StateAwaiting  State = "awaiting"
	StateUndecided State = "undecided"
	StateConfirmed State = "confirmed" // waits for an organizer
	StateListed    State = "listed"
	StateWithdrawn State = "withdrawn"
	StateDeclined  State = "declined"
)

// State condenses verification and review for the table of answers.
func (e *Endorsement) State() State {
	if e == nil {
		return StateNew
	}
	if e.Gone() {
		return StateWithdrawn
	}
	if _, ok := e.Listed(); ok {
		return StateListed
	}
	v := e.Current()
	switch {
	case v.Review == Declined:
		return StateDeclined
	case v.Verification == Confirmed:
		return StateConfirmed
	case v.Verification == Undecided:
		return StateUndecided
	default:
		return StateAwaiting
	}
}

// Organization is who signs, known by its identity keys over all campaigns.
type Organization struct {
	ID         int64
	Name       string
	MergedInto int64    // 0: stands for itself
	Keys       []string // see IdentityKeys
}
