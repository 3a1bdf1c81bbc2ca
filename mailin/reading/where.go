package reading

// locate reads where the organization is, for a mail that acts for one: behind
// "based in", behind the name, or from the address where the mail is signed.
func (c *mailCase) locate(n *name) {
	if n.city != "" || n.country != "" || n.page == nil || n.page.source == "" {
		return
	}
	if f := c.based(n); !f.empty() {
		f.page.settle(n, f)
		return
	}
	c.address(n)
}

// based reads "we are based in Leipzig, Germany" and "X from Leipzig".
func (c *mailCase) based(n *name) field {
	p := c.body
	if n.page == p && n.b+1 < len(p.toks) && p.toks[n.b].lines < breakHard {
		at := n.b
		if p.toks[at].mark == ',' {
			at++
		}
		if at+1 < len(p.toks) && p.locative(at) && !p.toks[at].upper {
			if f := p.town(at + 1); !f.empty() {
				return f
			}
		}
	}
	for _, h := range p.hits {
		if h.category == catBased && int(h.b) < len(p.toks) {
			if f := p.town(int(h.b)); !f.empty() && !p.organizational(f.a, f.b) && !c.mentioned(p, int(h.a)) {
				return f
			}
		}
	}
	return field{}
}

// town is a place at token i: one to three words with capitals, and a second
// part behind a comma or in brackets.
func (p *page) town(i int) field {
	end := i
	words := func() bool {
		start := end
		for end < len(p.toks) && end < start+3 {
			t := &p.toks[end]
			if t.mark == '-' && !t.space && end > start {
				end++
				continue
			}
			if t.mark != 0 || t.cased() && !t.upper || t.digit || t.apart || end > i && t.lines >= breakHard || end > start && p.stop(end) || p.has(end, actions) {
				break
			}
			if !t.cased() && end > start {
				break
			}
			end++
		}
		return end > start
	}
	if i >= len(p.toks) || !words() {
		return field{}
	}
	if end < len(p.toks) && (p.toks[end].mark == ',' || p.toks[end].mark == '(' || p.toks[end].mark == '،') && p.toks[end].lines < breakHard {
		comma := end
		end++
		if !words() || !p.countryName(comma+1, end) {
			end = comma
		}
	}
	return field{page: p, a: i, b: end}
}

// settle puts a place into a name: "City", "Country", "City, Country" or "City (Country".
func (p *page) settle(n *name, f field) {
	for i := f.a + 1; i+1 < f.b; i++ {
		if m := p.toks[i].mark; m == ',' || m == '(' || m == '،' {
			n.city, n.country = tidy(p.slice(f.a, i)), tidy(p.slice(i+1, f.b))
			n.where = append(n.where, p.evidence("city", f.a, i), p.evidence("country", i+1, f.b))
			return
		}
	}
	if p.countryName(f.a, f.b) {
		n.country = f.text()
		n.where = append(n.where, p.evidence("country", f.a, f.b))
		return
	}
	n.city = f.text()
	n.where = append(n.where, p.evidence("city", f.a, f.b))
}

// address reads the lines where the mail is signed: a town beside a postcode,
// a country alone.
func (c *mailCase) address(n *name) {
	for _, l := range c.signOff() {
		p := l.page
		if p.smallPrint(l.a, l.b) {
			continue
		}
		for _, s := range p.segments(l.a, l.b) {
			switch {
			case n.country == "" && p.countryName(s[0], s[1]):
				n.country = tidy(p.slice(s[0], s[1]))
				n.where = append(n.where, p.evidence("country", s[0], s[1]))
			case n.city == "":
				if f := p.beside(s); !f.empty() {
					n.city = f.text()
					n.where = append(n.where, p.evidence("city", f.a, f.b))
				}
			}
		}
	}
}

// beside is the town in a segment that begins or ends with a postcode: "04109
// Leipzig", "5600 AA Eindhoven", "Ely CB7 4AA".
func (p *page) beside(s [2]int) field {
	a, b := s[0], s[1]
	code := func(i int) bool {
		t := &p.toks[i]
		return t.mark == 0 && (t.digit || t.caps && t.end-t.start <= 4 && p.digits(i)) || t.mark == '-'
	}
	start, digits := a, 0
	for start < b && code(start) {
		if p.toks[start].digit {
			digits += int(p.toks[start].end - p.toks[start].start)
		}
		start++
	}
	if start > a && start < b && p.toks[start].caps && p.toks[start].end-p.toks[start].start == 2 { // the letters of a Dutch postcode
		start++
	}
	if start > a && digits >= 4 && digits <= 7 {
		if f := p.town(start); !f.empty() && f.b <= b {
			return f
		}
		return field{}
	}
	end := b
	for end > a && code(end-1) {
		end--
	}
	if last := &p.toks[b-1]; end < b && end > a && p.digits(b-1) && (!last.digit || last.end-last.start >= 4) {
		if f := p.town(a); !f.empty() && f.b == end {
			return f
		}
	}
	return field{}
}

// digits reports a token with a digit in it.
func (p *page) digits(i int) bool {
	for _, r := range p.text[p.toks[i].start:p.toks[i].end] {
		if r >= '0' && r <= '9' {
			return true
		}
	}
	return false
}
