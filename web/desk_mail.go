package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"countersign/mailin/message"
	"countersign/petition"
)

// mailView is a mail as an organizer sees it: always as text, never as HTML.
type mailView struct {
	ID          int64
	Subject     []piece
	FromName    []piece
	From        string
	To          []string
	Received    time.Time
	Language    string // name of the language, "" where it cannot be told
	Lang        string // tag for the lang attribute
	Text        []piece
	Signature   []piece
	Quoted      string
	QuotedLines int
	Attachments []attachmentView
	Headers     []headerLine
	Defects     []string
	Purged      bool // the body was deleted as the retention says
	Partial     bool // too large: only the header was fetched
	Encrypted   bool
	Unread      bool // quarantined: no reading
	URL         string
	Origin      originView
	Reading     petition.Reading
	Read        map[string]bool // fields that have evidence in it
	Proof       petition.Proof
	Bounce      *petition.Bounce
	Oddities    []string
}

type attachmentView struct {
	Name      string
	MediaType string
	Size      int64 // kB, rounded up
}

type headerLine struct{ Name, Value string }

// originView says in plain words who wrote the mail and how sure that is.
type originView struct {
	Key    string // message desk.origin_KEY
	Domain string
	Site   string
	Chip   string
}

const shownHeaders = 200 // header fields of a mail that are listed

// mailView reads the raw bytes again to show them. name chooses the claim whose
// evidence gets letters.
func (s *Server) mailView(locale string, m *petition.Mail, name string) *mailView {
	v := &mailView{
		ID: m.ID, From: m.From(), Received: m.Received, Purged: len(m.Raw) == 0, Partial: m.Partial,
		Unread: m.State == petition.MailQuarantined || m.State == petition.MailRecorded,
		URL:    "/desk/mail/" + itoa(m.ID), Reading: m.Reading, Proof: m.Origin.Authentication.Proof(),
		Bounce: m.Origin.Bounce, Oddities: m.Origin.Oddities, To: m.Header.Recipients,
	}
	v.Lang, v.Language = languageOf(locale, m.Reading.Language)
	marks := newMarker(&m.Reading, name)
	v.Read = marks.fields()
	subject, fromName, text, signature := m.Header.Subject, m.FromName(), m.NewText, ""
	if !v.Purged {
		parsed := message.Parse(m.Raw)
		subject, text, signature = parsed.Header.Subject, parsed.New, parsed.Signature
		v.fill(parsed)
		if len(parsed.Header.From) > 0 {
			fromName = parsed.Header.From[0].Name
		}
	}
	v.Subject = marks.pieces(petition.SourceSubject, subject)
	v.FromName = marks.pieces(petition.SourceFrom, fromName)
	v.Text = marks.pieces(petition.SourceNewText, text)
	v.Signature = marks.pieces(petition.SourceSignature, signature)
	v.Origin = originOf(m, claimedSite(&m.Reading, name))
	return v
}

func (v *mailView) fill(m *message.Message) {
	v.Quoted, v.Encrypted, v.Defects = m.Quoted, m.Encrypted, m.Defects
	if q := strings.TrimSpace(m.Quoted); q != "" {
		v.QuotedLines = strings.Count(q, "\n") + 1
	}
	for _, a := range m.Attachments {
		v.Attachments = append(v.Attachments, attachmentView{fileName(a.Filename), a.MediaType, (a.Size + 1023) / 1024})
	}
	for i, f := range m.Header.Fields {
		if i == shownHeaders {
			break
		}
		v.Headers = append(v.Headers, headerLine{f.Name, clip(f.Value, 1000)})
	}
	if v.From == "" {
		for _, a := range m.Header.From {
			v.From = strings.TrimPrefix(v.From+", "+a.Address, ", ")
		}
	}
}

// fileName is an attachment's name made harmless to read: no path, no control or
// direction characters, so that "invoice[RLO]fdp.exe" shows as what it is.
func fileName(name string) string {
	name = petition.CleanLine(name, 120)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	return name
}

