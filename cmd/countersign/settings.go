package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"countersign/petition"
)

// settingFlags are the settings of a campaign as flags. A flag that is not given changes nothing.
type settingFlags struct {
	Name        *string           `help:"Short name, as in: letter \"Open on Sunday\"."`
	Recipient   *string           `help:"To whom the letter goes."`
	Address     []string          `help:"Where people write; the first one answers."`
	Sender      *string           `help:"Display name of our mails."`
	Language    []string          `help:"Languages, the default first, like en,de."`
	Zone        *string           `help:"Zone of all dates, like Europe/Brussels."`
	ZoneName    *string           `help:"What people call it, like \"Brussels time\"."`
	Closes      *string           `help:"Deadline in that zone, like \"2026-05-26 18:00\"; \"\" for none."`
	Grace       *string           `help:"How long after it a confirmation may follow, like 48h."`
	Delivers    *string           `help:"When the letter is handed over."`
	Goal        *int              `help:"How many signatures are hoped for."`
	Visibility  *string           `help:"public, unlisted or embargo."`
	Secret      *string           `help:"Unlisted: the last part of the address."`
	EmbargoEnds *string           `help:"Embargo: until when."`
	Listing     *string           `help:"after_review, when_confirmed or invited_at_once."`
	Public      []string          `help:"Fields that are public: organization,city,country,website,signatory,title."`
	Individuals *bool             `negatable:"" help:"Persons may sign, too."`
	Group       []string          `help:"Groups of the list, in order."`
	Controller  *string           `help:"Who is responsible for the data."`
	Contact     *string           `help:"A person: name, team, telephone."`
	PrivacyURL  *string           `name:"privacy-url" help:"Address of the privacy statement."`
	PrivacyText string            `type:"existingfile" help:"File with the privacy statement (Markdown)."`
	KeepUntil   *string           `help:"Until when personal data are kept."`
	Text        map[string]string `placeholder:"LANGUAGE=FILE" help:"The letter in a language (Markdown; its first heading is the title). All languages of a version together; the first of the campaign's languages is binding."`
}

// apply changes what the flags name.
func (f *settingFlags) apply(s *petition.Settings) error {
	for _, p := range []struct {
		from *string
		to   *string
	}{
		{f.Name, &s.Name},
		{f.Recipient, &s.Recipient},
		{f.Sender, &s.Sender},
		{f.Zone, &s.Zone},
		{f.ZoneName, &s.ZoneName},
		{f.Secret, &s.Secret},
		{f.Controller, &s.Controller},
		{f.Contact, &s.Contact},
		{f.PrivacyURL, &s.PrivacyURL},
	} {
		if p.from != nil {
			*p.to = strings.TrimSpace(*p.from)
		}
	}
	if f.Goal != nil {
		s.Goal = *f.Goal
	}
	if f.Individuals != nil {
		s.Individuals = *f.Individuals
	}
	if f.Group != nil {
		s.Groups = f.Group
	}
	for _, step := range []func(*petition.Settings) error{f.applyLists, f.applyChoices, f.applyDates, f.applyPrivacy} {
		if err := step(s); err != nil {
			return err
		}
	}
	return nil
}

func (f *settingFlags) applyLists(s *petition.Settings) error {
	if f.Address != nil {
		s.Addresses = nil
		for _, a := range f.Address {
			if err := checkAddress(a); err != nil {
				return err
			}
			s.Addresses = append(s.Addresses, petition.CanonicalAddress(a))
		}
	}
	if f.Language != nil {
		s.Languages = nil
		for _, l := range f.Language {
			tag, err := language.Parse(l)
			if err != nil {
				return fmt.Errorf("--language: %q is no language", l)
			}
			s.Languages = append(s.Languages, tag.String())
		}
	}
	if f.Public != nil {
		known := []petition.Field{
			petition.FieldOrganization, petition.FieldCity, petition.FieldCountry,
			petition.FieldWebsite, petition.FieldSignatory, petition.FieldTitle,
		}
		s.Public = nil
		for _, name := range f.Public {
			if !slices.Contains(known, petition.Field(name)) {
				return fmt.Errorf("--public: %q is no field; there are %v", name, known)
			}
			s.Public = append(s.Public, petition.Field(name))
		}
	}
	return nil
}

