package reading

import (
	"strings"

	"countersign/petition"
)

// field is a value that was read behind a label.
type field struct {
	page *page
	a, b int // tokens; empty when a == b
}

func (f field) empty() bool { return f.page == nil || f.a >= f.b }

func (f field) text() string {
	if f.empty() {
		return ""
	}
	return tidy(f.page.slice(f.a, f.b))
}

func (f field) evidence(name string) petition.Evidence { return f.page.evidence(name, f.a, f.b) }

// record is one block of labelled lines: a form filled in.
type record struct {
	organization, place, city, country, website, person, title, email field
}

func (r *record) slot(cat category) *field {
	switch cat {
	case catLabelOrganization:
		return &r.organization
	case catLabelPlace:
		return &r.place
	case catLabelCity:
		return &r.city
	case catLabelCountry:
		return &r.country
	case catLabelWebsite:
		return &r.website
	case catLabelPerson:
		return &r.person
	case catLabelTitle:
		return &r.title
	case catLabelEmail:
		return &r.email
	default:
		return nil
	}
}

// label is a label found on a line, with the tokens of its value.
type label struct {
	category category
	a, b     int  // value
	strong   bool // a separator stands behind it
	own      bool // the value stands on the label's own line
}

const labelCategories = uint64(1)<<catLabelOrganization | 1<<catLabelPlace | 1<<catLabelCity | 1<<catLabelCountry | 1<<catLabelWebsite |
	1<<catLabelPerson | 1<<catLabelTitle | 1<<catLabelEmail | 1<<catLabelOther

// records reads the tables, keys and labelled lines of a page. Labels left empty give nothing.
func records(p *page) []record {
	for _, read := range []func() []record{p.grid, p.keyed} {
		if out := read(); hasOrganization(out) {
			return out
		}
	}
	return p.lined()
}

// lined reads labelled lines; a label that comes again opens the next record.
func (p *page) lined() []record {
	labels := p.labels()
	strong := 0
	for _, l := range labels {
		if l.strong {
			strong++
		}
	}
	var out []record
	var now record
	used := false
	for _, l := range labels {
		if !l.strong && len(labels) < 2 {
			continue
		}
		target := now.slot(l.category)
		if target == nil || l.a >= l.b {
			continue
		}
		if !target.empty() {
			if l.category != catLabelOrganization && !now.organization.empty() {
				continue // "Name" again: the person's first answer stands
			}
			out = append(out, now)
			now = record{}
			target = now.slot(l.category)
		}
		*target = field{p, l.a, l.b}
		used = true
	}
	if used {
		out = append(out, now)
	}
	return out
}

// labels finds the labels of a page with their values.
func (p *page) labels() []label {
	at := make(map[int]hit)
	for _, h := range p.hits {
		if labelCategories>>h.category&1 == 1 {
			if old, ok := at[int(h.a)]; !ok || h.b > old.b {
				at[int(h.a)] = h
			}
		}
	}
	if len(at) == 0 {
		return nil
	}
	var out []label
	lines := p.lines()
	for n, line := range lines {
		start := len(out)
		joined := p.joinedForm(at, line)
		for i := line[0]; i < line[1]; i++ {
			fresh := i == line[0] || joined || p.opensLabel(i-1, line[0])
			if !fresh {
				continue
			}
			l, ok := p.labelAt(at, i, line[1])
			if !ok || !l.strong && i != line[0] {
				continue
			}
			if len(out) > start {
				out[len(out)-1].b = p.trimBack(out[len(out)-1].a, i)
			}
			out = append(out, l)
			i = max(i, l.a-1)
		}
		for k := start; k < len(out); k++ {
			out[k].b = p.trimBack(out[k].a, out[k].b)
			out[k].own = out[k].a < out[k].b
		}
		if len(out) > start && n+1 < len(lines) {
			p.nextLine(&out[len(out)-1], lines[n+1], at)
		}
	}
	return out
}

