package origin

import (
	"strings"

	"countersign/mailin/message"
	"countersign/petition"
)

const maxReceived = 50 // more of them is a loop (R32)

// automatic classifies a mail. Certain means that a header field decided, not wording (R31).
func automatic(m *message.Message, s Settings) (petition.Automatic, *petition.Bounce) {
	if because := loop(&m.Header, s); because != "" {
		return petition.Automatic{Kind: petition.AutoLoop, Certain: true, Because: because}, nil
	}
	if because := report(m); because != "" {
		return petition.Automatic{Kind: petition.AutoReport, Certain: true, Because: because}, nil
	}
	if b, certain, because := bounce(m); b != nil {
		return petition.Automatic{Kind: petition.AutoBounce, Certain: certain, Because: because}, b
	}
	if because := challenge(m); because != "" {
		return petition.Automatic{Kind: petition.Challenge, Because: because}, nil
	}
	if because := autoHeader(&m.Header); because != "" {
		return petition.Automatic{Kind: petition.AutoAnswer, Certain: true, Because: because}, nil
	}
	if because := list(&m.Header); because != "" {
		return petition.Automatic{Kind: petition.AutoList, Certain: true, Because: because}, nil
	}
	if because := robot(&m.Header); because != "" {
		return petition.Automatic{Kind: petition.AutoAnswer, Certain: true, Because: because}, nil
	}
	if because := autoWording(m); because != "" {
		return petition.Automatic{Kind: petition.AutoAnswer, Because: because}, nil
	}
	if because := bulk(m); because != "" {
		return petition.Automatic{Kind: petition.AutoList, Because: because}, nil
	}
	return petition.Automatic{Kind: petition.Human}, nil
}

// loop recognises our own mail and mail that goes in circles (R32). Only the mail's own Message-ID counts: replies
// rightly carry ours in References.
func loop(h *message.Header, s Settings) string {
	if s.OwnMessageID != nil && h.MessageID != "" && s.OwnMessageID(h.MessageID) {
		return "Message-ID is ours"
	}
	for _, from := range h.From {
		for _, own := range s.OwnAddresses {
			if strings.EqualFold(from.Address, own) {
				return "From is our own address"
			}
		}
	}
	for _, mark := range h.Values("X-Loop") {
		for _, own := range s.OwnAddresses {
			if strings.EqualFold(strings.Trim(mark, " <>"), own) {
				return "X-Loop is ours"
			}
		}
	}
	received := 0
	for i := range h.Fields {
		if strings.EqualFold(h.Fields[i].Name, "Received") {
			received++
		}
	}
	if received > maxReceived {
		return "more than 50 Received fields"
	}
	return ""
}

// report recognises MDNs (RFC 8098), abuse reports (RFC 5965), DMARC and TLS reports (R46).
func report(m *message.Message) string {
	kind := strings.ToLower(m.Params["report-type"])
	switch {
	case m.ContentType == "multipart/report" && kind != "" && kind != "delivery-status" && !strings.HasPrefix(kind, "delivery"):
		return "multipart/report; report-type=" + kind
	case m.ContentType == "message/disposition-notification", m.ContentType == "message/feedback-report":
		return "Content-Type " + m.ContentType
	}
	for _, a := range m.Attachments {
		switch a.MediaType {
		case "message/disposition-notification", "message/feedback-report", "application/tlsrpt+gzip", "application/tlsrpt+json":
			return "a part of type " + a.MediaType
		}
	}
	if m.Header.Has("TLS-Report-Domain") {
		return "TLS-Report-Domain"
	}
	for _, inner := range m.Attached {
		if inner.Header.Has("X-HmXmrOriginalRecipient") {
			return "complaint of a feedback loop without RFC 5965 form"
		}
	}
	subject := strings.ToLower(m.Header.Subject)
	if strings.Contains(subject, "report domain:") && strings.Contains(subject, "submitter:") {
		return "subject of a DMARC report (RFC 7489 7.2.1.1)"
	}
	for _, a := range m.Attachments { // receiver!policy-domain!begin!end.xml.gz
		if name := strings.ToLower(a.Filename); strings.Count(name, "!") >= 3 && (strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".zip") || strings.HasSuffix(name, ".xml")) {
			return "file name of a DMARC report (RFC 7489 7.2.1.1)"
		}
	}
	return ""
}

