package e2e

import (
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"countersign/e2e/servers"
)

const organizer = "nora@example.org"

// A mail comes in, a signature is listed: with real servers and a real browser all the way.
func TestWholeLoop(t *testing.T) {
	t.Parallel()
	i := install(t, plan{database: servers.For(t, servers.StartPostgres).DSN})
	i.do(t, "organizer", "add", organizer, "--name", "Nora", "--role", "owner", "--no-digest")
	i.serve(t)

	const anna = "office@lindenau.example"
	now := time.Now()
	i.deliver(t, "INBOX", now, signOn(anna, "Anna Berg", "City Library Lindenau", "Leipzig, Germany", now))
	request := i.letter(t, anna, "Is this correct?")

	b := newBrowser(t)
	b.open(request.link(t, "/c/"))
	b.shoot("confirm")
	b.tick(`input[name=deliberate]`)
	b.press(`.btn-big`)
	if h := b.text("h1"); !strings.HasPrefix(h, "Thank you") {
		t.Fatalf("after confirming the page says %q", h)
	}
	b.shoot("confirmed")
	i.letter(t, anna, "City Library Lindenau")

	i.signIn(t, b)
	b.shoot("desk-queue")
	i.approve(t, b, "City Library Lindenau")
	i.letter(t, anna, "is now on the list")
	if got := i.listed(t); !slices.Equal(got, []string{"City Library Lindenau"}) {
		t.Errorf("listed: %q", got)
	}

	// The second says yes by answering: Dovecot adds no verdict on the sender, so the
	// printed code in what is quoted is what counts (R28, U03).
	const ivo = "ivo@towpath.example"
	i.deliver(t, "INBOX", now, signOn(ivo, "Ivo Reed", "Towpath Cycling Club", "Ghent, Belgium", now))
	request = i.letter(t, ivo, "Is this correct?")
	i.deliver(t, "INBOX", time.Now(), reply(request, ivo, "Yes, we confirm. Best regards\r\nIvo Reed", time.Now()))
	i.approve(t, b, "Towpath Cycling Club")
	i.letter(t, ivo, "is now on the list")

	b.open(i.base + "/" + slug)
	if got := b.text("#no-1"); !strings.Contains(got, "1 City Library Lindenau") || !strings.Contains(got, "Leipzig") {
		t.Errorf("number 1 is %q", got)
	}
	b.shoot("public")
	i.wantList(t, "City Library Lindenau", "Towpath Cycling Club")
	for _, l := range i.letters(t) {
		if strings.Contains(l.raw, "/desk/in/") != (l.to == organizer) {
			t.Errorf("a letter to %s with a sign-in link, or to the organizer without", l.to)
		}
	}
}

// signIn asks for a link at the desk and follows it in the same browser.
func (i *installation) signIn(t *testing.T, b *browser) {
	t.Helper()
	b.open(i.base + "/desk")
	b.do("write the address", chromedp.SendKeys(chromedp.CSS("#em"), organizer))
	b.press(".btn-big")
	b.shoot("desk-sent")
	b.open(i.letter(t, organizer, "/desk/in/").link(t, "/desk/in/"))
	b.press(".btn-big")
}

// approve takes an organization from the queue and approves it.
func (i *installation) approve(t *testing.T, b *browser, name string) {
	t.Helper()
	link := `//a[contains(., "` + name + `")]`
	eventually(t, name+" waits in the queue", func() bool {
		b.open(i.base + "/desk")
		return value(b, "look for "+name, chromedp.Evaluate[bool](`document.querySelector("main").innerText.includes("`+name+`")`))
	})
	b.goes("open "+name, chromedp.Click(link, chromedp.NodeVisible))
	b.shoot("desk-case-" + strings.ToLower(name[:4]))
	b.press(`button[value=approve]`)
}

// listed are the names of the public JSON, by number.
func (i *installation) listed(t *testing.T) []string {
	t.Helper()
	var list struct {
		Organizations int
		Signatures    []struct {
			Number int
			Name   string
		}
	}
	if err := json.Unmarshal([]byte(i.page(t, "/"+slug+"/signatures.json")), &list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for n, s := range list.Signatures {
		if s.Number != n+1 {
			t.Errorf("line %d has number %d", n+1, s.Number)
		}
		names = append(names, s.Name)
	}
	if list.Organizations != len(names) {
		t.Errorf("%d organizations are counted, %d are listed", list.Organizations, len(names))
	}
	return names
}

// wantList demands the same lines in JSON and CSV.
func (i *installation) wantList(t *testing.T, names ...string) {
	t.Helper()
	if got := i.listed(t); !slices.Equal(got, names) {
		t.Errorf("JSON lists %q, want %q", got, names)
	}
	rows, err := csv.NewReader(strings.NewReader(i.page(t, "/"+slug+"/signatures.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := slices.Index(rows[0], "name")
	var got []string
	for _, r := range rows[1:] {
		got = append(got, r[column])
	}
	if !slices.Equal(got, names) {
		t.Errorf("CSV lists %q, want %q", got, names)
	}
}
