package message

import "strings"

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

// isQuoteContainer knows the elements that clients put the quoted mail in (R25).
func isQuoteContainer(name, class, id, style string) bool {
	if class != "" {
		for c := range strings.FieldsSeq(class) {
			if quoteClasses[c] {
				return true
			}
		}
	}
	if id != "" && quoteIDs[id] {
		return true
	}
	return name == "div" && strings.Contains(style, "border-top:solid") && strings.Contains(style, "padding:3.0pt0")
}

// isSignature knows the elements that clients put the writer's signature in.
func isSignature(class, id string) bool {
	for c := range strings.FieldsSeq(class) {
		switch c {
		case "gmail_signature", "moz-signature", "protonmail_signature_block", "tutanota_signature", "ms-outlook-mobile-signature":
			return true
		}
	}
	return id == "Signature" || id == "ms-outlook-mobile-signature" || id == "AppleMailSignature"
}

var quoteClasses = map[string]bool{
	"gmail_quote": true, "gmail_quote_container": true, "yahoo_quoted": true, "moz-cite-prefix": true, "protonmail_quote": true,
	"zmail_extra": true, "tutanota_quote": true, "OutlookMessageHeader": true, "gmx_quote": true, "bloop_original_html": true,
}

var quoteIDs = map[string]bool{
	"divRplyFwdMsg": true, "x_divRplyFwdMsg": true, "OLK_SRC_BODY_SECTION": true, "reply-intro": true, "yahoo_quoted": true,
	"isReplyContent": true, "zwchr": true,
}
