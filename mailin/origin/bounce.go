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
	groups := m.Report
	if len(groups) == 0 {
		groups = reportInText(notice)
	}
	for _, group := range groups {
		if id := group.Get("Original-Envelope-Id"); id != "" {
			b.EnvelopeID = id
		}
	}
	b.Recipients = fromReport(groups, notice)
	if len(b.Recipients) == 0 {
		b.Recipients = fromNotification(m)
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
	case len(fromNotification(m)) > 0:
		return true, "bounce notification of a sending service"
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
