package petition

import (
	"fmt"
	"time"
)

// silent ends the decision without an answer, for a named reason.
func (d *decision) silent(disposition Disposition, why Silence) {
	d.out.Disposition, d.out.Silence = disposition, why
}

func (d *decision) task(kind TaskKind, endorsement int64, why string) {
	t := Task{Kind: kind, MailID: d.Mail.ID, EndorsementID: endorsement, Why: why, CreatedAt: d.Now}
	if d.Campaign != nil {
		t.CampaignID = d.Campaign.ID
	}
	if d.Asked != nil {
		t.NoticeID = d.Asked.ID
	}
	d.out.Tasks = append(d.out.Tasks, t)
}

func (d *decision) urgent(kind TaskKind, endorsement int64, why string) {
	d.task(kind, endorsement, why)
	d.out.Tasks[len(d.out.Tasks)-1].Urgent = true
}

func (d *decision) newEvent(endorsement int64, kind EventKind, version int) Event {
	return Event{EndorsementID: endorsement, At: d.Now, Kind: kind, Version: version, Channel: ByMail, MailID: d.Mail.ID}
}

func (d *decision) event(endorsement int64, kind EventKind, version int) {
	ev := d.newEvent(endorsement, kind, version)
	if d.Asked != nil {
		ev.NoticeID, ev.Channel = d.Asked.ID, ByReply
		ev.Who = Person{Name: CleanLine(d.Mail.FromName(), 120), Address: d.Mail.From()}
	}
	d.out.Events = append(d.out.Events, ev)
}

// notice is an answer to the mail, in its thread and its language, to be filled in.
func (d *decision) notice(kind NoticeKind, to string, shows []Shown) Notice {
	n := Notice{
		Kind: kind, To: to, Locale: d.locale(shows), MailID: d.Mail.ID, Shows: shows,
		DedupeKey: fmt.Sprintf("answer:M%d", d.Mail.ID), InReplyTo: d.Mail.Header.MessageID, References: thread(d.Mail),
		Subject: d.Mail.Header.Subject, QueuedAt: d.Now, DueAt: d.Now, State: NoticeDue,
		Details: Details{WroteAt: d.Mail.Received, CanReply: true},
	}
	if d.Campaign != nil {
		n.CampaignID = d.Campaign.ID
	}
	n.ExpiresAt = expiry(d.Campaign, d.Rules, d.Now)
	return n
}

// expiry is until when a notice's links and codes count: the request's life, and
// no less than the deadline with its grace (R39).
func expiry(c *Campaign, r Rules, now time.Time) time.Time {
	life := r.RequestLife
	if life == 0 {
		life = 21 * 24 * time.Hour
	}
	until := now.Add(life)
	if c != nil && !c.Closes.IsZero() {
		if end := c.Closes.Add(c.Grace); end.After(until) {
			until = end
		}
	}
	return until
}

// locale is the language of the new text, else the signer's, else the campaign's.
func (d *decision) locale(shows []Shown) string {
	if l := d.Mail.Reading.Language; l != "" && l != "und" {
		return l
	}
	for _, s := range shows {
		for _, e := range append(d.Shown, d.Own...) {
			if e.ID == s.EndorsementID {
				return e.Locale
			}
		}
	}
	if d.Campaign != nil {
		return d.Campaign.Language()
	}
	return "en"
}

// answer ends the decision with one notice to the writer.
func (d *decision) answer(disposition Disposition, kind NoticeKind, about []*Endorsement, fill ...func(*Notice)) {
	d.answerShowing(disposition, kind, versionsOf(about), fill...)
}

// answerShowing is answer for given versions; fill completes the notice.
func (d *decision) answerShowing(disposition Disposition, kind NoticeKind, shows []Shown, fill ...func(*Notice)) {
	d.out.Disposition = disposition
	if d.overLimit(kind, shows) {
		d.out.Silence = SilentLimit
		return
	}
	n := d.notice(kind, d.Mail.From(), shows)
	for _, f := range fill {
		f(&n)
	}
	if limit := orDefault(d.Rules.PerDomainHour, defaultPerDomainHour); d.DomainHour >= limit && !IsFreeMail(Domain(n.To)) {
		n.DueAt = d.Now.Add(time.Hour) // delayed, never dropped (R34)
	}
	d.out.Notices = append(d.out.Notices, n)
}

// overLimit applies R34: what was answered often enough today about the same is
// not answered again. A new human mail about something else always is (U02).
func (d *decision) overLimit(kind NoticeKind, shows []Shown) bool {
	n, limit := 0, orDefault(d.Rules.PerAddress, defaultPerAddress)
	if len(shows) == 0 {
		limit = perAddressOther
	}
	for _, r := range d.Recent {
		if r.Kind == kind && sameEndorsements(r.Shows, shows) {
			n++
		}
	}
	return n >= limit
}

func sameEndorsements(a, b []Shown) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].EndorsementID != b[i].EndorsementID {
			return false
		}
	}
	return true
}

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}
