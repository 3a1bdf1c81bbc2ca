package message

import (
	"strings"
	"unicode/utf16"
)

// decodeUTF7 reads UTF-7 (RFC 2152): "+…-" holds base64 of UTF-16, "+-" is a plus.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] != '+' {
			out.WriteByte(b[i])
			continue
		}
		if i+1 < len(b) && b[i+1] == '-' {
			out.WriteByte('+')
			i++
			continue
		}
		var units []uint16
		bits, have := uint32(0), 0
		j := i + 1
		for ; j < len(b) && base64Value(b[j]) >= 0; j++ {
			bits, have = bits<<6|uint32(base64Value(b[j])), have+6
			if have >= 16 {
				have -= 16
				units = append(units, uint16(bits>>have))
			}
		}
		if j == i+1 { // a plus that begins nothing
			out.WriteByte('+')
			continue
		}
		out.WriteString(string(utf16.Decode(units)))
		i = j - 1
		if j < len(b) && b[j] == '-' {
			i = j
		}
	}
	return out.String()
}
