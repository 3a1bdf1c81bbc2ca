package message

import (
	"slices"
	"strings"
)

// signatures marks signatures and footers in the new text: below "-- ", lines that devices add, notices of the house, list
// footers. The writer's name block under a closing formula stays new.
func (t *trimmer) signatures() {
	for i := 0; i < len(t.lines); i++ {
		if t.kinds[i] != lineNew {
			continue
		}
		line := strings.TrimSpace(t.lines[i])
		if line == "" || len(line) > 2000 {
			continue
		}
		switch {
		case t.signed != nil && t.signed[i] && t.somethingAbove(i):
			t.kinds[i] = lineSignature
		case isDashes(t.lines[i]) && t.somethingAbove(i):
			i = t.signUntilQuote(i)
		case line == "-----BEGIN PGP PUBLIC KEY BLOCK-----":
			i = t.signKey(i)
		case isRule(line) && line[0] == '_' && t.footerBelow(i):
			i = t.signUntilQuote(i)
		case t.startsParagraph(i) && t.phrase.footer.match(lowerStart(line)) && t.isLegal(i):
			i = t.signUntilQuote(i)
		case t.startsParagraph(i) && t.isDevice(line) && t.endsParagraph(i):
			t.kinds[i] = lineSignature
		}
	}
	t.trailingRules()
}

// signUntilQuote marks the new lines from i on up to the next quoted line as signature; it returns the last of them.
func (t *trimmer) signUntilQuote(i int) int {
	for ; i < len(t.lines) && t.kinds[i] == lineNew; i++ {
		t.kinds[i] = lineSignature
	}
	return i - 1
}

// signKey marks a public key from line i on; it returns its last line.
func (t *trimmer) signKey(i int) int {
	for ; i < len(t.lines) && t.kinds[i] == lineNew; i++ {
		t.kinds[i] = lineSignature
		if strings.TrimSpace(t.lines[i]) == "-----END PGP PUBLIC KEY BLOCK-----" {
			return i
		}
	}
	return i - 1
}

// isDashes: the signature mark "-- " (RFC 3676 4.3), also without its space, or a long dash alone. Three dashes are a rule
// between two parts of a text as often.
func isDashes(line string) bool {
	line = strings.TrimRight(line, " \t\r\u00a0")
	return line == "--" || line == "—"
}

// somethingAbove: a mark on top of everything separates nothing.
func (t *trimmer) somethingAbove(i int) bool {
	for j := range i {
		if strings.TrimSpace(t.lines[j]) != "" {
			return true
		}
	}
	return false
}

// startsParagraph: nothing, a blank line, a rule or a signature line stands above.
func (t *trimmer) startsParagraph(i int) bool {
	if i == 0 {
		return true
	}
	above := strings.TrimSpace(t.lines[i-1])
	return above == "" || t.kinds[i-1] != lineNew || isRule(above) || isDashes(above)
}

func (t *trimmer) endsParagraph(i int) bool {
	if i+1 >= len(t.lines) {
		return true
	}
	below := strings.TrimSpace(t.lines[i+1])
	return below == "" || t.kinds[i+1] != lineNew || isRule(below) || isDashes(below) || t.isDevice(below)
}

// isDevice: "Sent from my …" in one of the languages, on one short line that names a device, a program or a provider: many a
// sentence begins or ends like it.
func (t *trimmer) isDevice(line string) bool {
	if len(line) > 200 {
		return false
	}
	lower := strings.Trim(foldLine(trimEdges(line)), "(<[*_- .)>]。")
	text, _, _ := strings.Cut(lower, "<http")
	text, _, _ = strings.Cut(text, "(http")
	text = strings.TrimRight(text, ". [(")
	words := strings.Count(text, " ") + 1
	if words > 14 {
		return false
	}
	switch {
	case t.phrase.sure.match(lower) && words <= 6, strings.HasSuffix(text, " from mobile") && words <= 3:
		return true
	case t.phrase.device.match(lower), t.phrase.short.match(lower) && words <= 5,
		strings.HasSuffix(text, "gesendet") && (strings.HasPrefix(text, "vo") || strings.HasPrefix(text, "diese nachricht")):
		// "Von meinem iPhone gesendet", "Diese Nachricht wurde mit … gesendet"
		return containsAny(lower, t.phrase.brands) || containsAny(lower, t.phrase.devices)
	}
	return words <= 8 && slices.ContainsFunc(t.phrase.deviceEnd, func(end string) bool { return strings.HasSuffix(text, end) }) &&
		containsAny(lower, t.phrase.brands)
}

// isLegal: the paragraph that begins at i has a word of confidentiality, viruses or printing: many a sentence begins with
// "This message".
func (t *trimmer) isLegal(i int) bool {
	for j := i; j < len(t.lines) && j < i+8 && strings.TrimSpace(t.lines[j]) != ""; j++ {
		if containsAny(t.low(j), t.phrase.legal) {
			return true
		}
	}
	return false
}

// footerBelow: under a rule of underscores stand at most three lines, or what list servers write.
func (t *trimmer) footerBelow(i int) bool {
	n, list := 0, false
	for j := i + 1; j < len(t.lines) && t.kinds[j] == lineNew && j < i+30; j++ {
		line := strings.TrimSpace(t.lines[j])
		if line != "" {
			n++
			list = list || n <= 8 && containsAny(strings.ToLower(line), t.phrase.lists)
		}
	}
	return list || n <= 3 && t.somethingAbove(i)
}

// trailingRules takes rules and single marks at the very end of the new text, which separate nothing any more.
func (t *trimmer) trailingRules() {
	for i := len(t.lines) - 1; i >= 0; i-- {
		if t.kinds[i] != lineNew {
			continue
		}
		line := strings.TrimSpace(t.lines[i])
		if line == "" {
			continue
		}
		if strings.Trim(line, "-_=*#~+—ᐧ ") != "" {
			return
		}
		t.kinds[i] = lineSignature
	}
}

// lowerStart is the beginning of a line in lower case, without what people decorate it with.
func lowerStart(line string) string {
	line = strings.TrimLeft(line, "*_-#>([ \t\"'“")
	return foldLine(line[:runeCut(line, 80)])
}

// runeCut is the greatest length ≤ n that does not cut a character.
func runeCut(s string, n int) int {
	if len(s) <= n {
		return len(s)
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return n
}
