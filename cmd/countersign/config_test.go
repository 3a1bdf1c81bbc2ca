package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const minimal = `
base_url = "https://sign.example.org"
secret_key = "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
[smtp]
server = "smtp.example.org:587"
[mailbox.info]
server = "imap.example.org:993"
username = "info@example.org"
password = "in the file"
addresses = ["info@example.org"]
`

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMinimalConfigTakesDefaults(t *testing.T) {
	c, err := loadConfig(writeFile(t, "c.toml", minimal), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != defaults().Listen || c.AnswerWithin != duration(72*time.Hour) {
		t.Errorf("defaults are lost: %+v", c)
	}
	m := c.Mailbox["info"]
	if m.Folder != "INBOX" || m.After != "keep" || m.Security != "tls" {
		t.Errorf("the mailbox has no defaults: %+v", m)
	}
	if c.SMTP.Username != "info@example.org" || c.SMTP.Password != "in the file" || c.SMTP.From != "info@example.org" {
		t.Errorf("smtp did not take the only mailbox's account: %+v", c.SMTP)
	}
}

func TestEnvironmentOverridesEveryKindOfKey(t *testing.T) {
	secret := writeFile(t, "password", "from a file\n")
	base := func() Config {
		c, err := loadConfig(writeFile(t, "c.toml", minimal), nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, tt := range []struct {
		name    string
		environ []string
		change  func(*Config)
	}{
		{"string", []string{"COUNTERSIGN_LISTEN=127.0.0.1:1"}, func(c *Config) { c.Listen = "127.0.0.1:1" }},
		{"nested", []string{"COUNTERSIGN_LOG_LEVEL=debug"}, func(c *Config) { c.Log.Level = "debug" }},
		{"duration", []string{"COUNTERSIGN_ANSWER_WITHIN=5d"}, func(c *Config) { c.AnswerWithin = duration(120 * time.Hour) }},
		{"date", []string{"COUNTERSIGN_ANSWER_FROM=2026-05-01"}, func(c *Config) { c.AnswerFrom.Time = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC) }},
		{"number", []string{"COUNTERSIGN_SMTP_SEND_PER_HOUR=80"}, func(c *Config) { c.SMTP.SendPerHour = 80 }},
		{"truth", []string{"COUNTERSIGN_SMTP_PLUS_ADDRESS=false"}, func(c *Config) { c.SMTP.PlusAddress = false }},
		{"list", []string{"COUNTERSIGN_PROXIES=10.0.0.0/8, 192.0.2.1"}, func(c *Config) { c.Proxies = []string{"10.0.0.0/8", "192.0.2.1"} }},
		{"mailbox", []string{"COUNTERSIGN_MAILBOX_INFO_MOVE_TO=Done"}, func(c *Config) {
			m := c.Mailbox["info"]
			m.MoveTo = "Done"
			c.Mailbox["info"] = m
		}},
		{"secret in a file", []string{"COUNTERSIGN_SMTP_USERNAME=x", "COUNTERSIGN_SMTP_PASSWORD_FILE=" + secret}, func(c *Config) {
			c.SMTP.Username, c.SMTP.Password, c.SMTP.PasswordFile = "x", "from a file", secret
		}},
		{"not ours", []string{"COUNTERSIGN_E2E=1", "HOME=/"}, func(*Config) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := loadConfig(writeFile(t, "c.toml", minimal), tt.environ)
			if err != nil {
				t.Fatal(err)
			}
			want := base()
			tt.change(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEnvironmentAloneIsEnough(t *testing.T) {
	c, err := loadConfig("", []string{
		"COUNTERSIGN_BASE_URL=https://sign.example.org", "COUNTERSIGN_SECRET_KEY=1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"COUNTERSIGN_SMTP_SERVER=smtp.example.org:587", "COUNTERSIGN_MAILBOX_BIG_TEAM_SERVER=imap.example.org:993",
		"COUNTERSIGN_MAILBOX_BIG_TEAM_USERNAME=u", "COUNTERSIGN_MAILBOX_BIG_TEAM_PASSWORD=p", "COUNTERSIGN_MAILBOX_BIG_TEAM_ADDRESSES=a@example.org",
	})
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := c.Mailbox["big-team"]; !ok || m.Folder != "INBOX" || m.Password != "p" {
		t.Errorf("mailboxes = %+v", c.Mailbox)
	}
}

// Every key of the configuration is explained in the text that init writes, and
// nothing else is.
func TestConfigTextNamesEveryKey(t *testing.T) {
	var text bytes.Buffer
	if err := writeConfig(&text, exampleAnswers()); err != nil {
		t.Fatal(err)
	}
	var uncommented []string
	for line := range strings.Lines(text.String()) {
		if len(line) > 1 && line[0] == '#' && line[1] != ' ' {
			line = line[1:]
			if strings.HasPrefix(line, "database") || strings.Contains(line, "_file") { // the other choice of two
				continue
			}
		}
		uncommented = append(uncommented, line)
	}
	all := strings.Join(uncommented, "")
	if _, err := loadConfig(writeFile(t, "c.toml", all), nil); err != nil {
		t.Errorf("with every key set: %v", err)
	}
	keys := append(keysOf(reflect.TypeFor[Config](), ""), keysOf(reflect.TypeFor[Mailbox](), "")...)
	for _, key := range keys {
		name := key[strings.LastIndexByte(key, '.')+1:]
		if !strings.Contains(text.String(), "\n"+name+" = ") && !strings.Contains(text.String(), "\n#"+name+" = ") {
			t.Errorf("%s is not explained", key)
		}
	}
}

func TestExampleIsTheTextThatInitWrites(t *testing.T) {
	var text bytes.Buffer
	if err := writeConfig(&text, exampleAnswers()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "docs", "countersign.example.toml")
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text.String(), string(got)); diff != "" {
		t.Errorf("'make docs' writes it again:\n%s", diff)
	}
	if _, err := loadConfig(path, nil); err != nil {
		t.Error(err)
	}
}

func TestQuoteTOMLSurvivesDecoding(t *testing.T) {
	for _, s := range []string{"", `a"b\c`, "tab\tbell\a", "Übung 日本", "\x7f"} {
		text := strings.Replace(minimal, `"in the file"`, quoteTOML(s+"x"), 1)
		c, err := loadConfig(writeFile(t, "c.toml", text), nil)
		if err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		if got := c.Mailbox["info"].Password; got != s+"x" {
			t.Errorf("%q became %q", s+"x", got)
		}
	}
}

func TestOwnAddressesAreCanonicalAndOnce(t *testing.T) {
	text := strings.Replace(minimal, `["info@example.org"]`, `["Info@Example.org", "alias@example.org"]`, 1)
	c, err := loadConfig(writeFile(t, "c.toml", text), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"alias@example.org", "info@example.org"}; !slices.Equal(c.Own(), want) {
		t.Errorf("Own() = %v, want %v", c.Own(), want)
	}
}

func TestKeysKeepOldOnesWorking(t *testing.T) {
	c := defaults()
	c.SecretKey = "2:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	c.OldSecretKeys = []string{"1:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
	if _, err := c.Keys(); err != nil {
		t.Error(err)
	}
	c.OldSecretKeys = []string{"2:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
	if _, err := c.Keys(); err == nil {
		t.Error("two keys of one number were taken")
	}
	c.SecretKey = "1:AAAA"
	if _, err := c.Keys(); err == nil {
		t.Error("a short key was taken")
	}
}

func TestDurationsAndDates(t *testing.T) {
	for text, want := range map[string]string{"14d": "14d", "72h": "72h", "90m": "1h30m0s", "168h": "7d", "0": "0h"} {
		var d duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.String() != want {
			t.Errorf("%s = %s, %v, want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"", "-1h", "d", "-3d", "soon"} {
		if err := new(duration).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken for a duration", text)
		}
	}
	brussels, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseDate("2026-05-26 18:00", brussels)
	if want := time.Date(2026, 5, 26, 16, 0, 0, 0, time.UTC); err != nil || !got.Equal(want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := parseDate("26.5.2026", brussels); err == nil {
		t.Error("26.5.2026 was taken for a date")
	}
}
