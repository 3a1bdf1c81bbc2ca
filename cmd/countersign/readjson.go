package main

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"countersign/mailin/message"
	"countersign/petition"
)

// mailRead is one line of `read --json`. A list is never null; what is unknown is "".
type mailRead struct {
	File           string          `json:"file"`
	SHA256         string          `json:"sha256"`
	Size           int             `json:"size"`
	Header         headerRead      `json:"header"`
	Text           string          `json:"text"`
	NewText        string          `json:"new_text"`
	QuotedText     string          `json:"quoted_text"`
	SignatureText  string          `json:"signature_text"`
	Attachments    []attached      `json:"attachments"`
	Defects        []string        `json:"defects"`
	Language       string          `json:"language"`
	Automatic      automaticRead   `json:"automatic"`
	Bounce         *bounceRead     `json:"bounce"`
	Authentication authRead        `json:"authentication"`
	Intent         string          `json:"intent"`
	Also           []string        `json:"also"`
	Organizations  []claimRead     `json:"organizations"`
	Signatories    []signatoryRead `json:"signatories"`
	ContactEmail   string          `json:"contact_email"`
	Confidence     string          `json:"confidence"`
	Answer         answerRead      `json:"answer"`
}

type headerRead struct {
	MessageID  string    `json:"message_id"`
	InReplyTo  []string  `json:"in_reply_to"`
	References []string  `json:"references"`
	Date       string    `json:"date"`
	Subject    string    `json:"subject"`
	From       []mailbox `json:"from"`
	Sender     []mailbox `json:"sender"`
	ReplyTo    []mailbox `json:"reply_to"`
	To         []mailbox `json:"to"`
	Cc         []mailbox `json:"cc"`
}

type mailbox struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

type attached struct {
	Filename  string `json:"filename"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
}

type automaticRead struct {
	Kind    string `json:"kind"`
	Certain bool   `json:"certain"`
	Because string `json:"because"`
}

type bounceRead struct {
	Recipients []petition.BounceRecipient `json:"recipients"`
}

type authRead struct {
	DKIM          []dkimRead `json:"dkim"`
	ARC           string     `json:"arc"`
	DMARC         string     `json:"dmarc"`
	AlignedDomain string     `json:"aligned_domain"`
}

type dkimRead struct {
	Domain   string `json:"domain"`
	Selector string `json:"selector"`
	Result   string `json:"result"`
	Because  string `json:"because"`
}

type claimRead struct {
	Name     string              `json:"name"`
	Kind     string              `json:"kind"`
	Country  string              `json:"country"`
	City     string              `json:"city"`
	Website  string              `json:"website"`
	Evidence []petition.Evidence `json:"evidence"`
}

type signatoryRead struct {
	Name     string              `json:"name"`
	Title    string              `json:"title"`
	Evidence []petition.Evidence `json:"evidence"`
}

type answerRead struct {
	Send            bool   `json:"send"`
	Template        string `json:"template"`
	To              string `json:"to"`
	WithheldBecause string `json:"withheld_because"`
}

// newMailRead puts together what each stage found.
func newMailRead(m *message.Message, mail *petition.Mail, o *petition.Outcome) mailRead {
	sum := sha256.Sum256(mail.Raw)
	a, r := mail.Origin.Automatic, mail.Reading
	return mailRead{
		SHA256: hex.EncodeToString(sum[:]), Size: len(mail.Raw), Header: newHeaderRead(m.Header),
		Text: m.Text, NewText: m.New, QuotedText: m.Quoted, SignatureText: m.Signature,
		Attachments: list(m.Attachments, func(a message.Attachment) attached {
			return attached{a.Filename, a.MediaType, a.Size, a.SHA256}
		}),
		Defects: some(m.Defects), Language: r.Language,
		Automatic: automaticRead{first(string(a.Kind), string(petition.Human)), a.Certain, a.Because},
		Bounce:    newBounceRead(mail.Origin.Bounce), Authentication: newAuthRead(mail.Origin.Authentication),
		Intent: string(r.Intent), Also: list(r.Also, func(i petition.Intent) string { return string(i) }),
		Organizations: list(r.Organizations, func(c petition.Claim) claimRead {
			return claimRead{c.Name, string(c.Kind), c.Country, c.City, c.Website, some(c.Evidence)}
		}),
		Signatories: list(r.Signatories, func(s petition.Signatory) signatoryRead {
			return signatoryRead{s.Name, s.Title, some(s.Evidence)}
		}),
		ContactEmail: r.ContactEmail, Confidence: string(r.Confidence), Answer: newAnswerRead(o),
	}
}

func newHeaderRead(h message.Header) headerRead {
	date := ""
	if !h.Date.IsZero() {
		date = h.Date.Format(time.RFC3339)
	}
	boxes := func(in []message.Address) []mailbox {
		return list(in, func(a message.Address) mailbox { return mailbox(a) })
	}
	return headerRead{
		MessageID: h.MessageID, InReplyTo: some(h.InReplyTo), References: some(h.References), Date: date, Subject: h.Subject,
		From: boxes(h.From), Sender: boxes(h.Sender), ReplyTo: boxes(h.ReplyTo), To: boxes(h.To), Cc: boxes(h.Cc),
	}
}

func newBounceRead(b *petition.Bounce) *bounceRead {
	if b == nil {
		return nil
	}
	return &bounceRead{some(b.Recipients)}
}

func newAuthRead(a petition.Authentication) authRead {
	return authRead{
		DKIM: list(a.DKIM, func(d petition.DKIMResult) dkimRead { return dkimRead{d.Domain, d.Selector, d.Result, d.Because} }),
		ARC:  first(a.ARC, "none"), DMARC: first(a.DMARC, "unchecked"), AlignedDomain: a.AlignedDomain,
	}
}

// newAnswerRead is the notice to a signer, where the outcome has one; mails to organizers are none.
func newAnswerRead(o *petition.Outcome) answerRead {
	for _, n := range o.Notices {
		if !n.Kind.ToOrganizers() {
			return answerRead{Send: true, Template: string(n.Kind), To: n.To}
		}
	}
	return answerRead{WithheldBecause: string(o.Silence)}
}

// list converts each item; the result is never nil, so JSON has [] and not null.
func list[From, To any](in []From, convert func(From) To) []To {
	out := make([]To, 0, len(in))
	for _, item := range in {
		out = append(out, convert(item))
	}
	return out
}

// some is the list itself, or an empty one instead of nil.
func some[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}
