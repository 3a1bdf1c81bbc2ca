package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/petition"
)

// yes is the form of the confirm page, as a browser would send it.
func yes(version int, more ...string) url.Values {
	form := url.Values{"act": {"confirm"}, "text": {strconv.Itoa(version)}, "deliberate": {"yes"}, "who_name": {"Anna Berg"}, "who_position": {"Office manager"}}
	for i := 0; i+1 < len(more); i += 2 {
		if form.Has(more[i]) && more[i+1] == "" {
			form.Del(more[i])
			continue
		}
		form.Add(more[i], more[i+1])
	}
	return form
}

// TestConfirmPage walks through every state of the page that USERS names.
func TestConfirmPage(t *testing.T) {
	tests := []struct {
		name string
		run  func(s *site, n petition.Notice, id int64)
	}{
		{"asks what is right, what is public and what is not (U08)", func(s *site, n petition.Notice, id int64) {
			a := s.get(s.link(n))
			s.says(a, http.StatusOK, "Is this correct?", "to the Ministry of Culture", "Read the letter, 1 minute", "City Library Lindenau", "Leipzig", "Germany",
				"This will be public:", "This will not be public:", "your name", "your position", "o...@lindenau.example", "26 November 2026", "Who confirms?", `value="Anna Berg"`,
				"My organization has decided to sign, and I may confirm this.", "Sign for City Library Lindenau", "Someone else must decide first", "We did not ask for this",
				"You can undo this for 7 days.", "Tuesday, 26 May 2026, 18:00 (Brussels time)", "16:00 UTC", `hreflang="de"`)
			s.saysNot(a, "office@lindenau.example")
			s.says(s.get(s.link(n)+"?lang=de"), http.StatusOK, `<html lang="de"`, "Ist das richtig?", "Bibliotheken sonntags öffnen", "Deutschland")
		}},
		{"in every language, each in its direction, whatever the letter's is", func(s *site, n petition.Notice, id int64) {
			for _, l := range s.server.templates.Locales() {
				s.says(s.get(s.link(n)+"?lang="+l), http.StatusOK, `<html lang="`+l+`" dir="`+direction(l)+`">`, `<article class="statement" lang=`)
			}
			var b strings.Builder
			page := signerPage{Frame: Frame{Locale: "en", Dir: "rtl"}, LetterDir: "ltr", Letter: petition.Text{Language: "en"}, Lines: []signerLine{{}}}
			s.ok(s.server.templates.Page(&b, "en", "confirm", page))
			if got := b.String(); !strings.Contains(got, `<html lang="en" dir="rtl">`) || !strings.Contains(got, `<article class="statement" lang="en" dir="ltr">`) {
				s.Errorf("directions are mixed up: %s", got)
			}
		}},
		{"a yes, then: thank you, a person reads it", func(s *site, n petition.Notice, id int64) {
			s.says(s.post(s.link(n), yes(1)), http.StatusOK, "Thank you. You have done everything.", "A person reads it, usually within one working day. We write to you.")
			v := s.endorsement(id).Current()
			if v.Verification != petition.Confirmed || v.Confirmer.Name != "Anna Berg" || v.Confirmer.Title != "Office manager" || v.TextVersion != 1 || v.TextLanguage != "en" {
				s.Errorf("confirmed as %+v", v)
			}
		}},
		{"second visit: already signed; and on the list once approved", func(s *site, n petition.Notice, id int64) {
			s.post(s.link(n), yes(1))
			s.pass(19*time.Hour + 10*time.Minute)
			s.says(s.get(s.link(n)), http.StatusOK, "Already signed on 12 May 2026 at 14:02 (Brussels time).", "You do not need to do anything.", "Correct", "Correct, withdraw, see or delete your data")
			s.act(petition.Action{Kind: petition.ActApprove, Endorsements: []int64{id}, OrganizerID: s.owner})
			s.says(s.get(s.link(n)), http.StatusOK, "Your organization is on the list.", `<span class="num">1</span>`)
			before := s.history(id)
			s.says(s.post(s.link(n), yes(1)), http.StatusOK, "Already signed on")
			if s.history(id) != before {
				s.Error("a second yes changed something")
			}
		}},
		{"listed at once where the campaign says so (U07)", func(s *site, n petition.Notice, id int64) {
			settings := s.campaign.Settings
			settings.Listing = petition.WhenConfirmed
			c, err := s.store.Campaign(s.Context(), s.campaign.Slug)
			s.ok(err)
			s.ok(s.store.SaveSettings(s.Context(), c.ID, c.Revision, settings, s.owner))
			s.says(s.post(s.link(n), yes(1)), http.StatusOK, "Thank you. You have done everything.", "Your organization is on the list.")
			s.says(s.get("/open-on-sunday"), http.StatusOK, "City Library Lindenau")
		}},
		{"without tick", func(s *site, n petition.Notice, id int64) {
			before := s.history(id)
			s.says(s.post(s.link(n), yes(1, "deliberate", "", "who_name", "", "who_name", "Boris Lind")), http.StatusUnprocessableEntity,
				"Please tick the box. It says that your organization has decided.", `value="Boris Lind"`, `aria-invalid="true"`)
			if s.history(id) != before {
				s.Error("without the tick something changed")
			}
		}},
		{"the text changed while the page was open (U15)", func(s *site, n petition.Notice, id int64) {
			s.ok(s.store.AddText(s.Context(), s.campaign.ID, []petition.Text{{Language: "en", Binding: true, Title: "Open libraries on Sunday", Body: "A new third demand.", Change: petition.ChangeSubstance}}))
			s.says(s.post(s.link(n), yes(1)), http.StatusUnprocessableEntity, "The letter has changed while this page was open.", "A new third demand.", "<details open>", `name="text" value="2"`)
			if s.endorsement(id).Current().Verification == petition.Confirmed {
				s.Error("signed a text that was not shown")
			}
			s.says(s.post(s.link(n), yes(2)), http.StatusOK, "Thank you.")
			if v := s.endorsement(id).Current(); v.TextVersion != 2 {
				s.Errorf("stands on version %d", v.TextVersion)
			}
		}},
		{"changed in place, with a name in the letter's language (U22)", func(s *site, n petition.Notice, id int64) {
			e := strconv.FormatInt(id, 10)
			form := yes(1, "name."+e, "City Library Leipzig-Lindenau", "other_name."+e, "Stadtbibliothek Lindenau", "city."+e, "Leipzig", "country."+e, "Germany", "website."+e, "lindenau.example", "rev."+e, strconv.FormatInt(s.endorsement(id).Revision, 10))
			s.says(s.post(s.link(n), form), http.StatusOK, "Thank you. You have done everything.", "City Library Leipzig-Lindenau", "Stadtbibliothek Lindenau")
			v := s.endorsement(id).Current()
			if v.N != 2 || v.Fields.Country != "DE" || v.Verification != petition.Confirmed || v.Fields.Contact != "office@lindenau.example" {
				s.Errorf("version %+v", v)
			}
		}},
		{"a name cannot be emptied", func(s *site, n petition.Notice, id int64) {
			s.says(s.post(s.link(n), yes(1, "name."+strconv.FormatInt(id, 10), " ")), http.StatusUnprocessableEntity, "Write the name as it should stand in the list.")
		}},
		{"changed by the organizers since our mail (U12)", func(s *site, n petition.Notice, id int64) {
			f := s.endorsement(id).Current().Fields
			f.Name = "City Library Lindenow"
			s.act(petition.Action{Kind: petition.ActEdit, Endorsements: []int64{id}, Fields: f, OrganizerID: s.owner})
			s.says(s.get(s.link(n)), http.StatusOK, "The organizers corrected one word. This is the line now.", "City Library Lindenow")
			f.City = "Leipzig am Auwald"
			s.act(petition.Action{Kind: petition.ActEdit, Endorsements: []int64{id}, Fields: f, OrganizerID: s.owner})
			s.says(s.get(s.link(n)), http.StatusOK, "The organizers corrected this line. This is the line now.")
			s.says(s.post(s.link(n), yes(1)), http.StatusOK, "Thank you.", "City Library Lindenow")
		}},
		{"a form that knew an older line is shown the new one", func(s *site, n petition.Notice, id int64) {
			e, old := strconv.FormatInt(id, 10), strconv.FormatInt(s.endorsement(id).Revision, 10)
			f := s.endorsement(id).Current().Fields
			f.Name = "Another Library"
			s.act(petition.Action{Kind: petition.ActEdit, Endorsements: []int64{id}, Fields: f, OrganizerID: s.owner})
			s.says(s.post(s.link(n), yes(1, "rev."+e, old)), http.StatusConflict, "Somebody changed this while the page was open.", "Another Library")
			if s.endorsement(id).Current().Verification == petition.Confirmed {
				s.Error("confirmed a line that was not shown")
			}
		}},
		{"someone else must decide first, with a second address (U13)", func(s *site, n petition.Notice, id int64) {
			wait := url.Values{"act": {"wait"}, "address": {"board@lindenau.example"}}
			s.says(s.post(s.link(n), wait), http.StatusUnprocessableEntity, "Please tick the box.", `value="board@lindenau.example"`)
			wait.Set("deliberate", "yes")
			wait.Set("address", "board at lindenau")
			s.says(s.post(s.link(n), wait), http.StatusUnprocessableEntity, "Write an e-mail address")
			wait.Set("address", "board@lindenau.example")
			s.says(s.post(s.link(n), wait), http.StatusOK, "We wait for their decision.", "Your organization is not on the list.")
			if v := s.endorsement(id).Current(); v.Verification != petition.Undecided {
				s.Errorf("verification %q", v.Verification)
			}
			s.says(s.get(s.link(n)), http.StatusOK, "Waiting for a decision.")
			all, err := s.store.Notices(s.Context(), id)
			s.ok(err)
			for _, second := range all {
				if second.To == "board@lindenau.example" {
					s.says(s.post(s.link(second), yes(1, "who_name", "", "who_name", "Chair Person")), http.StatusOK, "Thank you.")
					if c := s.endorsement(id).Current().Confirmer; c.Name != "Chair Person" || c.Address != "board@lindenau.example" {
						s.Errorf("confirmed by %+v", c)
					}
					return
				}
			}
			s.Error("no mail to the second address")
		}},
		{"we did not ask for this: deliberate, and back within seven days (U12)", func(s *site, n petition.Notice, id int64) {
			s.says(s.post(s.link(n), url.Values{"act": {"remove"}}), http.StatusUnprocessableEntity, "Please tick the box.")
			if !s.endorsement(id).WithdrawnAt.IsZero() {
				s.Fatal("removed without the tick")
			}
			s.says(s.post(s.link(n), url.Values{"act": {"remove"}, "deliberate": {"yes"}}), http.StatusOK, "This request is removed.", "You can undo this until 19 May 2026.")
			line := strconv.FormatInt(id, 10)
			s.says(s.post(s.link(n), url.Values{"act": {"undo"}, "line": {line}}), http.StatusUnprocessableEntity, "Please tick the box.")
			s.says(s.post(s.link(n), url.Values{"act": {"undo"}, "line": {line}, "deliberate": {"yes"}}), http.StatusOK, "It is back, as it was before.", "Is this correct?")
			s.post(s.link(n), url.Values{"act": {"remove"}, "deliberate": {"yes"}})
			s.pass(8 * 24 * time.Hour)
			a := s.get(s.link(n))
			s.says(a, http.StatusOK, "This request is removed.")
			s.saysNot(a, "undo")
			s.post(s.link(n), url.Values{"act": {"undo"}, "line": {line}, "deliberate": {"yes"}})
			if s.endorsement(id).WithdrawnAt.IsZero() {
				s.Error("came back after eight days")
			}
		}},
		{"closed (U06)", func(s *site, n petition.Notice, id int64) {
			s.pass(15 * 24 * time.Hour) // after the deadline, within grace
			s.saysNot(s.get(s.link(n)), "We keep your answer")
			s.pass(2 * 24 * time.Hour)
			s.says(s.get(s.link(n)), http.StatusOK, "The list closed on Tuesday, 26 May 2026, 18:00 (Brussels time).", "We keep your answer and tell the organizers.")
			s.says(s.post(s.link(n), yes(1)), http.StatusOK, "The list closed on", "We keep your answer and tell the organizers.")
			if v := s.endorsement(id).Current(); v.Verification == petition.Confirmed {
				s.Error("counted after the grace")
			}
		}},
		{"correct and withdraw after the yes, on the own page alone (R60)", func(s *site, n petition.Notice, id int64) {
			s.post(s.link(n), yes(1))
			s.act(petition.Action{Kind: petition.ActApprove, Endorsements: []int64{id}, OrganizerID: s.owner})
			line, before := strconv.FormatInt(id, 10), s.history(id)
			correct := url.Values{"act": {"correct"}, "line": {line}, "name." + line: {"Library of Lindenau"}, "deliberate": {"yes"}}
			withdraw := url.Values{"act": {"withdraw"}, "line": {line}, "deliberate": {"yes"}}
			undo := url.Values{"act": {"undo"}, "line": {line}, "deliberate": {"yes"}}
			for _, form := range []url.Values{correct, withdraw, undo, yes(1, "name."+line, "Library of Lindenau"), {"act": {"remove"}, "deliberate": {"yes"}}} {
				s.says(s.post(s.link(n), form), http.StatusOK, "Already signed on", "This page may have been forwarded.")
			}
			if s.history(id) != before {
				s.Fatal("a link that may have been forwarded changed a confirmed line")
			}
			own := url.Values{"act": {"own"}, "line": {line}}
			s.says(s.post(s.link(n), own), http.StatusUnprocessableEntity, "Please tick the box.")
			own.Set("deliberate", "yes")
			s.says(s.post(s.link(n), own), http.StatusOK, "Please look into your mail.")
			all, err := s.store.Notices(s.Context(), id)
			s.ok(err)
			link := all[len(all)-1]
			if link.Kind != petition.NoticeNewLink || link.To != "office@lindenau.example" {
				s.Fatalf("the last mail is %+v", link)
			}
			self := "/s/" + s.keys.Link(petition.PurposeSelf, &link)
			correct.Del("deliberate")
			s.says(s.post(self, correct), http.StatusUnprocessableEntity, "Please tick the box.", `value="Library of Lindenau"`)
			correct.Set("deliberate", "yes")
			s.says(s.post(self, correct), http.StatusOK, "We have your correction.", "the old line stays")
			s.says(s.get("/open-on-sunday"), http.StatusOK, "City Library Lindenau")
			s.says(s.post(self, withdraw), http.StatusOK, "Your signature is withdrawn.")
			s.saysNot(s.get("/open-on-sunday"), "Lindenau")
			s.saysNot(s.post(s.link(n), undo), "It is back")
			s.says(s.post(self, undo), http.StatusOK, "It is back, as it was before.")
			s.says(s.get("/open-on-sunday"), http.StatusOK, "City Library Lindenau")
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			n := s.wrote("office@lindenau.example", lindenau())
			test.run(s, n, n.Shows[0].EndorsementID)
		})
	}
}

