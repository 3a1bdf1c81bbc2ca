package web

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"countersign/petition"
)

// exported is the JSON of a list. Fields may be added; none changes its meaning.
type exported struct {
	Campaign      string           `json:"campaign"`
	URL           string           `json:"url"`
	Title         string           `json:"title"`
	Language      string           `json:"language"` // of the title
	TextVersion   int              `json:"text_version"`
	Closes        *time.Time       `json:"closes,omitempty"`
	Goal          int              `json:"goal,omitempty"`
	Public        []petition.Field `json:"public"` // which fields a signature can have
	Organizations int              `json:"organizations"`
	Individuals   int              `json:"individuals"`
	Signatures    []publicLine     `json:"signatures"`
}

func (s *Server) sendExport(w http.ResponseWriter, r *http.Request, e *edition, format string) error {
	f, err := e.file(rendering{format: format}, func() (file, error) {
		if format == "csv" {
			raw, err := csvOf(e)
			return newFile("text/csv; charset=utf-8; header=present", raw, "Accept-Encoding"), err
		}
		raw, err := s.jsonOf(e)
		return newFile("application/json", raw, "Accept-Encoding"), err
	})
	if err != nil {
		return err
	}
	if format == "csv" {
		w.Header()["Content-Disposition"] = []string{`attachment; filename="` + e.campaign.Slug + `.csv"`}
	}
	w.Header()["Access-Control-Allow-Origin"] = []string{"*"} // open data, without cookies
	f.send(w, r, cachePublic)
	return nil
}

func (s *Server) jsonOf(e *edition) ([]byte, error) {
	c := e.campaign
	text := c.Text(c.Language())
	x := exported{
		Campaign: c.Slug, URL: s.url("/" + c.Slug), Title: text.Title, Language: text.Language, TextVersion: c.TextVersion(),
		Goal: c.Goal, Public: []petition.Field{}, Signatures: e.lines,
	}
	if !c.Closes.IsZero() {
		closes := c.Closes.UTC()
		x.Closes = &closes
	}
	for _, f := range fields {
		if c.IsPublic(f) {
			x.Public = append(x.Public, f)
		}
	}
	for _, l := range e.lines {
		if l.Kind == petition.KindIndividual {
			x.Individuals++
		} else {
			x.Organizations++
		}
	}
	raw, err := json.MarshalIndent(x, "", " ")
	return append(raw, '\n'), err
}

// csvOf writes RFC 4180 with a byte order mark, without which Excel misreads every
// script but Latin. Columns that are not public are not there at all; a withheld
// line has its number and no name.
func csvOf(e *edition) ([]byte, error) {
	columns := []string{"number", "kind", "withheld", "name", "other_name"}
	for _, f := range fields[1:] {
		if e.campaign.IsPublic(f) {
			columns = append(columns, string(f))
		}
	}
	columns = append(columns, "listed")
	b := bytes.NewBufferString("\ufeff")
	w := csv.NewWriter(b)
	w.UseCRLF = true
	if err := w.Write(columns); err != nil {
		return nil, err
	}
	row := make([]string, len(columns))
	for _, l := range e.lines {
		for i, column := range columns {
			row[i] = defused(l.cell(column))
		}
		if err := w.Write(row); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func (l *publicLine) cell(column string) string {
	switch column {
	case "number":
		return strconv.Itoa(l.Number)
	case "kind":
		return string(l.Kind)
	case "withheld":
		if l.Withheld {
			return "yes"
		}
		return ""
	case "name":
		return l.Name
	case "other_name":
		return l.OtherName
	case string(petition.FieldCity):
		return l.City
	case string(petition.FieldCountry):
		return l.Country
	case string(petition.FieldWebsite):
		return l.Website
	case string(petition.FieldSignatory):
		return l.Signatory
	case string(petition.FieldTitle):
		return l.Title
	default:
		return l.Listed
	}
}

// defused keeps a spreadsheet from taking a cell for a formula: an apostrophe in
// front makes it text (OWASP, CSV injection).
func defused(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}