// autoHeader recognises fields that only programs write (R31).
func autoHeader(h *message.Header) string {
	for i := range h.Fields {
		f := &h.Fields[i]
		value := strings.ToLower(strings.TrimSpace(f.Value))
		switch strings.ToLower(f.Name) {
		case "auto-submitted":
			token, _, _ := strings.Cut(value, ";") // RFC 3834 5: parameters may follow
			if token = strings.TrimSpace(token); token != "" && token != "no" {
				return "Auto-Submitted: " + token
			}
		case "x-auto-response-suppress":
			for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
				if word == "all" || word == "oof" || word == "autoreply" { // DR, RN, NRN, NDR say nothing
					return "X-Auto-Response-Suppress: " + word
				}
			}
		case "precedence", "x-precedence":
			if value == "auto_reply" || value == "auto-reply" {
				return f.Name + ": " + value
			}
		case "x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-mail-autoreply", "x-loop", "x-no-loop", "x-auto-reply":
			if value != "no" && value != "false" {
				return f.Name
			}
		case "x-ms-exchange-inbox-rules-loop", "x-failed-recipients":
			return f.Name
		case "return-path":
			if strings.ReplaceAll(value, " ", "") == "<>" {
				return "Return-Path: <>"
			}
		}
	}
	return ""
}

// list recognises mailing lists and bulk mail: no automatic answer, but not trash (R31).
func list(h *message.Header) string {
	for i := range h.Fields {
		f := &h.Fields[i]
		name := strings.ToLower(f.Name)
		switch name {
		case "list-id", "list-unsubscribe", "list-post", "list-help", "list-subscribe", "list-owner", "list-archive",
			"x-mailman-version", "x-mailing-list", "mailing-list", "x-list-id", "x-listserver", "list-unsubscribe-post":
			return f.Name
		case "precedence", "x-precedence":
			value := strings.ToLower(strings.TrimSpace(f.Value))
			if value == "bulk" || value == "list" || value == "junk" {
				return f.Name + ": " + value
			}
		default:
			if strings.HasPrefix(name, "list-") {
				return f.Name
			}
		}
	}
	return ""
}

// robot recognises senders that are programs by their local part (RFC 5230 4.6).
func robot(h *message.Header) string {
	lists := [][]message.Address{h.From, h.Sender}
	for _, list := range lists {
		for _, a := range list {
			local := localOf(a.Address)
			if local == "" {
				continue
			}
			base := local
			if i := strings.IndexAny(local, "+="); i > 0 {
				base = local[:i]
			}
			if words().robots[base] || strings.HasPrefix(local, "owner-") || strings.HasSuffix(local, "-request") ||
				strings.HasPrefix(local, "bounce-") || strings.HasPrefix(local, "bounces-") || hasRobotWord(local) {
				return "sender is " + local
			}
		}
	}
	return ""
}

func hasRobotWord(local string) bool {
	for _, word := range []string{"noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon"} {
		if strings.Contains(local, word) {
			return true
		}
	}
	return false
}

// challenge recognises programs that ask the writer to prove to be human (R46).
func challenge(m *message.Message) string {
	if m.Header.Has("X-Boxbe-Challenge") || m.Header.Has("X-Challenge-Response") {
		return "header of a challenge-response system"
	}
	text := strings.ToLower(m.Header.Subject + "\n" + head(m.New, 1500))
	if p, ok := words().challenge.find(text); ok {
		return "wording: " + p.phrase
	}
	return ""
}

// autoWording recognises an out-of-office by its subject or text. A person may write so, too: never certain.
func autoWording(m *message.Message) string {
	subject := strings.ToLower(strings.TrimSpace(m.Header.Subject))
	for range 4 {
		subject = strings.TrimLeft(subject, " [(<*\"'")
		rest, ok := cutReply(subject)
		if !ok {
			break
		}
		if p := anyStart(strings.TrimLeft(rest, " [(<*\"'"), words().autoSubject); p != "" && len(m.New) < 3000 {
			return "subject: " + p
		}
		subject = rest
	}
	if p := anyStart(subject, words().autoSubject); p != "" {
		return "subject: " + p
	}
	if len(m.New) > 0 && len(m.New) < 1500 {
		if p, ok := words().autoBody.find(lowLine(head(m.New, 600))); ok {
			return "text: " + p.phrase
		}
	}
	return ""
}

// cutReply takes one "Re:" of any language off a lower-case subject.
func cutReply(subject string) (string, bool) {
	for _, re := range []string{"re:", "aw:", "antw:", "sv:", "vs:", "rép:", "rif:", "r:", "odp:", "ynt:", "fwd:", "fw:", "wg:", "tr:", "回复:", "回复：", "答复:", "返信:"} {
		if rest, ok := strings.CutPrefix(subject, re); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return subject, false
}

// head is the beginning of s, cut between characters.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
