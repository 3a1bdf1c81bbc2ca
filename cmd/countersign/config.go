package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"countersign/petition"
)

// Config is everything that the person who runs Countersign decides. Its keys, in
// TOML and as COUNTERSIGN_… in the environment, follow the toml tags. What each of
// them means is said once, in config.toml.tmpl.
type Config struct {
	BaseURL       string             `toml:"base_url"`
	Listen        string             `toml:"listen"`
	Database      string             `toml:"database"`
	SecretKey     string             `toml:"secret_key"`
	SecretKeyFile string             `toml:"secret_key_file"`
	OldSecretKeys []string           `toml:"old_secret_keys"`
	AnswerFrom    date               `toml:"answer_from"`
	AnswerWithin  duration           `toml:"answer_within"`
	RequestLife   duration           `toml:"request_life"`
	Proxies       []string           `toml:"proxies"`
	SMTP          SMTPConfig         `toml:"smtp"`
	Mailbox       map[string]Mailbox `toml:"mailbox"`
	Retention     RetentionConfig    `toml:"retention"`
	Limits        LimitsConfig       `toml:"limits"`
	Metrics       MetricsConfig      `toml:"metrics"`
	Log           LogConfig          `toml:"log"`
}

// SMTPConfig is the submission server that takes what we send.
type SMTPConfig struct {
	Server       string `toml:"server"`
	Security     string `toml:"security"`
	Username     string `toml:"username"`
	Password     string `toml:"password"`
	PasswordFile string `toml:"password_file"`
	CAFile       string `toml:"ca_file"`
	From         string `toml:"from"`
	Envelope     string `toml:"envelope"`
	PlusAddress  bool   `toml:"plus_address"`
	Connections  int    `toml:"connections"`
	SendPerHour  int    `toml:"send_per_hour"`
	SendPerDay   int    `toml:"send_per_day"`
}

// Mailbox is one IMAP account that is read.
type Mailbox struct {
	Server       string   `toml:"server"`
	Security     string   `toml:"security"`
	Username     string   `toml:"username"`
	Password     string   `toml:"password"`
	PasswordFile string   `toml:"password_file"`
	CAFile       string   `toml:"ca_file"`
	Addresses    []string `toml:"addresses"`
	Folder       string   `toml:"folder"`
	Junk         string   `toml:"junk"`
	OnlyTo       []string `toml:"only_to"`
	After        string   `toml:"after"`
	MoveTo       string   `toml:"move_to"`
	Campaign     string   `toml:"campaign"`
	AuthservIDs  []string `toml:"authserv_ids"`
}

// RetentionConfig is how long raw mail is kept.
type RetentionConfig struct {
	Raw      duration `toml:"raw"`
	NoSignOn duration `toml:"no_sign_on"`
}

// LimitsConfig bounds answers to repeated mail (R34).
type LimitsConfig struct {
	PerAddress    int `toml:"per_address"`
	PerDomainHour int `toml:"per_domain_hour"`
}

// MetricsConfig is where numbers for Prometheus are served, "" for nowhere.
type MetricsConfig struct {
	Listen string `toml:"listen"`
}

// LogConfig is what is logged, and how.
type LogConfig struct {
	Level  string `toml:"level"`
	Format string `toml:"format"`
}

// The choices of an enumerated key.
var (
	securities = []string{"tls", "starttls", "none"}
	afters     = []string{"keep", "keyword", "move"}
	envelopes  = []string{"address", "verp"}
	levels     = []string{"debug", "info", "warn", "error"}
	formats    = []string{"text", "json"}
)

// defaults are the values of keys that neither file nor environment sets.
func defaults() Config {
	return Config{
		Listen:       "127.0.0.1:8080",
		Database:     "sqlite:countersign.db",
		AnswerWithin: duration(72 * time.Hour),
		RequestLife:  duration(30 * 24 * time.Hour),
		SMTP:         SMTPConfig{Security: "starttls", Envelope: "address", PlusAddress: true, Connections: 2},
		Retention:    RetentionConfig{Raw: duration(365 * 24 * time.Hour), NoSignOn: duration(14 * 24 * time.Hour)},
		Limits:       LimitsConfig{PerAddress: 3, PerDomainHour: 50},
		Log:          LogConfig{Level: "info", Format: "text"},
	}
}

// mailboxDefaults are the same for each [mailbox.NAME].
func mailboxDefaults() Mailbox {
	return Mailbox{Security: "tls", Folder: "INBOX", After: "keep", MoveTo: "Processed"}
}

// loadConfig reads the file, lets the environment (KEY=value) override it, reads the
// secrets that lie in files of their own, and checks everything. Its error names
// every mistake, one a line, with key and reason. An empty path means: no file.
func loadConfig(path string, environ []string) (Config, error) {
	c := defaults()
	c.Mailbox = make(map[string]Mailbox)
	var mistakes []error
	if path != "" {
		more, err := c.readFile(path)
		if err != nil {
			return Config{}, err
		}
		mistakes = more
	}
	mistakes = append(mistakes, c.override(environ)...)
	mistakes = append(mistakes, c.readSecrets(filepath.Dir(path))...)
	c.SMTP.fill(c.Mailbox)
	mistakes = append(mistakes, c.check()...)
	if len(mistakes) > 0 {
		return Config{}, &configError{path: path, mistakes: mistakes}
	}
	return c, nil
}

