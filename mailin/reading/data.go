package reading

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"countersign/petition"
)

//go:embed data.toml
var dataText string

// dataWords are the words by which people ask for the data kept about them: see data.toml.
type dataWords struct {
	Erase       []string `toml:"erase"`
	See         []string `toml:"see"`
	Data        []string `toml:"data"`
	Not         []string `toml:"not"`
	EraseAtOnce []string `toml:"erase_at_once"`
	SeeAtOnce   []string `toml:"see_at_once"`
}

// loadDataWords reads data.toml, by language, folded as texts are.
func loadDataWords(fold *foldTable) (map[string]dataWords, error) {
	byTag := map[string]dataWords{}
	meta, err := toml.Decode(dataText, &byTag)
	if err != nil {
		return nil, fmt.Errorf("data.toml: %w", err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("data.toml: unknown keys %v", unknown)
	}
	for _, w := range byTag {
		for _, list := range [][]string{w.Erase, w.See, w.Data, w.Not, w.EraseAtOnce, w.SeeAtOnce} {
			for i, word := range list {
				list[i] = fold.plain(word)
			}
		}
	}
	return byTag, nil
}

// maxWish is how much of a text is looked through for such a wish, in bytes: who has
// one says so soon.
const maxWish = 2 << 10

// wants is what the text asks about the data that we keep of its writer (R60): to see
// it, or to have it erased, which outweighs the other. Sentences that say what not to
// do, and questions about erasing ("do you delete my data?"), ask for nothing. The
// words are those of the text's language, and English.
func (r *Reader) wants(text, language string) petition.Purpose {
	languages := []string{language, "en"}
	if language == "und" {
		languages = slices.Collect(maps.Keys(r.data))
	}
	text = text[:min(len(text), maxWish)]
	whole := r.lex.fold.plain(text)
	languages = slices.DeleteFunc(languages, func(tag string) bool {
		words := r.data[tag]
		return !holds(whole, words.Data) && !holds(whole, words.EraseAtOnce) && !holds(whole, words.SeeAtOnce)
	})
	if len(languages) == 0 {
		return "" // nearly every mail
	}
	var found petition.Purpose
	for _, s := range sentences(text) {
		folded := r.lex.fold.plain(s)
		for _, tag := range languages {
			words := r.data[tag]
			switch words.asks(folded) {
			case petition.PurposeErase:
				return petition.PurposeErase
			case petition.PurposeSee:
				found = petition.PurposeSee
			default:
			}
		}
	}
	return found
}

// asks is what one folded sentence asks in one language.
func (w *dataWords) asks(s string) petition.Purpose {
	data := holds(s, w.Data)
	erase, see := data && holds(s, w.Erase) || holds(s, w.EraseAtOnce), data && holds(s, w.See) || holds(s, w.SeeAtOnce)
	switch {
	case !erase && !see || holds(s, w.Not):
		return ""
	case erase && !strings.ContainsAny(s, "?؟？"):
		return petition.PurposeErase
	case see && !erase:
		return petition.PurposeSee
	}
	return ""
}

// holds reports whether one of the folded phrases stands in the folded sentence: whole
// words, or beginnings of words where the phrase ends in *.
func holds(s string, phrases []string) bool {
	return slices.ContainsFunc(phrases, func(p string) bool {
		p, open := strings.CutSuffix(p, "*")
		for at := 0; ; {
			i := strings.Index(s[at:], p)
			if i < 0 {
				return false
			}
			from, to := at+i, at+i+len(p)
			if spaceless(p) || edge(s[:from], true) && (open || edge(s[to:], false)) {
				return true
			}
			at = to
		}
	})
}

// spaceless reports that the phrase is of a script that puts no space between words.
func spaceless(p string) bool {
	return strings.ContainsFunc(p, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
	})
}

// edge reports that the text ends, or begins, where no word goes on.
func edge(text string, end bool) bool {
	r, size := utf8.DecodeRuneInString(text)
	if end {
		r, size = utf8.DecodeLastRuneInString(text)
	}
	return size == 0 || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

// sentences cuts a text at the ends of its sentences and at empty lines; the mark
// stays. A full stop inside a word or before a number ("art. 17") ends none.
func sentences(text string) []string {
	var all []string
	from := 0
	for i, r := range text {
		if !strings.ContainsRune(".\n!?;؟。！？।\u037e", r) {
			continue
		}
		end := i + utf8.RuneLen(r)
		rest := strings.TrimLeft(text[end:], " \r")
		next, _ := utf8.DecodeRuneInString(rest)
		inside := r == '.' && (unicode.IsDigit(next) || len(rest) == len(text[end:]) && next != '\n' && rest != "")
		if inside || r == '\n' && next != '\n' {
			continue
		}
		all = append(all, text[from:end])
		from = end
	}
	return append(all, text[from:])
}
