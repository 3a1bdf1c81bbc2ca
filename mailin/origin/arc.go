package origin

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
)

const maxARCSets = 50 // RFC 8617 4.2.1

// arcSet is one hop of a chain: results, message signature, seal.
type arcSet struct{ aar, ams, as *headerField }

var errARC = errors.New("chain broken")

// verifyARC validates a chain (RFC 8617 5.2): none, pass or fail. The verdict is only recorded: a chain proves nothing of
// the sender unless its sealer is one to believe (R50), and no sealers are configured.
func verifyARC(raw []byte, dns *resolver) string {
	fields := headerFields(raw)
	sets, n, err := arcSets(fields)
	if n == 0 && err == nil {
		return resultNone
	}
	if err != nil {
		return resultFail
	}
	for i := n; i >= 1; i-- { // every seal must say that the chain was good before it
		cv := strings.ToLower(parseTags(sets[i].as.value)["cv"])
		if i == 1 && cv != "none" || i > 1 && cv != "pass" {
			return resultFail
		}
	}
	if verifyAMS(raw, fields, sets[n].ams, dns) != nil {
		return resultFail
	}
	for i := n; i >= 1; i-- {
		if verifySeal(sets, i, dns) != nil {
			return resultFail
		}
	}
	return resultPass
}

// arcSets groups the fields by instance. Each instance from 1 to n must have each field once.
func arcSets(fields []headerField) (map[int]*arcSet, int, error) {
	sets := map[int]*arcSet{}
	n, seen := 0, 0
	for i := range fields {
		f := &fields[i]
		kind := strings.ToLower(f.name)
		if kind != "arc-authentication-results" && kind != "arc-message-signature" && kind != "arc-seal" {
			continue
		}
		seen++
		instance, err := strconv.Atoi(parseTags(strings.SplitN(f.value, ";", 2)[0])["i"])
		if kind != "arc-authentication-results" {
			instance, err = strconv.Atoi(parseTags(f.value)["i"])
		}
		if err != nil || instance < 1 || instance > maxARCSets {
			return nil, seen, errARC
		}
		set := sets[instance]
		if set == nil {
			set = &arcSet{}
			sets[instance] = set
		}
		if kind != "arc-authentication-results" && !wellFormed(f.value) {
			return nil, seen, errARC
		}
		slot := map[string]**headerField{"arc-authentication-results": &set.aar, "arc-message-signature": &set.ams, "arc-seal": &set.as}[kind]
		if *slot != nil {
			return nil, seen, errARC
		}
		*slot = f
		n = max(n, instance)
	}
	for i := 1; i <= n; i++ {
		if s := sets[i]; s == nil || s.aar == nil || s.ams == nil || s.as == nil {
			return nil, seen, errARC
		}
	}
	return sets, n, nil
}

// wellFormed: a tag list names each tag once and has no empty places but the last (RFC 6376 3.2).
func wellFormed(list string) bool {
	seen := map[string]bool{}
	parts := strings.Split(list, ";")
	for i, part := range parts {
		name, _, ok := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		if i == len(parts)-1 && strings.TrimSpace(part) == "" {
			break
		}
		if !ok || name == "" || seen[name] {
			return false
		}
		seen[name] = true
	}
	return true
}

// verifyAMS verifies the newest message signature: as DKIM, without v= (RFC 8617 4.1.2).
func verifyAMS(raw []byte, fields []headerField, ams *headerField, dns *resolver) error {
	tags := parseTags(ams.value)
	headers := signedHeaders(tags["h"])
	if _, ok := tags["l"]; ok {
		return errARC
	}
	if slices.Contains(headers, "arc-seal") {
		return errARC
	}
	canon := strings.ToLower(tags["c"])
	if _, given := tags["c"]; !given { // "simple/simple" (RFC 6376 3.5), but sealers that leave it out mean what every sealer uses
		if verifyAMSAs("simple/simple", raw, fields, ams, headers, tags, dns) == nil {
			return nil
		}
		canon = "relaxed/relaxed"
	}
	return verifyAMSAs(canon, raw, fields, ams, headers, tags, dns)
}

func verifyAMSAs(canon string, raw []byte, fields []headerField, ams *headerField, headers []string, tags map[string]string, dns *resolver) error {
	headerCanon, bodyCanon, _ := strings.Cut(canon, "/")
	body := []byte(nil)
	if _, after, ok := bytes.Cut(raw, []byte("\r\n\r\n")); ok {
		body = after
	}
	sum := sha256.Sum256(canonicalBody(body, bodyCanon == "relaxed"))
	want, err := base64.StdEncoding.DecodeString(tags["bh"])
	if err != nil || !bytes.Equal(want, sum[:]) {
		return errARC
	}
	var signed strings.Builder
	used := map[string]int{}
	for _, name := range headers {
		if f := fromBottom(fields, name, used[name]); f != nil {
			signed.WriteString(canonicalField(f, headerCanon == "relaxed"))
			signed.WriteString("\r\n")
		}
		used[name]++
	}
	signed.WriteString(canonicalField(withoutSignature(ams), headerCanon == "relaxed"))
	return verifySignature(tags, signed.String(), dns)
}

