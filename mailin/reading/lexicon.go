package reading

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// slotKind is what a phrase's slot is filled with.
type slotKind uint8

const (
	slotNone slotKind = iota
	slotOrganization
	slotOld
	slotName
)

var slotNames = map[string]slotKind{"{org}": slotOrganization, "{old}": slotOld, "{name}": slotName}

// slotSide is where the slot stands.
type slotSide uint8

const (
	sideNone slotSide = iota
	sideLeft
	sideRight
	sideMiddle
)

// maxGap is how many tokens "..." may stand for; in a refusal fewer, because
// "not" often belongs to something else.
const maxGap, maxRefusal, maxSlot = 9, 5, 24

// pattern is one phrase of one language.
type pattern struct {
	category category
	language uint8
	set      int32 // id of the set of words that this phrase belongs to; 0 for phrases that mean something
	slot     slotKind
	side     slotSide
	exact    string // "=sí": the accents count; lower case
	parts    int    // 2 with a gap or a slot in the middle
	compound bool   // holds the end of a word, which tells something only in its own language
	ideas    bool   // written in a script without spaces
}

// ending says that a path through the trie ends part of a pattern.
type ending struct {
	pattern int32
	part    int8
}

// wordInfo is what is known of one word: languages are bit masks.
type wordInfo struct {
	stop, connector, article uint64
	locative                 uint64
	abbreviation, particle   bool
}

// setKey names a set of words of one language.
type setKey struct {
	language uint8
	name     string
}

// The trie has two roots: from the one grow the phrases, from the other the
// words of the sets, which are looked for first.
const (
	rootPhrases int32 = iota
	rootSets
	roots
)

// lexicon holds all phrases of all languages in one trie of words. A mail is
// matched against it once, whatever the number of languages.
type lexicon struct {
	fold       *foldTable
	words      map[string]int32 // folded word → id
	info       []wordInfo       // by id
	unknown    wordInfo         // of words that no language file has
	prefixes   map[string]int32 // "подпис*": folded beginning → id
	prefixLens affixLengths
	suffixes   map[string]int32 // "*verein": folded ending of a compound → id
	suffixLens affixLengths
	sets       map[setKey]int32 // "<sign>" of a language: id
	edges      map[uint64]int32
	firstWords [roots][]int32 // edges from the roots, by word; 0 where there is none
	endings    [][]ending     // by node
	patterns   []pattern
	letters    map[rune]uint64 // telling letters → languages
	byScript   [scripts]uint64 // languages of a script
	lowercase  uint64          // languages whose names go on in lower case
	nominative map[string]string
	compounds  map[string]string // "vereins" → "verein", at the end of words
	endingLens [64]bool
	countries  map[string]struct{} // folded names in all languages
}

// compile builds the trie.
func compile(languages []*language) (*lexicon, error) {
	x := &lexicon{
		fold: newFoldTable(), words: map[string]int32{}, prefixes: map[string]int32{}, suffixes: map[string]int32{}, edges: map[uint64]int32{}, sets: map[setKey]int32{},
		endings: make([][]ending, roots), letters: map[rune]uint64{}, nominative: map[string]string{}, compounds: map[string]string{},
	}
	for i, l := range languages {
		if err := x.addLanguage(l, uint8(i)); err != nil {
			return nil, fmt.Errorf("%s: %w", l.Tag, err)
		}
	}
	x.addCountries(languages)
	for root := range x.firstWords {
		x.firstWords[root] = make([]int32, len(x.info))
	}
	for edge, node := range x.edges {
		if root := edge >> 32; root < uint64(roots) {
			x.firstWords[root][uint32(edge)] = node
		}
	}
	return x, nil
}

