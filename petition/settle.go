package petition

import (
	"fmt"
	"time"
)

// listsByItself reports whether the campaign lists the endorsement on
// confirmation, to be reviewed afterwards (U07): surely read, from a proven
// address, and invited where the campaign asks for that.
func listsByItself(c *Campaign, e *Endorsement) bool {
	sure := e.Confidence == High && e.Aligned && e.DuplicateOf == 0 && e.OnHold == "" && e.Current().Review != Declined // no rule overrules a person
	switch c.Listing {
	case WhenConfirmed:
		return sure
	case InvitedAtOnce:
		return sure && e.Invited
	case AfterReview:
	}
	return false
}

func approval(id int64, version int, now time.Time) Event {
	return Event{EndorsementID: id, At: now, Kind: EventApproved, Version: version, Channel: ByProgram, Why: "listed when confirmed"}
}

// allListed reports whether every confirmed one will be listed with the confirmation.
func allListed(c *Campaign, es []*Endorsement, confirmed []Shown) bool {
	for _, s := range confirmed {
		for _, e := range es {
			if e.ID != s.EndorsementID {
				continue
			}
			v := e.Version(s.Version)
			if (v == nil || v.Review != Approved) && !listsByItself(c, e) || !e.HiddenAt.IsZero() {
				return false
			}
		}
	}
	return true
}

// Settle gives the consequences of an endorsement's change from before (nil: it
// is new) to after: a number at the first listing, and the news to the signer.
// The store calls it after applying an outcome's events, whatever made them.
func Settle(c *Campaign, before, after *Endorsement, now time.Time) ([]Event, []Notice) {
	v, listed := after.Listed()
	if !listed {
		return nil, nil
	}
	var old Version
	was := false
	if before != nil {
		old, was = before.Listed()
	}
	if was && old.N == v.N {
		return nil, nil
	}
	var events []Event
	if after.Number == 0 {
		events = append(events, Event{EndorsementID: after.ID, At: now, Kind: EventListed, Version: v.N, Channel: ByProgram})
	}
	quiet := was && v.Channel == ByDesk // an organizer's typo is no news to the signer
	if quiet || v.Fields.Contact == "" {
		return events, nil
	}
	return events, []Notice{{
		Kind: NoticeListed, CampaignID: c.ID, To: v.Fields.Contact, Locale: after.Locale,
		DedupeKey: fmt.Sprintf("listed:E%d:v%d", after.ID, v.N), Shows: []Shown{{after.ID, v.N}},
		QueuedAt: now, DueAt: now, State: NoticeDue, MailID: after.RequestID, Details: Details{CanReply: true},
	}}
}

func proveKey(id int64, p Purpose, now time.Time) string {
	return fmt.Sprintf("%s:E%d:%s", p, id, now.UTC().Format("2006-01-02"))
}
