package main

import (
	"bytes"
	"embed"
	"fmt"
	"regexp"
	"strings"
	"time"

	"countersign/mailin/message"
	"countersign/petition"
)

// The mails of the story, as real clients write them; date, recipient and
// Message-ID are put before them when they are sent.
//
//go:embed demo/mails/*.eml
var storyMails embed.FS

// storyMail is one of the story's mails, sent now to the address.
func storyMail(name, to string, now time.Time, id string) ([]byte, error) {
	body, err := storyMails.ReadFile("demo/mails/" + name + ".eml")
	if err != nil {
		return nil, err
	}
	head := fmt.Sprintf("Date: %s\r\nTo: %s\r\nMessage-ID: <%s>\r\n", now.Format(time.RFC1123Z), to, id)
	return append([]byte(head), body...), nil
}

// reply answers a mail of ours as a mail client does: new text above, theirs quoted below.
func reply(to *message.Message, from, text string, now time.Time, id string) []byte {
	var b bytes.Buffer
	answerTo := to.Header.From[0].Address
	if len(to.Header.ReplyTo) > 0 {
		answerTo = to.Header.ReplyTo[0].Address
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nSubject: Re: %s\r\nDate: %s\r\nMessage-ID: <%s>\r\n", from, answerTo,
		petition.CleanLine(to.Header.Subject, 200), now.Format(time.RFC1123Z), id)
	fmt.Fprintf(&b, "In-Reply-To: <%[1]s>\r\nReferences: <%[1]s>\r\nMIME-Version: 1.0\r\n", to.Header.MessageID)
	b.WriteString("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
	b.WriteString(strings.ReplaceAll(text, "\n", "\r\n") + "\r\n\r\n")
	fmt.Fprintf(&b, "On %s, %s wrote:\r\n", now.Format("Mon, 2 Jan 2006 at 15:04"), to.Header.From[0].Address)
	for line := range strings.Lines(to.Text) {
		b.WriteString("> " + strings.TrimRight(line, "\r\n") + "\r\n")
	}
	return b.Bytes()
}

// note is a mail that answers nothing of ours.
func note(from, to, subject, text string, now time.Time, id string) []byte {
	return fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		from, to, subject, now.Format(time.RFC1123Z), id, strings.ReplaceAll(text, "\n", "\r\n"))
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"]+`)

// linksIn are the web addresses in a mail's text.
func linksIn(m *message.Message) []string { return webAddress.FindAllString(m.Text, -1) }

// linkTo is the first link whose path begins with the prefix, "" where there is none.
func linkTo(m *message.Message, prefix string) string {
	for _, l := range linksIn(m) {
		if i := strings.Index(l, "://"); i > 0 {
			if _, path, ok := strings.Cut(l[i+3:], "/"); ok && strings.HasPrefix("/"+path, prefix) {
				return l
			}
		}
	}
	return ""
}
