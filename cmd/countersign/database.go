package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"countersign/petition"
	"countersign/store"
)

// storeOptions is what the store needs of the configuration.
func storeOptions(c *Config, log *slog.Logger) (store.Options, error) {
	keys, err := c.Keys()
	if err != nil {
		return store.Options{}, err
	}
	return store.Options{
		DSN: c.Database, Keys: keys, Rules: c.Rules(), Fallback: c.Fallback(), Log: log.With("component", "store"),
		Retention: store.Retention{Raw: time.Duration(c.Retention.Raw), NoSignOn: time.Duration(c.Retention.NoSignOn)},
	}, nil
}

// withStore opens the database for a short command: as its own, so that a new
// file is made, or beside the serve that has it.
func withStore(ctx context.Context, w *world, g *globals, do func(*Config, *store.Store) error) (err error) {
	c, err := loadConfig(g.path(), w.Environ)
	if err != nil {
		return err
	}
	options, err := storeOptions(&c, c.Log.logger(w.Err))
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, options)
	if errors.Is(err, petition.ErrBusy) {
		options.Shared = true
		s, err = store.Open(ctx, options)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return do(&c, s)
}

// migrateCmd moves the schema forward, never back.
type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Bring the database to this program's schema."`
	Status migrateStatusCmd `cmd:"" help:"Say which schema the database has."`
}

type migrateUpCmd struct{}

// Run migrates. Several at once do it once.
func (migrateUpCmd) Run(ctx context.Context, w *world, g *globals) error {
	c, err := loadConfig(g.path(), w.Environ)
	if err != nil {
		return err
	}
	from, to, err := store.Migrate(ctx, c.Database)
	if err != nil {
		return err
	}
	if from == to {
		return w.say("the schema has version %d: nothing to do", to)
	}
	return w.say("the schema went from version %d to %d", from, to)
}

type migrateStatusCmd struct{}

// Run says where the schema stands and changes nothing.
func (migrateStatusCmd) Run(ctx context.Context, w *world, g *globals) error {
	c, err := loadConfig(g.path(), w.Environ)
	if err != nil {
		return err
	}
	have, want, err := store.SchemaVersion(ctx, c.Database)
	switch {
	case err != nil:
		return err
	case have == 0:
		return w.say("there is no schema yet; 'countersign migrate up' makes version %d", want)
	case have < want:
		return w.say("the schema has version %d; 'countersign migrate up' brings it to %d", have, want)
	case have > want:
		return w.say("the schema has version %d, newer than this program's %d; install the newer countersign", have, want)
	default:
		return w.say("the schema has version %d, as this program wants", have)
	}
}
