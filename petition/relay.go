package petition

import "strings"

// ownWords is what an organizer wrote for the signer: all above the first line that
// holds the organizer's own address or a way to the desk (U16). The quoted mail is
// taken off before; this is for signatures, and for quotes that no mark shows.
func ownWords(text, address string) string {
	var kept []string
	for line := range strings.Lines(text) {
		low := strings.ToLower(line)
		if address != "" && strings.Contains(low, address) || strings.Contains(low, "/desk/") || strings.Contains(low, "/desk?") {
			break
		}
		kept = append(kept, line)
	}
	return strings.TrimSpace(strings.Join(kept, ""))
}
