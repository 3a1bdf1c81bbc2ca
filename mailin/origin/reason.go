package origin

import (
	"strings"

	"countersign/petition"
)

// explain fills Reason and Class (R44): the words of the receiving server first, then its code, then the rest of the notice.
func explain(r *petition.BounceRecipient, words, notice string) {
	r.Reason = reasonOf(words)
	if r.Reason == "" {
		r.Reason = reasonOfStatus(r.Status)
	}
	if r.Reason == "" || r.Reason == "other" || words == "" {
		if reason := reasonOf(notice); reason != "" {
			r.Reason = reason
		}
	}
	if r.Reason == "" {
		r.Reason = "other"
	}
	r.Class = classOf(r.Reason, r.Status)
}

// reasonOf looks the words up in the table; "" when none is known.
func reasonOf(text string) string {
	text = strings.Join(strings.Fields(strings.ToLower(head(text, 8000))), " ")
	if text == "" {
		return ""
	}
	for _, s := range words().reasons {
		if anyIn(text, s.phrases) != "" {
			return s.name
		}
	}
	return ""
}

// reasonOfStatus reads an enhanced status code (RFC 3463 3).
func reasonOfStatus(status string) string {
	if len(status) < 5 {
		return ""
	}
	switch status[2:] {
	case "1.1", "1.0", "1.3", "1.10":
		return "user_unknown"
	case "1.2", "4.4":
		return "host_unknown"
	case "1.6":
		return "moved"
	case "1.8", "1.7":
		return "rejected"
	case "2.1":
		return "suspended"
	case "2.2", "3.1":
		return "mailbox_full"
	case "2.3", "3.4":
		return "too_large"
	case "4.7", "4.1":
		return "expired"
	case "7.1", "7.0":
		return "policy"
	case "7.20", "7.23", "7.26", "7.27":
		return "authentication"
	case "7.25":
		return "blocked"
	}
	switch status[2] {
	case '4':
		return "network"
	case '3':
		return "system"
	case '6':
		return "content"
	case '7':
		return "policy"
	}
	return ""
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

// firstStatus finds an enhanced status code (RFC 3463 2) that stands alone in s.
func firstStatus(s string) string {
	for i := 0; i+4 < len(s); i++ {
		if s[i] != '4' && s[i] != '5' && s[i] != '2' || s[i+1] != '.' || i > 0 && (isDigit(s[i-1]) || s[i-1] == '.') {
			continue
		}
		subject := digits(s[i+2:], 3)
		if subject == 0 || i+2+subject >= len(s) || s[i+2+subject] != '.' {
			continue
		}
		detail := digits(s[i+3+subject:], 3)
		end := i + 3 + subject + detail
		if detail == 0 || end < len(s) && (isDigit(s[end]) || s[end] == '.' && end+1 < len(s) && isDigit(s[end+1])) {
			continue
		}
		return s[i:end]
	}
	return ""
}

func hasStatus(s string) bool { return firstStatus(s) != "" }

func digits(s string, most int) int {
	n := 0
	for n < len(s) && n < most && isDigit(s[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
