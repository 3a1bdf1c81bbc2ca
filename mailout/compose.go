package mailout

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"countersign/petition"
	"countersign/templates"
)

// Composer writes notices. It does no I/O and reads no clock: composing the same
// Occasion twice gives the same bytes, so that a mail sent twice after a crash is one mail (R08).
type Composer struct {
	Templates *templates.Set
	Keys      petition.Keys
	BaseURL   string           // of the web pages, without a slash at the end
	From      petition.Address // of notices that belong to no campaign
	Plus      bool             // put the reply reference into Reply-To's plus part (U11: off where the provider drops it)
	VERP      bool             // bounces come back to bounce+REFERENCE@ instead of the sender's address (R37)

	zones sync.Map // name → *time.Location: each is read from a file or an archive
}

// Letter is a notice ready to send.
type Letter struct {
	EnvelopeFrom string
	EnvelopeID   string // for a delivery report (RFC 3461, 4.4)
	To           string
	UTF8         bool   // an address needs SMTPUTF8 (RFC 6531)
	Raw          []byte // the message, lines ending in CRLF
	Masked       string // its text with links and codes masked, to keep
}

// ErrCompose says that a notice cannot be written, now or later.
var ErrCompose = errors.New("the notice cannot be written")

// masked stands where a token or code stood.
const masked = "..."

// Compose writes the notice. Every error wraps ErrCompose: trying again does not help.
func (c *Composer) Compose(o petition.Occasion) (Letter, error) {
	letter, err := c.compose(o)
	if err != nil {
		return Letter{}, fmt.Errorf("%w: %w", ErrCompose, err)
	}
	return letter, nil
}

func (c *Composer) compose(o petition.Occasion) (Letter, error) {
	w := writing{Composer: c, Occasion: o, zone: time.UTC}
	if o.Campaign != nil {
		w.zone = c.zone(o.Campaign)
	}
	var mails []templates.Mail
	for _, locale := range w.locales() {
		m, err := c.Templates.Mail(locale, string(o.Notice.Kind), w.data(locale))
		if err != nil {
			return Letter{}, err
		}
		mails = append(mails, m)
	}
	mail := mails[0]
	if len(mails) > 1 {
		var err error
		if mail, err = c.Templates.Join(mails...); err != nil {
			return Letter{}, err
		}
	}
	letter, err := w.message(mail)
	if err != nil {
		return Letter{}, err
	}
	letter.Masked = mail.Text
	for _, secret := range w.secrets {
		letter.Masked = strings.ReplaceAll(letter.Masked, secret, masked)
	}
	return letter, nil
}

func (c *Composer) zone(of *petition.Campaign) *time.Location {
	if zone, ok := c.zones.Load(of.Zone); ok {
		return zone.(*time.Location)
	}
	zone := of.Location()
	c.zones.Store(of.Zone, zone)
	return zone
}

// writing is one notice being written.
type writing struct {
	*Composer
	petition.Occasion
	zone    *time.Location // the campaign's
	secrets []string       // tokens and codes in the text
}

// locales are the languages of the mail: the reader's, or, where we do not speak
// it, the campaign's and English in one mail.
func (w *writing) locales() []string {
	campaign := "en"
	if w.Campaign != nil {
		campaign = w.Templates.Match(w.Campaign.Language())
	}
	switch {
	case w.Notice.Locale == "" || w.Notice.Locale == "und":
		return []string{campaign}
	case w.Templates.Speaks(w.Notice.Locale):
		return []string{w.Templates.Match(w.Notice.Locale)}
	case campaign == "en" || w.Notice.Kind.ToOrganizers():
		return []string{campaign}
	default:
		return []string{campaign, "en"}
	}
}

// link makes the address of a page whose token carries the purpose.
func (w *writing) link(path string, p petition.Purpose) string {
	token := w.Keys.Link(p, &w.Notice)
	w.secrets = append(w.secrets, token)
	return w.BaseURL + path + token
}

func (w *writing) confirmLink() string { return w.link("/c/", petition.PurposeConfirm) }

func (w *writing) code() string {
	code := w.Keys.Code(&w.Notice)
	w.secrets = append(w.secrets, code)
	return code
}
