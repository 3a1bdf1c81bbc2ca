package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"countersign/petition"
)

// lockFile takes the lock beside a database file. The system lets go of it when
// the process ends, however it ends, so nobody ever has to delete the file.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the path
	if err != nil {
		return nil, fmt.Errorf("the database's folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w: stop the other `countersign serve` first, or use PostgreSQL, which several may share", path, petition.ErrBusy)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := private(path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// private makes the file, where it is new, for its owner only: it holds people's mails.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the path
	if err != nil {
		return fmt.Errorf("the database file: %w", err)
	}
	return f.Close()
}