func (x *lexicon) addLanguage(l *language, index uint8) error {
	bit := uint64(1) << index
	for _, name := range l.Scripts {
		s, ok := scriptNames[name]
		if !ok {
			return fmt.Errorf("no such script: %q", name)
		}
		x.byScript[s] |= bit
	}
	if l.LowercaseNames {
		x.lowercase |= bit
	}
	for _, r := range l.Letters {
		x.letters[r] |= bit
	}
	for _, from := range slices.Sorted(maps.Keys(l.Nominative)) {
		to := l.Nominative[from]
		if ending, ok := strings.CutPrefix(from, "*"); ok { // of ASCII letters, so that it folds to itself
			x.compounds[ending] = strings.TrimPrefix(to, "*")
			x.endingLens[len(ending)] = true
			continue
		}
		x.nominative[x.foldString(from)] = to
		if slices.Contains(l.Phrases["organization_nouns"], to) {
			l.Phrases["organization_nouns"] = append(l.Phrases["organization_nouns"], from)
		}
		if from, to := l.secondScript(from), l.secondScript(to); from != "" {
			x.nominative[x.foldString(from)] = to
		}
	}
	x.addWords(l, l.Stopwords, func(w *wordInfo) { w.stop |= bit })
	x.addWords(l, l.Connectors, func(w *wordInfo) { w.connector |= bit })
	x.addWords(l, l.Locatives, func(w *wordInfo) { w.locative |= bit })
	x.addWords(l, l.Articles, func(w *wordInfo) { w.article |= bit })
	x.addWords(l, l.Abbreviations, func(w *wordInfo) { w.abbreviation = true })
	x.addWords(l, l.Particles, func(w *wordInfo) { w.particle = true })
	if err := x.addSets(l, index); err != nil {
		return err
	}
	if err := x.addTable(l, l.Phrases, phraseKeys, index); err != nil {
		return err
	}
	return x.addTable(l, l.Labels, labelKeys, index)
}

// addTable adds phrases in the order of their keys: the order of the patterns
// decides between equal matches, and it must not depend on a map's mood.
func (x *lexicon) addTable(l *language, table map[string][]string, keys map[string]category, index uint8) error {
	for _, key := range slices.Sorted(maps.Keys(table)) {
		for _, phrase := range table[key] {
			for _, text := range []string{phrase, l.secondScript(phrase)} {
				if text == "" {
					continue
				}
				if err := x.addPhrase(text, keys[key], index); err != nil {
					return fmt.Errorf("%s: %q: %w", key, text, err)
				}
			}
		}
	}
	return nil
}

// addSets adds the sets of words; a phrase may name each of them.
func (x *lexicon) addSets(l *language, index uint8) error {
	for _, name := range slices.Sorted(maps.Keys(l.Words)) {
		id := int32(len(x.info))
		x.info = append(x.info, wordInfo{})
		x.sets[setKey{index, name}] = id
		for _, phrase := range l.Words[name] {
			for _, text := range []string{phrase, l.secondScript(phrase)} {
				words := strings.Fields(text)
				if len(words) == 0 {
					continue
				}
				if strings.ContainsAny(text, "<{") || slices.Contains(words, "...") {
					return fmt.Errorf("words.%s: %q: plain words are wanted", name, text)
				}
				member := int32(len(x.patterns))
				x.patterns = append(x.patterns, pattern{language: index, set: id, parts: 1})
				node, err := x.path(rootSets, words, member)
				if err != nil {
					return fmt.Errorf("words.%s: %q: %w", name, text, err)
				}
				x.endings[node] = append(x.endings[node], ending{pattern: member})
			}
		}
	}
	return nil
}

func (x *lexicon) addWords(l *language, list string, set func(*wordInfo)) {
	for _, s := range []string{list, l.secondScript(list)} {
		for word := range strings.FieldsSeq(s) {
			set(&x.info[x.wordID(x.foldString(word))])
		}
	}
}

func (x *lexicon) wordID(folded string) int32 {
	id, ok := x.words[folded]
	if !ok {
		id = int32(len(x.info))
		x.words[folded] = id
		x.info = append(x.info, wordInfo{})
	}
	return id
}

// affixLengths are the lengths of the known beginnings (or ends) of words as
// bits, by their first (or last) two bytes: most words of a mail have none, and
// are looked up no further.
type affixLengths [affixPairs]uint64

const affixPairs = 4093 // a prime below 4096: 32 kB

