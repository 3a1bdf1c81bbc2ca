package mailin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"countersign/petition"
)

// holding makes a ledger with recorded mails.
func holding(t *testing.T, raws ...string) *ledger {
	t.Helper()
	l := newLedger()
	for i, raw := range raws {
		id := int64(i + 1)
		l.mails[id] = &petition.Mail{ID: id, Mailbox: "info", State: petition.MailRecorded, Raw: []byte(raw), Size: int64(len(raw))}
	}
	return l
}

func newIntake(t *testing.T, l *ledger, u Understand, d petition.Decider) *Intake {
	t.Helper()
	if u == nil {
		u = func(_ context.Context, m petition.Mail) (petition.Understanding, error) {
			return petition.Understanding{NewText: string(m.Raw)}, nil
		}
	}
	if d == nil {
		d = func(petition.Known) petition.Outcome { return petition.Outcome{Disposition: petition.DispThanked} }
	}
	i, err := NewIntake(IntakeConfig{Store: l, Holder: "test", Understand: u, Decide: d, Log: testLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// R09, R16: a mail that breaks the reader is quarantined, and the next is read.
func TestIntakeSurvivesItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := holding(t, "good", "panic", "error", "good", "out of range")
		i := newIntake(t, l, func(_ context.Context, m petition.Mail) (petition.Understanding, error) {
			switch string(m.Raw) {
			case "panic":
				panic("the reader met a mail that it cannot read")
			case "error":
				return petition.Understanding{}, errors.New("unreadable")
			case "out of range":
				var list []string
				_ = list[len(m.Raw)]
			}
			return petition.Understanding{NewText: string(m.Raw)}, nil
		}, nil)
		stop := running(t, i.Run)
		synctest.Wait()
		stop()
		for id, want := range map[int64]petition.MailState{1: petition.MailDecided, 2: petition.MailQuarantined, 3: petition.MailQuarantined, 4: petition.MailDecided, 5: petition.MailQuarantined} {
			if got := l.mails[id].State; got != want {
				t.Errorf("mail %d is %s, want %s", id, got, want)
			}
		}
		if !strings.Contains(l.why[2], "cannot read") || l.why[3] != "unreadable" {
			t.Errorf("reasons %v", l.why)
		}
	})
}

// The rules break on a mail: a person gets it, and the transaction never sees the panic.
func TestIntakeSurvivesTheRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := holding(t, "one", "two")
		i := newIntake(t, l, nil, func(k petition.Known) petition.Outcome {
			if k.Mail.ID == 1 {
				panic("no rule for this")
			}
			return petition.Outcome{Disposition: petition.DispThanked}
		})
		stop := running(t, i.Run)
		synctest.Wait()
		stop()
		o := l.outcomes[1]
		if o.Disposition != petition.DispPerson || o.Silence == petition.Answered || len(o.Tasks) != 1 || o.Tasks[0].Kind != petition.TaskQuarantine || o.Tasks[0].MailID != 1 {
			t.Errorf("outcome %+v", o)
		}
		if l.mails[2].State != petition.MailDecided {
			t.Error("the next was not decided")
		}
	})
}

// A kick wakes it; without one it sleeps until claims that a crash left behind run out, and
// takes up what was read but not decided.
func TestIntakeWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := holding(t, "left behind", "read before the crash", "new")
		l.mails[1].Attempts, l.claimed[1] = 1, time.Now().Add(4*time.Minute)
		l.mails[2].State, l.claimed[2] = petition.MailRead, time.Now().Add(3*time.Minute)
		l.mails[3].State = "not yet"
		var claims atomic.Int64
		l.fault = func(method string) error {
			if method == "ClaimMails" {
				claims.Add(1)
			}
			return nil
		}
		i := newIntake(t, l, nil, nil)
		i.Workers = 1
		decided := func() []int64 {
			l.mu.Lock()
			defer l.mu.Unlock()
			return slices.Sorted(maps.Keys(l.outcomes))
		}
		stop := running(t, i.Run)
		synctest.Wait()
		if claims.Load() != 1 || len(decided()) != 0 {
			t.Errorf("%d claims, decided %v", claims.Load(), decided())
		}
		l.mu.Lock()
		l.mails[3].State = petition.MailRecorded
		l.mu.Unlock()
		i.Kick()
		synctest.Wait()
		if !slices.Equal(decided(), []int64{3}) {
			t.Errorf("decided %v after the kick", decided())
		}
		before := claims.Load()
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if got := decided(); !slices.Equal(got, []int64{1, 2, 3}) {
			t.Errorf("decided %v after the claims ran out", got)
		}
		if n := claims.Load() - before; n > 4 {
			t.Errorf("%d claims in six minutes: it ticks", n)
		}
		stop()
	})
}

// The database is away for ten seconds at every step: no mail loses an attempt, none is
// quarantined, all are decided.
func TestIntakeWithoutDatabase(t *testing.T) {
	for _, method := range []string{"ClaimMails", "Understood", "Decide", "Undecided", "Quarantine"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := holding(t, "a", "b", "broken")
				back := time.Now().Add(10 * time.Second)
				l.fault = func(m string) error {
					if m == method && time.Now().Before(back) {
						return errAway
					}
					return nil
				}
				i := newIntake(t, l, func(_ context.Context, m petition.Mail) (petition.Understanding, error) {
					if string(m.Raw) == "broken" {
						return petition.Understanding{}, errors.New("unreadable")
					}
					return petition.Understanding{}, nil
				}, nil)
				stop := running(t, i.Run)
				time.Sleep(12 * time.Minute)
				synctest.Wait()
				stop()
				if l.count(petition.MailDecided) != 2 || l.count(petition.MailQuarantined) != 1 {
					t.Errorf("%d decided, quarantined %v", l.count(petition.MailDecided), l.why)
				}
				for id, m := range l.mails {
					if m.Attempts != 1 {
						t.Errorf("mail %d: %d attempts", id, m.Attempts)
					}
				}
			})
		})
	}
}

