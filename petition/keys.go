package petition

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// CanonicalAddress is the form in which addresses are compared: trimmed, NFC,
// lower case, the domain in ASCII. A plus part is kept: it may be somebody else's.
func CanonicalAddress(address string) string {
	address = strings.ToLower(norm.NFC.String(strings.TrimSpace(address)))
	local, domain, ok := strings.Cut(address, "@")
	if !ok {
		return address
	}
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		domain = ascii
	}
	return local + "@" + domain
}

// WithoutPlus takes the plus part off an address (RFC 5233).
func WithoutPlus(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok {
		return address
	}
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

// Domain is the part after the last @, lower case, or "".
func Domain(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return strings.ToLower(address[i+1:])
	}
	return ""
}

// OrganizationalDomain is the registrable domain (Public Suffix List), or the
// domain itself where the list knows none.
func OrganizationalDomain(domain string) string {
	domain = strings.TrimSuffix(strings.ToLower(domain), ".")
	if d, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return d
	}
	return domain
}

// freeMail are providers whose domain says nothing about an organization (R34, R50).
var freeMail = map[string]bool{
	"gmail.com": true, "googlemail.com": true, "outlook.com": true, "hotmail.com": true, "live.com": true, "msn.com": true,
	"yahoo.com": true, "yahoo.co.uk": true, "yahoo.fr": true, "yahoo.de": true, "yahoo.co.jp": true, "ymail.com": true, "aol.com": true, "icloud.com": true,
	"me.com": true, "mac.com": true, "gmx.de": true, "gmx.net": true, "gmx.at": true, "gmx.com": true, "web.de": true, "t-online.de": true,
	"freenet.de": true, "posteo.de": true, "mailbox.org": true, "proton.me": true, "protonmail.com": true, "tutanota.com": true,
	"orange.fr": true, "free.fr": true, "laposte.net": true, "wanadoo.fr": true, "libero.it": true, "virgilio.it": true, "tiscali.it": true,
	"mail.ru": true, "yandex.ru": true, "bk.ru": true, "list.ru": true, "inbox.ru": true, "rambler.ru": true, "ukr.net": true,
	"wp.pl": true, "o2.pl": true, "onet.pl": true, "interia.pl": true, "seznam.cz": true, "centrum.cz": true, "abv.bg": true,
	"qq.com": true, "163.com": true, "126.com": true, "sina.com": true, "naver.com": true, "daum.net": true, "hanmail.net": true,
	"docomo.ne.jp": true, "ezweb.ne.jp": true, "rediffmail.com": true, "uol.com.br": true, "bol.com.br": true, "terra.com.br": true,
	"freemail.example": true, // a reserved domain, so that tests and the demo have one
}

// IsFreeMail reports whether the domain is a provider's for everybody. Such a
// domain proves a mailbox, never an organization.
func IsFreeMail(domain string) bool { return freeMail[strings.ToLower(domain)] }

var fold = cases.Fold()

// FoldName is the form in which names are compared: NFKD without marks, case
// folded, everything but letters and digits a single space. Greek and Cyrillic
// keep their script.
func FoldName(name string) string {
	var b strings.Builder
	space := false
	for _, r := range fold.String(norm.NFKD.String(name)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(r)
		default:
			space = true
		}
	}
	return b.String()
}

// legalForms are dropped from a name before it is compared, where words remain.
var legalForms = map[string]bool{
	"ev": true, "e v": true, "ltd": true, "limited": true, "inc": true, "llc": true, "gmbh": true, "ggmbh": true, "ag": true, "asbl": true,
	"vzw": true, "aisbl": true, "onlus": true, "aps": true, "odv": true, "ets": true, "cic": true, "plc": true, "bv": true, "ac": true, "a c": true,
	"stichting": true, "oy": true, "ry": true, "rf": true, "ab": true, "as": true, "sa": true, "srl": true, "spa": true, "coop": true,
	"ооо": true, "нко": true, "ано": true, "ного": true,
}

var articles = map[string]bool{"the": true, "der": true, "die": true, "das": true, "la": true, "le": true, "les": true, "los": true, "las": true, "el": true, "il": true, "de": true, "het": true}

// IdentityKeys are the keys under which an organization is the same one: its
// folded name without legal form and leading article, and the domain of its
// website. A shared key suggests; only an equal name key is the same
// organization. Chapters keep their words, so they have keys of their own.
func IdentityKeys(f Fields) []string {
	var keys []string
	if n := NameKey(f.Name); n != "" {
		keys = append(keys, "name:"+n)
	}
	if n := NameKey(f.OtherName); n != "" && !slices.Contains(keys, "name:"+n) {
		keys = append(keys, "name:"+n)
	}
	if d := websiteDomain(f.Website); d != "" && !IsFreeMail(d) {
		keys = append(keys, "domain:"+d)
	}
	if d := OrganizationalDomain(Domain(f.Contact)); d != "" && !IsFreeMail(d) && !slices.Contains(keys, "domain:"+d) {
		keys = append(keys, "domain:"+d)
	}
	return keys
}

// NameKey is the part of a name that makes two names the same.
func NameKey(name string) string {
	words := strings.Fields(FoldName(name))
	for len(words) > 1 && articles[words[0]] {
		words = words[1:]
	}
	for len(words) > 1 {
		switch n := len(words); {
		case n > 2 && legalForms[words[n-2]+" "+words[n-1]]:
			words = words[:n-2]
		case legalForms[words[n-1]]:
			words = words[:n-1]
		default:
			return strings.Join(words, " ")
		}
	}
	return strings.Join(words, " ")
}

func websiteDomain(site string) string {
	site = strings.ToLower(strings.TrimSpace(site))
	if _, rest, ok := strings.Cut(site, "://"); ok {
		site = rest
	}
	site, _, _ = strings.Cut(site, "/")
	site, _, _ = strings.Cut(site, ":")
	if !strings.Contains(site, ".") || strings.ContainsAny(site, " @") {
		return ""
	}
	return OrganizationalDomain(strings.TrimPrefix(site, "www."))
}
