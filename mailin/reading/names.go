package reading

import (
	"strings"

	"countersign/petition"
)

// name is an organization's name found on a page.
type name struct {
	page          *page
	a, b          int // tokens of the name
	text          string
	city, country string
	old           string // what the name was before, for corrections
	strength      strength
	where         []petition.Evidence // of city and country, where they stand apart from the name
	listed        bool                // one of several in a list
	line          bool                // has a line of its own where the mail is signed
}

// strength says what a name rests on, weakest first.
type strength uint8

const (
	fromDomain strength = iota
	fromAttachment
	fromDisplay
	fromSubject
	fromSignature
	fromShape // stands in the text and has the shape of a name
	fromPhrase
	fromLabel
)

func openQuote(r rune) bool {
	return strings.ContainsRune("\"«„“”‚‹「『《〈”״", r) && r != 0
}

// closing returns the token of the mark that closes the quotation opened at i,
// or -1 where it is not closed within the name's reach.
func (p *page) closing(i, end int) int {
	set := map[rune]string{'"': `"`, '«': "»", '„': "“”\"", '“': "”\"", '”': "”\"", '‚': "‘'", '‹': "›", '「': "」", '『': "』", '《': "》", '〈': "〉", '״': "״"}[p.toks[i].mark]
	for j := i + 1; j < min(end, i+20); j++ {
		if p.toks[j].mark != 0 && strings.ContainsRune(set, p.toks[j].mark) {
			return j
		}
	}
	return -1
}

// actions are the categories that no name runs over.
const actions = uint64(1)<<catSign | 1<<catRequest | 1<<catWithdraw | 1<<catCorrect | 1<<catConfirm | 1<<catUndecided | 1<<catDecline |
	1<<catSupport | 1<<catThanks | 1<<catGreeting | 1<<catClosing | 1<<catCondition | 1<<catNewName | 1<<catOldName | 1<<catMention | 1<<catIndividual |
	1<<catPerson | 1<<catSigner | 1<<catNeutral | 1<<catAttached | 1<<catForward | 1<<catTail | 1<<catProxy

// cased reports a token of a script with capitals.
func (t *token) cased() bool {
	return t.script == scriptLatin || t.script == scriptCyrillic || t.script == scriptGreek
}

// barrier reports that no name goes on over token i.
func (p *page) barrier(i int) bool {
	t := &p.toks[i]
	switch t.mark {
	case 0:
		if p.has(i, actions) && !p.has(i, 1<<catNoun) && !(t.upper && p.mask[i]&actions == 1<<catMention) && !p.inRun(i) {
			return true
		}
		if p.has(i, 1<<catLegalForm) && i > 0 && p.toks[i-1].sentence == t.sentence && !p.has(i, actions) {
			return false
		}
		if t.script == scriptKana && (!t.info.particle || p.kana(i-1) && p.kana(i+1)) && !t.space {
			return false // a letter of a word, not a particle
		}
		return p.stop(i) && !p.connector(i) && !(t.upper && p.has(i, 1<<catNoun))
	case '&', '+', '\'', '.', '/', '·', '・', '’', '@', '#', '°', '!', '?', '־', '׳':
		return false
	case '-', '–', '—', '‑':
		return t.space && (i+1 >= len(p.toks) || p.toks[i+1].space) && !p.subtitle(i+1) && !p.has(i+1, 1<<catLegalForm)
	case ',', '،', '、':
		return true
	}
	return !openQuote(t.mark)
}

// inRun reports a word with a capital right behind another, which courtesies
// and good wishes have at the beginning of a sentence only: "Página Viva".
func (p *page) inRun(i int) bool {
	t := &p.toks[i]
	return t.upper && t.cased() && i > 0 && t.lines == breakNone && p.toks[i-1].upper && p.toks[i-1].mark == 0 && !p.stop(i-1) &&
		p.mask[i]&actions&^bit(catSupport, catThanks, catNeutral, catGreeting) == 0
}

// kana reports a letter of Kana at i.
func (p *page) kana(i int) bool {
	return i >= 0 && i < len(p.toks) && p.toks[i].script == scriptKana && !p.has(i, actions)
}

// subtitle reports that what follows a dash belongs to the name: at least two
// words from a capital to the end of the clause, and no office among them.
func (p *page) subtitle(i int) bool {
	words, telling := 0, false
	for j := i; j < len(p.toks) && p.toks[j].sentence == p.toks[i].sentence && j < i+10; j++ {
		t := &p.toks[j]
		switch {
		case t.mark == '(' || t.mark == '.' && words > 1:
			return words > 1
		case telling && p.has(j, actions) && !p.has(j, 1<<catNoun): // "X – Yorkshire Chapter that is joining"
			return true
		case t.mark != 0 && t.mark != '\'' || j == i && !t.upper && !p.has(j, 1<<catNoun) || p.has(j, actions|1<<catTitle) && !p.has(j, 1<<catNoun) || p.stop(j) && !p.connector(j):
			return false
		case p.connector(j):
		default:
			words++
			telling = telling || p.has(j, 1<<catNoun)
		}
	}
	return words > 2 || telling
}

