package web

import (
	"net/url"
	"strings"
	"time"

	"countersign/petition"
	"countersign/store"
)

// publicLine is one signature with nothing in it that is not public. It is the
// only shape in which signatures leave this package for the public: page, JSON and
// CSV are made of it and of nothing else (U08).
type publicLine struct {
	Number    int           `json:"number"`
	Kind      petition.Kind `json:"kind"`
	Withheld  bool          `json:"withheld,omitempty"` // the organizers know the name (U24): everything below is empty
	Name      string        `json:"name,omitempty"`
	OtherName string        `json:"other_name,omitempty"`
	City      string        `json:"city,omitempty"`
	Country   string        `json:"country,omitempty"` // ISO 3166 alpha-2 where known, else as written
	Website   string        `json:"website,omitempty"`
	Signatory string        `json:"signatory,omitempty"`
	Title     string        `json:"title,omitempty"`
	Group     string        `json:"group,omitempty"`
	Listed    string        `json:"listed"` // day of the first listing, in the campaign's zone

	Link    string `json:"-"` // of Website, "" where it is no address
	country string // counted only: a withheld line's country is no secret in a total
}

const maxShown = 300 // letters of one field; what is stored is shorter, what is imported may not be

// publicLines takes what is not public off the listed lines.
func publicLines(c *petition.Campaign, list []store.Line) []publicLine {
	lines := make([]publicLine, 0, len(list))
	zone := c.Location() // once: it reads a file
	for _, l := range list {
		p := publicLine{
			Number: l.Number, Kind: l.Fields.Kind, Withheld: l.Withheld, country: l.Fields.Country,
			Listed: l.ListedAt.In(zone).Format(time.DateOnly),
		}
		if !l.Withheld {
			p.Group = petition.CleanLine(l.Group, maxShown)
			fillPublic(c, &p, l.Fields)
		}
		lines = append(lines, p)
	}
	return lines
}

func fillPublic(c *petition.Campaign, p *publicLine, f petition.Fields) {
	show := func(field petition.Field, value string) string {
		if !c.IsPublic(field) {
			return ""
		}
		return petition.CleanLine(value, maxShown)
	}
	p.Name = show(petition.FieldOrganization, f.Name)
	if p.OtherName = show(petition.FieldOrganization, f.OtherName); p.OtherName == p.Name {
		p.OtherName = ""
	}
	p.City = show(petition.FieldCity, f.City)
	p.Country = show(petition.FieldCountry, f.Country)
	p.Website = show(petition.FieldWebsite, f.Website)
	p.Link = websiteLink(p.Website)
	p.Signatory = show(petition.FieldSignatory, f.Signatory)
	p.Title = show(petition.FieldTitle, f.Title)
}

// websiteLink makes a link of a website as people write it, "" where it is none.
func websiteLink(site string) string {
	if site == "" || strings.ContainsAny(site, " @\\\"'<>") {
		return ""
	}
	if !strings.Contains(site, "://") {
		site = "https://" + site
	}
	u, err := url.Parse(site)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || !strings.Contains(strings.Trim(u.Hostname(), "."), ".") {
		return ""
	}
	return u.String()
}
