package mailin

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstPause = time.Second
	maxPause   = 5 * time.Minute
)

// Backoff is how long to wait after so many failures in a row: a second, doubled
// each time up to five minutes, spread by a quarter to either side so that many
// clients of one server do not return together. spread is in [0, 1).
func Backoff(failures int, spread float64) time.Duration {
	d := maxPause
	if failures < 1 {
		failures = 1
	}
	if shift := failures - 1; shift < 16 && firstPause<<shift < maxPause {
		d = firstPause << shift
	}
	return time.Duration(float64(d) * (0.75 + spread/2))
}

// chance spreads retries. Nobody gains anything by guessing it.
func chance() float64 { return rand.Float64() } //nolint:gosec // not a secret

// pause waits for the time, a kick or the end of ctx, whichever comes first.
func pause(ctx context.Context, d time.Duration, kick <-chan struct{}) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-kick:
	case <-ctx.Done():
	}
}

// poke sends on a channel that holds one kick, unless one waits already.
func poke(ch chan<- struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
