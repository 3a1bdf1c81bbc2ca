package origin

import (
	"encoding/json"
	"strings"

	"countersign/mailin/message"
	"countersign/petition"
)

// notification is the bounce notice of a sending service in JSON, as Amazon SES has it mailed.
type notification struct {
	Kind    string `json:"notificationType"`
	Event   string `json:"eventType"`
	Message string // of a notification service around it: the same once more, as a string
	Bounce  struct {
		Type       string `json:"bounceType"`
		Recipients []struct {
			Address    string `json:"emailAddress"`
			Action     string
			Status     string
			Diagnostic string `json:"diagnosticCode"`
		} `json:"bouncedRecipients"`
	}
}

// fromNotification reads the recipients of a text that is a bounce notice in JSON.
func fromNotification(m *message.Message) []petition.BounceRecipient {
	text := strings.TrimSpace(m.Text)
	if !strings.HasPrefix(text, "{") || !strings.Contains(text, "bouncedRecipients") {
		return nil
	}
	var n notification
	for range 2 {
		unfolded := strings.NewReplacer("\r", "", "\n", "").Replace(head(text, 1<<20))
		if json.NewDecoder(strings.NewReader(unfolded)).Decode(&n) != nil || n.Message == "" {
			break
		}
		text, n.Message = n.Message, ""
	}
	var out []petition.BounceRecipient
	for _, to := range n.Bounce.Recipients {
		if !isAddress(to.Address) || len(out) >= maxRecipients {
			continue
		}
		r := petition.BounceRecipient{Address: to.Address, Action: "failed", Status: firstStatus(to.Status)}
		f := failure{notice: &noticeText{}}
		f.kind, f.diagnostic = typed(to.Diagnostic)
		explain(&r, f)
		if r.Reason == "other" && n.Bounce.Type == "Permanent" {
			r.Reason, r.Class = "user_unknown", "hard"
		}
		out = appendRecipient(out, r)
	}
	return out
}
