package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"countersign/petition"
	"countersign/postoffice"
)

// The people of the story.
const (
	annaAtLindenau = "office@lindenau.example"
	peterLindenau  = "klee@lindenau.example"
	juergenRadler  = "kontakt@radverein-suedstadt.example"
	mariaForest    = "sokolova@lesnaya-polka.example"
	inesCircles    = "secretariat@reading-circles.example"
	tomChoir       = "tom@choir-plagwitz.example"
	rosaSeeds      = "rosa@seed-library.example"
	mallory        = "mallory@elsewhere.example"
)

type storyStep struct {
	name string
	play func(*story, context.Context) error
}

var storySteps = []storyStep{
	{"a plain English sign-on is answered at once", (*story).english},
	{"a robot opens every link and presses every button: nothing changes", (*story).robot},
	{"City Library Lindenau confirms by link and is listed", (*story).confirmByLink},
	{"a German mail from an Outlook-like client is answered in German", (*story).german},
	{"a correction by reply is shown, old and new", (*story).correction},
	{"a forged yes changes nothing", (*story).forgedYes},
	{"Radverein replies \"Yes, we confirm. Best regards\" above our text and is listed", (*story).confirmByReply},
	{"a windows-1251 Russian mail is read and confirmed by link", (*story).russian},
	{"the same organization signs again: one line, a kind answer", (*story).again},
	{"a colleague signs for it: a suggested duplicate, not merged", (*story).colleague},
	{"one mail for two organizations: one request, one yes, two lines", (*story).two},
	{"\"our board decides on Monday\" waits, and is not listed", (*story).monday},
	{"an out-of-office, a bounce and an invoice get no answer", (*story).silence},
	{"a mail that signs and asks: the organizer answers from her own mail program", (*story).asks},
	{"a forged withdrawal changes nothing", (*story).forgedWithdrawal},
	{"a withdrawal takes the line off the list", (*story).withdrawal},
	{"the list has exactly the right lines in page, JSON and CSV", (*story).list},
}

func (s *story) english(ctx context.Context) error {
	if err := s.send(ctx, "english", annaAtLindenau, postoffice.Pass); err != nil {
		return err
	}
	m, err := s.letter(ctx, annaAtLindenau, "Is this correct?", "City Library Lindenau", "These lines will be public", "Please leave this code in your answer")
	if err != nil {
		return err
	}
	s.seen[annaAtLindenau]-- // read again when it is confirmed
	if linkTo(m, "/c/") == "" {
		return errors.New("no link to confirm")
	}
	return s.is(ctx, "City Library Lindenau", petition.StateAwaiting)
}

// robot does what link scanners and worse do: it opens every link of the letter,
// ticks every box but the deliberate ones and presses every button on what it finds.
func (s *story) robot(ctx context.Context) error {
	m, err := s.letter(ctx, annaAtLindenau)
	if err != nil {
		return err
	}
	s.seen[annaAtLindenau]--
	before, err := s.find(ctx, "City Library Lindenau")
	if err != nil {
		return err
	}
	b := newBrowser(s.site)
	for _, link := range linksIn(m) {
		p, err := b.get(ctx, link)
		if err != nil {
			return err
		}
		for _, f := range p.Forms {
			ticks := maps.Clone(f.Ticks)
			delete(ticks, "deliberate")
			for _, button := range append(f.Buttons, webButton{}) {
				if _, err := b.submit(ctx, p, f, button.Value, ticks); err != nil {
					return err
				}
			}
		}
	}
	after, err := s.store.Endorsement(ctx, before.ID)
	if err != nil {
		return err
	}
	if after.Revision != before.Revision || after.State() != petition.StateAwaiting {
		return fmt.Errorf("the robot made it %s, revision %d", after.State(), after.Revision)
	}
	return s.quiet(ctx)
}

func (s *story) confirmByLink(ctx context.Context) error {
	m, err := s.letter(ctx, annaAtLindenau)
	if err != nil {
		return err
	}
	if err := s.confirm(ctx, m); err != nil {
		return err
	}
	if err := s.is(ctx, "City Library Lindenau", petition.StateConfirmed); err != nil {
		return err
	}
	return s.approved(ctx, "City Library Lindenau", annaAtLindenau, "is now on the list")
}

