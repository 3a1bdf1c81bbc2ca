package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"countersign/petition"
)

// work is the carrying out of one outcome: what it concerns, before and after.
type work struct {
	*tx
	campaign *petition.Campaign // nil: the outcome concerns none
	before   map[int64]*petition.Endorsement
	after    map[int64]*petition.Endorsement
	touched  []int64 // in the order of the first event
	refold   []int64 // had an undo
	by       int64   // organizer who acts, 0: nobody
}

// carryOut does what the outcome says, in the caller's transaction, and leaves the
// real ids in it. Notices that exist already (by dedupe key) are taken out of it.
func (t *tx) carryOut(ctx context.Context, c *petition.Campaign, known []*petition.Endorsement, out *petition.Outcome, by int64) error {
	w := &work{tx: t, campaign: c, before: map[int64]*petition.Endorsement{}, after: map[int64]*petition.Endorsement{}, by: by}
	for _, e := range known {
		w.before[e.ID] = e
	}
	if err := w.create(ctx, out); err != nil {
		return err
	}
	for i := range out.Events {
		if err := w.apply(ctx, &out.Events[i]); err != nil {
			return err
		}
	}
	if err := w.refoldUndone(ctx); err != nil {
		return err
	}
	if err := w.settle(ctx, out); err != nil {
		return err
	}
	if err := w.save(ctx); err != nil {
		return err
	}
	return w.rest(ctx, out)
}

// rest is what an outcome says besides endorsements: notices and tasks.
func (w *work) rest(ctx context.Context, out *petition.Outcome) error {
	if len(out.Drop) > 0 {
		var args []any
		list := in(&args, out.Drop)
		if _, err := w.exec(ctx, `UPDATE notices SET state='dropped' WHERE state='due' AND id IN `+list, args...); err != nil {
			return err
		}
	}
	queued := out.Notices[:0:0]
	for i := range out.Notices {
		n := out.Notices[i]
		fresh, err := w.queue(ctx, w.campaign, &n)
		if err != nil {
			return err
		}
		if fresh {
			queued = append(queued, n)
		}
	}
	out.Notices = queued
	for i := range out.Tasks {
		if err := w.addTask(ctx, &out.Tasks[i]); err != nil {
			return err
		}
	}
	if err := w.tasksDone(ctx, `id`, out.DoneTasks, w.by); err != nil {
		return err
	}
	if err := w.tasksDone(ctx, `kind='question' AND mail_id`, out.DoneMails, w.by); err != nil {
		return err
	}
	if out.WrongCode != 0 {
		_, err := w.exec(ctx, `UPDATE notices SET code_tries=code_tries+1 WHERE id=$1`, out.WrongCode)
		return err
	}
	return nil
}

// create inserts the new endorsements and puts their ids wherever the outcome names them.
func (w *work) create(ctx context.Context, out *petition.Outcome) error {
	real := make(map[int64]int64, len(out.New))
	for i := range out.New {
		e, placeholder := &out.New[i], int64(-1-i)
		if e.CampaignID == 0 && w.campaign != nil {
			e.CampaignID = w.campaign.ID
		}
		if e.CreatedAt.IsZero() {
			e.CreatedAt = w.now
		}
		if e.DuplicateOf < 0 {
			e.DuplicateOf = real[e.DuplicateOf]
		}
		first := slices.IndexFunc(out.Events, func(ev petition.Event) bool {
			return ev.EndorsementID == placeholder && ev.Kind == petition.EventSubmitted
		})
		if first < 0 {
			return fmt.Errorf("new endorsement %d has no first version", i+1)
		}
		var err error
		if e.OrganizationID == 0 {
			if e.OrganizationID, err = w.organization(ctx, out.Events[first].Fields); err != nil {
				return fmt.Errorf("organization: %w", err)
			}
		}
		if err := w.insertEndorsement(ctx, e); err != nil {
			return fmt.Errorf("new endorsement: %w", err)
		}
		real[placeholder] = e.ID
		fresh := *e
		w.after[e.ID] = &fresh
	}
	if len(real) > 0 {
		replacePlaceholders(out, real)
	}
	return nil
}

// replacePlaceholders puts real ids for -1, -2, …, and "E12" for "E-1" in keys and reasons.
func replacePlaceholders(out *petition.Outcome, real map[int64]int64) {
	id := func(p *int64) {
		if *p < 0 {
			*p = real[*p]
		}
	}
	var pairs []string
	for n := len(out.New); n > 0; n-- { // the longest first: "E-12" before "E-1"
		pairs = append(pairs, "E-"+strconv.Itoa(n), "E"+strconv.FormatInt(real[int64(-n)], 10))
	}
	text := strings.NewReplacer(pairs...)
	for i := range out.Events {
		id(&out.Events[i].EndorsementID)
		id(&out.Events[i].OtherID)
	}
	for i := range out.Notices {
		n := &out.Notices[i]
		n.Shows, n.Details.Before = slices.Clone(n.Shows), slices.Clone(n.Details.Before)
		for j := range n.Shows {
			id(&n.Shows[j].EndorsementID)
		}
		for j := range n.Details.Before {
			id(&n.Details.Before[j].EndorsementID)
		}
		n.DedupeKey = text.Replace(n.DedupeKey)
	}
	for i := range out.Tasks {
		id(&out.Tasks[i].EndorsementID)
		out.Tasks[i].Why = text.Replace(out.Tasks[i].Why)
	}
}

