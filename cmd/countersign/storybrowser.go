package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// browser is a person's browser as far as the story needs one: cookies, links,
// forms. It runs no script, as no page of ours needs any.
type browser struct {
	client *http.Client
	base   *url.URL
}

func newBrowser(base *url.URL) *browser {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &browser{client: &http.Client{Jar: jar, Timeout: 30 * time.Second}, base: base}
}

// webPage is one answer with what a person can do on it.
type webPage struct {
	URL    *url.URL
	Status int
	Body   string
	Links  []string
	Forms  []webForm
	loose  map[string][]*html.Node // controls outside their form, by its id
}

// webForm is a form with the values it would send as it stands.
type webForm struct {
	ID      string
	Action  string
	Method  string
	Values  url.Values // hidden and text fields, selected options, ticked boxes
	Ticks   url.Values // every box and radio button, ticked or not
	Buttons []webButton
}

// webButton is a button that submits its form.
type webButton struct{ Name, Value, Text string }

func (b *browser) get(ctx context.Context, path string) (webPage, error) {
	return b.do(ctx, http.MethodGet, path, nil)
}

// submit sends the form, with more values over its own, by the button with the given text or value; "" is the first.
func (b *browser) submit(ctx context.Context, on webPage, f webForm, button string, more url.Values) (webPage, error) {
	values := url.Values{}
	for k, v := range f.Values {
		values[k] = slices.Clone(v)
	}
	maps.Copy(values, more)
	for i, bt := range f.Buttons {
		if button == "" && i == 0 || button != "" && (bt.Text == button || bt.Value == button) {
			if bt.Name != "" {
				values.Set(bt.Name, bt.Value)
			}
			break
		}
	}
	target, err := on.URL.Parse(f.Action)
	if err != nil {
		return webPage{}, err
	}
	if f.Method != http.MethodPost {
		target.RawQuery = values.Encode()
		return b.do(ctx, http.MethodGet, target.String(), nil)
	}
	return b.do(ctx, http.MethodPost, target.String(), values)
}

func (b *browser) do(ctx context.Context, method, path string, values url.Values) (webPage, error) {
	target, err := b.base.Parse(path)
	if err != nil {
		return webPage{}, err
	}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), strings.NewReader(values.Encode()))
	if err != nil {
		return webPage{}, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return webPage{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return webPage{}, err
	}
	p := webPage{URL: resp.Request.URL, Status: resp.StatusCode, Body: string(body)}
	if doc, err := html.Parse(strings.NewReader(p.Body)); err == nil {
		p.loose = make(map[string][]*html.Node)
		p.read(doc, nil)
		for i := range p.Forms {
			for _, n := range p.loose[p.Forms[i].ID] {
				p.Forms[i].control(n)
			}
		}
	}
	if p.Status >= http.StatusInternalServerError {
		return p, fmt.Errorf("%s %s answered %d", method, target.Path, p.Status)
	}
	return p, nil
}

// read collects links and forms below n; in is the form that n stands in.
func (p *webPage) read(n *html.Node, in *webForm) {
	if n.Type == html.ElementNode {
		switch n.Data {
		case "a":
			if href := attr(n, "href"); href != "" {
				p.Links = append(p.Links, href)
			}
		case "form":
			p.Forms = append(p.Forms, webForm{
				ID: attr(n, "id"), Action: attr(n, "action"), Method: strings.ToUpper(attr(n, "method")), Values: url.Values{}, Ticks: url.Values{},
			})
			i := len(p.Forms) - 1
			form := p.Forms[i]
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				p.read(c, &form)
			}
			p.Forms[i] = form
			return
		case "input", "button", "textarea", "select":
			if id := attr(n, "form"); id != "" {
				p.loose[id] = append(p.loose[id], n)
			} else if in != nil {
				in.control(n)
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		p.read(c, in)
	}
}

func (f *webForm) control(n *html.Node) {
	name, value, kind := attr(n, "name"), attr(n, "value"), attr(n, "type")
	switch {
	case n.Data == "button" && kind != "button" && kind != "reset", n.Data == "input" && kind == "submit":
		f.Buttons = append(f.Buttons, webButton{name, value, strings.Join(strings.Fields(textOf(n)), " ")})
	case name == "" || n.Data == "button":
	case kind == "checkbox" || kind == "radio":
		if value == "" {
			value = "on"
		}
		f.Ticks.Add(name, value)
		if hasAttr(n, "checked") {
			f.Values.Add(name, value)
		}
	case n.Data == "textarea":
		f.Values.Add(name, textOf(n))
	case n.Data == "select":
		f.choose(n, name)
	default:
		f.Values.Add(name, value)
	}
}

func (f *webForm) choose(n *html.Node, name string) {
	first := true
	for o := range n.Descendants() {
		if o.Type == html.ElementNode && o.Data == "option" && (first || hasAttr(o, "selected")) {
			f.Values.Set(name, attr(o, "value"))
			first = false
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}
