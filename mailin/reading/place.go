package reading

// behind reads what stands right behind a name: a place, an acronym, a legal
// form. It returns the token where the name ends.
func (p *page) behind(n *name, b int) int {
	if b >= len(p.toks) || p.toks[b].lines >= breakHard {
		return b
	}
	switch p.toks[b].mark {
	case '(', '（':
		end := b + 1
		for end < len(p.toks) && p.toks[end].mark != ')' && p.toks[end].mark != '）' && end < b+20 {
			end++
		}
		if end >= len(p.toks) || end == b+20 {
			return b
		}
		if end == b+2 && p.toks[b+1].caps && p.toks[b+1].end-p.toks[b+1].start > 2 && !p.lex.country(p.word(b+1)) {
			return end + 1 // "(ABC)"
		}
		if n.b-n.a == 1 && p.toks[n.a].caps && end > b+3 && (p.toks[b+1].upper || p.organizational(b+1, end)) { // "ABC (its full name)"
			return end + 1
		}
		p.place(b+1, end, n)
	case ',', '،':
		end := b + 1
		for end < len(p.toks) && end < b+9 && p.toks[end].sentence == p.toks[b].sentence && (p.toks[end].mark == 0 || p.toks[end].mark == ',' || p.toks[end].mark == '-') && !p.has(end, 1<<catTitle|1<<catNoun|actions) {
			if t := &p.toks[end]; t.cased() && t.mark == 0 && !t.upper && !p.connector(end) {
				break
			}
			end++
		}
		if end > b+1 && p.toks[b+1].upper && p.lex.country(p.lastPart(b+1, end)) {
			p.place(b+1, end, n)
		}
	}
	return b
}

// lastPart is the folded text after the last comma of a span.
func (p *page) lastPart(a, b int) string {
	for i := b - 1; i >= a; i-- {
		if p.toks[i].mark == ',' {
			a = i + 1
			break
		}
	}
	if a >= b {
		return ""
	}
	return string(p.folded[p.toks[a].fa:p.toks[b-1].fb])
}

// place reads "City, Country", "Country" or "City".
func (p *page) place(a, b int, n *name) {
	if b <= a || b-a > 10 || p.organizational(a, b) {
		return
	}
	last := p.lastPart(a, b)
	comma := b
	for i := b - 1; i > a; i-- {
		if m := p.toks[i].mark; m == ',' || m == '،' || m == '/' || m == '、' {
			comma = i
			break
		}
	}
	switch {
	case comma < b-0 && comma > a && comma+1 < b:
		n.city, n.country = tidy(p.slice(a, comma)), tidy(p.slice(comma+1, b))
	case p.lex.country(last):
		n.country = tidy(p.slice(a, b))
	case p.toks[a].upper || !p.toks[a].cased():
		n.city = tidy(p.slice(a, b))
	}
}

// apposition steps over what stands before a name and is none: "us (X, town)",
// "us - X", "my organisation's name, X", "the undersigned organisation X".
func (p *page) apposition(a, b int) (int, int) {
	plain := 0
	for i := a; i < b && i < a+8; i++ {
		t := &p.toks[i]
		switch {
		case (t.mark == '(' || t.mark == '（') && plain > 0:
			end := i + 1
			for end < b && p.toks[end].mark != ')' && p.toks[end].mark != '）' && p.toks[end].mark != ',' {
				end++
			}
			return i + 1, end
		case (t.mark == ':' || t.mark == '：' || t.mark == ',' || t.mark == '-' || t.mark == '–' || t.mark == '—') && plain > 0 && i+1 < b:
			return p.apposition(i+1, b)
		case openQuote(t.mark) && plain > 0:
			if end := p.closing(i, b); end > 0 && !p.has(i-1, 1<<catNoun) {
				return i, b
			}
			return a, b
		case t.mark == '\'' && plain > 0: // "organisation's"
		case t.mark != 0 || t.upper && !(i == 0 || p.toks[i-1].sentence != t.sentence) || !t.cased():
			if plain > 0 && p.generic(a, i) {
				return i, b
			}
			return a, b
		case !p.stop(i) && !p.has(i, labelCategories|1<<catGeneric|1<<catPolite|1<<catTail|1<<catRequest|1<<catSign) && t.fb-t.fa > 1:
			return a, b
		default:
			plain++
		}
	}
	return a, b
}

// generic reports that all of tokens a to b only say that a name follows.
func (p *page) generic(a, b int) bool {
	for i := a; i < b; i++ {
		if !p.has(i, 1<<catGeneric) && !p.article(i) && !p.toks[i].info.particle && p.toks[i].mark == 0 || p.toks[i].upper {
			return false
		}
	}
	return a < b
}

// beforePlace reads the organization before "from Dresden", where what stands
// directly before the verb is no organization: "the cycling club X from Dresden signs".
func (p *page) beforePlace(start, end, deep int) (name, bool) {
	at := start - 1
	if deep == 0 || at < 1 || start >= end || p.toks[at].sentence != p.toks[start].sentence ||
		!p.stop(at) || p.toks[at].upper || p.organizational(start, end) {
		return name{}, false
	}
	n, ok := p.leftOf(at, deep-1)
	if !ok || n.b != at || !p.organizational(n.a, n.b) {
		return name{}, false
	}
	p.place(start, end, &n)
	return n, true
}
