package origin

import "strings"

// The point of the SMTP session at which a server refused (RFC 5321 3). It weighs as much as the words: an address that is
// unknown is refused at RCPT, and a server that says "user unknown" when it has seen the content does not want the mail.
const (
	atConnect = "CONN"
	atHello   = "EHLO"
	atSender  = "MAIL"
	atAddress = "RCPT"
	atContent = "DATA"
)

// stages tells the point by the wording of the sending system, lower case; the first line that is found counts.
var stages = []struct {
	at      string
	phrases []string
}{
	{atAddress, []string{
		"need rcpt", "no valid recipients", // the reply to DATA of one who refused every RCPT before (RFC 5321 3.3)
	}},
	{atContent, []string{
		"in reply to end of data", "in reply to data", "after end of data", "end of data", "after data", "after i sent the message",
		">>> data", ">>> .", "smtp command data", "sending the message body", "after pipelined sending data", "in response to data",
		"data command", "command: data", "(state 16)", "(state 17)", "(state 18)", "after end of message", "final dot",
	}},
	{atAddress, []string{
		"rcpt to", "rcpt_to", "does not like recipient", "rcptto", "(state 12)", "(state 13)", "(state 14)", "(state 15)", "after rcpt", "command: rcpt",
		"recipient was rejected", "recipient refused",
	}},
	{atSender, []string{
		"in reply to mail from", "after mail from", ">>> mail from", "sender was rejected", "mail from command", "command: mail",
		"(state 9)", "(state 10)", "(state 11)", "(state 7)", "(state 8)", "after mail",
	}},
	{atHello, []string{
		"in reply to ehlo", "in reply to helo", ">>> ehlo", ">>> helo", "my name was rejected", "after ehlo", "after helo",
		"(state 4)", "(state 5)", "(state 6)", "ehlo command", "helo command", "after starttls",
	}},
	{atConnect, []string{
		"refused to talk to me", "greeting failed", "initial connection", "in reply to greeting", "while talking to initial", "connected to … but greeting",
		"after initial connection", "(state 1)", "(state 2)", "(state 3)",
	}},
}

// stage returns where in the session the refusal came, or "" when the text, in lower case, does not say.
func stage(text string) string {
	for _, s := range stages {
		for _, p := range s.phrases {
			if strings.Contains(text, p) {
				return s.at
			}
		}
	}
	return ""
}
