package message

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAttribution is over how many lines an attribution may be wrapped.
const maxAttribution = 7

// attribution recognises "On … X wrote:", over several lines, and the forms without a verb that some clients write. It
// returns the line after it, or i. A line begins one only if a date or an address is in it.
func (t *trimmer) attribution(i int, line string) int {
	if i+1 < len(t.lines) && startsWithDate(line) {
		if end := t.dateAttribution(i); end > i {
			return end
		}
	}
	if t.nextEnd[i] >= i+maxAttribution || !t.mayBegin(t.low(i)) {
		return i
	}
	joined := ""
	blanks := 0
	for j := i; j < len(t.lines) && j < i+maxAttribution; j++ {
		part := t.low(j)
		if part == "" {
			if blanks++; blanks > 1 {
				return i
			}
			continue
		}
		if j > i && isMarked(t.lines[j]) && !strings.HasPrefix(part, "> wrote") && !strings.HasPrefix(part, ">:") && !endsAttribution(part) {
			return i
		}
		joined = strings.TrimPrefix(joined+" "+part, " ")
		if len(joined) > 600 || holdsSentence(part) {
			return i
		}
		if endsAttribution(part) {
			if (t.isAttribution(joined) || t.bareAttribution(joined, j+1)) && !t.beginsLater(i, j) {
				return j + 1
			}
			return i
		}
	}
	return i
}

// holdsSentence: a word of more than six letters with the end of a sentence behind it. What clients abbreviate is shorter.
func holdsSentence(line string) bool {
	for word := range strings.FieldsSeq(line) {
		bare := strings.TrimRight(word, ".!?。！？")
		if len(bare) < len(word) && utf8.RuneCountInString(bare) > 6 && !strings.ContainsAny(bare, ".@:/0123456789") &&
			strings.IndexFunc(bare, unicode.IsLetter) >= 0 {
			return true
		}
	}
	return false
}

// beginsLater: line i was taken for the first only because it names an address, and a better one stands below it.
func (t *trimmer) beginsLater(i, end int) bool {
	if t.strongStart(t.low(i)) {
		return false
	}
	for k := i + 1; k <= end; k++ {
		if !t.strongStart(t.low(k)) {
			continue
		}
		if joined := t.joinLow(k, end+1); t.isAttribution(joined) && (hasYear(joined) || t.startsWithOn(t.low(k))) {
			return true
		}
	}
	return false
}

// joinLow joins folded lines.
func (t *trimmer) joinLow(from, to int) string {
	joined := ""
	for i := from; i < to; i++ {
		joined = strings.TrimPrefix(joined+" "+t.low(i), " ")
	}
	return joined
}

// low is a line without white space around it, folded; it is kept, since the lines around it ask again.
func (t *trimmer) low(i int) string {
	if t.folded == nil {
		t.folded = make([]string, len(t.lines))
	}
	if t.folded[i] == "" {
		t.folded[i] = foldLine(trimEdges(t.lines[i]))
	}
	return t.folded[i]
}

func endsAttribution(line string) bool {
	return strings.HasSuffix(line, ":") || strings.HasSuffix(line, "：") || strings.HasSuffix(line, "----") || strings.HasSuffix(line, "wrote") ||
		strings.HasSuffix(line, ":*") || strings.HasSuffix(line, ":_") || strings.HasSuffix(line, ": -----")
}

// mayBegin: the first line of an attribution starts with an "On" word, a date, or an address, or has one in brackets.
func (t *trimmer) mayBegin(lower string) bool {
	lower = strings.TrimLeft(lower, "-_*=> ")
	if lower == "" {
		return false
	}
	if t.strongStart(lower) || strings.Contains(lower, "<") || strings.HasPrefix(lower, "\"") ||
		endsAttribution(lower) && containsAny(lower, t.phrase.wrote) {
		return true
	}
	firstWord, _, _ := strings.Cut(lower, " ")
	return strings.Contains(firstWord, "@") || strings.Contains(lower, "@") && strings.Contains(lower, "(")
}

// strongStart: a date or an "On" word.
func (t *trimmer) strongStart(lower string) bool {
	if lower = strings.TrimLeft(lower, "-_*=> "); lower == "" {
		return false
	}
	return lower[0] >= '0' && lower[0] <= '9' || t.startsWithOn(lower)
}

func (t *trimmer) startsWithOn(lower string) bool {
	return t.phrase.on.match(strings.TrimLeft(lower, "-_*=> "))
}