// TestConfirmSeveral: one mail, several organizations, one box each (U23).
func TestConfirmSeveral(t *testing.T) {
	s := newSite(t)
	n := s.wrote("office@umbrella.example", lindenau(), petition.Claim{Name: "Reading Trust", Kind: petition.KindOrganization, City: "Leeds", Country: "UK"}, petition.Claim{Name: "Towpath Club", Kind: petition.KindOrganization})
	id := func(i int) string { return strconv.FormatInt(n.Shows[i].EndorsementID, 10) }
	s.says(s.get(s.link(n)), http.StatusOK, "City Library Lindenau", "Reading Trust", "Towpath Club", `name="line"`, "Sign for the organizations that are ticked")
	s.says(s.post(s.link(n), yes(1)), http.StatusUnprocessableEntity, "Choose at least one organization.")
	a := s.post(s.link(n), yes(1, "line", id(0), "line", id(1), "name."+id(1), "Reading Trust Leeds"))
	s.says(a, http.StatusOK, "Thank you. The others still wait for your answer.", "Towpath Club", "Already signed.")
	for i, want := range []petition.Verification{petition.Confirmed, petition.Confirmed, petition.Awaiting} {
		if got := s.endorsement(n.Shows[i].EndorsementID).Current(); got.Verification != want {
			t.Errorf("%s is %s, want %s", got.Fields.Name, got.Verification, want)
		}
	}
	if got := s.endorsement(n.Shows[1].EndorsementID).Current().Fields.Name; got != "Reading Trust Leeds" {
		t.Errorf("the change of one line became %q", got)
	}
	s.says(s.post(s.link(n), yes(1, "line", "999999")), http.StatusUnprocessableEntity, "Choose at least one organization.")
}

