package reading

import (
	"strings"

	"countersign/mailin/message"
	"countersign/petition"
)

// mailCase is one mail being read.
type mailCase struct {
	r       *Reader
	m       *message.Message
	origin  petition.Origin
	hints   Hints
	lang    int // index of the language, -1 when it cannot be told
	body    *page
	sig     *page
	subject *page
	from    *page           // display name of the first From
	writer  map[string]bool // folded words of that name
	names   map[string]bool // those of them that name a person
	sender  sender
	signed  []signLine  // where the mail is signed, once looked for
	outside []candidate // names outside the prose, once looked for
	reply   bool        // it answers a mail
}

func (r *Reader) newCase(m *message.Message, o petition.Origin, h Hints) *mailCase {
	c := &mailCase{r: r, m: m, origin: o, hints: h, writer: map[string]bool{}}
	c.body = r.lex.newPage(petition.SourceNewText, m.New)
	c.sig = r.lex.newPage(petition.SourceSignature, m.Signature)
	c.subject = r.lex.newPage(petition.SourceSubject, m.Header.Subject)
	display := ""
	if len(m.Header.From) > 0 {
		display = m.Header.From[0].Name
	}
	c.from = r.lex.newPage(petition.SourceFrom, display)
	var active uint64
	c.lang, active = r.lex.guess(c.body, len(r.languages))
	if c.lang < 0 && len(c.body.toks) < 12 { // too short to tell: the subject may help
		if lang, more := r.lex.guess(c.subject, len(r.languages)); lang >= 0 {
			c.lang, active = lang, active|more
		}
	}
	for _, p := range []*page{c.body, c.sig} {
		p.choose(active)
	}
	_, more := r.lex.guess(c.subject, len(r.languages))
	c.subject.choose(active | more)
	c.from.choose(active | more)
	lowercase := c.lang >= 0 && r.languages[c.lang].LowercaseNames
	for _, p := range []*page{c.body, c.sig, c.subject, c.from} {
		p.lowercase = lowercase
	}
	for _, t := range c.from.toks {
		if t.mark == 0 && (t.fb-t.fa > 1 || t.apart) {
			c.writer[string(c.from.folded[t.fa:t.fb])] = true
		}
	}
	c.readSender()
	c.names = c.personWords()
	for _, p := range []*page{c.body, c.sig, c.subject} {
		p.person = c.names
	}
	c.reply = len(m.Header.InReplyTo) > 0 || len(m.Header.References) > 0 || strings.TrimSpace(m.Quoted) != "" || replySubject(m.Header.Subject)
	return c
}

// language is the tag of the new text, with its script where that is not the usual one.
func (c *mailCase) language() string {
	if c.lang < 0 {
		return "und"
	}
	return written(c.r.languages[c.lang].Tag, c.m.New+" "+c.m.Header.Subject)
}

// replySubject reports a subject that begins as clients mark an answer: a
// letter or three and a colon. The words are the clients', not a language's.
func replySubject(s string) bool {
	head, _, ok := strings.Cut(strings.TrimSpace(s), ":")
	if !ok {
		if head, _, ok = strings.Cut(strings.TrimSpace(s), "："); !ok {
			return false
		}
	}
	switch strings.ToLower(strings.TrimRight(strings.TrimSpace(head), "[]()0123456789 ")) {
	case "re", "aw", "antw", "antwort", "sv", "r", "rif", "res", "rv", "odp", "vs", "ynt", "απ", "回复", "回覆", "答复", "답장", "ответ", "на", "पुन", "رد", "תגובה", "השב", "bls", "od":
		return true
	}
	return false
}

// word is the folded word of token i.
func (p *page) word(i int) string { return string(p.folded[p.toks[i].fa:p.toks[i].fb]) }

// organizational reports whether tokens a to b hold a word for a kind of organization, or a legal form.
func (p *page) organizational(a, b int) bool {
	for i := a; i < b; i++ {
		if p.has(i, 1<<catNoun|1<<catLegalForm) {
			return true
		}
	}
	return false
}
