package petition

// AutomaticKind classifies mail that no person wrote (R31, R32, R46).
type AutomaticKind string

// The kinds of automatic mail.
const (
	Human      AutomaticKind = "none"
	AutoAnswer AutomaticKind = "auto_reply"
	AutoBounce AutomaticKind = "bounce"
	AutoList   AutomaticKind = "list"
	AutoReport AutomaticKind = "report" // MDN, ARF, DMARC, TLS
	AutoLoop   AutomaticKind = "loop"   // our own mail, or > 50 Received
	Challenge  AutomaticKind = "challenge"
)

// Automatic says whether a program wrote the mail, and how that was told.
type Automatic struct {
	Kind    AutomaticKind `json:"kind"`
	Certain bool          `json:"certain"` // by a header rather than by wording
	Because string        `json:"because"`
}

// BounceRecipient is one address that a bounce speaks of.
type BounceRecipient struct {
	Address string `json:"address"`
	Action  string `json:"action"` // failed, delayed, delivered
	Status  string `json:"status"` // RFC 3463; x.0.0 when none was given but the outcome is known
	Class   string `json:"class"`  // hard, soft, policy
	Reason  string `json:"reason"` // user_unknown, mailbox_full, …
}

// Bounce is a delivery report (R42–R45).
type Bounce struct {
	Recipients []BounceRecipient `json:"recipients"`
	MessageID  string            `json:"message_id,omitempty"` // of the returned mail: what a bounce is matched by
	EnvelopeID string            `json:"envelope_id,omitempty"`
}

// DKIMResult is one signature's verdict in the words of RFC 8601.
type DKIMResult struct {
	Domain   string   `json:"domain"`
	Selector string   `json:"selector"`
	Result   string   `json:"result"`
	Because  string   `json:"because"`
	Headers  []string `json:"headers,omitempty"` // h=, lower case: what the signature covers
}

// Authentication is what is known of the sender (R47–R50).
type Authentication struct {
	DKIM          []DKIMResult `json:"dkim"`
	ARC           string       `json:"arc"`            // none, pass, fail
	DMARC         string       `json:"dmarc"`          // pass, fail, none, temperror, permerror, unchecked
	AlignedDomain string       `json:"aligned_domain"` // the From domain, where something aligned passed
	SPF           string       `json:"spf,omitempty"`  // from a trusted Authentication-Results only
	By            string       `json:"by,omitempty"`   // "authentication-results", "dkim", or both
}

// Proof condenses an Authentication into what decides (R33, R49).
type Proof string

// The proofs. "unchecked" and "none" both decide as ProofNone.
const (
	AlignedPass Proof = "aligned-pass"
	ProofNone   Proof = "none"
	ProofFail   Proof = "fail"
	TempError   Proof = "temperror"
)

// Proofs lists every proof once.
var Proofs = []Proof{AlignedPass, ProofNone, ProofFail, TempError}

// Proof condenses the verdicts: a pass must be aligned with From to count.
func (a Authentication) Proof() Proof {
	switch {
	case a.AlignedDomain != "" && a.DMARC != "fail":
		return AlignedPass
	case a.DMARC == "fail":
		return ProofFail
	case a.DMARC == "temperror":
		return TempError
	default:
		return ProofNone
	}
}

// Origin is where a mail really comes from.
type Origin struct {
	Automatic      Automatic      `json:"automatic"`
	Bounce         *Bounce        `json:"bounce"`
	Authentication Authentication `json:"authentication"`
	SpamFlagged    bool           `json:"spam_flagged"`  // X-Spam-Flag, X-Spam-Status (R27)
	Oddities       []string       `json:"oddities"`      // two From fields, confusable names, address in display name (R18, R51)
	DNS            []DNSAnswer    `json:"dns,omitempty"` // answers used: a re-reading sees the same
}

// DNSAnswer is one TXT lookup as it was answered at intake.
type DNSAnswer struct {
	Name  string   `json:"name"`
	TXT   []string `json:"txt,omitempty"`
	Error string   `json:"error,omitempty"` // NXDOMAIN, SERVFAIL, TIMEOUT
}
