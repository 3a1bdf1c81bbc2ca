package mailout

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"countersign/petition"
)

func TestSendsEachOnceOverFewConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, newPost(), newOutbox(200), nil)
		time.Sleep(time.Second)
		synctest.Wait()
		seen := map[string]int{}
		for _, m := range b.post.got() {
			seen[m.to]++
			if m.options.Return != smtp.DSNReturnHeaders || m.options.EnvelopeID == "" { // R37
				t.Fatalf("delivery report not asked for: %+v", m.options)
			}
		}
		if len(seen) != 200 || len(b.post.got()) != 200 {
			t.Errorf("%d mails to %d addresses, want 200 to 200", len(b.post.got()), len(seen))
		}
		if b.outbox.count(petition.NoticeSent) != 200 {
			t.Errorf("%d settled as sent", b.outbox.count(petition.NoticeSent))
		}
		if n := b.post.count(stageConnect); n > 4 || b.outbox.maxSending > 2*(4+maxAhead) {
			t.Errorf("%d sessions, %d claimed and not settled: want no more than 4 connections, what is ahead of them, and as many sent", n, b.outbox.maxSending)
		}
		if text := b.outbox.texts[7]; !strings.Contains(text, "/c/...\n") || !strings.Contains(text, "in your answer: ...") {
			t.Errorf("the kept text shows a link or a code:\n%s", text)
		}
		b.stop(t)
	})
}

// TestSlowServer: nothing is claimed before a connection is free for it, so that what
// is urgent goes next and no lease ends in a queue.
func TestSlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost()
		p.at = takes(stageContent, time.Second, 0)
		b := start(t, p, newOutbox(100), nil)
		time.Sleep(5*time.Second + time.Millisecond)
		b.outbox.add(200, petition.NoticeSignIn)
		urgent := time.Now()
		b.Kick()
		time.Sleep(time.Minute)
		got := p.got()
		if len(got) != 101 || b.outbox.maxSending > 2*4 {
			t.Errorf("%d mails, %d claimed and not settled; want 101 and no more than 4 connections, and as many just sent", len(got), b.outbox.maxSending)
		}
		i := slices.IndexFunc(got, func(m posted) bool { return m.to == "office200@lindenau.example" })
		if waited := got[i].at.Sub(urgent); waited > time.Second {
			t.Errorf("the sign-in link waited %v", waited)
		}
		b.stop(t)
	})
}

// takes makes the server take its time at a stage, after the first mails.
func takes(at stage, d time.Duration, first int) func(stage, int, *smtp.Conn) error {
	return func(now stage, n int, _ *smtp.Conn) error {
		if now == at && n > first {
			time.Sleep(d)
		}
		return nil
	}
}

// TestLeaseEndsInTheQueue: a quick server, for which much is claimed ahead, becomes
// slow. What would be sent at the end of its lease goes back, and nothing goes twice.
func TestLeaseEndsInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost()
		p.at = takes(stageContent, 170*time.Second, 50)
		b := start(t, p, newOutbox(100), func(c *Config) { c.Server.Connections = 1 })
		time.Sleep(4 * time.Hour)
		seen := map[string]bool{}
		for _, m := range p.got() {
			seen[m.to] = true
		}
		if len(seen) != 100 || len(p.got()) != 100 || b.outbox.count(petition.NoticeSent) != 100 {
			t.Errorf("%d mails to %d addresses, %d settled; want 100", len(p.got()), len(seen), b.outbox.count(petition.NoticeSent))
		}
		if b.outbox.maxSending < 10 {
			t.Errorf("%d claimed at once: nothing went ahead", b.outbox.maxSending)
		}
		b.stop(t)
	})
}

func TestKickSendsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, newPost(), newOutbox(0), nil)
		time.Sleep(10 * time.Second)
		b.outbox.add(1, petition.NoticeRequest)
		queued := time.Now()
		b.Kick()
		time.Sleep(glance / 2)
		if got := b.post.got(); len(got) != 1 || !got[0].at.Equal(queued) {
			t.Errorf("got %d mails, first at %v; want one at %v", len(got), got, queued)
		}
		b.stop(t)
	})
}

func TestWhatAnotherProcessQueuedIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, newPost(), newOutbox(0), nil)
		time.Sleep(10 * time.Second)
		b.outbox.add(1, petition.NoticeRequest) // no Kick
		time.Sleep(glance)
		if got := b.post.got(); len(got) != 1 {
			t.Errorf("%d mails after %v", len(got), glance)
		}
		b.stop(t)
	})
}

// TestFaults: what one answer of the server does to one notice.
func TestFaults(t *testing.T) {
	tests := []struct {
		name    string
		at      func(at stage, n int, c *smtp.Conn) error
		state   petition.NoticeState // after ten minutes
		mails   int
		tries   int
		problem string // in LastError
		alert   string
	}{
		{"450 once", fault(stageTo, refuse(450, 4, 2, 1, "greylisted")), petition.NoticeSent, 1, 2, "", ""},
		{"451 after the content", fault(stageContent, refuse(451, 4, 3, 0, "later")), petition.NoticeSent, 1, 2, "", ""},
		{"421 at the sender", fault(stageSender, refuse(421, 4, 3, 2, "closing")), petition.NoticeSent, 1, 2, "", ""},
		{"550 user unknown", fault(stageTo, refuse(550, 5, 1, 1, "no such user")), petition.NoticeFailed, 0, 1, "no such user", ""},
		{"554 content", fault(stageContent, refuse(554, 5, 6, 0, "not liked")), petition.NoticeFailed, 0, 1, "not liked", ""},
		{"550 policy is ours (R44)", fault(stageTo, refuse(550, 5, 7, 1, "<office1@lindenau.example>: blocked")), petition.NoticeSent, 1, 2, "", "blocked"},
		{"553 our sender is ours", fault(stageSender, refuse(553, 5, 1, 8, "not your address")), petition.NoticeSent, 1, 2, "", "not your address"},
		{"cut at the recipient", cutAt(stageTo), petition.NoticeSent, 1, 2, "", ""},
		{"cut after the content", fault(stageContent, errCut), petition.NoticeSent, 2, 2, "", ""},
		{"no greeting", fault(stageConnect, refuse(554, 5, 3, 2, "no service")), petition.NoticeSent, 1, 2, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPost()
				p.at = tt.at
				b := start(t, p, newOutbox(1), nil)
				time.Sleep(10 * time.Minute)
				n := b.outbox.notice(1)
				mails := p.got()
				if n.State != tt.state || len(mails) != tt.mails || n.Attempts != tt.tries || !strings.Contains(n.LastError, tt.problem) {
					t.Errorf("state %s (%q), %d mails, %d attempts; want %s (%q), %d, %d", n.State, n.LastError, len(mails), n.Attempts, tt.state, tt.problem, tt.mails, tt.tries)
				}
				for _, m := range mails[min(1, len(mails)):] {
					if m.raw != mails[0].raw {
						t.Errorf("sent twice with different bytes (R08)")
					}
				}
				var alerts []string
				for len(b.alerts) > 0 {
					alerts = append(alerts, <-b.alerts)
				}
				if strings.Contains(strings.Join(alerts, "\n"), "office1") {
					t.Errorf("an alert names a signer: %q", alerts)
				}
				if (tt.alert == "") != (len(alerts) == 0) || !strings.Contains(strings.Join(alerts, "\n"), tt.alert) {
					t.Errorf("alerts %q, want one with %q", alerts, tt.alert)
				}
				b.stop(t)
			})
		})
	}
}

// fault answers the first command of a stage with err, all others with yes.
func fault(at stage, err error) func(stage, int, *smtp.Conn) error {
	return func(now stage, i int, _ *smtp.Conn) error {
		if now == at && i == 1 {
			return err
		}
		return nil
	}
}

func cutAt(at stage) func(stage, int, *smtp.Conn) error {
	return func(now stage, i int, c *smtp.Conn) error {
		if now == at && i == 1 {
			_ = c.Conn().Close()
		}
		return nil
	}
}

