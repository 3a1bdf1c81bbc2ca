package origin

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"countersign/petition"
)

// failure is what a delivery report says of one recipient.
type failure struct {
	kind       string // of the diagnostic (RFC 3464 2.3.6): "smtp", "x-unix", …; "" when not typed
	diagnostic string // the words of the server that refused
	nearby     string // the part of the notice that speaks of this recipient
	alone      bool   // the whole notice speaks of this recipient
	notice     *noticeText
}

// noticeText is what the whole notice says, looked at once for all of its recipients.
type noticeText struct {
	text   string
	looked bool
	reason string
}

func (n *noticeText) find() string {
	if !n.looked {
		n.looked, n.reason = true, reasonIn(plain(head(n.text, 8000)), strong, fair)
	}
	return n.reason
}

// The tables of wording, by their weight.
const (
	strong = iota
	fair
	weak
)

const maxDiagnostic = 4000 // bytes of a diagnostic that are looked at

// explain fills Status, Reason and Class (R44). In this order: a code that says exactly one thing; the words of the server
// that refused; the words about this recipient; any code; the point of the session; the rest of the notice. The words
// weigh more than a general code, since servers send 5.1.1 for a full mailbox and 5.0.0 for everything.
func explain(r *petition.BounceRecipient, f failure) {
	words, near := strings.ToLower(head(f.diagnostic, maxDiagnostic)), strings.ToLower(head(f.nearby, maxDiagnostic))
	if said := bestStatus(words); f.diagnostic != "" && said != "" && said[0] != '2' && !strings.HasSuffix(said, ".0.0") {
		r.Status = said // the server that refused knows better than the one that reports it
	}
	if r.Status == "" || vagueStatus(r.Status) && bestStatus(words) != r.Status {
		r.Status = f.betterStatus(r.Status, words, near)
	}
	at := stage(oneLine(words))
	if at == "" {
		at = stage(oneLine(near))
	}
	if at == "" && f.alone {
		at = stage(lowLine(head(f.notice.text, maxDiagnostic)))
	}
	r.Reason = f.reason(r.Status, at, words, near)
	if at == "" && namesAddress(words+" "+near, r.Address) {
		at = atAddress
	}
	said := words
	if f.kind == "" && f.alone {
		said = head(f.notice.text, maxDiagnostic)
	}
	if !certainlyUnknown(said, near) {
		r.Reason = atStage(r.Reason, r.Status, at)
	}
	if r.Reason == "other" && r.Action == "delayed" {
		r.Reason = "expired"
	}
	reply := replyCode(words)
	if reply == 0 {
		reply = replyCode(near)
	}
	if r.Status == "" {
		r.Status = deriveStatus(r.Action, reply)
	}
	r.Class = classOf(r.Reason, r.Status)
}

func (f failure) reason(status, at, words, near string) string {
	exact, general := reasonOfStatus(status)
	if exact != "" {
		return exact
	}
	code := replyCode(words)
	words, near = plain(words), plain(near)
	if f.kind == "x-unix" { // a program of that machine failed, whatever it printed
		if reason := reasonIn(words, strong); reason == "mailbox_full" {
			return reason
		}
		return "system"
	}
	if reason := reasonIn(words, strong, fair); reason != "" {
		return reason
	}
	if reason := reasonIn(near, strong); reason != "" {
		return reason
	}
	if general != "" {
		return general
	}
	if reason := reasonIn(near, fair); reason != "" {
		return reason
	}
	switch at {
	case atHello, atConnect:
		return "blocked"
	case atSender:
		return "rejected"
	}
	if f.kind == "smtp" && code >= 420 && code < 460 { // RFC 5321 4.2.2: for now
		return "system"
	}
	if reason := f.notice.find(); reason != "" {
		return reason
	}
	if reason := reasonIn(words+" "+near, weak); reason != "" {
		return reason
	}
	return "other"
}

// atStage corrects a reason by the point of the session. "User unknown" means it where a server refuses the address (RCPT)
// or gives a code for it (x.1.x). Who says so having taken the address, or at a point that nobody tells, may as well have
// looked at the content or the sender, as the hosts of mobile phones do: that address is not proven to be dead (R44).
func atStage(reason, status, at string) string {
	coded := len(status) > 3 && status[1:4] == ".1."
	switch {
	case reason == "user_unknown" && at == atSender:
		return "rejected"
	case reason == "user_unknown" && at != atAddress && !coded:
		return "filtered"
	case reason == "host_unknown" && status != "" && status[0] == '4':
		return "network"
	}
	return reason
}

