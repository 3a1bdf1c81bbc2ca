package reading

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"countersign/petition"
)

// Line breaks before a token. A soft one is a wrapped line; a hard one ends a
// sentence; a blank line ends a paragraph.
const (
	breakNone = iota
	breakSoft
	breakHard
	breakBlank
)

// wrapColumn is the width from which a line break is taken for wrapping.
const wrapColumn = 58

// token is a word, a letter of a script without spaces, or a mark.
type token struct {
	start, end int32 // bytes of the source
	fa, fb     int32 // bytes of the folded text
	id         int32 // exact word, -1 when no language knows it
	sentence   int32
	mark       rune // 0 for words
	script     script
	apart      bool // one letter of Han, Kana or Hangul
	upper      bool // begins with a capital
	caps       bool // all capitals
	digit      bool
	space      bool // white space before it
	lines      uint8
	info       *wordInfo // never nil
}

// hit is a phrase found.
type hit struct {
	category category
	language uint8
	slot     slotKind
	side     slotSide
	compound bool
	a, b     int32 // tokens
	sa, sb   int32 // tokens of a slot in the middle
}

// page is one source text, cut into tokens and matched once.
type page struct {
	source    petition.Source
	text      string
	folded    []byte
	toks      []token
	ids       []int32 // ids of prefixes that token i also has: ids[first[i]:first[i+1]]
	first     []int32
	hits      []hit
	mask      []uint64 // categories that cover a token
	active    uint64   // languages that count here
	lex       *lexicon
	lowercase bool            // names may go on in lower case
	person    map[string]bool // words of the sender's own name
}

// splitToken is a token of a phrase.
type splitToken struct {
	text  string
	apart bool
}

// split cuts a phrase of a language file as a mail is cut.
func (x *lexicon) split(s string) []splitToken {
	p := &page{lex: x, text: s}
	x.tokenize(p)
	out := make([]splitToken, 0, len(p.toks))
	for _, t := range p.toks {
		out = append(out, splitToken{string(p.folded[t.fa:t.fb]), t.apart})
	}
	return out
}

// newPage cuts and matches a text; the languages are chosen afterwards.
func (x *lexicon) newPage(source petition.Source, text string) *page {
	if len(text) > limit {
		text = text[:limit]
	}
	p := &page{lex: x, source: source, text: text, folded: make([]byte, 0, len(text)+16), toks: make([]token, 0, len(text)/5+8)}
	x.tokenize(p)
	p.sentences()
	x.match(p)
	return p
}

// tokenize cuts p.text. An invalid byte is a mark of its own.
func (x *lexicon) tokenize(p *page) {
	space, lines, column := false, uint8(0), 0
	for i := 0; i < len(p.text); {
		r, n := utf8.DecodeRuneInString(p.text[i:])
		switch {
		case r == '\n' || r == '\u2028' || r == '\u2029':
			if lines == breakNone {
				lines = breakHard
				if column >= wrapColumn {
					lines = breakSoft
				}
			} else {
				lines = breakBlank
			}
			space, column = true, 0
			i += n
			continue
		case r == ' ' || r == '\t' || r == '\r', r >= utf8.RuneSelf && (unicode.IsSpace(r) || unicode.In(r, unicode.Cf)), r < ' ':
			space = space || unicode.IsSpace(r)
			i += n
			column++
			continue
		}
		size := x.scan(p, i, r, n)
		t := &p.toks[len(p.toks)-1]
		t.space, t.lines = space, lines
		column += utf8.RuneCountInString(p.text[i : i+size])
		if t.apart {
			column++ // twice as wide
		}
		i += size
		space, lines = false, breakNone
	}
}

// scan adds the token that begins at byte i and returns its length.
func (x *lexicon) scan(p *page, i int, r rune, n int) int {
	t := token{start: int32(i), fa: int32(len(p.folded)), script: scriptOf(r), upper: unicode.IsUpper(r), caps: unicode.IsUpper(r)}
	letter := unicode.IsLetter(r) || r == 'ー'
	end := i
	switch {
	case letter && t.script.apart():
		t.apart = true
		p.folded = x.fold.appendFold(p.folded, r)
		end += n
	case letter, unicode.IsDigit(r):
		t.digit = !letter
		for end < len(p.text) && p.text[end] < utf8.RuneSelf && wordRune(rune(p.text[end])) { // most letters of most mails
			c := p.text[end]
			t.caps = t.caps && (c < 'a' || c > 'z')
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			p.folded = append(p.folded, c)
			end++
		}
		for end < len(p.text) {
			r, n := utf8.DecodeRuneInString(p.text[end:])
			if (r == '"' || r == '״') && t.script == scriptHebrew && end > i { // an abbreviation: מנכ"ל
				if next, _ := utf8.DecodeRuneInString(p.text[end+n:]); scriptOf(next) == scriptHebrew && unicode.IsLetter(next) {
					end += n
					continue
				}
			}
			if !wordRune(r) {
				break
			}
			if end > i && unicode.IsLetter(r) && scriptOf(r).apart() {
				break
			}
			t.caps = t.caps && !unicode.IsLower(r)
			p.folded = x.fold.appendFold(p.folded, r)
			end += n
		}
	default:
		t.mark = r
		if r == '’' || r == '‘' || r == 'ʼ' || r == '´' {
			t.mark = '\''
		}
		if next, _ := utf8.DecodeRuneInString(p.text[i+n:]); t.mark == '\'' && scriptOf(next).apart() && unicode.IsLetter(next) {
			t.mark = '‚' // opens a quotation: no word of these scripts begins with an apostrophe
		}
		p.folded = x.fold.appendFold(p.folded, r)
		end += n
	}
	t.end, t.fb = int32(end), int32(len(p.folded))
	t.id, t.info = -1, &x.unknown
	if id, ok := x.words[string(p.folded[t.fa:t.fb])]; ok {
		t.id, t.info = id, &x.info[id]
	}
	p.toks = append(p.toks, t)
	return end - i
}

