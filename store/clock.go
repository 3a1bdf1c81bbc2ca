package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"countersign/petition"
)

// When a signer who has not answered is reminded, counted from the request (M3).
const (
	firstReminder  = 4 * 24 * time.Hour
	secondReminder = 10 * 24 * time.Hour
)

// closingNote is how long before the deadline those who have not decided are told (U13).
const closingNote = 48 * time.Hour

// maxDue bounds one round of the clock; the rest comes with the next.
const maxDue = 500

type askedRow struct {
	NoticeID      int64
	EndorsementID int64
	CampaignID    int64
	AskedAt       micros // when the request was sent
	ExpiresAt     micros // when the last link or code of the version stops counting
	Reminders     int
}

// Due lists what the clock should do now: reminders, the end of requests that nobody
// answered, the note before the list closes, and erasing what nobody took back. Each is for Act, in any order; doing
// one twice changes nothing. An endorsement for which somebody else must decide first
// is left in peace but for that note (U13).
func (s *Store) Due(ctx context.Context) ([]petition.Action, error) {
	now := s.Now()
	campaigns, err := s.reader().campaigns(ctx)
	if err != nil {
		return nil, err
	}
	var open, closing []int64 // reminders go out where a yes still counts
	for _, c := range campaigns {
		if !c.AcceptsConfirmation(now) {
			continue
		}
		open = append(open, c.ID)
		if !c.Closes.IsZero() && now.Before(c.Closes) && c.Closes.Sub(now) <= closingNote {
			closing = append(closing, c.ID)
		}
	}
	args := []any{toMicros(now), toMicros(now.Add(-firstReminder)), toMicros(now.Add(-secondReminder)), maxDue}
	openList := in(&args, open)
	var rows []askedRow
	if err := s.reader().list(ctx, &rows, `SELECT notice_id, endorsement_id, campaign_id, asked_at, expires_at, reminders FROM (
		SELECT MAX(n.id) AS notice_id, e.id AS endorsement_id, e.campaign_id, e.state,
		MAX(CASE WHEN n.kind<>'reminder' THEN n.sent_at END) AS asked_at,
		MAX(CASE WHEN n.expires_at=0 THEN 9000000000000000000 ELSE n.expires_at END) AS expires_at,
		SUM(CASE WHEN n.kind='reminder' THEN 1 ELSE 0 END) AS reminders
		FROM endorsements e JOIN notice_shows w ON w.endorsement_id=e.id JOIN notices n ON n.id=w.notice_id
		WHERE e.verification='awaiting' AND e.withdrawn_at=0 AND e.erasing_at=0 AND e.on_hold=''
		AND (n.kind='reminder' OR n.kind IN ('request','new_link','corrected','use_link') AND n.sent_at>0)
		GROUP BY e.id, e.campaign_id, e.state) AS asked
		WHERE asked_at IS NOT NULL AND (expires_at<$1 OR state='awaiting' AND campaign_id IN `+openList+`
			AND (reminders=0 AND asked_at<$2 OR reminders=1 AND asked_at<$3)) ORDER BY asked_at LIMIT $4`, args...); err != nil {
		return nil, err
	}
	actions := make([]petition.Action, 0, len(rows))
	for _, r := range rows {
		a := petition.Action{CampaignID: r.CampaignID, Endorsements: []int64{r.EndorsementID}, NoticeID: r.NoticeID, Channel: petition.ByProgram}
		if r.ExpiresAt.time().Before(now) {
			a.Kind = petition.ActExpire
		} else {
			a.Kind, a.Nth = petition.ActRemind, r.Reminders+1
		}
		actions = append(actions, a)
	}
	notes, err := s.closingNotes(ctx, closing)
	if err != nil {
		return nil, err
	}
	erasures, err := s.erasures(ctx, now)
	return slices.Concat(actions, notes, erasures), err
}

// erasures are what nobody took back in time: the persons go for good (U12).
func (s *Store) erasures(ctx context.Context, now time.Time) ([]petition.Action, error) {
	var rows []askedRow
	if err := s.reader().list(ctx, &rows, `SELECT id AS endorsement_id, campaign_id FROM endorsements WHERE erasing_at>0 AND erasing_at<=$1
		ORDER BY erasing_at LIMIT $2`, toMicros(now.Add(-petition.ReversibleFor)), maxDue); err != nil {
		return nil, err
	}
	actions := make([]petition.Action, len(rows))
	for i, r := range rows {
		actions[i] = petition.Action{Kind: petition.ActForget, CampaignID: r.CampaignID, Endorsements: []int64{r.EndorsementID}, Channel: petition.ByProgram}
	}
	return actions, nil
}

// closingNotes are for those of the campaigns who have not decided yet and were not told before.
func (s *Store) closingNotes(ctx context.Context, campaigns []int64) ([]petition.Action, error) {
	if len(campaigns) == 0 {
		return nil, nil
	}
	args := []any{maxDue}
	var rows []askedRow
	if err := s.reader().list(ctx, &rows, `SELECT e.id AS endorsement_id, e.campaign_id FROM endorsements e WHERE e.verification='undecided'
		AND e.withdrawn_at=0 AND e.erasing_at=0 AND e.state='undecided' AND e.on_hold='' AND e.contact<>'' AND e.campaign_id IN `+in(&args, campaigns)+`
		AND NOT EXISTS (SELECT 1 FROM notice_shows w JOIN notices n ON n.id=w.notice_id WHERE w.endorsement_id=e.id AND n.kind='note')
		ORDER BY e.id LIMIT $1`, args...); err != nil {
		return nil, err
	}
	actions := make([]petition.Action, len(rows))
	for i, r := range rows {
		actions[i] = petition.Action{Kind: petition.ActClosing, CampaignID: r.CampaignID, Endorsements: []int64{r.EndorsementID}, Channel: petition.ByProgram}
	}
	return actions, nil
}

