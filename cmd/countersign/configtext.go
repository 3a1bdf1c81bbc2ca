package main

import (
	_ "embed"
	"fmt"
	"io"
	"strings"
	"text/template"
)

//go:embed config.toml.tmpl
var configText string

// answers are what init writes into the commented configuration. Everything else
// there is a default, shown as a comment.
type answers struct {
	BaseURL, Listen, Database, SecretKey, AnswerFrom  string
	Name, IMAP, Username, Password, Address, Campaign string
	SMTP                                              string
}

// exampleAnswers make docs/countersign.example.toml. The key opens nothing: it is all zeros.
func exampleAnswers() answers {
	d := defaults()
	return answers{
		BaseURL: "https://sign.example.org", Listen: d.Listen, Database: "sqlite:/var/lib/countersign/countersign.db",
		SecretKey: "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", AnswerFrom: "2026-05-01",
		Name: "info", IMAP: "imap.example.org:993", Username: "info@example.org", Password: "the mailbox's password",
		Address: "info@example.org", Campaign: "open-on-sunday", SMTP: "smtp.example.org:587",
	}
}

// writeConfig writes the commented configuration.
func writeConfig(w io.Writer, a answers) error {
	t, err := template.New("config").Funcs(template.FuncMap{"quote": quoteTOML, "setting": setting}).Parse(configText)
	if err != nil {
		return fmt.Errorf("config.toml.tmpl: %w", err)
	}
	return t.Execute(w, struct {
		answers
		Default Config
		Box     Mailbox
	}{a, defaults(), mailboxDefaults()})
}

// setting shows a key with its default, as a comment.
func setting(key string, value any) string {
	switch v := value.(type) {
	case string:
		value = quoteTOML(v)
	case duration:
		value = quoteTOML(v.String())
	}
	return fmt.Sprintf("#%s = %v", key, value)
}

// quoteTOML writes a basic string (TOML 1.0, "String").
func quoteTOML(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