func firstPair[S string | []byte](s S) uint16 { return uint16(s[0])<<8 | uint16(s[1]) }
func lastPair[S string | []byte](s S) uint16  { return uint16(s[len(s)-2])<<8 | uint16(s[len(s)-1]) }

// affixID is the id of a word's beginning or end, new or known, and notes its length.
func (x *lexicon) affixID(ids map[string]int32, lens *affixLengths, folded string, pair func(string) uint16) int32 {
	id, ok := ids[folded]
	if !ok {
		id = int32(len(x.info))
		ids[folded] = id
		x.info = append(x.info, wordInfo{})
		if len(folded) > 1 && len(folded) < 64 {
			lens[pair(folded)%affixPairs] |= 1 << len(folded)
		}
	}
	return id
}

func (x *lexicon) foldString(s string) string {
	var b []byte
	for _, r := range s {
		b = x.fold.appendFold(b, r)
	}
	return string(b)
}

// addPhrase takes words, "word*", "*word" for the end of a compound, "<set>" for a word of a set, "..." for a few words, and one slot.
func (x *lexicon) addPhrase(phrase string, cat category, lang uint8) error {
	p := pattern{category: cat, language: lang, parts: 1}
	if rest, ok := strings.CutPrefix(phrase, "="); ok {
		phrase, p.exact = rest, strings.ToLower(rest)
	}
	parts := [][]string{nil}
	for field := range strings.FieldsSeq(phrase) {
		kind, slot := slotNames[field]
		switch {
		case slot && p.slot != slotNone:
			return fmt.Errorf("more than one slot")
		case slot && len(parts) == 1 && parts[0] == nil:
			p.slot, p.side = kind, sideLeft
		case slot:
			p.slot, p.side = kind, sideRight // until more words follow
			parts = append(parts, nil)
		case field == "...":
			parts = append(parts, nil)
		default:
			parts[len(parts)-1] = append(parts[len(parts)-1], field)
		}
	}
	if p.side == sideRight {
		if last := len(parts) - 1; parts[last] == nil {
			parts = parts[:last]
		} else {
			p.side = sideMiddle
		}
	}
	if len(parts) > 2 || len(parts[0]) == 0 || len(parts[len(parts)-1]) == 0 {
		return fmt.Errorf("a phrase is one or two runs of words")
	}
	p.parts = len(parts)
	index := int32(len(x.patterns))
	x.patterns = append(x.patterns, p)
	for i, words := range parts {
		node, err := x.path(rootPhrases, words, index)
		if err != nil {
			return err
		}
		x.endings[node] = append(x.endings[node], ending{index, int8(i)})
	}
	return nil
}

// path makes the nodes for a run of words behind a root and returns the last.
func (x *lexicon) path(node int32, words []string, index int32) (int32, error) {
	for _, word := range words {
		if name, ok := strings.CutPrefix(word, "<"); ok && strings.HasSuffix(name, ">") {
			id, ok := x.sets[setKey{x.patterns[index].language, strings.TrimSuffix(name, ">")}]
			if !ok {
				return 0, fmt.Errorf("no words.%s", strings.TrimSuffix(name, ">"))
			}
			node = x.step(node, id)
			continue
		}
		if ending, ok := strings.CutPrefix(word, "*"); ok && ending != "" {
			x.patterns[index].compound = true
			node = x.step(node, x.affixID(x.suffixes, &x.suffixLens, x.foldString(ending), lastPair[string]))
			continue
		}
		stem, open := strings.CutSuffix(word, "*")
		toks := x.split(stem)
		for i, t := range toks {
			var id int32
			if open && i == len(toks)-1 && !t.apart {
				id = x.affixID(x.prefixes, &x.prefixLens, t.text, firstPair[string])
			} else {
				id = x.wordID(t.text)
			}
			if t.apart {
				x.patterns[index].ideas = true
			}
			node = x.step(node, id)
		}
	}
	return node, nil
}

func (x *lexicon) step(node, id int32) int32 {
	key := uint64(node)<<32 | uint64(id)
	next, ok := x.edges[key]
	if !ok {
		next = int32(len(x.endings))
		x.endings = append(x.endings, nil)
		x.edges[key] = next
	}
	return next
}