// namesAddress tells whether a reply repeats the address behind its code ("550 <jane@example.org>… "), which only the
// refusal of an address does.
func namesAddress(text, address string) bool {
	address = strings.ToLower(address)
	for range 16 {
		i := strings.Index(text, address)
		if i < 0 {
			return false
		}
		before := strings.Fields(strings.TrimRight(text[max(0, i-40):i], " <\"'"))
		for n := len(before); n > 0; n-- {
			word := strings.Trim(before[n-1], "<>")
			if replyCode(word) > 0 {
				return true
			}
			if s := firstStatus(word); s == "" || s != word {
				break
			}
		}
		text = text[i+len(address):]
	}
	return false
}

// certainlyUnknown looks for a directory's own word; what the refusing server said comes before what others made of it.
func certainlyUnknown(said, near string) bool {
	said = plain(said)
	if said == "" {
		said = plain(near)
	}
	_, ok := words().certain.find(said)
	return ok
}

// betterStatus looks for a code that says more than the one given.
func (f failure) betterStatus(have string, words, near string) string {
	texts := []string{words, near}
	if f.alone {
		texts = append(texts, head(f.notice.text, maxDiagnostic))
	}
	for _, t := range texts {
		if s := bestStatus(t); s != "" && s[0] != '2' && (have == "" || !vagueStatus(s)) {
			return s
		}
	}
	return have
}

// reasonIn looks plain words up in tables of those weights; "" when none of its words are known.
func reasonIn(text string, weights ...int) string {
	if text == "" {
		return ""
	}
	for _, weight := range weights {
		if p, ok := words().reasons[weight].find(text); ok {
			return precedence[p.rank]
		}
	}
	return ""
}

// plain makes the words of a server comparable: lower case, one space, addresses as "@", no reply codes (which also
// stand at the start of each line of a long reply) and no enhanced codes.
func plain(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		word = strings.Trim(word, "\"`")
		if strings.Contains(word, "@") {
			word = "@"
		}
		word = strings.ReplaceAll(word, "’", "'")
		if i := digits(word); i == 3 && (len(word) == 3 || word[3] == '-' && !hasLetter(word)) {
			continue
		}
		if s := firstStatus(word); s != "" && len(word) <= len(s)+3 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
	}
	return b.String()
}

// lowLine is oneLine in small letters, made in one go: it is asked of every mail.
func lowLine(s string) string {
	out := make([]byte, 0, len(s)+8)
	gap := false
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		i += size
		if r <= ' ' || r >= utf8.RuneSelf && unicode.IsSpace(r) {
			gap = len(out) > 0
			continue
		}
		if gap {
			out, gap = append(out, ' '), false
		}
		switch {
		case r < utf8.RuneSelf && (r < 'A' || r > 'Z'):
			out = append(out, byte(r))
		case r < utf8.RuneSelf:
			out = append(out, byte(r)+'a'-'A')
		default:
			out = utf8.AppendRune(out, unicode.ToLower(r))
		}
	}
	return string(out)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func hasLetter(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 0x80 })
}

// reasonOfStatus reads an enhanced status code by the table codes.txt (RFC 3463 3, RFC 7372, RFC 7505 and those that hosts
// made themselves). exact is for a code that is only sent for one thing.
func reasonOfStatus(status string) (exact, general string) {
	if len(status) < 5 {
		return "", ""
	}
	table := words().codes
	for _, key := range []string{status, "x" + status[1:]} {
		if c, ok := table[key]; ok {
			if c.exact {
				return c.reason, ""
			}
			return "", c.reason
		}
	}
	if c, ok := table["x."+status[2:2+digits(status[2:])]+".x"]; ok {
		return "", c.reason
	}
	return "", ""
}

// classOf condenses a reason: hard is the address, soft is for now, policy is between the servers (R44).
func classOf(reason, status string) string {
	switch reason {
	case "user_unknown", "host_unknown", "moved":
		return "hard"
	case "mailbox_full", "network", "system", "rate_limited", "too_large", "expired":
		return "soft"
	case "other":
		if strings.HasPrefix(status, "5.1.") {
			return "hard"
		}
		return "soft" // unknown: it is tried again before anybody is called unreachable (R45)
	}
	return "policy"
}