// fromBottom returns the n-th field of that name counted from the bottom (RFC 6376 5.4.2).
func fromBottom(fields []headerField, name string, n int) *headerField {
	for i := len(fields) - 1; i >= 0; i-- {
		if strings.EqualFold(fields[i].name, name) {
			if n == 0 {
				return &fields[i]
			}
			n--
		}
	}
	return nil
}

// verifySeal verifies the seal of instance i over all sets up to it (RFC 8617 5.1.1).
func verifySeal(sets map[int]*arcSet, i int, dns *resolver) error {
	tags := parseTags(sets[i].as.value)
	if _, ok := tags["h"]; ok {
		return errARC
	}
	var signed strings.Builder
	for k := 1; k <= i; k++ {
		signed.WriteString(canonicalField(sets[k].aar, true) + "\r\n")
		signed.WriteString(canonicalField(sets[k].ams, true) + "\r\n")
		if k < i {
			signed.WriteString(canonicalField(sets[k].as, true) + "\r\n")
		}
	}
	signed.WriteString(canonicalField(withoutSignature(sets[i].as), true))
	return verifySignature(tags, signed.String(), dns)
}

// verifySignature checks b= over the signed text with the key of s= and d=.
func verifySignature(tags map[string]string, signed string, dns *resolver) error {
	if tags["d"] == "" || tags["s"] == "" {
		return errARC
	}
	txt, err := dns.txt(tags["s"] + "._domainkey." + tags["d"])
	if err != nil || len(txt) != 1 {
		return errARC
	}
	key := parseTags(txt[0])
	if v, ok := key["v"]; ok && v != "DKIM1" {
		return errARC
	}
	der, err := base64.StdEncoding.DecodeString(key["p"])
	if err != nil || len(der) == 0 {
		return errARC
	}
	sig, err := base64.StdEncoding.DecodeString(tags["b"])
	if err != nil {
		return errARC
	}
	sum := sha256.Sum256([]byte(signed))
	switch strings.ToLower(tags["a"]) {
	case "ed25519-sha256":
		if len(der) != ed25519.PublicKeySize || !ed25519.Verify(ed25519.PublicKey(der), sum[:], sig) {
			return errARC
		}
		return nil
	case "rsa-sha256":
		return verifyRSA(der, sum[:], sig)
	}
	return errARC
}

func verifyRSA(der, sum, sig []byte) error {
	pub, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		if pub, err = x509.ParsePKCS1PublicKey(der); err != nil {
			return errARC
		}
	}
	key, ok := pub.(*rsa.PublicKey)
	if !ok || key.Size()*8 < 1024 || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum, sig) != nil {
		return errARC
	}
	return nil
}

// withoutSignature empties b= (RFC 6376 3.5).
func withoutSignature(f *headerField) *headerField {
	name, value, _ := strings.Cut(f.raw, ":")
	parts := strings.Split(value, ";")
	for i, p := range parts {
		if tag, _, ok := strings.Cut(p, "="); ok && strings.TrimSpace(tag) == "b" {
			parts[i] = p[:strings.IndexByte(p, '=')+1]
		}
	}
	value = strings.Join(parts, ";")
	return &headerField{name: f.name, value: value, raw: name + ":" + value}
}

// canonicalField is a field in simple or relaxed form (RFC 6376 3.4), without its line end.
func canonicalField(f *headerField, relaxed bool) string {
	if !relaxed {
		return f.raw
	}
	return strings.ToLower(f.name) + ":" + strings.Join(strings.Fields(f.value), " ")
}

// canonicalBody is the body in simple or relaxed form (RFC 6376 3.4.3, 3.4.4).
func canonicalBody(body []byte, relaxed bool) []byte {
	if relaxed {
		var out []byte
		for line := range bytes.SplitSeq(body, []byte("\r\n")) {
			space := false
			for _, c := range line {
				if c == ' ' || c == '\t' {
					space = true
					continue
				}
				if space {
					out = append(out, ' ')
					space = false
				}
				out = append(out, c)
			}
			out = append(out, '\r', '\n')
		}
		body = out
	}
	for bytes.HasSuffix(body, []byte("\r\n")) {
		body = body[:len(body)-2]
	}
	if len(body) == 0 && relaxed {
		return nil
	}
	return append(append([]byte{}, body...), '\r', '\n')
}
