package mailin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"countersign/petition"

	"github.com/emersion/go-imap/v2"
)

// folder is what the poller knows of one folder, over all connections.
type folder struct {
	name     string
	spam     bool // a junk folder: watched, never changed (R27)
	validity uint32
	opened   bool            // validity is known
	known    map[uint32]bool // recorded; nil: to be asked of the ledger
	others   map[uint32]bool // not for us (U09)
	highest  uint32
	trouble  trouble
	whole    time.Time // when the whole folder was last compared with the ledger; zero: not on this connection
	retried  time.Time // when mails that nothing brings were last given another try
}

// begin makes the folder ready for a scan after it was opened. With another
// UIDVALIDITY every UID means another mail: everything is looked at again, and the
// ledger's hashes tell what is new (R02). 0 is a value like any other.
func (f *folder) begin(ctx context.Context, s *session, data *imap.SelectData) error {
	validity := data.UIDValidity
	if f.opened && f.validity == validity && f.known != nil {
		return nil
	}
	if f.opened && f.validity != validity {
		s.log.Warn("the folder has a new UIDVALIDITY: it is read again", "folder", f.name, "before", f.validity, "now", validity)
		f.trouble, f.others = nil, nil
	}
	uids, err := s.store.KnownUIDs(ctx, s.box.Name, f.name, validity)
	if err != nil {
		return storeError(err)
	}
	f.opened, f.validity, f.whole = true, validity, time.Time{}
	f.known, f.highest = make(map[uint32]bool, len(uids)), 0
	for _, uid := range uids {
		f.knows(uid)
	}
	if f.trouble == nil {
		f.trouble, f.others = trouble{}, map[uint32]bool{}
	}
	if next := uint32(data.UIDNext); next > 0 && f.highest >= next {
		// The server was restored from a backup: it will give those UIDs to other mails (R59).
		s.log.Error("the ledger knows mails that the server has not had yet", "folder", f.name, "highest", f.highest, "next", next)
		maps.DeleteFunc(f.known, func(uid uint32, _ bool) bool { return uid >= next })
		f.highest = next - 1
	}
	return nil
}

// retry gives mails that nothing brought another try, now and then: a server may mend itself.
func (f *folder) retry(every time.Duration) {
	if time.Since(f.retried) < every {
		return
	}
	f.retried = time.Now()
	for uid, failures := range f.trouble {
		if failures >= setAside {
			f.trouble[uid] = setAside - 1
		}
	}
}

// lost is how many mails nothing brings.
func (f *folder) lost() int {
	n := 0
	for _, failures := range f.trouble {
		if failures >= setAside {
			n++
		}
	}
	return n
}

func (f *folder) knows(uid uint32) {
	f.known[uid] = true
	f.highest = max(f.highest, uid)
	delete(f.trouble, uid)
}

// unknown drops from a search what needs no fetching.
func (f *folder) unknown(uids []uint32) []uint32 {
	return slices.DeleteFunc(uids, func(uid uint32) bool { return f.known[uid] || f.others[uid] || f.trouble[uid] >= setAside })
}

// scan records everything new in the open folder and returns how many mails that were.
// Mail that arrives meanwhile is taken too. Normally only UIDs above the highest known are asked
// for; now and then, and on a new connection, all of them (R10).
func (s *session) scan(ctx context.Context, f *folder) (int, error) {
	total := 0
	for {
		first := f.highest + 1
		if time.Since(f.whole) >= s.box.Reconcile {
			first = 1
			f.retry(s.box.Reconcile)
		}
		uids, err := s.search(first)
		if err != nil {
			return total, err
		}
		uids = f.unknown(uids)
		n, err := s.take(ctx, f, uids)
		total += n
		if err != nil {
			return total, err
		}
		if first == 1 {
			f.whole = time.Now()
		}
		if len(uids) == 0 {
			return total, nil
		}
	}
}

// window is how many mails are listed before their bodies are fetched.
const window = 1000

// take fetches and records mails. The network and the database work at the same
// time, with at most one batch waiting between them.
func (s *session) take(ctx context.Context, f *folder, uids []uint32) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	fetched := make(chan []petition.Fetched, 1)
	var fetchErr error
	var fetching sync.WaitGroup
	fetching.Go(func() {
		defer close(fetched)
		for part := range slices.Chunk(uids, window) {
			if fetchErr = s.window(ctx, f, part, fetched); fetchErr != nil {
				return
			}
		}
	})
	done, recordErr := s.recordAll(ctx, fetched, cancel)
	fetching.Wait() // until here the folder belongs to the fetching
	for _, m := range done {
		f.knows(m.Place.UID)
	}
	if recordErr != nil {
		return len(done), recordErr
	}
	return len(done), fetchErr
}

