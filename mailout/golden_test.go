package mailout

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-message/mail"

	"countersign/petition"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldens are the mails whose every word is in testdata, each in English and German.
var goldens = []struct {
	name string
	kind petition.NoticeKind
	with func(*petition.Occasion)
}{
	{"request", petition.NoticeRequest, nil},
	{"request_page_only", petition.NoticeRequest, func(o *petition.Occasion) { o.Notice.Details.CanReply = false }},
	{"request_several", petition.NoticeRequest, several},
	{"request_several_page_only", petition.NoticeRequest, func(o *petition.Occasion) { several(o); o.Notice.Details.CanReply = false }},
	{"request_person", petition.NoticeRequest, person},
	{"request_told", petition.NoticeRequest, func(o *petition.Occasion) { unasked(o) }},
	{"request_no_deadline", petition.NoticeRequest, func(o *petition.Occasion) { noDates(o) }},
	{"request_names_public", petition.NoticeRequest, func(o *petition.Occasion) {
		o.Campaign.Public = []petition.Field{petition.FieldOrganization, petition.FieldCity, petition.FieldCountry, petition.FieldWebsite, petition.FieldSignatory, petition.FieldTitle}
	}},
	{"request_embargo", petition.NoticeRequest, func(o *petition.Occasion) {
		o.Campaign.Visibility, o.Campaign.EmbargoEnds = petition.Embargo, brussels(20, 5, 9, 0)
	}},
	{"request_late", petition.NoticeRequest, func(o *petition.Occasion) { o.Notice.QueuedAt = brussels(14, 5, 9, 0) }},
	{"received", petition.NoticeReceived, func(o *petition.Occasion) { o.Notice.QueuedAt = brussels(13, 5, 9, 12) }},
	{"received_several", petition.NoticeReceived, several},
	{"listed", petition.NoticeListed, func(o *petition.Occasion) { unasked(o); listed(o.Endorsements[0]) }},
	{"listed_several", petition.NoticeListed, func(o *petition.Occasion) { several(o); o.Organizations, o.Countries = 1, 1 }},
	{"listed_person_no_dates", petition.NoticeListed, func(o *petition.Occasion) { person(o); noDates(o); o.Organizations, o.Countries = 0, 0 }},
	{"reminder_first", petition.NoticeReminder, func(o *petition.Occasion) { reminder(o, 1) }},
	{"reminder_second", petition.NoticeReminder, func(o *petition.Occasion) { reminder(o, 2) }},
	{"reminder_page_only", petition.NoticeReminder, func(o *petition.Occasion) { reminder(o, 2); o.Notice.Details.CanReply = false }},
	{"not_understood", petition.NoticeNotUnderstood, func(o *petition.Occasion) { o.Notice.Shows, o.Notice.Details.Missing = nil, "organization" }},
	{"not_understood_encrypted", petition.NoticeNotUnderstood, func(o *petition.Occasion) { o.Notice.Shows, o.Notice.Details.Missing = nil, "encrypted" }},
	{"not_understood_attachment", petition.NoticeNotUnderstood, func(o *petition.Occasion) { o.Notice.Shows, o.Notice.Details.Missing = nil, "attachment" }},
	{"not_understood_size", petition.NoticeNotUnderstood, func(o *petition.Occasion) { o.Notice.Shows, o.Notice.Details.Missing = nil, "size" }},
	{"question", petition.NoticeQuestion, question},
	{"question_closed", petition.NoticeQuestion, func(o *petition.Occasion) {
		question(o)
		o.Notice.QueuedAt, o.Notice.Details.AlsoSigns, o.Notice.Details.Checked = brussels(27, 5, 8, 0), false, "none"
	}},
	{"waiting", petition.NoticeWaiting, nil},
	{"corrected_asks", petition.NoticeCorrected, func(o *petition.Occasion) { corrected(o, true) }},
	{"corrected", petition.NoticeCorrected, func(o *petition.Occasion) { corrected(o, false) }},
	{"corrected_asks_listed", petition.NoticeCorrected, func(o *petition.Occasion) {
		corrected(o, true)
		v := &o.Endorsements[0].Versions[0]
		v.Verification, v.Review = petition.Confirmed, petition.Approved
	}},
	{"declined", petition.NoticeDeclined, nil},
	{"declined_reason", petition.NoticeDeclined, func(o *petition.Occasion) {
		o.Notice.Details.Text = "The letter is for libraries and their friends.\n\nPlease write to us if you are one."
	}},
	{"too_late", petition.NoticeTooLate, func(o *petition.Occasion) {
		o.Notice.Details.WroteAt, o.Notice.QueuedAt = brussels(26, 5, 18, 1), brussels(26, 5, 18, 2)
	}},
	{"already_signed", petition.NoticeAlready, func(o *petition.Occasion) { listed(o.Endorsements[0]); o.Notice.To = "m.klein@lindenau.example" }},
	{"already_signed_neutral", petition.NoticeAlready, func(o *petition.Occasion) {
		listed(o.Endorsements[0]).Withheld = true
		o.Notice.To = "m.klein@lindenau.example"
	}},
	{"new_link", petition.NoticeNewLink, unasked},
	{"new_link_self", petition.NoticeNewLink, func(o *petition.Occasion) { unasked(o); listed(o.Endorsements[0]) }},
	{"only_organizations", petition.NoticeOrganizations, nil},
	{"withdrawn", petition.NoticeWithdrawn, func(o *petition.Occasion) { o.Endorsements[0].WithdrawnAt = brussels(20, 5, 8, 0) }},
	{"refused", petition.NoticeRefused, nil},
	{"prove_withdraw", petition.NoticeProveLink, func(o *petition.Occasion) { o.Notice.Details.Purpose = petition.PurposeWithdraw }},
	{"prove_correct", petition.NoticeProveLink, func(o *petition.Occasion) { unasked(o); o.Notice.Details.Purpose = petition.PurposeCorrect }},
	{"prove_see", petition.NoticeProveLink, func(o *petition.Occasion) { o.Notice.Details.Purpose = petition.PurposeSee }},
	{"prove_erase", petition.NoticeProveLink, func(o *petition.Occasion) { o.Notice.Details.Purpose = petition.PurposeErase }},
	{"use_link", petition.NoticeUseLink, nil},
	{"thanks", petition.NoticeThanks, func(o *petition.Occasion) { o.Notice.Shows = nil }},
	{"acknowledge", petition.NoticeAcknowledge, func(o *petition.Occasion) { o.Notice.Shows = nil }},
	{"forwarder", petition.NoticeForwarder, func(o *petition.Occasion) { o.Notice.To = "friend@neighbours.example" }},
	{"note", petition.NoticeNote, func(o *petition.Occasion) { unasked(o); o.Notice.QueuedAt = brussels(24, 5, 18, 0) }},
	{"ask", petition.NoticeAsk, func(o *petition.Occasion) {
		unasked(o)
		o.Notice.Details.Text = "Is the library in Leipzig or in Lindenau near Ortrand?\n\nThe museum's page\nhttps://lindenau.example/about\nnames both."
	}},
	{"answer", petition.NoticeAnswer, func(o *petition.Occasion) {
		o.Notice.Subject = "Logo? Call +49 341 555 0199 or see https://lindenau.example/logo"
		o.Notice.Details.Text = "Dear Anna Berg,\r\n\r\nyes, please send it as a file.\r\n\r\nBest regards\r\nNora Example\r\n"
	}},
	{"removed", petition.NoticeRemoved, unasked},
	{"erasing", petition.NoticeErasing, func(o *petition.Occasion) { unasked(o); listed(o.Endorsements[0]) }},
	{"erasing_person", petition.NoticeErasing, person},
	{"data", petition.NoticeData, func(o *petition.Occasion) {
		o.Endorsements[0].ArrivedAt, o.Endorsements[0].Versions[0].Confirmer = brussels(12, 5, 14, 2), petition.Person{Name: "M. Klein"}
	}},
	{"data_several", petition.NoticeData, several},
	{"digest", petition.NoticeDigest, func(o *petition.Occasion) {
		forOrganizers(o)
		o.Notice.Details.Counts = []petition.Count{{What: "review", N: 3}, {What: "question", N: 1}, {What: "awaiting", N: 1200}, {What: "Something new", N: 2}}
	}},
	{"digest_nothing", petition.NoticeDigest, func(o *petition.Occasion) { forOrganizers(o); o.Campaign = nil }},
	{"sign_in", petition.NoticeSignIn, func(o *petition.Occasion) {
		forOrganizers(o)
		o.Campaign, o.Notice.Details.Who, o.Notice.ExpiresAt = nil, "Firefox on Linux", brussels(12, 5, 14, 33)
	}},
	{"alert", petition.NoticeAlert, func(o *petition.Occasion) {
		forOrganizers(o)
		o.Campaign, o.Notice.Details.Who = nil, "the mailbox sign"
		o.Notice.Details.Text = "Since 14:02 the mail server refuses the password.\nNo mail is lost; it waits on the server."
	}},
	{"check", petition.NoticeCheck, func(o *petition.Occasion) { forOrganizers(o); o.Notice.To = "sign@opensunday.example" }},
}

