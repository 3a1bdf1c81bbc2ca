package web

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"countersign/petition"
)

const (
	checkEvery = 250 * time.Millisecond // how old a list may be while we can ask
	staleFor   = 700 * time.Millisecond // while somebody else is asking: a withdrawal shows within a second
	faultFor   = time.Minute            // while the database is away
	loadFor    = 10 * time.Second
	maxPicks   = 500 // Accept-Language headers remembered by an edition
)

// letters keeps every letter that was asked for, ready to send. A request on the
// hot path reads two atomics and a map: no template, no query.
type letters struct {
	mu     sync.RWMutex
	bySlug map[string]*letter
	epoch  atomic.Int64 // grows with every act of this process
}

// expire makes every next request ask for the list's revision again.
func (l *letters) expire() { l.epoch.Add(1) }

func (l *letters) get(slug string) *letter {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.bySlug[slug]
}

// add remembers a letter that exists; slugs that nobody has cost no memory.
func (l *letters) add(slug string, e *edition, epoch int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bySlug == nil {
		l.bySlug = map[string]*letter{}
	}
	if l.bySlug[slug] == nil {
		one := &letter{}
		one.checked.Store(&check{edition: e, at: time.Now(), epoch: epoch})
		l.bySlug[slug] = one
	}
}

// letter is one campaign's newest edition.
type letter struct {
	checked atomic.Pointer[check]
	asking  sync.Mutex // held by the one request that asks the database
}

// check is when an edition was last known to be the newest.
type check struct {
	edition *edition
	at      time.Time
	epoch   int64
}

// fresh reports whether the edition may be shown without asking.
func (c *check) fresh(epoch int64, now time.Time, age time.Duration) bool {
	return c.epoch == epoch && time.Since(c.at) < age && now.Before(c.edition.until)
}

// edition returns what a letter shows now.
func (s *Server) edition(ctx context.Context, slug string) (*edition, error) {
	epoch, now := s.letters.epoch.Load(), s.clock()
	l := s.letters.get(slug)
	if l == nil {
		e, err := s.load(ctx, slug)
		if err == nil {
			s.letters.add(slug, e, epoch)
		}
		return e, err
	}
	c := l.checked.Load()
	if c.fresh(epoch, now, checkEvery) {
		return c.edition, nil
	}
	if !l.asking.TryLock() {
		if c.fresh(epoch, now, staleFor) {
			return c.edition, nil
		}
		l.asking.Lock()
	}
	defer l.asking.Unlock()
	if c = l.checked.Load(); c.fresh(epoch, now, checkEvery) {
		return c.edition, nil
	}
	return s.renew(ctx, l, c, slug, epoch)
}

// renew asks the database whether the edition is still the newest. While the
// database is away the last one is shown for a minute.
func (s *Server) renew(ctx context.Context, l *letter, c *check, slug string, epoch int64) (*edition, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadFor) // others wait for the answer, too
	defer cancel()
	asked, e := time.Now(), c.edition
	revision, err := s.store.ListRevision(ctx, e.campaign.ID)
	if err == nil && (revision != e.revision || !s.clock().Before(e.until)) {
		e, err = s.load(ctx, slug)
	}
	if err != nil {
		if errors.Is(err, petition.ErrNotFound) || time.Since(c.at) > faultFor || !s.clock().Before(c.edition.until) {
			return nil, err
		}
		s.log.Warn("a letter is shown as it was: the database does not answer", "campaign", slug, "err", err)
		return c.edition, nil
	}
	l.checked.Store(&check{edition: e, at: asked, epoch: epoch})
	return e, nil
}

// load reads a campaign and its list. The revision is read first: what changes in
// between is seen by the next check.
func (s *Server) load(ctx context.Context, slug string) (*edition, error) {
	c, err := s.store.Campaign(ctx, slug)
	if err != nil {
		return nil, err
	}
	revision, err := s.store.ListRevision(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	if c, err = s.store.Campaign(ctx, slug); err != nil {
		return nil, err
	}
	list, err := s.store.PublicList(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	now := s.clock()
	return &edition{
		campaign: c, revision: revision, made: now.In(c.Location()), until: changesAt(c, now),
		lines: publicLines(c, list), languages: languagesOf(c), files: map[rendering]*file{},
	}, nil
}

// changesAt is the next instant at which the page looks different although nobody
// did anything: midnight, the deadline, the end of an embargo.
func changesAt(c *petition.Campaign, now time.Time) time.Time {
	local := now.In(c.Location())
	next := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, local.Location())
	for _, t := range []time.Time{c.Closes.Add(time.Microsecond), c.Closes.Add(c.Grace + time.Microsecond), c.EmbargoEnds} {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	return next
}

// edition is one state of a campaign as the public sees it. It does not change;
// its pages are rendered when first asked for, once each.
type edition struct {
	campaign *petition.Campaign
	revision int64
	made     time.Time // in the campaign's zone
	until    time.Time
	lines    []publicLine

	languages []string // the letter can be read in

	mu    sync.RWMutex
	files map[rendering]*file

	picks  sync.Map // Accept-Language header → language
	picked atomic.Int64
}

// rendering tells the files of an edition apart.
type rendering struct{ format, language string }

// file returns one of them, made now where it is the first time.
func (e *edition) file(name rendering, make func() (file, error)) (*file, error) {
	e.mu.RLock()
	f := e.files[name]
	e.mu.RUnlock()
	if f != nil {
		return f, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if f := e.files[name]; f != nil {
		return f, nil
	}
	made, err := make()
	if err != nil {
		return nil, err
	}
	e.files[name] = &made
	return &made, nil
}

// language picks the language of the page. Headers repeat, so answers are kept.
func (e *edition) language(r *http.Request) string {
	have := e.languages
	if len(have) == 1 {
		return have[0]
	}
	accept := r.Header.Get("Accept-Language")
	if r.URL.RawQuery != "" {
		if chosen := chosenLanguage(r); chosen != "" {
			return pickLanguage(have, chosen, accept)
		}
	}
	if known, ok := e.picks.Load(accept); ok {
		if lang, ok := known.(string); ok {
			return lang
		}
	}
	lang := pickLanguage(have, "", accept)
	if len(accept) < 200 && e.picked.Add(1) <= maxPicks {
		e.picks.Store(accept, lang)
	}
	return lang
}
