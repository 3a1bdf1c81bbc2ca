package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"countersign/petition"
	"countersign/store"
)

// clock does what time alone brings about: reminders and expiry, the daily digest,
// retention. One process at a time does it; every step may be repeated. What fails
// is logged and tried again with the next round.
type clock struct {
	store   *store.Store
	holder  string
	log     *slog.Logger
	queued  func()                          // there may be mail to send
	refresh func(ctx context.Context) error // takes up changes of campaigns; in every process
	every   time.Duration
	purged  time.Time
	boxes   []string  // the configured mailboxes
	started time.Time // of this process: before it nobody here could poll
}

const (
	clockRound = time.Minute
	purgeRound = time.Hour
	alertAfter = 15 * time.Minute // without a good visit to a mailbox (R14, U25)
)

func (s *service) clock() *clock {
	return &clock{
		store: s.store, holder: s.holder, log: s.log.With("component", "clock"),
		queued: s.kickSender, refresh: s.refreshRules, every: clockRound,
		boxes: slices.Sorted(maps.Keys(s.config.Mailbox)), started: s.store.Now(),
	}
}

// Run works until ctx ends and returns nil.
func (c *clock) Run(ctx context.Context) error {
	t := time.NewTicker(c.every)
	defer t.Stop()
	for {
		if err := c.round(ctx); err != nil && ctx.Err() == nil {
			c.log.Error("the clock's round failed", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

func (c *clock) round(ctx context.Context) error {
	if err := c.refresh(ctx); err != nil {
		return err
	}
	lease, err := c.store.Lease(ctx, "clock", c.holder, 3*c.every)
	if errors.Is(err, petition.ErrLeaseLost) {
		return nil // another process does it
	}
	if err != nil {
		return err
	}
	err = errors.Join(c.due(ctx), c.digests(ctx), c.alerts(ctx), c.purge(ctx))
	if ctx.Err() != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		return c.store.ReleaseLease(ctx, lease)
	}
	return err
}

// due carries out what the clock should do now, one by one: a conflict means that a
// person was faster.
func (c *clock) due(ctx context.Context) error {
	actions, err := c.store.Due(ctx)
	if err != nil {
		return err
	}
	for _, a := range actions {
		if ctx.Err() != nil {
			break
		}
		if _, err := c.store.Act(ctx, a); err != nil && !errors.Is(err, petition.ErrConflict) && !errors.Is(err, petition.ErrNotFound) {
			c.log.Error("the clock's act failed", "kind", a.Kind, "endorsements", a.Endorsements, "err", err)
		}
	}
	if len(actions) > 0 {
		c.queued()
	}
	return nil
}

func (c *clock) digests(ctx context.Context) error {
	n, err := c.store.QueueDigests(ctx)
	if n > 0 {
		c.queued()
	}
	return err
}

// alerts tells the owners of a mailbox that was not read for a quarter of an hour.
func (c *clock) alerts(ctx context.Context) error {
	now := c.store.Now()
	if now.Sub(c.started) < alertAfter {
		return nil
	}
	boxes, err := c.store.Mailboxes(ctx)
	if err != nil {
		return err
	}
	for _, b := range boxes {
		since := b.OKAt
		if since.IsZero() {
			since = b.ProblemSince
		}
		if !slices.Contains(c.boxes, b.Mailbox) || since.IsZero() || now.Sub(since) < alertAfter {
			continue
		}
		text := fmt.Sprintf("The mailbox %q could not be read since %s UTC.", b.Mailbox, since.UTC().Format("2 January 2006, 15:04"))
		if b.Problem != "" {
			text += " What is wrong: " + b.Problem
		}
		text += "\nNothing is lost: mail waits there. It is read and answered as soon as this is mended."
		n, err := c.store.QueueAlert(ctx, "mailbox:"+b.Mailbox, b.Mailbox, text)
		if err != nil {
			return err
		}
		if n > 0 {
			c.queued()
		}
	}
	return nil
}

func (c *clock) purge(ctx context.Context) error {
	now := c.store.Now()
	if now.Sub(c.purged) < purgeRound {
		return nil
	}
	purged, err := c.store.Purge(ctx)
	if err != nil {
		return err
	}
	c.purged = now
	if purged != (store.Purged{}) {
		c.log.Info("old mail was removed", "raw", purged.Raw, "mails", purged.Mails)
	}
	return nil
}

// refreshRules tells the store whose mail is never answered: our own addresses, those
// of every campaign, whoever added them meanwhile.
func (s *service) refreshRules(ctx context.Context) error {
	campaigns, err := s.store.Campaigns(ctx)
	if err != nil {
		return err
	}
	restored, err := s.store.RestoredAt(ctx)
	if err != nil {
		return err
	}
	rules := s.config.Rules()
	if restored.After(rules.AnswerFrom) {
		rules.AnswerFrom = restored // a copy that was put back does not know what was answered since (R59)
	}
	for _, c := range campaigns {
		for _, a := range c.Addresses {
			rules.Own = append(rules.Own, petition.CanonicalAddress(a))
		}
	}
	slices.Sort(rules.Own)
	rules.Own = slices.Compact(rules.Own)
	s.store.SetRules(rules)
	return nil
}
