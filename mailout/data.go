package mailout

import (
	"slices"
	"time"

	"countersign/petition"
	"countersign/templates"
)

// undo is how long a withdrawal or removal can be taken back (U12).
const undo = 7 * 24 * time.Hour

// late is when an answer comes with an apology (U25).
const late = 24 * time.Hour

// data is what the templates say, in one language.
func (w *writing) data(locale string) templates.MailData {
	n := &w.Notice
	d := templates.MailData{
		About:      templates.AboutOrganization,
		Lines:      w.entries(n.Shows),
		Before:     w.entries(n.Details.Before),
		CanReply:   n.Details.CanReply,
		AlsoSigns:  n.Details.AlsoSigns,
		Asks:       n.Details.Asks,
		Last:       n.Details.Nth > 1,
		DeskURL:    w.BaseURL + "/desk",
		Missing:    missing(n.Details.Missing),
		Purpose:    string(purpose(n)),
		From:       petition.CleanLine(n.Details.From, 254),
		Language:   n.Details.Language,
		Checked:    checked(n.Details.Checked),
		Who:        cleanLine(n.Details.Who, maxName, ""),
		Address:    w.from().Address,
		WroteAt:    w.in(n.Details.WroteAt),
		Now:        w.in(n.QueuedAt),
		LinkUntil:  w.in(n.ExpiresAt),
		AnswerBy:   workingDays(w.in(n.QueuedAt), 2),
		Listed:     w.listed(),
		NamePublic: w.Campaign != nil && w.Campaign.IsPublic(petition.FieldSignatory),
	}
	d.Late = !d.WroteAt.IsZero() && d.Now.Sub(d.WroteAt) > late && n.InReplyTo != ""
	var cut bool
	if d.Text, cut = cleanText(n.Details.Text); cut {
		d.Text += "\n[...]"
	}
	if n.Kind == petition.NoticeAnswer {
		d.Reply = cleanLine(n.Subject, maxName, "")
	}
	w.fillCounts(&d)
	w.fillAbout(&d)
	w.fillCampaign(&d, locale)
	w.fillLinks(&d)
	return d
}

func (w *writing) fillCounts(d *templates.MailData) {
	d.Organizations, d.Countries = w.Organizations, w.Countries
	for _, count := range w.Notice.Details.Counts {
		d.Counts = append(d.Counts, templates.Count{What: petition.CleanLine(count.What, maxName), N: count.N})
	}
}

func (w *writing) fillAbout(d *templates.MailData) {
	switch {
	case len(d.Lines) > 1:
		d.About = templates.AboutSeveral
	case len(w.Notice.Shows) == 1:
		if e := w.endorsement(w.Notice.Shows[0].EndorsementID); e != nil && w.version(w.Notice.Shows[0]).Fields.Kind == petition.KindIndividual {
			d.About = templates.AboutPerson
		}
	}
	switch w.Notice.Kind {
	case petition.NoticeWithdrawn:
		for _, e := range w.Endorsements {
			if !e.WithdrawnAt.IsZero() {
				d.UndoUntil = w.in(e.WithdrawnAt.Add(undo))
			}
		}
	case petition.NoticeData:
		d.Kept = w.kept()
	case petition.NoticeRemoved, petition.NoticeErasing:
		d.UndoUntil = w.in(w.Notice.QueuedAt.Add(undo))
	case petition.NoticeAlready:
		if !w.mayTellAlready() {
			d.Lines = nil
		}
	default:
	}
}

// fillCampaign puts in what the campaign says. The name of its zone is in the
// campaign's language; a mail in another one uses the language's own name.
func (w *writing) fillCampaign(d *templates.MailData, locale string) {
	c, n := w.Campaign, &w.Notice
	if c == nil {
		return
	}
	d.Letter = petition.CleanLine(c.NameIn(locale), 120)
	if w.Templates.Speaks(c.Language()) && w.Templates.Match(c.Language()) == locale {
		d.Zone = petition.CleanLine(c.ZoneName, 60)
	}
	d.Contact, d.Controller = petition.CleanLine(c.Contact, 200), petition.CleanLine(c.Controller, 200)
	d.Closes, d.Delivers, d.KeepUntil = w.in(c.Closes), w.in(c.Delivers), w.in(c.Keep())
	d.Until = w.in(until(c, n))
	d.Closed = c.State == petition.Closed || (!c.Closes.IsZero() && n.QueuedAt.After(c.Closes))
	d.DaysLeft = days(d.Now, d.Closes)
	if c.Visibility == petition.Embargo && n.QueuedAt.Before(c.EmbargoEnds) {
		d.EmbargoEnds = w.in(c.EmbargoEnds)
	}
	for _, s := range n.Shows {
		v := w.version(s)
		for _, t := range c.Texts {
			if t.N == v.TextVersion && d.TextDate.IsZero() {
				d.TextDate = w.in(t.Published)
			}
		}
	}
	d.DeskURL += "/" + c.Slug
	if n.Kind == petition.NoticeQuestion {
		d.DeskURL += "?kind=" + string(petition.TaskQuestion)
	}
	d.LetterURL = w.BaseURL + "/" + c.Slug
	d.ListURL = d.LetterURL + "/list"
	if c.Visibility == petition.Unlisted {
		d.LetterURL += "/" + c.Secret
		d.ListURL = d.LetterURL
	}
}

