package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"countersign/e2e/servers"
	"countersign/petition"
	"countersign/store"
)

const (
	outboxMails  = 2000
	outboxRounds = 3
	outboxBytes  = 6300 // of one request
)

// outbox measures sending: the real sender, composing and settling each mail,
// beside Postfix's own load generator with the same number of sessions and mails
// of the same length.
func outbox(ctx context.Context, t *table) error {
	sink, err := servers.StartSink(ctx)
	if err != nil {
		return err
	}
	defer sink.Stop()
	source, err := servers.SMTPSource()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "csb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t.part("Outbox", fmt.Sprintf("%d requests to smtp-sink, each composed and settled; goal: 0.4 of the mails a second of smtp-source with the same number of sessions.", outboxMails))
	for _, sessions := range []int{1, 4} {
		var ours, theirs, cpu []time.Duration
		for i := range outboxRounds {
			start := time.Now()
			out, err := exec.CommandContext(ctx, source, "-d", "-s", strconv.Itoa(sessions), "-m", strconv.Itoa(outboxMails), "-l", strconv.Itoa(outboxBytes), "-f", benchAddress, "-t", "x@y.example", sink.Addr).CombinedOutput()
			if err != nil {
				return fmt.Errorf("smtp-source: %w: %s", err, out)
			}
			theirs = append(theirs, time.Since(start))
			r, err := child(ctx, "send", "sqlite:"+filepath.Join(dir, fmt.Sprintf("%d-%d.db", sessions, i)), sink.Addr, strconv.Itoa(sessions))
			if err != nil {
				return err
			}
			ours = append(ours, r.took())
			cpu = append(cpu, time.Duration(r.CPU*float64(time.Second))/outboxMails)
		}
		rate := func(d time.Duration) string { return fmt.Sprintf("%.0f mails/s", outboxMails/d.Seconds()) }
		t.row(fmt.Sprintf("smtp-source, %d sessions", sessions), rate(median(theirs)), "1.00 x", "")
		t.row(fmt.Sprintf("outbox, %d sessions", sessions), rate(median(ours)), times(median(theirs), median(ours)), "0.4 x")
		t.row(fmt.Sprintf("outbox, %d sessions: processor time of one mail", sessions), ms(median(cpu)), "", "")
	}
	return nil
}

// workSend queues requests and measures until the last is settled. Arguments: DSN, server, sessions.
func workSend(ctx context.Context, args []string) (result, error) {
	sessions, err := strconv.Atoi(args[2])
	if err != nil {
		return result{}, err
	}
	st, err := openStore(ctx, args[0])
	if err != nil {
		return result{}, err
	}
	defer st.Close()
	if err := queueRequests(ctx, st); err != nil {
		return result{}, err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	sender, err := newSender(&countedStore{Store: st, want: outboxMails, stop: stop}, args[1], sessions, "")
	if err != nil {
		return result{}, err
	}
	before, start := processor(), time.Now()
	if err := sender.Run(running); err != nil {
		return result{}, err
	}
	took, cpu := time.Since(start), processor()-before
	if n, err := st.SentSince(ctx, start.Add(-time.Hour)); n < outboxMails {
		return result{}, errors.Join(fmt.Errorf("only %d mails were sent", n), err)
	}
	return result{Seconds: took.Seconds(), CPU: cpu.Seconds(), N: outboxMails}, nil
}

// countedStore ends the work when as many mails as wanted are settled.
type countedStore struct {
	*store.Store
	settled, want int // one goroutine settles
	stop          func()
}

func (c *countedStore) SettleNotices(ctx context.Context, all []petition.Settlement) error {
	if err := c.Store.SettleNotices(ctx, all); err != nil {
		return err
	}
	if c.settled += len(all); c.settled >= c.want {
		c.stop()
	}
	return nil
}

// openCampaign makes a campaign and an organizer who may enter signatures.
func openCampaign(ctx context.Context, st *store.Store) (*petition.Campaign, int64, error) {
	c, err := makeCampaign(ctx, st)
	if err != nil {
		return nil, 0, err
	}
	organizer, err := st.AddOrganizer(ctx, petition.Organizer{Address: "nora@bench.example", Name: "Nora", Role: petition.RoleOwner, Locale: "en"})
	return c, organizer, err
}

func queueRequests(ctx context.Context, st *store.Store) error {
	c, organizer, err := openCampaign(ctx, st)
	if err != nil {
		return err
	}
	for i := range outboxMails {
		_, err := st.Act(ctx, petition.Action{
			Kind: petition.ActEnter, CampaignID: c.ID, OrganizerID: organizer, Channel: petition.ByDesk, Language: "en",
			Fields: petition.Fields{Kind: petition.KindOrganization, Name: strings.TrimSpace(fmt.Sprintf("Reading Circle %d", i)), City: "Lindmark", Country: "FI", Contact: writer(i)},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
