package web

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"countersign/petition"
	"countersign/store"
)

// countingStore counts how often the whole list is read.
type countingStore struct {
	*store.Store
	lists atomic.Int64
}

func (c *countingStore) PublicList(ctx context.Context, id int64) ([]store.Line, error) {
	c.lists.Add(1)
	return c.Store.PublicList(ctx, id)
}

// TestEditionIsReadOncePerChange: many visitors at once, one reading of the list;
// nobody sees a name after its withdrawal was answered.
func TestEditionIsReadOncePerChange(t *testing.T) {
	s := newSite(t)
	id := s.listed("office@lindenau.example", lindenau())
	counting := &countingStore{Store: s.store}
	s.serve(counting)
	crowd := func(named bool) {
		var visitors sync.WaitGroup
		for range 16 {
			visitors.Go(func() {
				for range 20 {
					a := s.get(page)
					if a.Code != http.StatusOK || strings.Contains(a.body, "Lindenau") != named {
						t.Errorf("status %d, named %v, want %v", a.Code, !named, named)
					}
				}
			})
		}
		visitors.Wait()
	}
	s.get(page)
	crowd(true)
	s.act(petition.Action{Kind: petition.ActWithdraw, Endorsements: []int64{id}, Channel: petition.ByMail})
	crowd(false)
	s.act(petition.Action{Kind: petition.ActReinstate, Endorsements: []int64{id}, Channel: petition.ByMail})
	crowd(true)
	if n := counting.lists.Load(); n != 3 {
		t.Errorf("the list was read %d times for 3 states", n)
	}
}
