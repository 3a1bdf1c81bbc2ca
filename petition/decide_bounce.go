package petition

// bounce notes that a mail of ours did not arrive (R42–R45). What names no mail of
// ours is stored and counts for nothing: anybody can forge a bounce.
func (d *decision) bounce() {
	d.silent(DispBounce, SilentAutomatic)
	b := d.Mail.Origin.Bounce
	if b == nil || d.Bounced == nil {
		return
	}
	switch worst(b, d.Bounced.To) {
	case "hard":
		d.unreachable()
	case "policy":
		d.out.Tasks = append(d.out.Tasks, Task{
			Kind: TaskDelivery, CampaignID: d.Bounced.CampaignID, MailID: d.Mail.ID, NoticeID: d.Bounced.ID, CreatedAt: d.Now,
			Why: "A mail server refused our mail for a reason that concerns us, not the signer. See what it says.",
		})
	}
}

// unreachable marks what was asked and cannot be answered. What is listed stays
// listed: a bounce never unpublishes (R45).
func (d *decision) unreachable() {
	for i, e := range d.BouncedFor {
		v := e.Current()
		asked := i < len(d.Bounced.Shows) && d.Bounced.Shows[i].Version == v.N
		if asked && !e.Gone() && (v.Verification == Awaiting || v.Verification == Undecided) {
			ev := d.newEvent(e.ID, EventUnreached, v.N)
			ev.Channel, ev.NoticeID = ByProgram, d.Bounced.ID
			d.out.Events = append(d.out.Events, ev)
		}
		d.out.Tasks = append(d.out.Tasks, Task{
			Kind: TaskUnreachable, CampaignID: e.CampaignID, EndorsementID: e.ID, MailID: d.Mail.ID, NoticeID: d.Bounced.ID,
			CreatedAt: d.Now, Why: "Our mail came back: the address cannot be reached.",
		})
	}
}

// worst is the class of the report about the address, or of the only recipient
// where the server rewrote it; delays and deliveries are no failures (R43).
func worst(b *Bounce, to string) string {
	class := ""
	for _, r := range b.Recipients {
		if r.Action != "failed" || len(b.Recipients) > 1 && CanonicalAddress(r.Address) != CanonicalAddress(to) {
			continue
		}
		if class == "" || r.Class == "hard" {
			class = r.Class
		}
	}
	return class
}
