package mailin

import (
	"bytes"
	"slices"
	"strings"

	"countersign/mailin/message"
	"countersign/petition"
)

// trouble counts how often fetching a mail ended a connection, by UID.
type trouble map[uint32]int

const (
	aloneAfter  = 4 // failures after which a mail is fetched alone
	headerAfter = 6 // … after which only its header is fetched
	setAside    = 8 // … after which it is left until the next reconciliation
)

// batch is what one FETCH asks for.
type batch struct {
	uids   []uint32
	header bool // header only, one mail
}

// plan parts mails into batches of at most batchMails mails and batchBytes bytes. Mails that
// are too large, or that nothing else brings, are asked for by header. Mails
// that were in a batch that failed come last and in ever smaller batches, until the one
// at fault is alone: it must never stop the others (R09).
func plan(mails []listed, t trouble, maxSize int64) []batch {
	mails = slices.Clone(mails)
	slices.SortStableFunc(mails, func(a, b listed) int { return t[a.uid] - t[b.uid] })
	var batches []batch
	var open batch
	var bytes int64
	level := 0
	flush := func() {
		if len(open.uids) > 0 {
			batches = append(batches, open)
		}
		open, bytes = batch{}, 0
	}
	for _, m := range mails {
		failures := t[m.uid]
		if m.size > maxSize || failures >= headerAfter {
			if failures > 0 {
				flush()
			}
			batches = append(batches, batch{uids: []uint32{m.uid}, header: true})
			continue
		}
		size := m.size
		if size < 0 {
			size = batchBytes // unknown: alone
		}
		if failures != level || len(open.uids) >= atMost(failures) || bytes+size > batchBytes {
			flush()
		}
		level = failures
		open.uids = append(open.uids, m.uid)
		bytes += size
	}
	flush()
	return batches
}

// atMost is how many mails a batch may hold after so many failures: 200, 50, 12, 3, 1.
func atMost(failures int) int { return max(1, batchMails>>(2*min(failures, aloneAfter))) }

// addressedTo reports whether the recipient fields name one of the addresses, with or
// without a plus part.
func addressedTo(fields []byte, addresses []string) bool {
	return anyOf(addressesIn(fields), addresses)
}

// sentTo reports the same of a whole mail.
func sentTo(raw []byte, addresses []string) bool {
	_, all := recipients(&message.Parse(raw).Header)
	return anyOf(all, addresses)
}

func anyOf(found, addresses []string) bool {
	for _, want := range addresses {
		want = petition.CanonicalAddress(want)
		if slices.ContainsFunc(found, func(f string) bool { return f == want || petition.WithoutPlus(f) == want }) {
			return true
		}
	}
	return false
}

// addressesIn finds whatever looks like an address in the values of header fields.
// Display names in quotes may hold one too; taking such a mail does no harm.
func addressesIn(fields []byte) []string {
	var found []string
	words := bytes.FieldsFunc(fields, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune("<>,;:\"()[]", r)
	})
	for _, w := range words {
		if i := bytes.IndexByte(w, '@'); i > 0 && i < len(w)-1 {
			found = append(found, petition.CanonicalAddress(string(w)))
		}
	}
	return found
}
