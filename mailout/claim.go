package mailout

import (
	"context"
	"math/rand/v2"
	"time"
)

// queue is what the dispatcher knows of the notices between claim and answer.
type queue struct {
	connections int
	inHand      int  // claimed, and not yet sent or given up
	more        bool // more may be due than was claimed: look again when there is room
	pace        pace
}

// room is how many more may be claimed now: one for each free connection and,
// while mails go out quickly, as many as will be gone in a moment, so that the
// connections need not wait for the database. Where mails go out slowly nothing
// is claimed ahead: a lease never ends in a queue, and what is urgent waits for none.
// Half of what goes ahead is claimed at once, to keep claims few.
func (q *queue) room(now time.Time) int {
	ahead := min(max(q.pace.last(now)-q.connections, 0), maxAhead)
	free := q.connections + ahead - q.inHand
	if free < ahead/2 {
		return 0
	}
	return max(free, 0)
}

// free notes that one in hand was dealt with.
func (q *queue) free(now time.Time) {
	q.inHand--
	q.pace.add(now)
}

// moment is what pace looks back on.
const moment = 100 * time.Millisecond

// pace counts how many mails went out within the last moment, about.
type pace struct {
	since       time.Time // begin of the moment that is counted
	now, before int       // in it, and in the one before
}

func (p *pace) add(now time.Time) {
	p.roll(now)
	p.now++
}

func (p *pace) last(now time.Time) int {
	p.roll(now)
	return max(p.now, p.before)
}

func (p *pace) roll(now time.Time) {
	switch gone := now.Sub(p.since); {
	case gone >= 2*moment:
		*p = pace{since: now}
	case gone >= moment:
		*p = pace{since: p.since.Add(moment), before: p.now}
	}
}

// dispatch claims due notices while there is room until ctx ends.
func (r *run) dispatch(ctx, inHand context.Context) {
	failures := 0
	for ctx.Err() == nil {
		wait, err := r.claim(ctx, inHand)
		if err != nil {
			failures++
			wait = min(pause(failures, rand.Float64())/30, glance) //nolint:gosec // jitter is no secret
			r.Log.WarnContext(ctx, "the outbox cannot be read", "err", err, "again_in", wait)
		} else {
			failures = 0
		}
		r.sleep(ctx, wait)
	}
}

// claim hands out as many due notices as may be sent now, and tells how long to
// wait before looking again; 0: at once.
func (r *run) claim(ctx, inHand context.Context) (time.Duration, error) {
	now := r.Clock()
	room, wait, err := r.room(ctx, now)
	if err != nil || room == 0 {
		r.queue.more = true
		return wait, err
	}
	// Not ctx: a claim that is cut off after its commit would keep its notices for a whole lease.
	notices, err := r.Store.ClaimNotices(inHand, room, lease)
	if err != nil {
		r.queue.more = true
		return 0, err
	}
	r.unsettled.Add(int64(len(notices)))
	r.queue.inHand += len(notices)
	r.queue.more = len(notices) == room
	if len(notices) > 0 {
		r.claimed <- claim{notices, now.Add(lease - attempt)}
	}
	if r.queue.more {
		return 0, nil
	}
	return r.untilDue(ctx)
}

// room is how many notices may be claimed, and where none, when to look again.
func (r *run) room(ctx context.Context, now time.Time) (int, time.Duration, error) {
	wait, probe := r.trouble.wait(now)
	if wait > 0 {
		return 0, wait, nil
	}
	free := r.queue.room(now)
	if probe || r.capped() { // one mail finds out; a cap is kept closely
		free = min(free, r.queue.connections-r.queue.inHand)
	}
	if probe {
		free = min(free, 1-r.queue.inHand)
	}
	if free <= 0 {
		return 0, glance, nil
	}
	return r.left(ctx, now, free)
}

func (s *Sender) capped() bool { return s.SendPerHour > 0 || s.SendPerDay > 0 }

// left is how many of free the caps leave (U11), and where none, when to look
// again: by then about one more may go.
func (r *run) left(ctx context.Context, now time.Time, free int) (int, time.Duration, error) {
	for _, limit := range []struct {
		cap    int
		window time.Duration
	}{{r.SendPerHour, time.Hour}, {r.SendPerDay, 24 * time.Hour}} {
		if limit.cap <= 0 {
			continue
		}
		unsettled := int(r.unsettled.Load()) // read first: what is settled meanwhile counts twice, never not at all
		done, err := r.Store.SentSince(ctx, now.Add(-limit.window))
		if err != nil {
			return 0, 0, err
		}
		if left := limit.cap - done - unsettled; left < free {
			free = left
		}
		if free <= 0 {
			return 0, min(max(limit.window/time.Duration(limit.cap), time.Second), 10*time.Minute), nil
		}
	}
	return free, 0, nil
}

func (r *run) untilDue(ctx context.Context) (time.Duration, error) {
	due, err := r.Store.NextDue(ctx)
	if err != nil {
		return 0, err
	}
	if due.IsZero() {
		return glance, nil
	}
	// Due, and yet not claimed: somebody else was faster, or it is being claimed.
	return min(max(due.Sub(r.Clock()), 50*time.Millisecond), glance), nil
}

// sleep waits for d, a kick, room where more may be due, or the end.
func (r *run) sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.kick:
			return
		case <-timer.C:
			return
		case <-r.freed:
			r.queue.free(r.Clock())
			if r.queue.more && r.queue.room(r.Clock()) > 0 {
				return
			}
		}
	}
}