// TestCrashBeforeSettling: the process dies between 250 and the record. The mail
// goes out again when the lease ends, with the same Message-ID and bytes (R08).
func TestCrashBeforeSettling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, o := newPost(), newOutbox(1)
		o.settleErr = func([]petition.Settlement) error { return errors.New("the database is away") }
		b := start(t, p, o, nil)
		time.Sleep(5 * time.Second)
		if len(p.got()) != 1 || o.notice(1).State != petition.NoticeSending {
			t.Fatalf("%d mails, state %s", len(p.got()), o.notice(1).State)
		}
		b.cancel()
		<-b.done // gave up settling after its grace
		o.mu.Lock()
		o.settleErr = nil
		o.mu.Unlock()
		b.run(t)
		time.Sleep(lease / 2)
		if len(p.got()) != 1 {
			t.Fatal("sent again while the lease lasts")
		}
		time.Sleep(lease)
		got := p.got()
		if len(got) != 2 || got[0].raw != got[1].raw || !strings.Contains(got[0].raw, "Message-Id: <") {
			t.Errorf("%d mails, equal: %v", len(got), len(got) == 2 && got[0].raw == got[1].raw)
		}
		if n := o.notice(1); n.State != petition.NoticeSent || n.Attempts != 2 {
			t.Errorf("state %s after %d attempts", n.State, n.Attempts)
		}
		b.stop(t)
	})
}

// TestSettlesWhenTheDatabaseIsBack: nothing is sent twice because of ten seconds without a database.
func TestSettlesWhenTheDatabaseIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, o := newPost(), newOutbox(20)
		away := time.Now().Add(10 * time.Second)
		o.settleErr = func([]petition.Settlement) error {
			if time.Now().Before(away) {
				return errors.New("the database is away")
			}
			return nil
		}
		b := start(t, p, o, nil)
		time.Sleep(time.Minute)
		if len(p.got()) != 20 || o.count(petition.NoticeSent) != 20 {
			t.Errorf("%d mails, %d settled as sent; want 20, 20", len(p.got()), o.count(petition.NoticeSent))
		}
		b.stop(t)
	})
}

// TestOneThatCannotBeSettled: a notice that the database refuses to record keeps
// none of the others back, and is recorded without its words in the end.
func TestOneThatCannotBeSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox(50)
		o.settleErr = func(batch []petition.Settlement) error {
			if slices.ContainsFunc(batch, func(s petition.Settlement) bool { return s.ID == 7 && s.Text != "" }) {
				return errors.New("a character that the database does not know")
			}
			return nil
		}
		b := start(t, newPost(), o, nil)
		time.Sleep(500 * time.Millisecond)
		if n := o.count(petition.NoticeSent); n != 49 {
			t.Errorf("%d settled at once, want 49", n)
		}
		time.Sleep(lease - time.Second)
		if n := o.count(petition.NoticeSent); n != 50 || len(b.post.got()) != 50 {
			t.Errorf("%d settled, %d mails; want 50", n, len(b.post.got()))
		}
		b.stop(t)
	})
}

func TestGivesUpAfterTwoDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost()
		var at450 []time.Time
		begun := time.Now()
		p.at = func(at stage, _ int, _ *smtp.Conn) error {
			if at != stageTo {
				return nil
			}
			p.mu.Lock()
			at450 = append(at450, time.Now())
			p.mu.Unlock()
			return refuse(450, 4, 2, 0, "mailbox busy")
		}
		b := start(t, p, newOutbox(1), nil)
		time.Sleep(5 * 24 * time.Hour)
		n := b.outbox.notice(1)
		p.mu.Lock()
		tries := slices.Clone(at450)
		p.mu.Unlock()
		if n.State != petition.NoticeFailed || !strings.Contains(n.LastError, "mailbox busy") {
			t.Errorf("state %s: %s", n.State, n.LastError)
		}
		last := tries[len(tries)-1].Sub(begun)
		if last < giveUp || last > giveUp+16*time.Hour {
			t.Errorf("last of %d attempts after %v, want about two days", len(tries), last)
		}
		for i := 1; i < len(tries); i++ {
			if gap := tries[i].Sub(tries[i-1]); gap < pause(i, 0) || gap > pause(i, 1)+glance {
				t.Errorf("pause %d was %v, want %v to %v", i, gap, pause(i, 0), pause(i, 1)+glance)
			}
		}
		b.stop(t)
	})
}

