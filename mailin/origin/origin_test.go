package origin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"countersign/mailin/message"
	"countersign/petition"
)

func check(t *testing.T, s Settings, lines ...string) petition.Origin {
	t.Helper()
	raw := []byte(strings.Join(lines, "\r\n"))
	return Check(t.Context(), raw, message.Parse(raw), s)
}

// R31, R32, R46: who wrote the mail, and whether a header said so.
func TestR31Automatic(t *testing.T) {
	from, body := "From: Ann Bell <ann@readingroom.example>", "Please add the Reading Room."
	tests := []struct {
		name    string
		header  string
		body    string
		kind    petition.AutomaticKind
		certain bool
	}{
		{"a person", from, body, petition.Human, false},
		{"Auto-Submitted: no", from + "\r\nAuto-Submitted: No", body, petition.Human, false},
		{"Auto-Submitted: no with a parameter", from + "\r\nAuto-Submitted: no; x=y", body, petition.Human, false},
		{"Auto-Submitted", from + "\r\nAuto-Submitted: Auto-Replied; x=y", body, petition.AutoAnswer, true},
		{"Precedence: list", from + "\r\nPrecedence: list", body, petition.AutoList, true},
		{"Precedence: auto_reply", from + "\r\nPrecedence: auto_reply", body, petition.AutoAnswer, true},
		{"List-Id", from + "\r\nList-Id: <rooms.example>", body, petition.AutoList, true},
		{"X-Auto-Response-Suppress: All", from + "\r\nX-Auto-Response-Suppress: DR, All", body, petition.AutoAnswer, true},
		{"X-Auto-Response-Suppress: OOF", from + "\r\nX-Auto-Response-Suppress: OOF", body, petition.AutoAnswer, true},
		{"X-Auto-Response-Suppress: only receipts", from + "\r\nX-Auto-Response-Suppress: DR, RN, NRN, NDR", body, petition.Human, false},
		{"X-Loop of somebody", from + "\r\nX-Loop: rooms@example.org", body, petition.AutoAnswer, true},
		{"Return-Path <>", from + "\r\nReturn-Path: <>", body, petition.AutoAnswer, true},
		{"noreply", "From: noreply@readingroom.example", body, petition.AutoAnswer, true},
		{"owner-", "From: owner-rooms@readingroom.example", body, petition.AutoAnswer, true},
		{"-request", "From: rooms-request@readingroom.example", body, petition.AutoAnswer, true},
		{"weak signals alone", from + "\r\nFeedback-ID: 1:crm\r\nX-Campaign: spring", body, petition.Human, false},
		{"our own address", "From: Letter@OpenHours.test", body, petition.AutoLoop, true},
		{"our own Message-ID", from + "\r\nMessage-ID: <ours@openhours.test>", body, petition.AutoLoop, true},
		{"ours only in References", from + "\r\nReferences: <ours@openhours.test>", body, petition.Human, false},
		{"51 Received", from + strings.Repeat("\r\nReceived: from a by b", 51), body, petition.AutoLoop, true},
		{"MDN", from + "\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b", "--b\r\n\r\nread\r\n--b--", petition.AutoReport, true},
		{"ARF", from + "\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b", "--b\r\n\r\nabuse\r\n--b--", petition.AutoReport, true},
		{"DMARC report", from + "\r\nSubject: Report Domain: openhours.test Submitter: mx.example Report-ID: 1", "x", petition.AutoReport, true},
		{"subject English", from + "\r\nSubject: Automatic reply: Will you sign?", body, petition.AutoAnswer, false},
		{"subject after Re", from + "\r\nSubject: Re: Out of Office", body, petition.AutoAnswer, false},
		{"subject German", from + "\r\nSubject: Abwesenheitsnotiz: Brief", body, petition.AutoAnswer, false},
		{"subject Finnish", from + "\r\nSubject: Automaattinen vastaus: kirje", body, petition.AutoAnswer, false},
		{"subject Polish", from + "\r\nSubject: Odpowiedź automatyczna: list", body, petition.AutoAnswer, false},
		{"subject Japanese", from + "\r\nSubject: 自動返信: 書簡", body, petition.AutoAnswer, false},
		{"text only", from, "I am out of the office until Monday.", petition.AutoAnswer, false},
		{"text French", from, "Je suis absente ; je suis en congé jusqu'au 3 mars.", petition.AutoAnswer, false},
		{"such words only in the quoted text", from, "We sign.\r\n\r\nOn Mon, 2 Feb 2026, Bob <b@example.org> wrote:\r\n> I am out of the office", petition.Human, false},
		{"challenge", from + "\r\nSubject: Please confirm that you are human", body, petition.Challenge, false},
	}
	s := Settings{OwnAddresses: []string{"letter@openhours.test"}, OwnMessageID: func(id string) bool { return strings.HasSuffix(id, "@openhours.test") }}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := check(t, s, tt.header, "", tt.body).Automatic
			if got.Kind != tt.kind || got.Certain != tt.certain {
				t.Errorf("%+v, want %s certain %v", got, tt.kind, tt.certain)
			}
			if got.Kind != petition.Human && got.Because == "" {
				t.Error("no reason given")
			}
		})
	}
}

