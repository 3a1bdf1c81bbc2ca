package mailout

import (
	"countersign/petition"
	"countersign/templates"
)

// entries are the public fields of the versions, cleaned (U08, R35). What will not
// be public is not in them, and the country only if it is one.
func (w *writing) entries(shown []petition.Shown) []templates.Entry {
	public := func(field petition.Field) bool { return w.Campaign != nil && w.Campaign.IsPublic(field) }
	var entries []templates.Entry
	for _, s := range shown {
		if v := w.version(s); v.N != 0 {
			entries = append(entries, w.entry(v.Fields, public))
		}
	}
	return entries
}

func (w *writing) entry(f petition.Fields, has func(petition.Field) bool) templates.Entry {
	own := w.ownDomain()
	only := func(field petition.Field, value string) string {
		if !has(field) {
			return ""
		}
		return value
	}
	return templates.Entry{
		Name:      cleanLine(f.Name, maxName, own),
		OtherName: cleanLine(f.OtherName, maxName, own),
		City:      only(petition.FieldCity, cleanLine(f.City, maxCity, "")),
		Country:   only(petition.FieldCountry, w.country(f.Country)),
		Website:   only(petition.FieldWebsite, cleanSite(f.Website, own)),
		Signatory: only(petition.FieldSignatory, cleanLine(f.Signatory, maxName, "")),
		Title:     only(petition.FieldTitle, cleanLine(f.Title, maxName, "")),
	}
}

// kept is all that we keep of the lines, for the one whose mailbox is proven to have
// asked (R60): the fields that are not public, too, each cleaned like the others (R35).
func (w *writing) kept() []templates.Kept {
	var all []templates.Kept
	for _, s := range w.Notice.Shows {
		v, e := w.version(s), w.endorsement(s.EndorsementID)
		if v.N == 0 {
			continue
		}
		all = append(all, templates.Kept{
			Entry:   w.entry(v.Fields, func(petition.Field) bool { return true }),
			Address: petition.CanonicalAddress(v.Fields.Contact), Writer: cleanLine(e.Writer.Name, maxName, ""),
			WroteAt: w.in(e.ArrivedAt), Confirmer: cleanLine(v.Confirmer.Name, maxName, ""),
		})
	}
	return all
}
