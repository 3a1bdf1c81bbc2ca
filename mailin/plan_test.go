package mailin

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"countersign/petition"
)

func TestBackoff(t *testing.T) {
	tests := []struct {
		failures int
		chance   float64
		want     time.Duration
	}{
		{0, 0.5, time.Second},
		{1, 0, 750 * time.Millisecond},
		{1, 0.5, time.Second},
		{2, 0.5, 2 * time.Second},
		{5, 0.5, 16 * time.Second},
		{9, 0.5, 256 * time.Second},
		{10, 0.5, 5 * time.Minute},
		{1000, 0, 225 * time.Second},
		{1000, 1, 375 * time.Second},
	}
	for _, tt := range tests {
		if got := Backoff(tt.failures, tt.chance); got != tt.want {
			t.Errorf("Backoff(%d, %v) = %v, want %v", tt.failures, tt.chance, got, tt.want)
		}
	}
}

// The waits after failures: doubled, reset by a good scan, long after a refused login, and
// ended by a kick. No socket is involved.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		p := newPoller(t, Mailbox{Name: "info", Host: "imap.library.example", Username: "u"}, l)
		var dials, refused atomic.Int64
		p.connect = func(context.Context) (*client, error) {
			dials.Add(1)
			if refused.Load() > 0 {
				return nil, ErrLogin
			}
			return nil, fmt.Errorf("connect: %w", net.ErrClosed)
		}
		stop := running(t, p.Run)
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if n := dials.Load(); n < 5 || n > 7 {
			t.Errorf("%d dials in 40 s", n)
		}
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if n := dials.Load(); n < 12 || n > 20 {
			t.Errorf("%d dials in half an hour", n)
		}
		refused.Store(1)
		time.Sleep(7 * time.Minute)
		synctest.Wait()
		n := dials.Load()
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		if dials.Load() != n {
			t.Errorf("%d dials soon after a refused login", dials.Load()-n)
		}
		p.Kick()
		synctest.Wait()
		if dials.Load() != n+1 {
			t.Error("the kick did not end the pause")
		}
		stop()
	})
}

// R13: the process that does not have the lease waits for it quietly, and takes it when it
// runs out.
func TestStandby(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		l.leases["mailbox:info"] = petition.Lease{Name: "mailbox:info", Holder: "a dead process", Generation: 4, Until: time.Now().Add(50 * time.Second)}
		p := newPoller(t, Mailbox{Name: "info", Host: "imap.library.example", Username: "u"}, l)
		var dialled time.Time
		p.connect = func(context.Context) (*client, error) {
			if dialled.IsZero() {
				dialled = time.Now()
			}
			return nil, net.ErrClosed
		}
		begun := time.Now()
		stop := running(t, p.Run)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		stop()
		if after := dialled.Sub(begun); after != time.Minute {
			t.Errorf("it took over after %v", after)
		}
		if slices.Contains(l.beats, Problem(petition.ErrLeaseLost)) && l.beats[0] != Problem(net.ErrClosed) {
			t.Errorf("waiting was reported as a problem: %q", l.beats)
		}
	})
}

func TestPlan(t *testing.T) {
	mails := func(n int, size int64) []listed {
		list := make([]listed, n)
		for i := range list {
			list[i] = listed{uid: uint32(i + 1), size: size}
		}
		return list
	}
	failed := func(n int, uids ...uint32) trouble {
		tr := trouble{}
		for _, u := range uids {
			tr[u] = n
		}
		return tr
	}
	tests := []struct {
		name    string
		mails   []listed
		trouble trouble
		want    string // sizes of the batches, h for header only
	}{
		{"nothing", nil, nil, "[]"},
		{"by number", mails(450, 1000), nil, "[200 200 50]"},
		{"by weight", mails(10, 600<<10), nil, "[3 3 3 1]"},
		{"one heavier than a batch", mails(2, 3<<20), nil, "[1 1]"},
		{"too large", append(mails(2, 1000), listed{9, 26 << 20, nil}), nil, "[h 2]"},
		{"size unknown", append(mails(2, 1000), listed{9, -1, nil}), nil, "[2 1]"},
		{"the clean ones first", mails(5, 1000), failed(1, 2, 3), "[3 2]"},
		{"failed once", mails(120, 1), failed(1, seq32(1, 120)...), "[50 50 20]"},
		{"failed three times", mails(7, 1), failed(3, seq32(1, 7)...), "[3 3 1]"},
		{"failed alone", mails(2, 1), failed(5, 1, 2), "[1 1]"},
		{"failed alone too often", mails(2, 1), failed(6, 1), "[1 h]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := []string{}
			seen := map[uint32]int{}
			for _, b := range plan(tt.mails, tt.trouble, 25<<20) {
				if b.header {
					got = append(got, "h")
				} else {
					got = append(got, fmt.Sprint(len(b.uids)))
				}
				for _, u := range b.uids {
					seen[u]++
				}
			}
			if fmt.Sprint(got) != tt.want {
				t.Errorf("batches %v, want %s", got, tt.want)
			}
			for _, m := range tt.mails {
				if seen[m.uid] != 1 {
					t.Errorf("UID %d is in %d batches", m.uid, seen[m.uid])
				}
			}
		})
	}
}

func seq32(from, to uint32) []uint32 {
	var s []uint32
	for i := from; i <= to; i++ {
		s = append(s, i)
	}
	return s
}

func FuzzAddressedTo(f *testing.F) {
	f.Add([]byte("To: \"a, b\" <letter@library.example>,\r\n c@far.example\r\n"), "letter@library.example")
	f.Add([]byte("Delivered-To: LETTER+x@Library.Example\r\n"), "letter@library.example")
	f.Fuzz(func(t *testing.T, fields []byte, address string) {
		for _, a := range addressesIn(fields) {
			if !addressedTo(fields, []string{a}) {
				t.Errorf("%q is found and not found", a)
			}
		}
		addressedTo(fields, []string{address})
	})
}