// TestLimits: at 20 an hour nothing is lost, and the order holds (U11).
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox(0)
		kinds := []petition.NoticeKind{petition.NoticeReminder, petition.NoticeListed, petition.NoticeRequest, petition.NoticeSignIn}
		for i := range 100 {
			o.add(int64(i+1), kinds[i%4])
		}
		b := start(t, newPost(), o, func(c *Config) { c.SendPerHour, c.SendPerDay = 20, 70 })
		time.Sleep(4*time.Hour + 30*time.Minute)
		if n := len(b.post.got()); n != 70 {
			t.Errorf("%d mails on the first day, want 70", n)
		}
		time.Sleep(24 * time.Hour)
		got := b.post.got()
		if len(got) != 100 || o.count(petition.NoticeSent) != 100 {
			t.Fatalf("%d mails, %d settled; want 100", len(got), o.count(petition.NoticeSent))
		}
		for i, m := range got {
			if i >= 20 && m.at.Sub(got[i-20].at) < time.Hour {
				t.Errorf("mails %d to %d within %v", i-20, i, m.at.Sub(got[i-20].at))
			}
			if i >= 70 && m.at.Sub(got[i-70].at) < 24*time.Hour {
				t.Errorf("mails %d to %d within %v", i-70, i, m.at.Sub(got[i-70].at))
			}
		}
		if !slices.IsSortedFunc(o.order, func(a, b petition.NoticeKind) int { return a.Priority() - b.Priority() }) {
			t.Errorf("taken in the order %v", o.order)
		}
		if last := got[19].at.Sub(got[0].at); last > time.Minute {
			t.Errorf("the first 20 took %v", last)
		}
		b.stop(t)
	})
}

// TestServerAway: while no connection can be made, attempts are few, and all
// goes out when the server is back; somebody hears of it after a quarter of an hour (U25).
func TestServerAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := time.Now().Add(40 * time.Minute)
		o := newOutbox(50)
		var tried atomic.Int64
		b := start(t, newPost(), o, func(c *Config) {
			dial := c.Server.Dial
			c.Server.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if time.Now().Before(back) {
					tried.Add(1)
					return nil, errors.New("connection refused")
				}
				return dial(ctx, network, address)
			}
		})
		time.Sleep(39 * time.Minute)
		if n := tried.Load(); n > 20 {
			t.Errorf("tried %d times in 39 minutes", n)
		}
		if len(b.alerts) != 1 {
			t.Errorf("%d alerts, want one", len(b.alerts))
		}
		time.Sleep(2 * time.Hour)
		if n := o.count(petition.NoticeSent); n != 50 || len(b.post.got()) != 50 {
			t.Errorf("%d settled as sent, %d mails; want 50", n, len(b.post.got()))
		}
		b.stop(t)
	})
}

// TestWrongPassword: an account must not be locked by trying again and again (R14).
func TestWrongPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost()
		var right atomic.Bool
		p.at = func(at stage, _ int, _ *smtp.Conn) error {
			if at == stageLogin && !right.Load() {
				return refuse(535, 5, 7, 8, "bad password")
			}
			return nil
		}
		b := start(t, p, newOutbox(10), func(c *Config) { c.Server.User, c.Server.Password = "sign", "secret" })
		time.Sleep(time.Hour - time.Minute)
		if n := p.count(stageLogin); n > 8 { // four at once, then one a quarter of an hour
			t.Errorf("%d logins in an hour", n)
		}
		if len(b.alerts) != 1 || strings.Contains(<-b.alerts, "secret") {
			t.Error("want one alert, without the password")
		}
		right.Store(true)
		time.Sleep(5 * time.Hour)
		if n := b.outbox.count(petition.NoticeSent); n != 10 {
			t.Errorf("%d sent after the password was right, want 10", n)
		}
		b.stop(t)
	})
}

