package store

import (
	"context"
	"fmt"
	"time"

	"countersign/petition"
)

// Decide settles what becomes of a mail that has been read: it locks the mail and
// its campaign, loads what is known, asks the decider and carries out the outcome,
// all in one transaction that is repeated when it loses a race. The decider must be
// pure: it may be asked more than once.
//
// An outcome with LookAgain decides nothing: ClaimMails hands the mail out again then.
//
// A mail that is decided already, or quarantined, gives its disposition again and
// changes nothing: replaying is harmless. Tasks and notices of a replay stay as they are.
func (s *Store) Decide(ctx context.Context, mailID int64, decide petition.Decider) (petition.Outcome, error) {
	var out petition.Outcome
	err := s.inTx(ctx, func(t *tx) error {
		out = petition.Outcome{}
		replayed, err := t.replay(ctx, mailID, &out)
		if err != nil || replayed {
			return err
		}
		m, err := t.mail(ctx, mailID, false)
		if err != nil {
			return err
		}
		known, err := t.known(ctx, m)
		if err != nil {
			return err
		}
		if m.Origin.Authentication.Proof() == petition.TempError {
			if err := t.get(ctx, &known.Readings, `SELECT COUNT(*) FROM readings WHERE mail_id=$1`, mailID); err != nil {
				return err
			}
		}
		out = decide(known)
		if !out.LookAgain.IsZero() {
			return t.lookAgain(ctx, mailID, out.LookAgain)
		}
		if err := t.carryOut(ctx, known.Campaign, knownEndorsements(known), &out, 0); err != nil {
			return err
		}
		return t.decided(ctx, mailID, known.Campaign, out)
	})
	if err != nil {
		return petition.Outcome{}, fmt.Errorf("decide mail %d: %w", mailID, err)
	}
	return out, nil
}

// replay locks the mail and reports whether there is nothing left to decide.
func (t *tx) replay(ctx context.Context, mailID int64, out *petition.Outcome) (bool, error) {
	var m struct {
		State       petition.MailState
		Disposition petition.Disposition
		Silence     petition.Silence
	}
	if err := t.get(ctx, &m, `SELECT state, disposition, silence FROM mails WHERE id=$1`+t.store.forUpdate(), mailID); err != nil {
		return false, err
	}
	switch m.State {
	case petition.MailRead:
		return false, nil
	case petition.MailRecorded:
		return false, fmt.Errorf("it is not read yet: %w", petition.ErrConflict)
	case petition.MailDecided, petition.MailQuarantined:
		out.Disposition, out.Silence = m.Disposition, m.Silence
	}
	return true, nil
}

// lookAgain puts the mail back among those that wait to be read, until then held by nobody.
func (t *tx) lookAgain(ctx context.Context, mailID int64, at time.Time) error {
	_, err := t.exec(ctx, `UPDATE mails SET state='recorded', attempts=0, decisions=0, claimed_by='', claimed_until=$2 WHERE id=$1`, mailID, toMicros(at))
	return err
}

func (t *tx) decided(ctx context.Context, mailID int64, c *petition.Campaign, out petition.Outcome) error {
	var campaign ref
	if c != nil {
		campaign = ref(c.ID)
	}
	_, err := t.exec(ctx, `UPDATE mails SET state='decided', campaign_id=$2, disposition=$3, silence=$4, decided_at=$5, claimed_until=0 WHERE id=$1`,
		mailID, campaign, out.Disposition, out.Silence, toMicros(t.now))
	return err
}

// knownEndorsements are those that the decision saw, each once: later events of the
// outcome start from exactly these.
func knownEndorsements(k petition.Known) []*petition.Endorsement {
	var all []*petition.Endorsement
	all = append(all, k.Shown...)
	all = append(all, k.Own...)
	all = append(all, k.BouncedFor...)
	for _, same := range k.Same {
		all = append(all, same...)
	}
	return all
}
