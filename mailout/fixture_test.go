package mailout

import (
	"bytes"
	"testing"
	"time"
	_ "time/tzdata" // tests must not depend on the machine's zones

	"countersign/petition"
	"countersign/templates"
)

func keys(t testing.TB) petition.Keys {
	t.Helper()
	k, err := petition.NewKeys(1, map[byte][]byte{1: bytes.Repeat([]byte("k"), 32)})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func composer(t testing.TB) *Composer {
	t.Helper()
	set, err := templates.New()
	if err != nil {
		t.Fatal(err)
	}
	return &Composer{
		Templates: set, Keys: keys(t), BaseURL: "https://opensunday.example", Plus: true,
		From: petition.Address{Name: "Countersign", Address: "countersign@opensunday.example"},
	}
}

// brussels is a time in the campaign's zone.
func brussels(day, month, hour, minute int) time.Time {
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		panic(err)
	}
	return time.Date(2026, time.Month(month), day, hour, minute, 0, 0, zone).UTC()
}

func campaign() *petition.Campaign {
	return &petition.Campaign{
		ID: 1, Slug: "letter", State: petition.Open,
		Settings: petition.Settings{
			Name: "Open on Sunday", Recipient: "the Ministry of Culture", Addresses: []string{"sign@opensunday.example"},
			Sender: "Open on Sunday letter", Languages: []string{"en", "de"}, Zone: "Europe/Brussels", ZoneName: "Brussels time",
			Closes: brussels(26, 5, 18, 0), Grace: petition.DefaultGrace, Delivers: brussels(28, 5, 12, 0), Public: petition.DefaultPublic,
			Visibility: petition.Public, Controller: "Library Friends Network", Contact: "Nora Example, Library Friends Network, phone +00 000 0000",
			KeepUntil: brussels(30, 11, 0, 0),
		},
		Texts: []petition.Text{{N: 1, Language: "en", Binding: true, Title: "Open on Sunday", Published: brussels(2, 5, 9, 0)}},
	}
}

func lindenau() *petition.Endorsement {
	return &petition.Endorsement{
		ID: 12, CampaignID: 1, OrganizationID: 5, Locale: "en", CreatedAt: brussels(12, 5, 14, 2),
		Writer: petition.Person{Name: "Anna Berg", Address: "office@lindenau.example"},
		Versions: []petition.Version{{
			N: 1, Verification: petition.Awaiting, Review: petition.Pending, TextVersion: 1, TextLanguage: "en",
			Fields: petition.Fields{
				Kind: petition.KindOrganization, Name: "City Library Lindenau", City: "Leipzig", Country: "DE",
				Website: "https://lindenau.example/", Signatory: "Anna Berg", Title: "Office manager", Contact: "office@lindenau.example",
			},
		}},
	}
}

func readingClub() *petition.Endorsement {
	e := lindenau()
	e.ID, e.OrganizationID = 13, 6
	e.Versions[0].Fields.Name, e.Versions[0].Fields.City = "Reading Club Lindenau", "Markkleeberg"
	return e
}

func listed(e *petition.Endorsement) *petition.Endorsement {
	v := e.Current()
	v.Verification, v.Review = petition.Confirmed, petition.Approved
	e.Number, e.ListedAt = 7, brussels(13, 5, 10, 0)
	return e
}

// occasion is an answer of the kind to the mail of City Library Lindenau.
func occasion(kind petition.NoticeKind, locale string) petition.Occasion {
	return petition.Occasion{
		Notice: petition.Notice{
			ID: 42, Kind: kind, CampaignID: 1, To: "office@lindenau.example", Locale: locale,
			InReplyTo: "abc123@lindenau.example", References: []string{"thread@lindenau.example"}, Subject: "We sign: Open on Sunday", MailID: 9,
			Shows:    []petition.Shown{{EndorsementID: 12, Version: 1}},
			Details:  petition.Details{WroteAt: brussels(12, 5, 14, 2), CanReply: true},
			QueuedAt: brussels(12, 5, 14, 3), DueAt: brussels(12, 5, 14, 3), ExpiresAt: brussels(2, 6, 14, 3), Attempts: 1,
		},
		Campaign: campaign(), Endorsements: []*petition.Endorsement{lindenau()}, Organizations: 214, Countries: 31,
	}
}
