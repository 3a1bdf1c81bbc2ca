package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"countersign/petition"
)

// formState is what a form that was sent came to, so that the page can say what is missing.
type formState struct {
	Act         string // which form it was
	Line        int64  // of which line, where it matters
	NoTick      bool
	NoLine      bool
	NoName      bool
	NoAddress   bool
	TextChanged bool // the letter has a newer version than the page showed (U15)
	Stale       bool // the line was changed while the page was open
	Posted      url.Values
}

func (f formState) wrong() bool {
	return f.NoTick || f.NoLine || f.NoName || f.NoAddress || f.TextChanged
}

// signerPage is the data of confirm.html and signed.html.
type signerPage struct {
	Frame
	Form      formState
	Path      string // where its forms go
	Done      string // what the form before this page did
	Self      bool   // the signer's own page
	Name      string // of the campaign
	To        string // whom the letter is for
	Letter    petition.Text
	LetterDir string // ltr or rtl, of the letter
	Minutes   int    // that reading it takes
	Version   int
	Lines     []signerLine // that the page is about
	Others    []signerLine // of the same mail, with something else done or to do
	Several   bool
	Person    bool // a person signs, no organization
	Public    []string
	Private   []string
	Address   string
	Keep      time.Time
	Who       petition.Person
	Closed    bool // no confirmation counts any more
	Deadline  deadline
	Waiting   bool   // somebody else must decide first
	Second    string // the other address, as typed
	PageURL   string // to send to the one who decides
	ListURL   string
	Contact   string
}

// signerLine is one endorsement as its signer sees it.
type signerLine struct {
	ID         int64
	Revision   int64
	Fields     petition.Fields // as they stand, or as typed
	Country    string          // in the page's language
	Number     int
	Chosen     bool
	Open       bool // the fields are open for change
	Edited     bool // organizers changed it since our mail
	OneWord    bool // and no more than one word
	Listed     bool
	Confirmed  bool
	Declined   bool
	Gone       bool // withdrawn or removed
	Removed    bool // removed before it was ever confirmed
	Foreign    bool // the page's link may have been forwarded: the own page alone changes the line
	Contact    string
	Erased     bool // the persons in it were erased at their wish
	Erasing    bool // they will be, unless that is taken back
	Undo       bool // that can be taken back
	UndoUntil  time.Time
	At         time.Time // confirmed, or gone
	Zone       string
	Person     bool
	Writer     petition.Person
	WroteAt    time.Time
	Confirmer  petition.Person
	Correction bool // a newer line waits while the old one stands
	ShowSite   bool // the website is public
	ShowWho    bool // signatory and position are public
	NoName     bool // the name is missing
}

// signerLocale is the language of our words on a signer's page: chosen, else that
// of the mail which brought the signer here.
func (s *Server) signerLocale(q *request, r *http.Request) string {
	if lang := chosenLanguage(r); lang != "" {
		return s.templates.Match(lang, q.campaign.Language())
	}
	return s.templates.Match(q.notice.Locale, r.Header.Get("Accept-Language"), q.campaign.Language())
}

// letterLanguage is the language in which the page shows the letter.
func (s *Server) letterLanguage(q *request, r *http.Request) string {
	chosen := chosenLanguage(r)
	if chosen == "" {
		chosen = q.notice.Locale
	}
	return pickLanguage(languagesOf(q.campaign), chosen, r.Header.Get("Accept-Language"))
}

