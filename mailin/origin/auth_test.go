package origin

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"countersign/mailin/message"
	"countersign/petition"
)

const plainMail = "From: Ann Bell <ann@readingroom.example>\r\nTo: letter@openhours.test\r\nSubject: We sign\r\nDate: Mon, 2 Feb 2026 10:00:00 +0000\r\n\r\nWe sign.\r\n"

// signer makes signed mails and answers for their keys.
type signer struct {
	rsa  *rsa.PrivateKey
	ed   ed25519.PrivateKey
	zone map[string]string
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	s := &signer{zone: map[string]string{}}
	var err error
	if s.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	if _, s.ed, err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&s.rsa.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, domain := range []string{"readingroom.example", "mail.readingroom.example", "mailer.example", "co.uk", "evil.co.uk"} {
		s.zone["r._domainkey."+domain] = "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
		s.zone["e._domainkey."+domain] = "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(s.ed.Public().(ed25519.PublicKey))
	}
	return s
}

func (s *signer) sign(t *testing.T, mail, domain, selector string, headers ...string) string {
	t.Helper()
	var key crypto.Signer = s.rsa
	if selector == "e" {
		key = s.ed
	}
	if len(headers) == 0 {
		headers = []string{"From", "To", "Subject", "Date"}
	}
	var out bytes.Buffer
	err := dkim.Sign(&out, strings.NewReader(mail), &dkim.SignOptions{Domain: domain, Selector: selector, Signer: key, HeaderKeys: headers, HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

type temporary struct{ error }

func (temporary) Temporary() bool { return true }

func (s *signer) lookup(_ context.Context, name string) ([]string, error) {
	switch txt, ok := s.zone[name]; {
	case txt == "SERVFAIL":
		return nil, temporary{errors.New("server failure")}
	case ok:
		return []string{txt}, nil
	}
	return nil, errors.New("no such host")
}

func (s *signer) check(t *testing.T, mail string) petition.Authentication {
	t.Helper()
	return Check(t.Context(), []byte(mail), message.Parse([]byte(mail)), Settings{LookupTXT: s.lookup}).Authentication
}

// R48, R49: DKIM and alignment, as they decide.
func TestR49Alignment(t *testing.T) {
	s := newSigner(t)
	own, dmarc := "readingroom.example", "_dmarc.readingroom.example"
	tests := []struct {
		name    string
		mail    func() string
		policy  string // DMARC record of readingroom.example
		proof   petition.Proof
		dmarc   string
		aligned string
	}{
		{"rsa, no DMARC record", func() string { return s.sign(t, plainMail, own, "r") }, "", petition.AlignedPass, "none", own},
		{"ed25519, DMARC record", func() string { return s.sign(t, plainMail, own, "e") }, "v=DMARC1; p=reject", petition.AlignedPass, "pass", own},
		{"subdomain is aligned", func() string { return s.sign(t, plainMail, "mail."+own, "r") }, "v=DMARC1; p=reject", petition.AlignedPass, "pass", own},
		{"subdomain is not, when strict", func() string { return s.sign(t, plainMail, "mail."+own, "r") }, "v=DMARC1; p=reject; adkim=s", petition.ProofFail, "fail", ""},
		{"bare LF", func() string { return strings.ReplaceAll(s.sign(t, plainMail, own, "r"), "\r\n", "\n") }, "", petition.AlignedPass, "none", own},
		{"mbox line", func() string { return "From x Mon\r\n" + s.sign(t, plainMail, own, "r") }, "", petition.AlignedPass, "none", own},
		{"foreign signature", func() string { return s.sign(t, plainMail, "mailer.example", "r") }, "", petition.ProofNone, "none", ""},
		{"foreign signature under reject", func() string { return s.sign(t, plainMail, "mailer.example", "r") }, "v=DMARC1; p=reject", petition.ProofFail, "fail", ""},
		{"body changed", func() string { return s.sign(t, plainMail, own, "r") + "P.S.\r\n" }, "v=DMARC1; p=none", petition.ProofFail, "fail", ""},
		{"body changed, no record", func() string { return s.sign(t, plainMail, own, "r") + "P.S.\r\n" }, "", petition.ProofNone, "none", ""},
		{"subject changed", func() string { return strings.Replace(s.sign(t, plainMail, own, "r"), "We sign\r", "We do\r", 1) }, "v=DMARC1; p=reject", petition.ProofFail, "fail", ""},
		{"unsigned, p=none", func() string { return plainMail }, "v=DMARC1; p=none", petition.ProofNone, "none", ""},
		{"unsigned, p=reject", func() string { return plainMail }, "v=DMARC1; p=reject", petition.ProofFail, "fail", ""},
		{"unsigned, no record", func() string { return plainMail }, "", petition.ProofNone, "none", ""},
		{"record unreachable", func() string { return plainMail }, "SERVFAIL", petition.TempError, "temperror", ""},
		{"second From added", func() string { return "From: boss@other.example\r\n" + s.sign(t, plainMail, own, "r") }, "v=DMARC1; p=reject", petition.ProofNone, "permerror", ""},
		{"l= never passes", func() string {
			return strings.Replace(s.sign(t, plainMail, own, "r"), "a=rsa-sha256;", "a=rsa-sha256; l=5;", 1)
		}, "v=DMARC1; p=reject", petition.ProofFail, "fail", ""},
		{"a public suffix is no domain of ours", func() string {
			return s.sign(t, strings.Replace(plainMail, "@readingroom.example", "@nice.co.uk", 1), "co.uk", "r")
		}, "", petition.ProofNone, "none", ""},
		{"neighbours under a public suffix", func() string {
			return s.sign(t, strings.Replace(plainMail, "@readingroom.example", "@nice.co.uk", 1), "evil.co.uk", "r")
		}, "", petition.ProofNone, "none", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			delete(s.zone, dmarc)
			if tt.policy != "" {
				s.zone[dmarc] = tt.policy
			}
			a := s.check(t, tt.mail())
			if a.Proof() != tt.proof || a.DMARC != tt.dmarc || a.AlignedDomain != tt.aligned {
				t.Errorf("proof %s, dmarc %s, aligned %q; dkim %+v", a.Proof(), a.DMARC, a.AlignedDomain, a.DKIM)
			}
		})
	}
}

// R48: the key's failure to come is told apart, h= is kept (R28), answers are kept, and at most five are verified.
func TestR48Signatures(t *testing.T) {
	s := newSigner(t)
	signed := s.sign(t, plainMail, "readingroom.example", "r", "From", "Subject", "In-Reply-To")
	o := Check(t.Context(), []byte(signed), nil, Settings{LookupTXT: s.lookup})
	d := o.Authentication.DKIM
	if len(d) != 1 || d[0].Result != "pass" || d[0].Selector != "r" || !slices.Equal(d[0].Headers, []string{"from", "subject", "in-reply-to"}) {
		t.Errorf("dkim %+v", d)
	}
	if !slices.ContainsFunc(o.DNS, func(a petition.DNSAnswer) bool {
		return a.Name == "r._domainkey.readingroom.example" && len(a.TXT) == 1
	}) {
		t.Errorf("answers %+v", o.DNS)
	}
	s.zone["r._domainkey.readingroom.example"] = "SERVFAIL"
	if a := s.check(t, signed); a.DKIM[0].Result != "temperror" || a.Proof() != petition.TempError {
		t.Errorf("key unreachable: %+v", a)
	}
	s.zone["r._domainkey.readingroom.example"] = "v=DKIM1; k=rsa; p="
	if a := s.check(t, signed); a.DKIM[0].Result == "pass" || a.AlignedDomain != "" {
		t.Errorf("key revoked: %+v", a)
	}
	many := plainMail
	for range 8 {
		many = s.sign(t, many, "mailer.example", "e")
	}
	if a := s.check(t, many); len(a.DKIM) != maxSignatures {
		t.Errorf("%d signatures verified", len(a.DKIM))
	}
}

// R48: without DNS nothing is checked and nothing is claimed.
func TestR48Unchecked(t *testing.T) {
	a := Check(t.Context(), []byte(plainMail), nil, Settings{}).Authentication
	if a.DMARC != "unchecked" || a.Proof() != petition.ProofNone || a.DKIM == nil {
		t.Errorf("%+v", a)
	}
}

// R47: only the topmost run of fields by our provider counts.
func TestR47AuthenticationResults(t *testing.T) {
	const pass = "Authentication-Results: mx.host.test; dmarc=pass header.from=readingroom.example; spf=pass smtp.mailfrom=ann@readingroom.example"
	const fail = "Authentication-Results: mx.host.test; dmarc=fail header.from=readingroom.example"
	ours, theirs := "Received: from x by mx.host.test; Mon, 2 Feb 2026 10:00:00 +0000", "Received: from y by mail.readingroom.example; Mon, 2 Feb 2026 10:00:00 +0000"
	tests := []struct {
		name  string
		above []string
		proof petition.Proof
		by    string
	}{
		{"above everything", []string{pass, ours, theirs}, petition.AlignedPass, "authentication-results"},
		{"below our provider's Received", []string{ours, pass, theirs}, petition.AlignedPass, "authentication-results"},
		{"below a foreign Received", []string{ours, theirs, pass}, petition.ProofNone, ""},
		{"forged under the real one", []string{ours, fail, pass}, petition.ProofFail, "authentication-results"},
		{"another id", []string{"Authentication-Results: mx.evil.example; dmarc=pass header.from=readingroom.example", ours}, petition.ProofNone, ""},
		{"pass for another From", []string{"Authentication-Results: mx.host.test; dmarc=pass header.from=other.example", ours}, petition.ProofNone, ""},
		{"aligned spf alone", []string{"Authentication-Results: mx.host.test; spf=pass smtp.mailfrom=bounce@mail.readingroom.example", ours}, petition.AlignedPass, "authentication-results"},
		{"foreign spf alone", []string{"Authentication-Results: mx.host.test; spf=pass smtp.mailfrom=bounce@mailer.example", ours}, petition.ProofNone, ""},
		{"temperror", []string{"Authentication-Results: mx.host.test; dmarc=temperror header.from=readingroom.example", ours}, petition.TempError, "authentication-results"},
		{"illegible", []string{"Authentication-Results: mx.host.test; dmarc=", ours}, petition.ProofNone, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := []byte(strings.Join(tt.above, "\r\n") + "\r\n" + plainMail)
			a := Check(t.Context(), raw, nil, Settings{TrustedAuthservIDs: []string{"mx.host.test"}}).Authentication
			if a.Proof() != tt.proof || a.By != tt.by {
				t.Errorf("proof %s by %q: %+v", a.Proof(), a.By, a)
			}
		})
	}
}

// R18: two From addresses are never aligned, whatever the provider says.
// R28: a pass of the envelope's domain is the writer's own only where it is aligned with From.
func TestR28ForeignSPFIsNotThePass(t *testing.T) {
	raw := []byte("Authentication-Results: mx.host.test; dkim=pass header.d=readingroom.example; spf=pass smtp.mailfrom=mallory@evil.example\r\n" + plainMail)
	a := Check(t.Context(), raw, nil, Settings{TrustedAuthservIDs: []string{"mx.host.test"}}).Authentication
	if a.Proof() != petition.AlignedPass || a.SPF == resultPass {
		t.Errorf("%+v", a)
	}
}

func TestR18NoAlignmentForTwoSenders(t *testing.T) {
	raw := []byte("Authentication-Results: mx.host.test; dmarc=pass header.from=readingroom.example\r\n" + strings.Replace(plainMail, "From: Ann Bell <ann@readingroom.example>", "From: ann@readingroom.example, bob@readingroom.example", 1))
	if a := Check(t.Context(), raw, nil, Settings{TrustedAuthservIDs: []string{"mx.host.test"}}).Authentication; a.AlignedDomain != "" {
		t.Errorf("%+v", a)
	}
}