// approved approves at the desk and waits for "on the list" in the signer's inbox.
func (s *story) approved(ctx context.Context, name, address string, phrases ...string) error {
	if err := s.approve(ctx, name); err != nil {
		return err
	}
	if err := s.is(ctx, name, petition.StateListed); err != nil {
		return err
	}
	_, err := s.letter(ctx, address, append(phrases, name)...)
	return err
}

func (s *story) german(ctx context.Context) error {
	if err := s.send(ctx, "outlook", juergenRadler, postoffice.Pass); err != nil {
		return err
	}
	_, err := s.letter(ctx, juergenRadler, "Radverein Südstadt e.V.", "Ist das richtig?", "JA")
	s.seen[juergenRadler]--
	return err
}

func (s *story) correction(ctx context.Context) error {
	m, err := s.letter(ctx, juergenRadler)
	if err != nil {
		return err
	}
	if err := s.answer(ctx, m, juergenRadler, "Bitte korrigieren: Unser Name ist Radverein Dresden-Südstadt e.V.\n\nJürgen Weiß", postoffice.Pass); err != nil {
		return err
	}
	_, err = s.letter(ctx, juergenRadler, "Radverein Südstadt e.V.", "Radverein Dresden-Südstadt e.V.")
	s.seen[juergenRadler]--
	return err
}

func (s *story) forgedYes(ctx context.Context) error {
	m, err := s.letter(ctx, juergenRadler)
	if err != nil {
		return err
	}
	s.seen[juergenRadler]--
	if err := s.answer(ctx, m, juergenRadler, "Yes", postoffice.Forged); err != nil {
		return err
	}
	if err := s.answer(ctx, m, mallory, "Yes, we confirm.", postoffice.Pass); err != nil {
		return err
	}
	if _, err := s.letter(ctx, mallory, "A person will read it"); err != nil {
		return err
	}
	if err := s.quiet(ctx); err != nil {
		return err
	}
	return s.is(ctx, "Radverein Dresden-Südstadt e.V.", petition.StateAwaiting)
}

func (s *story) confirmByReply(ctx context.Context) error {
	m, err := s.letter(ctx, juergenRadler)
	if err != nil {
		return err
	}
	if err := s.answer(ctx, m, juergenRadler, "Yes, we confirm. Best regards\nJürgen Weiß", postoffice.Unknown); err != nil {
		return err
	}
	const name = "Radverein Dresden-Südstadt e.V."
	if err := s.is(ctx, name, petition.StateConfirmed); err != nil {
		return err
	}
	return s.approved(ctx, name, juergenRadler)
}

func (s *story) russian(ctx context.Context) error {
	if err := s.send(ctx, "windows-1251", mariaForest, postoffice.Pass); err != nil {
		return err
	}
	const name = "Библиотека «Лесная полка»"
	m, err := s.letter(ctx, mariaForest, name)
	if err != nil {
		return err
	}
	if err := s.confirm(ctx, m); err != nil {
		return err
	}
	return s.approved(ctx, name, mariaForest)
}

func (s *story) again(ctx context.Context) error {
	if err := s.send(ctx, "english", annaAtLindenau, postoffice.Pass); err != nil {
		return err
	}
	if _, err := s.letter(ctx, annaAtLindenau, "already", "City Library Lindenau"); err != nil {
		return err
	}
	return s.is(ctx, "City Library Lindenau", petition.StateListed)
}

func (s *story) colleague(ctx context.Context) error {
	first, err := s.find(ctx, "City Library Lindenau")
	if err != nil {
		return err
	}
	if err := s.send(ctx, "colleague", peterLindenau, postoffice.Pass); err != nil {
		return err
	}
	if _, err := s.letter(ctx, peterLindenau, "already", "City Library Lindenau"); err != nil {
		return err
	}
	second, err := s.find(ctx, "City Library Lindenau")
	if err != nil {
		return err
	}
	if second.ID == first.ID || second.DuplicateOf != first.ID {
		return fmt.Errorf("endorsement %d is no suggested duplicate of %d", second.ID, first.ID)
	}
	return nil
}

