package mailin

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"countersign/mailin/message"
	"countersign/mailin/reading"
	"countersign/petition"
	"countersign/postoffice"
)

func testKeys(t *testing.T) petition.Keys {
	t.Helper()
	keys, err := petition.NewKeys(1, map[byte][]byte{1: []byte(strings.Repeat("k", petition.MinSecret))})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// readerFunc is a reader that remembers what it was told.
type readerFunc func(m *message.Message, o petition.Origin, h reading.Hints) petition.Reading

func (f readerFunc) Read(m *message.Message, o petition.Origin, h reading.Hints) petition.Reading {
	return f(m, o, h)
}

func understander(t *testing.T, hints *reading.Hints) Understand {
	t.Helper()
	u, err := NewUnderstander(UnderstanderConfig{
		Reader: readerFunc(func(_ *message.Message, _ petition.Origin, h reading.Hints) petition.Reading {
			if hints != nil {
				*hints = h
			}
			return petition.Reading{Intent: petition.SignOn, Confidence: petition.High}
		}),
		Keys:          testKeys(t),
		OwnAddresses:  func(context.Context) []string { return []string{inbox} },
		CampaignNames: func(context.Context) []string { return []string{"Open on Sunday"} },
		ShownNames: func(_ context.Context, notices []int64) []string {
			return []string{"shown", string(rune('0' + len(notices)))}
		},
		TrustedAuthservIDs: map[string][]string{"info": {"mx.postoffice.example"}},
		Clock:              func() time.Time { return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestHeaderFacts(t *testing.T) {
	keys := testKeys(t)
	raw := strings.ReplaceAll(`Received: from a by b (comment; with semicolon)
	for <info@library.example>; Sun, 1 Mar 2026 13:00:00 +0100 (CET)
Received: from c by a; Sun, 1 Mar 2026 10:00:00 +0000
Delivered-To: Info+`+keys.Reference(7)+`@Library.example
X-Original-To: <letter@library.example>
Envelope-To: info@library.example, second@library.example
From: =?utf-8?q?J=C3=BCrgen?= <JW@Readers.example>
To: Letter <letter@LIBRARY.example>, "x, y" <other@far.example>
Cc: third@far.example
Subject: =?utf-8?q?We_sign=21?=
Date: Sun, 1 Mar 2026 11:59:00 +0100
Message-ID: <one@readers.example>
In-Reply-To: <`+keys.MessageID(9, inbox)+`>
References: <zero@far.example> <`+keys.MessageID(8, inbox)+`>

Yes, we sign. K7M2-QX9D-4TWA

On Sunday you wrote:
> Your code is abcd-efgh-jkmn
`, "\n", "\r\n")
	var hints reading.Hints
	u, err := understander(t, &hints)(t.Context(), petition.Mail{ID: 3, Mailbox: "info", Raw: []byte(raw)})
	if err != nil {
		t.Fatal(err)
	}
	ref := "info+" + keys.Reference(7) + "@library.example"
	want := petition.Header{
		MessageID: "one@readers.example", InReplyTo: []string{keys.MessageID(9, inbox)}, References: []string{"zero@far.example", keys.MessageID(8, inbox)},
		Date: u.Header.Date, Subject: "We sign!", From: []petition.Address{{Name: "Jürgen", Address: "JW@Readers.example"}},
		Recipients: []string{ref, "letter@library.example", "info@library.example", "second@library.example", "other@far.example", "third@far.example"},
		Delivered:  []string{ref, "letter@library.example", "info@library.example", "second@library.example"},
		TopHop:     time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	if !strings.EqualFold(u.Header.From[0].Address, want.From[0].Address) {
		t.Errorf("from %+v", u.Header.From)
	}
	u.Header.From[0].Address = want.From[0].Address
	if !reflect.DeepEqual(u.Header, want) {
		t.Errorf("header\n%+v, want\n%+v", u.Header, want)
	}
	if !u.Header.Date.Equal(time.Date(2026, 3, 1, 10, 59, 0, 0, time.UTC)) {
		t.Errorf("date %v", u.Header.Date)
	}
	if want := []petition.Reference{{Notice: 7, Where: "delivered-to"}, {Notice: 9, Where: "in-reply-to"}, {Notice: 8, Where: "references"}}; !reflect.DeepEqual(u.References, want) {
		t.Errorf("references %v, want %v", u.References, want)
	}
	if want := []string{"K7M2-QX9D-4TWA", "ABCD-EFGH-JKMN"}; !reflect.DeepEqual(u.Codes, want) {
		t.Errorf("codes %v, want %v", u.Codes, want)
	}
	if !strings.HasPrefix(u.NewText, "Yes, we sign.") || strings.Contains(u.NewText, "Your code") {
		t.Errorf("new text %q", u.NewText)
	}
	if !reflect.DeepEqual(hints, reading.Hints{OwnAddresses: []string{inbox}, CampaignNames: []string{"Open on Sunday"}, ShownNames: []string{"shown", "3"}}) {
		t.Errorf("hints %+v", hints)
	}
	if u.MailID != 3 || u.Reading.Confidence != petition.High {
		t.Errorf("mail %d, %+v", u.MailID, u.Reading)
	}
}

// R06: the same submission by another way has other trace fields, line ends and encoding,
// and another date, subject, sender or text makes another one.
func TestSimilar(t *testing.T) {
	const one = "Received: from a by b; Sun, 1 Mar 2026 13:00:00 +0100\r\nFrom: JW <jw@readers.example>\r\nTo: info@library.example\r\nDate: Sun, 1 Mar 2026 11:59:00 +0100\r\nMessage-ID: <one@readers.example>\r\nSubject: We sign\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nFür Lindenau\r\nJürgen\r\n"
	tests := []struct {
		name string
		old  string
		new  string
		same bool
	}{
		{"another way", "from a by b", "from x by y", true},
		{"another of our addresses", "To: info@library.example", "To: petitions@library.example", true},
		{"another spelling of the date", "11:59:00 +0100", "10:59:00 +0000", true},
		{"packed anew", "charset=utf-8\r\n\r\nFür Lindenau\r\nJürgen", "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nF=C3=BCr Lindenau\r\nJ=C3=BCrgen", true},
		{"another date", "11:59", "11:58", false},
		{"another identifier", "<one@", "<two@", false},
		{"another subject", "We sign", "We sign, too", false},
		{"another sender", "jw@readers", "wj@readers", false},
		{"another text", "Lindenau", "Lindenhof", false},
	}
	read := understander(t, nil)
	hash := func(raw string) string {
		u, err := read(t.Context(), petition.Mail{Raw: []byte(raw)})
		if err != nil {
			t.Fatal(err)
		}
		return u.Similar
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			other := strings.Replace(one, tt.old, tt.new, 1)
			if other == one {
				t.Fatal("the test changes nothing")
			}
			if got := hash(one) == hash(other); got != tt.same {
				t.Errorf("same is %v", got)
			}
		})
	}
}

// R15: what is read of a header alone is never sure.
func TestPartialIsNeverSure(t *testing.T) {
	u, err := understander(t, nil)(t.Context(), petition.Mail{Raw: []byte("Subject: We sign\r\n\r\n"), Partial: true})
	if err != nil || u.Reading.Missing != "size" || u.Reading.Confidence != petition.Low {
		t.Errorf("%+v, %v", u.Reading, err)
	}
}

// R32, R47: our own mark is known again, and the provider's word counts for its mailbox only.
func TestOriginIsTold(t *testing.T) {
	keys := testKeys(t)
	raw := "Authentication-Results: mx.postoffice.example; dkim=pass header.d=readers.example; spf=pass smtp.mailfrom=readers.example; dmarc=pass header.from=readers.example\r\n" +
		"Received: from a by mx.postoffice.example; Sun, 1 Mar 2026 13:00:00 +0100\r\nFrom: jw@readers.example\r\nMessage-ID: <" + keys.MessageID(4, inbox) + ">\r\n\r\nhello\r\n"
	read := understander(t, nil)
	for mailbox, want := range map[string]petition.Proof{"info": petition.AlignedPass, "another": petition.ProofNone} {
		u, err := read(t.Context(), petition.Mail{Mailbox: mailbox, Raw: []byte(raw)})
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Origin.Authentication.Proof(); got != want {
			t.Errorf("%s: %s, want %s", mailbox, got, want)
		}
		if u.Origin.Automatic.Kind != petition.AutoLoop {
			t.Errorf("%s: our own mail is %q", mailbox, u.Origin.Automatic.Kind)
		}
	}
}

// R28: a reference that only the envelope carried is not in a field that the author signs.
func TestReferenceOfTheEnvelope(t *testing.T) {
	keys := testKeys(t)
	to := keys.ReplyTo(7, inbox)
	for header, where := range map[string]string{"To: " + to: "to", "To: a@far.example\r\nCc: " + to: "cc", "To: a@far.example": "delivered-to"} {
		u, err := understander(t, nil)(t.Context(), petition.Mail{Raw: []byte("Delivered-To: " + to + "\r\n" + header + "\r\nFrom: jw@readers.example\r\n\r\nyes\r\n")})
		if err != nil || len(u.References) != 1 || u.References[0] != (petition.Reference{Notice: 7, Where: where}) {
			t.Errorf("%q: %+v, %v", header, u.References, err)
		}
	}
}

func FuzzUnderstand(f *testing.F) {
	f.Add([]byte("From: a@far.example\r\nReceived: x; y\r\nDelivered-To: ,,<a@b>\r\n\r\nwe sign\x00\xff"))
	f.Add([]byte(""))
	f.Add([]byte("\x00: \x00\n\n"))
	r, err := reading.Default()
	if err != nil {
		f.Fatal(err)
	}
	keys, err := petition.NewKeys(1, map[byte][]byte{1: []byte(strings.Repeat("k", petition.MinSecret))})
	if err != nil {
		f.Fatal(err)
	}
	u, err := NewUnderstander(UnderstanderConfig{Reader: r, Keys: keys, Clock: func() time.Time { return time.Unix(0, 0) }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := petition.Mail{ID: 1, Raw: raw}
		a, err := u(context.Background(), m)
		if err != nil {
			t.Fatal(err)
		}
		b, err := u(context.Background(), m)
		if err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("the same bytes read twice differ: %v", err)
		}
		if !utf8.ValidString(a.NewText) || strings.Contains(a.NewText, "\x00") || len(a.NewText) > maxNewText {
			t.Errorf("new text %q", a.NewText)
		}
		if len(a.Header.Recipients) > maxRecipients {
			t.Errorf("%d recipients", len(a.Header.Recipients))
		}
	})
}

// The whole way: what a post office delivers is recorded, read by the real reader and decided.
func TestFromTheInboxToTheDecision(t *testing.T) {
	o := openOffice(t, postoffice.Options{})
	l := newLedger()
	r, err := reading.Default()
	if err != nil {
		t.Fatal(err)
	}
	u, err := NewUnderstander(UnderstanderConfig{Reader: r, Keys: testKeys(t), TrustedAuthservIDs: map[string][]string{"info": {o.AuthservID()}}})
	if err != nil {
		t.Fatal(err)
	}
	i := newIntake(t, l, u, nil)
	p, err := NewPoller(PollerConfig{Mailbox: boxAt(t, o.IMAPAddr()), Store: l, Holder: "h", Recorded: func(int) { i.Kick() }, Log: testLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	running(t, p.Run)
	running(t, i.Run)
	deliver(t, o, []byte("From: Mara <"+mara+">\nTo: "+inbox+"\nSubject: We sign\n\nThe City Library Lindenau signs the letter.\n\nMara Winter\nDirector\n"))
	l.until(t, "decided", func() bool { return l.count(petition.MailDecided) == 1 })
	got := l.readings[1]
	if got.Origin.Authentication.Proof() != petition.AlignedPass || got.Reading.Intent != petition.SignOn {
		t.Errorf("%+v", got)
	}
	if want := []string{inbox}; !reflect.DeepEqual(got.Header.Recipients, want) || got.Header.TopHop.IsZero() {
		t.Errorf("header %+v", got.Header)
	}
}
