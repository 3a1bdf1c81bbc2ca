package origin

import (
	"net/textproto"
	"strings"

	"countersign/petition"
)

// fromReport reads the per-recipient groups of a delivery status (RFC 3464 2.3).
func fromReport(groups []textproto.MIMEHeader, notice string) []petition.BounceRecipient {
	var found []petition.BounceRecipient
	var diagnostics []string
	for _, group := range groups {
		for _, one := range splitGroup(group) {
			r, ok := recipientOf(one)
			if n := len(found); ok && n < maxRecipients {
				if found = appendRecipient(found, r); len(found) > n {
					diagnostics = append(diagnostics, one.Get("Diagnostic-Code"))
				}
			}
		}
	}
	whole := &noticeText{text: notice}
	near := segments(notice, found)
	for i := range found {
		f := failure{nearby: near[i], notice: whole, alone: len(found) == 1}
		f.kind, f.diagnostic = typed(diagnostics[i])
		explain(&found[i], f)
	}
	return found
}

// splitGroup divides fields of several recipients that stand together without the blank line between.
func splitGroup(group textproto.MIMEHeader) []textproto.MIMEHeader {
	n := len(group["Final-Recipient"])
	if n < 2 {
		return []textproto.MIMEHeader{group}
	}
	var out []textproto.MIMEHeader
	for i := range min(n, maxRecipients) {
		one := textproto.MIMEHeader{}
		for name, values := range group {
			if len(values) == n {
				one[name] = values[i : i+1]
			}
		}
		out = append(out, one)
	}
	return out
}

// recipientOf reads one group. The original recipient is the address that we wrote to (R42).
func recipientOf(group textproto.MIMEHeader) (petition.BounceRecipient, bool) {
	address := ""
	for _, name := range []string{"Original-Recipient", "Final-Recipient", "X-Actual-Recipient"} {
		if address = typedAddress(group.Get(name)); address != "" {
			break
		}
	}
	if address == "" {
		return petition.BounceRecipient{}, false
	}
	r := petition.BounceRecipient{Address: address, Status: firstStatus(group.Get("Status"))}
	action := strings.ToLower(group.Get("Action"))
	switch {
	case strings.HasPrefix(action, "delay"):
		r.Action = "delayed"
	case strings.HasPrefix(action, "deliver"), strings.HasPrefix(action, "relay"), strings.HasPrefix(action, "expand"):
		r.Action = "delivered"
	case strings.HasPrefix(action, "fail"):
		r.Action = "failed"
	case strings.HasPrefix(r.Status, "2."):
		r.Action = "delivered"
	case strings.HasPrefix(r.Status, "4."):
		r.Action = "delayed"
	default:
		r.Action = "failed"
	}
	return r, true
}

// typed divides "smtp; 550 …" into type and words (RFC 3464 2.1.2).
func typed(value string) (kind, rest string) {
	before, after, ok := strings.Cut(value, ";")
	before = strings.TrimSpace(before)
	if !ok || len(before) > 20 || strings.ContainsAny(before, " <>@") {
		return "", value
	}
	return strings.ToLower(before), after
}

// typedAddress reads "rfc822; jane@example.org", also in the forms of RFC 6533 ("utf-8;") and RFC 3461 4 (xtext).
func typedAddress(value string) string {
	kind, address := typed(value)
	address = strings.Trim(address, " <>\t\"")
	if kind == "utf-8" || kind == "rfc822" || kind == "xtext" {
		address = unescape(address)
	}
	if !strings.Contains(address, "@") || strings.ContainsAny(address, " ") {
		for word := range strings.FieldsSeq(address) {
			if a := strings.Trim(word, "<>()\""); strings.Contains(a, "@") && isAddress(a) {
				return a
			}
		}
		return ""
	}
	return address
}

// unescape reads "+2B" (xtext, RFC 3461 4) and "\x{5DD}" (utf-8-addr-xtext, RFC 6533 3).
func unescape(s string) string {
	if !strings.ContainsAny(s, "+\\") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] == '+' && i+2 < len(s) && upperHex(s[i+1]) && upperHex(s[i+2]) {
			if c := hexValue(s[i+1])<<4 | hexValue(s[i+2]); c > ' ' && c < 0x7F { // "+2B", while jane+cafe is a plain address
				if c == '+' || c == '=' || c == '@' || c == '\\' {
					b.WriteRune(c)
					i += 3
					continue
				}
			}
		}
		if strings.HasPrefix(s[i:], "\\x{") {
			if end := strings.IndexByte(s[i:min(len(s), i+10)], '}'); end > 3 {
				if r, ok := hexRune(s[i+3 : i+end]); ok {
					b.WriteRune(r)
					i += end + 1
					continue
				}
			}
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

func upperHex(c byte) bool { return isDigit(c) || c >= 'A' && c <= 'F' }

func hexValue(c byte) rune {
	if isDigit(c) {
		return rune(c - '0')
	}
	return rune(c-'A') + 10
}

func hexRune(s string) (rune, bool) {
	var r rune
	for i := range len(s) {
		if !upperHex(s[i]) {
			return 0, false
		}
		r = r<<4 | hexValue(s[i])
	}
	return r, r >= 0x20 && r <= 0x10FFFF && (r < 0xD800 || r > 0xDFFF)
}

// reportInText reads a delivery status that stands in the text: the part lost its type on the way, or a person forwarded
// it. Quote marks before the lines go.
func reportInText(notice string) []textproto.MIMEHeader {
	if !strings.Contains(strings.ToLower(notice), "final-recipient") {
		return nil
	}
	var groups []textproto.MIMEHeader
	group, last := textproto.MIMEHeader{}, ""
	flush := func() {
		if group.Get("Final-Recipient") != "" && len(groups) < maxRecipients {
			groups = append(groups, group)
		}
		group, last = textproto.MIMEHeader{}, ""
	}
	for line := range strings.Lines(notice) {
		line = strings.TrimRight(strings.TrimPrefix(strings.TrimLeft(line, ">"), " "), "\r\n")
		name, value, ok := strings.Cut(line, ":")
		switch {
		case strings.TrimSpace(line) == "":
			flush()
		case (line[0] == ' ' || line[0] == '\t') && last != "":
			values := group[last]
			values[len(values)-1] += " " + strings.TrimSpace(line)
		case ok && len(name) < 40 && !strings.ContainsAny(name, " \t@<"):
			last = textproto.CanonicalMIMEHeaderKey(name)
			group.Add(name, strings.TrimSpace(value))
		default:
			last = ""
		}
	}
	flush()
	return groups
}
