package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// serveCmd runs the service until it is told to stop.
type serveCmd struct {
	AfterRestore bool `help:"The database is a copy that was put back: hold what waits to be sent until an organizer looked, and answer no mail from before now."`
}

// Run serves until SIGTERM or SIGINT, finishes what is in hand and returns nil. A
// second signal ends the process at once: nothing is lost by that, either.
func (cmd serveCmd) Run(ctx context.Context, w *world, g *globals) error {
	c, err := loadConfig(g.path(), w.Environ)
	if err != nil {
		return err
	}
	log := c.Log.logger(w.Err)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := newService(ctx, &c, serviceOptions{Log: log, Faults: w.Faults, Restored: cmd.AfterRestore})
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() {
		stop() // from here on the system's own answer to a signal holds
		log.Info("finishing what is in hand; a second signal stops at once")
	})
	log.Info("listening", "addr", s.Addr(), "base_url", c.BaseURL, "mailboxes", len(c.Mailbox))
	if w.Ready != nil {
		w.Ready(s.Addr())
	}
	return errors.Join(s.Run(ctx), s.Close())
}
