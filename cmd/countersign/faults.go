package main

import (
	"context"
	"time"

	"countersign/petition"
	"countersign/store"
)

// The points of the work where a test may kill the process (see world.Faults).
const (
	faultFetched    = "fetched"    // bytes are here, nothing is recorded
	faultRecorded   = "recorded"   // committed; the mailbox is not touched yet
	faultMoved      = "moved"      // the server moved a mail; we have not recorded where
	faultKeyworded  = "keyworded"  // the server marked mails; we have not recorded that
	faultFolder     = "folder"     // a folder was opened under its UIDVALIDITY, nothing is scanned yet
	faultClaimed    = "claimed"    // mails are claimed to be read
	faultUnderstood = "understood" // readings are committed, nothing is decided
	faultDecided    = "decided"    // outcome and outbox are committed
	faultAttempt    = "attempt"    // a notice's attempt is committed, nothing is sent
	faultSent       = "sent"       // the SMTP server said 250; we have not recorded it
	faultSettled    = "settled"    // and now we have
)

// faultyStore is the store with the fault hook between its steps. In production the
// hook does nothing.
type faultyStore struct {
	*store.Store
	fault func(point string)
}

func (f faultyStore) KnownUIDs(ctx context.Context, mailbox, folder string, uidValidity uint32) ([]uint32, error) {
	f.fault(faultFolder)
	return f.Store.KnownUIDs(ctx, mailbox, folder, uidValidity)
}

func (f faultyStore) Record(ctx context.Context, l petition.Lease, mails []petition.Fetched) ([]int64, error) {
	f.fault(faultFetched)
	ids, err := f.Store.Record(ctx, l, mails)
	if err == nil {
		f.fault(faultRecorded)
	}
	return ids, err
}

func (f faultyStore) Moved(ctx context.Context, l petition.Lease, from, to petition.Place) error {
	f.fault(faultMoved)
	return f.Store.Moved(ctx, l, from, to)
}

func (f faultyStore) Settled(ctx context.Context, l petition.Lease, places []petition.Place) error {
	f.fault(faultKeyworded)
	return f.Store.Settled(ctx, l, places)
}

func (f faultyStore) ClaimMails(ctx context.Context, holder string, n int, lease time.Duration) ([]petition.Mail, error) {
	mails, err := f.Store.ClaimMails(ctx, holder, n, lease)
	if len(mails) > 0 {
		f.fault(faultClaimed)
	}
	return mails, err
}

func (f faultyStore) Understood(ctx context.Context, batch []petition.Understanding) error {
	err := f.Store.Understood(ctx, batch)
	if err == nil {
		f.fault(faultUnderstood)
	}
	return err
}

func (f faultyStore) Decide(ctx context.Context, mailID int64, d petition.Decider) (petition.Outcome, error) {
	o, err := f.Store.Decide(ctx, mailID, d)
	if err == nil {
		f.fault(faultDecided)
	}
	return o, err
}

func (f faultyStore) ClaimNotices(ctx context.Context, n int, lease time.Duration) ([]petition.Notice, error) {
	notices, err := f.Store.ClaimNotices(ctx, n, lease)
	if len(notices) > 0 {
		f.fault(faultAttempt)
	}
	return notices, err
}

func (f faultyStore) SettleNotices(ctx context.Context, settlements []petition.Settlement) error {
	f.fault(faultSent)
	err := f.Store.SettleNotices(ctx, settlements)
	if err == nil {
		f.fault(faultSettled)
	}
	return err
}