func (f *settingFlags) applyChoices(s *petition.Settings) error {
	if f.Visibility != nil {
		if err := oneOf(*f.Visibility, []string{string(petition.Public), string(petition.Unlisted), string(petition.Embargo)}); err != nil {
			return fmt.Errorf("--visibility: %w", err)
		}
		s.Visibility = petition.Visibility(*f.Visibility)
	}
	if f.Listing != nil {
		if err := oneOf(*f.Listing, []string{string(petition.AfterReview), string(petition.WhenConfirmed), string(petition.InvitedAtOnce)}); err != nil {
			return fmt.Errorf("--listing: %w", err)
		}
		s.Listing = petition.Listing(*f.Listing)
	}
	if s.Visibility == petition.Unlisted && len(s.Secret) < 12 {
		return fmt.Errorf("--secret: an unlisted page needs one of at least 12 letters")
	}
	return nil
}

func (f *settingFlags) applyDates(s *petition.Settings) error {
	loc, err := time.LoadLocation(s.Zone)
	if err != nil || s.Zone == "Local" {
		return fmt.Errorf("--zone: %q is no zone like Europe/Brussels", s.Zone)
	}
	for _, d := range []struct {
		flag string
		from *string
		to   *time.Time
	}{
		{"--closes", f.Closes, &s.Closes},
		{"--delivers", f.Delivers, &s.Delivers},
		{"--embargo-ends", f.EmbargoEnds, &s.EmbargoEnds},
		{"--keep-until", f.KeepUntil, &s.KeepUntil},
	} {
		if d.from == nil {
			continue
		}
		if *d.from == "" {
			*d.to = time.Time{}
			continue
		}
		if *d.to, err = parseDate(*d.from, loc); err != nil {
			return fmt.Errorf("%s: %w", d.flag, err)
		}
	}
	if f.Grace != nil {
		var grace duration
		if err := grace.UnmarshalText([]byte(*f.Grace)); err != nil {
			return fmt.Errorf("--grace: %w", err)
		}
		s.Grace = time.Duration(grace)
	}
	return nil
}

func (f *settingFlags) applyPrivacy(s *petition.Settings) error {
	if f.PrivacyText == "" {
		return nil
	}
	b, err := os.ReadFile(f.PrivacyText)
	if err != nil {
		return fmt.Errorf("--privacy-text: %w", err)
	}
	s.PrivacyText = strings.TrimSpace(string(b))
	return nil
}

// texts reads the files of --text as one new version of the letter, the campaign's
// default language first.
func (f *settingFlags) texts(c *petition.Campaign) ([]petition.Text, error) {
	if len(f.Text) == 0 {
		return nil, nil
	}
	for lang := range f.Text {
		if !slices.Contains(c.Languages, lang) {
			return nil, fmt.Errorf("--text: %s is none of the campaign's languages (%s)", lang, strings.Join(c.Languages, ", "))
		}
	}
	var texts []petition.Text
	for i, lang := range c.Languages {
		path, ok := f.Text[lang]
		if !ok {
			if i == 0 {
				return nil, fmt.Errorf("--text: the text in %s is needed: it is the binding one", lang)
			}
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("--text: %w", err)
		}
		t := petition.Text{N: c.TextVersion() + 1, Language: lang, Binding: i == 0, Change: petition.SmallChange}
		t.Title, t.Body = splitTitle(string(b))
		t.Title = first(t.Title, c.Name)
		texts = append(texts, t)
	}
	return texts, nil
}

// splitTitle takes the first heading off a Markdown text.
func splitTitle(text string) (title, body string) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	heading, rest, _ := strings.Cut(text, "\n")
	if title, ok := strings.CutPrefix(heading, "# "); ok {
		return strings.TrimSpace(title), strings.TrimSpace(rest)
	}
	return "", text
}