// TestSilentServer: every command has its time.
func TestSilentServer(t *testing.T) {
	for _, at := range []stage{stageSender, stageTo, stageContent} {
		t.Run(string(at), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPost()
				p.at = func(now stage, n int, _ *smtp.Conn) error {
					if now == at && n == 1 {
						time.Sleep(24 * time.Hour)
					}
					return nil
				}
				b := start(t, p, newOutbox(1), nil)
				time.Sleep(15 * time.Minute)
				if n := b.outbox.notice(1); n.State != petition.NoticeSent || n.Attempts != 2 {
					t.Errorf("state %s after %d attempts", n.State, n.Attempts)
				}
				time.Sleep(24 * time.Hour) // the server's goroutine must end in the bubble
				b.stop(t)
			})
		})
	}
}

// TestOldConnection: a server that closes after a while, or after some mails, costs nothing.
func TestOldConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost()
		p.at = func(at stage, n int, c *smtp.Conn) error {
			switch {
			case at == stageSender && n%10 == 0:
				return refuse(421, 4, 7, 0, "too many mails on this connection")
			case at == stageTo && n%7 == 0:
				_ = c.Conn().Close()
			}
			return nil
		}
		b := start(t, p, newOutbox(60), func(c *Config) { c.Server.Connections = 1 })
		time.Sleep(time.Hour)
		if again := p.count(stageSender) - len(p.got()); again > 60/10+60/7+3 { // the new connection may meet the same fate
			t.Errorf("%d attempts more than mails", again)
		}
		if n := b.outbox.count(petition.NoticeSent); n != 60 || len(p.got()) != 60 {
			t.Errorf("%d sent, %d mails; want 60", n, len(p.got()))
		}
		b.stop(t)
	})
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost()
		b := start(t, p, newOutbox(1), nil)
		time.Sleep(time.Hour)
		b.outbox.add(2, petition.NoticeRequest)
		b.Kick()
		time.Sleep(time.Second)
		if n := b.outbox.notice(2); n.State != petition.NoticeSent || n.Attempts != 1 || p.count(stageConnect) != 2 {
			t.Errorf("state %s after %d attempts in %d sessions", n.State, n.Attempts, p.count(stageConnect))
		}
		b.stop(t)
	})
}

// TestImpossibleNotice: what cannot be written fails and does not stop the next.
func TestImpossibleNotice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox(3)
		o.notices[1].To = "a@b.example>\r\nRCPT TO:<c@d.example"
		o.notices[2].Kind = "nonsense"
		b := start(t, newPost(), o, nil)
		time.Sleep(time.Second)
		for id, want := range map[int64]petition.NoticeState{1: petition.NoticeFailed, 2: petition.NoticeFailed, 3: petition.NoticeSent} {
			if n := o.notice(id); n.State != want {
				t.Errorf("notice %d is %s (%s), want %s", id, n.State, n.LastError, want)
			}
		}
		b.stop(t)
	})
}

// TestStopFinishesWhatIsInHand: SIGTERM between DATA and its answer loses and doubles nothing.
func TestStopFinishesWhatIsInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost()
		p.at = func(at stage, _ int, _ *smtp.Conn) error {
			if at == stageContent {
				time.Sleep(5 * time.Second)
			}
			return nil
		}
		b := start(t, p, newOutbox(10), nil)
		time.Sleep(time.Second)
		begun := time.Now()
		b.stop(t)
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("stopping took %v", took)
		}
		if n := b.outbox.count(petition.NoticeSent); n != 4 || len(p.got()) != 4 || b.outbox.count(petition.NoticeSending) != 0 {
			t.Errorf("%d sent, %d mails, %d left in sending", n, len(p.got()), b.outbox.count(petition.NoticeSending))
		}
	})
}

// TestTwoSenders share one outbox and double nothing.
func TestTwoSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, o := newPost(), newOutbox(100)
		a := start(t, p, o, nil)
		second := New(a.Config)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- second.Run(ctx) }()
		time.Sleep(time.Minute)
		if len(p.got()) != 100 || o.count(petition.NoticeSent) != 100 {
			t.Errorf("%d mails, %d settled", len(p.got()), o.count(petition.NoticeSent))
		}
		cancel()
		<-done
		a.stop(t)
	})
}

