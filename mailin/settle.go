package mailin

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"countersign/petition"

	"github.com/emersion/go-imap/v2"
)

// settle marks or moves the recorded mails of the open folder, as the mailbox is
// configured. It starts from what the ledger says is not settled, so that a crash
// between the commit and the command costs nothing (R07). What the server cannot do
// is not done, and said: no other way is tried (R11).
func (s *session) settle(ctx context.Context, f *folder, data *imap.SelectData) error {
	switch s.box.After {
	case Keyword:
		if !allowsKeyword(data) {
			s.unable("keywords")
			return nil
		}
	case Move:
		if !s.can(imap.CapMove) {
			s.unable("MOVE")
			return nil
		}
	default:
		return nil
	}
	uids, err := s.store.Unsettled(ctx, s.box.Name, f.name, f.validity)
	if err != nil {
		return storeError(err)
	}
	for part := range slices.Chunk(uids, batchMails) {
		if s.box.After == Keyword {
			err = s.mark(ctx, f, part)
		} else {
			err = s.move(ctx, f, part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unable logs, once a connection, what the server cannot do.
func (s *session) unable(what string) {
	if !s.told {
		s.log.Warn("the server cannot do what after asks for: mail is left as it is", "lacks", what)
	}
	s.told = true
}

func (s *session) mark(ctx context.Context, f *folder, uids []uint32) error {
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{keyword}, Silent: true}
	if err := s.Store(uidSet(uids), flags, nil).Close(); err != nil {
		return fmt.Errorf("set the keyword: %w", s.conn.cause(err))
	}
	return s.settled(ctx, f, uids)
}

func (s *session) settled(ctx context.Context, f *folder, uids []uint32) error {
	if len(uids) == 0 {
		return nil
	}
	places := make([]petition.Place, 0, len(uids))
	for _, uid := range uids {
		places = append(places, s.place(f, uid))
	}
	return storeError(s.store.Settled(ctx, s.lease, places))
}

func (s *session) place(f *folder, uid uint32) petition.Place {
	return petition.Place{Mailbox: s.box.Name, Folder: f.name, UIDValidity: f.validity, UID: uid}
}

// move moves mails by MOVE (RFC 6851) and records where each went. A mail that was
// moved in an earlier life, before it was recorded as moved, is not in the folder any more:
// that settles it, too.
func (s *session) move(ctx context.Context, f *folder, uids []uint32) error {
	there, err := s.find(&imap.SearchCriteria{UID: []imap.UIDSet{uidSet(uids)}}, 1)
	if err != nil {
		return err
	}
	gone := slices.DeleteFunc(slices.Clone(uids), func(uid uint32) bool { return slices.Contains(there, uid) })
	if err := s.settled(ctx, f, gone); err != nil || len(there) == 0 {
		return err
	}
	moved, err := s.Move(uidSet(there), s.box.Processed).Wait()
	if e, ok := errors.AsType[*imap.Error](err); ok {
		s.log.Error("the server does not move mail: it stays where it is", "folder", s.box.Processed, "code", string(e.Code), "err", err)
		s.problem = "The server does not move mail to the folder " + s.box.Processed + "."
		if e.Code == imap.ResponseCodeTryCreate {
			return s.makeProcessed()
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("move: %w", s.conn.cause(err))
	}
	to := destinations(moved.SourceUIDs, moved.DestUIDs)
	var untold []uint32
	for _, uid := range there {
		dest, ok := to[uid]
		if !ok {
			untold = append(untold, uid) // no UIDPLUS: it has gone, nobody knows under which UID
			continue
		}
		target := petition.Place{Mailbox: s.box.Name, Folder: s.box.Processed, UIDValidity: moved.UIDValidity, UID: dest}
		if err := s.store.Moved(ctx, s.lease, s.place(f, uid), target); err != nil {
			return storeError(err)
		}
	}
	if len(untold) == 0 {
		return nil
	}
	stayed, err := s.find(&imap.SearchCriteria{UID: []imap.UIDSet{uidSet(untold)}}, 1)
	if err != nil {
		return err
	}
	return s.settled(ctx, f, slices.DeleteFunc(untold, func(uid uint32) bool { return slices.Contains(stayed, uid) }))
}

// destinations pairs the two sets of a COPYUID (RFC 4315 3), or gives nothing where
// they do not match.
func destinations(source, dest imap.NumSet) map[uint32]uint32 {
	from, _ := source.(imap.UIDSet)
	to, _ := dest.(imap.UIDSet)
	if size(from) != size(to) || size(from) > batchMails {
		return nil
	}
	a, _ := from.Nums()
	b, _ := to.Nums()
	pairs := make(map[uint32]uint32, len(a))
	for i := range a {
		pairs[uint32(a[i])] = uint32(b[i])
	}
	return pairs
}

func size(s imap.UIDSet) uint64 {
	n := uint64(0)
	for _, r := range s {
		n += uint64(r.Stop) - uint64(r.Start) + 1
	}
	return n
}

// makeProcessed makes sure that there is a folder to move to. That there is none is said, and no error.
func (s *session) makeProcessed() error {
	why, err := s.makeFolder(s.box.Processed)
	if why != nil {
		s.log.Error("the folder cannot be made: mail stays where it is", "folder", s.box.Processed, "err", why)
		s.problem = "The server does not make the folder " + s.box.Processed + "."
	}
	return err
}

// makeFolder makes a folder unless it is there. why says that the server refuses.
func (c *client) makeFolder(name string) (why, err error) {
	found, err := c.List("", name, nil).Collect()
	if err != nil {
		return nil, fmt.Errorf("list folders: %w", c.conn.cause(err))
	}
	if len(found) > 0 {
		return nil, nil
	}
	err = c.Create(name, nil).Wait()
	e, refused := errors.AsType[*imap.Error](err)
	switch {
	case refused && e.Code == imap.ResponseCodeAlreadyExists:
		return nil, nil
	case refused:
		return e, nil
	default:
		return nil, c.conn.cause(err)
	}
}
