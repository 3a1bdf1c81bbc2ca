package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/mailin"
	"countersign/mailin/message"
	"countersign/petition"
	"countersign/postoffice"
	"countersign/store"
)

// Stories of whole mailboxes through the real poller, reader, store and sender.

// run runs the service in this process, and gives the test its parts.
func (i installation) run(t *testing.T, o serviceOptions) *service {
	t.Helper()
	c, err := loadConfig(i.config, nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	o.DNS = func(context.Context, string) ([]string, error) { return nil, nil } // no domain has a record
	s, err := newService(t.Context(), &c, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- errors.Join(s.Run(ctx), s.Close()) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// settled waits until n mails came to their end and everything due is sent.
func settled(t *testing.T, s *service, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // far more than it takes: only so that a failure ends
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		h, err := s.store.Health(ctx)
		if err != nil {
			t.Fatal(err)
		}
		due, _, err := s.store.QueueLength(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if h.Mails[petition.MailDecided]+h.Mails[petition.MailQuarantined] >= n && due == 0 && h.Notices[petition.NoticeSending] == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not settled: %+v", h)
		case <-tick.C:
		}
	}
}

func (i installation) account(t *testing.T, address string) {
	t.Helper()
	if err := i.office.AddAccount(address, password); err != nil {
		t.Fatal(err)
	}
}

// send has a mail of an address arrive at the campaign's.
func (i installation) send(t *testing.T, from, raw string) {
	t.Helper()
	if err := i.office.Deliver(t.Context(), from, []string{campaignAddress}, []byte(raw), postoffice.NoVerdict); err != nil {
		t.Fatal(err)
	}
}

func letterFrom(from, subject, body string) string {
	return fmt.Sprintf("From: Ada Moor <%s>\nTo: %s\nSubject: %s\nDate: %s\nMessage-ID: <%d.%s>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n%s",
		from, campaignAddress, subject, time.Now().Format(time.RFC1123Z), time.Now().UnixNano(), from, body)
}

func signingFor(organization string) string {
	return "We want to sign this letter.\n\nOrganization: " + organization + "\nCity and country: Ghent, Belgium\nYour name: Ada Moor\nYour position: Director\n"
}

var words = strings.Fields(`Amber Birch Cedar Dahlia Elder Fern Ginkgo Hazel Iris Juniper Kale Laurel Maple Nettle Olive Poplar Quince Rowan Sorrel Thyme`)

// society is a name that no other number's resembles.
func society(n int) string {
	return words[n%20] + " " + words[n/20%20] + " " + []string{"Library Friends", "Reading Circle", "Cycling Club", "Choir Society"}[n%4]
}

// U01: 500 old mails, 140 of them sign-ons: nobody gets a mail, the sign-ons wait as "came before the start".
func TestU01UsedMailbox(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	old := time.Now().AddDate(0, -1, 0)
	for n := range 500 {
		raw := otherMail(n)
		if n < 140 {
			raw = letterFrom(fmt.Sprintf("desk@%s%d.example", strings.ToLower(words[n%20]), n), "We sign", signingFor(society(n)))
		}
		raw = regexp.MustCompile(`(?m)^Date: .*$`).ReplaceAllString(raw, "Date: "+old.Format(time.RFC1123Z))
		if err := i.office.Put(campaignAddress, postoffice.InboxFolder, []byte(strings.ReplaceAll(raw, "\n", "\r\n")), old); err != nil {
			t.Fatal(err)
		}
	}
	s := i.run(t, serviceOptions{})
	settled(t, s, 500)
	silent(t, s)
	c, err := s.store.Campaign(t.Context(), "open-on-sunday")
	if err != nil {
		t.Fatal(err)
	}
	counts, err := s.store.QueueCounts(t.Context(), []int64{c.ID})
	if err != nil || counts[string(petition.TaskOlder)] < 140 {
		t.Errorf("%v came before the start (%v), want 140 at least", counts, err)
	}
	h, err := s.store.Health(t.Context())
	if err != nil || h.Mails[petition.MailDecided] != 500 {
		t.Errorf("health %+v (%v)", h, err)
	}
}

// silent demands that no mail was sent, waits to be, or could not be.
func silent(t *testing.T, s *service) {
	t.Helper()
	h, err := s.store.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.store.SentSince(t.Context(), time.Time{})
	if err != nil || n != 0 || len(h.Notices) != 0 {
		t.Errorf("%d mails were sent, and others are %v (%v)", n, h.Notices, err)
	}
}

// otherMail is one of many mails that a shared mailbox holds besides ours.
func otherMail(n int) string {
	from := fmt.Sprintf("someone%d@elsewhere%d.example", n, n%7)
	date := time.Now().AddDate(0, 0, n%90).Format("2 January 2006")
	switch n % 10 {
	case 0:
		return letterFrom(from, fmt.Sprintf("Invoice 2026-%04d", n), fmt.Sprintf("Dear customer,\n\nplease find attached our invoice no. 2026-%04d over 48.20 EUR for paper and toner.\nPayable until %s.\n\nKind regards\nPaper House Ltd, Accounts\n", n, date))
	case 1:
		return "List-Unsubscribe: <mailto:off@shop.example>\nPrecedence: bulk\n" + letterFrom("news@shop.example", fmt.Sprintf("Our offers of week %d", n), "Hello,\n\nthis week all bicycle lamps are 20 % off. Visit our shop.\n\nYou get this newsletter because you subscribed.\n")
	case 2:
		return letterFrom(from, "Lunch?", fmt.Sprintf("Hi Nora,\n\nshall we have lunch on %s? If you have time, I know a nice place near the canal.\n\nAda\n", date))
	case 3:
		return letterFrom(from, fmt.Sprintf("Rechnung Nr. %d", 7000+n), fmt.Sprintf("Sehr geehrte Damen und Herren,\n\nanbei erhalten Sie unsere Rechnung Nr. %d vom %s über 119,00 Euro.\nBitte überweisen Sie den Betrag innerhalb von 14 Tagen.\n\nMit freundlichen Grüßen\nBüromarkt Beispiel GmbH\n", 7000+n, date))
	case 4:
		return "List-Id: <members.choir.example>\nList-Unsubscribe: <https://choir.example/off>\n" + letterFrom("list@choir.example", fmt.Sprintf("[members] Rehearsal %d", n), "Dear all,\n\nthe rehearsal on Monday starts at eight.\n\nTom\n")
	case 5:
		return letterFrom(from, "Minutes of the meeting", fmt.Sprintf("Hello,\n\nhere are the minutes of our meeting of %s. If something is missing, tell me. Can you bring the coffee next time?\n\nBest\nIvo\n", date))
	case 6:
		return letterFrom(from, fmt.Sprintf("Your order %d has been shipped", n), fmt.Sprintf("Your parcel %d is on its way and arrives on %s.\n\nThank you for shopping with us.\n", n, date))
	case 7:
		return letterFrom(from, "Re: keys", "I left the keys with the neighbours. See you tomorrow.\n\nP.\n")
	case 8:
		return letterFrom(from, "Facture", fmt.Sprintf("Bonjour,\n\nveuillez trouver ci-joint la facture n° %d du %s.\n\nCordialement\nImprimerie du Canal\n", n, date))
	default:
		return letterFrom(from, "Application as an intern", fmt.Sprintf("Dear Sir or Madam,\n\nI apply for the internship in your office from %s on. My CV is attached.\n\nYours sincerely\nLena Muster\n", date))
	}
}

// U09: 100 invoices, newsletters and private mails: nobody gets an answer, nothing is
// moved, and after the clock no body is left.
func TestU09SharedMailbox(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	s := i.run(t, serviceOptions{})
	for n := range 100 {
		i.send(t, fmt.Sprintf("someone%d@elsewhere.example", n), otherMail(n))
	}
	settled(t, s, 100)
	silent(t, s)
	if all := i.office.Inbox(campaignAddress); len(all) != 100 {
		t.Errorf("%d mails lie in the mailbox", len(all))
	} else {
		for _, l := range all {
			if l.Folder != postoffice.InboxFolder || len(l.Flags) > 0 {
				t.Errorf("a mail lies in %s with flags %v", l.Folder, l.Flags)
			}
		}
	}
	left := 0
	purged := i.later(t, 15*24*time.Hour)
	if _, err := purged.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id := range int64(100) {
		m, err := purged.Mail(t.Context(), id+1)
		if err != nil {
			t.Fatal(err)
		}
		if m.Raw != nil || m.NewText != "" {
			left++
			t.Logf("kept: %q (%s)", m.Header.Subject, m.Reading.Intent)
		}
	}
	if left != 0 {
		t.Errorf("%d bodies are left", left)
	}
}

// later opens the database beside the service, under a clock that is ahead.
func (i installation) later(t *testing.T, d time.Duration) *store.Store {
	t.Helper()
	c, err := loadConfig(i.config, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := storeOptions(&c, c.Log.logger(t.Output()))
	if err != nil {
		t.Fatal(err)
	}
	o.Shared, o.Clock = true, func() time.Time { return time.Now().Add(d) }
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// got are the letters that an address has, read.
func (i installation) got(address string) []*message.Message {
	var all []*message.Message
	for _, l := range i.office.Inbox(address) {
		all = append(all, message.Parse(l.Raw))
	}
	return all
}

// waitFor is the first letter to the address whose subject begins so.
func (i installation) waitFor(t *testing.T, address, subject string) *message.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // far more than it takes: only so that a failure ends
	defer cancel()
	l, err := i.office.Wait(ctx, address, func(l postoffice.Letter) bool { return strings.HasPrefix(message.Parse(l.Raw).Header.Subject, subject) })
	if err != nil {
		t.Fatalf("%v; has %d letters", err, len(i.office.Inbox(address)))
	}
	return message.Parse(l.Raw)
}

// U02: who writes for twelve organizations gets twelve answers; everybody at a
// provider for all gets one; the same mail fifty times gets one.
func TestU02LimitsSilenceNobody(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	s := i.run(t, serviceOptions{})
	const secretary = "secretary@umbrella.example"
	i.account(t, secretary)
	for n := range 12 {
		i.send(t, secretary, letterFrom(secretary, "We sign", signingFor(society(n))))
	}
	const insistent = "ivo@insistent.example"
	i.account(t, insistent)
	same := letterFrom(insistent, "We sign", signingFor("Insistent Society"))
	for n := range 50 {
		i.send(t, insistent, fmt.Sprintf("X-Way: %d\n%s", n, same))
	}
	for n := range 300 {
		from := fmt.Sprintf("signer%d@freemail.example", n)
		i.account(t, from)
		i.send(t, from, letterFrom(from, "We sign", signingFor(society(20+n))))
	}
	settled(t, s, 362)
	want := map[string]int{secretary: 12, insistent: 1}
	for n := range 300 {
		want[fmt.Sprintf("signer%d@freemail.example", n)] = 1
	}
	wrong := 0
	for address, n := range want {
		if letters := i.got(address); len(letters) != n {
			if wrong++; wrong < 5 {
				t.Errorf("%s has %d letters, want %d", address, len(letters), n)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d addresses have not what they should", wrong, len(want))
	}
}

// U02: one address in one day: sign-on, correction, new yes, received, listed, a
// question, a second request: every mail is answered.
func TestU02OneAddressInOneDay(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	i.do(t, "organizer", "add", "nora@opensunday.example", "--role", "owner", "--name", "Nora", "--no-digest")
	s := i.run(t, serviceOptions{})
	n := 0
	step := func(raw, subject string) *message.Message {
		t.Helper()
		n++
		i.send(t, signerAddress, raw)
		m := i.waitFor(t, signerAddress, subject)
		return m
	}
	request := step(letterFrom(signerAddress, "We sign", signingFor("City Library Lindenau")), "Is this correct? City Library Lindenau")
	organizers, err := s.store.Organizers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer := func(to *message.Message, text string) string {
		return string(reply(to, signerAddress, text, time.Now(), fmt.Sprintf("step%d@lindenau.example", n)))
	}
	corrected := step(answer(request, "Please correct this: our name is Central Library Lindenau."), "Corrected: Central Library Lindenau")
	n++
	i.send(t, signerAddress, answer(corrected, "Yes"))
	settled(t, s, n)
	e := i.find(t, s, "Central Library Lindenau")
	if e == nil || e.State() != petition.StateConfirmed {
		t.Fatalf("after the yes: %+v", e)
	}
	received := false
	all, err := s.store.Notices(t.Context(), e.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range all {
		received = received || n.Kind == petition.NoticeReceived // it waits ten minutes for "on the list" to overtake it
	}
	if !received {
		t.Error("the yes is not acknowledged")
	}
	if _, err := s.store.Act(t.Context(), petition.Action{Kind: petition.ActApprove, Channel: petition.ByDesk, OrganizerID: organizers[0].ID, Endorsements: []int64{e.ID}}); err != nil {
		t.Fatal(err)
	}
	s.sender.Kick()
	i.waitFor(t, signerAddress, "On the list: Central Library Lindenau")
	step(letterFrom(signerAddress, "A question", "Hello,\n\nwhen will you deliver the letter?\n\nAda Moor\n"), "We have your mail")
	step(letterFrom(signerAddress, "We sign", signingFor("Lindenau Reading Circle")), "Is this correct? Lindenau Reading Circle")
	settled(t, s, n)
	n++
	i.send(t, signerAddress, answer(i.waitFor(t, signerAddress, "On the list"), "Please correct this: we are in Dresden now, not in Leipzig."))
	settled(t, s, n)
	if letters := i.got(signerAddress); len(letters) != 6 {
		for _, l := range letters {
			t.Logf("got %q", l.Header.Subject)
		}
		t.Errorf("%d letters to %d mails and one approval", len(letters), n)
	}
}

// U10, R28: whatever way a reply loses its marks on, by one of them or by all together,
// a YES from the address asked confirms.
func TestU10RepliesThatLost(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	s := i.run(t, serviceOptions{})
	in, subject := regexp.MustCompile(`(?m)^(In-Reply-To|References): .*(\r?\n[ \t].*)*\r?\n`), regexp.MustCompile(`(?m)^Subject: .*(\r?\n[ \t].*)*\r?\n`)
	to, link := regexp.MustCompile(`(?m)^To: .*\r?\n`), regexp.MustCompile(`https?://\S+`)
	plus := func(s string) string { return to.ReplaceAllString(s, "To: <"+campaignAddress+">\r\n") }
	thread := func(s string) string { return in.ReplaceAllString(s, "") }
	foreign := func(s string) string {
		return in.ReplaceAllString(s, "In-Reply-To: <replaced.by.the@relay.example>\r\nReferences: <replaced.by.the@relay.example>\r\n")
	}
	title := func(s string) string { return subject.ReplaceAllString(s, "Subject: Re: your mail\r\n") }
	links := func(s string) string {
		return link.ReplaceAllString(s, "https://safelinks.example/?url=opaque0123456789")
	}
	code := regexp.MustCompile(`(?m)^.*leave this code.*\r?\n`)
	for n, tt := range []struct {
		name string
		lose func(string) string
		v    postoffice.Verdict
	}{
		{"nothing", func(s string) string { return s }, postoffice.NoVerdict},
		{"the plus address", plus, postoffice.NoVerdict},
		{"the thread", thread, postoffice.NoVerdict},
		{"the Message-ID, which the relay replaced", foreign, postoffice.NoVerdict},
		{"the subject", title, postoffice.NoVerdict},
		{"the links", links, postoffice.NoVerdict},
		{"all but the printed code", func(s string) string { return links(title(foreign(plus(s)))) }, postoffice.NoVerdict},
		{"the code, where the domain vouches", func(s string) string { return code.ReplaceAllString(s, "") }, postoffice.Pass},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from := fmt.Sprintf("office@lost%d.example", n)
			i.account(t, from)
			i.send(t, from, letterFrom(from, "We sign", signingFor(society(n))))
			request := i.waitFor(t, from, "Is this correct? "+society(n))
			raw := string(reply(request, from, "Yes, we confirm. Best regards\nAda", time.Now(), fmt.Sprintf("yes%d@lost.example", n)))
			lost := tt.lose(raw)
			if n > 0 && lost == raw {
				t.Fatalf("nothing was lost of\n%s", raw)
			}
			if err := i.office.Deliver(t.Context(), from, []string{campaignAddress}, []byte(lost), tt.v); err != nil {
				t.Fatal(err)
			}
			settled(t, s, 2*n+2)
			found := i.find(t, s, society(n))
			if found == nil || found.State() != petition.StateConfirmed {
				t.Errorf("%s is not confirmed: %+v\n%s", society(n), found, lost)
			}
		})
	}
}

// find is the endorsement whose name is the given one.
func (i installation) find(t *testing.T, s *service, name string) *petition.Endorsement {
	t.Helper()
	c, err := s.store.Campaign(t.Context(), "open-on-sunday")
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.store.Find(t.Context(), []int64{c.ID}, name, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Current().Fields.Name == name {
			return e
		}
	}
	return nil
}

// R16, R35, U08: hostile names through the whole loop: mail in, request, confirmed,
// approved, page, JSON and CSV.
func TestHostileNamesThroughTheLoop(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	i.do(t, "organizer", "add", "nora@opensunday.example", "--role", "owner", "--name", "Nora", "--no-digest")
	s := i.run(t, serviceOptions{})
	organizers, err := s.store.Organizers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := []string{
		`Amber <script>alert(1)</script> Club`, `Birch "><img src=x onerror=alert(1)> Club`, "Cedar \u202Eevil\u202C Club",
		`=HYPERLINK("http://x.example";"Dahlia Club")`, "+Elder Club", "@SUM(A1) Fern Club", "Ginkgo\tClub", strings.Repeat("Hazel Library ", 715), "Iris Club http://phishing.example/login now",
	}
	for n, name := range names {
		from := fmt.Sprintf("office@hostile%d.example", n)
		i.account(t, from)
		i.send(t, from, letterFrom(from, "We sign", signingFor(name)))
	}
	settled(t, s, len(names))
	requests := 0
	for n, name := range names {
		from := fmt.Sprintf("office@hostile%d.example", n)
		for _, l := range i.office.Inbox(from) {
			if strings.Contains(message.Parse(l.Raw).Header.Subject, "Is this correct?") {
				requests++
			}
			m := message.Parse(l.Raw)
			if shown := m.Header.Subject + m.Text; strings.Contains(shown, "\u202e") || strings.Contains(shown, "phishing") || strings.Contains(m.HTML(), "<script") || strings.Contains(m.HTML(), "<img") || len(l.Raw) > 20_000 {
				t.Errorf("the letter for %.40q holds it:\n%.3000s", name, shown+m.HTML())
			}
		}
	}
	if requests < 6 {
		t.Errorf("%d of %d names were asked about", requests, len(names))
	}
	var all []int64
	for n := range names {
		all = append(all, int64(n+1))
	}
	ids, err := s.store.EndorsementsByID(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range ids {
		for _, a := range []petition.Action{
			{Kind: petition.ActConfirm, Channel: petition.ByLink, Endorsements: []int64{e.ID}},
			{Kind: petition.ActApprove, Channel: petition.ByDesk, OrganizerID: organizers[0].ID, Endorsements: []int64{e.ID}},
		} {
			if _, err := s.store.Act(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.sender.Kick()
	settled(t, s, len(names))
	base := "http://" + s.Addr() + "/open-on-sunday"
	_, page := get(t, base)
	for _, bad := range []string{"<script>alert", "<img src=x", "\u202e", "phishing"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if len(page) > 100_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
	_, table := get(t, base+"/signatures.csv")
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil || len(rows) != len(ids)+1 {
		t.Fatalf("%d rows for %d lines: %v", len(rows), len(ids), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") || strings.ContainsAny(cell, "\r\n\u202e") || len(cell) > 1000 {
				t.Errorf("a cell holds %.60q", cell)
			}
		}
	}
}

// R15, R16, M4: a mail of 40 MB and one with a header of 5 MB reach a person, and their
// writers are told; the mail after them is answered as ever.
func TestEnormousMails(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	s := i.run(t, serviceOptions{})
	for _, from := range []string{"large@lindenau.example", "header@lindenau.example", "below@lindenau.example", "next@lindenau.example"} {
		i.account(t, from)
	}
	large := letterFrom("large@lindenau.example", "We sign", signingFor("City Library Lindenau"))
	i.send(t, "large@lindenau.example", large+strings.Repeat("0123456789abcde\n", 40<<16))
	i.send(t, "header@lindenau.example", "X-Long: "+strings.Repeat("long ", 1<<20)+"\n"+letterFrom("header@lindenau.example", "We sign", signingFor("Header Society")))
	i.send(t, "below@lindenau.example", strings.Replace(letterFrom("below@lindenau.example", "We sign", signingFor("Below Society")), "\n\n", "\nX-Long: "+strings.Repeat("long ", 1<<20)+"\n\n", 1))
	i.send(t, "next@lindenau.example", letterFrom("next@lindenau.example", "We sign", signingFor("Reading Circle Plagwitz")))
	settled(t, s, 4)
	i.waitFor(t, "next@lindenau.example", "Is this correct? Reading Circle Plagwitz")
	m := i.waitFor(t, "large@lindenau.example", "We have your mail about")
	if !strings.Contains(m.Text, "a mail of this size") {
		t.Errorf("the writer of the large mail reads:\n%s", m.Text)
	}
	// Whose From stands below the limit of a header cannot be answered; a person looks.
	for address, want := range map[string]int{"header@lindenau.example": 0, "below@lindenau.example": 1} {
		letters := i.got(address)
		if len(letters) != want {
			t.Errorf("%s has %d letters, want %d", address, len(letters), want)
		}
	}
	h, err := s.store.Health(t.Context())
	if err != nil || h.Tasks < 2 || h.Mails[petition.MailQuarantined] != 0 {
		t.Errorf("health %+v (%v)", h, err)
	}
}

// R09, R16: a mail that breaks the reader is set aside in the real store, shown to a
// person, and the next is answered.
func TestReaderBreaksOnOneMail(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	s := i.run(t, serviceOptions{Reader: func(u mailin.Understand) mailin.Understand {
		return func(ctx context.Context, m petition.Mail) (petition.Understanding, error) {
			if bytes.Contains(m.Raw, []byte("break the reader")) {
				panic("index out of range [7] with length 3")
			}
			return u(ctx, m)
		}
	}})
	i.account(t, "next@lindenau.example")
	i.send(t, signerAddress, letterFrom(signerAddress, "break the reader", "We sign.\n"))
	i.send(t, "next@lindenau.example", letterFrom("next@lindenau.example", "We sign", signingFor("Reading Circle Plagwitz")))
	i.waitFor(t, "next@lindenau.example", "Is this correct? Reading Circle Plagwitz")
	settled(t, s, 2)
	counts, err := s.store.QueueCounts(t.Context(), nil)
	if err != nil || counts[string(petition.TaskQuarantine)] != 1 {
		t.Errorf("a person sees %v (%v)", counts, err)
	}
	h, err := s.store.Health(t.Context())
	if err != nil || h.Mails[petition.MailQuarantined] != 1 {
		t.Errorf("health %+v (%v)", h, err)
	}
}

// U08, R55: at its most talkative the log holds no address, name, subject or token of a signer.
func TestLogsNameNobody(t *testing.T) {
	i := install(t, "", postoffice.Options{Faults: func(s postoffice.Step) *postoffice.Fault {
		if s.Command == postoffice.AtRcpt && strings.Contains(s.To, "refused") {
			return &postoffice.Fault{Code: 550, Enhanced: [3]int{5, 1, 1}, Text: "<" + s.To + "> unknown"}
		}
		return nil
	}})
	var log lockedLog
	s := i.run(t, serviceOptions{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	const refused = "anna@refused.example"
	i.send(t, signerAddress, letterFrom(signerAddress, "Subjectsecret we sign", signingFor("City Library Lindenau")))
	i.send(t, refused, letterFrom(refused, "We sign", signingFor("Reading Circle Plagwitz")))
	request := i.waitFor(t, signerAddress, "Is this correct?")
	settled(t, s, 2)
	link := strings.TrimPrefix(linkTo(request, "/c/"), "http://127.0.0.1:1")
	if status, _ := get(t, "http://"+s.Addr()+link); status != 200 {
		t.Fatalf("the link gives %d", status)
	}
	_, _ = get(t, "http://"+s.Addr()+link+"x")
	i.send(t, signerAddress, string(reply(request, signerAddress, "Yes, we confirm.", time.Now(), "yes@lindenau.example")))
	settled(t, s, 3)
	text := log.String()
	if !strings.Contains(text, "mail decided") || !strings.Contains(text, "notice=2") {
		t.Fatalf("the log says next to nothing: %q", text)
	}
	for _, secret := range []string{"lindenau.example", "refused.example", "Ada Moor", "Lindenau", "Subjectsecret", strings.TrimPrefix(link, "/c/"), "Plagwitz"} {
		for line := range strings.Lines(text) {
			if strings.Contains(line, secret) {
				t.Errorf("the log holds %q: %s", secret, line)
				break
			}
		}
	}
}

// lockedLog is a log of several goroutines.
type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Several mailboxes and campaigns in one installation: each mail goes where it was sent.
func TestTwoMailboxesTwoCampaigns(t *testing.T) {
	const other = "sign@cyclepaths.example"
	i := install(t, "", postoffice.Options{})
	i.account(t, other)
	config, err := os.ReadFile(i.config)
	if err != nil {
		t.Fatal(err)
	}
	config = bytes.Replace(config, []byte("[smtp]\n"), []byte("[smtp]\nfrom = \"countersign@opensunday.example\"\n"), 1)
	config = fmt.Appendf(config, "\n[mailbox.paths]\nserver = %q\nsecurity = \"none\"\nusername = %q\npassword = %q\naddresses = [%q]\ncampaign = \"cycle-paths\"\n", i.office.IMAPAddr(), other, password, other)
	if err := os.WriteFile(i.config, config, 0o600); err != nil {
		t.Fatal(err)
	}
	letter := filepath.Join(t.TempDir(), "letter.md")
	if err := os.WriteFile(letter, []byte("# Cycle paths\n\nWe ask for them.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	i.do(t, "campaign", "create", "cycle-paths", "--name", "Cycle paths for all", "--address", other, "--controller", "Towpath Club", "--contact", "Ivo", "--privacy-url", "https://example.org/p", "--text", "en="+letter)
	i.do(t, "campaign", "open", "cycle-paths")
	s := i.run(t, serviceOptions{})
	const asks = "ada@circles.example"
	i.account(t, asks)
	i.send(t, asks, letterFrom(asks, "We sign", signingFor("Reading Circle Plagwitz")))
	raw := strings.ReplaceAll(letterFrom(asks, "We sign", signingFor("Reading Circle Plagwitz")), "To: "+campaignAddress, "To: "+other)
	if err := i.office.Deliver(t.Context(), asks, []string{other}, []byte(raw), postoffice.NoVerdict); err != nil {
		t.Fatal(err)
	}
	settled(t, s, 2)
	from := map[string]string{}
	for _, l := range i.got(asks) {
		from[l.Header.From[0].Address] = l.Header.Subject
	}
	if len(from) != 2 || !strings.Contains(from[other], "Cycle paths for all") || !strings.Contains(from[campaignAddress], "Open on Sunday") {
		t.Errorf("answers %v", from)
	}
}