func languageOf(locale, tag string) (lang, name string) {
	t, err := language.Parse(tag)
	if err != nil || t == language.Und {
		return "", ""
	}
	if n := display.Languages(language.Make(locale)); n != nil {
		name = n.Name(t)
	}
	return t.String(), name
}

func (s *Server) countryName(locale, code string) string {
	region, err := language.ParseRegion(code)
	if len(code) != 2 || err != nil || !region.IsCountry() {
		return code
	}
	if n := display.Regions(language.Make(locale)); n != nil && n.Name(region) != "" {
		return n.Name(region)
	}
	return code
}

func claimedSite(r *petition.Reading, name string) string {
	if i := claimFor(r, name); i >= 0 {
		return r.Organizations[i].Website
	}
	return ""
}

// originOf puts the verdicts into words (R49, R50): who vouches for the sender, and
// whether that says something about the organization.
func originOf(m *petition.Mail, site string) originView {
	from := petition.Domain(m.From())
	o := originView{Domain: from, Site: site}
	domains := petition.IdentityKeys(petition.Fields{Website: site})
	own := slices.Contains(domains, "domain:"+petition.OrganizationalDomain(from))
	switch m.Origin.Authentication.Proof() {
	case petition.AlignedPass:
		switch {
		case petition.IsFreeMail(from):
			o.Key = "free_mail"
		case own:
			o.Key = "own_site"
		case site != "":
			o.Key = "other_site"
		default:
			o.Key = "signed"
		}
	case petition.ProofFail:
		o.Key, o.Chip = "failed", "bad"
	case petition.TempError:
		o.Key = "temporary"
	default:
		o.Key = "unchecked"
	}
	if from == "" {
		o.Key, o.Chip = "nobody", "bad"
	}
	if a := m.Origin.Automatic.Kind; a != petition.Human && a != "" {
		o.Key, o.Chip = "automatic", ""
	}
	return o
}

// mailPage is the data of desk/mail.
type mailPage struct {
	deskFrame
	Mail *mailView
	Raw  *petition.Mail
	Zone *time.Location
	Back string
}

// getDeskMail shows one mail whole. A mail belongs to no campaign by itself, so an
// organizer who is limited to some must come through an endorsement (?e=) or a task
// (?q=) of theirs that has this mail.
func (s *Server) getDeskMail(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	c, back, err := s.mailContext(r.Context(), v, id, formID(r, "e"), formID(r, "q"))
	if err != nil {
		return err
	}
	m, err := s.store.Mail(r.Context(), id)
	if err != nil {
		return err
	}
	frame, err := s.deskFrame(r.Context(), v, c, "-")
	if err != nil {
		return err
	}
	page := mailPage{deskFrame: frame, Mail: s.mailView(v.locale, m, ""), Raw: m, Zone: zoneOf(c), Back: back}
	page.Title = m.Header.Subject
	return s.render(w, http.StatusOK, v.locale, "desk/mail", page)
}

func (s *Server) mailContext(ctx context.Context, v *visit, mailID, endorsementID, taskID int64) (*petition.Campaign, string, error) {
	switch {
	case endorsementID != 0:
		e, err := s.endorsement(ctx, v, endorsementID)
		if err != nil {
			return nil, "", err
		}
		mails, err := s.store.MailsOf(ctx, e.ID)
		if err != nil {
			return nil, "", err
		}
		if slices.ContainsFunc(mails, func(m *petition.Mail) bool { return m.ID == mailID }) {
			return v.campaign(e.CampaignID), "/desk/e/" + itoa(e.ID), nil
		}
	case taskID != 0:
		t, err := s.task(ctx, v, taskID)
		if err != nil {
			return nil, "", err
		}
		if t.MailID == mailID {
			return v.campaign(t.CampaignID), "/desk/q/" + itoa(t.ID), nil
		}
	}
	if len(v.organizer.Campaigns) > 0 {
		return nil, "", petition.ErrNotFound
	}
	return nil, "/desk", nil
}

func zoneOf(c *petition.Campaign) *time.Location {
	if c == nil {
		return time.UTC
	}
	return c.Location()
}
