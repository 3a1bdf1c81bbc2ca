package reading

import (
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// guess scores the languages by stop words, telling letters and script.
func (x *lexicon) guess(p *page, languages int) (best int, active uint64) {
	var count [scripts]int
	score := make([]int, languages)
	for i := range p.toks {
		t := &p.toks[i]
		if t.mark == 0 && !t.digit {
			count[t.script]++
		}
		if m := t.info.stop; m != 0 {
			add(score, m, 12/min(12, bits.OnesCount64(m)))
		}
		if t.mark != 0 || t.apart || t.script == scriptNone {
			continue
		}
		for _, r := range p.text[t.start:t.end] {
			if r >= utf8.RuneSelf {
				if m := x.letters[unicode.ToLower(r)]; m != 0 {
					add(score, m, 6/min(6, bits.OnesCount64(m)))
				}
			}
		}
	}
	for i := range p.hits {
		if everywhere>>p.hits[i].category&1 == 0 {
			score[p.hits[i].language] += 6
		}
	}
	return x.rank(score, count)
}

func add(score []int, mask uint64, n int) {
	for ; mask != 0; mask &= mask - 1 {
		if l := bits.TrailingZeros64(mask); l < len(score) {
			score[l] += n
		}
	}
}

// rank restricts the choice to languages written in the scripts seen. Where
// the evidence is thin, every language of the script counts.
func (x *lexicon) rank(score []int, count [scripts]int) (best int, active uint64) {
	main := scriptNone
	for s := scriptLatin; s < scripts; s++ {
		if count[s] > 0 && (main == scriptNone || count[s] > count[main]) {
			main = s
		}
	}
	if main == scriptHan && count[scriptKana] > 0 {
		main = scriptKana
	}
	if main == scriptLatin && count[scriptHangul]+count[scriptHan]+count[scriptKana] > count[scriptLatin]/2 {
		main = scriptHangul
		if count[scriptHangul] == 0 {
			main = scriptHan
		}
	}
	best = -1
	if main == scriptNone {
		return best, ^uint64(0)
	}
	for l := range score {
		if x.byScript[main]>>l&1 == 1 && (best < 0 || score[l] > score[best]) {
			best = l
		}
	}
	if best < 0 {
		return best, ^uint64(0)
	}
	var seen uint64
	for s := scriptLatin; s < scripts; s++ {
		if count[s] > 0 {
			seen |= x.byScript[s]
		}
	}
	for l := range score {
		bit := uint64(1) << l
		switch {
		case x.byScript[main]&bit != 0:
			if score[best] < 30 || score[l]*5 >= score[best]*2 {
				active |= bit
			}
		case count[scriptLatin] > 0 && main != scriptLatin && x.byScript[scriptLatin]&bit != 0:
			active |= bit
		case main == scriptLatin && score[best] < 30 && seen&bit != 0: // one word of answer above a name in Latin letters
			active |= bit
		}
	}
	if score[best] == 0 && bits.OnesCount64(x.byScript[main]) > 1 {
		return -1, active
	}
	return best, active
}
