package petition

import (
	"strings"
	"unicode/utf8"
)

// CarriesOver reports whether an organizer's change from old to new leaves the
// signer's proof standing: case, accent, spacing, punctuation or a typo in the
// name, and nothing else that the signer confirmed. A change of contact never does.
func CarriesOver(old, changed Fields) bool {
	if CanonicalAddress(old.Contact) != CanonicalAddress(changed.Contact) || old.Kind != changed.Kind {
		return false
	}
	return sameOrTypo(old.Name, changed.Name) && (old.OtherName == "" && changed.OtherName == "" || sameOrTypo(old.OtherName, changed.OtherName))
}

// sameOrTypo allows one wrong letter in every eight, at most two: "Linednau" is
// Lindenau, "Leeds" is not "Leigh". Digits and whole words never differ: they tell chapters apart.
func sameOrTypo(a, b string) bool {
	a, b = FoldName(a), FoldName(b)
	if a == b {
		return true
	}
	if len(a)+len(b) > 1000 || len(strings.Fields(a)) != len(strings.Fields(b)) || digits(a) != digits(b) {
		return false
	}
	allowed := min(utf8.RuneCountInString(a)/8, 2)
	return distance([]rune(a), []rune(b), allowed) <= allowed
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// distance is the edit distance with swapped neighbours as one step (optimal
// string alignment); it gives up with limit+1.
func distance(a, b []rune, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
