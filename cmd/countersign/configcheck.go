package main

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"countersign/petition"
)

// check returns every value that cannot work, with its key and what to do.
func (c *Config) check() []error {
	var mistakes mistakes
	mistakes.add("base_url", checkBaseURL(c.BaseURL))
	mistakes.add("listen", checkAddr(c.Listen))
	mistakes.add("database", checkDatabase(c.Database))
	if c.SecretKey == "" {
		mistakes.add("secret_key", errors.New("it is missing; 'countersign init' makes one"))
	} else if _, err := c.Keys(); err != nil {
		mistakes.add("secret_key", err)
	}
	if _, err := c.Prefixes(); err != nil {
		mistakes.add("proxies", err)
	}
	c.SMTP.check(&mistakes)
	if len(c.Mailbox) == 0 {
		mistakes.add("mailbox", errors.New("at least one [mailbox.NAME] is needed"))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Mailbox)) {
		m := c.Mailbox[name]
		m.check("mailbox."+name, &mistakes)
	}
	if c.Metrics.Listen != "" {
		mistakes.add("metrics.listen", checkAddr(c.Metrics.Listen))
	}
	if c.AnswerWithin == 0 {
		mistakes.add("answer_within", errors.New("nothing would ever be answered"))
	}
	if c.RequestLife == 0 {
		mistakes.add("request_life", errors.New("no link would ever work"))
	}
	mistakes.add("log.level", oneOf(c.Log.Level, levels))
	mistakes.add("log.format", oneOf(c.Log.Format, formats))
	return mistakes
}

// mistakes collects errors with their keys.
type mistakes []error

func (m *mistakes) add(key string, err error) {
	if err != nil {
		*m = append(*m, fmt.Errorf("%s: %w", key, err))
	}
}

func (s *SMTPConfig) check(m *mistakes) {
	m.add("smtp.server", checkServer(s.Server, "smtp.example.org:587"))
	m.add("smtp.security", checkSecurity(s.Security, s.Server))
	m.add("smtp.envelope", oneOf(s.Envelope, envelopes))
	m.add("smtp.from", checkAddress(s.From))
	m.add("smtp.ca_file", checkFile(s.CAFile))
	if s.Connections < 1 || s.Connections > 32 {
		m.add("smtp.connections", fmt.Errorf("%d is not between 1 and 32", s.Connections))
	}
	if s.SendPerHour < 0 {
		m.add("smtp.send_per_hour", errors.New("it is below 0"))
	}
	if s.SendPerDay < 0 {
		m.add("smtp.send_per_day", errors.New("it is below 0"))
	}
	if s.Password != "" && s.Username == "" {
		m.add("smtp.username", errors.New("there is a password and no user name"))
	}
}

func (b *Mailbox) check(key string, m *mistakes) {
	m.add(key+".server", checkServer(b.Server, "imap.example.org:993"))
	m.add(key+".security", checkSecurity(b.Security, b.Server))
	m.add(key+".after", oneOf(b.After, afters))
	m.add(key+".ca_file", checkFile(b.CAFile))
	if b.Username == "" {
		m.add(key+".username", errors.New("it is missing"))
	}
	if b.Password == "" && b.PasswordFile == "" {
		m.add(key+".password", fmt.Errorf("it is missing; set %s or password_file", envName(key+".password")))
	}
	if b.Folder == "" {
		m.add(key+".folder", errors.New("it is empty; usually it is INBOX"))
	}
	if b.After == "move" && (b.MoveTo == "" || b.MoveTo == b.Folder) {
		m.add(key+".move_to", errors.New("it must name another folder"))
	}
	if len(b.Addresses) == 0 {
		m.add(key+".addresses", errors.New("it must list every address whose mail arrives here"))
	}
	for _, a := range append(slices.Clone(b.Addresses), b.OnlyTo...) {
		m.add(key+".addresses", checkAddress(a))
	}
}

func checkBaseURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return errors.New("it is missing: the public address of the pages")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf(`%q is not a web address like "https://sign.example.org"`, s)
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("it may have no query and no fragment")
	case u.Path != "" && u.Path != "/":
		return errors.New("the pages need a host name of their own, without a path")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return errors.New("https is needed: links carry the right to sign")
	}
	return nil
}

func checkAddr(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf(`%q is not "host:port"`, s)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q is not a port", port)
	}
	return nil
}

func checkServer(s, like string) error {
	if s == "" {
		return fmt.Errorf("it is missing, like %q", like)
	}
	host, port, err := net.SplitHostPort(s)
	if n, bad := strconv.Atoi(port); err != nil || host == "" || bad != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q needs a host and a port, like %q", s, like)
	}
	return nil
}

// checkSecurity refuses passwords in the clear, except on this machine (R52).
func checkSecurity(security, server string) error {
	if err := oneOf(security, securities); err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(server)
	if security == "none" && err == nil && !isLoopback(host) {
		return errors.New(`"none" is for servers on this machine only`)
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func checkDatabase(s string) error {
	scheme, rest, _ := strings.Cut(s, ":")
	switch scheme {
	case "sqlite":
		if rest == "" {
			return errors.New(`it names no file: "sqlite:/var/lib/countersign/countersign.db"`)
		}
		return nil
	case "postgres", "postgresql":
		if _, err := url.Parse(s); err != nil {
			return errors.New("it is not a valid postgres:// address") // not err: it quotes the password
		}
		return nil
	default:
		return errors.New(`it begins with neither "sqlite:" nor "postgres://"`)
	}
}

func checkAddress(a string) error {
	local, domain, ok := strings.Cut(petition.CanonicalAddress(a), "@")
	if a == "" {
		return errors.New("it is missing: an e-mail address")
	}
	if !ok || local == "" || domain == "" || strings.ContainsAny(a, " <>,;\r\n") {
		return fmt.Errorf("%q is not an e-mail address", a)
	}
	return nil
}

func checkFile(path string) error {
	if path == "" {
		return nil
	}
	_, err := os.Stat(path)
	return err
}

func oneOf(value string, choices []string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	return fmt.Errorf("%q is none of %s", value, strings.Join(choices, ", "))
}