// R27: the provider's spam mark is respected.
func TestR27SpamFlag(t *testing.T) {
	for header, want := range map[string]bool{"X-Spam-Flag: YES": true, "X-Spam-Status: Yes, score=9": true, "X-Spam-Status: No, score=1": false, "X-Other: yes": false} {
		if got := check(t, Settings{}, "From: a@example.org", header, "", "x").SpamFlagged; got != want {
			t.Errorf("%s: %v", header, got)
		}
	}
}

// R18, R51: what a person should see before trusting the header.
func TestR51Oddities(t *testing.T) {
	tests := []struct{ name, header, want string }{
		{"two From fields", "From: a@example.org\r\nFrom: b@example.org", "several From fields"},
		{"two addresses", "From: a@example.org, b@example.org", "several From addresses"},
		{"two Subjects", "From: a@example.org\r\nSubject: a\r\nSubject: b", "several Subject fields"},
		{"no From", "Subject: x", "no From address"},
		{"address in the name", `From: "info@org.example" <x@other.example>`, "display name holds another address"},
		{"domain in the name", `From: "org.example members' desk" <x@other.example>`, "display name holds another domain: org.example"},
		{"mixed scripts in the address", "From: =?utf-8?Q?Ann?= <infо@example.org>", "address mixes scripts"},
		{"domain that imitates Latin", "From: Ann <ann@xn--80ak6aa.example>", "domain looks Latin and is not"},
		{"mixed scripts", "From: =?utf-8?Q?R=D0=B5ading?= <a@example.org>", "mixes scripts"},
		{"punycode", "From: a@xn--bcher-kva.example", "punycode"},
		{"override", "From: =?utf-8?Q?a=E2=80=AEb?= <a@example.org>", "invisible"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(check(t, Settings{}, tt.header, "", "x").Oddities, "; ")
			if !strings.Contains(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	for _, from := range []string{"Ann Bell <ann@example.org>", `"Reading Room e.V." <ann@example.org>`, `"example.org office" <ann@mail.example.org>`, `"ann@example.org" <ann@example.org>`, "=?utf-8?B?0JDQvdC90LA=?= <ann@example.org>"} {
		if got := check(t, Settings{}, "From: "+from, "Subject: x", "", "x").Oddities; len(got) > 0 {
			t.Errorf("the ordinary sender %s has oddities %q", from, got)
		}
	}
}

// R42-R44: delivery reports in structure and in prose.
func TestR42Bounces(t *testing.T) {
	daemon := "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: letter@openhours.test\r\nSubject: Undelivered Mail Returned to Sender"
	dsn := func(fields string) string {
		return "--b\r\n\r\nIt failed.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\nOriginal-Envelope-Id: E12\r\n\r\n" + fields +
			"\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <n7@openhours.test>\r\nTo: gone@org.example\r\n--b--"
	}
	report := "\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b"
	returned := "\r\n\r\n--- Below this line is a copy of the message.\r\n\r\nReturn-Path: <letter@openhours.test>\r\nFrom: letter@openhours.test\r\nTo: gone@org.example\r\nMessage-ID: <n7@openhours.test>\r\n\r\nPlease confirm.\r\n"
	type want struct{ address, action, class, reason string }
	tests := []struct {
		name, header, body string
		want               want
	}{
		{"DSN hard", daemon + report, dsn("Final-Recipient: rfc822; gone@org.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user"), want{"gone@org.example", "failed", "hard", "user_unknown"}},
		{"DSN original recipient first", daemon + report, dsn("Original-Recipient: rfc822; info@org.example\r\nFinal-Recipient: rfc822; box7@host.example\r\nAction: failed\r\nStatus: 5.1.1"), want{"info@org.example", "failed", "hard", "user_unknown"}},
		{"DSN full mailbox", daemon + report, dsn("Final-Recipient: rfc822; gone@org.example\r\nAction: failed\r\nStatus: 5.2.2"), want{"gone@org.example", "failed", "soft", "mailbox_full"}},
		{"words weigh more than the code", daemon + report, dsn("Final-Recipient: rfc822; gone@org.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 mailbox full"), want{"gone@org.example", "failed", "soft", "mailbox_full"}},
		{"DSN policy", daemon + report, dsn("Final-Recipient: rfc822; gone@org.example\r\nAction: failed\r\nStatus: 5.7.1\r\nDiagnostic-Code: smtp; 550 5.7.1 blocked using a blocklist"), want{"gone@org.example", "failed", "policy", "blocked"}},
		{"DSN delayed", daemon + report, dsn("Final-Recipient: rfc822; gone@org.example\r\nAction: delayed\r\nStatus: 4.4.1"), want{"gone@org.example", "delayed", "soft", "expired"}},
		{"DSN delivered", daemon + report, dsn("Final-Recipient: rfc822; gone@org.example\r\nAction: delivered\r\nStatus: 2.0.0"), want{"gone@org.example", "delivered", "soft", "other"}},
		{"qmail", daemon, "Hi. This is the qmail-send program at mx.example.\r\nI'm afraid I wasn't able to deliver your message.\r\n\r\n<gone@org.example>:\r\nSorry, no mailbox here by that name. (#5.1.1)" + returned, want{"gone@org.example", "failed", "hard", "user_unknown"}},
		{"Exim", "From: Mail Delivery System <Mailer-Daemon@mx.example>\r\nX-Failed-Recipients: gone@org.example\r\nSubject: Mail delivery failed", "A message that you sent could not be delivered.\r\n\r\n  gone@org.example\r\n    mailbox is full: retry timeout exceeded" + returned, want{"gone@org.example", "failed", "soft", "mailbox_full"}},
		{"Exchange", "From: System Administrator <postmaster@org.example>\r\nTo: letter@openhours.test\r\nSubject: Undeliverable: Is this correct?", "Your message did not reach the following recipient(s):\r\n\r\ngone@org.example on Mon, 2 Feb 2026\r\n    The recipient name is not recognized" + returned, want{"gone@org.example", "failed", "hard", "user_unknown"}},
		{"German", "Return-Path: <>\r\nFrom: postmaster@org.example\r\nTo: letter@openhours.test\r\nSubject: Unzustellbar: Stimmt das?", "Ihre Nachricht konnte nicht zugestellt werden.\r\n\r\ngone@org.example\r\nEmpfänger unbekannt" + returned, want{"gone@org.example", "failed", "hard", "user_unknown"}},
		{"only the returned mail names it", daemon, "This is the mail system at host mx.example. It could not be delivered." + returned, want{"gone@org.example", "failed", "soft", "other"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := check(t, Settings{}, tt.header, "", tt.body)
			if o.Automatic.Kind != petition.AutoBounce || o.Bounce == nil || len(o.Bounce.Recipients) != 1 {
				t.Fatalf("%+v %+v", o.Automatic, o.Bounce)
			}
			r := o.Bounce.Recipients[0]
			if got := (want{r.Address, r.Action, r.Class, r.Reason}); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
			if o.Bounce.MessageID != "n7@openhours.test" {
				t.Errorf("returned Message-ID %q", o.Bounce.MessageID)
			}
		})
	}
}

// R42: a person's mail about failed delivery is no bounce.
func TestR42NoBounce(t *testing.T) {
	for _, body := range []string{"Our first mail could not be delivered, so again: we sign.", "We sign. Undeliverable mail is a pain."} {
		if o := check(t, Settings{}, "Return-Path: <ann@org.example>", "From: ann@org.example", "Subject: Re: delivery failed?", "", body); o.Bounce != nil {
			t.Errorf("%q read as a bounce: %+v", body, o.Automatic)
		}
	}
}

// R44: codes and words of servers.
func TestR44Reasons(t *testing.T) {
	tests := []struct{ text, reason string }{
		{"552 5.2.2 Over quota", "mailbox_full"},
		{"550 5.1.1 <x@org.example>: Recipient address rejected: User unknown", "user_unknown"},
		{"550 5.1.2 Host unknown", "host_unknown"},
		{"550 relay access denied", "relaying_denied"},
		{"554 5.7.1 message classified as spam", "spam"},
		{"421 4.7.0 too many connections", "rate_limited"},
		{"550 5.7.26 Unauthenticated email is not accepted due to DMARC policy", "authentication"},
		{"552 message size exceeds fixed maximum message size", "too_large"},
		{"550 5.2.1 account is disabled", "suspended"},
		{"550 5.2.1 <x@org.example>... User unknown", "user_unknown"},
		{"connection timed out", "expired"},
		{"nothing that anybody knows", ""},
	}
	for _, tt := range tests {
		if got := reasonIn(plain(tt.text), strong, fair); got != tt.reason {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.reason)
		}
	}
	for s, want := range map[string]string{"550 5.1.1 x": "5.1.1", "(#5.1.10)": "5.1.10", "at 192.5.1.1": "", "5.1": "", "version 15.1.2": "", "4.4.7": "4.4.7"} {
		if got := firstStatus(s); got != want {
			t.Errorf("status in %q: %q, want %q", s, got, want)
		}
	}
}

// TestCorpora checks every file of the message package's golden mails, and below COUNTERSIGN_CORPORA when that is set.
func TestCorpora(t *testing.T) {
	roots := []string{"../message/testdata"}
	if dir := os.Getenv("COUNTERSIGN_CORPORA"); dir != "" {
		roots = append(roots, dir)
	}
	s := Settings{LookupTXT: func(context.Context, string) ([]string, error) { return nil, errors.New("no such name") }}
	kinds := map[petition.AutomaticKind]int{}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			o := Check(t.Context(), raw, nil, s)
			kinds[o.Automatic.Kind]++
			if o.Authentication.AlignedDomain != "" {
				t.Errorf("%s: aligned without a key", path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if kinds[petition.Human] == 0 || kinds[petition.AutoBounce] == 0 {
		t.Errorf("kinds %v: people and bounces expected", kinds)
	}
}

// FuzzCheck: nothing panics, and nothing is ever proven by a resolver that knows no key.
func FuzzCheck(f *testing.F) {
	files, _ := filepath.Glob("../message/testdata/golden/*.eml")
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte("From: a@example.org\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=x; h=from; bh=; b=\r\nARC-Seal: i=1; cv=none\r\n\r\nx"))
	s := Settings{TrustedAuthservIDs: []string{"mx.example.test"}, LookupTXT: func(_ context.Context, name string) ([]string, error) {
		if len(name)%3 == 0 {
			return nil, fmt.Errorf("lookup: %w", context.DeadlineExceeded)
		}
		return []string{"v=DKIM1; p=MCowBQYDK2VwAyEA"}, nil
	}}
	kinds := []petition.AutomaticKind{petition.Human, petition.AutoAnswer, petition.AutoBounce, petition.AutoList, petition.AutoReport, petition.AutoLoop, petition.Challenge}
	f.Fuzz(func(t *testing.T, raw []byte) {
		o := Check(t.Context(), raw, nil, s)
		if !slices.Contains(kinds, o.Automatic.Kind) {
			t.Errorf("kind %q", o.Automatic.Kind)
		}
		if (o.Automatic.Kind == petition.AutoBounce) != (o.Bounce != nil) {
			t.Errorf("kind %q with bounce %v", o.Automatic.Kind, o.Bounce)
		}
		if o.Authentication.By == "dkim" || o.Authentication.ARC == "pass" {
			t.Errorf("proven without a key: %+v", o.Authentication)
		}
	})
}

// R31: mail to many without a list header is held for staff; who asks to leave, and who answers a newsletter, is a person.
func TestR31Bulk(t *testing.T) {
	tests := []struct {
		name, header, body string
		want               petition.AutomaticKind
	}{
		{"English footer", "Subject: Spring news", "Our spring news.\r\n\r\nTo unsubscribe from this list, click here: https://news.example/u", petition.AutoList},
		{"German footer", "Subject: Neues", "Neues aus dem Garten.\r\n\r\nSie erhalten diesen Newsletter, weil Sie angemeldet sind. Hier abmelden.", petition.AutoList},
		{"French footer", "Subject: Lettre", "Les nouvelles.\r\n\r\nPour vous désabonner, cliquez ici.", petition.AutoList},
		{"Russian footer", "Subject: News", "Новости сада.\r\n\r\nЧтобы отписаться от рассылки, нажмите сюда.", petition.AutoList},
		{"Japanese footer", "Subject: News", "庭のお知らせ。\r\n\r\n配信停止はこちら", petition.AutoList},
		{"Arabic footer", "Subject: News", "أخبار الحديقة.\r\n\r\nلإلغاء الاشتراك اضغط هنا", petition.AutoList},
		{"advertisement", "Subject: ADV: cheap seeds", "Buy seeds.", petition.AutoList},
		{"a crowd", "To: " + strings.Repeat("a@org.example, ", 30) + "b@org.example\r\nSubject: Letter", "We sign.", petition.AutoList},
		{"wants to leave", "Subject: Our signature", "Please unsubscribe us from your mailings; we wish to be removed.", petition.Human},
		{"wants to leave, in German", "Subject: Bitte", "Bitte melden Sie uns ab und tragen Sie uns aus.", petition.Human},
		{"answers a newsletter", "In-Reply-To: <n1@openhours.test>\r\nSubject: Re: News", "We sign.\r\n\r\nTo unsubscribe, click here", petition.Human},
		{"answers to a reply address", "To: letter+r7k2m9q4x1@openhours.test\r\nSubject: Re: News", "Yes.\r\n\r\nTo unsubscribe, click here", petition.Human},
		{"an ordinary signature", "Subject: We sign", "We sign.\r\n\r\nAnn Bell\r\nSubscribe to our newsletter: https://org.example/news", petition.Human},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := check(t, Settings{}, "From: Ann <ann@org.example>", tt.header, "Content-Type: text/plain; charset=utf-8", "", tt.body)
			if o.Automatic.Kind != tt.want || o.Automatic.Certain {
				t.Errorf("%+v, want %s", o.Automatic, tt.want)
			}
		})
	}
}
