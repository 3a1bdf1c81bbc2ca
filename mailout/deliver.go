package mailout

import (
	"context"
	"math/rand/v2"
	"time"

	"countersign/petition"
)

// connection is one worker: it sends what it is given over a connection that it
// opens when needed, keeps, and closes when it was idle too long.
func (r *run) connection(ctx context.Context) {
	var c *connection
	defer func() { c.quit() }()
	idle := time.NewTimer(r.Server.idle())
	defer idle.Stop()
	for {
		select {
		case o, ok := <-r.ready:
			if !ok {
				return
			}
			r.finish(r.deliver(ctx, &c, &o))
			idle.Reset(r.Server.idle())
		case <-idle.C:
			c.quit()
			c = nil
		}
	}
}

// deliver makes one attempt at a notice, unless it is known by now that it would
// fail or might last longer than the lease: then the notice goes back as it is.
func (r *run) deliver(ctx context.Context, c **connection, o *outgoing) petition.Settlement {
	now := r.Clock()
	if wait, _ := r.trouble.wait(now); wait > 0 || now.After(o.latest) {
		return again(&o.Notice, now.Add(wait), "the mail server does not answer")
	}
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	err := r.send(ctx, c, &o.letter)
	r.learn(ctx, err)
	return r.settled(ctx, &o.Notice, o.letter, err)
}

// settled is what becomes of the notice after an attempt.
func (r *run) settled(ctx context.Context, n *petition.Notice, l Letter, err error) petition.Settlement {
	s := settle(n, l, err, r.Clock(), rand.Float64()) //nolint:gosec // jitter is no secret
	if err != nil {
		r.Log.WarnContext(ctx, "a notice was not sent", "notice", n.ID, "kind", n.Kind, "attempt", n.Attempts, "state", s.State, "err", scrubbed(err))
	} else {
		r.Log.InfoContext(ctx, "a notice was sent", "notice", n.ID, "kind", n.Kind, "attempt", n.Attempts)
	}
	return s
}

// send sends over the open connection or a new one. Where an old connection turns
// out to be dead before the mail was accepted, it tries once more with a new one.
func (r *run) send(ctx context.Context, c **connection, l *Letter) error {
	fresh := *c == nil
	for {
		if *c == nil {
			opened, err := r.Server.connect(ctx)
			if err != nil {
				return err
			}
			*c = opened
		}
		err := (*c).send(ctx, l)
		if err == nil {
			return nil
		}
		if !(*c).again(ctx, err) {
			_ = (*c).raw.Close()
			*c = nil
		}
		if fresh || *c != nil || !stale(err) || ctx.Err() != nil {
			return err
		}
		fresh = true
	}
}

// learn draws from an attempt what it says about the server, and tells people.
func (r *run) learn(ctx context.Context, err error) {
	switch judge(err) {
	case sent:
		r.trouble.over()
		r.trouble.forget()
	case later, refused:
		r.trouble.over()
	case ours:
		r.trouble.over()
		if r.trouble.tellOnce("ours") {
			r.Alert(ctx, "The mail server refuses to send for us: "+scrubbed(err)+". Mails wait; nothing is lost.")
		}
	case barred:
		r.trouble.begin(r.Clock(), loginPause)
		if r.trouble.tellOnce("barred") {
			r.Alert(ctx, "The mail server does not let us in: "+scrubbed(err)+". Mails wait; nothing is lost. Check the password.")
		}
	case lost:
		r.trouble.begin(r.Clock(), 0)
		if r.trouble.lasts(r.Clock()) > alarm && r.trouble.tellOnce("lost") {
			r.Alert(ctx, "The mail server has not taken a mail for a quarter of an hour: "+scrubbed(err)+". Mails wait; nothing is lost.")
		}
	}
}
