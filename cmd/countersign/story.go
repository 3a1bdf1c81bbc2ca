package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"countersign/mailin/message"
	"countersign/petition"
	"countersign/postoffice"
	"countersign/store"
)

// story plays what people do, from the first mail to the list, against the
// running service: mails go in by the post office, answers are read from the
// inboxes, pages are used as a browser uses them. It stops at the first step
// that does not come out right.
type story struct {
	office   *postoffice.Office
	store    *store.Store // only to wait and to look
	site     *url.URL
	slug     string
	address  string // of the campaign
	reviewer string // the organizer's address
	password string
	signIn   func(ctx context.Context, b *browser) error
	out      io.Writer

	desk  *browser
	mails int
	seen  map[string]int // letters already read, by address
}

const storyPatience = 30 * time.Second

// play runs every step; its error says which one failed and what was seen.
func (s *story) play(ctx context.Context) error {
	s.seen = make(map[string]int)
	s.desk = newBrowser(s.site)
	if err := s.signIn(ctx, s.desk); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	for i, step := range storySteps {
		started := time.Now()
		if err := step.play(s, ctx); err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, step.name, err)
		}
		fmt.Fprintf(s.out, "ok %2d  %s (%d ms)\n", i+1, step.name, time.Since(started).Milliseconds())
	}
	return nil
}

// id is a Message-ID for the next mail from the address.
func (s *story) id(from string) string {
	s.mails++
	domain := petition.Domain(from)
	if domain == "" { // a bounce has no sender
		domain = "mx.nowhere.example"
	}
	return fmt.Sprintf("story-%d-%d@%s", s.mails, time.Now().UnixNano(), domain)
}

// send delivers one of the story's mails from the address.
func (s *story) send(ctx context.Context, name, from string, v postoffice.Verdict) error {
	raw, err := storyMail(name, s.address, time.Now(), s.id(from))
	if err != nil {
		return err
	}
	return s.deliver(ctx, from, raw, v)
}

func (s *story) deliver(ctx context.Context, from string, raw []byte, v postoffice.Verdict) error {
	if from != "" && !slices.Contains(s.office.Accounts(), from) {
		if err := s.office.AddAccount(from, s.password); err != nil {
			return err
		}
	}
	return s.office.Deliver(ctx, from, []string{s.address}, raw, v)
}

// answer replies to one of our letters from the address.
func (s *story) answer(ctx context.Context, to *message.Message, from, text string, v postoffice.Verdict) error {
	return s.deliver(ctx, from, reply(to, from, text, time.Now(), s.id(from)), v)
}

// letter waits for the next letter in the address's inbox and demands that its text holds every phrase.
func (s *story) letter(ctx context.Context, address string, phrases ...string) (*message.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, storyPatience)
	defer cancel()
	var letters []postoffice.Letter
	for len(letters) <= s.seen[address] {
		if letters = s.office.Inbox(address); len(letters) > s.seen[address] {
			break
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("no letter for %s within %s", address, storyPatience)
		case <-time.After(10 * time.Millisecond):
		}
	}
	l := letters[s.seen[address]]
	s.seen[address]++
	m := message.Parse(l.Raw)
	for _, p := range phrases {
		if !strings.Contains(strings.Join(strings.Fields(m.Header.Subject+" "+m.Text), " "), p) {
			return nil, fmt.Errorf("the letter %q to %s does not say %q:\n%s", m.Header.Subject, address, p, m.Text)
		}
	}
	return m, nil
}

// quiet waits until every mail is decided and every notice sent, and demands that
// none of the addresses has got anything new.
func (s *story) quiet(ctx context.Context, addresses ...string) error {
	ctx, cancel := context.WithTimeout(ctx, storyPatience)
	defer cancel()
	for {
		idle, err := s.idle(ctx)
		if err != nil {
			return err
		}
		if idle {
			break
		}
		select {
		case <-ctx.Done():
			return errors.New("the intake does not come to rest")
		case <-time.After(20 * time.Millisecond):
		}
	}
	for _, a := range addresses {
		if letters := s.office.Inbox(a); len(letters) > s.seen[a] {
			return fmt.Errorf("%s got %q", a, message.Parse(letters[s.seen[a]].Raw).Header.Subject)
		}
	}
	return nil
}

