package e2e

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"countersign/e2e/servers"
	"countersign/mailin/message"
)

// signOn is a plain mail that signs.
func signOn(from, person, organization, city string, at time.Time) []byte {
	id := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(organization), "-")
	return fmt.Appendf(nil, "From: %s <%s>\r\nTo: %s\r\nSubject: We sign: Open on Sunday\r\nDate: %s\r\nMessage-ID: <%s-%d@%s>\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\n\r\nDear friends,\r\n\r\nour organization would like to sign the open letter.\r\n\r\n"+
		"Organization: %s\r\nCity and country: %s\r\nYour name: %s\r\nYour position: Chair\r\n\r\nKind regards,\r\n%s\r\n",
		person, from, campaignAddress, at.Format(time.RFC1123Z), id, at.UnixMicro(), domainOf(from), organization, city, person, person)
}

func domainOf(address string) string { return address[strings.Index(address, "@")+1:] }

// reply answers a letter as mail programs do: new text above, the letter quoted below.
func reply(to letter, from, text string, at time.Time) []byte {
	var b bytes.Buffer
	h := to.mail.Header
	fmt.Fprintf(&b, "From: <%s>\r\nTo: <%s>\r\nSubject: Re: %s\r\nDate: %s\r\nMessage-ID: <reply-%d@%s>\r\n", from, h.ReplyTo[0].Address, h.Subject,
		at.Format(time.RFC1123Z), at.UnixMicro(), domainOf(from))
	fmt.Fprintf(&b, "In-Reply-To: <%[1]s>\r\nReferences: <%[1]s>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%[2]s\r\n\r\n", h.MessageID, text)
	fmt.Fprintf(&b, "On %s, %s wrote:\r\n", at.Format("Mon, 2 Jan 2006 at 15:04"), h.From[0].Address)
	for line := range strings.Lines(to.mail.Text) {
		b.WriteString("> " + strings.TrimRight(line, "\r\n") + "\r\n")
	}
	return b.Bytes()
}

// imap logs in to the account, as its owner's mail program does.
func (i *installation) imap(t *testing.T) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(i.dovecot.Addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(i.account, servers.DovecotPassword).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// deliver puts mails into a folder, as arrived at the given time.
func (i *installation) deliver(t *testing.T, folder string, at time.Time, mails ...[]byte) {
	t.Helper()
	c := i.imap(t)
	defer c.Close()
	for _, raw := range mails {
		a := c.Append(folder, int64(len(raw)), &imap.AppendOptions{Time: at})
		if _, err := a.Write(raw); err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

// stored is a mail as it lies in a folder.
type stored struct {
	from  string
	flags []imap.Flag
}

// folder lists what lies in a folder and changes nothing.
func (i *installation) folder(t *testing.T, name string) []stored {
	t.Helper()
	c := i.imap(t)
	defer c.Close()
	data, err := c.Select(name, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if data.NumMessages == 0 {
		return nil
	}
	all := imap.SeqSet{}
	all.AddRange(1, 0)
	found, err := c.Fetch(all, &imap.FetchOptions{Envelope: true, Flags: true}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var mails []stored
	for _, m := range found {
		flags := slices.DeleteFunc(m.Flags, func(f imap.Flag) bool { return f == `\Recent` })
		mails = append(mails, stored{from: m.Envelope.From[0].Addr(), flags: flags})
	}
	return mails
}

// letter is a mail that we sent, as the sink took it.
type letter struct {
	to   string // of the envelope
	raw  string
	mail *message.Message
}

var recipient = regexp.MustCompile(`(?m)^X-Rcpt-Args: <([^>\r\n]+)>`)

// letters are all mails sent so far, oldest first, in whole: the sink writes as they come in.
func (i *installation) letters(t *testing.T) []letter {
	t.Helper()
	mails, err := i.sink.Mails()
	if err != nil {
		t.Fatal(err)
	}
	var letters []letter
	for _, raw := range mails {
		to := recipient.FindSubmatch(raw)
		if to == nil || !bytes.HasSuffix(bytes.TrimSpace(raw), []byte("--")) {
			continue // its last boundary is not there yet
		}
		letters = append(letters, letter{to: string(to[1]), raw: string(raw), mail: message.Parse(raw)})
	}
	return letters
}

// to are the letters to one address.
func (i *installation) to(t *testing.T, address string) []letter {
	t.Helper()
	return slices.DeleteFunc(i.letters(t), func(l letter) bool { return l.to != address })
}

// letter waits for a letter to the address whose subject or text holds the words.
func (i *installation) letter(t *testing.T, address, words string) letter {
	t.Helper()
	var found letter
	eventually(t, fmt.Sprintf("a letter to %s with %q", address, words), func() bool {
		for _, l := range i.to(t, address) {
			if strings.Contains(l.mail.Header.Subject+"\n"+l.mail.Text, words) {
				found = l
				return true
			}
		}
		return false
	})
	return found
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"]+`)

// links are the web addresses in a letter, each once.
func (l letter) links() []string {
	links := webAddress.FindAllString(l.mail.Text+"\n"+l.mail.HTML(), -1)
	slices.Sort(links)
	return slices.Compact(links)
}

// link is the first of them that holds the part.
func (l letter) link(t *testing.T, part string) string {
	t.Helper()
	links := l.links()
	n := slices.IndexFunc(links, func(s string) bool { return strings.Contains(s, part) })
	if n < 0 {
		t.Fatalf("no link with %q in:\n%s", part, l.mail.Text)
	}
	return links[n]
}
