package reading

import (
	"math/bits"
	"slices"
	"unicode"
	"unicode/utf8"
)

// match finds all phrases: two walks of the trie from each token, for the sets
// of words and for the phrases, each as deep as the longest phrase, so the cost
// is linear in the text.
func (x *lexicon) match(p *page) {
	p.first = make([]int32, len(p.toks)+1)
	p.hits = make([]hit, 0, len(p.toks)/2+4)
	for i := range p.toks {
		p.first[i] = int32(len(p.ids))
		t := &p.toks[i]
		if t.mark == 0 && !t.apart {
			word := p.folded[t.fa:t.fb]
			for rest := conjoined(t.script, word); rest != nil && t.id < 0; rest = conjoined(t.script, rest) { // "and" and "the" are written onto the word
				if id, ok := x.words[string(rest)]; ok {
					t.id = id
				}
			}
			if t.upper && len(word) > 5 { // compounds are looked at in names only
				for lens := x.suffixLens[lastPair(word)%affixPairs] &^ 7; lens != 0; lens &= lens - 1 {
					if n := bits.TrailingZeros64(lens); n < len(word) {
						if id, ok := x.suffixes[string(word[len(word)-n:])]; ok {
							p.ids = append(p.ids, id)
						}
					}
				}
			}
			if len(word) > 1 {
				for lens := x.prefixLens[firstPair(word)%affixPairs]; lens != 0; lens &= lens - 1 {
					if n := bits.TrailingZeros64(lens); n <= len(word) {
						if id, ok := x.prefixes[string(word[:n])]; ok {
							p.ids = append(p.ids, id)
						}
					}
				}
			}
		}
	}
	p.first[len(p.toks)] = int32(len(p.ids))
	w := walker{x: x, p: p, firstSet: make([]int32, len(p.toks)+1)}
	for i := range p.toks {
		w.from, w.firstSet[i] = int32(i), int32(len(w.sets))
		w.walk(rootSets, int32(i))
	}
	w.firstSet[len(p.toks)] = int32(len(w.sets))
	for i := range p.toks {
		w.from = int32(i)
		w.walk(rootPhrases, int32(i))
	}
}

// hitsAt are the hits that begin at token i; p.choose has put them in order.
func (p *page) hitsAt(i int) []hit {
	from, _ := slices.BinarySearchFunc(p.hits, int32(i), func(h hit, at int32) int { return int(h.a - at) })
	to := from
	for to < len(p.hits) && int(p.hits[to].a) == i {
		to++
	}
	return p.hits[from:to]
}

// conjoined is the word behind an Arabic or Hebrew "and" or "the", nil where there is none.
func conjoined(s script, word []byte) []byte {
	var before []string
	switch s {
	case scriptHebrew:
		before = []string{"ו", "ה"}
	case scriptArabic:
		before = []string{"و", "ال"}
	default:
		return nil
	}
	for _, w := range before {
		if len(word) > len(w)+4 && string(word[:len(w)]) == w {
			return word[len(w):]
		}
	}
	return nil
}

// walker carries one page's matching.
type walker struct {
	x        *lexicon
	p        *page
	from     int32
	pending  map[int32][2]int32 // pattern in two parts → tokens of its first part
	sets     []setHit           // in the order of their first tokens
	firstSet []int32            // by token: where its sets begin
}

// setHit is a word of a set: id of the set, token behind it.
type setHit struct{ id, b int32 }

func (w *walker) walk(node, i int32) {
	if node >= roots {
		for _, e := range w.x.endings[node] {
			w.end(e, i)
		}
	}
	if int(i) >= len(w.p.toks) || node >= roots && w.p.toks[i].lines >= breakBlank {
		return
	}
	if id := w.p.toks[i].id; id >= 0 {
		if next, ok := w.x.next(node, id); ok {
			w.walk(next, i+1)
		}
	}
	for _, id := range w.p.ids[w.p.first[i]:w.p.first[i+1]] {
		if next, ok := w.x.next(node, id); ok {
			w.walk(next, i+1)
		}
	}
	if node == rootSets || w.firstSet[len(w.p.toks)] == 0 {
		return
	}
	for _, s := range w.sets[w.firstSet[i]:w.firstSet[i+1]] {
		if next, ok := w.x.edges[uint64(node)<<32|uint64(s.id)]; ok {
			w.walk(next, s.b)
		}
	}
}

// next follows an edge. The first words of phrases, where most walks end, are
// looked up in a table.
func (x *lexicon) next(node, id int32) (int32, bool) {
	if node < roots {
		n := x.firstWords[node][id]
		return n, n != 0
	}
	n, ok := x.edges[uint64(node)<<32|uint64(id)]
	return n, ok
}

func (w *walker) end(e ending, b int32) {
	pat := &w.x.patterns[e.pattern]
	if pat.set != 0 {
		if hit := (setHit{pat.set, b}); !slices.Contains(w.sets[w.firstSet[w.from]:], hit) {
			w.sets = append(w.sets, hit)
		}
		return
	}
	h := hit{category: pat.category, language: pat.language, slot: pat.slot, side: pat.side, compound: pat.compound, a: w.from, b: b}
	if pat.parts == 2 {
		if e.part == 0 {
			if w.pending == nil {
				w.pending = map[int32][2]int32{}
			}
			w.pending[e.pattern] = [2]int32{w.from, b}
			return
		}
		first, ok := w.pending[e.pattern]
		gap := int32(maxGap)
		if pat.side == sideMiddle {
			gap = maxSlot
		}
		if pat.category == catDecline {
			gap = maxRefusal
		}
		if pat.ideas {
			gap *= 2
		}
		if !ok || first[1] > w.from || pat.side == sideMiddle && first[1] == w.from || w.from-first[1] > gap || w.p.toks[first[0]].sentence != w.p.toks[w.from].sentence {
			return
		}
		if pat.category == catDecline && !w.p.sameClause(first[1], w.from) { // "I am no member, but would like to sign"
			return
		}
		h.a, h.sa, h.sb = first[0], first[1], w.from
	}
	if pat.exact != "" && !equalFold(w.p.text[w.p.toks[h.a].start:w.p.toks[b-1].end], pat.exact) {
		return
	}
	w.p.hits = append(w.p.hits, h)
}

// equalFold compares without regard to case, but with regard to accents.
func equalFold(s, lower string) bool {
	for len(s) > 0 && len(lower) > 0 {
		a, n := utf8.DecodeRuneInString(s)
		b, m := utf8.DecodeRuneInString(lower)
		if unicode.ToLower(a) != b {
			return false
		}
		s, lower = s[n:], lower[m:]
	}
	return s == lower
}
