package postoffice

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Letter is one mail in a folder of an account.
type Letter struct {
	Folder   string
	UID      uint32
	Received time.Time
	Flags    []string
	Raw      []byte
}

// Inbox returns every letter of an account in all its folders, in the order of
// arrival within each, the inbox first. An unknown address has none.
func (o *Office) Inbox(address string) []Letter {
	letters, err := o.letters(context.Background(), address)
	if err != nil {
		o.log.Error("cannot read a mailbox", "err", err)
	}
	return letters
}

// Wait returns the first letter for which match holds, waiting for it until ctx ends.
func (o *Office) Wait(ctx context.Context, address string, match func(Letter) bool) (Letter, error) {
	for {
		changed := o.changes()
		letters, err := o.letters(ctx, address)
		if err != nil && ctx.Err() == nil {
			return Letter{}, err
		}
		if i := slices.IndexFunc(letters, match); i >= 0 {
			return letters[i], nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Letter{}, fmt.Errorf("no such letter for %s: %w", address, ctx.Err())
		}
	}
}

// letters reads an account as a mail client would, through a connection of its own
// inside the process.
func (o *Office) letters(ctx context.Context, address string) ([]Letter, error) {
	a := o.account(address)
	if a == nil {
		return nil, nil
	}
	conn, err := o.inside.dial(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	c := imapclient.New(conn, nil)
	defer func() { _ = c.Close() }()
	if err := c.Login(address, a.password).Wait(); err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	folders, err := c.List("", "*", nil).Collect()
	if err != nil {
		return nil, fmt.Errorf("list folders: %w", err)
	}
	slices.SortStableFunc(folders, func(x, y *imap.ListData) int {
		switch {
		case x.Mailbox == InboxFolder:
			return -1
		case y.Mailbox == InboxFolder:
			return 1
		}
		return 0
	})
	var letters []Letter
	for _, f := range folders {
		found, err := readFolder(c, f.Mailbox)
		if err != nil {
			return letters, fmt.Errorf("read %s: %w", f.Mailbox, err)
		}
		letters = append(letters, found...)
	}
	return letters, nil
}

// readFolder reads a folder without marking anything as seen.
func readFolder(c *imapclient.Client, folder string) ([]Letter, error) {
	data, err := c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil || data.NumMessages == 0 {
		return nil, err
	}
	body := &imap.FetchItemBodySection{Peek: true}
	found, err := c.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{
		UID: true, Flags: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{body},
	}).Collect()
	var letters []Letter
	for _, m := range found {
		l := Letter{Folder: folder, UID: uint32(m.UID), Received: m.InternalDate, Raw: m.FindBodySection(body)}
		for _, f := range m.Flags {
			l.Flags = append(l.Flags, string(f))
		}
		letters = append(letters, l)
	}
	return letters, err
}

// insideListener is a listener for connections that never leave the process.
type insideListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newInside() *insideListener {
	return &insideListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *insideListener) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept waits for the next dial.
func (l *insideListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (l *insideListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr has no meaning here.
func (l *insideListener) Addr() net.Addr { return &net.UnixAddr{Name: "inside", Net: "pipe"} }