// configError is every mistake of a configuration at once.
type configError struct {
	path     string
	mistakes []error
}

func (e *configError) Error() string {
	where := e.path
	if where == "" {
		where = "the environment"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration (%s) needs a change:", where)
	for _, m := range e.mistakes {
		fmt.Fprintf(&b, "\n  %v", m)
	}
	return b.String()
}

func (e *configError) Unwrap() []error { return e.mistakes }

// readFile sets what the file says. The mistakes are keys that do not exist and
// values of a wrong kind; the error is a file that cannot be read as TOML at all.
func (c *Config) readFile(path string) ([]error, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the person who runs us names the file
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no configuration at %s: 'countersign init' writes one", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	var tree map[string]any
	if _, err := toml.Decode(string(text), &tree); err != nil {
		if parse, ok := errors.AsType[toml.ParseError](err); ok {
			return nil, fmt.Errorf("%s, line %d: %s", path, parse.Position.Line, parse.Message)
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c.setTree("", tree), nil
}

// readSecrets takes the secrets whose *_file key is set from that file, relative to
// the folder of the configuration.
func (c *Config) readSecrets(folder string) []error {
	var mistakes []error
	read := func(key, path string, into *string) {
		if path == "" {
			return
		}
		if *into != "" {
			mistakes = append(mistakes, fmt.Errorf("%s_file: %s is set as well; keep one of them", key, key))
			return
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, path)
		}
		b, err := os.ReadFile(path) //nolint:gosec // the person who runs us names the file
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s_file: %w", key, err))
			return
		}
		*into = strings.TrimRight(string(b), "\r\n")
	}
	read("secret_key", c.SecretKeyFile, &c.SecretKey)
	read("smtp.password", c.SMTP.PasswordFile, &c.SMTP.Password)
	for name, m := range c.Mailbox {
		read("mailbox."+name+".password", m.PasswordFile, &m.Password)
		c.Mailbox[name] = m
	}
	return mistakes
}

// fill takes what most providers have in common from the only mailbox: one account, one password.
func (s *SMTPConfig) fill(mailboxes map[string]Mailbox) {
	if len(mailboxes) != 1 {
		return
	}
	for _, m := range mailboxes {
		if s.Username == "" && s.Password == "" && s.Server != "" && s.Security != "none" {
			s.Username, s.Password = m.Username, m.Password
		}
		if s.From == "" && len(m.Addresses) > 0 {
			s.From = m.Addresses[0]
		}
	}
}

// Prefixes are the networks of proxies; nil where the file names none.
func (c *Config) Prefixes() ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, text := range c.Proxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, bad := netip.ParseAddr(text)
			if bad != nil {
				return nil, fmt.Errorf("%q is neither an address nor a network", text)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		prefixes = append(prefixes, p)
	}
	return prefixes, nil
}

// Own is every address of ours that the configuration names, canonical: they are never answered (R32).
func (c *Config) Own() []string {
	own := []string{petition.CanonicalAddress(c.SMTP.From)}
	for _, m := range c.Mailbox {
		for _, a := range m.Addresses {
			own = append(own, petition.CanonicalAddress(a))
		}
	}
	slices.Sort(own)
	return slices.Compact(own)
}

// Rules are what deciding needs of the configuration; the organizers are in the database.
func (c *Config) Rules() petition.Rules {
	return petition.Rules{
		Own: c.Own(), AnswerWithin: time.Duration(c.AnswerWithin), AnswerFrom: c.AnswerFrom.Time,
		RequestLife: time.Duration(c.RequestLife), PerAddress: c.Limits.PerAddress, PerDomainHour: c.Limits.PerDomainHour,
	}
}

// Fallback is the default campaign of each mailbox that has one.
func (c *Config) Fallback() map[string]string {
	fallback := make(map[string]string)
	for name, m := range c.Mailbox {
		if m.Campaign != "" {
			fallback[name] = m.Campaign
		}
	}
	return fallback
}

// Keys makes the keys that tokens are made with.
func (c *Config) Keys() (petition.Keys, error) {
	secrets := make(map[byte][]byte)
	var current byte
	for i, text := range append([]string{c.SecretKey}, c.OldSecretKeys...) {
		id, secret, err := parseSecret(text)
		if err != nil {
			return petition.Keys{}, err
		}
		if _, twice := secrets[id]; twice {
			return petition.Keys{}, fmt.Errorf("two keys have the number %d", id)
		}
		secrets[id] = secret
		if i == 0 {
			current = id
		}
	}
	return petition.NewKeys(current, secrets)
}

// parseSecret reads "NUMBER:BASE64".
func parseSecret(text string) (byte, []byte, error) {
	form := errors.New(`it looks like "1:" and 44 letters of base64; 'countersign init' makes one`)
	number, encoded, ok := strings.Cut(text, ":")
	id, err := strconv.ParseUint(number, 10, 8)
	if !ok || err != nil {
		return 0, nil, form
	}
	secret, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return 0, nil, form
	}
	return byte(id), secret, nil
}
