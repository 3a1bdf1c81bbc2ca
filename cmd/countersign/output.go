package main

import (
	"fmt"
	"io"
	"log/slog"
)

// say prints one line for the person who ran the command.
func (w *world) say(format string, args ...any) error {
	_, err := fmt.Fprintf(w.Out, format+"\n", args...)
	return err
}

// logger writes what the configuration asks for.
func (l LogConfig) logger(out io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		level = slog.LevelInfo // check refused anything else before
	}
	options := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}
