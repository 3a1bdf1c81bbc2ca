package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"countersign/petition"
)

//go:embed migrations
var embedded embed.FS

// Migrate brings the database to this program's schema and says from which version
// to which. Running it twice, or in two processes at once, does it once. A newer
// schema is refused with petition.ErrNewer.
func Migrate(ctx context.Context, dsn string) (from, to int, err error) {
	s, err := connect(dsn, true)
	if err != nil {
		return 0, 0, err
	}
	from, to, err = s.migrate(ctx)
	return from, to, errors.Join(err, s.Close())
}

// SchemaVersion says which schema the database has and which this program wants.
func SchemaVersion(ctx context.Context, dsn string) (have, want int, err error) {
	s, err := connect(dsn, false)
	if err != nil {
		return 0, 0, err
	}
	have, want, err = s.version(ctx)
	return have, want, errors.Join(err, s.Close())
}

func newer(have, want int) error {
	return fmt.Errorf("%w: its schema has version %d, this program knows %d; install the newer countersign", petition.ErrNewer, have, want)
}

func (s *Store) migrationFiles() ([]string, error) {
	return fs.Glob(s.migrations, "migrations/"+s.write.DriverName()+"/*.sql") // in order
}

func (s *Store) version(ctx context.Context) (have, want int, err error) {
	files, err := s.migrationFiles()
	if err != nil {
		return 0, 0, err
	}
	have, err = s.versionIn(ctx, s.writer())
	return have, len(files), err
}

func (s *Store) versionIn(ctx context.Context, c conn) (int, error) {
	exists, err := s.hasTable(ctx, c, "schema_version")
	if err != nil || !exists {
		return 0, err
	}
	var version int
	err = c.get(ctx, &version, `SELECT COALESCE(MAX(version), 0) FROM schema_version`)
	return version, err
}

// migrate applies, in one transaction, every embedded migration newer than the schema.
func (s *Store) migrate(ctx context.Context) (from, to int, err error) {
	files, err := s.migrationFiles()
	if err != nil {
		return 0, 0, err
	}
	have, err := s.versionIn(ctx, s.writer())
	if err != nil {
		return 0, 0, err
	}
	if have > len(files) {
		return have, have, newer(have, len(files))
	}
	if have == len(files) {
		return have, have, nil
	}
	if err := s.copyFile(ctx, have); err != nil {
		return have, have, err
	}
	err = s.inTx(ctx, func(t *tx) error {
		if err := s.lockSchema(ctx, t); err != nil {
			return err
		}
		if have, err = s.versionIn(ctx, t.conn); err != nil { // another process may have been faster
			return err
		}
		if have > len(files) {
			return newer(have, len(files))
		}
		return s.apply(ctx, t, files, have)
	})
	if err != nil {
		return have, have, fmt.Errorf("migrate: %w", err)
	}
	return have, len(files), nil
}

func (s *Store) apply(ctx context.Context, t *tx, files []string, have int) error {
	if _, err := t.exec(ctx, `CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)`); err != nil {
		return err
	}
	for i, name := range files[have:] {
		text, err := fs.ReadFile(s.migrations, name)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, string(text)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if _, err := t.exec(ctx, `INSERT INTO schema_version (version) VALUES ($1)`, have+i+1); err != nil {
			return err
		}
	}
	return nil
}

// copyFile keeps a SQLite database as it was before a migration, beside it. The
// writing connection has the file to itself, and the log is emptied into it first.
func (s *Store) copyFile(ctx context.Context, version int) error {
	if s.postgres || version == 0 {
		return nil
	}
	var path string
	if err := s.writer().get(ctx, &path, `SELECT file FROM pragma_database_list WHERE name = 'main'`); err != nil {
		return err
	}
	if _, err := s.writer().exec(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return err
	}
	if err := copyTo(fmt.Sprintf("%s.before-%d", path, version+1), path); err != nil {
		return fmt.Errorf("copy of the database before it is migrated: %w", err)
	}
	s.log.Info("database copied before migration", "version", version)
	return nil
}

// copyTo writes the copy under another name first, so that a copy that exists is whole.
func copyTo(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // beside the database
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	return os.Rename(to+".part", to) //nolint:gosec // beside the database
}
