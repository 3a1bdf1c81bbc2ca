package store

import (
	"context"
	"errors"
	"time"

	"countersign/petition"
)

// Lease takes the named right for a while, or renews it, by the database's clock.
// petition.ErrLeaseLost means that another holder has it. The generation grows
// whenever the right changes hands; work under an older one is refused.
func (s *Store) Lease(ctx context.Context, name, holder string, ttl time.Duration) (petition.Lease, error) {
	var r struct {
		Generation int64
		LeaseUntil micros
	}
	err := s.inTx(ctx, func(t *tx) error {
		return t.get(ctx, &r, `INSERT INTO leases (name, holder, generation, lease_until) VALUES ($1,$2,1,`+s.databaseNow()+`+$3)
			ON CONFLICT (name) DO UPDATE SET holder=excluded.holder, lease_until=excluded.lease_until,
				generation=leases.generation + CASE WHEN leases.holder=excluded.holder THEN 0 ELSE 1 END
			WHERE leases.holder=excluded.holder OR leases.lease_until<`+s.databaseNow()+`
			RETURNING generation, lease_until`, name, holder, ttl.Microseconds())
	})
	if errors.Is(err, petition.ErrNotFound) {
		return petition.Lease{}, petition.ErrLeaseLost
	}
	return petition.Lease{Name: name, Holder: holder, Generation: r.Generation, Until: r.LeaseUntil.time()}, err
}

// ReleaseLease gives the right back. A lease that is lost already is no error.
func (s *Store) ReleaseLease(ctx context.Context, l petition.Lease) error {
	return s.inTx(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `UPDATE leases SET holder='', lease_until=0 WHERE name=$1 AND holder=$2 AND generation=$3`, l.Name, l.Holder, l.Generation)
		return err
	})
}

// holds refuses work whose lease has run out or passed on. Until the transaction
// ends nobody else can take the lease.
func (t *tx) holds(ctx context.Context, l petition.Lease) error {
	var one int
	err := t.get(ctx, &one, `SELECT 1 FROM leases WHERE name=$1 AND holder=$2 AND generation=$3 AND lease_until>`+t.store.databaseNow()+t.store.forShare(), // several batches at once, and nobody takes the lease meanwhile
		l.Name, l.Holder, l.Generation)
	if errors.Is(err, petition.ErrNotFound) {
		return petition.ErrLeaseLost
	}
	return err
}

// takeOver frees what a process that died had taken. Only for a file whose lock we
// hold: nobody else can be at work. What was being sent is sent again, with the same
// Message-ID (R08).
func (s *Store) takeOver(ctx context.Context) error {
	return s.inTx(ctx, func(t *tx) error {
		for _, query := range []string{
			`UPDATE leases SET holder='', lease_until=0 WHERE lease_until>0`,
			`UPDATE mails SET claimed_until=0 WHERE claimed_until>0 AND claimed_by<>'' AND state='recorded'`,
			`UPDATE mails SET claimed_until=0 WHERE claimed_until>0 AND state='read'`,
			`UPDATE notices SET lease_until=0 WHERE state='sending'`,
		} {
			if _, err := t.exec(ctx, query); err != nil {
				return err
			}
		}
		return nil
	})
}
