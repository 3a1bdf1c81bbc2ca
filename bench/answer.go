package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"countersign/e2e/servers"
	"countersign/postoffice"
	"countersign/store"
)

const answers = 100

// answering measures how soon a sign-on is answered: from the moment at which the
// mail server tells its other clients of the mail to the moment at which the
// submission server has the request.
func answering(ctx context.Context, t *table) error {
	t.part("From delivery to the request", fmt.Sprintf("%d sign-ons, one after the other, SQLite. \"Notified\" is what a client of the same server that only waits (IDLE) sees;\nthe goal is a median of 20 ms beyond it.", answers))
	memory, err := answerMemory(ctx)
	if err != nil {
		return fmt.Errorf("memory servers: %w", err)
	}
	memory.report(t, "memory servers")
	dovecot, err := answerDovecot(ctx)
	if err != nil {
		return fmt.Errorf("dovecot: %w", err)
	}
	dovecot.report(t, "Dovecot")
	return nil
}

// waits are the times of one run, by mail.
type waits struct{ notified, answered, beyond []time.Duration }

func (w *waits) report(t *table, where string) {
	t.row(where+": notified", ms(median(w.notified)), "", "")
	t.row(where+": request accepted", ms(median(w.answered)), "", "")
	t.row(where+": beyond the notification", ms(median(w.beyond)), "", "20 ms")
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

func answerMemory(ctx context.Context) (*waits, error) {
	accepted := make(chan time.Time, 1)
	office, err := benchOffice(ctx, accepted)
	if err != nil {
		return nil, err
	}
	defer office.Close()
	deliver := func(i int) error {
		return office.Deliver(ctx, writer(i), []string{benchAddress}, signOn(i), postoffice.Pass)
	}
	return answerLoop(ctx, office.IMAPAddr(), benchAddress, office.SMTPAddr(), accepted, deliver)
}

// benchOffice takes what is sent and says when.
func benchOffice(ctx context.Context, accepted chan<- time.Time) (*postoffice.Office, error) {
	accounts := map[string]string{benchAddress: "secret"}
	for i := range answers + 10 {
		accounts[writer(i)] = "secret"
	}
	return postoffice.Start(ctx, postoffice.Options{Accounts: accounts, Faults: func(s postoffice.Step) *postoffice.Fault {
		if s.Command == postoffice.AtStored {
			accepted <- time.Now()
		}
		return nil
	}})
}

func answerDovecot(ctx context.Context) (*waits, error) {
	accepted := make(chan time.Time, 1)
	office, err := benchOffice(ctx, accepted)
	if err != nil {
		return nil, err
	}
	defer office.Close()
	dovecot, err := servers.StartDovecot(ctx)
	if err != nil {
		return nil, err
	}
	defer dovecot.Stop()
	client, err := imapLogin(ctx, dovecot.Addr, "bench", nil)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	deliver := func(i int) error {
		raw := signOn(i)
		cmd := client.Append("INBOX", int64(len(raw)), nil)
		if _, err := cmd.Write(raw); err != nil {
			return err
		}
		if err := cmd.Close(); err != nil {
			return err
		}
		_, err := cmd.Wait()
		return err
	}
	return answerLoop(ctx, dovecot.Addr, "bench", office.SMTPAddr(), accepted, deliver)
}

func imapLogin(ctx context.Context, addr, user string, o *imapclient.Options) (*imapclient.Client, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	client := imapclient.New(conn, o)
	return client, client.Login(user, "secret").Wait()
}

func writer(i int) string { return fmt.Sprintf("office@circle%d.example", i) }

func signOn(i int) []byte {
	return fmt.Appendf(nil, "From: Writer <%s>\r\nTo: %s\r\nSubject: We would like to sign\r\nDate: %s\r\nMessage-ID: <a%d.%d@circle%d.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDear all,\r\n\r\nour organization, Reading Circle %d, would like to sign the open letter.\r\n\r\nKind regards\r\nAnna Example\r\n",
		writer(i), benchAddress, time.Now().Format(time.RFC1123Z), i, time.Now().UnixNano(), i, i)
}

func answerLoop(ctx context.Context, imapAddr, user, smtpAddr string, accepted <-chan time.Time, deliver func(int) error) (*waits, error) {
	dir, err := os.MkdirTemp("", "csb")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	st, err := store.Open(ctx, store.Options{DSN: "sqlite:" + filepath.Join(dir, "a.db"), Keys: benchKeys()})
	if err != nil {
		return nil, err
	}
	defer st.Close()
	if _, err := makeCampaign(ctx, st); err != nil {
		return nil, err
	}
	notified, stopWatching, err := watch(ctx, imapAddr, user)
	if err != nil {
		return nil, err
	}
	defer stopWatching()
	running, stop := context.WithCancel(ctx)
	defer stop()
	wait, err := loop(running, st, imapAddr, user, smtpAddr, benchAddress)
	if err != nil {
		return nil, err
	}
	w := new(waits)
	for i := range answers + 5 {
		if err := w.one(i, deliver, notified, accepted); err != nil {
			return nil, err
		}
	}
	stop()
	return w, wait()
}

// one delivers a mail and takes both times; the first few only warm up.
func (w *waits) one(i int, deliver func(int) error, notified, accepted <-chan time.Time) error {
	start := time.Now()
	if err := deliver(i); err != nil {
		return err
	}
	var told, sent time.Time
	timeout := time.After(30 * time.Second)
	for told.IsZero() || sent.IsZero() {
		select {
		case told = <-notified:
		case sent = <-accepted:
		case <-timeout:
			return errors.New("no answer within 30 s")
		}
	}
	if i >= 5 {
		w.notified = append(w.notified, told.Sub(start))
		w.answered = append(w.answered, sent.Sub(start))
		w.beyond = append(w.beyond, max(0, sent.Sub(told)))
	}
	return nil
}

// watch tells when the server tells a client that only waits.
func watch(ctx context.Context, addr, user string) (<-chan time.Time, func(), error) {
	told := make(chan time.Time, 1000)
	client, err := imapLogin(ctx, addr, user, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(m *imapclient.UnilateralDataMailbox) {
			if m.NumMessages != nil {
				told <- time.Now()
			}
		},
	}})
	if err != nil {
		return nil, nil, err
	}
	if _, err := client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return nil, nil, err
	}
	idle, err := client.Idle()
	if err != nil {
		return nil, nil, err
	}
	return told, func() { _ = idle.Close(); _ = client.Close() }, nil
}
