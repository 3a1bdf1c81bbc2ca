package origin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// counter is a resolver that counts its questions.
type counter struct {
	asked atomic.Int32
	err   error
}

func (c *counter) lookup(context.Context, string) ([]string, error) {
	c.asked.Add(1)
	if c.err != nil {
		return nil, c.err
	}
	return []string{"v=DKIM1; p="}, nil
}

// R48: each name is asked once for all mails, and again when its answer is old; so are names that do not exist.
func TestR48SharedLookup(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		kept time.Duration
	}{
		{"there", nil, keepAnswer},
		{"missing", &net.DNSError{Err: "no such host", IsNotFound: true}, keepMissing},
		{"failing", &net.DNSError{Err: "server misbehaving", IsTemporary: true}, keepFailure},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Date(2026, 2, 2, 10, 0, 0, 0, time.UTC)
			c := &counter{err: tt.err}
			s := ShareLookups(c.lookup, func() time.Time { return now })
			for range 3 {
				if _, err := s.TXT(t.Context(), "S1._domainkey.Org.Example."); !errors.Is(err, tt.err) {
					t.Fatal(err)
				}
			}
			now = now.Add(tt.kept - time.Second)
			_, _ = s.TXT(t.Context(), "s1._domainkey.org.example")
			if n := c.asked.Load(); n != 1 {
				t.Errorf("asked %d times, want once", n)
			}
			now = now.Add(2 * time.Second)
			_, _ = s.TXT(t.Context(), "s1._domainkey.org.example")
			if n := c.asked.Load(); n != 2 {
				t.Errorf("asked %d times, want again after %v", n, tt.kept)
			}
		})
	}
}

// A resolver that only times out is left alone for a while; its verdict is a temporary error throughout (R33).
func TestR33ResolverThatTimesOut(t *testing.T) {
	now := time.Date(2026, 2, 2, 10, 0, 0, 0, time.UTC)
	c := &counter{err: fmt.Errorf("lookup: %w", context.DeadlineExceeded)}
	s := ShareLookups(c.lookup, func() time.Time { return now })
	for i := range 50 {
		if _, err := s.TXT(t.Context(), fmt.Sprintf("s%d._domainkey.org.example", i)); !isTemporary(err) {
			t.Fatalf("%v is not temporary", err)
		}
	}
	if n := c.asked.Load(); n != brokenAfter {
		t.Errorf("asked %d times, want %d", n, brokenAfter)
	}
	now = now.Add(brokenFor)
	c.err = nil
	for i := range 3 {
		if _, err := s.TXT(t.Context(), fmt.Sprintf("t%d._domainkey.org.example", i)); err != nil {
			t.Errorf("after the pause: %v", err)
		}
	}
}

// Many who ask at once share one question; who waits longer than its mail may take goes on without.
func TestSharedLookupAtOnce(t *testing.T) {
	release, started := make(chan struct{}), make(chan struct{})
	var asked atomic.Int32
	s := ShareLookups(func(context.Context, string) ([]string, error) {
		if asked.Add(1) == 1 {
			close(started)
		}
		<-release
		return []string{"x"}, nil
	}, nil)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if txt, err := s.TXT(t.Context(), "org.example"); err != nil || len(txt) != 1 {
				t.Error(txt, err)
			}
		})
	}
	<-started
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.TXT(gone, "org.example"); !isTemporary(err) {
		t.Errorf("%v is not temporary", err)
	}
	close(release)
	all.Wait()
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

// What is kept is bounded.
func TestSharedLookupBounded(t *testing.T) {
	s := ShareLookups((&counter{}).lookup, nil)
	for i := range keepNames + 500 {
		_, _ = s.TXT(t.Context(), fmt.Sprintf("%d.example", i))
	}
	if len(s.answers) > keepNames {
		t.Errorf("%d answers kept", len(s.answers))
	}
}
