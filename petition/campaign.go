package petition

import (
	"slices"
	"strings"
	"time"
)

// CampaignState is where a campaign stands in its life.
type CampaignState string

// The states of a campaign.
const (
	Draft  CampaignState = "draft" // not public, mails wait for an organizer
	Open   CampaignState = "open"
	Closed CampaignState = "closed" // closed by hand; a passed deadline closes without this state
)

// Visibility says who may see a campaign's page (U19).
type Visibility string

// The visibilities. Unlisted needs the secret part of its address.
const (
	Public   Visibility = "public"
	Unlisted Visibility = "unlisted"
	Embargo  Visibility = "embargo"
)

// Listing says when a confirmed endorsement stands on the list (U07).
type Listing string

// The listing rules.
const (
	AfterReview   Listing = "after_review"
	WhenConfirmed Listing = "when_confirmed"
	InvitedAtOnce Listing = "invited_at_once"
)

// Field names one field of a version that may be public (U08).
type Field string

// The fields of a version.
const (
	FieldOrganization Field = "organization"
	FieldCity         Field = "city"
	FieldCountry      Field = "country"
	FieldWebsite      Field = "website"
	FieldSignatory    Field = "signatory"
	FieldTitle        Field = "title"
)

// DefaultPublic is what is public when a campaign says nothing else (U08).
var DefaultPublic = []Field{FieldOrganization, FieldCity, FieldCountry}

// Campaign is a petition or open letter: who runs it, what is public, when it closes.
type Campaign struct {
	ID       int64
	Slug     string // in URLs; [a-z0-9-]
	State    CampaignState
	Revision int64 // counts changes of settings and texts; a stale form is told
	Settings
	Texts []Text // the current version in each language, default language first
}

// Settings is what an organizer chooses for a campaign. It is stored as JSON.
type Settings struct {
	Name        string        `json:"name"`      // short, as in `letter "Open on Sunday"`; default language
	Recipient   string        `json:"recipient"` // "the Ministry of Culture"
	Addresses   []string      `json:"addresses"` // where people write; the first one answers
	Sender      string        `json:"sender"`    // display name of our mails
	Languages   []string      `json:"languages"` // BCP 47; the first is the default
	Zone        string        `json:"zone"`      // IANA zone of every date of this campaign
	ZoneName    string        `json:"zone_name"` // what people call it: "Brussels time"
	Closes      time.Time     `json:"closes"`    // zero: no deadline
	Grace       time.Duration `json:"grace"`     // confirmations may follow until Closes+Grace
	Delivers    time.Time     `json:"delivers"`  // when the letter is handed over; zero: not said
	Goal        int           `json:"goal"`
	Visibility  Visibility    `json:"visibility"`
	Secret      string        `json:"secret"` // unlisted: the last part of the address
	EmbargoEnds time.Time     `json:"embargo_ends"`
	Listing     Listing       `json:"listing"`
	Public      []Field       `json:"public"`
	Individuals bool          `json:"individuals"` // persons may sign, too
	Groups      []string      `json:"groups"`
	Controller  string        `json:"controller"` // who is responsible for the data
	Contact     string        `json:"contact"`    // a person: name, team, telephone
	PrivacyURL  string        `json:"privacy_url"`
	PrivacyText string        `json:"privacy_text"` // Markdown
	KeepUntil   time.Time     `json:"keep_until"`   // personal data are kept until then; zero: six months after Closes
}

// DefaultGrace is how long after the deadline a confirmation may follow (U06).
const DefaultGrace = 48 * time.Hour

// TextChange says what a new version of the letter means to those who signed (U15).
type TextChange string

// The kinds of change.
const (
	SmallChange     TextChange = "small"
	ChangeSubstance TextChange = "of_substance"
)

// Text is the letter in one language. All languages of a version share N; one of them is binding.
type Text struct {
	N         int
	Language  string
	Binding   bool
	Title     string
	Addressee string // "To everyone who sets the opening hours of a public library"
	Body      string // Markdown
	Change    TextChange
	Published time.Time
}

// Text returns the letter in the language, else in the campaign's default language.
func (c *Campaign) Text(language string) Text {
	for _, t := range c.Texts {
		if t.Language == language {
			return t
		}
	}
	if len(c.Texts) > 0 {
		return c.Texts[0]
	}
	return Text{Title: c.Name}
}

// NameIn is what the letter is called in the language: its title there, or the
// campaign's own short name in the default language and in those without a text.
func (c *Campaign) NameIn(language string) string {
	if t := c.Text(language); t.Language == language && language != c.Language() && t.Title != "" {
		return t.Title
	}
	return c.Name
}

// TextVersion is the number of the current version of the letter, 0 before the first.
func (c *Campaign) TextVersion() int {
	n := 0
	for _, t := range c.Texts {
		n = max(n, t.N)
	}
	return n
}

// Language returns the campaign's default language, "en" where none is set.
func (c *Campaign) Language() string {
	if len(c.Languages) == 0 {
		return "en"
	}
	return c.Languages[0]
}

// Address is the campaign's own address, from which its mails come.
func (c *Campaign) Address() string {
	if len(c.Addresses) == 0 {
		return ""
	}
	return c.Addresses[0]
}

// Location is the campaign's zone, UTC where it is not set or unknown.
func (c *Campaign) Location() *time.Location {
	if loc, err := time.LoadLocation(c.Zone); err == nil {
		return loc
	}
	return time.UTC
}

// AcceptsNew reports whether a mail that arrived at the instant may still sign (U06).
func (c *Campaign) AcceptsNew(arrived time.Time) bool {
	return c.State == Open && (c.Closes.IsZero() || !arrived.After(c.Closes))
}

// AcceptsConfirmation reports whether a signer who wrote in time may still confirm (U06).
func (c *Campaign) AcceptsConfirmation(at time.Time) bool {
	return c.State == Open && (c.Closes.IsZero() || !at.After(c.Closes.Add(c.Grace)))
}

// IsPublic reports whether the field is public. The name always is: it is the signature.
func (c *Campaign) IsPublic(f Field) bool {
	return f == FieldOrganization || slices.Contains(c.Public, f)
}

// Visible reports whether the page may be shown to somebody who knows secret ("" for a passer-by).
func (c *Campaign) Visible(now time.Time, secret string) bool {
	if c.State == Draft {
		return false
	}
	switch c.Visibility {
	case Unlisted:
		return c.Secret != "" && secret == c.Secret
	case Embargo:
		return !now.Before(c.EmbargoEnds)
	default:
		return true
	}
}

// MissingToOpen names the settings without which a campaign must not open (U08), in the words of the settings.
func (c *Campaign) MissingToOpen() []string {
	var missing []string
	need := func(ok bool, name string) {
		if !ok {
			missing = append(missing, name)
		}
	}
	need(c.Name != "", "name")
	need(len(c.Addresses) > 0, "addresses")
	need(len(c.Texts) > 0, "text")
	need(strings.TrimSpace(c.Controller) != "", "controller")
	need(strings.TrimSpace(c.Contact) != "", "contact")
	need(c.PrivacyURL != "" || c.PrivacyText != "", "privacy_url or privacy_text")
	return missing
}

// Keep is until when personal data are kept: KeepUntil, else six months after the deadline, else zero.
func (c *Campaign) Keep() time.Time {
	if !c.KeepUntil.IsZero() || c.Closes.IsZero() {
		return c.KeepUntil
	}
	return c.Closes.AddDate(0, 6, 0)
}