// fillLinks makes the one link that the mail is for, and the code where an answer can count.
func (w *writing) fillLinks(d *templates.MailData) {
	n := &w.Notice
	switch n.Kind {
	case petition.NoticeRequest, petition.NoticeReminder, petition.NoticeWaiting, petition.NoticeNote, petition.NoticeUseLink:
		d.URL = w.confirmLink()
	case petition.NoticeCorrected:
		if d.Asks {
			d.URL = w.confirmLink()
		}
	case petition.NoticeListed, petition.NoticeWithdrawn, petition.NoticeRemoved, petition.NoticeErasing, petition.NoticeData:
		d.SelfURL = w.link("/s/", petition.PurposeSelf)
	case petition.NoticeNewLink, petition.NoticeProveLink:
		if p := w.linkPurpose(); p == petition.PurposeConfirm {
			d.URL = w.confirmLink()
		} else {
			d.URL = w.link("/s/", p)
		}
	case petition.NoticeSignIn:
		d.URL = w.link("/desk/in/", petition.PurposeSignIn)
	default:
	}
	if (d.CanReply && d.URL != "" && asksYes(n.Kind)) || n.Kind == petition.NoticeCheck {
		d.Code = w.code()
	}
}

// asksYes reports whether the mail offers YES as an answer.
func asksYes(k petition.NoticeKind) bool {
	switch k {
	case petition.NoticeRequest, petition.NoticeReminder, petition.NoticeWaiting, petition.NoticeNote, petition.NoticeCorrected:
		return true
	default:
		return false
	}
}

// linkPurpose is what a link by itself is for: as the notice says, else to confirm
// what waits, else the signer's own page.
func (w *writing) linkPurpose() petition.Purpose {
	if w.Notice.Kind == petition.NoticeProveLink || w.Notice.Details.Purpose != "" {
		return purpose(&w.Notice)
	}
	for _, s := range w.Notice.Shows {
		e := w.endorsement(s.EndorsementID)
		if e == nil || !e.WithdrawnAt.IsZero() {
			continue
		}
		switch e.Current().Verification {
		case petition.Awaiting, petition.Undecided, petition.Expired, petition.Unreachable:
			return petition.PurposeConfirm
		case petition.Confirmed, petition.Disputed:
		}
	}
	return petition.PurposeSelf
}

// ownDomain is the domain of the reader's own organization, "" at a provider for everybody.
func (w *writing) ownDomain() string {
	domain := petition.OrganizationalDomain(petition.Domain(w.Notice.To))
	if petition.IsFreeMail(domain) {
		return ""
	}
	return domain
}

func (w *writing) country(code string) string {
	if w.Templates.Country("en", code) == code {
		return ""
	}
	return code
}

// mayTellAlready reports whether the mail may name the line that stands already:
// to its own signer, or to anybody if it is public (trap 2, U24).
func (w *writing) mayTellAlready() bool {
	return !slices.ContainsFunc(w.Endorsements, func(e *petition.Endorsement) bool {
		v, listed := e.Listed()
		if !listed {
			return true
		}
		if e.Current().Fields.Contact == w.Notice.To {
			return false
		}
		shown := slices.Contains(w.Notice.Shows, petition.Shown{EndorsementID: e.ID, Version: v.N})
		return !shown || e.Withheld || !w.Campaign.Visible(w.Notice.QueuedAt, "")
	})
}

func (w *writing) listed() bool {
	return slices.ContainsFunc(w.Endorsements, func(e *petition.Endorsement) bool {
		_, ok := e.Listed()
		return ok
	})
}

func (w *writing) endorsement(id int64) *petition.Endorsement {
	for _, e := range w.Endorsements {
		if e.ID == id {
			return e
		}
	}
	return nil
}

func (w *writing) version(s petition.Shown) petition.Version {
	if e := w.endorsement(s.EndorsementID); e != nil {
		if v := e.Version(s.Version); v != nil {
			return *v
		}
	}
	return petition.Version{}
}

// in puts a time into the campaign's zone; zero stays zero.
func (w *writing) in(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(w.zone)
}

// until is how long there is time to answer: the deadline, or the end of the
// links where that comes first or there is no deadline; in the days of grace, their end.
func until(c *petition.Campaign, n *petition.Notice) time.Time {
	end := c.Closes
	if !end.IsZero() && n.QueuedAt.After(end) {
		end = end.Add(c.Grace)
	}
	if end.IsZero() || (!n.ExpiresAt.IsZero() && n.ExpiresAt.Before(end)) {
		return n.ExpiresAt
	}
	return end
}

// days counts the midnights between two times, in the zone of from.
func days(from, to time.Time) int {
	if from.IsZero() || to.IsZero() || to.Before(from) {
		return 0
	}
	to = to.In(from.Location())
	a := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.UTC)
	b := time.Date(to.Year(), to.Month(), to.Day(), 0, 0, 0, 0, time.UTC)
	return int(b.Sub(a) / (24 * time.Hour))
}

// workingDays is the day n days after t, Saturdays and Sundays left out.
func workingDays(t time.Time, n int) time.Time {
	for n > 0 {
		t = t.AddDate(0, 0, 1)
		if t.Weekday() != time.Saturday && t.Weekday() != time.Sunday {
			n--
		}
	}
	return t
}

func purpose(n *petition.Notice) petition.Purpose {
	if n.Details.Purpose == "" {
		return petition.PurposeSelf
	}
	return n.Details.Purpose
}

// missing is what could not be read, as the texts know it.
func missing(what string) string {
	switch what {
	case "organization", "encrypted", "attachment", "size":
		return what
	default:
		return "text"
	}
}

// checked says of a sender's proof what organizers need: yes, no, or cannot be told.
func checked(proof string) string {
	switch petition.Proof(proof) {
	case petition.AlignedPass:
		return "yes"
	case petition.ProofFail:
		return "no"
	default:
		return "unknown"
	}
}
