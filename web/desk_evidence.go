package web

import (
	"slices"
	"strconv"
	"unicode/utf8"

	"countersign/petition"
)

// factKeys are the fields of the form with their key letters, in the form's order.
var factKeys = []struct{ Field, Letter string }{
	{"name", "A"}, {"city", "B"}, {"country", "C"}, {"website", "D"}, {"signatory", "E"}, {"title", "F"}, {"contact", "G"}, {"other_name", ""},
}

func letterOf(field string) string {
	for _, k := range factKeys {
		if k.Field == field {
			return k.Letter
		}
	}
	return ""
}

// piece is a run of text of a mail: plain, or evidence. Pieces hold text only;
// the template escapes it.
type piece struct {
	Text    string
	Marked  bool
	Letters []keyLetter // of the evidence that ends here
	ID      string      // address of the mark, once for each field of a mail
	Field   string      // where the mark leads; "" for evidence of no field of the form
}

type keyLetter struct{ Field, Letter string }

// span is evidence in one text: bytes start ≤ end.
type span struct {
	start, end int
	field      string
}

// marker marks the texts of one mail. Each field gets one address over all texts.
type marker struct {
	spans map[petition.Source][]span
	named map[string]bool // fields that have an address
}

// newMarker collects the evidence that belongs to the endorsement's claim; evidence
// of other claims of the same mail is marked without a letter. A nil endorsement
// takes the first claim.
func newMarker(r *petition.Reading, name string) *marker {
	m := &marker{spans: map[petition.Source][]span{}, named: map[string]bool{}}
	add := func(list []petition.Evidence, lettered bool, rename map[string]string) {
		for _, ev := range list {
			field := ev.Field
			if to, ok := rename[field]; ok {
				field = to
			}
			if !lettered || letterOf(field) == "" {
				field = ""
			}
			m.spans[ev.Source] = append(m.spans[ev.Source], span{ev.Start, ev.End, field})
		}
	}
	claim := claimFor(r, name)
	for i := range r.Organizations {
		add(r.Organizations[i].Evidence, i == claim, nil)
	}
	for i := range r.Signatories {
		one := r.Signatories[i].Organization
		mine := one == "" || claim < 0 || one == r.Organizations[claim].Name
		add(r.Signatories[i].Evidence, mine, map[string]string{"name": "signatory"})
	}
	return m
}

// claimFor is the claim that an endorsement of the name was made from: the first
// where nothing fits, -1 where there is none.
func claimFor(r *petition.Reading, name string) int {
	if len(r.Organizations) == 0 {
		return -1
	}
	key := petition.NameKey(name)
	for i := range r.Organizations {
		if petition.NameKey(r.Organizations[i].Name) == key {
			return i
		}
	}
	return 0
}

// fields are the fields that have evidence somewhere.
func (m *marker) fields() map[string]bool {
	found := map[string]bool{}
	for _, list := range m.spans {
		for _, sp := range list {
			if sp.field != "" {
				found[sp.field] = true
			}
		}
	}
	return found
}

// pieces cuts the text at every edge of evidence. Spans that do not fit the text
// (another reader made them, or the body was purged) are left out whole; they may
// overlap, and what several cover is marked once.
func (m *marker) pieces(source petition.Source, text string) []piece {
	var spans []span
	edges := []int{0, len(text)}
	for _, sp := range m.spans[source] {
		if sp.start < 0 || sp.end > len(text) || sp.start >= sp.end || !onRune(text, sp.start) || !onRune(text, sp.end) {
			continue
		}
		spans = append(spans, sp)
		edges = append(edges, sp.start, sp.end)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var list []piece
	for i := 0; i+1 < len(edges); i++ {
		list = append(list, m.piece(text, edges[i], edges[i+1], spans))
	}
	return list
}

func (m *marker) piece(text string, start, end int, spans []span) piece {
	p := piece{Text: text[start:end]}
	for _, sp := range spans {
		if sp.start > start || sp.end < end {
			continue
		}
		p.Marked = true
		if sp.field == "" {
			continue
		}
		if p.Field == "" {
			p.Field = sp.field
		}
		if sp.start == start && !m.named[sp.field] && p.ID == "" {
			m.named[sp.field] = true
			p.ID = "e-" + sp.field
		}
		if sp.end == end {
			p.Letters = append(p.Letters, keyLetter{sp.field, letterOf(sp.field)})
		}
	}
	slices.SortFunc(p.Letters, func(a, b keyLetter) int { return int(a.Letter[0]) - int(b.Letter[0]) })
	p.Letters = slices.Compact(p.Letters)
	return p
}

func onRune(text string, at int) bool { return at == len(text) || utf8.RuneStart(text[at]) }

// factField is one field of the form with its evidence.
type factField struct {
	Name     string // of the input
	Letter   string
	Value    string // as typed, or as it stands
	Evidence bool   // it was read from the mail that is shown
	Public   bool
	Wide     bool
	Changed  bool   // it differs from what stands: after a conflict
	Stands   string // what stands, where it differs
}

// factsOf fills the form. The country is shown by name in the organizer's language;
// petition.Fields.Clean finds its code again.
func (s *Server) factsOf(locale string, f petition.Fields, c *petition.Campaign, read map[string]bool) []factField {
	public := map[string]petition.Field{
		"city": petition.FieldCity, "country": petition.FieldCountry, "website": petition.FieldWebsite,
		"signatory": petition.FieldSignatory, "title": petition.FieldTitle,
	}
	list := make([]factField, 0, len(factKeys))
	for _, k := range factKeys {
		one := factField{Name: k.Field, Letter: k.Letter, Value: s.factValue(locale, f, k.Field), Evidence: read[k.Field]}
		one.Wide = k.Field == "name" || k.Field == "other_name" || k.Field == "website" || k.Field == "contact"
		if field, ok := public[k.Field]; ok {
			one.Public = c != nil && c.IsPublic(field)
		} else {
			one.Public = k.Field == "name" || k.Field == "other_name"
		}
		list = append(list, one)
	}
	return list
}

func (s *Server) factValue(locale string, f petition.Fields, field string) string {
	switch field {
	case "name":
		return f.Name
	case "other_name":
		return f.OtherName
	case "city":
		return f.City
	case "country":
		return s.countryName(locale, f.Country)
	case "website":
		return f.Website
	case "signatory":
		return f.Signatory
	case "title":
		return f.Title
	case "contact":
		return f.Contact
	default:
		panic("no such field: " + strconv.Quote(field))
	}
}
