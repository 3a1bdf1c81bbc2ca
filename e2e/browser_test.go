package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"countersign/e2e/servers"
)

// browser is one tab of a Chromium with scripts.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path, flags, err := servers.Chromium()
	if err != nil {
		t.Fatal(err)
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(patience), chromedp.Flag("hide-scrollbars", true)}
	for _, f := range flags {
		options = append(options, chromedp.Flag(f, true))
	}
	ctx, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	ctx, closed := chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(closed)
	b := &browser{t: t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil { // not under a limit: the browser would end with it
		t.Fatal(err)
	}
	return b
}

// do runs actions on the page that is shown.
func (b *browser) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("%s: %v\n%s", what, err, b.state())
	}
}

// goes runs actions that lead to another page and waits until that is loaded.
func (b *browser) goes(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, actions...); err != nil {
		b.t.Fatalf("%s: %v\n%s", what, err, b.state())
	}
}

func (b *browser) open(url string) { b.t.Helper(); b.goes("open "+url, chromedp.Navigate(url)) }

// press clicks what leads to another page.
func (b *browser) press(selector string) {
	b.t.Helper()
	b.goes("press "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// tick clicks what leads nowhere.
func (b *browser) tick(selector string) {
	b.t.Helper()
	b.do("tick "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// value runs an action that answers.
func value[T any](b *browser, what string, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", what, err, b.state())
	}
	return v
}

func (b *browser) text(selector string) string {
	b.t.Helper()
	return strings.Join(strings.Fields(value(b, "read "+selector, chromedp.Text(chromedp.CSS(selector)))), " ")
}

// state is where the browser is, for a failed test.
func (b *browser) state() string {
	state, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return state
}

// shoot keeps a picture of the whole page at the widths of a telephone and of a desk:
// `go test -artifacts` says where.
func (b *browser) shoot(name string) {
	b.t.Helper()
	for _, width := range []int64{360, 1440} {
		b.do("shoot "+name, chromedp.EmulateViewport(width, 900))
		if value(b, "measure "+name, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`)) {
			b.t.Errorf("%s is wider than %d px", name, width)
		}
		picture := value(b, "shoot "+name, chromedp.FullScreenshot(100))
		if err := os.WriteFile(filepath.Join(b.t.ArtifactDir(), fmt.Sprintf("%s-%d.png", name, width)), picture, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
}
