package mailin

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Report is what a mailbox's server can do and what lies in the mailbox, for the
// people who set it up.
type Report struct {
	Mails    int  // in the folder
	Older    int  // of those, arrived before the moment that was asked about (R58)
	Idle     bool // new mail is announced; otherwise it is found by the scans
	Move     bool
	UIDPlus  bool
	Keywords bool // the server keeps ours
	Junk     bool // the junk folder can be opened
	Made     bool // the folder for processed mail exists or was made; true where none is needed
}

// Check logs in as the poller would and looks, changing nothing but making the folder
// for processed mail where one is configured. older is the moment before which
// mail is counted as older. Problem explains its error.
func (m Mailbox) Check(ctx context.Context, older time.Time) (Report, error) {
	m = m.withDefaults()
	if err := m.validate(); err != nil {
		return Report{}, err
	}
	c, err := m.connect(ctx)
	if err != nil {
		return Report{}, err
	}
	defer c.close()
	r := Report{Idle: c.can(imap.CapIdle), Move: c.can(imap.CapMove), UIDPlus: c.can(imap.CapUIDPlus), Made: true}
	if m.After == Move && r.Move {
		why, err := c.makeFolder(m.Processed)
		if err != nil {
			return r, err
		}
		r.Made = why == nil
	}
	if m.Junk != "" {
		_, err := c.open(m.Junk, true)
		if err != nil && !errors.Is(err, ErrFolder) {
			return r, err
		}
		r.Junk = err == nil
	}
	data, err := c.open(m.Folder, m.After == Keep)
	if err != nil {
		return r, err
	}
	r.Mails, r.Keywords = int(data.NumMessages), allowsKeyword(data)
	r.Older, err = c.countBefore(older)
	return r, err
}

// countBefore counts the mails of the open folder that arrived before the moment.
// SEARCH knows days only; those of the day itself are asked for one by one.
func (c *client) countBefore(moment time.Time) (int, error) {
	// Servers differ in whose midnight they mean: what lies within a day of it is looked at.
	surely, err := c.find(&imap.SearchCriteria{Before: moment.AddDate(0, 0, -1)}, 1)
	if err != nil {
		return 0, err
	}
	perhaps, err := c.find(&imap.SearchCriteria{Since: moment.AddDate(0, 0, -1), Before: moment.AddDate(0, 0, 2)}, 1)
	if err != nil {
		return 0, err
	}
	n := len(surely)
	for part := range slices.Chunk(perhaps, window) {
		err := c.fetch(uidSet(part), &imap.FetchOptions{UID: true, InternalDate: true}, 0, func(a answer) {
			if !a.received.IsZero() && a.received.Before(moment) {
				n++
			}
		})
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

func allowsKeyword(data *imap.SelectData) bool {
	return slices.Contains(data.PermanentFlags, imap.FlagWildcard) || slices.Contains(data.PermanentFlags, imap.Flag(keyword))
}
