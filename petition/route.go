package petition

import "slices"

// Route finds the campaign of a mail: by the notice it answers, then by where it
// was delivered, then by To and Cc, then by the mailbox's default (fallback, a
// slug). It returns nil where that gives none, or more than one: a person decides.
func Route(m *Mail, campaigns []*Campaign, asked *Notice, fallback string) *Campaign {
	if asked != nil && asked.CampaignID != 0 {
		for _, c := range campaigns {
			if c.ID == asked.CampaignID {
				return c
			}
		}
	}
	for _, recipients := range [][]string{m.Header.Delivered, m.Header.Recipients} {
		var found []*Campaign
		for _, c := range campaigns {
			if addressed(c, recipients) {
				found = append(found, c)
			}
		}
		if len(found) == 1 {
			return found[0]
		}
		if len(found) > 1 {
			return nil
		}
	}
	for _, c := range campaigns {
		if fallback != "" && c.Slug == fallback {
			return c
		}
	}
	return nil
}

func addressed(c *Campaign, recipients []string) bool {
	return slices.ContainsFunc(c.Addresses, func(a string) bool {
		a = CanonicalAddress(a)
		return slices.ContainsFunc(recipients, func(r string) bool {
			r = CanonicalAddress(r)
			return r == a || WithoutPlus(r) == a
		})
	})
}
