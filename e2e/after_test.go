package e2e

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"countersign/e2e/servers"
)

// Where the mails lie afterwards: nothing is deleted, nothing is marked as read (R03, R11, U09).
func TestAfterModes(t *testing.T) {
	t.Parallel()
	dovecot, sink := servers.For(t, servers.StartDovecot), startSink(t)
	for _, tt := range []struct {
		after     string
		inbox     int // how many of three stay
		processed int
		flags     []imap.Flag
	}{
		{"keep", 3, 0, nil},
		{"keyword", 3, 0, []imap.Flag{"$Countersign"}},
		{"move", 0, 3, nil},
	} {
		t.Run(tt.after, func(t *testing.T) {
			i := install(t, plan{dovecot: dovecot, sink: sink, mailbox: fmt.Sprintf("after = %q", tt.after)})
			i.serve(t)
			for n := range 3 {
				from := fmt.Sprintf("%s@%s.example", tt.after, strings.ToLower(circles[n]))
				i.deliver(t, "INBOX", time.Now(), signOn(from, "Ada Moor", circles[n]+" Reading Circle", "Ghent, Belgium", time.Now()))
				i.letter(t, from, "Is this correct?")
			}
			eventually(t, "every mail lies where it belongs", func() bool {
				inbox, processed := i.folder(t, "INBOX"), i.folder(t, "Processed")
				return len(inbox) == tt.inbox && len(processed) == tt.processed &&
					!slices.ContainsFunc(inbox, func(m stored) bool { return !slices.Equal(m.flags, tt.flags) }) &&
					!slices.ContainsFunc(processed, func(m stored) bool { return len(m.flags) > 0 })
			})
		})
	}
}

// A shared mailbox: only the configured folder is read, of it only what is for us, and
// everything else stays as it was (U09).
func TestOnlyWhatIsForUs(t *testing.T) {
	t.Parallel()
	i := install(t, plan{mailbox: fmt.Sprintf("folder = \"Letters\"\nonly_to = [%q]\nafter = \"move\"\nmove_to = \"Done\"", campaignAddress)})
	c := i.imap(t)
	if err := c.Create("Letters", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	inInbox := signOn("one@inbox.example", "Ada Moor", "Inbox Society", "Ghent, Belgium", now)
	forOthers := bytes.Replace(signOn("two@others.example", "Ada Moor", "Other Society", "Ghent, Belgium", now), []byte(campaignAddress), []byte("office@opensunday.example"), 1)
	i.deliver(t, "INBOX", now, inInbox)
	i.deliver(t, "Letters", now, forOthers, signOn("three@letters.example", "Ada Moor", "Letters Society", "Ghent, Belgium", now))
	i.serve(t)
	i.letter(t, "three@letters.example", "Is this correct?")
	i.deliver(t, "Letters", time.Now(), signOn("four@later.example", "Ada Moor", "Later Society", "Ghent, Belgium", time.Now()))
	i.letter(t, "four@later.example", "Is this correct?")
	eventually(t, "what was for us is moved", func() bool { return len(i.folder(t, "Letters")) == 1 })
	for folder, want := range map[string][]string{
		"INBOX": {"one@inbox.example"}, "Letters": {"two@others.example"}, "Done": {"four@later.example", "three@letters.example"},
	} {
		var got []string
		for _, m := range i.folder(t, folder) {
			got = append(got, m.from)
			if len(m.flags) > 0 {
				t.Errorf("%s in %s has flags %v", m.from, folder, m.flags)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("in %s lie the mails of %q, want %q", folder, got, want)
		}
	}
	if n := len(i.letters(t)); n != 2 {
		t.Errorf("%d letters were sent, want 2", n)
	}
	if n := i.metric(t, `countersign_mails{state="decided"}`); n != 2 {
		t.Errorf("%d mails were read, want 2", n)
	}
}

// U01, R58: a mailbox that was in use before. Nobody gets an answer to old mail, by
// either measure of old: longer ago than answer_within, or before answer_from.
func TestQuietFirstStart(t *testing.T) {
	t.Parallel()
	now := time.Now()
	i := install(t, plan{top: fmt.Sprintf("answer_from = %q", now.AddDate(0, 0, -1).Format("2006-01-02"))})
	for n := range 40 {
		at := now.AddDate(0, 0, -30)
		if n%2 == 0 {
			at = now.Add(-50 * time.Hour) // young enough for answer_within
		}
		raw := signOn(fmt.Sprintf("old%d@%s.example", n, strings.ToLower(circles[n%len(circles)])), "Ada Moor", fmt.Sprintf("%s Old Circle %d", circles[n%len(circles)], n), "Ghent, Belgium", at)
		i.deliver(t, "INBOX", at, raw)
	}
	// Copied from another mailbox today: the Date says how old it is.
	i.deliver(t, "INBOX", now, signOn("copied@old.example", "Ada Moor", "Copied Circle", "Ghent, Belgium", now.AddDate(0, -2, 0)))
	for round := range 2 { // the second start is as quiet as the first
		p := i.serve(t)
		from := fmt.Sprintf("new%d@new.example", round)
		i.deliver(t, "INBOX", time.Now(), signOn(from, "Ada Moor", circles[round]+" New Circle", "Ghent, Belgium", time.Now()))
		i.letter(t, from, "Is this correct?")
		eventually(t, "every mail is decided", func() bool { return i.metric(t, `countersign_mails{state="decided"}`) == 42+round })
		if n := i.metric(t, `countersign_notices{state="due"}`) + i.metric(t, `countersign_notices{state="sending"}`); n != 0 {
			t.Errorf("%d letters wait to be sent", n)
		}
		for _, l := range i.letters(t) {
			if !strings.HasSuffix(l.to, "@new.example") {
				t.Errorf("a letter went to %s: %s", l.to, l.mail.Header.Subject)
			}
		}
		p.stop(t)
	}
	if n := len(i.folder(t, "INBOX")); n != 43 {
		t.Errorf("the mailbox holds %d mails, want 43", n)
	}
}

// circles are names that nobody takes for one another.
var circles = []string{
	"Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ivy", "Juniper", "Kapok", "Larch", "Maple", "Nutmeg", "Oak",
	"Poplar", "Quince", "Rowan", "Spruce", "Thuja", "Ulmo", "Viburnum", "Willow", "Xylosma", "Yew", "Zelkova", "Acacia", "Baobab", "Cypress", "Douglas",
}
