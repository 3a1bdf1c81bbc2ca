package main

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"countersign/petition"
)

// initCmd writes a configuration. What no flag says, it asks; with --yes it takes
// what it would have offered.
type initCmd struct {
	BaseURL    string `help:"Public address of the pages, like https://sign.example.org."`
	Address    string `help:"E-mail address that people write to."`
	IMAP       string `name:"imap" help:"IMAP server and port of that mailbox."`
	SMTP       string `name:"smtp" help:"SMTP submission server and port."`
	Username   string `help:"User name at both servers."`
	Password   string `help:"Password. Better: leave it out and set COUNTERSIGN_MAILBOX_INFO_PASSWORD."`
	Campaign   string `help:"Short name of the first campaign, as in web addresses."`
	AnswerFrom string `help:"Mail that arrived before this day is not answered."`
	Database   string `help:"sqlite:FILE or postgres://…"`
	Listen     string `help:"Address that the program listens on."`
	Yes        bool   `short:"y" help:"Ask nothing."`
	Example    bool   `help:"Print the documented example and write nothing."`
}

// Run asks, writes the file with mode 0600 and says what comes next. A file that is there is never overwritten.
func (c *initCmd) Run(w *world, g *globals) error {
	if c.Example {
		return writeConfig(w.Out, exampleAnswers())
	}
	if _, err := os.Stat(g.path()); err == nil {
		return fmt.Errorf("%s is there already; move it away or name another with --config", g.path())
	}
	secret, err := newSecret()
	if err != nil {
		return err
	}
	a, err := c.answers(newAsker(w, c.Yes))
	if err != nil {
		return err
	}
	a.SecretKey = secret
	f, err := os.OpenFile(g.path(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(writeConfig(f, a), f.Close()); err != nil {
		return err
	}
	fmt.Fprintf(w.Out, `%[1]s is written; only you can read it, and it holds the key to every link: keep a copy.
Next:
  countersign check                                     does the mailbox work?
  countersign campaign create %[2]s --name "…"   the letter
  countersign organizer add you@example.org             who reviews
  countersign serve
`, g.path(), a.Campaign)
	return nil
}

// answers asks for what the flags leave open.
func (c *initCmd) answers(ask *asker) (answers, error) {
	d := defaults()
	a := answers{Listen: first(c.Listen, d.Listen), Database: first(c.Database, d.Database), Name: "info"}
	a.Address = ask.text("E-mail address that people write to", c.Address, "", checkAddress)
	domain := petition.Domain(a.Address)
	a.BaseURL = ask.text("Public address of the pages", c.BaseURL, "https://sign."+domain, checkBaseURL)
	a.IMAP = ask.text("IMAP server of this mailbox", c.IMAP, "imap."+domain+":993", func(s string) error { return checkServer(s, "imap.example.org:993") })
	a.SMTP = ask.text("SMTP server that takes its mail", c.SMTP, "smtp."+domain+":587", func(s string) error { return checkServer(s, "smtp.example.org:587") })
	a.Username = ask.text("User name", c.Username, a.Address, nil)
	a.Password = ask.secret("Password (empty: put it in later)", c.Password)
	a.Campaign = ask.text("Short name of the first campaign, for web addresses", c.Campaign, "letter", checkSlug)
	today := time.Now().UTC().Format(time.DateOnly)
	a.AnswerFrom = ask.text("From which day on may mail be answered by itself? Older mail waits for an organizer", c.AnswerFrom, today,
		func(s string) error { return new(date).UnmarshalText([]byte(s)) })
	return a, ask.err
}

// newSecret makes the first key.
func newSecret() (string, error) {
	b := make([]byte, petition.MinSecret)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	return "1:" + base64.StdEncoding.EncodeToString(b), nil
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// asker asks questions one after the other. After an error it asks no more.
type asker struct {
	in    *bufio.Reader
	tty   *os.File // standard input where it is a terminal: a password is not shown
	out   io.Writer
	quiet bool
	err   error
}

func newAsker(w *world, quiet bool) *asker {
	a := &asker{in: bufio.NewReader(w.In), out: w.Out, quiet: quiet}
	if f, ok := w.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		a.tty = f
	}
	return a
}

// text returns given where a flag said it; else the answer; else the offer. What
// check refuses is asked again, or is an error where nobody can be asked.
func (a *asker) text(question, given, offer string, check func(string) error) string {
	for a.err == nil {
		answer := given
		if answer == "" && !a.quiet {
			answer = a.line(question, offer)
		}
		answer = first(answer, offer)
		if check == nil || a.err != nil {
			return answer
		}
		err := check(answer)
		if err == nil {
			return answer
		}
		if given != "" || a.quiet {
			a.err = fmt.Errorf("%s: %w", question, err)
			return ""
		}
		fmt.Fprintf(a.out, "  %v\n", err)
	}
	return ""
}

func (a *asker) line(question, offer string) string {
	if offer != "" {
		question += " [" + offer + "]"
	}
	fmt.Fprint(a.out, question+": ")
	line, err := a.in.ReadString('\n')
	if errors.Is(err, io.EOF) && line == "" {
		a.err = errors.New("the questions were not all answered; --yes takes what is offered")
	} else if err != nil && !errors.Is(err, io.EOF) {
		a.err = err
	}
	return strings.TrimSpace(line)
}

// secret asks for a password without showing it.
func (a *asker) secret(question, given string) string {
	if given != "" || a.quiet || a.err != nil {
		return given
	}
	if a.tty == nil {
		return a.line(question, "")
	}
	fmt.Fprint(a.out, question+": ")
	b, err := term.ReadPassword(int(a.tty.Fd()))
	fmt.Fprintln(a.out)
	a.err = err
	return string(b)
}
