package mailout

import (
	"errors"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"countersign/petition"
)

// verdict is what an attempt's error means.
type verdict int

const (
	sent    verdict = iota
	later           // refused for now: try this mail again
	lost            // no connection: try everything again
	barred          // the server does not let us in: stop trying for a while, tell somebody
	ours            // refused for good because of us: tell somebody, keep the mail
	refused         // refused for good
)

// judge tells what an attempt's error means. What it does not know is temporary:
// a mail too late is better than none.
func judge(err error) verdict {
	if err == nil {
		return sent
	}
	if errors.Is(err, ErrCompose) || errors.Is(err, petition.ErrNotFound) {
		return refused
	}
	at := stageConnect
	if failed, ok := errors.AsType[*sendError](err); ok {
		at = failed.stage
	}
	refusal, ok := errors.AsType[*smtp.SMTPError](err)
	switch {
	case !ok && strings.Contains(err.Error(), "does not support SMTPUTF8"):
		return refused
	case !ok || refusal.Code == 421:
		return lost
	case at == stageLogin && refusal.Code >= 500:
		return barred
	case at == stageConnect || at == stageLogin:
		return lost
	case refusal.Code < 500:
		return later
	case at == stageSender || refusal.EnhancedCode[0] == 5 && refusal.EnhancedCode[1] == 7 || refusal.Code == 530:
		return ours // R44: 5.7.x is policy, not the signer's fault
	default:
		return refused
	}
}

// stale reports whether an error on a connection that carried mails before only
// says that it has served its time. The mail was certainly not accepted.
func stale(err error) bool {
	if refusal, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return refusal.Code == 421
	}
	failed, ok := errors.AsType[*sendError](err)
	return ok && failed.stage != stageContent && !strings.Contains(err.Error(), "does not support SMTPUTF8")
}

// The pauses between attempts at one mail, and when to give up.
const (
	minPause = time.Minute
	maxPause = 4 * time.Hour
	giveUp   = 48 * time.Hour
	// keepOurs is how long a mail waits that was refused because of us.
	keepOurs = 14 * 24 * time.Hour
)

// pause is how long to wait after the given number of attempts: doubling from
// minPause to maxPause, up to a fifth more by random, in [0, 1).
func pause(attempts int, random float64) time.Duration {
	d := minPause
	for range attempts - 1 {
		if d *= 2; d >= maxPause {
			d = maxPause
			break
		}
	}
	return d + time.Duration(random*float64(d)/5)
}

// spent is how long a mail with that many attempts has been tried, at least.
func spent(attempts int) time.Duration {
	var sum time.Duration
	for n := 1; n < attempts; n++ {
		sum += pause(n, 0)
		if sum > keepOurs {
			break
		}
	}
	return sum
}

// settle says what becomes of a notice after an attempt.
func settle(n *petition.Notice, l Letter, err error, now time.Time, random float64) petition.Settlement {
	s := petition.Settlement{ID: n.ID, Attempts: n.Attempts}
	keep := giveUp
	switch judge(err) {
	case sent:
		s.State, s.Text = petition.NoticeSent, l.Masked
		return s
	case refused:
		keep = 0
	case ours, barred:
		keep = keepOurs
	case later, lost:
	}
	s.Error = plain(err)
	if spent(n.Attempts) >= keep {
		s.State = petition.NoticeFailed
		return s
	}
	s.State, s.DueAt = petition.NoticeDue, now.Add(pause(n.Attempts, random))
	return s
}

// plain is an error as organizers may read it: one line, not too long.
func plain(err error) string { return petition.CleanLine(err.Error(), 500) }

// scrubbed is an error for logs and alerts: without the addresses that servers like to quote.
func scrubbed(err error) string { return cleanLine(err.Error(), 300, "") }
