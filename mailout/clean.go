package mailout

import (
	"regexp"
	"strings"
	"unicode"

	"countersign/petition"
)

// How much of a stranger's words a mail repeats (R35).
const (
	maxName = 80
	maxCity = 40
)

// minPhone is from how many digits on they are a telephone number.
const minPhone = 7

var (
	tags      = regexp.MustCompile(`<[^<>]{0,300}>`)
	addresses = regexp.MustCompile(`[^\s<>()\[\],;:"]*[@＠][^\s<>()\[\],;:"]*`)
	links     = regexp.MustCompile(`(?i)(?:[a-z0-9+.-]*://\S*|\b(?:mailto|tel|sms|javascript|data|file):\S*|www\d?[.。．｡]\S*|[\p{L}\p{N}-]+(?:[.。．｡][\p{L}\p{N}-]+)+[/?#:]\S*)`)
	domains   = regexp.MustCompile(`[\p{L}\p{N}_-]+(?:[.。．｡][\p{L}\p{N}_-]+)*[.。．｡](?:\p{L}{2,}|xn--[a-z0-9-]+)`)
	phones    = regexp.MustCompile(`[+＋(]*\p{Nd}[\p{Nd}\s()./\\–—-]{4,}\p{Nd}`)
	years     = regexp.MustCompile(`^(?:1[5-9]|20)\d\d\s?[-–—/]\s?(?:1[5-9]|20)\d\d$`)
	dots      = strings.NewReplacer(".", " ", "。", " ", "．", " ", "｡", " ")
)

// cleanLine is the one way by which a stranger's words get into a mail (R35): one
// line of at most limit letters, without control and direction characters,
// markup, links, addresses and telephone numbers. The name of a domain loses its
// dots, so that no mail program makes a link of it, except own: the domain of the
// reader's own address.
func cleanLine(s string, limit int, own string) string {
	s = petition.CleanLine(s, 20*limit)
	if !harmless(s) {
		s = withoutLinks(s, own)
	}
	s = strings.TrimLeft(s, " =+-@>|*#_\t,;:/\\")
	s = strings.TrimRight(petition.CleanLine(s, limit), " ,;:/\\|")
	return s
}

// harmless reports, at a glance, that nothing in the line is markup, a link, an
// address or a telephone number.
func harmless(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case strings.ContainsRune("<>()@＠:.。．｡", r):
			return false
		case unicode.IsDigit(r):
			digits++
		}
	}
	return digits < minPhone
}

// withoutLinks does what cleanLine says to one line.
func withoutLinks(s, own string) string {
	s = tags.ReplaceAllString(s, " ")
	s = links.ReplaceAllString(s, " ")
	s = addresses.ReplaceAllString(s, " ")
	s = domains.ReplaceAllStringFunc(s, func(d string) string {
		if own != "" && petition.OrganizationalDomain(d) == own {
			return d
		}
		return dots.Replace(d)
	})
	s = phones.ReplaceAllStringFunc(s, func(p string) string {
		digits := 0
		for _, r := range p {
			if unicode.IsDigit(r) {
				digits++
			}
		}
		if digits < minPhone || years.MatchString(strings.TrimSpace(p)) {
			return p
		}
		return " "
	})
	s = strings.Map(func(r rune) rune {
		if r == '<' || r == '>' {
			return ' '
		}
		return r
	}, s)
	return strings.ReplaceAll(strings.ReplaceAll(s, "( )", " "), "()", " ")
}

// The most of somebody's text that a mail carries; the desk has the whole.
const (
	maxText      = 4000
	maxTextLines = 80
)

// cleanText keeps somebody's words as lines, without control and direction
// characters. It is for words that are meant to be read whole: an organizer's, or
// a question on its way to organizers. cut tells whether something was left out.
func cleanText(s string) (text string, cut bool) {
	var lines []string
	n, empty := 0, false
	for l := range strings.Lines(strings.ReplaceAll(s, "\r\n", "\n")) {
		l = petition.CleanLine(l, 1000)
		if l == "" {
			empty = len(lines) > 0
			continue
		}
		if n += len([]rune(l)); n > maxText || len(lines) >= maxTextLines {
			return strings.Join(lines, "\n"), true
		}
		if empty {
			lines, empty = append(lines, ""), false
		}
		lines = append(lines, l)
	}
	return strings.Join(lines, "\n"), false
}

var hostname = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}$`)

// cleanSite is the host of a website, if it belongs to the reader's own domain:
// anything else would let strangers put links into our mails.
func cleanSite(site, own string) string {
	site = strings.ToLower(strings.TrimSpace(site))
	if _, rest, ok := strings.Cut(site, "://"); ok {
		site = rest
	}
	if i := strings.IndexAny(site, "/?#:"); i >= 0 {
		site = site[:i]
	}
	if !hostname.MatchString(site) || own == "" || petition.OrganizationalDomain(site) != own {
		return ""
	}
	return site
}