// One reading that the store will not take, alone or among others, holds up nobody.
func TestIntakeReadingIsRefused(t *testing.T) {
	for name, raws := range map[string][]string{"among others": {"a", "bad", "b"}, "alone": {"bad"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := holding(t, raws...)
				l.refuses = func(u petition.Understanding) bool { return u.NewText == "bad" }
				stop := running(t, newIntake(t, l, nil, nil).Run)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				stop()
				if l.count(petition.MailQuarantined) != 1 || l.count(petition.MailDecided) != len(raws)-1 {
					t.Errorf("%d decided, quarantined %v", l.count(petition.MailDecided), l.why)
				}
			})
		})
	}
}

// A mail whose decision fails every time does not fail for ever: a person looks.
func TestIntakeGivesUpDeciding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := holding(t, "a")
		l.fault = func(m string) error {
			if m == "Decide" {
				return errors.New("value too long")
			}
			return nil
		}
		stop := running(t, newIntake(t, l, nil, nil).Run)
		time.Sleep(time.Hour)
		synctest.Wait()
		stop()
		if l.mails[1].State != petition.MailQuarantined || !strings.Contains(l.why[1], "value too long") {
			t.Errorf("it is %s: %v", l.mails[1].State, l.why)
		}
	})
}

// The end of the context lets the mail in hand be finished, and claims no more.
func TestIntakeFinishesWhatIsInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raws := make([]string, 50)
		l := holding(t, raws...)
		ctx, cancel := context.WithCancel(t.Context())
		i := newIntake(t, l, func(ctx context.Context, _ petition.Mail) (petition.Understanding, error) {
			cancel()
			time.Sleep(time.Second)
			return petition.Understanding{}, ctx.Err()
		}, nil)
		i.Workers = 1
		if err := i.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if got := l.count(petition.MailDecided); got != firstClaim || l.count(petition.MailRecorded) != 50-firstClaim {
			t.Errorf("%d decided, %d left", got, l.count(petition.MailRecorded))
		}
	})
}

// What hangs does not keep the process: after the grace it is left for the next life.
func TestIntakeEndsAlthoughAMailHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := holding(t, "hangs")
		ctx, cancel := context.WithCancel(t.Context())
		i := newIntake(t, l, func(ctx context.Context, _ petition.Mail) (petition.Understanding, error) {
			cancel()
			<-ctx.Done()
			return petition.Understanding{}, ctx.Err()
		}, nil)
		begun := time.Now()
		if err := i.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != grace || l.mails[1].State != petition.MailRecorded {
			t.Errorf("it ended after %v, the mail is %s", took, l.mails[1].State)
		}
	})
}

func TestIntakeReadsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := holding(t, make([]string, 200)...)
		var now, most atomic.Int64
		i := newIntake(t, l, func(context.Context, petition.Mail) (petition.Understanding, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(time.Second) // a name server far away
			return petition.Understanding{}, nil
		}, nil)
		begun := time.Now()
		stop := running(t, i.Run)
		l.until(t, "all decided", func() bool { return l.count(petition.MailDecided) == 200 })
		took := time.Since(begun)
		stop()
		if most.Load() > 2*readers {
			t.Errorf("%d at once", most.Load())
		}
		if took > 20*time.Second {
			t.Errorf("200 mails of a second each took %v", took)
		}
	})
}

func TestNextClaim(t *testing.T) {
	mails := func(n, bytes int) []petition.Mail {
		list := make([]petition.Mail, n)
		for i := range list {
			list[i].Raw = make([]byte, bytes)
		}
		return list
	}
	tests := []struct {
		name  string
		n     int
		mails []petition.Mail
		want  int
	}{
		{"small mails: twice as many", 8, mails(8, 20<<10), 16},
		{"at most a hundred", 80, mails(80, 20<<10), maxClaim},
		{"large mails: as many as fit", 64, mails(8, 4<<20), 3},
		{"huge mails: one", 8, mails(1, 25<<20), 1},
		{"and back", 1, mails(1, 1000), 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := nextClaim(tt.n, tt.mails); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}

func TestIntakeNeedsItsParts(t *testing.T) {
	if _, err := NewIntake(IntakeConfig{}); err == nil {
		t.Error("no error")
	}
	if _, err := NewUnderstander(UnderstanderConfig{}); err == nil {
		t.Error("no error")
	}
}

// 1,000 mails, two processes with two workers each: every mail is read once and decided once.
func TestTwoIntakes(t *testing.T) {
	l := holding(t, make([]string, 1000)...)
	var reads, decisions atomic.Int64
	u := func(context.Context, petition.Mail) (petition.Understanding, error) {
		reads.Add(1)
		return petition.Understanding{}, nil
	}
	d := func(petition.Known) petition.Outcome {
		decisions.Add(1)
		return petition.Outcome{Disposition: petition.DispThanked}
	}
	for k := range 2 {
		i, err := NewIntake(IntakeConfig{Store: l, Holder: fmt.Sprint(k), Understand: u, Decide: d})
		if err != nil {
			t.Fatal(err)
		}
		running(t, i.Run)
	}
	l.until(t, "all", func() bool { return l.count(petition.MailDecided) == 1000 })
	if reads.Load() != 1000 || decisions.Load() != 1000 {
		t.Errorf("%d readings, %d decisions", reads.Load(), decisions.Load())
	}
}
