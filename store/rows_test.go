package store

import (
	"fmt"
	"slices"
	"testing"

	"countersign/petition"
)

func TestRowsKeepEveryText(t *testing.T) {
	odd := []string{
		"", "NULL", "null", `"`, `\`, `\\"`, "{a,b}", "a,b", " led by blanks ", "line\r\nbreak", "tab\t", "'", "$1", "?", "č Ł 東京 🎈", "x\x00y", "bad\xffbyte",
	}
	eachStore(t, func(t *testing.T, s *Store) {
		l := testLease(t, s)
		var batch []petition.Fetched
		var want []string
		for i, folder := range odd {
			f := fetched(uint32(i+1), fmt.Sprint("mail ", i))
			f.Place.Folder = folder
			batch = append(batch, f)
			want = append(want, cleanText(folder))
		}
		got(s.Record(t.Context(), l, batch))(t)
		var kept []string
		ok(t, s.reader().list(t.Context(), &kept, `SELECT folder FROM places ORDER BY uid`))
		if !slices.Equal(kept, want) {
			t.Errorf("folders\n%q come back as\n%q", want, kept)
		}
		ok(t, s.inTx(t.Context(), func(tx *tx) error {
			rows := [][]any{{ref(0), true, toMicros(startOfTest), petition.Open, 7}, {ref(3), false, micros(0), petition.State("a\"b"), -1}}
			values, args := tx.table(rows, []string{"BIGINT", "BOOLEAN", "BIGINT", "TEXT", "BIGINT"})
			var back []struct {
				A ref
				B bool
				C micros
				D string
				E int
			}
			if err := tx.list(t.Context(), &back, `WITH v(a,b,c,d,e) AS (`+values+`) SELECT a, b, c, d, e FROM v ORDER BY e DESC`, args...); err != nil {
				return err
			}
			if text := fmt.Sprint(back); text != fmt.Sprintf("[{0 true %d open 7} {3 false 0 a\"b -1}]", toMicros(startOfTest)) {
				t.Errorf("a table of rows comes back as %s", text)
			}
			return nil
		}))
	})
}