// joinedForm reports a form whose line breaks a client has lost: three labels
// with a separator on one line.
func (p *page) joinedForm(at map[int]hit, line [2]int) bool {
	strong := 0
	for i := line[0]; i < line[1]; i++ {
		if l, ok := p.labelAt(at, i, line[1]); ok && l.strong {
			strong, i = strong+1, max(i, l.a-1)
		}
	}
	return strong >= 3
}

// opensLabel reports that a label may stand behind the mark at i: bullets and
// brackets at the beginning of a line, separators within it.
func (p *page) opensLabel(i, line int) bool {
	switch p.toks[i].mark {
	case 0:
		return p.toks[i].digit && i == line
	case '\'', '(', '@', '/', '&', '"':
		return p.toks[i].mark == '"' && i == line
	case ',', ';', '|', '；', '，', '{', '[', '*', '-', '–', '•', '·', '—', '.', ')', '>', '#', '_', '●', '▪', '■', '◆', '・', '○', '、':
		return true
	}
	return p.toks[i].lines >= breakSoft
}

// labelAt reads a label that begins at token i of a line that ends at end.
func (p *page) labelAt(at map[int]hit, i, end int) (label, bool) {
	h, ok := at[i]
	if !ok {
		return label{}, false
	}
	j := int(h.b)
	for j+1 < end && p.toks[j].mark == '/' { // "Organisation / Organization:"
		other, ok := at[j+1]
		if !ok {
			break
		}
		j = int(other.b)
	}
	if j < end && (p.toks[j].mark == '(' || p.toks[j].mark == '（') { // "(required)"
		k := j
		for k < end && p.toks[k].mark != ')' && p.toks[k].mark != '）' && k < j+12 {
			k++
		}
		if k+1 < end && separator(p, k+1) {
			j = k + 1
		}
	}
	for j < end && (p.toks[j].mark == '*' || p.toks[j].mark == '"' || p.toks[j].mark == '_') {
		j++
	}
	l := label{category: h.category, a: j, b: end}
	switch {
	case j >= end:
	case separator(p, j):
		l.strong = true
		for l.a = j + 1; l.a < end && (separator(p, l.a) || strings.ContainsRune(`"*_`, p.toks[l.a].mark) && p.toks[l.a].mark != 0); l.a++ {
		}
	case wide(p.text[p.toks[j-1].end:p.toks[j].start]):
		l.strong = true
	default:
		return label{}, false
	}
	return l, true
}

// wide reports a gap between columns.
func wide(gap string) bool { return strings.Contains(gap, "\t") || strings.Contains(gap, "  ") }

func separator(p *page, i int) bool {
	t := &p.toks[i]
	switch t.mark {
	case ':', '：', '=', '|', ']', '】', '→', '︰', '﹕':
		return true
	case '-', '–', '—':
		return t.space
	}
	return false
}

// nextLine takes the answer from the line below a label that has none beside
// it, unless that line is a label itself, a greeting, or prose.
func (p *page) nextLine(l *label, line [2]int, at map[int]hit) {
	if l.own || line[1]-line[0] > 30 {
		return
	}
	i := line[0]
	for i < line[1] && p.toks[i].mark != 0 && !openQuote(p.toks[i].mark) {
		i++
	}
	if i >= line[1] {
		return
	}
	if _, ok := p.labelAt(at, i, line[1]); ok {
		return
	}
	if p.toks[line[0]].lines >= breakBlank && p.has(i, bit(catClosing, catGreeting, catThanks, catYes, catNo)) || p.has(i, bit(catClosing, catThanks)) {
		return
	}
	l.a, l.b = i, p.trimBack(i, line[1])
}

// trimBack drops separators at the end of a value.
func (p *page) trimBack(a, b int) int {
	for b > a {
		if p.toks[b-1].mark == '"' && p.opening(b-1) >= a {
			return b
		}
		switch p.toks[b-1].mark {
		case ',', ';', '|', '"', '}', '，', '；', '*', '-', '{', '[', '•', '_', '、':
			b--
		case 0:
			return b
		default:
			return b
		}
	}
	return b
}
