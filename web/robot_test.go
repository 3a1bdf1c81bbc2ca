package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"countersign/petition"
)

// robot is a link scanner at its worst: it opens every link, fills in every empty
// field, ticks every box (but the deliberate one) and presses every button (U12).
type robot struct {
	*site
	deliberate bool // then it ticks that one, too
	seen       map[string]bool
	pressed    int
}

func (r *robot) visit(path string) {
	u, err := url.Parse(path)
	if err != nil || u.Host != "" || u.Scheme != "" || r.seen[u.RequestURI()] || len(r.seen) > 300 {
		return
	}
	r.seen[u.RequestURI()] = true
	r.read(u, r.get(u.RequestURI()), 2)
}

// read takes a page in; forms that come back are pressed again, depth times.
func (r *robot) read(at *url.URL, a answer, depth int) {
	if to := a.Header().Get("Location"); to != "" {
		r.visit(to)
		return
	}
	if !strings.HasPrefix(a.Header().Get("Content-Type"), "text/html") {
		return
	}
	root, err := html.Parse(strings.NewReader(a.body))
	r.ok(err)
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "a", "link":
			if to, err := at.Parse(attribute(n, "href")); err == nil && attribute(n, "href") != "" {
				r.visit(to.String())
			}
		case "form":
			to, err := at.Parse(attribute(n, "action"))
			r.ok(err)
			r.pass(time.Hour) // so that no limit hides a fault
			r.pressed++
			method := strings.ToUpper(attribute(n, "method"))
			if answer := r.do(method, to.RequestURI(), r.fill(n)); depth > 0 {
				r.read(to, answer, depth-1)
			}
		}
	}
}

func (r *robot) fill(form *html.Node) url.Values {
	values := url.Values{}
	for n := range form.Descendants() {
		name := attribute(n, "name")
		if n.Type != html.ElementNode || name == "" || name == "deliberate" && !r.deliberate {
			continue
		}
		value := attribute(n, "value")
		if value == "" && n.Data == "input" && attribute(n, "type") != "email" {
			value = "robot"
		}
		values.Add(name, value)
	}
	return values
}

func attribute(n *html.Node, name string) string {
	i := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
	if i < 0 {
		return ""
	}
	return n.Attr[i].Val
}

// TestRobot lets it loose on every state of the signers' pages.
func TestRobot(t *testing.T) {
	for _, deliberate := range []bool{false, true} {
		s := newSite(t, func(c *petition.Campaign) { c.Closes = morning.AddDate(1, 0, 0) })
		awaiting := s.wrote("office@lindenau.example", lindenau())
		several := s.wrote("office@umbrella.example", petition.Claim{Name: "Reading Trust", Kind: petition.KindOrganization}, petition.Claim{Name: "Towpath Club", Kind: petition.KindOrganization})
		waiting := s.wrote("office@waiting.example", petition.Claim{Name: "Waiting Room Choir", Kind: petition.KindOrganization})
		removed := s.wrote("office@removed.example", petition.Claim{Name: "Removed Society", Kind: petition.KindOrganization})
		listed := s.wrote("office@listed.example", petition.Claim{Name: "Listed League", Kind: petition.KindOrganization})
		id := func(n petition.Notice) []int64 { return []int64{n.Shows[0].EndorsementID} }
		s.act(petition.Action{Kind: petition.ActWait, Endorsements: id(waiting), Channel: petition.ByLink})
		s.act(petition.Action{Kind: petition.ActRemove, Endorsements: id(removed), Channel: petition.ByLink})
		s.act(petition.Action{Kind: petition.ActConfirm, Endorsements: id(listed), Channel: petition.ByLink})
		s.act(petition.Action{Kind: petition.ActApprove, Endorsements: id(listed), OrganizerID: s.owner})
		ids := []int64{several.Shows[1].EndorsementID}
		for _, n := range []petition.Notice{awaiting, several, waiting, removed, listed} {
			ids = append(ids, id(n)...)
		}
		before := s.history(ids...)

		r := &robot{site: s, deliberate: deliberate, seen: map[string]bool{}}
		r.visit("/")
		r.visit(page)
		for _, n := range []petition.Notice{awaiting, several, waiting, removed, listed} {
			r.visit(s.link(n))
			r.visit("/s/" + s.keys.Link(petition.PurposeSelf, &n))
			r.visit("/c/" + s.keys.Link(petition.PurposeSelf, &n))
		}
		if r.pressed < 20 {
			t.Fatalf("the robot pressed %d buttons only", r.pressed)
		}
		if changed := s.history(ids...) != before; changed != deliberate {
			t.Errorf("deliberate %v: changed %v", deliberate, changed)
		}
		if a := s.get("/healthz"); a.Code != http.StatusOK {
			t.Errorf("health %d", a.Code)
		}
	}
}
