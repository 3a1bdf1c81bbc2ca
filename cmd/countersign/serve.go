package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// serveCmd runs the service until it is told to stop.
type serveCmd struct{}

// Run serves until SIGTERM or SIGINT, finishes what is in hand and returns nil. A
// second signal ends the process at once: nothing is lost by that, either.
func (serveCmd) Run(ctx context.Context, w *world, g *globals) error {
	c, err := loadConfig(g.path(), w.Environ)
	if err != nil {
		return err
	}
	log := c.Log.logger(w.Err)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := newService(ctx, &c, serviceOptions{Log: log, Faults: w.Faults})
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

const (
	readHeaderLimit = 10 * time.Second
	readLimit       = 30 * time.Second
	writeLimit      = time.Minute
	idleLimit       = 2 * time.Minute
	finishLimit     = 10 * time.Second // for requests in hand when ctx ends
	headerBytes     = 64 << 10
)

// serveHTTP answers on the listener until ctx ends, then lets requests in hand finish.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderLimit, ReadTimeout: readLimit, WriteTimeout: writeLimit,
		IdleTimeout: idleLimit, MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	done := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishLimit)
		defer cancel()
		done <- server.Shutdown(ctx)
	})
	err := server.Serve(l)
	if stop() { // ctx did not end: the server did
		return err
	}
	if err := <-done; err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
