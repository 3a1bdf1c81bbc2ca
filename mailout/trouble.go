package mailout

import (
	"sync"
	"time"
)

const (
	// loginPause keeps an account from being locked (R14).
	loginPause = 15 * time.Minute
	// alarm is how long the server may be away before somebody hears of it (U25).
	alarm = 15 * time.Minute
	// The pauses between attempts to reach a server that is away.
	minAway = 5 * time.Second
	maxAway = 5 * time.Minute
)

// trouble is what is known of a server that cannot be reached: until when nobody
// tries, since when it lasts, and what has been told to people. While it lasts,
// one mail at a time probes.
type trouble struct {
	mu       sync.Mutex
	failures int
	since    time.Time
	until    time.Time
	told     map[string]bool
}

// wait is how long not to try, and whether the next attempt is a probe.
func (t *trouble) wait(now time.Time) (d time.Duration, probe bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(t.until.Sub(now), 0), t.failures > 0
}

// begin notes a failure to reach the server. Failures of one round count once.
func (t *trouble) begin(now time.Time, least time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.until) {
		return
	}
	if t.failures == 0 {
		t.since = now
	}
	t.failures++
	t.until = now.Add(max(away(t.failures), least))
}

// over notes that the server answered.
func (t *trouble) over() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures, t.since, t.until = 0, time.Time{}, time.Time{}
}

// lasts is how long the server has been away.
func (t *trouble) lasts(now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since.IsZero() {
		return 0
	}
	return now.Sub(t.since)
}

// tellOnce reports whether people have yet to be told of this.
func (t *trouble) tellOnce(what string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.told[what] {
		return false
	}
	if t.told == nil {
		t.told = map[string]bool{}
	}
	t.told[what] = true
	return true
}

// forget lets the same trouble be told again, once a mail was sent.
func (t *trouble) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.told = nil
}

// away is the pause after that many failures to reach the server.
func away(failures int) time.Duration {
	d := minAway
	for range failures - 1 {
		if d *= 2; d >= maxAway {
			return maxAway
		}
	}
	return d
}