// right reads a name that begins at or after token i.
func (p *page) right(i int) (name, bool) {
	i = p.skipTo(i)
	end := i
	for end < len(p.toks) && end < i+2*maxSlot {
		t := &p.toks[end]
		if end > i && (t.lines >= breakHard || t.sentence != p.toks[i].sentence) {
			break
		}
		if openQuote(t.mark) {
			j := p.closing(end, len(p.toks))
			if j < 0 {
				break
			}
			end = j + 1
			continue
		}
		if p.barrier(end) && !(end == i && t.upper) {
			if !p.formBehind(end) {
				break
			}
		}
		end++
	}
	return p.make(i, end)
}

// formBehind reports a comma between a name and its legal form: "X, Inc."
func (p *page) formBehind(i int) bool {
	return p.toks[i].mark == ',' && p.has(i+1, 1<<catLegalForm)
}

// skipTo steps over colons, articles and "the association" before a name.
func (p *page) skipTo(i int) int {
	for n := 0; i+1 < len(p.toks) && n < 8; n++ {
		t := &p.toks[i]
		next := &p.toks[i+1]
		begins := next.upper || openQuote(next.mark) || next.apart || next.digit || !next.cased() && next.mark == 0
		switch {
		case t.mark == ':' || t.mark == '：' || t.mark == ',' || t.mark == '-' || t.mark == '–' || t.mark == '(' || t.mark == '\'' || t.mark == '*' || t.mark == '_':
		case p.article(i) && (!t.upper || i == 0 || p.toks[i-1].sentence != t.sentence) && (next.mark == 0 || openQuote(next.mark) || next.mark == '\''):
		case p.has(i, 1<<catGeneric) && !t.upper && t.cased() && (begins || next.mark == ':' || p.has(i+1, 1<<catGeneric) || p.article(i+1)):
		case p.has(i, 1<<catGeneric) && !t.cased() && !t.apart && (openQuote(next.mark) || p.has(i+1, 1<<catNoun) && !p.has(i, 1<<catNoun)):
		default:
			return i
		}
		i++
	}
	return i
}

// left reads a name that ends before token i.
func (p *page) left(i int) (name, bool) { return p.leftOf(i, 3) }

// leftOf looks behind at most so many commas for the name proper.
func (p *page) leftOf(i, commas int) (name, bool) {
	end := i
	for end > max(0, i-maxSlot) && p.toks[end-1].sentence == p.toks[i].sentenceOr(p, i) && (p.toks[end-1].mark == ',' || p.toks[end-1].mark == '-' || p.toks[end-1].mark == '–' || p.toks[end-1].mark == '،') {
		end--
	}
	if end == 0 {
		return name{}, false
	}
	sentence := p.toks[end-1].sentence
	var place name
	for range 2 { // "(City, Country)" or ", City," right before the verb
		if p.toks[end-1].mark == ')' || p.toks[end-1].mark == '）' {
			open := end - 1
			for open > 0 && p.toks[open].mark != '(' && p.toks[open].mark != '（' && end-open < 16 {
				open--
			}
			if open == 0 || p.toks[open].sentence != sentence {
				break
			}
			if p.organizational(open+1, end-1) {
				return p.make(open+1, end-1)
			}
			p.place(open+1, end-1, &place)
			end = open
		}
		if end == 0 {
			return name{}, false
		}
	}
	start := end
	for start > 0 && p.toks[start-1].sentence == sentence && end-start < maxSlot {
		j := start - 1
		if q := p.opening(j); q >= 0 {
			start = q
			continue
		}
		if p.barrier(j) {
			break
		}
		start = j
	}
	for start < end { // "After internal discussion Fair Fares Alliance": back to the capital
		t := &p.toks[start]
		if openQuote(t.mark) || t.digit || t.mark == 0 && !t.cased() || t.upper && !(p.stop(start) && !p.organizational(start, start+1)) {
			break
		}
		start++
	}
	comma := start - 1
	for comma > 0 && start-comma < 3 && p.connector(comma) {
		comma--
	}
	if commas > 0 && comma > 0 && start < end && p.toks[comma].mark == ',' && p.toks[comma].sentence == sentence && !p.organizational(start, end) {
		if n, ok := p.leftOf(comma, commas-1); ok && p.organizational(n.a, n.b) { // "X, Cologne, signs"
			p.place(start, end, &n)
			return n, true
		}
	}
	if n, ok := p.beforePlace(start, end, commas); ok {
		return n, true
	}
	n, ok := p.make(start, end)
	if n.city == "" {
		n.city, n.country = place.city, place.country
	}
	return n, ok
}

func (t *token) sentenceOr(p *page, i int) int32 {
	if i < len(p.toks) {
		return t.sentence
	}
	return p.toks[len(p.toks)-1].sentence
}

// opening returns the token that opens the quotation closed at j, or -1.
func (p *page) opening(j int) int {
	if !strings.ContainsRune("\"»“”‘›」』》〉״", p.toks[j].mark) || p.toks[j].mark == 0 {
		return -1
	}
	for i := j - 1; i >= max(0, j-20); i-- {
		if openQuote(p.toks[i].mark) && p.closing(i, j+1) == j {
			return i
		}
	}
	return -1
}

