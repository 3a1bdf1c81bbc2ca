package reading_test

import (
	"html"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"countersign/mailin/message"
	"countersign/mailin/reading"
	"countersign/petition"
)

// clients are the ways in which our prefilled lines come back (USERS: "the
// prefilled mail"): each makes a whole mail of them.
var clients = map[string]func(lines, empty []string) string{
	"Gmail, HTML": func(lines, _ []string) string {
		var b strings.Builder
		b.WriteString(`<div dir="ltr">`)
		for _, line := range lines {
			b.WriteString("<div>" + html.EscapeString(line) + "<br></div>")
		}
		return "Content-Type: text/html; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + b.String() + "</div>\r\n"
	},
	"Outlook, HTML under a separator in two languages": func(lines, empty []string) string {
		var b strings.Builder
		p := func(line string) {
			b.WriteString(`<p class="MsoNormal">` + html.EscapeString(line) + "<o:p></o:p></p>")
		}
		for _, line := range lines {
			p(line)
		}
		b.WriteString(`<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>Von/From:</b> Open on Sunday &lt;sign@opensunday.example&gt;<br><b>Gesendet/Sent:</b> Monday, 11 May 2026 14:02<br><b>An/To:</b> office@lindenau.example<br><b>Betreff/Subject:</b> We have your mail<o:p></o:p></p></div>`)
		for _, line := range empty {
			p(line)
		}
		return "Content-Type: text/html; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<html><body>" + b.String() + "</body></html>\r\n"
	},
	"Apple Mail, flowed": func(lines, _ []string) string {
		return "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + strings.Join(lines, "\r\n") + "\r\n"
	},
	"Thunderbird, plain, our empty lines quoted": func(lines, empty []string) string {
		return "Content-Type: text/plain; charset=utf-8; format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + strings.Join(lines, "\r\n") +
			"\r\n\r\nOn 11.05.26 14:02, Open on Sunday wrote:\r\n> " + strings.Join(empty, "\r\n> ") + "\r\n"
	},
	"phone, line breaks lost": func(lines, _ []string) string {
		return "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + strings.Join(lines, " ") + "\r\n\r\nSent from my iPhone\r\n"
	},
}

// TestFormInEveryClient: our prefilled lines, filled in in twenty languages and
// five clients, are read with high confidence; left empty they name nobody.
func TestFormInEveryClient(t *testing.T) {
	r := reader(t)
	var names map[string]struct{ Shown string }
	if _, err := toml.DecodeFile("testdata/replies.toml", &names); err != nil {
		t.Fatal(err)
	}
	values := []string{"", "", "Leipzig, Germany", "www.lindenau.example", "Anna Berg", "Director"}
	for _, tag := range r.Languages() {
		tag, _, _ = strings.Cut(tag, "-")
		var file struct{ Form []string }
		if _, err := toml.DecodeFile(filepath.Join("languages", tag+".toml"), &file); err != nil {
			t.Fatal(err)
		}
		values[1] = names[tag].Shown
		filled := make([]string, len(file.Form))
		for i, line := range file.Form {
			filled[i] = strings.TrimSpace(line + " " + values[i])
		}
		for client, write := range clients {
			read := func(lines []string, address string) petition.Reading {
				raw := "From: Anna Berg <" + address + ">\r\nTo: sign@opensunday.example\r\nSubject: Open on Sunday\r\nMIME-Version: 1.0\r\n" + write(lines, file.Form)
				return r.Read(message.Parse([]byte(raw)), petition.Origin{}, reading.Hints{CampaignNames: []string{"Open on Sunday"}, OwnAddresses: []string{"sign@opensunday.example"}})
			}
			got := read(filled, "office@lindenau.example")
			if got.Intent != petition.SignOn || got.Confidence != petition.High || len(got.Organizations) != 1 || got.Organizations[0].Name != values[1] {
				t.Errorf("%s, %s: %s %s %v", tag, client, got.Intent, got.Confidence, got.Organizations)
			}
			if empty := read(file.Form, "anna@freemail.example"); len(empty.Organizations) > 0 {
				t.Errorf("%s, %s: left empty names %q", tag, client, empty.Organizations[0].Name)
			}
		}
	}
}
