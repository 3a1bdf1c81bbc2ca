package web

import (
	"context"
	"slices"
	"strconv"
	"time"

	"countersign/petition"
)

// historyLine is one event in plain words.
type historyLine struct {
	Kind    string // message desk.event_KIND
	At      time.Time
	Who     string
	How     string // message desk.channel_HOW; "" where it says nothing new
	Why     string
	Strokes strokes
	Changes []change
	ID      int64
	Undo    bool // can be taken back now
	Undone  bool
}

// change is one field that a version changed.
type change struct{ Field, Before, After string }

// history puts the events into words, oldest first, each with the state after it.
func (s *Server) history(locale string, e *petition.Endorsement, events []petition.Event, names map[int64]string) []historyLine {
	undone := map[int64]bool{}
	for _, ev := range slices.Backward(events) {
		if ev.Kind == petition.EventUndone && !undone[ev.ID] {
			undone[ev.Undoes] = true
		}
	}
	var list []historyLine
	state := petition.Endorsement{ID: e.ID, CampaignID: e.CampaignID}
	var before petition.Fields
	for _, ev := range events {
		line := historyLine{
			Kind: string(ev.Kind), At: ev.At, Who: s.who(locale, ev, names), How: howOf(ev), Why: ev.Why, ID: ev.ID, Undone: undone[ev.ID],
		}
		line.Undo = !undone[ev.ID] && slices.Contains(petition.Undoable, ev.Kind) && (ev.OrganizerID != 0 || ev.Channel == petition.ByProgram)
		if ev.Fields.Name != "" {
			if before.Name != "" {
				line.Changes = s.changes(locale, before, ev.Fields)
			}
			before = ev.Fields
		}
		if !undone[ev.ID] {
			_ = petition.Apply(&state, ev) // a history that does not fold is shown as far as it goes
		}
		line.Strokes = strokes{"w", "w"}
		if len(state.Versions) > 0 {
			line.Strokes = strokesOf(&state)
		}
		list = append(list, line)
	}
	return list
}

// who is the doer as the organizer knows them.
func (s *Server) who(locale string, ev petition.Event, names map[int64]string) string {
	switch {
	case ev.OrganizerID != 0 && names[ev.OrganizerID] != "":
		return names[ev.OrganizerID]
	case ev.OrganizerID != 0:
		return s.templates.T(locale, "desk.former_organizer", nil)
	case ev.Channel == petition.ByProgram:
		return s.templates.T(locale, "desk.program", nil)
	case ev.Who.Name != "":
		return ev.Who.Name
	case ev.Who.Address != "":
		return ev.Who.Address
	default:
		return s.templates.T(locale, "desk.the_signer", nil)
	}
}

// howOf is the channel where it adds something to the event's own words.
func howOf(ev petition.Event) string {
	if ev.Channel == petition.ByDesk || ev.Channel == petition.ByProgram {
		return ""
	}
	return string(ev.Channel)
}

// changes lists the fields in which two versions differ.
func (s *Server) changes(locale string, before, after petition.Fields) []change {
	var list []change
	for _, k := range factKeys {
		was, is := s.factValue(locale, before, k.Field), s.factValue(locale, after, k.Field)
		if was != is {
			list = append(list, change{k.Field, was, is})
		}
	}
	return list
}

// versionView is one version as a row.
type versionView struct {
	N            int
	At           time.Time
	Channel      string
	Fields       petition.Fields
	Country      string
	Changes      []change
	Verification string
	Review       string
	Standing     bool // this is the line on the list
	TextVersion  int
	TextLanguage string
}

func (s *Server) versions(locale string, e *petition.Endorsement) []versionView {
	line, listed := e.Listed()
	var list []versionView
	for i := range e.Versions {
		v := &e.Versions[i]
		row := versionView{
			N: v.N, At: v.CreatedAt, Channel: string(v.Channel), Fields: v.Fields, Country: s.countryName(locale, v.Fields.Country),
			Verification: string(v.Verification), Review: string(v.Review), Standing: listed && line.N == v.N,
			TextVersion: v.TextVersion, TextLanguage: v.TextLanguage,
		}
		if i > 0 {
			row.Changes = s.changes(locale, e.Versions[i-1].Fields, v.Fields)
		}
		list = append(list, row)
	}
	return list
}

// threadItem is one mail of the correspondence, theirs or ours.
type threadItem struct {
	Ours    bool
	At      time.Time
	Kind    string // ours: message desk.notice_KIND
	State   string // ours: message desk.notice_state_STATE
	To      string
	From    string
	Subject string
	Text    string
	Error   string
	URL     string
}

func (s *Server) thread(ctx context.Context, endorsementID int64) ([]threadItem, error) {
	notices, err := s.store.Notices(ctx, endorsementID)
	if err != nil {
		return nil, err
	}
	mails, err := s.store.MailsOf(ctx, endorsementID)
	if err != nil {
		return nil, err
	}
	var items []threadItem
	for i := range notices {
		items = append(items, noticeItem(&notices[i]))
	}
	for _, m := range mails {
		items = append(items, threadItem{
			At: m.Received, From: m.From(), Subject: m.Header.Subject, Text: clip(m.NewText, 4000),
			URL: "/desk/mail/" + itoa(m.ID) + "?e=" + itoa(endorsementID),
		})
	}
	slices.SortStableFunc(items, func(a, b threadItem) int { return a.At.Compare(b.At) })
	return items, nil
}

func noticeItem(n *petition.Notice) threadItem {
	at := n.SentAt
	if at.IsZero() {
		at = n.QueuedAt
	}
	return threadItem{
		Ours: true, At: at, Kind: string(n.Kind), State: string(n.State), To: n.To, Subject: n.Subject, Text: n.SentText, Error: n.LastError,
	}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