// make trims tokens a to b to a name and reads the place behind it. It refuses
// what can be no name.
func (p *page) make(a, b int) (name, bool) {
	n := name{page: p, a: a, b: b, strength: fromPhrase}
	a, b = p.apposition(a, b)
	for j := a + 1; j < b; j++ { // "the City Library on the list": the list is not part of it
		if p.has(j, 1<<catTail) && !p.has(j, 1<<catNoun) {
			b = j
		}
	}
	for j := a + 1; j+1 < b; j++ { // «Name» from Town: the town is not part of it
		if p.toks[j+1].mark == 0 && p.connector(j+1) && !p.toks[j+1].upper && p.opening(j) >= a {
			b = j + 1
		}
	}
	for j := a + 1; j+1 < b; j++ { // no name goes on from its legal form to the next line
		if p.toks[j+1].lines >= breakSoft && p.has(j, 1<<catLegalForm) {
			b = j + 1
		}
	}
	a, b = p.cutLower(a, b)
	b = p.beforeSurname(a, b)
	if b-a > 2 && p.toks[b-2].mark == '\'' && !p.toks[b-2].space && p.suffix(b-1) {
		b -= 2
	}
	a = p.afterLabel(a, b)
	if b-a > 2 && p.endsInForm(a+1, b) && p.toks[a].upper && p.toks[a+1].upper { // "des Vereins X e.V.": the club called X e.V.
		if base, ok := p.lex.nominative[p.word(a)]; ok && base != p.word(a) && p.lex.isGeneric(base) {
			a++
		}
	}
	for b > a && p.edge(b-1, true) {
		b--
	}
	for a < b && p.edge(a, false) {
		a++
	}
	if b > a && p.toks[a].mark != 0 && openQuote(p.toks[a].mark) && p.closing(a, b) == b-1 { // all of it in quotation marks
		a, b = a+1, b-1
	}
	n.a, n.b = a, b
	if !p.isName(a, b) {
		return n, false
	}
	n.b = p.behind(&n, b)
	n.text = p.nominal(n.a, n.b)
	return n, true
}

// cutLower ends a name at its first lower-case word where the language writes
// names in capitals.
func (p *page) cutLower(a, b int) (int, int) {
	if p.lowercase {
		return a, b
	}
	capital := false
	for i := a; i < b; i++ {
		t := &p.toks[i]
		if openQuote(t.mark) {
			if j := p.closing(i, b); j > 0 {
				i, capital = j, true
				continue
			}
		}
		if capital && t.mark == 0 && t.cased() && !t.upper && !t.digit && !p.connector(i) && p.toks[i-1].mark != '-' && p.toks[i-1].mark != '\'' && !p.has(i, 1<<catLegalForm) {
			return a, i
		}
		capital = capital || t.upper
	}
	return a, b
}

// edge reports a token that no name ends (or begins) with.
func (p *page) edge(i int, last bool) bool {
	t := &p.toks[i]
	switch t.mark {
	case 0:
		if last {
			return p.connector(i) && !t.upper && !p.has(i, 1<<catNoun|1<<catLegalForm)
		}
		return p.article(i) && !t.upper
	case '.':
		return !(last && i > 0 && (p.has(i, 1<<catLegalForm) || p.toks[i-1].upper && p.toks[i-1].end-p.toks[i-1].start <= 2 || p.has(i-1, 1<<catLegalForm)))
	case ')', '）', '"', '»', '“', '”', '」', '』', '》', '!', '›', '״':
		return !last || t.mark == '!'
	}
	return last || !openQuote(t.mark)
}

// isName refuses spans without a telling word.
func (p *page) isName(a, b int) bool {
	if b <= a || b-a > 40 {
		return false
	}
	telling, capital, uncased, letters := 0, false, false, 0
	for i := a; i < b; i++ {
		t := &p.toks[i]
		if t.mark == '@' {
			return false
		}
		if t.mark != 0 {
			capital = capital || openQuote(t.mark)
			continue
		}
		capital = capital || t.upper || t.digit
		uncased = uncased || !t.cased() && !t.digit
		letters += int(t.end - t.start)
		if !p.stop(i) && !p.has(i, 1<<catGeneric|1<<catPolite) || p.has(i, 1<<catNoun) && t.upper && b-a > 1 {
			telling++
		}
	}
	if p.toks[a].apart && b-a <= 6 && p.common(a, b) {
		return false
	}
	return telling > 0 && (capital || uncased) && letters >= 2
}

// tidy puts a text on one line and strips marks around it.
func tidy(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	s = strings.Trim(s, " ,;:*_|=")
	if strings.Count(s, "\"") == 1 {
		s = strings.Trim(s, "\"")
	}
	return s
}

func (n *name) claim() petition.Claim {
	return petition.Claim{
		Name: n.text, Kind: petition.KindOrganization, City: n.city, Country: n.country, Replaces: n.old,
		Evidence: []petition.Evidence{n.page.evidence("name", n.a, n.b)},
	}
}
