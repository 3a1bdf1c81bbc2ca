package origin

import "strings"

// firstStatus finds an enhanced status code (RFC 3463 2) that stands alone in s.
func firstStatus(s string) string {
	for i := 0; i+4 < len(s); i++ {
		if s[i] != '4' && s[i] != '5' && s[i] != '2' || s[i+1] != '.' || i > 0 && (isDigit(s[i-1]) || s[i-1] == '.') {
			continue
		}
		subject := digits(s[i+2:])
		if subject == 0 || i+2+subject >= len(s) || s[i+2+subject] != '.' {
			continue
		}
		detail := digits(s[i+3+subject:])
		end := i + 3 + subject + detail
		if detail == 0 || end < len(s) && (isDigit(s[end]) || s[end] == '.' && end+1 < len(s) && isDigit(s[end+1])) {
			continue
		}
		return s[i:end]
	}
	return ""
}

// bestStatus is the first code of s that says more than "other" (x.0.0, x.5.0), else the first one.
func bestStatus(s string) string {
	first := ""
	for range 8 {
		status := firstStatus(s)
		if status == "" {
			break
		}
		if !vagueStatus(status) && status[0] != '2' {
			return status
		}
		if first == "" {
			first = status
		}
		s = s[strings.Index(s, status)+len(status):]
	}
	return first
}

// vagueStatus: nothing, or a code that leaves the subject open (RFC 3463 3.1, 3.6). Sendmail closes every session that it
// breaks off with x.0.0 or x.5.0.
func vagueStatus(status string) bool {
	return status == "" || strings.HasSuffix(status, ".0.0") || strings.HasSuffix(status, ".5.0")
}

func hasStatus(s string) bool { return firstStatus(s) != "" }

// replyCode finds the first SMTP reply code of a refusal (RFC 5321 4.2.1) that stands alone in s; 0 when there is none.
func replyCode(s string) int {
	for i := 0; i+3 <= len(s); i++ {
		if s[i] != '4' && s[i] != '5' || i > 0 && !strings.ContainsRune(" \t\n:;(<>'\"#=", rune(s[i-1])) {
			continue
		}
		if s[i+1] > '7' || digits(s[i+1:]) != 2 || s[i+1] == '6' || i+3 < len(s) && !strings.ContainsRune(" -\t\n\r:;,<>()'\"", rune(s[i+3])) {
			continue
		}
		return int(s[i]-'0')*100 + int(s[i+1]-'0')*10 + int(s[i+2]-'0')
	}
	return 0
}

// deriveStatus gives a recipient without a code the one that says no more than is known (RFC 3463 3.1): refused for good
// or for now. A session of four hundreds is for now; so is a delay.
func deriveStatus(action string, reply int) string {
	switch {
	case action == "delivered":
		return ""
	case action == "delayed", reply >= 400 && reply < 500:
		return "4.0.0"
	default:
		return "5.0.0"
	}
}

// digits counts the digits at the start of s, at most three: no code has more.
func digits(s string) int {
	n := 0
	for n < len(s) && n < 3 && isDigit(s[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
