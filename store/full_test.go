package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lib/pq"

	"countersign/petition"
)

// A full disk: the error says what to do, what was recorded stays, and once there is
// room everything goes on where it stood.
func TestFullDisk(t *testing.T) {
	s := openTest(t, "sqlite:"+t.TempDir()+"/full.db")
	testCampaign(t, s)
	e := sign(t, s, signOn{from: "office@lindenau.example", name: "City Library Lindenau", uid: 1})
	l := testLease(t, s)
	room := func(pages int) {
		t.Helper()
		_, err := s.write.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count=%d", pages)) // the database's own end of the disk
		ok(t, err)
	}
	room(1) // no less than it has already
	var batch []petition.Fetched
	random := rand.NewChaCha8([32]byte{1})
	for n := range 20 {
		attached := make([]byte, 20_000) // what cannot be packed
		_, _ = random.Read(attached)     // never fails
		f := fetched(uint32(100+n), fmt.Sprintf("mail %d %x", n, attached))
		batch = append(batch, f)
	}
	ids, err := s.Record(t.Context(), l, batch)
	if !errors.Is(err, petition.ErrFull) || len(ids) != 0 || !strings.Contains(err.Error(), "make room") {
		t.Fatalf("recorded %d on a full disk: %v", len(ids), err)
	}
	if known := got(s.KnownUIDs(t.Context(), "info", "INBOX", 7))(t); len(known) != 1 {
		t.Errorf("%d places are known, want the one from before", len(known))
	}
	if again := got(s.Endorsement(t.Context(), e.ID))(t); again.State() != petition.StateAwaiting {
		t.Errorf("what stood before is %s", again.State())
	}
	room(1 << 30)
	if ids := got(s.Record(t.Context(), l, batch))(t); len(ids) != 20 {
		t.Errorf("recorded %d once there was room", len(ids))
	}
	if !full(fmt.Errorf("insert: %w", &pq.Error{Code: "53100"})) || full(&pq.Error{Code: "53200"}) || full(nil) {
		t.Error("a full disk of PostgreSQL is not told from other trouble")
	}
}
