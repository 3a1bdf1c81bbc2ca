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

const (
	pgpSigned    = "-----BEGIN PGP SIGNED MESSAGE-----"
	pgpSignature = "-----BEGIN PGP SIGNATURE-----"
	pgpEnd       = "-----END PGP SIGNATURE-----"
	pgpMessage   = "-----BEGIN PGP MESSAGE-----"
)

// unarmour takes the armour off clear-signed text with its dash escapes (RFC 9580 7), and marks encrypted text (R26). Only
// what stands at the start of a line is armour; quoted armour stays.
func (c *collector) unarmour(s string) string {
	if strings.HasPrefix(s, pgpMessage) || strings.Contains(s, "\n"+pgpMessage) {
		c.m.Encrypted = true
	}
	if !strings.Contains(s, pgpSigned) {
		return s
	}
	var out strings.Builder
	const above, header, signed, signature = 0, 1, 2, 3
	state := above
	for line := range strings.Lines(s) {
		bare := strings.TrimRight(line, " \t\r\n\u00a0")
		switch {
		case bare == pgpSigned && state == above:
			state = header
		case state == header: // Hash: and other fields, up to a blank line
			if bare == "" {
				state = signed
			}
		case state == signed && bare == pgpSignature:
			state = signature
		case state == signature:
			if bare == pgpEnd {
				state = above
			}
		case state == signed:
			out.WriteString(strings.TrimPrefix(line, "- "))
		default:
			out.WriteString(line)
		}
	}
	return out.String()
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
