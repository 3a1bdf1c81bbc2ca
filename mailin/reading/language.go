package reading

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// category is what a phrase of a language file stands for.
type category uint8

const (
	catNone category = iota
	catSign
	catRequest
	catWithdraw
	catCorrect
	catNewName
	catOldName
	catConfirm
	catDeny
	catCondition
	catNegation
	catUndecided
	catQuestion
	catSupport
	catDecline
	catYes
	catNo
	catBut
	catThanks
	catGreeting
	catClosing
	catPolite
	catNeutral
	catReceipt
	catFiller
	catMention
	catSpam
	catSigner
	catPerson
	catTitle
	catNoun
	catLegalForm
	catGeneric
	catIndividual
	catForward
	catAttached
	catAutomatic
	catProxy
	catTail
	catAside
	catBased
	catLabelOrganization
	catLabelPlace
	catLabelCity
	catLabelCountry
	catLabelWebsite
	catLabelPerson
	catLabelTitle
	catLabelEmail
	catLabelOther
	categories
)

// phraseKeys are the keys of [phrases]; a language file has each of them.
var phraseKeys = map[string]category{
	"sign": catSign, "request": catRequest, "withdraw": catWithdraw, "correct": catCorrect, "new_name": catNewName, "old_name": catOldName,
	"confirm": catConfirm, "deny": catDeny, "condition": catCondition, "negation": catNegation, "undecided": catUndecided,
	"question": catQuestion, "support": catSupport, "decline": catDecline, "yes": catYes, "no": catNo, "but": catBut,
	"thanks": catThanks, "greeting": catGreeting, "closing": catClosing, "polite": catPolite, "neutral": catNeutral, "receipt": catReceipt, "filler": catFiller, "mention": catMention,
	"spam": catSpam, "signer": catSigner, "person": catPerson, "titles": catTitle, "organization_nouns": catNoun, "legal_forms": catLegalForm,
	"generic": catGeneric, "individual": catIndividual, "forward": catForward, "attached": catAttached, "automatic": catAutomatic, "proxy": catProxy, "tail": catTail, "aside": catAside, "based": catBased,
}

// labelKeys are the keys of [labels].
var labelKeys = map[string]category{
	"organization": catLabelOrganization, "place": catLabelPlace, "city": catLabelCity, "country": catLabelCountry, "website": catLabelWebsite,
	"person": catLabelPerson, "title": catLabelTitle, "email": catLabelEmail, "other": catLabelOther,
}

// everywhere are the categories that count in a mail of any language: names,
// titles and labels travel.
const everywhere = uint64(1)<<catTitle | 1<<catNoun | 1<<catLegalForm |
	1<<catLabelOrganization | 1<<catLabelPlace | 1<<catLabelCity | 1<<catLabelCountry | 1<<catLabelWebsite |
	1<<catLabelPerson | 1<<catLabelTitle | 1<<catLabelEmail | 1<<catLabelOther

// language is one file of languages/.
type language struct {
	Tag            string              `toml:"tag"`
	Name           string              `toml:"name"`
	Scripts        []string            `toml:"scripts"`         // latin, cyrillic, greek, arabic, hebrew, devanagari, han, kana, hangul
	Letters        string              `toml:"letters"`         // letters that tell it from others of its script; may be empty
	LowercaseNames bool                `toml:"lowercase_names"` // names go on in lower case ("Réseau pour une ville cyclable")
	Stopwords      string              `toml:"stopwords"`
	Connectors     string              `toml:"connectors"` // words that may stand inside a name
	Locatives      string              `toml:"locatives"`  // words before a place: "from", "in"
	Articles       string              `toml:"articles"`
	Particles      string              `toml:"particles"`     // words in lower case within a person's name: "van", "de la"; in Kana: letters between words
	Abbreviations  string              `toml:"abbreviations"` // words after which a full stop ends no sentence
	Form           []string            `toml:"form"`          // our prefilled mail: a sentence, then the labels of organization, place, website, name, position
	Words          map[string][]string `toml:"words"`         // sets of words and short phrases that a phrase names as "<sign>"
	Phrases        map[string][]string `toml:"phrases"`
	Labels         map[string][]string `toml:"labels"`
	Transliterate  map[string]string   `toml:"transliterate"` // second script, letter by letter
	Nominative     map[string]string   `toml:"nominative"`    // inflected words of names and their base form
	Examples       []example           `toml:"examples"`
	Mails          map[string][]string `toml:"mails"`   // intent, or "intent, further intent" → mails out of the blue
	Answers        map[string][]string `toml:"answers"` // the same of answers to our request
}

