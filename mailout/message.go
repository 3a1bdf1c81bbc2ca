package mailout

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-message/textproto"

	"countersign/petition"
	"countersign/templates"
)

// from is who writes: the campaign, else the installation.
func (w *writing) from() petition.Address {
	if w.Campaign == nil || w.Campaign.Address() == "" {
		return w.From
	}
	name := w.Campaign.Sender
	if name == "" {
		name = w.Campaign.Name
	}
	return petition.Address{Name: petition.CleanLine(name, 120), Address: w.Campaign.Address()}
}

// message puts headers and both texts together (R36).
func (w *writing) message(m templates.Mail) (Letter, error) {
	n, from := &w.Notice, w.from()
	for _, a := range []string{n.To, from.Address} {
		if err := validAddress(a); err != nil {
			return Letter{}, err
		}
	}
	id := n.MessageID
	if id == "" {
		id = w.Keys.MessageID(n.ID, from.Address)
	}
	h := w.header(m.Subject, id, from)
	hash := sha256.Sum256([]byte("boundary of " + id))
	boundary := hex.EncodeToString(hash[:16])
	h.SetContentType("multipart/alternative", map[string]string{"boundary": boundary})
	raw, err := writeMessage(h.Header.Header, boundary, m)
	if err != nil {
		return Letter{}, err
	}
	letter := Letter{
		EnvelopeFrom: from.Address, EnvelopeID: w.Keys.Reference(n.ID), To: n.To,
		UTF8: !ascii(n.To) || !ascii(from.Address), Raw: raw,
	}
	if w.VERP {
		letter.EnvelopeFrom = "bounce+" + letter.EnvelopeID + "@" + petition.Domain(from.Address)
	}
	return letter, nil
}

func (w *writing) header(subject, id string, from petition.Address) mail.Header {
	n := &w.Notice
	var h mail.Header
	h.SetAddressList("From", []*mail.Address{{Name: from.Name, Address: from.Address}})
	h.SetAddressList("To", []*mail.Address{{Address: n.To}})
	if w.Plus && answerable(n.Kind) {
		h.SetAddressList("Reply-To", []*mail.Address{{Name: from.Name, Address: w.Keys.ReplyTo(n.ID, from.Address)}})
	}
	h.SetSubject(petition.CleanLine(subject, 300))
	h.SetDate(w.date())
	h.SetMessageID(id)
	if ids := messageIDs([]string{n.InReplyTo}); len(ids) > 0 {
		h.SetMsgIDList("In-Reply-To", ids)
	}
	if ids := thread(n.References, n.InReplyTo); len(ids) > 0 {
		h.SetMsgIDList("References", ids)
	}
	h.Set("Auto-Submitted", automatic(n))
	h.Set("X-Auto-Response-Suppress", "All")
	if url := w.unsubscribe(); url != "" {
		h.Set("List-Unsubscribe", "<"+url+">")
	}
	h.Set("Mime-Version", "1.0")
	return h
}

// date is when the notice was queued, not now: the same notice is the same bytes.
func (w *writing) date() time.Time { return w.in(w.Notice.QueuedAt) }

// unsubscribe is the page that ends reminders and digests (R36). It needs a person:
// there is no List-Unsubscribe-Post, since a robot must not refuse for a signer (U12).
func (w *writing) unsubscribe() string {
	switch w.Notice.Kind {
	case petition.NoticeReminder, petition.NoticeNote:
		return w.confirmLink()
	case petition.NoticeDigest:
		return w.BaseURL + "/desk"
	default:
		return ""
	}
}

// answerable reports whether an answer to the notice means something to us.
func answerable(k petition.NoticeKind) bool {
	switch k {
	case petition.NoticeSignIn, petition.NoticeDigest, petition.NoticeAlert:
		return false
	default:
		return true
	}
}

// automatic is the value of Auto-Submitted (RFC 3834, 5): an answer to one mail, or written by itself.
func automatic(n *petition.Notice) string {
	if n.MailID != 0 && n.InReplyTo != "" {
		return "auto-replied"
	}
	return "auto-generated"
}

// How much of a thread we carry on (RFC 5322, 2.1.1 and 3.6.4).
const (
	maxReferences     = 20
	maxReferenceBytes = 900
)

// thread is the References of an answer: theirs and their Message-ID, the oldest
// and the newest where there are too many.
func thread(references []string, inReplyTo string) []string {
	ids := messageIDs(append(append([]string(nil), references...), inReplyTo))
	size := 0
	for _, id := range ids {
		size += len(id) + 3
	}
	for len(ids) > 1 && (len(ids) > maxReferences || size > maxReferenceBytes) {
		at := min(1, len(ids)-2) // the second: the first is the thread's own
		size -= len(ids[at]) + 3
		ids = append(ids[:at:at], ids[at+1:]...)
	}
	return ids
}

// messageIDs keeps what can stand between angle brackets, each once.
func messageIDs(ids []string) []string {
	var good []string
	seen := map[string]bool{}
	for _, id := range ids {
		id = strings.Trim(strings.TrimSpace(id), "<>")
		bad := strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' })
		if id == "" || len(id) > 250 || bad || seen[id] {
			continue
		}
		seen[id] = true
		good = append(good, id)
	}
	return good
}

// writeMessage writes the headers and both texts: in one buffer, and each line once.
func writeMessage(h textproto.Header, boundary string, m templates.Mail) ([]byte, error) {
	var raw bytes.Buffer
	raw.Grow(1024 + len(m.Text) + len(m.HTML) + (len(m.Text)+len(m.HTML))/4)
	if err := textproto.WriteHeader(&raw, h); err != nil {
		return nil, err
	}
	for _, part := range []struct{ kind, text string }{{"text/plain", m.Text}, {"text/html", m.HTML}} {
		raw.WriteString("--" + boundary + "\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: " + part.kind + "; charset=utf-8\r\n\r\n")
		w := quotedprintable.NewWriter(&raw) // it makes each line end in CRLF
		if _, err := io.WriteString(w, part.text); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		raw.WriteString("\r\n")
	}
	raw.WriteString("--" + boundary + "--\r\n")
	return raw.Bytes(), nil
}

// validAddress refuses what could be more than one plain address in a header or
// an SMTP command (RFC 5321, 4.1.2; 4.5.3.1).
func validAddress(a string) error {
	parsed, err := netmail.ParseAddress("<" + a + ">")
	if err != nil || parsed.Address != a || len(a) > 254 || strings.ContainsFunc(a, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }) {
		return fmt.Errorf("%q is no address", a)
	}
	return nil
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' })
}
