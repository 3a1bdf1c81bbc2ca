package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/petition"
)

// getCampaignPage is a page of one campaign at the desk.
func (s *Server) getCampaignPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	c := v.bySlug(r.PathValue("slug"))
	if c == nil {
		return petition.ErrNotFound
	}
	switch r.PathValue("page") {
	case "settings":
		page, err := s.settingsPage(r.Context(), v, c)
		if err != nil {
			return err
		}
		page.Saved = r.FormValue("saved")
		return s.render(w, http.StatusOK, v.locale, "desk/settings", page)
	default:
		return petition.ErrNotFound
	}
}

func (s *Server) postCampaignPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	c := v.bySlug(r.PathValue("slug"))
	if c == nil {
		return petition.ErrNotFound
	}
	switch r.PathValue("page") {
	case "settings":
		if v.organizer.Role != petition.RoleOwner {
			return s.deskProblem(w, v, http.StatusForbidden, "owner")
		}
		return s.postSettings(w, r, v, c)
	case "bulk":
		return s.postBulk(w, r, v, c)
	default:
		return petition.ErrNotFound
	}
}

// settingsPage is the data of desk/settings.
type settingsPage struct {
	deskFrame
	C        *petition.Campaign
	S        petition.Settings // as typed, or as it stands
	MayEdit  bool
	Revision int64
	Closes   string // for <input type=datetime-local>, in the campaign's zone
	Delivers string
	Keep     string
	Grace    int // hours
	Zone     *time.Location
	Texts    []petition.Text // newest first
	Fields   []publicField
	Missing  []string // message desk.missing_KEY
	Refused  bool     // opening was refused
	Errors   map[string]string
	Conflict bool
	Saved    string // message desk.saved_…
	Over     bool   // the deadline has passed
	Public   string // address of the public page
}

type publicField struct {
	Field  petition.Field
	Public bool
}

// choosable are the fields that a campaign may publish. The name always is.
var choosable = []petition.Field{petition.FieldCity, petition.FieldCountry, petition.FieldWebsite, petition.FieldSignatory, petition.FieldTitle}