// TestDeadLinks: whatever is wrong with a link, the page is the same, byte for byte (R41).
func TestDeadLinks(t *testing.T) {
	s := newSite(t)
	n := s.wrote("office@lindenau.example", lindenau())
	good := s.keys.Link(petition.PurposeConfirm, &n)
	flipped := good[:len(good)-1] + map[bool]string{true: "b", false: "a"}[good[len(good)-1] == 'a']
	unknown := n
	unknown.ID = 4711
	links := map[string]string{
		"garbage": "x", "too short": good[:10], "one letter wrong": flipped, "unknown notice": s.keys.Link(petition.PurposeConfirm, &unknown),
		"for another purpose": s.keys.Link(petition.PurposeSelf, &n), "of a bounce": s.keys.Link(petition.PurposeBounce, &n),
	}
	first := s.get("/c/x")
	s.says(first, http.StatusNotFound, "This link does not work any more.", "Write your e-mail address; if we have a request from it, we send a new link.", `action="/new-link"`)
	for name, token := range links {
		for _, a := range []answer{s.get("/c/" + token), s.post("/c/"+token, yes(1))} {
			if a.Code != first.Code || a.body != first.body {
				t.Errorf("%s: another answer (%d)", name, a.Code)
			}
		}
	}
	if a := s.get("/s/" + good); a.body != first.body {
		t.Error("a link to confirm opens the signer's own page (R39)")
	}
	if a := s.get("/c/" + upper(good)); a.Code != http.StatusOK {
		t.Error("letter case matters, which mail programs change")
	}
	c, err := s.store.Campaign(s.Context(), s.campaign.Slug)
	s.ok(err)
	settings := c.Settings
	settings.Closes = time.Time{} // the list stays open, only the link grows old
	s.ok(s.store.SaveSettings(s.Context(), c.ID, c.Revision, settings, s.owner))
	s.pass(22 * 24 * time.Hour)
	for _, a := range []answer{s.get("/c/" + good), s.post("/c/"+good, yes(1))} {
		if a.Code != first.Code || a.body != first.body {
			t.Errorf("an old link: %d", a.Code)
		}
	}
}

