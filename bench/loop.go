package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"

	"countersign/mailin"
	"countersign/mailin/reading"
	"countersign/mailout"
	"countersign/petition"
	"countersign/store"
	"countersign/templates"
)

const benchAddress = "sign@bench.example"

// makeCampaign opens a campaign in the store and returns it.
func makeCampaign(ctx context.Context, st *store.Store) (*petition.Campaign, error) {
	c := &petition.Campaign{Slug: "bench", State: petition.Draft, Settings: petition.Settings{
		Name: "Open on Sunday", Recipient: "the town council", Addresses: []string{benchAddress}, Sender: "Open on Sunday letter",
		Languages: []string{"en"}, Zone: "UTC", Listing: petition.AfterReview, Visibility: petition.Public, Public: petition.DefaultPublic,
		Controller: "Library Friends Network", Contact: "Nora Example", PrivacyText: "We keep little.",
	}}
	if err := st.CreateCampaign(ctx, c); err != nil {
		return nil, err
	}
	text := petition.Text{Language: "en", Binding: true, Title: "Open on Sunday", Body: "Open the library on Sunday.", Change: petition.SmallChange}
	if err := st.AddText(ctx, c.ID, []petition.Text{text}); err != nil {
		return nil, err
	}
	if err := st.SetState(ctx, c.ID, petition.Open, 0); err != nil {
		return nil, err
	}
	return st.CampaignByID(ctx, c.ID)
}

func addressParts(addr string) (string, int, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.Atoi(port)
	return host, n, err
}

// outboxStore is what a sender needs of the store.
type outboxStore interface {
	mailout.Outbox
	mailout.Archive
}

func newSender(st outboxStore, smtp string, connections int, login string) (*mailout.Sender, error) {
	set, err := templates.New()
	if err != nil {
		return nil, err
	}
	host, port, err := addressParts(smtp)
	if err != nil {
		return nil, err
	}
	return mailout.New(mailout.Config{
		Store:    st,
		Composer: &mailout.Composer{Templates: set, Keys: benchKeys(), BaseURL: "http://127.0.0.1", From: petition.Address{Address: benchAddress}, Plus: true},
		Server:   mailout.Server{Host: host, Port: port, TLS: mailout.TLSNone, User: login, Password: "secret", Connections: connections},
		Log:      benchLog(),
	}), nil
}

// loop runs poller, intake and sender over one store until ctx ends.
func loop(ctx context.Context, st *store.Store, imap, user, smtp, login string) (func() error, error) {
	host, port, err := addressParts(imap)
	if err != nil {
		return nil, err
	}
	reader, err := reading.Default()
	if err != nil {
		return nil, err
	}
	understand, err := mailin.NewUnderstander(mailin.UnderstanderConfig{Reader: reader, Keys: benchKeys()})
	if err != nil {
		return nil, err
	}
	sender, err := newSender(st, smtp, 2, login)
	if err != nil {
		return nil, err
	}
	log := benchLog()
	intake, err := mailin.NewIntake(mailin.IntakeConfig{
		Store: st, Holder: "bench", Understand: understand, Decide: petition.Decide, Log: log,
		Decided: func(int64, petition.Outcome) { sender.Kick() },
	})
	if err != nil {
		return nil, err
	}
	poller, err := mailin.NewPoller(mailin.PollerConfig{
		Mailbox: mailin.Mailbox{Name: "bench", Host: host, Port: port, TLS: mailin.NoTLS, Username: user, Password: "secret"},
		Store:   st, Holder: "bench", Recorded: func(int) { intake.Kick() }, Log: log,
	})
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	errs := make(chan error, 3)
	for _, run := range []func(context.Context) error{poller.Run, intake.Run, sender.Run} {
		wg.Go(func() { errs <- run(ctx) })
	}
	return func() error {
		wg.Wait()
		for range 3 {
			if err := <-errs; err != nil {
				return fmt.Errorf("worker: %w", err)
			}
		}
		return nil
	}, nil
}
