package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"countersign/e2e/servers"
)

// robot is a mail scanner at its worst: in a real browser it opens every link,
// follows those on the pages, ticks every box, fills in every empty field and
// presses every button. Only the deliberate box it leaves alone (R40, U12).
type robot struct {
	*browser
	*installation
	queue   []string
	seen    map[string]bool
	pressed int
}

// ticking is what the robot does to one form; the click comes after the script has ended.
const ticking = `(form, button, deliberate) => {
	const f = document.forms[form]
	f.noValidate = true
	for (const e of document.querySelectorAll("input")) {
		if (e.type == "checkbox" || e.type == "radio") e.checked = e.checked || deliberate || e.name != "deliberate"
		else if (!deliberate && e.type == "text" && e.value == "") e.value = "robot"
	}
	const buttons = [...f.elements].filter(e => e.type == "submit")
	setTimeout(() => buttons.length ? buttons[button].click() : f.requestSubmit(), 0)
}`

// found is what a page offers.
type found struct {
	Links   []string
	Buttons []int // of each form, at least 1
}

const finding = `({Links: [...document.links].map(a => a.href), Buttons: [...document.forms].map(f => Math.max(1, [...f.elements].filter(e => e.type == "submit").length))})`

const manyPages = 60

// look takes in the page that is shown.
func (r *robot) look() found {
	r.t.Helper()
	f := value(r.browser, "look", chromedp.Evaluate[found](finding))
	for _, l := range f.Links {
		l, _, _ = strings.Cut(l, "#")
		if strings.HasPrefix(l, r.base+"/") && !r.seen[l] && !inMoreLanguages(l) && len(r.seen) < manyPages {
			r.seen[l] = true
			r.queue = append(r.queue, l)
		}
	}
	return f
}

// inMoreLanguages reports that the link leads to a page that the robot sees in English,
// German and Arabic already: its forms are the same in twenty languages more.
func inMoreLanguages(link string) bool {
	u, err := url.Parse(link)
	return err == nil && !slices.Contains([]string{"", "de", "ar"}, u.Query().Get("lang"))
}

// push fills in one form of the page that is shown and presses one of its buttons.
func (r *robot) push(form, button int, deliberate bool) {
	r.t.Helper()
	r.pressed++
	script := fmt.Sprintf("(%s)(%d, %d, %t)", ticking, form, button, deliberate)
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, chromedp.Evaluate[chromedp.Void](script))
	if err != nil {
		r.t.Fatalf("press button %d of form %d: %v\n%s", button, form, err, r.state())
	}
	if response != nil && (response.Status >= http.StatusInternalServerError || response.Status == http.StatusTooManyRequests) {
		r.t.Errorf("button %d of form %d led to %d", button, form, response.Status)
	}
}

// visit opens a page and presses every button on it.
func (r *robot) visit(address string) {
	r.t.Helper()
	if strings.HasSuffix(address, ".csv") || strings.HasSuffix(address, ".json") { // a browser saves it, and no page comes
		r.page(r.t, strings.TrimPrefix(address, r.base))
		return
	}
	r.open(address)
	for form, buttons := range r.look().Buttons {
		for button := range buttons {
			r.open(address)
			r.push(form, button, false)
			r.look()
		}
	}
}

func TestRobotBrowser(t *testing.T) {
	t.Parallel()
	dsn := servers.For(t, servers.StartPostgres).DSN
	i := install(t, plan{database: dsn})
	i.do(t, "organizer", "add", organizer, "--no-digest")
	i.serve(t)
	const anna = "office@lindenau.example"
	i.deliver(t, "INBOX", time.Now(), signOn(anna, "Anna Berg", "City Library Lindenau", "Leipzig, Germany", time.Now()))
	db := database{t, open(t, dsn)}
	b := newBrowser(t)

	request := i.letter(t, anna, "Is this correct?")
	i.loose(t, b, db, request)
	if list := i.listed(t); len(list) != 0 {
		t.Errorf("the robot signed: %q", list)
	}
	// With the deliberate box the same press signs: the button does work.
	r := &robot{browser: b, installation: i, seen: map[string]bool{}}
	r.open(request.link(t, "/c/"))
	r.push(0, 0, true)
	desk := newBrowser(t) // of its own: the robot is nobody's session
	i.signIn(t, desk)
	i.approve(t, desk, "City Library Lindenau")
	confirmation := i.letter(t, anna, "is now on the list")
	i.wantList(t, "City Library Lindenau")

	i.loose(t, b, db, confirmation) // whose links lead to where one can correct and withdraw
	i.wantList(t, "City Library Lindenau")
}

// loose lets a robot loose on all links of a letter, and demands that nothing changes and nothing is sent.
func (i *installation) loose(t *testing.T, b *browser, db database, l letter) {
	t.Helper()
	eventually(t, "nothing is on its way", func() bool { return db.idle(1) })
	before, public, sent := db.everything(), i.page(t, "/"+slug+"/signatures.json"), len(i.letters(t))
	r := &robot{browser: b, installation: i, seen: map[string]bool{}}
	for _, l := range l.links() {
		r.seen[l] = true
		r.queue = append(r.queue, l)
	}
	for len(r.queue) > 0 {
		next := r.queue[0]
		r.queue = r.queue[1:]
		r.visit(next)
	}
	t.Logf("the robot opened %d pages and pressed %d buttons", len(r.seen), r.pressed)
	if r.pressed < 2 {
		t.Error("it found hardly a button")
	}
	if after := db.everything(); after != before {
		t.Errorf("the robot changed something:\n%s\nbefore:\n%s", after, before)
	}
	if after := i.page(t, "/"+slug+"/signatures.json"); after != public {
		t.Errorf("the robot changed the list:\n%s", after)
	}
	if n := len(i.letters(t)); n != sent {
		t.Errorf("%d letters were sent", n-sent)
	}
}

// everything is what a person's decision would change, as text.
func (d database) everything() string {
	d.t.Helper()
	return d.text(`SELECT concat_ws(E'\n',
		(SELECT string_agg(concat_ws(' ', 'endorsement', id, revision), E'\n' ORDER BY id) FROM endorsements),
		(SELECT string_agg(concat_ws(' ', 'version', endorsement_id, n, fields, verification, review), E'\n' ORDER BY endorsement_id, n) FROM versions),
		(SELECT 'events ' || COUNT(*) FROM events), (SELECT 'tasks ' || COUNT(*) FROM tasks),
		(SELECT string_agg(concat_ws(' ', 'notice', id, kind, state), E'\n' ORDER BY id) FROM notices))`)
}
