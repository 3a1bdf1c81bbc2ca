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
)

// outbox measures sending: the real sender, composing and settling each mail,
// beside Postfix's own load generator with the same number of sessions.
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
		var ours, theirs []time.Duration
		for i := range outboxRounds {
			start := time.Now()
			out, err := exec.CommandContext(ctx, source, "-d", "-s", strconv.Itoa(sessions), "-m", strconv.Itoa(outboxMails), "-l", "3500", "-f", benchAddress, "-t", "x@y.example", sink.Addr).CombinedOutput()
			if err != nil {
				return fmt.Errorf("smtp-source: %w: %s", err, out)
			}
			theirs = append(theirs, time.Since(start))
			r, err := child(ctx, "send", "sqlite:"+filepath.Join(dir, fmt.Sprintf("%d-%d.db", sessions, i)), sink.Addr, strconv.Itoa(sessions))
			if err != nil {
				return err
			}
			ours = append(ours, r.took())
		}
		rate := func(d time.Duration) string { return fmt.Sprintf("%.0f mails/s", outboxMails/d.Seconds()) }
		t.row(fmt.Sprintf("smtp-source, %d sessions", sessions), rate(median(theirs)), "1.00 x", "")
		t.row(fmt.Sprintf("outbox, %d sessions", sessions), rate(median(ours)), times(median(theirs), median(ours)), "0.4 x")
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
	sender, err := newSender(st, args[1], sessions, "")
	if err != nil {
		return result{}, err
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	start := time.Now()
	go func() { done <- sender.Run(running) }()
	for {
		n, err := st.SentSince(ctx, start.Add(-time.Hour))
		if err != nil {
			stop()
			return result{}, err
		}
		if n >= outboxMails {
			break
		}
		select {
		case err := <-done:
			stop()
			return result{}, errors.Join(errors.New("the sender ended early"), err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	took := time.Since(start)
	stop()
	return result{Seconds: took.Seconds(), N: outboxMails}, <-done
}

func queueRequests(ctx context.Context, st *store.Store) error {
	c, err := makeCampaign(ctx, st)
	if err != nil {
		return err
	}
	organizer, err := st.AddOrganizer(ctx, petition.Organizer{Address: "nora@bench.example", Name: "Nora", Role: petition.RoleOwner, Locale: "en"})
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
