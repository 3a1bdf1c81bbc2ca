package mailin

import (
	"errors"
	"fmt"
	"io"
	"time"

	"countersign/petition"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Nothing here asks for ENVELOPE or BODYSTRUCTURE: one mail whose answer the library
// cannot parse would end every connection. Nothing uses Collect: it grows buffers
// without limit.

// listed is what is known of a mail before its body is fetched.
type listed struct {
	uid        uint32
	size       int64  // -1: the server did not say
	recipients []byte // the header fields that name recipients, where they were asked for
}

// recipientFields name the people to whom a mail went.
var recipientFields = []string{"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc"}

const maxHeader = 256 << 10 // bytes of header that are looked at (R16)

var errTooLarge = errors.New("the mail is larger than the server said")

// sizes asks for the sizes of mails and, where wanted, their recipient fields.
// A mail that the server does not mention has size -1.
func (c *client) sizes(uids []uint32, recipients bool) ([]listed, error) {
	options := &imap.FetchOptions{UID: true, RFC822Size: true}
	if recipients {
		options.BodySection = []*imap.FetchItemBodySection{{
			Specifier: imap.PartSpecifierHeader, HeaderFields: recipientFields, Peek: true,
			Partial: &imap.SectionPartial{Offset: 0, Size: maxHeader},
		}}
	}
	got := map[uint32]answer{}
	err := c.fetch(uidSet(uids), options, maxHeader, func(a answer) {
		if old, ok := got[a.uid]; ok && old.body != nil {
			return // an unasked repetition without the fields
		}
		got[a.uid] = a
	})
	if err != nil {
		return nil, err
	}
	list := make([]listed, 0, len(uids))
	for _, uid := range uids {
		l := listed{uid: uid, size: -1}
		if a, ok := got[uid]; ok {
			l.size, l.recipients = a.size, a.body
		}
		list = append(list, l)
	}
	return list, nil
}

// bodies fetches mails whole, in the order of the server, and calls got for each as
// soon as it is complete. Those that the server left out are not an error: the
// caller compares. After an error the connection is of no use any more.
func (c *client) bodies(set imap.NumSet, limit int64, got func(petition.Fetched)) error {
	return c.fetch(set, wholeMail(), limit, func(a answer) {
		if a.body == nil && !a.empty {
			return // an unasked FETCH that the library took for the answer
		}
		got(petition.Fetched{
			Place:    petition.Place{UID: a.uid},
			Received: a.received,
			Size:     max(a.size, int64(len(a.body))),
			Raw:      a.body,
		})
	})
}

func wholeMail() *imap.FetchOptions {
	return &imap.FetchOptions{
		UID: true, Flags: true, InternalDate: true, RFC822Size: true,
		BodySection: []*imap.FetchItemBodySection{{Peek: true}}, // R04
	}
}

// header fetches only the header of a mail, and as much of it as is looked at.
func (c *client) header(uid uint32) (petition.Fetched, error) {
	options := &imap.FetchOptions{
		UID: true, InternalDate: true, RFC822Size: true,
		BodySection: []*imap.FetchItemBodySection{{
			Specifier: imap.PartSpecifierHeader, Peek: true, Partial: &imap.SectionPartial{Offset: 0, Size: maxHeader},
		}},
	}
	var f petition.Fetched
	found := false
	err := c.fetch(uidSet([]uint32{uid}), options, maxHeader, func(a answer) {
		if a.uid != uid || a.body == nil && !a.empty {
			return
		}
		found = true
		f = petition.Fetched{Place: petition.Place{UID: uid}, Received: a.received, Size: a.size, Raw: a.body, Partial: true}
	})
	if err == nil && !found {
		err = errors.New("the server does not send the header")
	}
	return f, err
}

// one fetches a mail that a batch did not bring. The library loses a mail whose UID
// stands behind its body, and takes an unasked FETCH for the answer; so the mail
// is also asked for by its number in the folder, and counts only if the answer has its
// UID (R03). found is false where the folder has no such mail any more.
func (c *client) one(uid uint32, limit int64) (f petition.Fetched, found bool, err error) {
	take := func(got petition.Fetched) {
		if got.Place.UID == uid {
			f, found = got, true
		}
	}
	if err := c.bodies(uidSet([]uint32{uid}), limit, take); err != nil || found {
		return f, found, err
	}
	data, err := c.Search(&imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(imap.UID(uid))}}, nil).Wait()
	if err != nil {
		return f, false, fmt.Errorf("search: %w", c.conn.cause(err))
	}
	seq, _ := data.All.(imap.SeqSet)
	if len(seq) == 0 {
		return f, false, nil
	}
	if len(seq) > 1 || seq[0].Start != seq[0].Stop {
		return f, false, errors.New("the server finds several mails under one UID")
	}
	if err := c.bodies(seq, limit, take); err != nil || found {
		return f, found, err
	}
	return f, false, errUnobtainable
}

// errUnobtainable: the folder has the mail, and no way to ask brings it.
var errUnobtainable = errors.New("the server does not send a mail that it has")

// answer is one FETCH response.
type answer struct {
	uid      uint32
	size     int64
	received time.Time
	body     []byte
	empty    bool // a body came, of no bytes
}

// fetch runs one FETCH command. No other command may run meanwhile, and got must not
// block on one.
func (c *client) fetch(set imap.NumSet, options *imap.FetchOptions, limit int64, got func(answer)) error {
	cmd := c.Fetch(set, options)
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		a, err := readAnswer(m, limit)
		if err != nil {
			_ = c.conn.Close()
			if errors.Is(err, errTooLarge) {
				m.Next() // lets the library's reader out of the literal
			} // otherwise it is out, and touching the command now would race with it
			return fmt.Errorf("fetch: %w", c.conn.cause(err))
		}
		if a.uid != 0 {
			got(a)
		}
	}
	if err := cmd.Close(); err != nil {
		return fmt.Errorf("fetch: %w", c.conn.cause(err))
	}
	return nil
}

// readAnswer reads every item of a response to its end, whatever their order.
func readAnswer(m *imapclient.FetchMessageData, limit int64) (answer, error) {
	a := answer{size: -1}
	for item := m.Next(); item != nil; item = m.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			a.uid = uint32(item.UID)
		case imapclient.FetchItemDataRFC822Size:
			a.size = item.Size
		case imapclient.FetchItemDataInternalDate:
			a.received = item.Time.UTC()
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil {
				continue // NIL: the server has no such bytes
			}
			b, err := readLiteral(item.Literal, limit)
			if err != nil {
				return a, err
			}
			a.body, a.empty = b, len(b) == 0
		}
	}
	return a, nil
}

// readLiteral reads exactly as many bytes as were announced, and then the end: a
// connection that breaks inside looks like a short mail to any other way of reading.
func readLiteral(r imap.LiteralReader, limit int64) ([]byte, error) {
	size := r.Size()
	if size > limit {
		return nil, fmt.Errorf("%w: %d bytes", errTooLarge, size)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(r, b); err != nil && size > 0 {
		return nil, fmt.Errorf("read %d bytes: %w", size, err)
	}
	return b, nil
}
