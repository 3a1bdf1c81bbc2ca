package postoffice

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// The memory server parses a header before it sends any part of a mail, and sends
// nothing where that fails. Real servers send the bytes that they have. So the
// bytes of malformed mails are kept here as well and sent from here.

// place is a mail in an account: the memory server numbers its folders by UIDVALIDITY.
type place struct {
	validity uint32
	uid      imap.UID
}

type oddMail struct {
	raw      []byte
	received time.Time
}

// malformed reports whether the memory server would send anything but these bytes.
func malformed(raw []byte) bool {
	return !bytes.Equal(raw, imapserver.ExtractBodySection(bytes.NewReader(raw), &imap.FetchItemBodySection{}))
}

// remember keeps a malformed mail that was appended.
func (o *Office) remember(a *account, d *imap.AppendData, raw []byte, received time.Time) {
	if !malformed(raw) {
		return
	}
	if received.IsZero() {
		received = time.Now()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	a.odd[place{d.UIDValidity, d.UID}] = oddMail{raw, received}
}

// follow keeps malformed mails that were copied. from is the folder's own UIDVALIDITY.
func (o *Office) follow(a *account, from uint32, d *imap.CopyData) {
	source, ok := d.SourceUIDs.Nums()
	dest, ok2 := d.DestUIDs.Nums()
	if !ok || !ok2 || len(source) != len(dest) {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, uid := range source {
		if m, odd := a.odd[place{from, uid}]; odd {
			a.odd[place{d.UIDValidity, dest[i]}] = m
		}
	}
}

func (o *Office) odd(a *account, p place) (oddMail, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m, ok := a.odd[p]
	return m, ok
}

// Fetch sends well-formed mails through the memory server and the others itself.
func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	criteria := &imap.SearchCriteria{}
	switch set := set.(type) {
	case imap.UIDSet:
		criteria.UID = []imap.UIDSet{set}
	case imap.SeqSet:
		criteria.SeqNum = []imap.SeqSet{set}
	}
	found, err := s.Search(imapserver.NumKindUID, criteria, &imap.SearchOptions{ReturnAll: true})
	if err != nil {
		return err
	}
	uids, _ := found.All.(imap.UIDSet)
	all, _ := uids.Nums()
	var plain imap.UIDSet
	odd := map[imap.UID]oddMail{}
	for _, uid := range all {
		if m, ok := s.office.odd(s.account, place{s.selected, uid}); ok {
			odd[uid] = m
			continue
		}
		plain.AddNum(uid)
	}
	if len(plain) > 0 {
		if err := s.UserSession.Fetch(w, plain, options); err != nil {
			return err
		}
	}
	for _, uid := range all {
		if m, ok := odd[uid]; ok {
			if err := s.fetchOdd(w, uid, m, options); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *session) fetchOdd(w *imapserver.FetchWriter, uid imap.UID, m oddMail, options *imap.FetchOptions) error {
	seq, err := s.Search(imapserver.NumKindSeq, &imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(uid)}}, &imap.SearchOptions{})
	if err != nil || seq.Min == 0 {
		return err
	}
	r := w.CreateMessage(seq.Min)
	r.WriteUID(uid)
	if options.Flags {
		r.WriteFlags(nil)
	}
	if options.InternalDate {
		r.WriteInternalDate(m.received)
	}
	if options.RFC822Size {
		r.WriteRFC822Size(int64(len(m.raw)))
	}
	for _, want := range options.BodySection {
		b := section(m.raw, want)
		lit := r.WriteBodySection(want, int64(len(b)))
		if _, err := lit.Write(b); err != nil {
			return err
		}
		if err := lit.Close(); err != nil {
			return err
		}
	}
	return r.Close()
}

// section cuts a part out of bytes that no parser understands. Only the whole, the
// header, some of its fields and the text are known.
func section(raw []byte, want *imap.FetchItemBodySection) []byte {
	header := 0
	for header < len(raw) {
		n := fieldEnd(raw[header:])
		line := bytes.TrimRight(raw[header:header+n], "\r\n")
		header += n
		if len(line) == 0 {
			break
		}
	}
	b := raw
	switch want.Specifier {
	case imap.PartSpecifierHeader:
		b = raw[:header]
		if len(want.HeaderFields) > 0 {
			b = fields(b, want.HeaderFields)
		}
	case imap.PartSpecifierText:
		b = raw[header:]
	case imap.PartSpecifierNone, imap.PartSpecifierMIME:
	}
	if p := want.Partial; p != nil {
		b = b[min(p.Offset, int64(len(b))):]
		b = b[:min(p.Size, int64(len(b)))]
	}
	return b
}

func fields(header []byte, names []string) []byte {
	var kept []byte
	for len(header) > 0 {
		n := fieldEnd(header)
		name, _, _ := strings.Cut(string(header[:n]), ":")
		if slices.ContainsFunc(names, func(w string) bool { return strings.EqualFold(w, name) }) {
			kept = append(kept, header[:n]...)
		}
		header = header[n:]
	}
	return append(kept, "\r\n"...)
}
