package petition

import (
	"slices"
	"time"
)

// waits are how long after its first, second, … reading a mail whose proof failed for
// the moment is read again: 5 and 30 minutes after it came (R33). What is still
// unproven then is decided as if there were nothing to check.
var waits = []time.Duration{5 * time.Minute, 25 * time.Minute}

// lookAgain is when to read the mail anew, because its proof failed for the moment and
// out would be another one with the proof; zero where it is decided as it is.
func (k Known) lookAgain(out *Outcome) time.Time {
	if k.Mail.Origin.Authentication.Proof() != TempError || k.Readings < 1 || k.Readings > len(waits) {
		return time.Time{}
	}
	proven := *k.Mail
	proven.Origin.Authentication = Authentication{DMARC: "pass", SPF: "pass", AlignedDomain: Domain(k.Mail.From())}
	wait := waits[k.Readings-1]
	k.Mail = &proven
	if with := decide(k); out.sameAs(&with) && !k.listsByProof(out) {
		return time.Time{}
	}
	return k.Now.Add(wait)
}

// listsByProof reports whether what the mail signs might be listed without an organizer,
// for which the proof is needed (U07).
func (k Known) listsByProof(out *Outcome) bool {
	return len(out.New) > 0 && k.Campaign != nil && k.Campaign.Listing != AfterReview
}

// sameAs reports whether two outcomes do the same and write the same to the same people.
func (o *Outcome) sameAs(p *Outcome) bool {
	return o.Disposition == p.Disposition && o.Silence == p.Silence && len(o.New) == len(p.New) &&
		slices.EqualFunc(o.Events, p.Events, func(a, b Event) bool {
			return a.EndorsementID == b.EndorsementID && a.Kind == b.Kind && a.Version == b.Version
		}) &&
		slices.EqualFunc(o.Notices, p.Notices, func(a, b Notice) bool { return a.Kind == b.Kind && a.To == b.To }) &&
		slices.EqualFunc(o.Tasks, p.Tasks, func(a, b Task) bool { return a.Kind == b.Kind && a.EndorsementID == b.EndorsementID })
}
