package reading

import (
	"path"
	"strings"

	"countersign/petition"
)

// elsewhere looks for the name outside the text: where the mail is signed, in
// the subject, in the sender's display name, in the names of attachments and,
// as a last hint, in the domain.
func (c *mailCase) elsewhere() []name {
	for _, look := range []func() []name{c.inSignature, c.inSubject, c.inDisplay, c.bare, c.inAttachments, c.inDomain} {
		if names := look(); len(names) > 0 {
			return c.distinct(names)
		}
	}
	return nil
}

// inSignature takes the name from the signature block, by shape first, then by
// place: the line behind the person and the title.
func (c *mailCase) inSignature() []name {
	if names := c.shapes(c.sig); len(names) > 0 {
		names[0].strength = fromSignature
		return names[:1]
	}
	for _, p := range []*page{c.sig, c.body} {
		lines := p.lines()
		person := -1
		for n := max(0, len(lines)-10); n < len(lines); n++ {
			l := lines[n]
			if q, ok := c.personAt(p, l[0], false); ok && q.a == l[0] {
				person = n
				continue
			}
			if person < 0 || n > person+3 || p.title(l[0], l[1]) || !p.signLine(l) {
				continue
			}
			if m, ok := p.right(l[0]); ok && c.plausible(&m) && m.b-m.a >= 2 {
				m.strength = fromSignature
				return []name{m}
			}
		}
	}
	return nil
}

// signLine reports a line that may be a name: no address, number or courtesy.
func (p *page) signLine(l [2]int) bool {
	if l[1]-l[0] > 14 || l[1]-l[0] < 2 {
		return false
	}
	for i := l[0]; i < l[1]; i++ {
		t := &p.toks[i]
		if t.mark == '@' || t.mark == ':' || t.mark == '+' || t.mark == '?' || t.digit && t.end-t.start > 4 || p.has(i, actions&^bit(catNewName)) {
			return false
		}
		if t.cased() && !t.upper && t.mark == 0 && !p.connector(i) && !p.lowercase {
			return false
		}
	}
	return p.toks[l[0]].upper || openQuote(p.toks[l[0]].mark) || !p.toks[l[0]].cased()
}

// inSubject takes a name from the subject, unless the subject is ours.
func (c *mailCase) inSubject() []name {
	if replySubject(c.m.Header.Subject) {
		return nil
	}
	names := c.slots(c.subject, bit(catSign, catRequest, catSigner, catWithdraw))
	if len(names) == 0 {
		names = c.shapes(c.subject)
	}
	for i := range names {
		names[i].strength = fromSubject
	}
	return names
}

// inDisplay takes the sender's display name where it names an organization.
func (c *mailCase) inDisplay() []name {
	p := c.from
	if !p.organizational(0, len(p.toks)) {
		return nil
	}
	n, ok := p.around(0)
	if names := c.shapes(p); len(names) > 0 {
		n, ok = names[0], true
	}
	if !ok {
		return nil
	}
	n.strength = fromDisplay
	return []name{n}
}

// bare takes a short line at the beginning of the text, or behind its first
// sentence, that is nothing but a name: the labels were deleted.
func (c *mailCase) bare() []name {
	p := c.body
	for n, l := range p.lines() {
		if n > 6 {
			break
		}
		if !p.signLine(l) || p.title(l[0], l[1]) {
			continue
		}
		if _, ok := c.personAt(p, l[0], false); ok {
			continue
		}
		m, ok := p.right(l[0])
		if ok && m.b-m.a >= 2 && c.plausible(&m) && m.a == l[0] {
			m.strength = fromSignature
			return []name{m}
		}
	}
	return nil
}

// inAttachments reads the names of files, which people make of what is in them.
func (c *mailCase) inAttachments() []name {
	for i, a := range c.m.Attachments {
		if i >= 20 {
			break
		}
		text := strings.TrimSuffix(a.Filename, path.Ext(a.Filename))
		text = strings.NewReplacer("_", " ", ".", " ").Replace(text)
		p := c.r.lex.newPage("", text)
		p.choose(^uint64(0))
		p.lowercase = c.body.lowercase
		names := c.shapes(p)
		if len(names) == 0 {
			continue
		}
		names[0].strength = fromAttachment
		return names[:1]
	}
	return nil
}

// inDomain makes a name of the sender's domain, a hint for a person at best.
func (c *mailCase) inDomain() []name {
	if len(c.m.Header.From) == 0 {
		return nil
	}
	_, domain, ok := strings.Cut(c.m.Header.From[0].Address, "@")
	label, _, dotted := strings.Cut(domain, ".")
	if !ok || !dotted || len(label) < 3 || freemail(domain) {
		return nil
	}
	var words []string
	for _, w := range strings.FieldsFunc(label, func(r rune) bool { return r == '-' || r == '_' }) {
		words = append(words, capitalize(w))
	}
	p := c.r.lex.newPage(petition.SourceDomain, domain)
	p.choose(0)
	return []name{{page: p, a: 0, b: len(p.toks), text: strings.Join(words, " "), strength: fromDomain}}
}

// freemail reports a domain whose first label says nothing of its users.
func freemail(domain string) bool {
	label, _, _ := strings.Cut(strings.ToLower(domain), ".")
	switch label {
	case "gmail", "googlemail", "yahoo", "hotmail", "outlook", "live", "msn", "icloud", "me", "mac", "aol", "gmx", "web", "mail", "email", "post", "inbox", "freemail", "webmail",
		"proton", "protonmail", "pm", "tutanota", "tuta", "yandex", "ya", "rambler", "bk", "list", "ukr", "seznam", "wp", "o2", "onet", "interia", "libero", "virgilio", "tiscali",
		"orange", "wanadoo", "free", "laposte", "sfr", "t-online", "freenet", "ziggo", "kpnmail", "naver", "daum", "hanmail", "qq", "163", "126", "sina", "foxmail", "example":
		return true
	}
	return false
}
