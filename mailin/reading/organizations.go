package reading

import (
	"strings"

	"countersign/petition"
)

// organizations finds the names that the mail acts for: the best kind of
// evidence that there is decides, and everything of that kind counts.
func (c *mailCase) organizations(intent petition.Intent, forms []record) []name {
	if names := c.fromForms(forms); len(names) > 0 {
		return names
	}
	if intent == petition.Correction {
		if names := c.changed(); len(names) > 0 {
			return names
		}
	}
	relevant := bit(catSign, catRequest, catSigner, catUndecided, catCondition)
	switch intent {
	case petition.Withdraw:
		relevant = bit(catWithdraw, catSigner)
	case petition.Correction:
		relevant = bit(catCorrect, catNewName, catSigner)
	}
	names := c.slots(c.body, relevant)
	names = append(names, c.list()...)
	shapes := c.shapes(c.body)
	if len(names) == 0 && len(shapes) == 0 {
		names = c.slots(c.body, bit(catSign, catRequest, catSigner, catWithdraw, catNewName))
	}
	shapes = c.notOld(intent, shapes)
	names = c.better(telling(c.notOld(intent, names)), shapes)
	if len(names) > 0 {
		names = append(names, c.joined(names, shapes)...)
	}
	if len(names) == 0 {
		if intent == petition.Conditional && c.reply && len(c.m.Quoted) > 0 { // an answer's organization is the one that we asked
			return nil
		}
		names = c.fallback(shapes)
	}
	for i := range names {
		names[i] = c.spell(names[i])
	}
	return c.distinct(names)
}

// telling drops what is only perhaps a name where there are names that tell
// of an organization by themselves.
func telling(names []name) []name {
	sure := false
	for i := range names {
		n := &names[i]
		sure = sure || n.page.organizational(n.a, n.b) && n.b-n.a > 1
	}
	if !sure {
		return names
	}
	var out []name
	for _, n := range names {
		if n.listed || n.page.organizational(n.a, n.b) && n.b-n.a > 1 {
			out = append(out, n)
		}
	}
	return out
}

// fromForms takes the organizations of labelled lines.
func (c *mailCase) fromForms(forms []record) []name {
	var names []name
	for i := range forms {
		f := &forms[i]
		if f.organization.empty() {
			continue
		}
		p := f.organization.page
		n, ok := p.make(f.organization.a, f.organization.b)
		if !ok {
			n = name{page: p, a: f.organization.a, b: f.organization.b, text: f.organization.text()}
			if c.nothing(n) {
				continue
			}
		}
		if labels := p.labelWords(n.a, n.b); labels > 1 {
			continue // a table read crosswise
		}
		n.strength = fromLabel
		if !f.city.empty() {
			n.city = f.city.text()
		}
		if !f.country.empty() {
			n.country = f.country.text()
		}
		if !f.place.empty() {
			f.place.page.place(f.place.a, f.place.b, &n)
		}
		names = append(names, n)
	}
	return c.distinct(names)
}

// labelWords counts the words of a value that are labels themselves.
func (p *page) labelWords(a, b int) int {
	count := 0
	for i := a; i < b; i++ {
		if p.has(i, 1<<catLabelPerson|1<<catLabelTitle|1<<catLabelCity|1<<catLabelCountry|1<<catLabelWebsite) && !p.has(i, 1<<catNoun) {
			count++
		}
	}
	return count
}

// nothing reports a value that says there is none: "-", "n/a", "no".
func (c *mailCase) nothing(n name) bool {
	letters := 0
	for i := n.a; i < n.b; i++ {
		if n.page.toks[i].mark == 0 {
			letters++
		}
	}
	return letters == 0 || n.b-n.a > 2*maxSlot || len(n.text) > 400 || n.page.has(n.a, bit(catNo, catIndividual, catNegation)) || len(n.text) < 2
}

// fill reads what stands in a phrase's slot.
func (c *mailCase) fill(p *page, h hit) (name, bool) {
	switch h.side {
	case sideRight:
		if last := int(h.b) - 1; p.toks[last].upper && p.has(last, 1<<catNoun) && h.b-h.a > 1 || p.toks[last].upper && p.has(last, 1<<catNoun) && last > 0 {
			return p.right(last) // the phrase's last word is the name's first: "l'Associazione X"
		}
		return p.right(int(h.b))
	case sideLeft:
		return p.left(int(h.a))
	case sideMiddle:
		i := p.skipTo(int(h.sa))
		return p.make(min(i, int(h.sb)), int(h.sb))
	}
	return name{}, false
}

