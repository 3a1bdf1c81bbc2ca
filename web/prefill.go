package web

import (
	"fmt"
	"html"
	"html/template"
	"net/url"
	"strings"

	"countersign/petition"
)

// maxMailto is how long a mailto: link may be: old Windows cuts longer ones.
const maxMailto = 1500

// signing prepares the prefilled mail: as a link, and as lines to copy, because
// webmail on shared computers ignores such links.
func (s *Server) signing(c *petition.Campaign, locale string) signing {
	address := c.Address()
	lines := s.templates.T(locale, "sign.lines", nil)
	name := c.NameIn(locale)
	for {
		subject := s.templates.T(locale, "sign.subject", map[string]any{"Name": name})
		link := mailto(address, subject, lines)
		if len(link) <= maxMailto || name == "" {
			return signing{Link: hrefOf(link), Address: disguised(address), Subject: subject, Lines: lines}
		}
		letters := []rune(name)
		name = strings.TrimSpace(string(letters[:len(letters)*9/10]))
	}
}

// mailto builds the link (RFC 6068): line breaks are CR LF, blanks are %20. The
// local part is percent-encoded, which every mail program undoes and few
// harvesters do.
func mailto(address, subject, body string) string {
	local, domain, _ := strings.Cut(address, "@")
	var to strings.Builder
	for _, b := range []byte(local) {
		fmt.Fprintf(&to, "%%%02X", b)
	}
	return "mailto:" + to.String() + "@" + domain + "?subject=" + percent(subject) + "&body=" + percent(strings.ReplaceAll(body, "\n", "\r\n"))
}

func percent(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// hrefOf writes the attribute with every letter of the address as a character
// reference: browsers read it, simple harvesters do not.
func hrefOf(link string) template.HTMLAttr {
	to, query, _ := strings.Cut(link, "?")
	return template.HTMLAttr(`href="` + references(to) + "?" + html.EscapeString(query) + `"`) //nolint:gosec // both parts are escaped in this line
}

// disguised shows an address that people read, hear and copy as it is. Between its
// parts stands a word that is hidden from them and not from programs.
func disguised(address string) template.HTML {
	local, domain, ok := strings.Cut(address, "@")
	if !ok {
		return template.HTML(html.EscapeString(address)) //nolint:gosec // escaped in this line
	}
	return template.HTML(`<bdi dir="ltr">` + references(local) + `<span hidden>.invalid</span>&#64;<wbr><span hidden>not.</span>` + references(domain) + `</bdi>`) //nolint:gosec // references escapes every letter
}

func references(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, "&#%d;", r)
	}
	return b.String()
}
