package origin

import (
	"net/textproto"
	"strings"

	"countersign/mailin/message"
	"countersign/petition"
)

// bounce recognises a delivery report (R42) and reads whom it speaks of, how it went and why. It returns nil for
// anything else. Certain means that structure or header told it, not wording.
func bounce(m *message.Message) (b *petition.Bounce, certain bool, because string) {
	certain, because = looksLikeBounce(m)
	if because == "" {
		return nil, false, ""
	}
	b = &petition.Bounce{}
	notice, returned := splitNotice(m)
	b.MessageID = returned.messageID
	for _, group := range m.Report {
		if id := group.Get("Original-Envelope-Id"); id != "" {
			b.EnvelopeID = id
		}
		if r, ok := fromReport(group, notice); ok {
			b.Recipients = appendRecipient(b.Recipients, r)
		}
	}
	if len(b.Recipients) == 0 {
		b.Recipients = fromText(m, notice, returned)
	}
	return b, certain, because
}

// looksLikeBounce tells a delivery report by its structure, by X-Failed-Recipients, or by a mail system as the sender
// together with wording.
func looksLikeBounce(m *message.Message) (certain bool, because string) {
	kind := strings.ToLower(m.Params["report-type"])
	switch {
	case m.ContentType == "multipart/report" && strings.HasPrefix(kind, "delivery"), len(m.Report) > 0 && reportsRecipient(m.Report):
		return true, "delivery status report (RFC 3464)"
	case m.ContentType == "multipart/report" && kind == "":
		return true, "multipart/report"
	case m.Header.Has("X-Failed-Recipients"):
		return true, "X-Failed-Recipients"
	}
	if len(m.Forwarded) > 0 && fromMailSystem(&m.Forwarded[0].Header) && len(m.New) < 400 {
		because = "a bounce that a person forwarded"
	}
	system, null := fromMailSystem(&m.Header), nullSender(&m.Header)
	if !system && !null { // most mails: no need to look at the words
		return false, because
	}
	subject, text := strings.ToLower(m.Header.Subject), strings.ToLower(head(m.Text, 2500))
	phrase := anyIn(text, words().bounceBody)
	title := anyIn(subject, words().bounceSubject)
	switch {
	case system && (phrase != "" || title != ""):
		return true, "a mail system writes: " + phrase + title
	case null && title != "" && (phrase != "" || hasStatus(text) || len(m.Attached) > 0):
		return true, "no return path, and the subject says: " + title
	case null && phrase != "" && strings.Contains(text, "@") && !strings.HasPrefix(subject, "re:"):
		return true, "no return path, and the text says: " + phrase
	}
	return false, because
}

func reportsRecipient(groups []textproto.MIMEHeader) bool {
	for _, g := range groups {
		if g.Get("Final-Recipient") != "" || g.Get("Original-Recipient") != "" || g.Get("Action") != "" {
			return true
		}
	}
	return false
}

// fromMailSystem: From or Return-Path is a mailer daemon, or the display name says so.
func fromMailSystem(h *message.Header) bool {
	for _, a := range h.From {
		local, name := localOf(a.Address), strings.ToLower(a.Name)
		if a.Address == "" {
			local = name
		}
		if strings.HasPrefix(local, "mailer-daemon") || strings.HasPrefix(local, "postmaster") || strings.HasPrefix(local, "mailerdaemon") ||
			strings.HasPrefix(local, "mail-daemon") || strings.HasPrefix(local, "mdaemon") || strings.Contains(local, "mail.delivery") {
			return true
		}
		if strings.Contains(name, "mailer-daemon") || strings.Contains(name, "mail delivery") || strings.Contains(name, "mailer daemon") ||
			strings.Contains(name, "mail administrator") || strings.Contains(name, "mail system") {
			return true
		}
	}
	return strings.Contains(strings.ToLower(h.Get("Return-Path")), "mailer-daemon")
}

func nullSender(h *message.Header) bool {
	return h.Has("Return-Path") && strings.Trim(h.Get("Return-Path"), " <>") == ""
}

// fromReport reads one per-recipient group (RFC 3464 2.3). The original recipient is the address that we wrote to.
func fromReport(group textproto.MIMEHeader, notice string) (petition.BounceRecipient, bool) {
	address := typedAddress(group.Get("Original-Recipient"))
	if address == "" {
		address = typedAddress(group.Get("Final-Recipient"))
	}
	if address == "" {
		address = typedAddress(group.Get("X-Actual-Recipient"))
	}
	if address == "" {
		return petition.BounceRecipient{}, false
	}
	r := petition.BounceRecipient{Address: address, Status: firstStatus(group.Get("Status"))}
	action := strings.ToLower(group.Get("Action"))
	switch {
	case strings.HasPrefix(action, "delay"):
		r.Action = "delayed"
	case strings.HasPrefix(action, "deliver"), strings.HasPrefix(action, "relay"), strings.HasPrefix(action, "expand"):
		r.Action = "delivered"
	case strings.HasPrefix(action, "fail"):
		r.Action = "failed"
	case strings.HasPrefix(r.Status, "2."):
		r.Action = "delivered"
	case strings.HasPrefix(r.Status, "4."):
		r.Action = "delayed"
	default:
		r.Action = "failed"
	}
	diagnostic := group.Get("Diagnostic-Code")
	if s := firstStatus(diagnostic); s != "" && (r.Status == "" || strings.HasSuffix(r.Status, ".0.0")) {
		r.Status = s
	}
	explain(&r, diagnostic, notice)
	return r, true
}

// typedAddress reads "rfc822; jane@example.org".
func typedAddress(value string) string {
	kind, address, ok := strings.Cut(value, ";")
	if !ok {
		address = kind
	}
	address = strings.Trim(address, " <>\t\"")
	if !strings.Contains(address, "@") || strings.ContainsAny(address, " ") {
		for word := range strings.FieldsSeq(address) {
			if strings.Contains(word, "@") {
				return strings.Trim(word, "<>()\"")
			}
		}
		return ""
	}
	return address
}

func appendRecipient(list []petition.BounceRecipient, r petition.BounceRecipient) []petition.BounceRecipient {
	for _, have := range list {
		if strings.EqualFold(have.Address, r.Address) {
			return list
		}
	}
	if len(list) >= 200 {
		return list
	}
	return append(list, r)
}
