package main

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/petition"
	"countersign/postoffice"
)

// turned is a clock that a test turns; every part of the service reads it.
type turned struct {
	mu  sync.Mutex
	off time.Duration
}

func (c *turned) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off)
}

func (c *turned) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += d
}

// idle wires a service whose workers the test drives by hand.
func (i installation) idle(t *testing.T, c *turned) *service {
	t.Helper()
	config, err := loadConfig(i.config, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newService(t.Context(), &config, serviceOptions{
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Clock: c.now,
		DNS: func(context.Context, string) ([]string, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// enter takes a signature by hand, which asks its address to confirm.
func (s *service) enter(t *testing.T, name, address string) *petition.Endorsement {
	t.Helper()
	organizers, err := s.store.Organizers(t.Context())
	if err != nil || len(organizers) == 0 {
		t.Fatal("no organizer", err)
	}
	c, err := s.store.Campaign(t.Context(), "open-on-sunday")
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.store.Act(t.Context(), petition.Action{
		Kind: petition.ActEnter, CampaignID: c.ID, OrganizerID: organizers[0].ID, Channel: petition.ByDesk,
		Fields: petition.Fields{Kind: petition.KindOrganization, Name: name, City: "Ghent", Country: "BE", Contact: address},
	})
	if err != nil || len(out.New) != 1 {
		t.Fatalf("entered %d: %v", len(out.New), err)
	}
	e, err := s.store.Endorsement(t.Context(), out.New[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// sending runs the sender until everything due is sent.
func (s *service) sending(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.sender.Run(ctx) }()
	s.sender.Kick()
	settled(t, s, 0)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// M3, U13: what the clock sends, when, and what stands in it: two reminders, one note
// before the list closes, one digest a day, and nothing else.
func TestClockSendsAtTheRightTime(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	const nora, undecided = "nora@opensunday.example", "office@reading.example"
	i.account(t, nora)
	i.account(t, undecided)
	i.do(t, "organizer", "add", nora, "--role", "owner", "--name", "Nora")
	closes := time.Now().AddDate(0, 0, 30).UTC()
	i.do(t, "campaign", "edit", "open-on-sunday", "--closes", closes.Format("2006-01-02 15:04"), "--zone", "UTC")
	c := &turned{}
	s := i.idle(t, c)
	asked := s.enter(t, "City Library Lindenau", signerAddress)
	waits := s.enter(t, "Reading Trust", undecided)
	if _, err := s.store.Act(t.Context(), petition.Action{Kind: petition.ActWait, Endorsements: []int64{waits.ID}, Channel: petition.ByLink}); err != nil {
		t.Fatal(err)
	}
	s.sending(t)
	clock := s.clock()
	day := 24 * time.Hour
	sent := map[string][]int{} // days after the request, by kind and address
	for d := range 42 {        // the last reminder's link counts for 21 days
		for range 2 { // a second round in the same hour changes nothing
			if err := clock.round(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		before := map[string]int{signerAddress: len(i.got(signerAddress)), undecided: len(i.got(undecided))}
		s.sending(t)
		for _, address := range []string{signerAddress, undecided} {
			for _, l := range i.got(address)[before[address]:] {
				sent[address+" "+strings.SplitN(l.Header.Subject, ":", 2)[0]] = append(sent[address+" "+strings.SplitN(l.Header.Subject, ":", 2)[0]], d)
				if !strings.Contains(l.Text, "/c/") || !strings.Contains(l.Text, "YES") {
					t.Errorf("day %d: no way to answer in\n%s", d, l.Text)
				}
			}
		}
		c.turn(day)
	}
	if got := sent[signerAddress+" Not on the list yet"]; len(got) != 2 || got[0] < 4 || got[0] > 5 || got[1] < 10 || got[1] > 11 {
		t.Errorf("reminders on the days %v", got)
	}
	if len(sent) != 2 {
		t.Errorf("sent on the days %v", sent)
	}
	for key, days := range sent {
		if strings.HasPrefix(key, undecided) && (len(days) != 1 || days[0] < 28 || days[0] > 29) {
			t.Errorf("%s on the days %v, want once within 48 hours before the end", key, days)
		}
	}
	e, err := s.store.Endorsement(t.Context(), asked.ID)
	if err != nil || e.Current().Verification != petition.Expired {
		t.Errorf("in the end the request is %s (%v)", e.Current().Verification, err)
	}
}

// U25: the owners hear once a day that a mailbox is not read, and what to do; a mailbox
// that is no longer configured and a process that has just started alarm nobody.
func TestAlertWhenAMailboxIsNotRead(t *testing.T) {
	i := install(t, "", postoffice.Options{})
	const nora = "nora@opensunday.example"
	i.account(t, nora)
	i.do(t, "organizer", "add", nora, "--role", "owner", "--name", "Nora", "--no-digest")
	c := &turned{}
	s := i.idle(t, c)
	clock := s.clock()
	if err := s.store.Heartbeat(t.Context(), "gone", c.now().Add(-time.Hour), ""); err != nil {
		t.Fatal(err)
	}
	round := func(want int) {
		t.Helper()
		if err := clock.round(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.sending(t)
		if letters := i.got(nora); len(letters) != want {
			t.Fatalf("%d alerts, want %d", len(letters), want)
		}
	}
	beat := func(problem string) {
		t.Helper()
		if err := s.store.Heartbeat(t.Context(), "info", c.now(), problem); err != nil {
			t.Fatal(err)
		}
	}
	beat("")
	round(0)
	c.turn(20 * time.Minute)
	beat("")
	round(0)
	c.turn(14 * time.Minute)
	beat("The server refuses the user name or the password.")
	round(0)
	c.turn(2 * time.Minute)
	round(1)
	c.turn(time.Minute)
	round(1)
	if m := i.got(nora)[0]; !strings.Contains(m.Text, "refuses the user name or the password") || !strings.Contains(m.Text, "Nothing is lost") || !strings.Contains(m.Text, "/desk") {
		t.Errorf("the alert says\n%s", m.Text)
	}
	c.turn(24 * time.Hour)
	round(2)
	beat("")
	c.turn(24*time.Hour - 20*time.Minute)
	beat("")
	round(2)
}
