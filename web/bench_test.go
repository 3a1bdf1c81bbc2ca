package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"countersign/petition"
	"countersign/store"
)

// thousand is a store whose list has 1,000 lines.
type thousand struct{ *store.Store }

func (t *thousand) PublicList(context.Context, int64) ([]store.Line, error) {
	var lines []store.Line
	for i := range 1000 {
		lines = append(lines, store.Line{
			Number: i + 1, EndorsementID: int64(i + 1), Kind: petition.KindOrganization, ListedAt: morning,
			Fields: petition.Fields{Kind: petition.KindOrganization, Name: fmt.Sprintf("Reading Circle of the %d. Street", i), City: "Leipzig", Country: "DE"},
		})
	}
	return lines, nil
}

// BenchmarkLetter is the hot path over a real connection: a page of 1,000
// signatures that nobody changes. Beside it a handler that only writes the bytes.
func BenchmarkLetter(b *testing.B) {
	for _, encoding := range []string{"gzip", "identity"} {
		s := newSite(b)
		s.serve(&thousand{s.store})
		for name, handler := range map[string]http.Handler{"page": s.handler, "bytes": onlyBytes(s.get(page, "Accept-Encoding", encoding))} {
			b.Run(encoding+"/"+name, func(b *testing.B) { fetch(b, handler, encoding) })
		}
	}
}

func onlyBytes(a answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", a.Header().Get("Content-Length"))
		_, _ = io.WriteString(w, a.body)
	})
}

func fetch(b *testing.B, handler http.Handler, encoding string) {
	server := httptest.NewServer(handler)
	defer server.Close()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, server.URL+page, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Host = "opensunday.example"
	r.Header.Set("Accept-Encoding", encoding)
	for b.Loop() {
		a, err := server.Client().Do(r)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, a.Body); err != nil || n < 1000 || a.StatusCode != http.StatusOK {
			b.Fatal(n, err, a.Status)
		}
		_ = a.Body.Close()
	}
}