// digestHour is from when on, in a campaign's zone, the day's digest may go out.
const digestHour = 7

// QueueDigests queues one digest a local day to each organizer who wants it, if
// anything waits for them, and says how many it queued.
func (s *Store) QueueDigests(ctx context.Context) (int, error) {
	organizers, err := s.Organizers(ctx)
	if err != nil {
		return 0, err
	}
	campaigns, err := s.Campaigns(ctx)
	if err != nil {
		return 0, err
	}
	queued := 0
	for i := range organizers {
		o := &organizers[i]
		var theirs []*petition.Campaign
		for _, c := range campaigns {
			if o.Sees(c.ID) {
				theirs = append(theirs, c)
			}
		}
		if !o.Digest || len(theirs) == 0 {
			continue
		}
		done, err := s.queueDigest(ctx, o, theirs)
		if err != nil {
			return queued, err
		}
		queued += btoi(done)
	}
	return queued, nil
}

func (s *Store) queueDigest(ctx context.Context, o *petition.Organizer, campaigns []*petition.Campaign) (bool, error) {
	local := s.Now().In(campaigns[0].Location())
	if local.Hour() < digestHour {
		return false, nil
	}
	key := fmt.Sprintf("digest:O%d:%s", o.ID, local.Format("2006-01-02"))
	var sent int
	if err := s.reader().get(ctx, &sent, `SELECT COUNT(*) FROM notices WHERE dedupe_key=$1`, key); err != nil || sent > 0 {
		return false, err
	}
	ids := make([]int64, len(campaigns))
	for i, c := range campaigns {
		ids[i] = c.ID
	}
	waiting, err := s.QueueCounts(ctx, ids)
	if err != nil || len(waiting) == 0 {
		return false, err
	}
	n := petition.Notice{Kind: petition.NoticeDigest, To: o.Address, Locale: o.Locale, DedupeKey: key}
	if len(campaigns) == 1 {
		n.CampaignID = campaigns[0].ID
	}
	for what, count := range waiting {
		n.Details.Counts = append(n.Details.Counts, petition.Count{What: what, N: count})
	}
	slices.SortFunc(n.Details.Counts, func(a, b petition.Count) int { return b.N - a.N })
	fresh := false
	err = s.inTx(ctx, func(t *tx) error {
		copied := n
		fresh, err = t.queue(ctx, nil, &copied)
		return err
	})
	return fresh, err
}

// Purged says what retention took away.
type Purged struct {
	Mails int // that were nobody's signature: bytes, text and what was read
	Raw   int // other mails: bytes and text
}

// purgeBatch keeps one transaction of retention short.
const purgeBatch = 500

// Purge takes away what is kept no longer: bytes and text of mail that was nobody's
// signature and never waited for a person after Retention.NoSignOn (U09), of every
// other mail after Retention.Raw.
// The row with its hash and what became of it stays (R55), and so do readings of
// mails that signed. Mail that still waits for a person keeps everything.
func (s *Store) Purge(ctx context.Context) (Purged, error) {
	var p Purged
	var err error
	if s.retain.NoSignOn > 0 {
		p.Mails, err = s.purge(ctx, s.Now().Add(-s.retain.NoSignOn), `AND (m.disposition IN ('ignored','automatic','bounce','thanked')
				OR m.disposition IN ('backlog','person') AND NOT EXISTS (SELECT 1 FROM tasks k WHERE k.mail_id=m.id))
			AND NOT EXISTS (SELECT 1 FROM events v WHERE v.mail_id=m.id) AND NOT EXISTS (SELECT 1 FROM endorsements e WHERE e.request_mail_id=m.id)`, true)
	}
	if err == nil && s.retain.Raw > 0 {
		p.Raw, err = s.purge(ctx, s.Now().Add(-s.retain.Raw), "", false)
	}
	return p, err
}

func (s *Store) purge(ctx context.Context, before time.Time, condition string, readings bool) (int, error) {
	total := 0
	for {
		var ids []int64
		err := s.inTx(ctx, func(t *tx) error {
			ids = nil
			if err := t.list(ctx, &ids, `SELECT m.id FROM mails m WHERE m.purged_at=0 AND m.received_at<$1 AND m.recorded_at<$1 AND m.state IN ('decided','quarantined') `+condition+`
				AND NOT EXISTS (SELECT 1 FROM tasks k WHERE k.mail_id=m.id AND k.done_at=0) ORDER BY m.id LIMIT $2`+t.store.forUpdate(),
				toMicros(before), purgeBatch); err != nil || len(ids) == 0 {
				return err
			}
			return t.purge(ctx, ids, readings)
		})
		if err != nil {
			return total, err
		}
		total += len(ids)
		if len(ids) < purgeBatch {
			return total, nil
		}
	}
}

func (t *tx) purge(ctx context.Context, ids []int64, readings bool) error {
	var args []any
	list := in(&args, ids)
	if _, err := t.exec(ctx, `DELETE FROM mail_bytes WHERE mail_id IN `+list, args...); err != nil {
		return err
	}
	what, mails := `new_text=''`, ""
	if readings {
		what, mails = `new_text='', said='{}'`, `, subject='', sender='', sender_name=''`
	}
	if _, err := t.exec(ctx, `UPDATE readings SET `+what+` WHERE mail_id IN `+list, args...); err != nil {
		return err
	}
	args = append(args, toMicros(t.now))
	_, err := t.exec(ctx, fmt.Sprintf(`UPDATE mails SET purged_at=$%d%s WHERE id IN %s`, len(args), mails, list), args...)
	return err
}