// fewestExamples is how many mails a language file brings to be tested with.
const fewestExamples = 25

// formLines is the length of the prefilled mail: a sentence and five labels.
const formLines = 6

// example is a text that a test reads.
type example struct {
	Text         string `toml:"text"`
	Intent       string `toml:"intent"`
	Organization string `toml:"organization"`
	Reply        bool   `toml:"reply"` // it answers our request
}

// loadLanguages reads every *.toml in the root of files, by name.
func loadLanguages(files fs.FS) ([]*language, error) {
	names, err := fs.Glob(files, "*.toml")
	if err != nil {
		return nil, fmt.Errorf("list language files: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("no language files")
	}
	if len(names) > 64 {
		return nil, fmt.Errorf("%d languages: at most 64 can be told apart", len(names))
	}
	slices.Sort(names)
	var all []*language
	var problems []error
	for _, name := range names {
		l, err := loadLanguage(files, name)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
			continue
		}
		all = append(all, l)
	}
	return all, errors.Join(problems...)
}

func loadLanguage(files fs.FS, name string) (*language, error) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	l := &language{}
	meta, err := toml.Decode(string(data), l)
	if err != nil {
		return nil, err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("unknown keys %v", unknown)
	}
	if want := strings.TrimSuffix(path.Base(name), ".toml"); l.Tag != want {
		return nil, fmt.Errorf("tag is %q, the file's name says %q", l.Tag, want)
	}
	return l, l.complete()
}

// complete reports every key that a translator left out.
func (l *language) complete() error {
	var problems []error
	for key, value := range map[string]string{"name": l.Name, "stopwords": l.Stopwords, "scripts": strings.Join(l.Scripts, "")} {
		if strings.TrimSpace(value) == "" {
			problems = append(problems, fmt.Errorf("%s is empty", key))
		}
	}
	check := func(table string, keys map[string]category, have map[string][]string) {
		for key := range keys {
			if len(have[key]) == 0 {
				problems = append(problems, fmt.Errorf("%s.%s is empty", table, key))
			}
		}
		for key := range have {
			if keys[key] == catNone {
				problems = append(problems, fmt.Errorf("%s.%s is not a key", table, key))
			}
		}
	}
	check("phrases", phraseKeys, l.Phrases)
	check("labels", labelKeys, l.Labels)
	if len(l.Form) != formLines {
		problems = append(problems, fmt.Errorf("form has %d lines, want %d", len(l.Form), formLines))
	}
	examples := len(l.Examples)
	for _, table := range []map[string][]string{l.Mails, l.Answers} {
		for _, texts := range table {
			examples += len(texts)
		}
	}
	if examples < fewestExamples {
		problems = append(problems, fmt.Errorf("%d examples: at least %d are wanted", examples, fewestExamples))
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}

// secondScript rewrites a phrase in the language's other script, "" where it has none.
func (l *language) secondScript(s string) string {
	if len(l.Transliterate) == 0 {
		return ""
	}
	lower := strings.ToLower(s)
	var b strings.Builder
	for i := 0; i < len(lower); {
		if close := map[byte]byte{'{': '}', '<': '>'}[lower[i]]; close != 0 { // a slot or a set is no text
			if end := strings.IndexByte(lower[i:], close); end > 0 {
				b.WriteString(lower[i : i+end+1])
				i += end + 1
				continue
			}
		}
		step := 1
		for n := min(4, len(lower)-i); n > 0; n-- { // longest first: lj before l
			if to, ok := l.Transliterate[lower[i:i+n]]; ok {
				b.WriteString(to)
				step = n
				break
			} else if n == 1 {
				b.WriteByte(lower[i])
			}
		}
		i += step
	}
	return b.String()
}
