package origin

import (
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

// fromText finds the recipients in the words of a mail system: X-Failed-Recipients, lines that begin with an address,
// any address that is not the sender's, and last the recipient of the returned mail.
func fromText(m *message.Message, notice string, returned returnedMail) []petition.BounceRecipient {
	skip := map[string]bool{}
	for _, a := range append(append([]message.Address{}, m.Header.To...), m.Header.From...) {
		skip[strings.ToLower(a.Address)] = true
	}
	for _, a := range returned.from {
		skip[strings.ToLower(a)] = true
	}
	var found []located
	for _, value := range m.Header.Values("X-Failed-Recipients") {
		for part := range strings.SplitSeq(value, ",") {
			if a := addressIn(part); a != "" {
				found = append(found, located{a, 0, len(notice)})
			}
		}
	}
	if len(found) == 0 {
		found = addressLines(notice, skip)
	}
	if len(found) == 0 {
		found = anyAddress(notice, skip)
	}
	if len(found) == 0 {
		for _, a := range returned.to {
			found = append(found, located{a, 0, len(notice)})
		}
	}
	delayed := saysDelayed(m, notice)
	var out []petition.BounceRecipient
	for _, f := range found {
		part := notice[f.from:f.to]
		r := petition.BounceRecipient{Address: f.address, Action: "failed", Status: firstStatus(part)}
		if delayed {
			r.Action = "delayed"
		}
		if r.Status == "" {
			r.Status = firstStatus(notice)
		}
		explain(&r, part, notice)
		out = appendRecipient(out, r)
	}
	return out
}

// located is an address and the part of the notice that speaks of it.
type located struct {
	address  string
	from, to int
}

// addressLines takes lines that begin with an address, as nearly every mail system lists its recipients.
func addressLines(notice string, skip map[string]bool) []located {
	var out []located
	pos := 0
	for line := range strings.Lines(notice) {
		begin := pos
		pos += len(line)
		word := strings.TrimLeft(line, " \t*-<\"'|:")
		if rest, ok := cutLabel(word); ok {
			word = strings.TrimLeft(rest, " \t<\"'")
		}
		end := strings.IndexAny(word, " \t\r\n>,;\"')(")
		if end < 0 {
			end = len(word)
		}
		a := strings.TrimRight(word[:end], ".:")
		if i := strings.IndexByte(a, ':'); i > 0 {
			a = a[:i]
		}
		if !isAddress(a) || skip[strings.ToLower(a)] {
			continue
		}
		if n := len(out); n > 0 {
			out[n-1].to = begin
		}
		out = append(out, located{a, begin, len(notice)})
		if len(out) >= 200 {
			break
		}
	}
	return out
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
func anyAddress(notice string, skip map[string]bool) []located {
	var out []located
	pos := 0
	for word := range strings.FieldsSeq(notice) {
		at := strings.Index(notice[pos:], word) + pos
		pos = at + len(word)
		if !strings.Contains(word, "@") {
			continue
		}
		a := addressIn(word)
		before := strings.ToLower(strings.TrimSpace(notice[max(0, at-12):at]))
		if a == "" || skip[strings.ToLower(a)] || strings.HasPrefix(localOf(a), "postmaster") || strings.HasSuffix(before, "from") ||
			strings.HasSuffix(before, "from:") || strings.Contains(strings.ToLower(word), "from:<") {
			continue
		}
		out = append(out, located{a, 0, len(notice)})
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
	return anyIn(text, []string{
		"this is a warning message only", "warning: message", "delivery status notification (delay)", "will keep trying", "will be retried",
		"has not yet been delivered", "you do not need to resend", "delivery attempts will continue", "delayed mail", "delivery is delayed",
	}) != ""
}