// isAttribution: a verb of writing and a date or an address.
func (t *trimmer) isAttribution(joined string) bool {
	dated := countDigits(joined) >= 3 && (hasTime(joined) || hasYear(joined) || hasShortDate(joined) || t.strongStart(joined))
	return (dated || strings.Contains(joined, "@")) && containsAny(joined, t.phrase.wrote)
}

// bareAttribution: forms without a verb, as Gmail, Yandex and Mail.ru write them: a date, the time, an address and a colon.
// "Jane Doe wrote:" and a date without the time count only where a quote mark follows.
func (t *trimmer) bareAttribution(joined string, next int) bool {
	if !strings.HasSuffix(joined, ":") {
		return false
	}
	address := strings.HasSuffix(joined, ">:") && strings.Contains(joined, "@")
	if address && hasTime(joined) && countDigits(joined) >= 8 {
		return true
	}
	if !t.marksFollow(next) {
		return false
	}
	if len(joined) < 60 && strings.Count(joined, " ") <= 4 && containsAny(joined, t.phrase.wrote) {
		return true
	}
	return address && strings.ContainsAny(joined, "0123456789")
}

// marksFollow: the next line that is not blank carries a quote mark.
func (t *trimmer) marksFollow(next int) bool {
	for next < len(t.lines) && strings.TrimSpace(t.lines[next]) == "" {
		next++
	}
	return next < len(t.lines) && (isMarked(t.lines[next]) || isBar(t.lines[next]))
}

// dateAttribution: "2016-03-03 17:21 GMT+01:00 Jane Doe <jane@example.org>:", perhaps wrapped, without a verb.
func (t *trimmer) dateAttribution(i int) int {
	joined := ""
	for j := i; j < i+3 && j < len(t.lines); j++ {
		joined = strings.TrimPrefix(joined+" "+t.low(j), " ")
		if !hasTime(joined) && !t.marksFollow(j+1) {
			continue
		}
		zone := strings.Contains(joined, "gmt") || strings.Contains(joined, "utc")
		address := strings.Contains(joined, "@") && strings.Contains(joined, ">")
		ends := strings.HasSuffix(joined, ":") || strings.HasSuffix(joined, ">")
		if (zone || address) && ends || zone && j == i && t.low(min(j+1, len(t.lines)-1)) == "" {
			return j + 1
		}
	}
	return i
}

// startsWithDate: 2016-03-03 or 2013/7/20 at the start.
func startsWithDate(line string) bool {
	if len(line) < 9 || line[4] != '-' && line[4] != '/' {
		return false
	}
	for _, k := range []int{0, 1, 2, 3, 5} {
		if line[k] < '0' || line[k] > '9' {
			return false
		}
	}
	return true
}

// certain tells whether the attribution on lines [from,end) is a client's, so that what stands below it is a quote though
// it has no marks: it has the time, or the address of somebody that the mail is addressed to, or a date and an address, or
// is no more than "Jane Doe <jane@example.org> wrote:".
func (t *trimmer) certain(from, end int) bool {
	joined := t.joinLow(from, end)
	if hasTime(joined) || strings.Contains(joined, "@") && countDigits(joined) >= 5 {
		return true
	}
	if before, after, ok := strings.Cut(joined, "> "); ok && strings.Contains(before, "@") && strings.Count(before, " ") <= 5 && strings.Count(after, " ") <= 2 {
		return true
	}
	domain := addressDomain(joined)
	for _, a := range t.recipients {
		if domain != "" && strings.EqualFold(addressDomain(a.Address), domain) {
			return true
		}
	}
	return false
}

// foreign: an attribution on top of everything, with no marks below it, that names somebody from elsewhere than those the
// mail is addressed to. That is no answer to us with our text below: whether the writer quotes, or writes below a quote
// whose marks got lost, cannot be told, and so the text stays new.
func (t *trimmer) foreign(from, end int) bool {
	for i := range from {
		if t.kinds[i] == lineNew && strings.TrimSpace(t.lines[i]) != "" {
			return false
		}
	}
	domain := addressDomain(strings.Join(t.lines[from:end], " "))
	if domain == "" || len(t.recipients) == 0 {
		return false
	}
	for _, a := range t.recipients {
		if strings.EqualFold(addressDomain(a.Address), domain) {
			return false
		}
	}
	return true
}

// addressDomain returns what stands behind the last @ of a text, or "".
func addressDomain(s string) string {
	i := strings.LastIndexByte(s, '@')
	if i < 0 {
		return ""
	}
	domain := s[i+1:]
	if end := strings.IndexAny(domain, "<>()[],;:\"' \t\u200e\u200f\u202a\u202c"); end >= 0 {
		domain = domain[:end]
	}
	return strings.TrimRight(domain, ".")
}