func several(o *petition.Occasion) {
	o.Endorsements = append(o.Endorsements, readingClub())
	o.Notice.Shows = append(o.Notice.Shows, petition.Shown{EndorsementID: 13, Version: 1})
}

func person(o *petition.Occasion) {
	f := &o.Endorsements[0].Versions[0].Fields
	f.Kind, f.Name = petition.KindIndividual, "Anna Berg"
}

// unasked makes a notice that no mail of theirs asked for.
func unasked(o *petition.Occasion) {
	o.Notice.MailID, o.Notice.InReplyTo, o.Notice.References, o.Notice.Subject = 0, "", nil, ""
	o.Notice.Details.WroteAt = petition.Event{}.At
}

func noDates(o *petition.Occasion) {
	c := o.Campaign
	c.Closes, c.Delivers, c.KeepUntil = petition.Event{}.At, petition.Event{}.At, petition.Event{}.At
	c.Texts[0].N = 2
}

func reminder(o *petition.Occasion, nth int) {
	wrote := o.Notice.Details.WroteAt
	unasked(o)
	o.Notice.Details.WroteAt, o.Notice.Details.Nth, o.Notice.QueuedAt = wrote, nth, brussels(16, 5, 9, 0)
}

func forOrganizers(o *petition.Occasion) {
	unasked(o)
	o.Notice.To, o.Notice.Shows, o.Endorsements = "nora@friends.example", nil, nil
}

