package store

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"countersign/petition"
)

func TestBytesComeBackAsTheyCame(t *testing.T) {
	random := rand.NewChaCha8([32]byte{1})
	noise := make([]byte, 3*bytesAtOnce)
	_, _ = random.Read(noise) // never fails
	eachStore(t, func(t *testing.T, s *Store) {
		all := []string{
			"", "x", "\x00\xff\r", string(noise), strings.Repeat("the same line\r\n", 100_000), string(noise[:bytesAtOnce]), "last",
		}
		batch := make([]petition.Fetched, len(all))
		for i, raw := range all {
			batch[i] = fetched(uint32(i+1), raw)
		}
		got(s.Record(t.Context(), testLease(t, s), batch))(t)
		mails := got(s.ClaimMails(t.Context(), "w", 100, minute))(t)
		if len(mails) != len(all) {
			t.Fatalf("%d mails of %d", len(mails), len(all))
		}
		back := map[string]bool{}
		for _, m := range mails {
			if m.Raw == nil || m.Size != int64(len(m.Raw)) {
				t.Errorf("mail %d of %d bytes comes back with %d", m.ID, m.Size, len(m.Raw))
			}
			back[string(m.Raw)] = true
		}
		for _, raw := range all {
			if !back[raw] {
				t.Errorf("a mail of %d bytes did not come back", len(raw))
			}
		}
		var kept int
		ok(t, s.reader().get(t.Context(), &kept, `SELECT SUM(LENGTH(raw)) FROM mail_bytes`))
		if kept > len(noise)+bytesAtOnce+bytesAtOnce {
			t.Errorf("%d bytes are kept: text is to be packed", kept)
		}
	})
}

func TestDamagedBytesAreAnError(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		ids := got(s.Record(t.Context(), testLease(t, s), []petition.Fetched{fetched(1, strings.Repeat("a line\r\n", 100))}))(t)
		var packed []byte
		ok(t, s.reader().get(t.Context(), &packed, `SELECT raw FROM mail_bytes`))
		_, err := s.writer().exec(t.Context(), `UPDATE mail_bytes SET raw=$1`, bytes.Repeat([]byte{0xff}, len(packed)))
		ok(t, err)
		if m, err := s.Mail(t.Context(), ids[0]); err == nil {
			t.Errorf("damaged bytes came back as %q", m.Raw)
		}
	})
}

func TestHandoverGivesEachMailOnce(t *testing.T) {
	h := newHandover()
	half := make([]byte, maxHandover/2)
	h.put(1, half, startOfTest)
	h.put(2, half, startOfTest)
	h.put(3, []byte("no room"), startOfTest)
	if h.take(3) != nil {
		t.Error("more is kept than there is room")
	}
	if len(h.take(1)) != len(half) || h.take(1) != nil {
		t.Error("a mail is to be given once")
	}
	h.put(4, []byte("now there is room"), startOfTest)
	h.put(5, half, startOfTest)
	if h.take(5) != nil || string(h.take(4)) != "now there is room" {
		t.Error("room is not counted")
	}
	h.put(6, []byte("again"), startOfTest)
	h.put(7, half, startOfTest.Add(2*handoverTime)) // nobody came for those before
	if h.take(2) != nil || h.take(7) == nil || h.size != 0 || len(h.mails) != 0 {
		t.Errorf("%d mails of %d bytes are left", len(h.mails), h.size)
	}
}
