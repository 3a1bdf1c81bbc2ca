package reading

import (
	"strings"

	xlanguage "golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// home are countries and parts of countries that CLDR's list of regions lacks
// or calls otherwise.
const home = "England|Scotland|Wales|Northern Ireland|UK|U.K.|Great Britain|USA|U.S.A.|US|The Netherlands|Holland|Czech Republic|Ivory Coast|Québec|Palestine|" +
	"Deutschland|Schweiz|Österreich|Россия|Беларусь|Белоруссия|Киргизия|中国|台灣|台湾|香港|대한민국|한국|ایران|Србија|Србије|БиХ|Türkiye|Kosovo|Bosna|Brasil|México|EU|Europe"

// addCountries collects the names of all countries in all our languages from CLDR.
func (x *lexicon) addCountries(languages []*language) {
	x.countries = map[string]struct{}{}
	add := func(name string) {
		var folded strings.Builder
		for _, t := range x.split(name) {
			folded.WriteString(t.text)
		}
		if folded.String() != "" {
			x.countries[folded.String()] = struct{}{}
		}
	}
	for name := range strings.SplitSeq(home, "|") {
		add(name)
	}
	var all []xlanguage.Region
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if region, err := xlanguage.ParseRegion(string(a) + string(b)); err == nil && region.IsCountry() && region.String() == string(a)+string(b) {
				all = append(all, region)
			}
		}
	}
	for _, l := range languages {
		tag, err := xlanguage.Parse(l.Tag)
		if err != nil {
			continue // a language that CLDR does not know: its labels still tell the country
		}
		regions := display.Regions(tag)
		if regions == nil {
			continue
		}
		for _, region := range all {
			add(regions.Name(region))
		}
	}
}

// country reports a country's name, folded and without spaces.
func (x *lexicon) country(folded string) bool {
	_, ok := x.countries[folded]
	return ok
}
