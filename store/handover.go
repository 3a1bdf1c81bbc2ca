package store

import (
	"sync"
	"time"
)

// handover keeps bytes that were just recorded for whoever reads them next in this
// process: fetching and unpacking them again costs as much as a part of reading them. It is
// only a short way: what does not fit, or is not called for, comes from the database.
type handover struct {
	mu    sync.Mutex
	mails map[int64]handed
	size  int // bytes
}

type handed struct {
	raw   []byte
	since time.Time
}

const (
	maxHandover  = 8 << 20     // bytes
	handoverTime = time.Minute // then another process reads the mail, or nobody
)

func newHandover() *handover { return &handover{mails: map[int64]handed{}} }

// put keeps the bytes of a mail, if there is room.
func (h *handover) put(id int64, raw []byte, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.size+len(raw) > maxHandover {
		for old, m := range h.mails {
			if now.Sub(m.since) > handoverTime {
				h.drop(old)
			}
		}
	}
	if _, twice := h.mails[id]; !twice && h.size+len(raw) <= maxHandover {
		h.mails[id] = handed{raw: raw, since: now}
		h.size += len(raw)
	}
}

// take gives the bytes away, nil where they are not here.
func (h *handover) take(id int64) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	raw := h.mails[id].raw
	h.drop(id)
	return raw
}

func (h *handover) drop(id int64) {
	h.size -= len(h.mails[id].raw)
	delete(h.mails, id)
}