func (s *story) two(ctx context.Context) error {
	if err := s.send(ctx, "two", inesCircles, postoffice.Pass); err != nil {
		return err
	}
	m, err := s.letter(ctx, inesCircles, "Reading Circle Northgate", "Reading Circle Southbank")
	if err != nil {
		return err
	}
	if err := s.answer(ctx, m, inesCircles, "Yes.\n\nInes Moor", postoffice.Pass); err != nil {
		return err
	}
	for _, name := range []string{"Reading Circle Northgate", "Reading Circle Southbank"} {
		if err := s.is(ctx, name, petition.StateConfirmed); err != nil {
			return err
		}
		if err := s.approved(ctx, name, inesCircles); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) monday(ctx context.Context) error {
	if err := s.send(ctx, "monday", tomChoir, postoffice.Pass); err != nil {
		return err
	}
	if _, err := s.letter(ctx, tomChoir, "Plagwitz Community Choir"); err != nil {
		return err
	}
	return s.is(ctx, "Plagwitz Community Choir", petition.StateUndecided)
}

func (s *story) silence(ctx context.Context) error {
	for name, from := range map[string]string{"out-of-office": annaAtLindenau, "bounce": "", "invoice": "billing@paper-supplies.example"} {
		if err := s.send(ctx, name, from, postoffice.NoVerdict); err != nil {
			return err
		}
	}
	return s.quiet(ctx, annaAtLindenau, "billing@paper-supplies.example")
}

func (s *story) asks(ctx context.Context) error {
	if err := s.send(ctx, "asks", rosaSeeds, postoffice.Pass); err != nil {
		return err
	}
	request, err := s.letter(ctx, rosaSeeds, "Is this correct?", "Eastfield Seed Library")
	if err != nil {
		return err
	}
	question, err := s.letter(ctx, s.reviewer, "Question from", "may we send you our logo")
	if err != nil {
		return err
	}
	if err := s.answer(ctx, question, s.reviewer, "Gladly: as an SVG file, please.", postoffice.Pass); err != nil {
		return err
	}
	answer, err := s.letter(ctx, rosaSeeds, "Gladly: as an SVG file, please.")
	if err != nil {
		return err
	}
	if strings.Contains(answer.Text+answer.HTML(), s.reviewer) || answer.Header.From[0].Address != s.address {
		return errors.New("the answer shows the organizer's address")
	}
	if err := s.answer(ctx, request, rosaSeeds, "YES", postoffice.Pass); err != nil {
		return err
	}
	if err := s.is(ctx, "Eastfield Seed Library", petition.StateConfirmed); err != nil {
		return err
	}
	return s.approved(ctx, "Eastfield Seed Library", rosaSeeds)
}

func (s *story) forgedWithdrawal(ctx context.Context) error {
	text := "City Library Lindenau withdraws its signature. Please remove us from the list."
	for from, v := range map[string]postoffice.Verdict{annaAtLindenau: postoffice.Forged, mallory: postoffice.Pass} {
		if err := s.deliver(ctx, from, note(from, s.address, "Withdrawal", text, time.Now(), s.id(from)), v); err != nil {
			return err
		}
	}
	if _, err := s.letter(ctx, annaAtLindenau, "City Library Lindenau"); err != nil { // a link, to the address on file
		return err
	}
	if _, err := s.letter(ctx, mallory); err != nil {
		return err
	}
	if err := s.quiet(ctx, annaAtLindenau); err != nil {
		return err
	}
	lines, err := s.lines(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(lines, "City Library Lindenau") {
		return fmt.Errorf("the list is %q", lines)
	}
	return nil
}

func (s *story) withdrawal(ctx context.Context) error {
	// The newest letter to the two reading circles says that one of them is on the list.
	letters := s.office.Inbox(inesCircles)
	newest := s.seen[inesCircles] - 1
	if newest < 0 || newest >= len(letters) {
		return errors.New("there is no letter to answer")
	}
	s.seen[inesCircles]--
	m, err := s.letter(ctx, inesCircles, "Reading Circle Southbank", "WITHDRAW")
	if err != nil {
		return err
	}
	if err := s.answer(ctx, m, inesCircles, "WITHDRAW", postoffice.Pass); err != nil {
		return err
	}
	if err := s.is(ctx, "Reading Circle Southbank", petition.StateWithdrawn); err != nil {
		return err
	}
	_, err = s.letter(ctx, inesCircles, "Reading Circle Southbank")
	return err
}
