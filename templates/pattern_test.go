package templates

import (
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

func TestPattern(t *testing.T) {
	v := &voice{locale: "en"}
	tests := []struct {
		name string
		text string
		data map[string]any
		want string
		ok   bool
	}{
		{"words", "Hello", nil, "Hello", true},
		{"one value", "Hello {{.Name}}!", map[string]any{"Name": "Anna"}, "Hello Anna!", true},
		{"twice, with room", "{{ .A }}{{.B}}{{.A}}", map[string]any{"A": "x", "B": 7}, "x7x", true},
		{"a value with braces", "{{.A}}", map[string]any{"A": "{{.B}}"}, "{{.B}}", true},
		{"a value that is missing", "Hello {{.Name}}", map[string]any{"Nam": "Anna"}, "", false},
		{"a value of another kind", "{{.A}}", map[string]any{"A": []string{"x"}}, "", false},
		{"more than values", "{{if .A}}x{{end}}", map[string]any{"A": "x"}, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, ok := patternOf(&i18n.Message{Other: tt.text})
			got := ""
			if ok {
				got, ok = v.fill(p, tt.data)
			}
			if got != tt.want || ok != tt.ok {
				t.Errorf("%q, %v; want %q, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
	if _, ok := patternOf(&i18n.Message{One: "{{.N}} letter", Other: "{{.N}} letters"}); ok {
		t.Error("plurals are no pattern")
	}
}
