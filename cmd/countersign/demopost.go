package main

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/mailin/message"
	"countersign/petition"
	"countersign/postoffice"
)

//go:embed demo/postoffice.html
var postPageText string

// postPage is the demo's window on its post office: write as anybody, read
// anybody's mail. It has a server of its own on loopback, so that nothing of it
// can ever be part of a real service.
type postPage struct {
	office   *postoffice.Office
	page     *template.Template
	address  string // of the campaign: where mails go
	site     string // of the real pages
	public   string
	password string
	signIn   func() (*http.Cookie, error)
	host     string // the only Host that is answered
}

func newPostPage(p postPage) (http.Handler, error) {
	page, err := template.New("postoffice").Parse(postPageText)
	if err != nil {
		return nil, err
	}
	p.page = page
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.show)
	mux.HandleFunc("POST /send", p.send)
	mux.HandleFunc("GET /desk", p.desk)
	guard := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != p.host {
			http.Error(w, "open http://"+p.host+"/", http.StatusMisdirectedRequest)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src "+p.site+"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		w.Header().Set("Referrer-Policy", "same-origin")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		guard.Handler(mux).ServeHTTP(w, r)
	}), nil
}

// desk signs the visitor in as the demo's organizer. Cookies know no ports: set
// here, it counts on the real pages of the same host.
func (p *postPage) desk(w http.ResponseWriter, r *http.Request) {
	cookie, err := p.signIn()
	if err != nil {
		http.Error(w, "could not sign in: "+err.Error(), http.StatusInternalServerError)
		return
	}
	http.SetCookie(w, cookie)
	http.Redirect(w, r, p.site+"/desk", http.StatusSeeOther)
}

// example is a mail of the story that the form can be filled with.
type example struct{ Name, Text string }

var postExamples = []example{
	{"english", "a plain sign-on"},
	{"outlook", "in German"},
	{"windows-1251", "in Russian"},
	{"two", "two organizations"},
	{"monday", "not decided yet"},
	{"asks", "signs and asks"},
	{"out-of-office", "out of office"},
}

type draft struct{ From, To, Subject, Text, Reply string }

type letterRow struct {
	UID               uint32
	Subject, From, At string
	Body              template.HTML
	parsed            *message.Message
}

type postView struct {
	Site, Public, Box, Said, IMAP, SMTP, Password string
	Boxes                                         []string
	Examples                                      []example
	Letters                                       []letterRow
	Open                                          *letterRow
	Draft                                         draft
}

func (p *postPage) show(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	v := postView{
		Site: p.site, Public: p.public, Box: q.Get("box"), IMAP: p.office.IMAPAddr(), SMTP: p.office.SMTPAddr(), Password: p.password,
		Boxes: p.office.Accounts(), Examples: postExamples, Draft: draft{To: p.address},
	}
	if q.Get("sent") != "" {
		v.Said = "Sent. The answer comes in a second or two: open the mailbox."
	}
	if !slices.Contains(v.Boxes, v.Box) {
		v.Box = p.address
	}
	v.Letters = p.letters(v.Box)
	for i := range v.Letters {
		l := &v.Letters[i]
		switch uid := strconv.FormatUint(uint64(l.UID), 10); {
		case uid == q.Get("uid"):
			v.Open = l
		case uid == q.Get("reply"):
			v.Draft = draft{From: v.Box, To: answerAddress(l.parsed), Subject: "Re: " + l.Subject, Text: q.Get("say"), Reply: v.Box + " " + uid}
		}
	}
	for _, e := range postExamples {
		if e.Name == q.Get("example") {
			v.Draft = p.example(e.Name)
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	var page strings.Builder
	if err := p.page.Execute(&page, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, page.String())
}

func (p *postPage) example(name string) draft {
	raw, err := storyMail(name, p.address, time.Now(), "example")
	if err != nil {
		return draft{To: p.address}
	}
	m := message.Parse(raw)
	return draft{From: fmt.Sprintf("%s <%s>", m.Header.From[0].Name, m.Header.From[0].Address), To: p.address, Subject: m.Header.Subject, Text: m.Text}
}

// letters are the mails of a mailbox, newest first.
func (p *postPage) letters(box string) []letterRow {
	var rows []letterRow
	for _, l := range slices.Backward(p.office.Inbox(box)) {
		m := message.Parse(l.Raw)
		row := letterRow{UID: l.UID, Subject: m.Header.Subject, At: l.Received.Format("15:04:05"), parsed: m, Body: linked(m.Text)}
		if len(m.Header.From) > 0 {
			row.From = m.Header.From[0].Name + " <" + m.Header.From[0].Address + ">"
		}
		if row.Subject == "" {
			row.Subject = "(no subject)"
		}
		rows = append(rows, row)
	}
	return rows
}

// linked is a mail's text with its web addresses as links, all else escaped.
func linked(text string) template.HTML {
	var b strings.Builder
	last := 0
	for _, at := range webAddress.FindAllStringIndex(text, -1) {
		b.WriteString(template.HTMLEscapeString(text[last:at[0]]))
		u := template.HTMLEscapeString(text[at[0]:at[1]])
		b.WriteString(`<a href="` + u + `">` + u + `</a>`)
		last = at[1]
	}
	b.WriteString(template.HTMLEscapeString(text[last:]))
	return template.HTML(b.String()) //nolint:gosec // every piece is escaped above
}

func answerAddress(m *message.Message) string {
	if len(m.Header.ReplyTo) > 0 {
		return m.Header.ReplyTo[0].Address
	}
	if len(m.Header.From) > 0 {
		return m.Header.From[0].Address
	}
	return ""
}

func (p *postPage) send(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	from, err := mail.ParseAddress(r.FormValue("from"))
	to, toErr := mail.ParseAddress(r.FormValue("to"))
	if err != nil || toErr != nil {
		http.Error(w, "Write both addresses, as in: Anna Berg <office@lindenau.example>", http.StatusBadRequest)
		return
	}
	if err := p.deliver(r.Context(), r, from, to); err != nil {
		http.Error(w, "The mail could not be delivered: "+err.Error(), http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, "/?sent=1&box="+url.QueryEscape(petition.CanonicalAddress(from.Address)), http.StatusSeeOther)
}

func (p *postPage) deliver(ctx context.Context, r *http.Request, from, to *mail.Address) error {
	if !slices.Contains(p.office.Accounts(), petition.CanonicalAddress(from.Address)) {
		if err := p.office.AddAccount(petition.CanonicalAddress(from.Address), p.password); err != nil {
			return err
		}
	}
	now, id := time.Now(), fmt.Sprintf("p%d@%s", time.Now().UnixNano(), petition.Domain(from.Address))
	text := strings.ReplaceAll(r.FormValue("text"), "\r\n", "\n")
	raw := note(from.String(), to.Address, petition.CleanLine(r.FormValue("subject"), 200), text, now, id)
	if box, uid, ok := strings.Cut(r.FormValue("reply"), " "); ok {
		for _, l := range p.letters(box) {
			if strconv.FormatUint(uint64(l.UID), 10) == uid {
				raw = reply(l.parsed, from.String(), text, now, id)
			}
		}
	}
	verdict := postoffice.Pass
	if r.FormValue("forged") != "" {
		verdict = postoffice.Forged
	}
	return p.office.Deliver(ctx, from.Address, []string{to.Address}, raw, verdict)
}
