package origin

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"countersign/petition"
)

const maxSignatures = 5 // verified of one mail (R48)

// verifyDKIM verifies the signatures of a mail with CRLF line ends (RFC 6376). rsa-sha1, keys under 1024 bit, l= and
// signatures without From in h= never pass (RFC 8301, R48).
func verifyDKIM(raw []byte, dns *resolver, now time.Time) []petition.DKIMResult {
	out := []petition.DKIMResult{}
	tags := signatureTags(raw)
	if len(tags) == 0 {
		return out
	}
	verified, err := verifySafely(raw, dns)
	for i, t := range tags[:min(len(tags), maxSignatures)] {
		r := petition.DKIMResult{Domain: strings.ToLower(t["d"]), Selector: t["s"], Headers: signedHeaders(t["h"])}
		switch {
		case i >= len(verified) || verified[i] == nil:
			r.Result, r.Because = resultPermError, "not verified"
			if err != nil {
				r.Because = err.Error()
			}
		default:
			r.Result, r.Because = verdict(verified[i].Err)
		}
		if r.Result == resultPass {
			r.Result, r.Because = tooWeak(t, r, now)
		}
		out = append(out, r)
	}
	return out
}

// verifySafely calls the library; a panic in it becomes an error, since raw is whatever a stranger sent.
func verifySafely(raw []byte, dns *resolver) (v []*dkim.Verification, err error) {
	defer func() {
		if p := recover(); p != nil {
			v, err = nil, errPanic
		}
	}()
	v, err = dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: dns.txt, MaxVerifications: maxSignatures})
	return v, err
}

func verdict(err error) (result, because string) {
	switch {
	case err == nil:
		return resultPass, ""
	case dkim.IsTempFail(err):
		return resultTempError, trimDKIM(err)
	case dkim.IsPermFail(err):
		return resultPermError, trimDKIM(err)
	}
	return resultFail, trimDKIM(err)
}

func trimDKIM(err error) string { return strings.TrimPrefix(err.Error(), "dkim: ") }

// tooWeak repeats the checks that must never depend on the library alone.
func tooWeak(t map[string]string, r petition.DKIMResult, now time.Time) (result, because string) {
	if strings.Contains(strings.ToLower(t["a"]), "sha1") {
		return resultPermError, "rsa-sha1 is not accepted (RFC 8301)"
	}
	if _, ok := t["l"]; ok {
		return resultFail, "l= leaves a part of the body unsigned (RFC 6376 8.2)"
	}
	if x, err := strconv.ParseInt(t["x"], 10, 64); err == nil && !now.IsZero() && now.Unix() > x {
		return resultPermError, "signature has expired"
	}
	if slices.Contains(r.Headers, "from") {
		return r.Result, r.Because
	}
	return resultPermError, "From is not signed"
}

// signatureTags returns the tags of each DKIM-Signature field, topmost first.
func signatureTags(raw []byte) []map[string]string {
	var out []map[string]string
	for _, f := range headerFields(raw) {
		if strings.EqualFold(f.name, "DKIM-Signature") {
			out = append(out, parseTags(strings.NewReplacer("\r", "", "\n", "").Replace(f.value)))
		}
	}
	return out
}

func signedHeaders(h string) []string {
	var out []string
	for name := range strings.SplitSeq(strings.ToLower(h), ":") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// headerField is a field with its folding: raw is the whole field without its last line end.
type headerField struct{ name, value, raw string }

// headerFields splits the header block of a mail with CRLF line ends, byte for byte.
func headerFields(raw []byte) []headerField {
	end := bytes.Index(raw, []byte("\r\n\r\n"))
	if bytes.HasPrefix(raw, []byte("\r\n")) {
		return nil
	}
	if end < 0 {
		end = len(raw)
	}
	block := string(raw[:min(end, 1<<20)])
	var out []headerField
	for block != "" {
		n := 0
		for {
			i := strings.Index(block[n:], "\r\n")
			if i < 0 {
				n = len(block)
				break
			}
			n += i
			if n+2 < len(block) && (block[n+2] == ' ' || block[n+2] == '\t') {
				n += 2
				continue
			}
			break
		}
		field := block[:n]
		block = strings.TrimPrefix(block[n:], "\r\n")
		if name, value, ok := strings.Cut(field, ":"); ok {
			out = append(out, headerField{strings.TrimSpace(name), value, field})
		}
	}
	return out
}

// crlf makes every line end CRLF, as signatures were made over it; a mail that has it already is returned as it is. A
// leading mbox line goes, and a header without a body gets its blank line.
func crlf(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte("From ")) {
		if i := bytes.IndexByte(raw, '\n'); i >= 0 {
			raw = raw[i+1:]
		}
	}
	if bytes.Count(raw, []byte("\n")) != bytes.Count(raw, []byte("\r\n")) {
		raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	}
	if !bytes.Contains(raw, []byte("\r\n\r\n")) {
		fixed := append([]byte{}, bytes.TrimRight(raw, "\r\n")...)
		raw = append(fixed, "\r\n\r\n"...)
	}
	return raw
}