// window lists some mails, leaves those that are not for us, and fetches the others.
func (s *session) window(ctx context.Context, f *folder, uids []uint32, out chan<- []petition.Fetched) error {
	mails, err := s.sizes(uids, len(s.box.OnlyTo) > 0)
	if err != nil {
		return err
	}
	unsure := map[uint32]bool{} // the library may lose answers with header fields, too
	if len(s.box.OnlyTo) > 0 {
		mails = slices.DeleteFunc(mails, func(m listed) bool {
			if m.recipients == nil {
				unsure[m.uid] = true
				return false
			}
			skip := !addressedTo(m.recipients, s.box.OnlyTo)
			if skip {
				f.others[m.uid] = true // U09: it is not touched, and not asked for again
			}
			return skip
		})
	}
	for _, b := range plan(mails, f.trouble, s.box.MaxSize) {
		got, err := s.batch(f, b)
		got = slices.DeleteFunc(got, func(m petition.Fetched) bool {
			skip := unsure[m.Place.UID] && !sentTo(m.Raw, s.box.OnlyTo)
			if skip {
				f.others[m.Place.UID] = true
			}
			return skip
		})
		if len(got) > 0 {
			select {
			case out <- got:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// batch fetches one batch and accounts for every UID in it: each is returned, or gone
// from the server, or has its failure counted. What came before an error is returned
// with it.
func (s *session) batch(f *folder, b batch) ([]petition.Fetched, error) {
	if b.header {
		return s.headerOnly(f, b.uids[0])
	}
	limit := s.box.MaxSize + s.box.MaxSize/4 + 1<<20 // some servers' sizes are not exact
	missing := make(map[uint32]bool, len(b.uids))
	for _, uid := range b.uids {
		missing[uid] = true
	}
	var got []petition.Fetched
	err := s.bodies(uidSet(b.uids), limit, func(m petition.Fetched) {
		if missing[m.Place.UID] {
			delete(missing, m.Place.UID)
			got = append(got, s.placed(f, m))
		}
	})
	if err != nil {
		for uid := range missing {
			f.trouble[uid]++
		}
		return got, err
	}
	for _, uid := range b.uids {
		if !missing[uid] {
			continue
		}
		m, found, err := s.one(uid, limit)
		switch {
		case errors.Is(err, errUnobtainable):
			mails, err := s.headerOnly(f, uid)
			got = append(got, mails...)
			if err != nil {
				return got, err
			}
		case err != nil:
			f.trouble[uid]++
			return got, err
		case found:
			got = append(got, s.placed(f, m))
		default:
			s.log.Debug("a mail is gone before it was fetched", "folder", f.name, "uid", uid)
			f.knows(uid)
		}
	}
	return got, nil
}

// headerOnly registers a mail whose body is too large or cannot be had: a person looks (R15).
func (s *session) headerOnly(f *folder, uid uint32) ([]petition.Fetched, error) {
	m, err := s.header(uid)
	if err != nil {
		f.trouble[uid]++
		s.log.Error("a mail cannot be fetched", "folder", f.name, "uid", uid, "failures", f.trouble[uid], "err", err)
		return nil, err
	}
	return []petition.Fetched{s.placed(f, m)}, nil
}

func (s *session) placed(f *folder, m petition.Fetched) petition.Fetched {
	m.Place = petition.Place{Mailbox: s.box.Name, Folder: f.name, UIDValidity: f.validity, UID: m.Place.UID}
	m.Spam = f.spam
	if m.Received.IsZero() {
		m.Received = s.clock()
	}
	return m
}

// recorders is how many batches are committed side by side: while one waits for the
// disk, the other works. SQLite lets one in at a time, and loses nothing by it.
const recorders = 2

// recordAll commits what is fetched until the channel closes, and returns what is
// recorded, without the bytes. The first error ends the fetching; the rest is drained.
func (s *session) recordAll(ctx context.Context, fetched <-chan []petition.Fetched, cancel context.CancelFunc) (done []petition.Fetched, err error) {
	var mu sync.Mutex
	failed := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return err != nil
	}
	var recording sync.WaitGroup
	for range recorders {
		recording.Go(func() {
			for mails := range fetched {
				if failed() {
					continue
				}
				failure := s.record(ctx, mails)
				mu.Lock()
				if failure == nil {
					for _, m := range mails {
						done = append(done, petition.Fetched{Place: m.Place})
					}
				} else if err == nil {
					err = failure
					cancel()
					_ = s.conn.Close()
				}
				mu.Unlock()
			}
		})
	}
	recording.Wait()
	return done, err
}

// record commits a batch and tells the intake.
func (s *session) record(ctx context.Context, mails []petition.Fetched) error {
	ids, err := s.store.Record(ctx, s.lease, mails)
	if err != nil {
		return fmt.Errorf("record %d mails: %w", len(mails), storeError(err))
	}
	s.log.Debug("mails recorded", "folder", mails[0].Place.Folder, "mails", len(mails), "new", len(ids))
	if len(ids) > 0 && s.recorded != nil {
		s.recorded(len(ids))
	}
	return nil
}
