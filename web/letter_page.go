package web

import (
	"bytes"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"countersign/petition"
)

// letterPage is the data of letter.html: one letter in one language.
type letterPage struct {
	Frame
	Canonical string
	Text      petition.Text
	TextDir   string
	Published time.Time

	Open          bool // a mail that arrives now may sign
	Late          bool // it is closed, but confirmations may still follow
	Deadline      deadline
	Sign          signing
	Organizations int
	Individuals   int
	Countries     int
	Ruler         *ruler // nil: no goal

	Lines   []publicLine // organizations
	People  []publicLine
	Exports string // path before .json and .csv; "" where there are none
	AsOf    time.Time
	Paper   string // the address as one would print it

	Public, Private []string // names of the fields
	Controller      string
	Contact         string
	PrivacyURL      string
	PrivacyText     string
	Keep            time.Time
}

// deadline is an instant with its zone and in UTC, as every page shows it (U06).
type deadline struct {
	At       time.Time // in the campaign's zone; zero: none
	ZoneName string    // "" lets the page's language name the zone
	UTC      time.Time
	OtherDay bool // it is another day in UTC
}

func (s *Server) deadlineOf(c *petition.Campaign, locale string) deadline {
	if c.Closes.IsZero() {
		return deadline{}
	}
	d := deadline{At: c.Closes.In(c.Location()), UTC: c.Closes.UTC(), ZoneName: s.zoneName(c, locale)}
	d.OtherDay = d.At.Format(time.DateOnly) != d.UTC.Format(time.DateOnly)
	return d
}

// zoneName is what the campaign calls its zone, on pages in its own language.
func (s *Server) zoneName(c *petition.Campaign, locale string) string {
	if s.templates.Match(c.Language()) == locale {
		return c.ZoneName
	}
	return ""
}

// signing is how to sign by e-mail.
type signing struct {
	Link    template.HTMLAttr // href="…", see mailto
	Address template.HTML     // for people, see disguised
	Subject string
	Lines   string
}

// ruler is the progress to the goal, drawn in tenths of the longer of both.
type ruler struct {
	Width, Done, Goal int
	Ticks             []int
}

func newRuler(done, goal int) *ruler {
	if goal <= 0 {
		return nil
	}
	r := &ruler{Width: max(done, goal), Done: done, Goal: goal}
	for i := range 4 {
		r.Ticks = append(r.Ticks, goal*i/4)
	}
	return r
}

// renderLetter makes the page that everybody gets until something changes.
func (s *Server) renderLetter(e *edition, lang string) (file, error) {
	page := s.letterPage(e, lang)
	var b bytes.Buffer
	if err := s.templates.Page(&b, page.Locale, "letter", page); err != nil {
		return file{}, err
	}
	return newFile("text/html; charset=utf-8", b.Bytes(), "Accept-Encoding, Accept-Language"), nil
}

func (s *Server) letterPage(e *edition, lang string) letterPage {
	c := e.campaign
	text := c.Text(lang)
	locale := s.templates.Match(lang, c.Language())
	page := letterPage{
		Frame: s.campaignFrame(c, locale, text.Title), Canonical: s.url("/" + c.Slug),
		Text: text, TextDir: direction(text.Language), Published: text.Published.In(c.Location()),
		Open: c.AcceptsNew(e.made), Deadline: s.deadlineOf(c, locale), Sign: s.signing(c, locale),
		AsOf: e.made, Paper: s.base.Host + "/" + c.Slug,
		Controller: c.Controller, Contact: c.Contact, PrivacyURL: safeURL(c.PrivacyURL), PrivacyText: c.PrivacyText, Keep: c.Keep().In(c.Location()),
	}
	page.Late = !page.Open && c.AcceptsConfirmation(e.made)
	page.Index = c.Visibility != petition.Unlisted
	if page.Index {
		page.Exports = "/" + c.Slug + "/signatures"
	} else {
		page.Canonical, page.Paper = "", ""
	}
	for _, tag := range languagesOf(c) {
		page.Languages = append(page.Languages, Language{Tag: tag, Name: s.templates.OwnName(tag), Dir: direction(tag), URL: "?lang=" + url.QueryEscape(tag), Current: tag == text.Language})
	}
	countries := map[string]bool{}
	for _, l := range e.lines {
		if l.Kind == petition.KindIndividual {
			page.People = append(page.People, l)
		} else {
			page.Lines = append(page.Lines, l)
			if l.country != "" {
				countries[l.country] = true
			}
		}
	}
	page.Organizations, page.Individuals, page.Countries = len(page.Lines), len(page.People), len(countries)
	page.Ruler = newRuler(page.Organizations, c.Goal)
	page.Public, page.Private = s.fieldNames(c, locale)
	return page
}

// campaignFrame is the frame of a page that belongs to a campaign.
func (s *Server) campaignFrame(c *petition.Campaign, locale, title string) Frame {
	f := s.frame(locale, title)
	f.Brand, f.BrandURL = c.Name, "/"+c.Slug
	if c.Sender != "" {
		f.Brand = c.Sender
	}
	if c.Visibility == petition.Unlisted {
		f.BrandURL = "/" + c.Slug + "/" + c.Secret
	}
	return f
}

// fields are all fields in the order in which people are told of them.
var fields = []petition.Field{
	petition.FieldOrganization, petition.FieldCity, petition.FieldCountry, petition.FieldWebsite, petition.FieldSignatory, petition.FieldTitle,
}

// fieldNames says in words what of an endorsement is public and what is not (U08).
func (s *Server) fieldNames(c *petition.Campaign, locale string) (public, private []string) {
	for _, f := range fields {
		name := s.templates.T(locale, "field."+string(f), nil)
		if c.IsPublic(f) {
			public = append(public, name)
		} else {
			private = append(private, name)
		}
	}
	return public, append(private, s.templates.T(locale, "field.address", nil))
}

// safeURL is the address if it is a web address, else "".
func safeURL(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return u.String()
}

// ourLanguages is the choice of languages of a page that belongs to no campaign.
func (s *Server) ourLanguages(current string) []Language {
	var list []Language
	for _, tag := range s.templates.Locales() {
		list = append(list, Language{Tag: tag, Name: s.templates.OwnName(tag), Dir: direction(tag), URL: "?lang=" + url.QueryEscape(tag), Current: tag == current})
	}
	return slices.Clip(list)
}
