package reading_test

import (
	"strings"
	"testing"

	"countersign/mailin/message"
	"countersign/mailin/reading"
	"countersign/petition"
)

// U09: what asks or objects without a word about signing is other mail; a question
// about the letter, a short withdrawal and an answer to us never are.
func TestU09OtherPeoplesQuestions(t *testing.T) {
	long := strings.Repeat("We have the best prices of all for you and your family this week. ", 12)
	for _, tt := range []struct {
		name, text string
		reply      bool
		other      bool
	}{
		{"lunch", "Hi Nora,\n\nshall we have lunch on Monday? I have found a nice place.\n\nAda\n", false, true},
		{"a design, no signature", "Hello,\n\ncould you send me the new design of the newsletter?\n\nAda\n", false, true},
		{"an advertisement", long + "\nTo be removed from our mailings, please remove us by writing to us.\n", false, true},
		{"who may sign", "Hello,\n\nmay companies sign, too?\n\nAda\n", false, false},
		{"German", "Guten Tag,\n\nbis wann kann man noch unterzeichnen?\n\nAda\n", false, false},
		{"our letter by name", "Hello,\n\nwhat is new about Open on Sunday?\n\nAda\n", false, false},
		{"an answer", "Hello,\n\nwhich day would that be?\n\nAda\n", true, false},
		{"a short withdrawal", "Please remove us.\n\nAda\n", false, false},
	} {
		m := &message.Message{New: tt.text, Text: tt.text, Header: message.Header{Subject: "hello", From: []message.Address{{Name: "Ada Moor", Address: "ada@elsewhere.example"}}}}
		if tt.reply {
			m.Header.InReplyTo = []string{"n1@opensunday.example"}
		}
		got := reader(t).Read(m, petition.Origin{}, reading.Hints{CampaignNames: []string{"Open on Sunday"}})
		if (got.Intent == petition.OtherIntent || got.Intent == petition.Spam) != tt.other {
			t.Errorf("%s is %s", tt.name, got.Intent)
		}
	}
}
