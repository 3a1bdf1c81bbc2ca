package origin

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"countersign/mailin/message"
	"countersign/petition"
)

// The results of RFC 8601 2.7 that we use.
const (
	resultPass      = "pass"
	resultFail      = "fail"
	resultNone      = "none"
	resultTempError = "temperror"
	resultPermError = "permerror"
	unchecked       = "unchecked"
)

// authenticate combines what our provider says with what we verify ourselves (R47-R49). AlignedDomain is set only where
// something aligned with the one From address really passed.
func authenticate(raw []byte, m *message.Message, s Settings, dns *resolver) petition.Authentication {
	a := petition.Authentication{DKIM: []petition.DKIMResult{}, ARC: resultNone, DMARC: unchecked}
	from := soleFrom(m)
	told := trustedResults(&m.Header, s.TrustedAuthservIDs)
	if a.SPF = told.spf; a.SPF == resultPass && !aligned(told.spfDomain, from, false) {
		a.SPF = "pass for another domain" // whoever sends somebody's signed mail once more passes with a domain of his own (R28)
	}
	if s.LookupTXT != nil {
		fixed := crlf(raw)
		a.DKIM = verifyDKIM(fixed, dns, s.Now)
		a.ARC = verifyARC(fixed, dns)
		ownVerdict(&a, from, told, dns)
	} else {
		a.DKIM = append(a.DKIM, told.dkim...)
	}
	told.apply(&a, from)
	return a
}

// soleFrom is the domain of the only From address, or "": with two of them nothing is aligned (R18).
func soleFrom(m *message.Message) string {
	fields := 0
	for i := range m.Header.Fields {
		if strings.EqualFold(m.Header.Fields[i].Name, "From") {
			fields++
		}
	}
	if fields != 1 || len(m.Header.From) != 1 {
		return ""
	}
	return domainOf(m.Header.From[0].Address)
}

// ownVerdict applies DMARC (RFC 7489 3.1) to the signatures that we verified.
func ownVerdict(a *petition.Authentication, from string, told results, dns *resolver) {
	if from == "" {
		a.DMARC = resultPermError
		return
	}
	policy, err := dmarcPolicy(from, dns)
	signed, broken, temporary := "", false, err != nil && isTemporary(err)
	for _, d := range a.DKIM {
		if !aligned(d.Domain, from, policy.strictDKIM) {
			continue
		}
		switch d.Result {
		case resultPass:
			signed = d.Domain
		case resultTempError:
			temporary = true
		default:
			broken = true
		}
	}
	switch {
	case signed != "":
		a.AlignedDomain, a.By = from, "dkim"
		if a.DMARC = resultPass; !policy.found {
			a.DMARC = resultNone
		}
	case temporary:
		a.DMARC = resultTempError
	case !policy.found:
		a.DMARC = resultNone
	case policy.request == "none" && !broken && !told.any():
		a.DMARC = resultNone // it may have passed by SPF, which an intake cannot see, and the owner asks for nothing
	default:
		a.DMARC = resultFail
	}
}

// policy is a DMARC record (RFC 7489 6.3).
type policy struct {
	found                 bool
	request               string // none, quarantine, reject
	strictDKIM, strictSPF bool
}

// dmarcPolicy looks the record up at the From domain, then at its organizational domain (RFC 7489 6.6.3).
func dmarcPolicy(from string, dns *resolver) (policy, error) {
	names := []string{from}
	if org := organizational(from); org != from {
		names = append(names, org)
	}
	var failure error
	for i, name := range names {
		txt, err := dns.txt("_dmarc." + name)
		if err != nil && isTemporary(err) {
			failure = err
			continue
		}
		if p := parsePolicy(txt, i > 0); p.found {
			return p, nil
		}
	}
	return policy{}, failure
}

func parsePolicy(records []string, parent bool) policy {
	var p policy
	for _, txt := range records {
		tags := parseTags(txt)
		if tags["v"] != "DMARC1" {
			continue
		}
		if p.found {
			return policy{} // several records: none applies
		}
		p = policy{found: true, request: strings.ToLower(tags["p"]), strictDKIM: strings.EqualFold(tags["adkim"], "s"), strictSPF: strings.EqualFold(tags["aspf"], "s")}
		if sub := tags["sp"]; parent && sub != "" {
			p.request = strings.ToLower(sub)
		}
	}
	return p
}

// parseTags reads "name=value; …" (RFC 6376 3.2); white space inside values goes.
func parseTags(s string) map[string]string {
	tags := map[string]string{}
	for part := range strings.SplitSeq(s, ";") {
		name, value, ok := strings.Cut(part, "=")
		if ok {
			tags[strings.TrimSpace(name)] = strings.Join(strings.Fields(value), "")
		}
	}
	return tags
}

// aligned compares an authenticated domain with the From domain (RFC 7489 3.1.1).
func aligned(domain, from string, strict bool) bool {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if domain == "" || from == "" {
		return false
	}
	if strict {
		return domain == from
	}
	return domain == from || organizational(domain) == organizational(from) && !isPublicSuffix(domain)
}

// organizational is the domain one label below its public suffix.
func organizational(domain string) string {
	org, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return domain
	}
	return org
}

func isPublicSuffix(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
}