// TestLogins: the best of what the server offers (RFC 4954, R53).
func TestLogins(t *testing.T) {
	token := func(context.Context) (string, error) { return "t0ken", nil }
	tests := []struct {
		name    string
		offered []string
		token   func(context.Context) (string, error)
		want    string
	}{
		{"plain", []string{"LOGIN", "PLAIN"}, nil, "PLAIN sign secret"},
		{"login", []string{"LOGIN"}, nil, "LOGIN sign secret"},
		{"token", []string{"PLAIN", "OAUTHBEARER", "XOAUTH2"}, token, "XOAUTH2 user=sign\x01auth=Bearer t0ken\x01\x01"},
		{"token by RFC 7628", []string{"PLAIN", "OAUTHBEARER"}, token, "OAUTHBEARER sign t0ken"},
		{"no token", []string{"XOAUTH2"}, func(context.Context) (string, error) { return "", errors.New("no token") }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPost()
				p.mechanisms = tt.offered
				b := start(t, p, newOutbox(1), func(c *Config) {
					c.Server.User, c.Server.Password, c.Server.Token, c.Server.Connections = "sign", "secret", tt.token, 1
				})
				time.Sleep(time.Second)
				p.mu.Lock()
				logins := strings.Join(p.logins, "; ")
				p.mu.Unlock()
				if sent := b.outbox.count(petition.NoticeSent) == 1; logins != tt.want || sent != (tt.want != "") {
					t.Errorf("logins %q, want %q; sent: %v", logins, tt.want, sent)
				}
				b.stop(t)
			})
		})
	}
}

// TestTLS over real sockets: protection is never given up (R52, RFC 8314).
func TestTLS(t *testing.T) {
	certificate := newCertificate(t)
	trusted := x509.NewCertPool()
	trusted.AddCert(certificate.Leaf)
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	tests := []struct {
		name   string
		mode   TLSMode
		server *tls.Config // nil: a server without TLS
		roots  *x509.CertPool
		ok     bool
	}{
		{"implicit", TLSImplicit, config, trusted, true},
		{"implicit by default", "", config, trusted, true},
		{"starttls", TLSStart, config, trusted, true},
		{"none", TLSNone, nil, nil, true},
		{"implicit, unknown certificate", TLSImplicit, config, x509.NewCertPool(), false},
		{"starttls, unknown certificate", TLSStart, config, x509.NewCertPool(), false},
		{"starttls not offered", TLSStart, nil, trusted, false},
		{"implicit to a plain port", TLSImplicit, nil, trusted, false},
		{"a mode that does not exist", "maybe", nil, trusted, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPost()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			if tt.server != nil && (tt.mode == TLSImplicit || tt.mode == "") {
				l = tls.NewListener(l, tt.server)
			} else {
				p.server.TLSConfig = tt.server
			}
			go func() { _ = p.server.Serve(l) }()
			defer p.server.Close()
			server := Server{
				Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: tt.mode, User: "sign", Password: "secret", Timeout: 5 * time.Second,
				TLSConfig: &tls.Config{RootCAs: tt.roots, ServerName: "mail.example", MinVersion: tls.VersionTLS12},
			}
			letter, err := composer(t).Compose(occasion(petition.NoticeRequest, "en"))
			if err != nil {
				t.Fatal(err)
			}
			err = Send(t.Context(), server, letter)
			if (err == nil) != tt.ok || (len(p.got()) == 1) != tt.ok {
				t.Fatalf("Send = %v, %d mails", err, len(p.got()))
			}
			if !tt.ok && len(p.logins) > 0 {
				t.Errorf("the password was shown: %q", p.logins)
			}
			if tt.ok && (len(p.logins) != 1 || p.logins[0] != "PLAIN sign secret") {
				t.Errorf("logins %q", p.logins)
			}
			if tt.ok && !bytes.Equal([]byte(p.got()[0].raw), letter.Raw) {
				t.Errorf("the server got other bytes than were written")
			}
		})
	}
}

func newCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"mail.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}
