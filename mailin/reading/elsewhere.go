package reading

import "strings"

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
