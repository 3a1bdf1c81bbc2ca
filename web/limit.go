package web

import (
	"sync"
	"time"
)

const (
	attemptWindow  = 10 * time.Minute
	attemptKeys    = 20_000 // remembered at once, twice over
	postsByVisitor = 60     // an office behind one address, and more
	postsByNotice  = 20     // people who change their mind, and more
)

// limiter counts attempts by key in two generations of a window. Its memory is
// bounded: when a generation is full it is turned early, which forgets the oldest
// counts rather than refusing strangers. Reading pages is never counted (U10).
type limiter struct {
	mu       sync.Mutex
	window   time.Duration
	size     int
	turned   time.Time
	now, old map[string]int
}

func newLimiter(window time.Duration, size int) *limiter {
	return &limiter{window: window, size: size, now: map[string]int{}, old: map[string]int{}}
}

// allow counts one attempt and reports whether the key is still within limit.
func (l *limiter) allow(key string, limit int, at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.Sub(l.turned) >= l.window || len(l.now) >= l.size {
		l.old = l.now
		if at.Sub(l.turned) >= 2*l.window {
			l.old = map[string]int{}
		}
		l.now, l.turned = map[string]int{}, at
	}
	l.now[key]++
	return l.now[key]+l.old[key] <= limit
}