func (s *Server) signerPage(r *http.Request, q *request, state formState) signerPage {
	c := q.campaign
	locale := s.signerLocale(q, r)
	letter := c.Text(s.letterLanguage(q, r))
	p := signerPage{
		Frame: s.campaignFrame(c, locale, c.NameIn(locale)), Form: state, Path: q.path, Done: r.URL.Query().Get("done"), Self: q.self,
		Name: c.NameIn(locale), To: c.Recipient, Letter: letter, LetterDir: direction(letter.Language), Minutes: minutesToRead(letter.Body), Version: c.TextVersion(),
		Several: len(q.lines) > 1,
		Address: masked(q.notice.To), Keep: c.Keep().In(c.Location()), Closed: !c.AcceptsConfirmation(s.clock()), Deadline: s.deadlineOf(c, locale),
		PageURL: s.url(q.path), ListURL: "/" + c.Slug + "#list", Contact: c.Contact,
	}
	if !c.Visible(s.clock(), c.Secret) {
		p.BrandURL, p.ListURL = "", ""
	} else if c.Visibility == petition.Unlisted {
		p.ListURL = p.BrandURL + "#list"
	}
	if q.self {
		p.Address = q.notice.To
	}
	if s.templates.Match(c.Language()) != locale {
		p.To = "" // it is said in the campaign's language only
	}
	p.Lang = chosenLanguage(r)
	if p.Lang != "" {
		p.Path += "?lang=" + url.QueryEscape(p.Lang)
	}
	p.Languages = s.signerLanguages(q, locale, letter.Language)
	p.Public, p.Private = s.fieldNames(c, locale)
	return p
}

// signerLanguages offers every language that the letter or our own words have.
func (s *Server) signerLanguages(q *request, locale, letter string) []Language {
	tags := slices.Clone(languagesOf(q.campaign))
	for _, l := range s.templates.Locales() {
		if !slices.Contains(tags, l) {
			tags = append(tags, l)
		}
	}
	current := locale
	if slices.Contains(tags, letter) && s.templates.Match(letter, locale) == locale {
		current = letter
	}
	var list []Language
	for _, tag := range tags {
		list = append(list, Language{Tag: tag, Name: s.templates.OwnName(tag), Dir: direction(tag), URL: "?lang=" + url.QueryEscape(tag), Current: tag == current})
	}
	return list
}

// showRequest shows the question: is this correct, and may you sign?
func (s *Server) showRequest(w http.ResponseWriter, r *http.Request, q *request, status int, state formState) error {
	p := s.signerPage(r, q, state)
	pending := q.pending()
	for _, e := range q.lines {
		line := s.signerLine(r, q, e, state, p.Locale)
		if slices.Contains(pending, e) {
			p.Lines = append(p.Lines, line)
		} else {
			p.Others = append(p.Others, line)
		}
	}
	p.Waiting = !slices.ContainsFunc(pending, func(e *petition.Endorsement) bool { return e.Current().Verification != petition.Undecided })
	p.Person = !slices.ContainsFunc(pending, func(e *petition.Endorsement) bool { return e.Current().Fields.Kind != petition.KindIndividual })
	p.Who = whoConfirms(pending[0])
	if state.Posted != nil {
		p.Who = petition.Person{Name: state.Posted.Get("who_name"), Title: state.Posted.Get("who_position")}
		p.Second = state.Posted.Get("address")
	}
	p.Title = s.templates.T(p.Locale, "confirm.title", nil) + " · " + q.campaign.Name
	return s.render(w, status, p.Locale, "confirm", p)
}

// showSigned shows what stands: after a yes, at a second visit, on the signer's own page.
func (s *Server) showSigned(w http.ResponseWriter, r *http.Request, q *request, status int, state formState) error {
	p := s.signerPage(r, q, state)
	for _, e := range q.lines {
		p.Lines = append(p.Lines, s.signerLine(r, q, e, state, p.Locale))
	}
	p.Person = p.Lines[0].Person
	p.Title = s.templates.T(p.Locale, "signed.title", nil) + " · " + q.campaign.Name
	return s.render(w, status, p.Locale, "signed", p)
}