func question(o *petition.Occasion) {
	forOrganizers(o)
	o.Notice.MailID, o.Notice.QueuedAt = 318, brussels(23, 5, 10, 15)
	o.Notice.Details = petition.Details{
		WroteAt: brussels(23, 5, 10, 14), Text: "Wir unterschreiben gern. Dürfen wir unser Logo schicken?", Who: "City Library Lindenau",
		From: "office@lindenau.example", Language: "de", Checked: "aligned-pass", AlsoSigns: true,
	}
}

func corrected(o *petition.Occasion, asks bool) {
	e := o.Endorsements[0]
	v := e.Versions[0]
	v.N, v.Fields.City = 2, "Leipzig-Lindenau"
	e.Versions = append(e.Versions, v)
	o.Notice.Shows = []petition.Shown{{EndorsementID: 12, Version: 2}}
	o.Notice.Details.Before, o.Notice.Details.Asks = []petition.Shown{{EndorsementID: 12, Version: 1}}, asks
}

func TestGolden(t *testing.T) {
	c := composer(t)
	seen := map[petition.NoticeKind]bool{}
	for _, g := range goldens {
		seen[g.kind] = true
		for _, locale := range []string{"en", "de"} {
			t.Run(g.name+"."+locale, func(t *testing.T) {
				o := occasion(g.kind, locale)
				if g.with != nil {
					g.with(&o)
				}
				letter, err := c.Compose(o)
				if err != nil {
					t.Fatal(err)
				}
				got := readable(t, letter)
				file := filepath.Join("testdata", g.name+"."+locale+".txt")
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
				}
			})
		}
	}
	for _, k := range kinds {
		if !seen[k] {
			t.Errorf("no golden mail of kind %q", k)
		}
	}
}

// kinds are all kinds of notice.
var kinds = []petition.NoticeKind{
	petition.NoticeRequest, petition.NoticeReceived, petition.NoticeListed, petition.NoticeReminder, petition.NoticeNotUnderstood,
	petition.NoticeQuestion, petition.NoticeWaiting, petition.NoticeCorrected, petition.NoticeDeclined, petition.NoticeTooLate, petition.NoticeAlready,
	petition.NoticeNewLink, petition.NoticeOrganizations, petition.NoticeWithdrawn, petition.NoticeRefused, petition.NoticeProveLink,
	petition.NoticeUseLink, petition.NoticeThanks, petition.NoticeAcknowledge, petition.NoticeForwarder, petition.NoticeNote, petition.NoticeAsk,
	petition.NoticeAnswer, petition.NoticeRemoved, petition.NoticeDigest, petition.NoticeSignIn, petition.NoticeAlert, petition.NoticeCheck,
}

// opened is a letter as a mail program reads it.
type opened struct {
	header     mail.Header
	text, html string
}

func open(t testing.TB, raw []byte) opened {
	t.Helper()
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	o := opened{header: r.Header}
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return o
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		inline, ok := p.Header.(*mail.InlineHeader)
		if !ok {
			t.Fatalf("an attachment: %v", p.Header)
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		switch kind, _, _ := inline.ContentType(); {
		case kind == "text/plain" && o.html == "":
			o.text = text
		case kind == "text/html":
			o.html = text
		default:
			t.Fatalf("part %q after %q", kind, o.html)
		}
	}
}

// readable is headers and text, as somebody reads them who checks a golden file.
func readable(t *testing.T, l Letter) string {
	t.Helper()
	o := open(t, l.Raw)
	var b strings.Builder
	fields := o.header.Fields()
	var lines []string
	for fields.Next() {
		text, err := fields.Text()
		if err != nil {
			t.Fatal(err)
		}
		if fields.Key() == "Content-Type" {
			text, _, _ = strings.Cut(text, ";")
		}
		lines = append(lines, fields.Key()+": "+text+"\n")
	}
	slices.Sort(lines)
	b.WriteString(strings.Join(lines, "") + "Envelope: " + l.EnvelopeFrom + " -> " + l.To + "\n\n" + o.text)
	return b.String()
}
