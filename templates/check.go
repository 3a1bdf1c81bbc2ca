package templates

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/template/parse"
)

// check makes sure that no language lacks a message, that every language fills a
// message from the same values, and that every key which a template uses is there.
func (s *Set) check() error {
	var wrong []error
	base := s.voices[fallback]
	for _, locale := range s.locales {
		v := s.voices[locale]
		for _, key := range slices.Sorted(maps.Keys(base.messages)) {
			m := v.messages[key]
			if area := s.areas[key]; area == deskArea && !v.areas[area] {
				continue
			}
			if m == nil {
				wrong = append(wrong, fmt.Errorf("message %q is missing in %q", key, locale))
				continue
			}
			if m.Other == "" {
				wrong = append(wrong, fmt.Errorf("message %q in %q has no text", key, locale))
			}
			if have, want := placeholders(forms(m)), placeholders(forms(base.messages[key])); !slices.Equal(have, want) {
				wrong = append(wrong, fmt.Errorf("message %q in %q uses %v, in %q %v", key, locale, have, fallback, want))
			}
		}
		for _, key := range slices.Sorted(maps.Keys(v.messages)) {
			if base.messages[key] == nil {
				wrong = append(wrong, fmt.Errorf("message %q in %q is missing in %q", key, locale, fallback))
			}
		}
	}
	s.findKeys()
	for _, key := range slices.Sorted(maps.Keys(s.used)) {
		if base.messages[key] == nil {
			wrong = append(wrong, fmt.Errorf("message %q, which %s uses, is not defined", key, s.used[key]))
		}
	}
	for _, prefix := range slices.Sorted(maps.Keys(s.usedUnder)) {
		if !base.hasUnder(prefix) {
			wrong = append(wrong, fmt.Errorf("no message begins with %q, which %s uses", prefix, s.usedUnder[prefix]))
		}
	}
	return errors.Join(wrong...)
}

func (v *voice) hasUnder(prefix string) bool {
	for key := range v.messages {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

var placeholder = regexp.MustCompile(`\{\{[^}]*?\.([A-Za-z]+)`)

// placeholders are the values that a message names. A plural form may leave out
// the number ("one organization"), so Count and N do not count.
func placeholders(forms map[string]string) []string {
	found := map[string]bool{}
	for _, text := range forms {
		for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
			if m[1] != "N" && m[1] != "Count" {
				found[m[1]] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// findKeys notes the first argument of every t and tx in every template.
func (s *Set) findKeys() {
	for _, t := range s.mails[fallback] {
		for _, part := range t.Templates() {
			if part.Tree != nil {
				s.walk(part.Name(), part.Root)
			}
		}
	}
	for _, t := range s.pages.parsed {
		for _, part := range t.Templates() {
			if part.Tree != nil {
				s.walk(part.Name(), part.Tree.Root)
			}
		}
	}
}

func (s *Set) walk(where string, node parse.Node) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			s.walk(where, child)
		}
	case *parse.ActionNode:
		s.walk(where, n.Pipe)
	case *parse.IfNode:
		s.walkBranch(where, &n.BranchNode)
	case *parse.RangeNode:
		s.walkBranch(where, &n.BranchNode)
	case *parse.WithNode:
		s.walkBranch(where, &n.BranchNode)
	case *parse.TemplateNode:
		s.walk(where, n.Pipe)
	case *parse.PipeNode:
		if n == nil {
			return
		}
		for _, command := range n.Cmds {
			s.walk(where, command)
		}
	case *parse.CommandNode:
		s.note(where, n)
		for _, argument := range n.Args {
			s.walk(where, argument)
		}
	}
}

func (s *Set) walkBranch(where string, n *parse.BranchNode) {
	s.walk(where, n.Pipe)
	s.walk(where, n.List)
	s.walk(where, n.ElseList)
}

func (s *Set) note(where string, n *parse.CommandNode) {
	if len(n.Args) < 2 {
		return
	}
	function, ok := n.Args[0].(*parse.IdentifierNode)
	if !ok {
		return
	}
	key, ok := n.Args[1].(*parse.StringNode)
	if !ok {
		return
	}
	switch function.Ident {
	case "t":
		s.used[key.Text] = where
	case "tx", "whatever":
		s.usedUnder[key.Text] = where
	}
}
