package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/klauspost/compress/s2"
)

// bytesAtOnce bounds one statement with mails: the driver builds each in memory.
const bytesAtOnce = 128 << 10

// insertBytes stores the bytes of the new mails, by sum, in the order of their ids:
// SQLite then only appends. They are packed: what is written, twice each, is what
// recording costs.
func (t *tx) insertBytes(ctx context.Context, fresh map[string]int64, raw map[string][]byte) error {
	sums := slices.SortedFunc(maps.Keys(fresh), func(a, b string) int { return cmp.Compare(fresh[a], fresh[b]) })
	var rows [][]any
	var room []byte // of the statement under way; the driver copies
	flush := func() error {
		err := t.insert(ctx, `INSERT INTO mail_bytes (mail_id, packed, raw)`, rows, "")
		rows, room = rows[:0], room[:0]
		return err
	}
	for _, sum := range sums {
		b := raw[sum]
		need := s2.MaxEncodedLen(len(b))
		if need < 0 {
			return fmt.Errorf("a mail of %d bytes is too large to be stored", len(b))
		}
		if len(rows) > 0 && len(room)+need > cap(room) {
			if err := flush(); err != nil {
				return err
			}
		}
		if cap(room) < need {
			room = make([]byte, 0, max(need, bytesAtOnce))
		}
		packed := s2.Encode(room[len(room):cap(room)], b)
		room = room[:len(room)+len(packed)]
		rows = append(rows, []any{fresh[sum], true, packed})
	}
	return flush()
}

// unpack gives the bytes of a mail as they came.
func unpack(packed []byte) ([]byte, error) {
	b, err := s2.Decode([]byte{}, packed) // not nil: that means that there are no bytes
	if err != nil {
		return nil, fmt.Errorf("the stored bytes are damaged: %w", err)
	}
	return b, nil
}
