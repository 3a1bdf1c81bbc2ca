package templates

import (
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"time"
)

// Columns is the width of the text of our mails (RFC 5322, 2.1.1). Only addresses of pages are longer.
const Columns = 78

// Mail is one rendered mail. Text and HTML are made from the same lines, so that
// they cannot come to say different things.
type Mail struct {
	Subject string // one line
	Text    string // lines end in "\n"
	HTML    string

	sections []section
}

// Entry is one line of the list as a mail shows it. A field that will not be
// public is left empty; strangers' words are cleaned before they come here (R35).
type Entry struct {
	Name      string
	OtherName string
	City      string
	Country   string // ISO 3166 alpha-2, or as written
	Website   string
	Signatory string
	Title     string
}

// Kept is what we keep of one line and its people, for themselves: more than will be public.
type Kept struct {
	Entry
	Address   string
	Writer    string
	WroteAt   time.Time
	Confirmer string
}

// Count is one line of a digest.
type Count struct {
	What string // a key below mail.digest.count, else shown as it is
	N    int
}

// What a mail is about, for the wording.
const (
	AboutOrganization = "organization"
	AboutPerson       = "person"
	AboutSeveral      = "several"
)

// MailData is what the mails in mail/KIND.txt are made of. Times stand in the zone
// that is meant; a zero time or an empty text leaves out the sentence that needs it.
type MailData struct {
	Letter  string // the campaign's short name
	Zone    string // what people call the zone; "" for the language's own name
	Address string // the campaign's address
	About   string // AboutOrganization, AboutPerson or AboutSeveral
	Lines   []Entry
	Before  []Entry // corrected: the lines before
	Kept    []Kept  // data: of each line

	WroteAt     time.Time // when their mail arrived
	Now         time.Time // when the mail was queued
	Closes      time.Time
	Until       time.Time // there is time until then: the deadline, or the end of the links
	Delivers    time.Time
	AnswerBy    time.Time // if you hear nothing until then
	UndoUntil   time.Time
	LinkUntil   time.Time
	TextDate    time.Time // of the version that was signed
	KeepUntil   time.Time // personal data
	EmbargoEnds time.Time // zero: not under embargo

	URL       string // the one page that this mail is for
	LetterURL string
	ListURL   string
	SelfURL   string
	DeskURL   string
	Code      string // printed code; "" where an answer cannot count

	CanReply   bool // YES by mail counts (U03)
	NamePublic bool // the signatory is public
	Listed     bool
	Asks       bool // corrected: we ask again
	Last       bool // reminder: no more follow
	AlsoSigns  bool
	Late       bool // the answer comes more than a day after their mail (U25)
	Closed     bool
	DaysLeft   int

	Organizations int
	Countries     int
	Counts        []Count

	Contact    string
	Controller string
	Missing    string // not_understood: organization, encrypted, attachment, size
	Purpose    string // prove: withdraw, correct, see, erase, confirm
	Text       string // words of an organizer, or the question of a stranger; several lines
	Who        string
	From       string
	Language   string // BCP 47
	Checked    string // yes, no or unknown
	Reply      string // answer: the subject of the mail that it answers, cleaned
}

// Mail renders the mail of the kind in the locale. data is a MailData for the
// mails of this package. A kind that does not exist gives ErrUnknown.
func (s *Set) Mail(locale, kind string, data any) (Mail, error) {
	t := s.mails[locale][kind]
	if t == nil {
		return Mail{}, fmt.Errorf("mail %q in %q: %w", kind, locale, ErrUnknown)
	}
	var b strings.Builder // as long as most mails, so that it does not grow by halves
	b.Grow(2 << 10)
	if err := t.Execute(&b, data); err != nil {
		return Mail{}, err
	}
	head, body, _ := strings.Cut(b.String(), "\n")
	subject, ok := strings.CutPrefix(head, "Subject: ")
	if !ok {
		return Mail{}, fmt.Errorf("mail %q in %q begins with %q instead of its subject", kind, locale, head)
	}
	v := s.voices[locale]
	m := Mail{
		Subject:  strings.Join(strings.Fields(subject), " "),
		sections: []section{{Lang: locale, Dir: v.dir(), Blocks: blocks(tidy(body))}},
	}
	return s.finish(m)
}