// wordRune reports a rune that goes on a word.
func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r) || unicode.In(r, unicode.Cf)
}

// sentences numbers the tokens by sentence.
func (p *page) sentences() {
	n := int32(0)
	for i := range p.toks {
		t := &p.toks[i]
		if i > 0 && (t.lines >= breakHard || p.endsSentence(i-1)) {
			n++
		}
		t.sentence = n
	}
}

// endsSentence reports whether the mark at i ends a sentence.
func (p *page) endsSentence(i int) bool {
	t := &p.toks[i]
	switch t.mark {
	case '。', '？', '！', '؟', '।', ';', '\u037e', '…', '؛', '；':
		return true
	case '!', '?':
		return i+1 >= len(p.toks) || p.toks[i+1].space
	case '.':
		if i+1 >= len(p.toks) || i == 0 {
			return true
		}
		next, prev := &p.toks[i+1], &p.toks[i-1]
		if !next.space {
			return false
		}
		if prev.info.abbreviation || prev.fb-prev.fa <= 2 && (prev.upper || prev.fb-prev.fa == 1) && !prev.digit && prev.mark == 0 && !prev.apart {
			return false
		}
		lower := next.mark == 0 && !next.upper && !next.digit && (next.script == scriptLatin || next.script == scriptCyrillic || next.script == scriptGreek)
		return !lower || prev.lines < breakHard && prev.end-prev.start > 4
	default:
		return false
	}
}

// choose keeps the hits of the languages that count here, drops those that a
// longer phrase explains otherwise ("if so" is no condition), and marks what
// the rest covers.
func (p *page) choose(active uint64) {
	p.active = active
	p.mask = make([]uint64, len(p.toks))
	slices.SortStableFunc(p.hits, func(a, b hit) int {
		if a.a != b.a {
			return int(a.a - b.a)
		}
		return int(b.b - a.b)
	})
	kept := p.hits[:0]
	var outer hit
	for _, h := range p.hits {
		if (h.category == catYes || h.category == catNo) && h.b-h.a == 1 && p.loose(h) {
			continue
		}
		if h.compound && active>>h.language&1 == 0 || p.within(h) {
			continue
		}
		if everywhere>>h.category&1 == 0 {
			if active>>h.language&1 == 0 || h.b <= outer.b && h.category != outer.category && h.b-h.a < outer.b-outer.a && h.category != catNewName && h.category != catOldName && !spoils(outer, h) {
				continue
			}
			if h.b > outer.b && h.slot == slotNone && h.sa == h.sb && h.category != catFiller {
				outer = h
			}
		}
		kept = append(kept, h)
		for i := h.a; i < h.b; i++ {
			if h.sa == h.sb || i < h.sa || i >= h.sb {
				p.mask[i] |= 1 << h.category
			}
		}
	}
	p.hits = kept
}

// within reports a small word like "for" that would open a name, but stands
// inside one: "Institute for Rivers".
func (p *page) within(h hit) bool {
	if h.slot == slotNone || h.b-h.a != 1 || h.a == 0 || h.side != sideRight {
		return false
	}
	t, before := &p.toks[h.a], &p.toks[h.a-1]
	return t.info.connector>>h.language&1 == 1 && !t.upper && t.lines < breakHard && before.mark == 0 && before.upper && before.sentence == t.sentence &&
		(h.a > 1 && p.toks[h.a-2].sentence == t.sentence || before.fb-before.fa > 3) && before.info.stop>>h.language&1 == 0
}

// spoils reports a word that takes back what the longer phrase around it says:
// no phrase for signing may swallow a "not".
func spoils(outer, h hit) bool {
	const signs = uint64(1)<<catSign | 1<<catRequest
	const takes = uint64(1)<<catDecline | 1<<catDeny | 1<<catWithdraw
	return signs>>outer.category&1 == 1 && takes>>h.category&1 == 1
}

// loose reports a yes or no that is an everyday word of its language as well
// ("da", "si", "no") and does not stand alone between marks.
func (p *page) loose(h hit) bool {
	t := &p.toks[h.a]
	if t.info.stop>>h.language&1 == 0 || p.dangling(h) && (h.a == 0 || p.toks[h.a-1].mark != 0 || t.lines >= breakHard) {
		return false
	}
	accent := t.script == scriptLatin && t.end-t.start != t.fb-t.fa
	return !accent && h.a > 0
}

// lines are the token ranges between hard breaks.
func (p *page) lines() [][2]int {
	var out [][2]int
	a := 0
	for i := range p.toks {
		if i > a && p.toks[i].lines >= breakHard {
			out = append(out, [2]int{a, i})
			a = i
		}
	}
	if a < len(p.toks) {
		out = append(out, [2]int{a, len(p.toks)})
	}
	return out
}

func (p *page) has(i int, cats uint64) bool { return i >= 0 && i < len(p.mask) && p.mask[i]&cats != 0 }
func (p *page) stop(i int) bool             { return p.toks[i].info.stop&p.active != 0 }
func (p *page) connector(i int) bool        { return p.toks[i].info.connector&p.active != 0 }
func (p *page) article(i int) bool          { return p.toks[i].info.article&p.active != 0 }
func (p *page) locative(i int) bool         { return p.toks[i].info.locative&p.active != 0 }
func (p *page) slice(a, b int) string       { return p.text[p.toks[a].start:p.toks[b-1].end] }
func (p *page) evidence(field string, a, b int) petition.Evidence {
	return petition.Evidence{Field: field, Source: p.source, Start: int(p.toks[a].start), End: int(p.toks[b-1].end)}
}