// slots fills the slots of all phrases of some categories.
func (c *mailCase) slots(p *page, cats uint64) []name {
	var out []name
	for _, h := range p.hits {
		if h.slot != slotOrganization || cats>>h.category&1 == 0 {
			continue
		}
		if n, ok := c.fill(p, h); ok && c.plausible(&n) && !p.aside(&n) && !p.department(&n) {
			out = append(out, c.split(n)...)
		}
	}
	return out
}

// covered reports words that all belong to phrases: nothing of them names anybody.
func (p *page) covered(a, b int) bool {
	for i := a; i < b; i++ {
		if p.toks[i].mark == 0 && (p.has(i, bit(catNoun, catLegalForm)) || !p.has(i, actions|1<<catGeneric|1<<catPolite) && !p.stop(i)) {
			return false
		}
	}
	return true
}

// department reports what an office is for: "Head of External Affairs".
func (p *page) department(n *name) bool {
	if n.a < 2 || p.organizational(n.a, n.b) || p.toks[n.a].lines >= breakHard {
		return false
	}
	return p.has(n.a-1, 1<<catTitle) || p.connector(n.a-1) && p.has(n.a-2, 1<<catTitle)
}

// aside reports a name that only comes up: directly behind "letter to the" or
// "a member of", or beginning with such words.
func (p *page) aside(n *name) bool {
	asides := bit(catAside, catMention)
	for _, h := range p.hitsAt(n.a) {
		if asides>>h.category&1 == 1 && h.b-h.a > 1 {
			return true
		}
	}
	for j := n.a - 1; j >= max(0, n.a-2); j-- {
		if p.has(j, asides) && p.toks[j].sentence == p.toks[n.a].sentence {
			return true
		}
		if !p.article(j) {
			return false
		}
	}
	return false
}

// plausible refuses the letter's title, the writer's own name, a country, and
// a span that begins in the middle of a phrase.
func (c *mailCase) plausible(n *name) bool {
	p := n.page
	organizational := p.organizational(n.a, n.b)
	for _, title := range c.hints.CampaignNames {
		if title != "" && strings.Contains(strings.ToLower(n.text), strings.ToLower(title)) && !organizational {
			return false
		}
	}
	if p.covered(n.a, n.b) && p.closes(n) < 0 && n.strength != fromLabel {
		return false // "our signature"
	}
	if t := &p.toks[n.a]; t.cased() && !t.upper && !t.digit && t.mark == 0 && p.closes(n) < 0 && n.strength != fromLabel && c.likeDomain(n.text) < 2 && !p.toks[min(n.a+1, n.b-1)].upper && !p.has(n.a, 1<<catLegalForm) {
		return false // "a volunteer archive": what it is, not what it is called
	}
	if p.lex.country(string(p.folded[p.toks[n.a].fa:p.toks[n.b-1].fb])) {
		return false
	}
	uncased := !p.toks[n.a].cased() && !p.toks[n.a].digit && p.toks[n.a].mark == 0
	if uncased && !organizational && p.closes(n) < 0 && !n.line {
		return false // without capitals only a word for an organization tells a name
	}
	if p.toks[n.a].cased() && n.b-n.a == 1 && p.source == petition.SourceNewText && organizational && !p.toks[n.a].caps && p.has(n.a, 1<<catGeneric|1<<catPolite|1<<catTitle) {
		return false
	}
	if !organizational && (p.title(n.a, n.b) || p.toks[n.a].info.abbreviation) && p.closes(n) < 0 {
		return false // an office or a person
	}
	known, words := 0, 0
	for i := n.a; i < n.b; i++ {
		if p.toks[i].mark == 0 {
			words++
			if c.names[p.word(i)] {
				known++
			}
		}
	}
	if !organizational && known == words && p.source != petition.SourceFrom && !c.from.organizational(0, len(c.from.toks)) {
		return false
	}
	return !(p.has(n.a, 1<<catTitle) && !organizational && !p.toks[n.a].apart)
}

// closes returns the first quotation mark around or in the name, or -1.
func (p *page) closes(n *name) int {
	for i := max(0, n.a-1); i < n.b; i++ {
		if openQuote(p.toks[i].mark) {
			return i
		}
	}
	return -1
}