// Join makes one mail of the same mail in several languages, for readers whose
// language we do not speak: the first one's subject, then one text after the other.
func (s *Set) Join(mails ...Mail) (Mail, error) {
	var m Mail
	for i, one := range mails {
		if i == 0 {
			m.Subject = one.Subject
		}
		m.sections = append(m.sections, one.sections...)
	}
	return s.finish(m)
}

// finish writes text and HTML from the sections.
func (s *Set) finish(m Mail) (Mail, error) {
	var text strings.Builder
	text.Grow(2 << 10)
	for i, section := range m.sections {
		if i > 0 {
			text.WriteString("\n* * *\n\n")
		}
		for j, b := range section.Blocks {
			if j > 0 {
				text.WriteByte('\n')
			}
			for _, line := range b.source {
				for _, l := range wrap(line, Columns) {
					text.WriteString(l)
					text.WriteByte('\n')
				}
			}
		}
	}
	m.Text = text.String()
	var body htmlWriter
	body.b.Grow(4 << 10)
	for i, section := range m.sections {
		body.section(section, i == 0)
	}
	var html strings.Builder
	html.Grow(body.b.Len() + 3<<10)
	first := m.sections[0]
	err := s.layout.Execute(&html, struct {
		Lang, Dir, Subject string
		Body               template.HTML
	}{first.Lang, first.Dir, m.Subject, template.HTML(body.b.String())}) //nolint:gosec // escaped by htmlWriter
	m.HTML = html.String()
	return m, err
}

// tidy trims line ends and leaves one empty line where a template left several.
func tidy(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, line)
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// section is a mail's text in one language.
type section struct {
	Lang, Dir string
	Blocks    []block
}

// block is what stands between two empty lines.
type block struct {
	Kind  string // text, points (of a numbered list), names, quote
	Lines []line

	source []string
}

// line is one line of a block.
type line struct {
	Number string // "1." before a point of a list
	Text   string
	URL    string // after the text, or alone
	First  bool   // names: the name itself, not its place
}

const indent = "    " // of name blocks and quotes

var number = regexp.MustCompile(`^(\d+\.) +(.*)$`)

// blocks reads the lines of a mail as what they mean: lines behind four spaces are
// names or, with ">", somebody's words; an address at the end of a line is a link.
func blocks(lines []string) []block {
	var all []block
	var current *block
	for _, l := range append(lines, "") {
		if l == "" {
			current = nil
			continue
		}
		kind := kindOf(l)
		if kind == "text" && current != nil && current.Kind == "points" {
			kind = "points" // the second line of a point
		}
		if current == nil || current.Kind != kind {
			all = append(all, block{Kind: kind})
			current = &all[len(all)-1]
		}
		current.add(l)
	}
	return all
}

func kindOf(l string) string {
	switch {
	case strings.HasPrefix(l, indent+">"):
		return "quote"
	case strings.HasPrefix(l, indent):
		return "names"
	case l[0] >= '0' && l[0] <= '9' && number.MatchString(l):
		return "points"
	default:
		return "text"
	}
}

func (b *block) add(l string) {
	b.source = append(b.source, l)
	text := strings.TrimSpace(l)
	switch b.Kind {
	case "quote":
		b.Lines = append(b.Lines, line{Text: strings.TrimSpace(strings.TrimPrefix(text, ">"))})
	case "names":
		name, item := strings.CutPrefix(text, "- ")
		b.Lines = append(b.Lines, line{Text: name, First: item || len(b.Lines) == 0})
	default:
		var one line
		if text[0] >= '0' && text[0] <= '9' {
			if m := number.FindStringSubmatch(text); m != nil {
				one.Number, text = m[1], m[2]
			}
		}
		one.Text, one.URL = linkAtEnd(text)
		b.Lines = append(b.Lines, one)
	}
}

// linkAtEnd splits the address of a page off the end of a line.
func linkAtEnd(text string) (before, url string) {
	at := strings.LastIndexByte(text, ' ') + 1
	url = text[at:]
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") || strings.ContainsAny(url, `<>"`) {
		return text, ""
	}
	return strings.TrimSpace(text[:at]), url
}
