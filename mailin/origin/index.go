package origin

import "strings"

// phraseIndex finds phrases in a text in one pass, however many phrases there are: each is looked for only where its
// first four bytes stand at the begin of a word.
type phraseIndex struct {
	byStart map[string][]ranked
	pairs   [1 << 10]uint64 // a bit for each two bytes that a phrase begins with: few words have one
	short   []ranked        // a first part of less than four bytes
}

// ranked is a phrase with its place in the order of what counts first.
type ranked struct {
	phrase string
	rank   int
}

const startLength = 4 // bytes

func newIndex(phrases []ranked) *phraseIndex {
	x := &phraseIndex{byStart: map[string][]ranked{}}
	for _, p := range phrases {
		first, _, _ := strings.Cut(p.phrase, anything)
		if len(first) < startLength {
			x.short = append(x.short, p)
			continue
		}
		x.byStart[first[:startLength]] = append(x.byStart[first[:startLength]], p)
		x.pairs[int(first[0])<<2|int(first[1])>>6] |= 1 << (first[1] & 63)
	}
	return x
}

// indexOf makes an index of a list whose order does not matter.
func indexOf(phrases []string) *phraseIndex {
	list := make([]ranked, len(phrases))
	for i, p := range phrases {
		list[i].phrase = p
	}
	return newIndex(list)
}

// find returns the phrase of the lowest rank that the lower-case text holds; ok is false when it holds none.
func (x *phraseIndex) find(text string) (best ranked, ok bool) {
	for i := 0; i+startLength <= len(text); i++ {
		if x.pairs[int(text[i])<<2|int(text[i+1])>>6]&(1<<(text[i+1]&63)) == 0 || text[i]&0xC0 == 0x80 || !atWord(text, i) {
			continue
		}
		for _, p := range x.byStart[text[i:i+startLength]] {
			if (!ok || p.rank < best.rank) && startsWith(text[i:], p.phrase) {
				best, ok = p, true
			}
		}
		if ok && best.rank == 0 {
			return best, true
		}
	}
	for _, p := range x.short {
		if (!ok || p.rank < best.rank) && matches(text, p.phrase) {
			best, ok = p, true
		}
	}
	return best, ok
}

const anything = " … " // stands in a phrase for up to 120 bytes of anything

// startsWith tells whether text, from the begin of a word, begins with a phrase.
func startsWith(text, phrase string) bool {
	first, rest, more := strings.Cut(phrase, anything)
	if !strings.HasPrefix(text, first) || !wholeWord(text, len(first)) {
		return false
	}
	text = text[len(first):]
	return !more || matches(text[:min(len(text), 120)], rest)
}

// matches tells whether text holds a phrase. A phrase begins at the begin of a word and may end within one, but for the
// very short ones ("ube").
func matches(text, phrase string) bool {
	first, rest, more := strings.Cut(phrase, anything)
	for range 16 { // places of the first part; more of them are no wording
		i := strings.Index(text, first)
		if i < 0 {
			return false
		}
		whole := atWord(text, i) && wholeWord(text[i:], len(first))
		text = text[i+len(first):]
		if whole && (!more || matches(text[:min(len(text), 120)], rest)) {
			return true
		}
	}
	return false
}

// wholeWord: a phrase of n bytes is long enough to end within a word, or ends with one.
func wholeWord(text string, n int) bool { return n > 4 || n == len(text) || !isLetter(text[n]) }

// atWord: no Latin letter stands before i, or what stands at i is no Latin letter.
func atWord(text string, i int) bool {
	return i == 0 || !isLetter(text[i]) || !isLetter(text[i-1])
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' }
