package message

import (
	"strings"

	"golang.org/x/net/html"
)

// attributes are those of a tag that say something about its text.
type attributes struct {
	href, class, id, style, name, marker string
	hidden                               bool
}

func (a *attributes) read(z *html.Tokenizer) {
	for {
		k, v, more := z.TagAttr()
		switch string(k) {
		case "href":
			a.href = string(v)
		case "class":
			a.class = string(v)
		case "id":
			a.id = string(v)
		case "style":
			a.style = strings.ToLower(strings.ReplaceAll(string(v), " ", ""))
		case "name":
			a.name = string(v)
		case "data-marker":
			a.marker = string(v)
		case "hidden":
			a.hidden = true
		}
		if !more {
			return
		}
	}
}

// isIndent: Gmail and others indent with a blockquote that has no border.
func isIndent(style string) bool {
	return strings.Contains(style, "border:none") && strings.Contains(style, "padding:0")
}

// isHidden knows the tricks of preheaders and spam.
func isHidden(style string) bool {
	return style != "" && (strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") || strings.Contains(style, "mso-hide:all") ||
		hasSize0(style))
}

func hasSize0(style string) bool {
	for _, s := range []string{"font-size:0", "max-height:0"} {
		if _, after, ok := strings.Cut(style, s); ok {
			rest := after
			if rest == "" || rest[0] == ';' || rest[0] == 'p' || rest[0] == '!' {
				return true
			}
		}
	}
	return false
}

// isQuoteContainer knows the elements that clients put the quoted mail in (R25), by class, id, name or data-marker.
func isQuoteContainer(name string, a *attributes) bool {
	if a.class != "" {
		for c := range strings.FieldsSeq(a.class) {
			if quoteClasses[bareName(c)] {
				return true
			}
		}
	}
	return a.id != "" && quoteIDs[bareName(a.id)] || a.name != "" && quoteNames[a.name] || a.marker == "__QUOTED_TEXT__" || a.marker == "__HEADERS__" ||
		name == "div" && strings.Contains(a.style, "border-top:solid") && strings.Contains(a.style, "padding:3.0pt0")
}

// isSignature knows the elements that clients put the writer's signature in. Not those that people go on writing in: on
// the iPhone an answer may stand within AppleMailSignature.
func isSignature(a *attributes) bool {
	for c := range strings.FieldsSeq(a.class) {
		if signatureNames[bareName(c)] {
			return true
		}
	}
	return a.id != "" && signatureNames[bareName(a.id)] || a.name == "messageSignatureSection"
}

// bareName takes off what a client puts before the names of another's HTML that it passes on: x_ (Outlook), ecx (Hotmail),
// m_-123 (Gmail), ydp12ab (Yahoo), and Yahoo's number behind them.
func bareName(s string) string {
	s = strings.TrimLeft(strings.TrimPrefix(s, "ecx"), "-")
	for strings.HasPrefix(s, "x_") {
		s = s[2:]
	}
	if rest, ok := strings.CutPrefix(s, "m_"); ok {
		s = strings.TrimLeft(rest, "-0123456789")
	}
	if strings.HasPrefix(s, "ydp") {
		if i := strings.Index(s, "yahoo"); i > 0 {
			s = s[i:]
		}
	}
	if strings.HasPrefix(s, "yahoo_quoted_") {
		return "yahoo_quoted"
	}
	return s
}

var quoteClasses = map[string]bool{
	"gmail_quote": true, "gmail_quote_container": true, "yahoo_quoted": true, "moz-cite-prefix": true, "moz-forward-container": true,
	"protonmail_quote": true, "zmail_extra": true, "tutanota_quote": true, "OutlookMessageHeader": true, "gmx_quote": true,
	"bloop_original_html": true, "airmail_ext": true, "front-blockquote": true, "missive_quote": true, "freshdesk_quote": true, "nylas-quote": true,
	"ntes-mailmaster-quote": true, "edo-original-message": true,
}

var quoteIDs = map[string]bool{
	"divRplyFwdMsg": true, "OLK_SRC_BODY_SECTION": true, "mail-editor-reference-message-container": true, "reply-intro": true, "yahoo_quoted": true,
	"isReplyContent": true, "zwchr": true, "blockquote_zmail": true, "ntes-mailmaster-quote": true, "mail-app-auto-quote": true, "replySplit": true,
}

// quoteNames are of GMX, web.de and Spark.
var quoteNames = map[string]bool{"quote": true, "messageReplySection": true}

var signatureNames = map[string]bool{
	"gmail_signature": true, "moz-signature": true, "protonmail_signature_block": true, "tutanota_signature": true, "ms-outlook-mobile-signature": true,
	"Signature": true, "yahoo-signature": true, "composer_signature": true, "io-ox-signature": true, "sh-signature": true, "bloop_sign": true,
	"evo-signature-wrapper": true,
}
