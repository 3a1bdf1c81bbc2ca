package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	readHeaderLimit = 10 * time.Second
	readLimit       = 30 * time.Second
	writeLimit      = time.Minute
	idleLimit       = 2 * time.Minute
	finishLimit     = 10 * time.Second // for requests in hand when ctx ends
	headerBytes     = 64 << 10
)

// Serve answers on the listener, which it closes, until ctx ends, then lets requests
// in hand finish. It returns nil after ctx ended, unless they did not finish in time.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderLimit, ReadTimeout: readLimit, WriteTimeout: writeLimit,
		IdleTimeout: idleLimit, MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnContext: withJoining,
	}
	done := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishLimit)
		defer cancel()
		done <- server.Shutdown(ctx)
	})
	err := server.Serve(joiningListener{l})
	if stop() { // ctx did not end: the server did
		return err
	}
	if err := <-done; err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
