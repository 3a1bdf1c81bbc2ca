package origin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"countersign/petition"
)

// FuzzDeliveryReport: whatever a mail says, what is read of a delivery report is bounded, complete and of known words.
func FuzzDeliveryReport(f *testing.F) {
	for _, g := range readGolden(f, "bounces.txt") {
		f.Add([]byte(g.mail))
	}
	reasons := append([]string{"other"}, precedence...)
	f.Fuzz(func(t *testing.T, raw []byte) {
		o := Check(t.Context(), raw, nil, Settings{})
		if o.Bounce == nil {
			return
		}
		if len(o.Bounce.Recipients) > maxRecipients {
			t.Errorf("%d recipients", len(o.Bounce.Recipients))
		}
		for i, r := range o.Bounce.Recipients {
			if !strings.Contains(r.Address, "@") || !slices.Contains([]string{"failed", "delayed", "delivered"}, r.Action) ||
				!slices.Contains([]string{"hard", "soft", "policy"}, r.Class) || !slices.Contains(reasons, r.Reason) ||
				r.Status != firstStatus(r.Status) || r.Status == "" && r.Action != "delivered" {
				t.Errorf("%+v", r)
			}
			for _, other := range o.Bounce.Recipients[:i] {
				if strings.EqualFold(other.Address, r.Address) {
					t.Errorf("%q twice", r.Address)
				}
			}
		}
	})
}

// FuzzTypedAddress: an address of a report has an @ and no line end that was not there.
func FuzzTypedAddress(f *testing.F) {
	for _, s := range []string{"rfc822; jane@org.example", "utf-8; zo\\x{EB}@org.example", "rfc822;jane+2Brooms@org.example", "x@y", "<>", "+", "\\x{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if a := typedAddress(s); a != "" && (!strings.Contains(a, "@") || strings.Contains(a, " ") || !strings.Contains(s, "\n") && strings.Contains(a, "\n")) {
			t.Errorf("%q gives %q", s, a)
		}
	})
}

// FuzzSignedHeader: no header proves anything without a key, whatever it claims (R47, R48, R50).
func FuzzSignedHeader(f *testing.F) {
	f.Add("Authentication-Results: mx.example.test; dkim=pass header.d=org.example\r\nDKIM-Signature: v=1; a=rsa-sha256; d=org.example; s=x; h=from; bh=; b=")
	f.Add("ARC-Seal: i=1; cv=none; a=rsa-sha256; d=org.example; s=x; b=\r\nARC-Message-Signature: i=1; a=rsa-sha256; d=org.example; s=x; h=from; bh=; b=\r\nARC-Authentication-Results: i=1; x; dkim=pass")
	f.Add("Received: from a by mx.example.test; x\r\nAuthentication-Results: other.example; dmarc=pass header.from=org.example")
	s := Settings{TrustedAuthservIDs: []string{"trusted.openhours.test"}, LookupTXT: func(context.Context, string) ([]string, error) { return nil, errors.New("no such name") }}
	f.Fuzz(func(t *testing.T, header string) {
		if strings.Contains(strings.ToLower(header), "trusted") {
			return
		}
		a := Check(t.Context(), []byte("From: ann@org.example\r\n"+header+"\r\n\r\nWe sign.\r\n"), nil, s).Authentication
		if a.AlignedDomain != "" || a.DMARC == resultPass || a.ARC == resultPass || a.Proof() == petition.AlignedPass {
			t.Errorf("%+v", a)
		}
	})
}

// BenchmarkCheck runs over the reports and the answers of testdata, and over a plain mail.
func BenchmarkCheck(b *testing.B) {
	for _, set := range []string{"bounces.txt", "automatic.txt"} {
		b.Run(set, func(b *testing.B) {
			mails := readGolden(b, set)
			for i := 0; b.Loop(); i++ {
				Check(b.Context(), []byte(mails[i%len(mails)].mail), nil, Settings{})
			}
		})
	}
	b.Run("a letter of 20 kB", func(b *testing.B) {
		raw := []byte(plainMail + strings.Repeat("We sign this letter with all of our members and friends.\r\n", 350))
		for b.Loop() {
			Check(b.Context(), raw, nil, Settings{})
		}
	})
}

// BenchmarkHostile: time a byte must not grow with the size.
func BenchmarkHostile(b *testing.B) {
	daemon := "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nSubject: Undelivered Mail\r\n\r\nIt could not be delivered to:\r\n"
	for name, line := range map[string]string{
		"recipients": "<%d@org.example>: 550 user\r\n", "unknown": "user user user user user does not\r\n", "one word": "user ", "session": ">>> RCPT\r\n", "fields": "Final-Recipient: x@y.example\r\n",
	} {
		for _, size := range []int{64 << 10, 1 << 20} {
			b.Run(name+map[bool]string{true: ", 1 MB", false: ", 64 kB"}[size > 100000], func(b *testing.B) {
				raw := []byte(daemon + strings.Repeat(strings.ReplaceAll(line, "%d", "x"), size/len(line)))
				b.SetBytes(int64(len(raw)))
				for b.Loop() {
					Check(b.Context(), raw, nil, Settings{})
				}
			})
		}
	}
}
