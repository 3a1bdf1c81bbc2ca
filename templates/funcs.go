package templates

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"strconv"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// funcs are the words that every template may use, bound to one language:
//
//	t "key" "Name" value …   the message; "Count" chooses the plural form; a single map may replace the pairs
//	tx "prefix." value …     the message prefix.VALUE, for keys that data choose
//	date, day, clock T       "12 May 2026", "28 May", "14:02"
//	datetime, moment, momentat T zone   with hour and zone; datetime with weekday, momentat inside a sentence
//	number N, digits N (without groups), list ITEMS, country CODE, language TAG
//	dir, lang                of this language, for <html>
//	bdi TEXT                 TEXT that cannot turn the direction of what stands around it
//	md TEXT                  Markdown as safe HTML (pages only)
func (v *voice) funcs() template.FuncMap {
	return template.FuncMap{
		"t": v.t,
		"tx": func(prefix string, value any, pairs ...any) (string, error) {
			return v.t(prefix+fmt.Sprint(value), pairs...)
		},
		"date":     v.date,
		"day":      v.day,
		"clock":    v.clock,
		"datetime": v.datetime,
		"moment":   v.moment,
		"momentat": v.momentAt,
		"number":   v.number,
		"digits":   func(n int) string { return v.digits(strconv.Itoa(n)) },
		"list":     v.list,
		"country":  v.country,
		"language": v.language,
		"dir":      v.dir,
		"lang":     func() string { return v.locale },
		"bdi":      v.isolated,
		"md":       markdown,
	}
}

var errPairs = errors.New("t needs a key, then pairs of name and value, or one map")

func (v *voice) t(key string, pairs ...any) (string, error) {
	if len(pairs) == 0 {
		return v.say(key, nil)
	}
	if len(pairs) == 1 {
		data, ok := pairs[0].(map[string]any)
		if !ok {
			return "", errPairs
		}
		return v.say(key, v.safe(maps.Clone(data)))
	}
	data := make(map[string]any, len(pairs)/2+1)
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return "", errPairs
		}
		data[name] = pairs[i+1]
	}
	if len(pairs)%2 != 0 {
		return "", errPairs
	}
	return v.say(key, v.safe(data))
}

// safe isolates each text in data, in place: no name, address or title may turn the
// direction of the sentence that it stands in.
func (v *voice) safe(data map[string]any) map[string]any {
	for name, value := range data {
		if text, ok := value.(string); ok {
			data[name] = v.isolated(text)
		}
	}
	return data
}

var (
	sanitizer = bluemonday.UGCPolicy()
	converter = goldmark.New(goldmark.WithRendererOptions(
		renderer.WithNodeRenderers(util.Prioritized(escapedHTML{}, 100)),
	))
)

// markdown renders Markdown. HTML in it is shown as text; what comes out is
// cleaned once more, so that a fault of the converter opens nothing.
func markdown(text string) (template.HTML, error) {
	var b bytes.Buffer
	if err := converter.Convert([]byte(text), &b); err != nil {
		return "", err
	}
	return template.HTML(sanitizer.SanitizeBytes(b.Bytes())), nil //nolint:gosec // cleaned by bluemonday in this line
}

// escapedHTML shows raw HTML in Markdown as the text that somebody typed.
type escapedHTML struct{}

func (escapedHTML) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindRawHTML, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if raw, ok := n.(*ast.RawHTML); ok && entering {
			for i := range raw.Segments.Len() {
				segment := raw.Segments.At(i)
				template.HTMLEscape(w, segment.Value(source))
			}
		}
		return ast.WalkSkipChildren, nil
	})
	r.Register(ast.KindHTMLBlock, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		block, ok := n.(*ast.HTMLBlock)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		_, _ = w.WriteString("<p>")
		for i := range block.Lines().Len() {
			line := block.Lines().At(i)
			template.HTMLEscape(w, line.Value(source))
		}
		if block.HasClosure() {
			template.HTMLEscape(w, block.ClosureLine.Value(source))
		}
		_, _ = w.WriteString("</p>\n")
		return ast.WalkContinue, nil
	})
}
