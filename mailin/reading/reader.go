// Package reading works out what a mail says: what it wants, which
// organizations it acts for, who signs, and where each of these stands.
//
// It is pure: the same message and origin give the same petition.Reading, with
// no clock, no network and no state; a Reader may be used by any number of
// goroutines. It never fails and never panics on what a mail contains. What it
// does not understand it says (Unclear, Missing, low Confidence), because a mail
// that a person has to look at costs a minute and a signature that nobody gave
// costs the campaign its name. Its cost is linear in the length of the mail.
//
// What the words mean stands in languages/*.toml, one file a language; the Go
// code knows no word of any of them.
package reading

import (
	"embed"
	"fmt"
	"io/fs"

	"countersign/mailin/message"
	"countersign/petition"
)

// Version names the rules; a reading carries it, so that a later reader's
// readings can be told from this one's.
const Version = "1"

// limit is how many bytes of text are read for meaning (R16).
const limit = 256 << 10

//go:embed languages/*.toml
var embedded embed.FS

// Reader reads mail. It is immutable after New.
type Reader struct {
	languages []*language
	lex       *lexicon
	about     []string // parts of words that speak of signing: see about.txt
	data      map[string]dataWords
}

// Hints is what the caller knows beside the mail.
type Hints struct {
	OwnAddresses  []string // of the campaign: never the contact of a signer
	CampaignNames []string // titles of our letters: never an organization
	ShownNames    []string // organizations that our quoted request showed: restating one is still a plain yes (U05)
}

// New builds a reader from language files (*.toml in the root of files). It
// fails when a file does not parse, lacks a key, or holds a key nobody knows.
func New(files fs.FS) (*Reader, error) {
	languages, err := loadLanguages(files)
	if err != nil {
		return nil, err
	}
	lex, err := compile(languages)
	if err != nil {
		return nil, err
	}
	data, err := loadDataWords(lex.fold)
	if err != nil {
		return nil, err
	}
	return &Reader{languages: languages, lex: lex, about: about(), data: data}, nil
}

// Default builds a reader from the embedded languages.
func Default() (*Reader, error) {
	files, err := fs.Sub(embedded, "languages")
	if err != nil {
		return nil, fmt.Errorf("embedded languages: %w", err)
	}
	return New(files)
}

// Languages lists the tags that the reader knows, in the order of their files.
func (r *Reader) Languages() []string {
	tags := make([]string, len(r.languages))
	for i, l := range r.languages {
		tags[i] = l.Tag
	}
	return tags
}

// Read says what the mail wants. It never fails; what could not be read is in
// Missing, and a mail that no person wrote names no organization (R31).
func (r *Reader) Read(m *message.Message, o petition.Origin, h Hints) petition.Reading {
	out := petition.Reading{
		Reader: Version, Language: "und", Intent: petition.OtherIntent, Confidence: petition.Low,
		Also: []petition.Intent{}, Organizations: []petition.Claim{}, Signatories: []petition.Signatory{},
		Candidates: []string{}, Evidence: []petition.Evidence{},
	}
	if m == nil {
		return out
	}
	c := r.newCase(m, o, h)
	out.Language = c.language()
	if intent, done := automatic(o); done {
		out.Intent, out.Confidence = intent, petition.Medium
		if o.Automatic.Certain {
			out.Confidence = petition.High
		}
		return out
	}
	if m.Encrypted {
		out.Missing = "encrypted"
		return out
	}
	c.decide(&out)
	if out.Intent != petition.Spam && !out.Forwarded {
		out.Wants = r.wants(m.New, out.Language)
	}
	return out
}

// automatic maps what origin found to an intent. List mail is read on: shared
// mailboxes add list headers to mail that people wrote (R31).
func automatic(o petition.Origin) (petition.Intent, bool) {
	switch o.Automatic.Kind {
	case petition.AutoAnswer, petition.Challenge:
		return petition.AutoReply, true
	case petition.AutoBounce, petition.AutoReport:
		return petition.BounceMail, true
	case petition.AutoLoop:
		return petition.Spam, true
	default:
		return "", false
	}
}