// endorsement is the one that an event changes: a copy, so that before stays as it was.
func (w *work) endorsement(ctx context.Context, id int64) (*petition.Endorsement, error) {
	if e := w.after[id]; e != nil {
		return e, nil
	}
	if w.before[id] == nil {
		found, err := w.endorsements(ctx, []int64{id})
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("endorsement %d: %w", id, petition.ErrNotFound)
		}
		w.before[id] = found[0]
	}
	e := *w.before[id]
	e.Versions = slices.Clone(e.Versions)
	w.after[id] = &e
	return &e, nil
}

// apply adds one event to the history and carries it onto its endorsement.
func (w *work) apply(ctx context.Context, ev *petition.Event) error {
	e, err := w.endorsement(ctx, ev.EndorsementID)
	if err != nil {
		return err
	}
	if ev.At.IsZero() {
		ev.At = w.now
	}
	if ev.Kind == petition.EventListed && ev.Number == 0 {
		if ev.Number, err = w.number(ctx, e); err != nil {
			return err
		}
	}
	if err := w.insertEvent(ctx, ev); err != nil {
		return fmt.Errorf("event %s: %w", ev.Kind, err)
	}
	if err := petition.Apply(e, *ev); err != nil {
		return err
	}
	if !slices.Contains(w.touched, e.ID) {
		w.touched = append(w.touched, e.ID)
	}
	if ev.Kind == petition.EventUndone && !slices.Contains(w.refold, e.ID) {
		w.refold = append(w.refold, e.ID)
	}
	if ev.Kind == petition.EventErased {
		return w.scrub(ctx, e)
	}
	return nil
}

// number gives the campaign's next one. It is never given twice, not even when its
// endorsement leaves the list (U18).
func (w *work) number(ctx context.Context, e *petition.Endorsement) (int, error) {
	if e.Number != 0 {
		return e.Number, nil
	}
	var next int
	err := w.get(ctx, &next, `UPDATE campaigns SET next_number=next_number+1 WHERE id=$1 RETURNING next_number-1`, e.CampaignID)
	return next, err
}

func (w *work) refoldUndone(ctx context.Context) error {
	for _, id := range w.refold {
		if err := w.tx.refold(ctx, w.after[id]); err != nil {
			return fmt.Errorf("undo: %w", err)
		}
	}
	return nil
}

// settle carries out the consequences of becoming or ceasing to be listed.
func (w *work) settle(ctx context.Context, out *petition.Outcome) error {
	for _, id := range slices.Clone(w.touched) {
		e := w.after[id]
		c, err := w.campaignOf(ctx, e)
		if err != nil {
			return err
		}
		if len(e.Versions) == 0 {
			return fmt.Errorf("endorsement %d has no version", id)
		}
		events, notices := petition.Settle(c, w.before[id], e, w.now)
		for i := range events {
			if err := w.apply(ctx, &events[i]); err != nil {
				return err
			}
		}
		out.Events = append(out.Events, events...)
		out.Notices = append(out.Notices, notices...)
	}
	return nil
}

func (w *work) campaignOf(ctx context.Context, e *petition.Endorsement) (*petition.Campaign, error) {
	if w.campaign != nil && w.campaign.ID == e.CampaignID {
		return w.campaign, nil
	}
	return w.campaignByID(ctx, e.CampaignID)
}

// save writes what changed. The list's revision grows when what the list shows did.
func (w *work) save(ctx context.Context) error {
	var bump []int64
	for _, id := range w.touched {
		e, old := w.after[id], w.before[id]
		if err := w.rehome(ctx, e, old); err != nil {
			return err
		}
		if err := w.saveEndorsement(ctx, e, old); err != nil {
			return fmt.Errorf("endorsement %d: %w", id, err)
		}
		if line(e) != line(old) && !slices.Contains(bump, e.CampaignID) {
			bump = append(bump, e.CampaignID)
		}
	}
	for _, id := range bump {
		if _, err := w.exec(ctx, `UPDATE campaigns SET list_revision=list_revision+1 WHERE id=$1`, id); err != nil {
			return err
		}
	}
	return nil
}

// rehome gives an endorsement whose organization's name changed the organization of
// the new name, once that name is on the list: a chapter never becomes its national body.
func (w *work) rehome(ctx context.Context, e, old *petition.Endorsement) error {
	if old == nil || e.OrganizationID == 0 {
		return nil
	}
	was, _ := old.Listed()
	is, ok := e.Listed()
	if !ok || was.N == is.N || petition.NameKey(e.Versions[0].Fields.Name) == petition.NameKey(is.Fields.Name) {
		return nil
	}
	id, err := w.organization(ctx, is.Fields)
	if errors.Is(err, petition.ErrNotFound) {
		return nil
	}
	e.OrganizationID = id
	return err
}

// shownLine is what the public list makes of an endorsement.
type shownLine struct {
	listed   bool
	fields   petition.Fields
	withheld bool
	group    string
	number   int
}

func line(e *petition.Endorsement) shownLine {
	if e == nil || len(e.Versions) == 0 {
		return shownLine{}
	}
	v, ok := e.Listed()
	if !ok {
		return shownLine{}
	}
	return shownLine{true, v.Fields, e.Withheld, e.Group, e.Number}
}
