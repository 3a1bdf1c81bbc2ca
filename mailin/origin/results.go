package origin

import (
	"strings"

	"github.com/emersion/go-msgauth/authres"

	"countersign/mailin/message"
	"countersign/petition"
)

// results is what trusted Authentication-Results fields say (RFC 8601).
type results struct {
	dkim       []petition.DKIMResult
	spf        string
	spfDomain  string
	dmarc      string
	dmarcFrom  string
	found      bool
	spfMention bool
}

func (r results) any() bool { return r.found && (r.spfMention || r.dmarc != "") }

// trustedResults reads fields whose authserv-id is one of ours and which stand in the topmost run: all of them above the
// first Received; below Received fields of the same provider only the first, since what stands under it may have come
// with the mail (R47; RFC 8601 5).
func trustedResults(h *message.Header, ids []string) results {
	var r results
	if len(ids) == 0 {
		return r
	}
	below := false
	for i := range h.Fields {
		f := &h.Fields[i]
		switch {
		case strings.EqualFold(f.Name, "Received"):
			if !receivedBy(f.Value, ids) {
				return r
			}
			below = true
		case strings.EqualFold(f.Name, "Authentication-Results"):
			if below && r.found {
				return r
			}
			r.read(f.Value, ids)
		}
	}
	return r
}

// receivedBy tells whether a Received field was written by the provider of one of the ids.
func receivedBy(value string, ids []string) bool {
	_, by, ok := strings.Cut(" "+strings.ToLower(value), " by ")
	if !ok {
		return false
	}
	host, _, _ := strings.Cut(strings.TrimSpace(by), " ")
	host = strings.Trim(host, "();[]")
	for _, id := range ids {
		id = strings.ToLower(id)
		if host == id || organizational(host) == organizational(id) && !isPublicSuffix(host) {
			return true
		}
	}
	return false
}

func (r *results) read(value string, ids []string) {
	id, list, err := authres.Parse(value)
	if err != nil {
		return
	}
	known := false
	for _, own := range ids {
		known = known || strings.EqualFold(id, own)
	}
	if !known {
		return
	}
	r.found = true
	for _, one := range list {
		switch v := one.(type) {
		case *authres.DKIMResult:
			domain := v.Domain
			if domain == "" {
				domain = domainOf(v.Identifier)
			}
			r.dkim = append(r.dkim, petition.DKIMResult{Domain: strings.ToLower(domain), Result: string(v.Value), Because: "authentication-results of " + id})
		case *authres.SPFResult:
			if !r.spfMention {
				r.spfMention, r.spf = true, string(v.Value)
				if r.spfDomain = domainOf(v.From); r.spfDomain == "" {
					r.spfDomain = strings.ToLower(v.From)
				}
			}
		case *authres.DMARCResult:
			if r.dmarc == "" {
				r.dmarc, r.dmarcFrom = string(v.Value), strings.ToLower(v.From)
			}
		}
	}
}

// apply adds the provider's verdict to ours. A pass counts only where it is aligned with the From that we see.
func (r results) apply(a *petition.Authentication, from string) {
	if !r.found || from == "" {
		return
	}
	pass := r.dmarc == resultPass && (r.dmarcFrom == from || r.dmarcFrom != "" && domainOf("@"+r.dmarcFrom) == from)
	if !pass && r.dmarc != resultFail {
		pass = r.spf == resultPass && aligned(r.spfDomain, from, false)
		for _, d := range r.dkim {
			pass = pass || d.Result == resultPass && aligned(d.Domain, from, false)
		}
	}
	switch {
	case pass:
		if a.DMARC != resultPass {
			a.DMARC = resultNone
			if r.dmarc == resultPass {
				a.DMARC = resultPass
			}
		}
		if a.AlignedDomain != "" {
			a.By = "both"
		} else {
			a.AlignedDomain, a.By = from, "authentication-results"
		}
	case a.AlignedDomain != "": // our own proof stands
	case r.dmarc == resultFail:
		a.DMARC, a.By = resultFail, "authentication-results"
	case a.DMARC == unchecked && (r.dmarc == resultTempError || r.dmarc == resultPermError || r.dmarc == resultNone):
		a.DMARC, a.By = r.dmarc, "authentication-results"
	}
}