// split parts "X and Y" where both are organizations.
func (c *mailCase) split(n name) []name {
	p := n.page
	for i := n.a + 1; i < n.b-1; i++ {
		if openQuote(p.toks[i].mark) { // what is in quotation marks is one
			if end := p.closing(i, n.b); end > 0 {
				i = end
				continue
			}
		}
		if p.toks[i].mark != 0 || !p.connector(i) || p.toks[i].upper {
			continue
		}
		form := p.has(i-1, 1<<catLegalForm) && p.toks[i-1].mark == '.' || p.has(i-2, 1<<catLegalForm)
		if !form && (!p.organizational(n.a, i) || !p.organizational(i+1, n.b) || !(n.a > 0 && p.toks[n.a-1].mark == ':') && strings.ContainsAny(p.slice(i+1, n.b), "\"«„“") && !strings.ContainsAny(p.slice(n.a, i), "\"«„“")) {
			continue
		}
		if !p.toks[i+1].upper && !p.article(i+1) || i-n.a < 2 || n.b-i < 3 || !p.joins(i) {
			continue
		}
		first, ok1 := p.make(n.a, i)
		second, ok2 := p.make(p.skipTo(i+1), n.b)
		if ok1 && ok2 {
			first.strength, second.strength, second.listed = n.strength, n.strength, true
			return append([]name{first}, c.split(second)...)
		}
	}
	return []name{n}
}

// joins reports a word for "and": a connector that the language does not use
// for "of" or "for", told by its being a stop word too.
func (p *page) joins(i int) bool {
	switch p.word(i) {
	case "and", "und", "et", "y", "e", "en", "i", "и", "та", "й", "και", "ve", "و", "oraz", "ו", "sowie", "nebst", "plus", "ainsi", "también", "também", "anche", "alsook", "également", "także", "также", "також", "kao", "καθώς", "ile", "וגם", "also":
		return true
	}
	return false
}

// list reads names from the lines of a list: at least two bullets or numbers,
// each with a name at its beginning.
func (c *mailCase) list() []name {
	p := c.body
	var out []name
	listing := false
	for _, l := range p.lines() {
		i := l[0]
		t := &p.toks[i]
		if i+2 < l[1] && p.toks[i+1].mark == ':' && t.mark == 0 && !p.has(i, labelCategories) { // "First: X"
			if n, ok := p.right(i + 2); ok && c.plausible(&n) && n.b <= l[1] && n.a < i+4 && n.b < l[1] && !p.title(n.a, n.b) {
				n.listed = true
				out = append(out, n)
				continue
			}
		}
		plain := listing && p.signLine(l)
		listing = p.toks[l[1]-1].mark == ':' || plain
		switch {
		case plain:
		case strings.ContainsRune("-*•·–—▪●○・◆■◦‣→+", t.mark) && t.mark != 0 && i+1 < l[1] && p.toks[i+1].space:
			i++
		case t.digit && i+1 < l[1] && strings.ContainsRune(".)", p.toks[i+1].mark):
			i += 2
		default:
			continue
		}
		if i >= l[1] {
			continue
		}
		if n, ok := p.right(i); ok && c.plausible(&n) && n.a < i+4 && n.b <= l[1] {
			n.listed = true
			out = append(out, n)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// distinct drops names that come twice, and names that are part of another.
func (c *mailCase) distinct(names []name) []name {
	var out []name
	for _, n := range names {
		double := false
		for k := range out {
			switch {
			case strings.EqualFold(out[k].text, n.text), strings.HasPrefix(fold(out[k].text), fold(n.text)) && n.strength <= out[k].strength, strings.HasSuffix(fold(out[k].text), fold(n.text)):
				double = true
			case out[k].page == n.page && out[k].a < n.b && n.a < out[k].b:
				double = true
			case strings.HasPrefix(fold(n.text), fold(out[k].text)), strings.HasSuffix(fold(n.text), fold(out[k].text)):
				old := out[k]
				out[k], double = n, true
				out[k].strength = max(n.strength, old.strength)
			}
			if double {
				break
			}
		}
		if !double {
			out = append(out, n)
		}
		if len(out) >= 60 {
			break
		}
	}
	return out
}

func fold(s string) string { return strings.ToLower(s) }
