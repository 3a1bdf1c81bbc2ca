package origin

import (
	"slices"
	"strings"

	"countersign/mailin/message"
	"countersign/petition"
)

// returnedMail is what a bounce gives back of our mail.
type returnedMail struct {
	messageID string
	to, from  []string
}

// splitNotice separates what the mail system says from the mail that it returns. The returned header is data only (R19).
func splitNotice(m *message.Message) (notice string, returned returnedMail) {
	notice, below := cutReturned(m.Text)
	h := m.Returned
	if h == nil && len(m.Attached) > 0 {
		h = &m.Attached[0].Header
	}
	if h == nil && below != "" {
		inner := message.Parse([]byte(below))
		h = &inner.Header
	}
	if h == nil {
		return notice, returned
	}
	returned.messageID = h.MessageID
	for _, a := range append(append([]message.Address{}, h.To...), h.Cc...) {
		returned.to = append(returned.to, a.Address)
	}
	for _, a := range h.From {
		returned.from = append(returned.from, a.Address)
	}
	return notice, returned
}

// cutReturned cuts a text at the line that introduces the returned mail; below begins with its header.
func cutReturned(text string) (notice, below string) {
	pos := 0
	for pos < len(text) {
		end := strings.IndexByte(text[pos:], '\n')
		next := len(text)
		if end >= 0 {
			next = pos + end + 1
		}
		line := strings.ToLower(strings.TrimSpace(head(text[pos:next], 200)))
		if p := anyStart(line, words().returned); p != "" && pos > 0 {
			if strings.HasSuffix(p, ":") && !strings.Contains(p, " ") || strings.HasPrefix(p, "received") {
				return text[:pos], text[pos:]
			}
			return text[:pos], strings.TrimLeft(text[next:], "\n ")
		}
		pos = next
	}
	return text, ""
}

const maxRecipients = 200 // read of one report

// fromText finds the recipients in the words of a mail system: the lines below its introduction that begin with an
// address, X-Failed-Recipients, any line that begins with one, any address that is not the sender's, and last the
// recipient of the returned mail.
func fromText(m *message.Message, notice string, returned returnedMail) []petition.BounceRecipient {
	ours := map[string]bool{}
	for _, a := range append(append([]message.Address{}, m.Header.To...), m.Header.From...) {
		ours[strings.ToLower(a.Address)] = true
	}
	for _, a := range returned.from {
		ours[strings.ToLower(a)] = true
	}
	found := listed(m, notice, ours)
	if len(found) == 0 && len(m.Attached) > 0 {
		if inner, _, _ := bounce(m.Attached[0]); inner != nil { // a mail system packed the report of another
			return inner.Recipients
		}
	}
	if len(found) == 0 {
		found = anyAddress(notice, ours)
	}
	if len(found) == 0 {
		found = returned.to
	}
	var out []petition.BounceRecipient
	for _, a := range found {
		out = appendRecipient(out, petition.BounceRecipient{Address: a, Action: "failed"})
	}
	delayed, whole := saysDelayed(m, notice), &noticeText{text: notice}
	near := segments(notice, out)
	for i := range out {
		if delayed {
			out[i].Action = "delayed"
		}
		explain(&out[i], failure{diagnostic: near[i], notice: whole, alone: len(out) == 1})
	}
	return out
}

// listed are the addresses that the notice or its header lists as recipients.
func listed(m *message.Message, notice string, ours map[string]bool) []string {
	below, own := addressLines(afterIntroduction(notice), ours)
	var failed []string
	for _, value := range m.Header.Values("X-Failed-Recipients") {
		for part := range strings.SplitSeq(value, ",") {
			if a := addressIn(part); a != "" {
				failed = append(failed, a)
			}
		}
	}
	both := slices.ContainsFunc(failed, func(a string) bool {
		return slices.ContainsFunc(below, func(b string) bool { return strings.EqualFold(a, b) })
	})
	if len(failed) > 0 && (both || len(below) == 0) {
		return failed
	}
	if len(below) == 0 {
		var more []string
		below, more = addressLines(notice, ours)
		own = append(own, more...)
	}
	if len(below) == 0 {
		below = inSentence(notice, ours)
	}
	if len(below) == 0 {
		return own
	}
	return below
}

// afterIntroduction is the notice below the sentence that announces the recipients, or all of it.
func afterIntroduction(notice string) string {
	pos := 0
	for line := range strings.Lines(head(notice, 8000)) {
		pos += len(line)
		if anyIn(strings.ToLower(line), words().introduction) != "" && !strings.Contains(line, "@") {
			return notice[pos:]
		}
	}
	return ""
}

// inSentence takes the addresses of the first line that says in words that something was not delivered.
func inSentence(notice string, ours map[string]bool) []string {
	for line := range strings.Lines(head(notice, 8000)) {
		lower := strings.ToLower(line)
		if !strings.Contains(line, "@") || anyIn(lower, words().introduction) == "" && anyIn(lower, words().bounceBody) == "" {
			continue
		}
		if out := anyAddress(line, ours); len(out) > 0 {
			return out
		}
	}
	return nil
}