func (s *Server) signerLine(r *http.Request, q *request, e *petition.Endorsement, state formState, locale string) signerLine {
	v := e.Current()
	loc := q.campaign.Location()
	_, listed := e.Listed()
	l := signerLine{
		ID: e.ID, Revision: e.Revision, Fields: v.Fields, Country: s.templates.Country(locale, v.Fields.Country), Number: e.Number, Chosen: true,
		Listed: listed, Confirmed: v.Verification == petition.Confirmed, Declined: v.Review == petition.Declined,
		Correction: listed && (v.Verification != petition.Confirmed || v.Review != petition.Approved),
		At:         v.VerifiedAt.In(loc), Zone: s.zoneName(q.campaign, locale), Person: v.Fields.Kind == petition.KindIndividual,
		ShowSite: q.campaign.IsPublic(petition.FieldWebsite), ShowWho: q.campaign.IsPublic(petition.FieldSignatory),
		NoName: state.NoName && state.Line == e.ID,
		Writer: e.Writer, WroteAt: e.ArrivedAt.In(loc), Confirmer: v.Confirmer,
	}
	switch {
	case !e.ErasingAt.IsZero():
		l.Erasing, l.Gone = true, e.Gone()
		l.UndoUntil = e.ErasingAt.Add(petition.ReversibleFor).In(loc)
	case !e.WithdrawnAt.IsZero():
		l.Gone, l.Removed, l.At = true, !l.Confirmed, e.WithdrawnAt.In(loc)
		l.UndoUntil = e.WithdrawnAt.Add(petition.ReversibleFor).In(loc)
	}
	l.Undo = !l.UndoUntil.IsZero() && !s.clock().After(l.UndoUntil)
	l.Erased = v.Fields.Contact == ""
	l.Foreign, l.Contact = !q.self && e.WasConfirmed(), masked(v.Fields.Contact)
	l.Edited, l.OneWord = editedSince(e, shownVersion(q, e))
	if state.Posted != nil && !state.Stale && (state.Act == "confirm" || state.Act == "correct" && state.Line == e.ID) {
		l.retype(r, state, len(q.lines) > 1)
	}
	return l
}

// retype keeps what was typed into a form that is shown again.
func (l *signerLine) retype(r *http.Request, state formState, several bool) {
	id := strconv.FormatInt(l.ID, 10)
	take := func(name string, field *string) {
		if typed, ok := r.PostForm[name+"."+id]; ok && typed[0] != *field {
			*field, l.Open = typed[0], true
		}
	}
	take("name", &l.Fields.Name)
	take("other_name", &l.Fields.OtherName)
	take("city", &l.Fields.City)
	take("country", &l.Country)
	take("website", &l.Fields.Website)
	take("signatory", &l.Fields.Signatory)
	take("title", &l.Fields.Title)
	l.Open = l.Open || l.NoName
	if several && state.Act == "confirm" {
		l.Chosen = slices.Contains(state.Posted["line"], id)
	}
}

func shownVersion(q *request, e *petition.Endorsement) int {
	for _, shown := range q.notice.Shows {
		if shown.EndorsementID == e.ID {
			return shown.Version
		}
	}
	return e.Current().N
}

// editedSince reports whether organizers changed the line after version n, and
// whether by no more than one word.
func editedSince(e *petition.Endorsement, n int) (edited, oneWord bool) {
	shown := e.Version(n)
	if shown == nil {
		return false, false
	}
	for _, v := range e.Versions {
		edited = edited || v.N > n && v.Channel == petition.ByDesk
	}
	before, after := words(shown.Fields), words(e.Current().Fields)
	if !edited || slices.Equal(before, after) {
		return false, false
	}
	differ := 0
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			differ++
		}
	}
	return true, len(before) == len(after) && differ == 1
}

func words(f petition.Fields) []string {
	return strings.Fields(strings.Join([]string{f.Name, f.OtherName, f.City, f.Country, f.Website}, " "))
}

func whoConfirms(e *petition.Endorsement) petition.Person {
	f := e.Current().Fields
	if f.Signatory != "" {
		return petition.Person{Name: f.Signatory, Title: f.Title}
	}
	if f.Kind == petition.KindIndividual {
		return petition.Person{Name: f.Name}
	}
	return petition.Person{Name: e.Writer.Name, Title: e.Writer.Title}
}

// masked shows the owner which address is meant, and nobody else what it is.
func masked(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" {
		return ""
	}
	return string([]rune(local)[:1]) + "...@" + domain
}

// minutesToRead counts 200 words a minute, or 400 letters where words are not spaced.
func minutesToRead(text string) int {
	wide := 0
	for _, r := range text {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai) {
			wide++
		}
	}
	return max(1, (len(strings.Fields(text))*2+wide+399)/400)
}
