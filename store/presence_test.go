package store

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/petition"
)

// attended opens a store of its own name on the database, known to the others. What
// wakes it is on the channel.
func attended(t *testing.T, dsn, holder string) (*Store, *Presence, chan string) {
	t.Helper()
	s := openTest(t, dsn, func(o *Options) { o.Holder = holder })
	heard := make(chan string, 100)
	p := got(s.Attend(func(what string) { heard <- what }))(t)
	t.Cleanup(func() { p.Close() })
	return s, p, heard
}

// TestDeadHolder: what a process had claimed when it died is free at once, and only
// that; a living one keeps what it has.
func TestDeadHolder(t *testing.T) {
	eachDatabase(t, func(t *testing.T, dsn string) {
		if strings.HasPrefix(dsn, sqlitePrefix) {
			deadHolderOfAFile(t, dsn)
			return
		}
		one, alive, _ := attended(t, dsn, "one")
		two, _, _ := attended(t, dsn, "two")
		testCampaign(t, one)
		sign(t, one, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
		got(one.Record(t.Context(), testLease(t, one), []petition.Fetched{fetched(2, "another")}))(t)
		if n := len(got(one.ClaimNotices(t.Context(), 10, 10*minute))(t)) + len(got(one.ClaimMails(t.Context(), "one", 10, 5*minute))(t)); n != 2 {
			t.Fatalf("claimed %d", n)
		}
		ok(t, one.ReleaseLease(t.Context(), testLease(t, one)))
		got(one.Lease(t.Context(), "clock", "one", minute))(t)
		missed := map[string]bool{}
		look := func() int64 { return got(two.freeDead(t.Context(), "two", missed))(t) }
		for range 3 {
			if freed := look(); freed != 0 {
				t.Fatalf("%d were taken from a living process", freed)
			}
		}
		ok(t, alive.Close())
		for range 1000 { // the server may take a moment to notice
			if look() != 0 {
				break
			}
		}
		if notices := got(two.ClaimNotices(t.Context(), 10, minute))(t); len(notices) != 1 || notices[0].Attempts != 2 {
			t.Errorf("notices %+v", notices)
		}
		if mails := got(two.ClaimMails(t.Context(), "two", 10, minute))(t); len(mails) != 1 {
			t.Errorf("%d mails", len(mails))
		}
		got(two.Lease(t.Context(), "clock", "two", minute))(t)
	})
}

// deadHolderOfAFile: whoever has the file owns everything in it.
func deadHolderOfAFile(t *testing.T, dsn string) {
	one := openTest(t, dsn)
	testCampaign(t, one)
	sign(t, one, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
	got(one.ClaimNotices(t.Context(), 10, 10*minute))(t)
	got(one.Lease(t.Context(), "clock", "one", minute))(t)
	ok(t, one.Close())
	two, p, _ := attended(t, dsn, "two")
	if n := len(got(two.ClaimNotices(t.Context(), 10, minute))(t)); n != 1 {
		t.Errorf("%d notices", n)
	}
	got(two.Lease(t.Context(), "clock", "two", minute))(t)
	p.Tell(WokenForMail) // says nothing, and blocks nobody
}

// TestWaking: what one process says wakes the others, not itself.
func TestWaking(t *testing.T) {
	eachDatabase(t, func(t *testing.T, dsn string) {
		if strings.HasPrefix(dsn, sqlitePrefix) {
			return // one process
		}
		_, one, own := attended(t, dsn, "one")
		_, _, heard := attended(t, dsn, "two")
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { ok(t, one.Run(ctx)) })
		for range 200 {
			one.Tell(WokenForMail)
		}
		one.Tell(WokenForNotices)
		want := map[string]bool{WokenForMail: true, WokenForNotices: true}
		for len(want) > 0 {
			select {
			case what := <-heard:
				delete(want, what)
			case <-time.After(30 * time.Second):
				t.Fatalf("not heard: %v", want)
			}
		}
		stop()
		running.Wait()
		if len(own) > 0 {
			t.Error("it woke itself")
		}
		if n := len(heard); n > 50 {
			t.Errorf("a burst was said %d times", n)
		}
	})
}

// TestPresenceComesBack: a connection that breaks is made anew, and the lock with it.
func TestPresenceComesBack(t *testing.T) {
	eachDatabase(t, func(t *testing.T, dsn string) {
		if strings.HasPrefix(dsn, sqlitePrefix) {
			return // there is none
		}
		one, p, _ := attended(t, dsn, "one")
		_, err := one.write.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND datname=current_database()`)
		ok(t, err)
		stands := func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.conn != nil && p.conn.Ping() == nil
		}
		for i := 0; stands() && i < 1000; i++ {
		}
		if !p.attending() {
			t.Fatal("it did not come back")
		}
		var free bool
		ok(t, one.reader().get(t.Context(), &free, `SELECT pg_try_advisory_lock(hashtextextended('one', $1))`, presenceSeed))
		if free {
			t.Error("the lock was not taken again")
		}
	})
}
