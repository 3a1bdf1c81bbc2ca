package petition

import "slices"

// Intent is what a mail wants (docs/rules.md, U-facts: a mail may have several).
type Intent string

// The intents, in the words of `countersign read`.
const (
	SignOn      Intent = "sign_on"
	Withdraw    Intent = "withdraw"
	Correction  Intent = "correction"
	VerifyYes   Intent = "verify_yes"
	VerifyNo    Intent = "verify_no"
	Question    Intent = "question"
	SupportOnly Intent = "support_only" // good wishes, no signature
	Decline     Intent = "decline"      // will not sign
	Conditional Intent = "conditional"  // only if something changes, or provisional: never listed yet
	AutoReply   Intent = "auto_reply"
	BounceMail  Intent = "bounce"
	Spam        Intent = "spam" // also newsletters, press releases, other campaigns
	OtherIntent Intent = "other"
)

// Intents lists every intent once, in the order of the table in docs/rules.md.
var Intents = []Intent{SignOn, Withdraw, Correction, VerifyYes, VerifyNo, Question, SupportOnly, Decline, Conditional, AutoReply, BounceMail, Spam, OtherIntent}

// Confidence says how sure the reader is. High means: at least 99 of 100 such readings are right.
type Confidence string

// The three degrees of confidence.
const (
	High   Confidence = "high"
	Medium Confidence = "medium"
	Low    Confidence = "low"
)

// Kind tells an organization's signature from a person's.
type Kind string

// The kinds of signer.
const (
	KindOrganization Kind = "organization"
	KindIndividual   Kind = "individual"
)

// Source names a text that evidence points into.
type Source string

// The sources; attachment N (counting from 0) is "attachment:N".
const (
	SourceNewText   Source = "new_text"
	SourceSignature Source = "signature_text"
	SourceSubject   Source = "subject"
	SourceFrom      Source = "from"
	SourceDomain    Source = "domain"
)

// Evidence is where a field was read: byte offsets Start ≤ End into the named source.
type Evidence struct {
	Field  string `json:"field"` // "name", "city", "intent", …
	Source Source `json:"source"`
	Start  int    `json:"start"`
	End    int    `json:"end"`
}

// Claim is one organization (or person) for which a mail acts.
type Claim struct {
	Name     string     `json:"name"`
	Kind     Kind       `json:"kind"`
	Country  string     `json:"country,omitempty"` // as written in the mail
	City     string     `json:"city,omitempty"`
	Website  string     `json:"website,omitempty"`
	Replaces string     `json:"replaces,omitempty"` // correction: the name that stood before, where the mail says it
	Evidence []Evidence `json:"evidence"`
}

// Signatory is a person named as signing.
type Signatory struct {
	Name         string     `json:"name"`
	Title        string     `json:"title"`
	Organization string     `json:"organization,omitempty"` // which claim, where several are named
	Evidence     []Evidence `json:"evidence"`
}

// Reading is what one mail says, each part with its evidence. It is immutable:
// a newer reader adds a reading, it never changes one.
type Reading struct {
	Reader        string      `json:"reader"`   // version of the reader's rules
	Language      string      `json:"language"` // BCP 47 of the new text, "und" when it cannot be told
	Intent        Intent      `json:"intent"`
	Also          []Intent    `json:"also"`
	Organizations []Claim     `json:"organizations"`
	Signatories   []Signatory `json:"signatories"`
	ContactEmail  string      `json:"contact_email"`
	Confidence    Confidence  `json:"confidence"`
	Forwarded     bool        `json:"forwarded"`       // the sign-on stands in a forwarded mail: the writer is not the signer (R19)
	Undecided     bool        `json:"undecided"`       // "our board decides on Monday": somebody else must decide first (U13)
	Missing       string      `json:"missing"`         // what could not be read: "", "organization", "encrypted", "attachment", "size" (M4)
	Candidates    []string    `json:"candidates"`      // further names, best first, for an organizer
	Unclear       bool        `json:"unclear"`         // an answer with a condition, a negation or another name: a person decides (R29)
	Evidence      []Evidence  `json:"evidence"`        // of the intent
	Wants         Purpose     `json:"wants,omitempty"` // see or erase: what the writer asks about the data that we keep (R60)
}

// Has reports whether the mail has the intent, first or further.
func (r Reading) Has(i Intent) bool {
	if r.Intent == i {
		return true
	}
	return slices.Contains(r.Also, i)
}