// segments divides a notice among its recipients: to each the lines from one that names it to one that names another.
// What the sending server said before such a line (">>> RCPT TO") belongs to it. Alone, a recipient gets everything.
func segments(notice string, recipients []petition.BounceRecipient) []string {
	out := make([]string, len(recipients))
	if len(recipients) == 1 {
		out[0] = fromMention(notice, recipients[0].Address)
		return out
	}
	index := map[string]int{}
	for i, r := range recipients {
		index[strings.ToLower(r.Address)] = i
	}
	current, said := -1, ""
	for line := range strings.Lines(notice) {
		named := -1
		for part := range strings.FieldsFuncSeq(strings.ToLower(line), func(r rune) bool { return strings.ContainsRune(" \t<>(),;:\"'[]\r\n", r) }) {
			if i, ok := index[strings.TrimRight(part, ".")]; ok {
				named = i
				break
			}
		}
		if named < 0 && sessionLine(line) && len(said) < 1000 {
			said += line
			continue
		}
		if named >= 0 {
			current = named
		}
		if current >= 0 && len(out[current]) < maxDiagnostic {
			out[current] += said + line
		}
		said = ""
	}
	return out
}

// fromMention is the notice from the line that names the address, with the lines of the session before it. Not named, or
// only in the end, it is the whole notice.
func fromMention(notice, address string) string {
	i := strings.Index(strings.ToLower(notice), strings.ToLower(address))
	if i < 0 || i > len(notice) || len(notice)-i-len(address) < 20 {
		return notice
	}
	i = strings.LastIndexByte(notice[:i], '\n') + 1
	for i > 0 {
		before := strings.LastIndexByte(notice[:i-1], '\n') + 1
		if !sessionLine(notice[before:i]) {
			break
		}
		i = before
	}
	return notice[i:]
}

// sessionLine: a line of the conversation with a server, as sendmail prints it.
func sessionLine(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, ">>>") || strings.HasPrefix(line, "<<<") || strings.HasPrefix(line, "... while talking") || strings.HasPrefix(line, "While talking")
}

// addressLines takes lines that begin with an address, as nearly every mail system lists its recipients. Addresses of
// ours come apart: they are meant only where no other is listed.
func addressLines(notice string, ours map[string]bool) (found, own []string) {
	for line := range strings.Lines(notice) {
		a := addressAtStart(line)
		if a == "" {
			continue
		}
		if ours[strings.ToLower(a)] {
			own = append(own, a)
		} else {
			found = append(found, a)
		}
		if len(found)+len(own) >= maxRecipients {
			break
		}
	}
	return found, own
}

// addressAtStart is the address that a line begins with, perhaps behind a label or in brackets, or "".
func addressAtStart(line string) string {
	word := strings.TrimLeft(line, " \t*-•·>|:<\"'")
	if digits(word) == 3 && len(word) > 3 && (word[3] == ' ' || word[3] == '-') { // a line of a session: "550 <jane@example.org>… "
		word = strings.TrimLeft(word[4:], " \t<")
	}
	if rest, ok := cutLabel(word); ok {
		word = strings.TrimLeft(rest, " \t<\"'")
	}
	end := strings.IndexAny(word, " \t\r\n>,;\"')(")
	if end < 0 {
		end = len(word)
	}
	a := strings.TrimRight(word[:end], ".:")
	a = strings.TrimPrefix(a, "mailto:")
	if i := strings.IndexByte(a, ':'); i > 0 {
		a = a[:i]
	}
	if !isAddress(a) {
		return ""
	}
	return a
}

// cutLabel takes "To:", "Recipient:", "Unknown user:" and the like off the start of a line.
func cutLabel(line string) (string, bool) {
	i := strings.IndexByte(line, ':')
	if i <= 0 || i > 40 || strings.Contains(line[:i], "@") {
		return "", false
	}
	switch label := strings.ToLower(strings.TrimSpace(line[:i])); {
	case label == "to", label == "recipient", label == "for", label == "user", label == "rcpt to", label == "recipients",
		strings.HasSuffix(label, "recipient"), strings.HasSuffix(label, "recipient(s)"), strings.HasSuffix(label, "unknown user"),
		strings.HasPrefix(label, "user mailbox"), strings.HasPrefix(label, "undeliverable"), strings.HasSuffix(label, "errors"), strings.HasSuffix(label, "address"):
		return line[i+1:], true
	}
	return "", false
}

// anyAddress takes every address of the notice that is not after "from".
func anyAddress(notice string, ours map[string]bool) []string {
	var out []string
	pos := 0
	for word := range strings.FieldsSeq(notice) {
		at := strings.Index(notice[pos:], word) + pos
		pos = at + len(word)
		if !strings.Contains(word, "@") {
			continue
		}
		a := addressIn(word)
		before := strings.ToLower(strings.TrimSpace(notice[max(0, at-12):at]))
		if a == "" || ours[strings.ToLower(a)] || strings.HasPrefix(localOf(a), "postmaster") || strings.HasSuffix(before, "from") ||
			strings.HasSuffix(before, "from:") || strings.Contains(strings.ToLower(word), "from:<") {
			continue
		}
		out = append(out, a)
		if len(out) >= 20 {
			break
		}
	}
	return out
}

// addressIn returns the address within a word, without brackets and punctuation, or "".
func addressIn(word string) string {
	if i := strings.IndexByte(word, '<'); i >= 0 {
		word = word[i+1:]
		if j := strings.IndexByte(word, '>'); j >= 0 {
			word = word[:j]
		}
	}
	word = strings.Trim(word, " \t\r\n<>()[]{}\"'`,;:.*「」")
	if isAddress(word) {
		return word
	}
	return ""
}

func isAddress(s string) bool {
	i := strings.LastIndexByte(s, '@')
	return i > 0 && i < len(s)-2 && len(s) < 320 && !strings.ContainsAny(s, " \t<>()\"=/") && strings.IndexByte(s[i:], '.') > 0
}

// saysDelayed: a warning about mail that is still tried (R43).
func saysDelayed(m *message.Message, notice string) bool {
	text := strings.ToLower(m.Header.Subject + "\n" + notice)
	return anyIn(text, words().delayed) != ""
}