func (s *Server) settingsPage(ctx context.Context, v *visit, c *petition.Campaign) (*settingsPage, error) {
	frame, err := s.deskFrame(ctx, v, c, "settings")
	if err != nil {
		return nil, err
	}
	texts, err := s.store.Texts(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(texts, func(a, b petition.Text) int { return b.N - a.N })
	page := &settingsPage{
		deskFrame: frame, C: c, MayEdit: v.organizer.Role == petition.RoleOwner, Revision: c.Revision, Texts: texts,
		Public: s.url("/" + c.Slug), Over: !c.Closes.IsZero() && s.clock().After(c.Closes), Errors: map[string]string{},
	}
	page.fill(c.Settings)
	for _, m := range c.MissingToOpen() {
		page.Missing = append(page.Missing, strings.ReplaceAll(m, " ", "_"))
	}
	page.Title = s.templates.T(v.locale, "desk.settings_title", map[string]any{"Name": c.Name})
	return page, nil
}

const (
	formDay  = "2006-01-02"
	formTime = "2006-01-02T15:04"
)

// fill shows the settings in the form; times in the zone that they name.
func (p *settingsPage) fill(set petition.Settings) {
	p.S, p.Grace = set, int(set.Grace/time.Hour)
	p.Zone = (&petition.Campaign{Settings: set}).Location()
	show := func(t time.Time, layout string) string {
		if t.IsZero() {
			return ""
		}
		return t.In(p.Zone).Format(layout)
	}
	p.Closes, p.Delivers, p.Keep = show(set.Closes, formTime), show(set.Delivers, formDay), show(set.KeepUntil, formDay)
	p.Fields = nil
	public := petition.Campaign{Settings: set}
	for _, f := range choosable {
		p.Fields = append(p.Fields, publicField{f, public.IsPublic(f)})
	}
}

func (s *Server) postSettings(w http.ResponseWriter, r *http.Request, v *visit, c *petition.Campaign) error {
	form, err := readForm(r)
	if err != nil {
		return err
	}
	switch form.Do {
	case "open", "close":
		return s.setState(w, r, v, c, form)
	case "save":
	default:
		return errForm
	}
	set, wrong := readSettings(r, c.Settings)
	if len(wrong) > 0 {
		return s.settingsAgain(w, r, v, c, set, http.StatusUnprocessableEntity, func(p *settingsPage) { p.Errors = wrong })
	}
	err = s.store.SaveSettings(r.Context(), c.ID, form.Revision, set, v.organizer.ID)
	if errors.Is(err, petition.ErrConflict) {
		return s.settingsAgain(w, r, v, c, set, http.StatusConflict, func(p *settingsPage) { p.Conflict = true })
	}
	if err != nil {
		return err
	}
	s.changed()
	return redirect(w, r, "/desk/"+c.Slug+"/settings?saved=settings")
}

func (s *Server) settingsAgain(w http.ResponseWriter, r *http.Request, v *visit, c *petition.Campaign, set petition.Settings, status int, also func(*settingsPage)) error {
	page, err := s.settingsPage(r.Context(), v, c)
	if err != nil {
		return err
	}
	page.fill(set)
	also(page)
	return s.render(w, status, v.locale, "desk/settings", page)
}

// setState opens or closes. Opening is refused until everything is there that
// signers must be told (U08); the page says what is missing.
func (s *Server) setState(w http.ResponseWriter, r *http.Request, v *visit, c *petition.Campaign, form deskForm) error {
	state, saved := petition.Open, "open"
	if form.Do == "close" {
		state, saved = petition.Closed, "closed"
		if !form.Sure {
			return s.settingsAgain(w, r, v, c, c.Settings, http.StatusUnprocessableEntity, func(p *settingsPage) { p.Errors["close"] = "not_sure" })
		}
	}
	err := s.store.SetState(r.Context(), c.ID, state, v.organizer.ID)
	if errors.Is(err, petition.ErrIncomplete) {
		return s.settingsAgain(w, r, v, c, c.Settings, http.StatusUnprocessableEntity, func(p *settingsPage) { p.Refused = true })
	}
	if err != nil {
		return err
	}
	s.changed()
	return redirect(w, r, "/desk/"+c.Slug+"/settings?saved="+saved)
}

// readSettings takes the form over the settings that stand; what the form does not
// show stays. wrong names fields with the message desk.settings_WRONG.
func readSettings(r *http.Request, set petition.Settings) (petition.Settings, map[string]string) {
	wrong := map[string]string{}
	text := func(name string, limit int) string { return petition.CleanLine(r.PostFormValue(name), limit) }
	set.Name, set.Recipient, set.Sender = text("name", 120), text("recipient", 200), text("sender", 120)
	set.Zone, set.ZoneName = text("zone", 60), text("zone_name", 60)
	set.Controller, set.Contact, set.PrivacyURL = text("controller", 300), text("contact", 300), text("privacy_url", 300)
	set.PrivacyText = strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("privacy_text"), "\r\n", "\n"))
	set.Individuals = r.PostFormValue("individuals") != ""
	if set.Name == "" {
		wrong["name"] = "name_missing"
	}
	if set.PrivacyURL != "" && !strings.HasPrefix(set.PrivacyURL, "https://") && !strings.HasPrefix(set.PrivacyURL, "http://") {
		wrong["privacy_url"] = "bad_url"
	}
	switch l := petition.Listing(r.PostFormValue("listing")); l {
	case petition.AfterReview, petition.WhenConfirmed, petition.InvitedAtOnce:
		set.Listing = l
	}
	set.Public = []petition.Field{petition.FieldOrganization}
	for _, f := range choosable {
		if slices.Contains(r.PostForm["public"], string(f)) {
			set.Public = append(set.Public, f)
		}
	}
	readNumbers(r, &set, wrong)
	readTimes(r, &set, wrong)
	return set, wrong
}

func readNumbers(r *http.Request, set *petition.Settings, wrong map[string]string) {
	number := func(name string, most int) int {
		n, err := strconv.Atoi(strings.TrimSpace(r.PostFormValue(name)))
		if err != nil && r.PostFormValue(name) == "" {
			return 0
		}
		if err != nil || n < 0 || n > most {
			wrong[name] = "bad_number"
		}
		return n
	}
	set.Goal = number("goal", 10_000_000)
	set.Grace = time.Duration(number("grace", 24*60)) * time.Hour
}

func readTimes(r *http.Request, set *petition.Settings, wrong map[string]string) {
	zone, err := time.LoadLocation(set.Zone)
	if err != nil || zone == time.Local {
		wrong["zone"] = "bad_zone"
		return
	}
	read := func(name, layout string) time.Time {
		value := r.PostFormValue(name)
		if value == "" {
			return time.Time{}
		}
		if layout == formTime {
			value = value[:min(len(value), len(formTime))] // some browsers add seconds
		}
		t, err := time.ParseInLocation(layout, value, zone)
		if err != nil {
			wrong[name] = "bad_time"
		}
		return t
	}
	set.Closes, set.Delivers, set.KeepUntil = read("closes", formTime), read("delivers", formDay), read("keep_until", formDay)
}
