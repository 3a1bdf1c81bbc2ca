package petition

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func testKeys(t *testing.T, current byte, ids ...byte) Keys {
	t.Helper()
	secrets := map[byte][]byte{}
	for _, id := range ids {
		secrets[id] = []byte(strings.Repeat(string(rune('a'+id)), MinSecret))
	}
	k, err := NewKeys(current, secrets)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func testNotice() *Notice {
	return &Notice{ID: 318, To: "Office@Lindenau.example", Shows: []Shown{{EndorsementID: 12, Version: 2}}}
}

// TestR38Link: bound to purpose, notice, versions and address; letter case does not matter.
func TestR38Link(t *testing.T) {
	k := testKeys(t, 1, 1)
	n := testNotice()
	token := k.Link(PurposeConfirm, n)
	if id, err := k.LinkNotice(token); err != nil || id != n.ID {
		t.Fatalf("notice %d, %v", id, err)
	}
	other := func(change func(*Notice)) *Notice {
		n := testNotice()
		n.Shows = slices.Clone(n.Shows)
		change(n)
		return n
	}
	for _, tt := range []struct {
		name    string
		token   string
		purpose Purpose
		notice  *Notice
		keys    Keys
		want    bool
	}{
		{"as made", token, PurposeConfirm, n, k, true},
		{"upper case", strings.ToUpper(token), PurposeConfirm, n, k, true},
		{"address in other case", token, PurposeConfirm, other(func(n *Notice) { n.To = "office@lindenau.example" }), k, true},
		{"other purpose", token, PurposeWithdraw, n, k, false},
		{"other address", token, PurposeConfirm, other(func(n *Notice) { n.To = "mallory@evil.example" }), k, false},
		{"other version", token, PurposeConfirm, other(func(n *Notice) { n.Shows[0].Version = 3 }), k, false},
		{"other notice", token, PurposeConfirm, other(func(n *Notice) { n.ID++ }), k, false},
		{"one letter changed", swap(token), PurposeConfirm, n, k, false},
		{"cut", token[:len(token)-1], PurposeConfirm, n, k, false},
		{"empty", "", PurposeConfirm, n, k, false},
		{"after rotation", token, PurposeConfirm, n, testKeys(t, 2, 1, 2), true},
		{"after the key is gone", token, PurposeConfirm, n, testKeys(t, 2, 2), false},
	} {
		if got := tt.keys.LinkOpens(tt.token, tt.purpose, tt.notice); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	if line := "https://opensunday.example/c/" + token; len(line) > 70 {
		t.Errorf("the link has %d characters, 70 are allowed", len(line))
	}
}

func swap(token string) string {
	b := []byte(token)
	if i := len(b) / 2; b[i] == 'a' {
		b[i] = 'b'
	} else {
		b[i] = 'a'
	}
	return string(b)
}

// TestU10Code: found in whatever a client made of it, and only the right one opens.
func TestU10Code(t *testing.T) {
	k := testKeys(t, 1, 1)
	n := testNotice()
	code := k.Code(n)
	for _, text := range []string{
		code, "> Please leave this code in your answer: " + code, strings.ToLower(code) + ".",
		strings.ReplaceAll(code, "-", "\u2011"), strings.ReplaceAll(code, "0", "O"), "<b>" + code + "</b>",
	} {
		if !k.CodeOpens(FindCodes(text), n) {
			t.Errorf("not found in %q", text)
		}
	}
	if other := *n; k.CodeOpens([]string{k.Code(&Notice{ID: 319, To: n.To})}, &other) {
		t.Error("another notice's code opens")
	}
	if k.CodeOpens(FindCodes("K7M2-QX9D-4TWA"), n) {
		t.Error("a made-up code opens")
	}
}

// TestR28References: best carrier first, forged ones not at all.
func TestR28References(t *testing.T) {
	k := testKeys(t, 1, 1)
	h := Header{
		Recipients: []string{k.ReplyTo(7, "sign@opensunday.example")},
		InReplyTo:  []string{k.MessageID(8, "sign@opensunday.example")},
		References: []string{"x@y.example", k.MessageID(9, "sign@opensunday.example"), "n" + strings.Repeat("a", 14) + "@opensunday.example"},
	}
	want := []Reference{{7, "to"}, {8, "in-reply-to"}, {9, "references"}}
	if got := k.FindReferences(h); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !k.OwnMessageID(k.MessageID(8, "sign@opensunday.example")) || k.OwnMessageID("n12@x.example") {
		t.Error("own Message-ID not told from others")
	}
	local, _, _ := strings.Cut(k.ReplyTo(1<<40, "sign@opensunday.example"), "@")
	if len(local) > 64 {
		t.Errorf("local part has %d octets", len(local))
	}
}

func FuzzTokens(f *testing.F) {
	f.Add("abc")
	f.Add("K7M2-QX9D-4TWA")
	f.Fuzz(func(t *testing.T, s string) {
		k := testKeys(t, 1, 1)
		n := testNotice()
		if k.LinkOpens(s, PurposeConfirm, n) && !strings.EqualFold(s, k.Link(PurposeConfirm, n)) {
			t.Errorf("%q opens", s)
		}
		_, _ = k.LinkNotice(s)
		_, _ = k.Notice(s)
		FindCodes(s)
		CleanLine(s, 80)
		NameKey(s)
		CanonicalAddress(s)
	})
}

func TestNameKeys(t *testing.T) {
	same := [][2]string{
		{"City Library Lindenau", "  the CITY library  Lindenau"},
		{"Radverein Süd e.V.", "Radverein Sud"},
		{"Café «Zora»", "Cafe Zora"},
		{"Reading Trust Ltd.", "Reading Trust"},
		{"Ένωση Αναγνωστών", "ΕΝΩΣΗ ΑΝΑΓΝΩΣΤΩΝ"},
	}
	for _, p := range same {
		if NameKey(p[0]) != NameKey(p[1]) {
			t.Errorf("%q is %q, %q is %q", p[0], NameKey(p[0]), p[1], NameKey(p[1]))
		}
	}
	for _, p := range [][2]string{{"Reading Trust", "Reading Trust, Leeds branch"}, {"Grupo 1", "Grupo 2"}} {
		if NameKey(p[0]) == NameKey(p[1]) {
			t.Errorf("%q and %q have one key", p[0], p[1])
		}
	}
}

func TestIdentityKeys(t *testing.T) {
	got := IdentityKeys(Fields{Name: "Reading Trust", Website: "https://www.reading.example/en", Contact: "a@gmail.com"})
	if want := []string{"name:reading trust", "domain:reading.example"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestCarriesOver(t *testing.T) {
	for _, tt := range []struct {
		old, changed string
		want         bool
	}{
		{"CITY LIBRARY LINDENAU", "City Library Lindenau", true},
		{"City Library Lindenau", "City Library Lindenau", true},
		{"Café Zora", "Cafe Zora", true},
		{"City Library Leeds", "City Library Leigh", false},
		{"Grupo 1 de Lectura", "Grupo 2 de Lectura", false},
		{"Reading Trust", "Reading Trust Leeds", false},
	} {
		if got := CarriesOver(Fields{Name: tt.old}, Fields{Name: tt.changed}); got != tt.want {
			t.Errorf("%q to %q: %v", tt.old, tt.changed, got)
		}
	}
	if CarriesOver(Fields{Name: "A", Contact: "a@a.example"}, Fields{Name: "A", Contact: "b@a.example"}) {
		t.Error("a change of contact carried the proof over")
	}
}

func TestCleanLine(t *testing.T) {
	for in, want := range map[string]string{
		"  City\r\n Library\t\x00 Lindenau ": "City Library Lindenau",
		"abc\u202egnp.exe":                   "abcgnp.exe",
		"bad \xff byte":                      "bad byte",
		"می\u200cخواهیم":                     "می\u200cخواهیم",
	} {
		if got := CleanLine(in, 80); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
	if n := len([]rune(CleanLine(strings.Repeat("word ", 2000), 80))); n > 80 {
		t.Errorf("%d letters", n)
	}
}

func TestCountryCode(t *testing.T) {
	for in, want := range map[string]string{"Germany": "DE", "Deutschland": "DE", "de": "DE", "ÖSTERREICH": "AT", "Россия": "RU", "日本": "JP", "UK": "GB", "Narnia": "Narnia", "": ""} {
		if got := CountryCode(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestRoute(t *testing.T) {
	a := &Campaign{ID: 1, Slug: "a", Settings: Settings{Addresses: []string{"a@x.example"}}}
	b := &Campaign{ID: 2, Slug: "b", Settings: Settings{Addresses: []string{"b@x.example", "bb@x.example"}}}
	for _, tt := range []struct {
		name     string
		header   Header
		asked    *Notice
		fallback string
		want     *Campaign
	}{
		{"reply wins", Header{Recipients: []string{"a@x.example"}}, &Notice{CampaignID: 2}, "", b},
		{"delivered to wins over To", Header{Delivered: []string{"bb@x.example"}, Recipients: []string{"bb@x.example", "a@x.example"}}, nil, "", b},
		{"plus part", Header{Recipients: []string{"a+n7@x.example"}}, nil, "", a},
		{"two campaigns", Header{Recipients: []string{"a@x.example", "b@x.example"}}, nil, "a", nil},
		{"mailbox default", Header{Recipients: []string{"info@x.example"}}, nil, "b", b},
		{"nowhere", Header{Recipients: []string{"info@x.example"}}, nil, "", nil},
	} {
		if got := Route(&Mail{Header: tt.header}, []*Campaign{a, b}, tt.asked, tt.fallback); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// TestU08OpenRefuses: no campaign opens without saying who is responsible.
func TestU08OpenRefuses(t *testing.T) {
	c := Campaign{Settings: Settings{Name: "x", Addresses: []string{"a@x.example"}}, Texts: []Text{{N: 1}}}
	if got := c.MissingToOpen(); !slices.Equal(got, []string{"controller", "contact", "privacy_url or privacy_text"}) {
		t.Errorf("%v", got)
	}
	c.Controller, c.Contact, c.PrivacyText = "a", "b", "c"
	if got := c.MissingToOpen(); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// TestU06ClockChange: a deadline across the end of summer time is the same instant for everybody.
func TestU06ClockChange(t *testing.T) {
	brussels, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		t.Fatal(err)
	}
	closes := time.Date(2026, 10, 25, 2, 30, 0, 0, brussels).Add(time.Hour) // the second half past two
	c := Campaign{State: Open, Settings: Settings{Zone: "Europe/Brussels", Closes: closes, Grace: DefaultGrace}}
	if !c.AcceptsNew(closes) || c.AcceptsNew(closes.Add(time.Second)) || !c.AcceptsNew(closes.Add(-time.Hour)) {
		t.Error("the deadline moved with the clock")
	}
}