// idle reports whether every delivered mail is decided and nothing is due.
func (s *story) idle(ctx context.Context) (bool, error) {
	health, err := s.store.Health(ctx)
	if err != nil {
		return false, err
	}
	decided := health.Mails[petition.MailDecided] + health.Mails[petition.MailQuarantined]
	due, err := s.store.NextDue(ctx)
	if err != nil {
		return false, err
	}
	return decided >= s.mails && (due.IsZero() || due.After(time.Now())), nil
}

// confirm opens the page of a letter and confirms there as a person does.
func (s *story) confirm(ctx context.Context, letter *message.Message) error {
	link := linkTo(letter, "/c/")
	if link == "" {
		return fmt.Errorf("no link in %q", letter.Header.Subject)
	}
	b := newBrowser(s.site)
	p, err := b.get(ctx, link)
	if err != nil {
		return err
	}
	f, err := p.formWith("confirm")
	if err != nil {
		return err
	}
	p, err = b.submit(ctx, p, f, "", f.Ticks)
	if err != nil {
		return err
	}
	done := []string{"You have done everything", "Sie haben alles getan", "Больше от Вас ничего не нужно"} // in the languages of the story
	if !slices.ContainsFunc(done, func(words string) bool { return strings.Contains(p.Body, words) }) {
		return fmt.Errorf("the page does not say that all is done: %d %s", p.Status, p.text())
	}
	return nil
}

// approve approves the endorsement of the name at the desk.
func (s *story) approve(ctx context.Context, name string) error {
	e, err := s.find(ctx, name)
	if err != nil {
		return err
	}
	p, err := s.desk.get(ctx, fmt.Sprintf("/desk/e/%d", e.ID))
	if err != nil {
		return err
	}
	f, err := p.formWith("approve")
	if err != nil {
		return err
	}
	_, err = s.desk.submit(ctx, p, f, "approve", nil)
	return err
}

// find is the newest endorsement of exactly this name.
func (s *story) find(ctx context.Context, name string) (*petition.Endorsement, error) {
	c, err := s.store.Campaign(ctx, s.slug)
	if err != nil {
		return nil, err
	}
	found, err := s.store.Find(ctx, []int64{c.ID}, name, 50)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(slices.SortedFunc(slices.Values(found), func(a, b *petition.Endorsement) int { return int(a.ID - b.ID) })) {
		if e.Current().Fields.Name == name {
			return e, nil
		}
	}
	return nil, fmt.Errorf("no endorsement of %q", name)
}

// is demands that the endorsement of the name is in the state.
func (s *story) is(ctx context.Context, name string, want petition.State) error {
	ctx, cancel := context.WithTimeout(ctx, storyPatience)
	defer cancel()
	for {
		e, err := s.find(ctx, name)
		if err == nil && e.State() == want {
			return nil
		}
		select {
		case <-ctx.Done():
			if err != nil {
				return err
			}
			return fmt.Errorf("%s is %s, should be %s", name, e.State(), want)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// formWith is the form for an act: it says so in a hidden field or in a button.
func (p *webPage) formWith(act string) (webForm, error) {
	for _, f := range p.Forms {
		if f.Values.Get("act") == act || slices.ContainsFunc(f.Buttons, func(b webButton) bool { return b.Value == act }) {
			return f, nil
		}
	}
	return webForm{}, fmt.Errorf("%s (%d) has no form to %s: %s", p.URL.Path, p.Status, act, p.text())
}

// text is the beginning of what the page says, for errors.
func (p *webPage) text() string {
	plain := message.Parse([]byte("Content-Type: text/html; charset=utf-8\r\n\r\n" + p.Body)).Text
	return petition.CleanLine(plain, 600)
}
