package message

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// normalizeLines makes every line end LF.
func normalizeLines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// unflow undoes format=flowed (RFC 3676 4): quote marks are counted first, stuffed spaces removed, soft-broken lines of one
// depth joined; "-- " always stands alone.
func unflow(s string, delsp bool) string {
	var out strings.Builder
	out.Grow(len(s))
	open, openDepth := false, 0
	for len(s) > 0 {
		line, rest, _ := strings.Cut(s, "\n")
		s = rest
		depth := 0
		for depth < len(line) && line[depth] == '>' {
			depth++
		}
		text := strings.TrimPrefix(line[depth:], " ")
		if open && (depth != openDepth || text == "-- ") {
			out.WriteByte('\n')
			open = false
		}
		if !open && depth > 0 {
			out.WriteString(strings.Repeat(">", min(depth, 100)))
			out.WriteByte(' ')
		}
		soft := strings.HasSuffix(text, " ") && text != "-- "
		if soft && delsp {
			text = text[:len(text)-1]
		}
		out.WriteString(text)
		if open, openDepth = soft, depth; !soft {
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// unarmour takes the armour off clear-signed text with its dash escapes (RFC 9580 7), and marks encrypted text (R26).
func (c *collector) unarmour(s string) string {
	if strings.Contains(s, "-----BEGIN PGP MESSAGE-----") {
		c.m.Encrypted = true
	}
	head, rest, ok := strings.Cut(s, "-----BEGIN PGP SIGNED MESSAGE-----")
	if !ok || (head != "" && !strings.HasSuffix(head, "\n")) {
		return s
	}
	if _, body, ok := strings.Cut(rest, "\n\n"); ok { // Hash: and other armour headers
		rest = body
	}
	signed, tail, _ := strings.Cut(rest, "-----BEGIN PGP SIGNATURE-----")
	if _, after, ok := strings.Cut(tail, "-----END PGP SIGNATURE-----"); ok {
		tail = strings.TrimPrefix(after, "\n")
	} else {
		tail = ""
	}
	signed = strings.ReplaceAll("\n"+signed, "\n- ", "\n")[1:]
	return head + signed + tail
}

// extractUU takes uuencoded files out of a text; they become attachments.
func (c *collector) extractUU(raw []byte) []byte {
	if !bytes.Contains(raw, []byte("begin ")) {
		return raw
	}
	var text []byte
	for range 20 {
		start, name := findUU(raw)
		if start < 0 {
			break
		}
		end := bytes.Index(raw[start:], []byte("\nend"))
		if end < 0 {
			break
		}
		data, _ := decodeUU(raw[bytes.LastIndexByte(raw[:start-1], '\n')+1 : start+end+1])
		_, next := cutLine(raw, start+end+1)
		text = append(text, raw[:bytes.LastIndexByte(raw[:start-1], '\n')+1]...)
		raw = raw[next:]
		sum := sha256.Sum256(data)
		c.m.Attachments = append(c.m.Attachments, Attachment{
			Filename: safeName(decodeRaw(name, "")), MediaType: "application/octet-stream",
			Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:]),
		})
	}
	return append(text, raw...)
}

// safeName removes control characters and directions overrides from a file name (R20), and line ends. Separators of
// paths stay: the name is shown and compared, never used as a path.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7F || (r >= 0x202A && r <= 0x202E) || (r >= 0x2066 && r <= 0x2069):
			return -1
		}
		return r
	}, name)
	return strings.TrimSpace(name)
}

func containsAny(s string, list []string) bool {
	for _, x := range list {
		if strings.Contains(s, x) {
			return true
		}
	}
	return false
}