// TestExtendedDeadline: links that are out there follow (U06).
func TestExtendedDeadline(t *testing.T) {
	s := newSite(t)
	n := s.wrote("office@lindenau.example", lindenau())
	c, err := s.store.Campaign(s.Context(), s.campaign.Slug)
	s.ok(err)
	settings := c.Settings
	settings.Closes = c.Closes.AddDate(0, 2, 0)
	s.ok(s.store.SaveSettings(s.Context(), c.ID, c.Revision, settings, s.owner))
	s.pass(40 * 24 * time.Hour)
	s.says(s.get(s.link(n)), http.StatusOK, "Is this correct?", "Closes on Sunday, 26 July 2026")
	s.says(s.post(s.link(n), yes(1)), http.StatusOK, "Thank you.")
}

func upper(token string) string {
	b := []byte(token)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// TestNewLink: the page says the same whether the address is known or not.
func TestNewLink(t *testing.T) {
	s := newSite(t)
	n := s.wrote("office@lindenau.example", lindenau())
	id := n.Shows[0].EndorsementID
	known := s.post("/new-link", url.Values{"address": {" Office@Lindenau.example "}})
	unknown := s.post("/new-link", url.Values{"address": {"nobody@nowhere.example"}})
	s.says(known, http.StatusOK, "Please look into your mail.")
	if known.body != unknown.body {
		t.Error("the page tells who has written to us")
	}
	s.says(s.post("/new-link", url.Values{"address": {"office"}}), http.StatusUnprocessableEntity, "Write an e-mail address")
	all, err := s.store.Notices(s.Context(), id)
	s.ok(err)
	for _, fresh := range all {
		if fresh.Kind == petition.NoticeNewLink && fresh.To == "office@lindenau.example" {
			s.says(s.get(s.link(fresh)), http.StatusOK, "Is this correct?")
			return
		}
	}
	t.Errorf("no new link among %d notices", len(all))
}

// TestSelfPage: the signer's own page opens for every purpose that a mail may promise.
func TestSelfPage(t *testing.T) {
	s := newSite(t)
	n := s.wrote("office@lindenau.example", lindenau())
	for _, p := range []petition.Purpose{petition.PurposeSelf, petition.PurposeWithdraw, petition.PurposeCorrect, petition.PurposeSee, petition.PurposeErase} {
		s.says(s.get("/s/"+s.keys.Link(p, &n)), http.StatusOK, "City Library Lindenau", "Your data", "office@lindenau.example")
	}
	self := "/s/" + s.keys.Link(petition.PurposeSelf, &n)
	s.says(s.post(self, url.Values{"act": {"withdraw"}, "line": {strconv.FormatInt(n.Shows[0].EndorsementID, 10)}, "deliberate": {"yes"}}), http.StatusOK, "You can undo this until")
	s.says(s.post(self, url.Values{"act": {"withdraw"}, "line": {"12345"}, "deliberate": {"yes"}}), http.StatusBadRequest, "We could not read this form.")
	s.says(s.post(self, url.Values{"act": {"confirm"}, "line": {strconv.FormatInt(n.Shows[0].EndorsementID, 10)}, "deliberate": {"yes"}}), http.StatusBadRequest)
}

// TestErase: only the own page, only with its tick; then no page shows the person, until
// that is taken back. After seven days nothing of the person is anywhere (trap 4, R40, U12).
func TestErase(t *testing.T) {
	s := newSite(t)
	id := s.listed("office@lindenau.example", lindenau())
	all, err := s.store.Notices(s.Context(), id)
	s.ok(err)
	listed := all[len(all)-1]
	line := strconv.FormatInt(id, 10)
	self := "/s/" + s.keys.Link(petition.PurposeSelf, &listed)
	form := url.Values{"act": {"erase"}, "line": {line}}
	s.says(s.get(self), http.StatusOK, "Delete your data", "The line of your organization stays as it is.")
	before := s.history(id)
	s.says(s.post(self, form), http.StatusUnprocessableEntity, "Delete your data")
	form.Set("deliberate", "yes")
	s.saysNot(s.post(s.link(all[0]), form), "Your data will be deleted.")
	s.saysNot(s.get(s.link(all[0])), "Delete my data")
	if s.history(id) != before {
		t.Fatal("something was erased")
	}
	a := s.post(self, form)
	s.says(a, http.StatusOK, "Your data will be deleted.", "Your organization is on the list.", "Keep my data")
	s.saysNot(a, "Anna Berg", `value="withdraw"`)
	back := url.Values{"act": {"undo"}, "line": {line}}
	s.says(s.post(self, back), http.StatusUnprocessableEntity, "Your data will be deleted.")
	back.Set("deliberate", "yes")
	s.says(s.post(self, back), http.StatusOK, "Delete my data")
	s.says(s.post(self, form), http.StatusOK, "Your data will be deleted.")
	s.pass(petition.ReversibleFor)
	due, err := s.store.Due(s.Context())
	s.ok(err)
	for _, a := range due {
		s.act(a)
	}
	s.says(s.get(self), http.StatusNotFound, "This link does not work any more.")
	s.says(s.get("/open-on-sunday"), http.StatusOK, "City Library Lindenau")
	told, err := s.store.Notices(s.Context(), id)
	s.ok(err)
	s.post("/new-link", url.Values{"address": {"office@lindenau.example"}})
	after, err := s.store.Notices(s.Context(), id)
	s.ok(err)
	if len(after) != len(told) || len(told) != len(all)+2 {
		t.Errorf("%d notices after erasing, %d before it, %d before that", len(after), len(told), len(all))
	}
}

// TestNewLinkOfASignerOnTheList: the own page comes back, too, by a link that opens nothing else.
func TestNewLinkOfASignerOnTheList(t *testing.T) {
	s := newSite(t)
	id := s.listed("office@lindenau.example", lindenau())
	s.post("/new-link", url.Values{"address": {"office@lindenau.example"}})
	all, err := s.store.Notices(s.Context(), id)
	s.ok(err)
	fresh := all[len(all)-1]
	if fresh.Kind != petition.NoticeNewLink || fresh.To != "office@lindenau.example" {
		t.Fatalf("the last notice is %+v", fresh)
	}
	s.says(s.get("/s/"+s.keys.Link(petition.PurposeSelf, &fresh)), http.StatusOK, "City Library Lindenau", "Your data")
}
