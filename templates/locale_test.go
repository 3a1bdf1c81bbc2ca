package templates

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"

	"countersign/mailin/message"
	"countersign/mailin/reading"
	"countersign/petition"
)

// translations walks every message of every language but English.
func translations(t *testing.T, visit func(v *voice, key string, english, translated map[string]string)) {
	t.Helper()
	s := set(t)
	base := s.voices[fallback].messages
	for _, locale := range s.locales[1:] {
		v := s.voices[locale]
		for _, key := range slices.Sorted(maps.Keys(v.messages)) {
			visit(v, key, forms(base[key]), forms(v.messages[key]))
		}
	}
}

var action = regexp.MustCompile(`\{\{.*?\}\}`)

// bare is a message without its values.
func bare(text string) string { return action.ReplaceAllString(text, "") }

// TestUntranslated: a message that is the same as in English was forgotten, or it is
// in testdata/same.toml, where somebody says that it is the same word.
func TestUntranslated(t *testing.T) {
	var same map[string][]string
	if _, err := toml.DecodeFile("testdata/same.toml", &same); err != nil {
		t.Fatal(err)
	}
	met := map[string]bool{}
	translations(t, func(v *voice, key string, english, translated map[string]string) {
		if strings.HasPrefix(key, "common.month.") || english["other"] != translated["other"] || !strings.ContainsFunc(bare(english["other"]), unicode.IsLetter) {
			return
		}
		met[v.locale+" "+key] = true
		if !slices.Contains(same["all"], key) && !slices.Contains(same[v.locale], key) {
			t.Errorf("%s: %q is still English: %q", v.locale, key, english["other"])
		}
	})
	for locale, keys := range same {
		for _, key := range keys {
			if locale != "all" && !met[locale+" "+key] {
				t.Errorf("same.toml says that %q is the same in %q: it is not", key, locale)
			}
		}
	}
}

// TestForms: a message that counts has exactly the plural forms of its language: two
// in German, four in Russian, six in Arabic, one in Japanese.
func TestForms(t *testing.T) {
	s := set(t)
	for _, locale := range s.locales {
		v := s.voices[locale]
		bundle := i18n.NewBundle(v.tag)
		if err := bundle.AddMessages(v.tag, &i18n.Message{ID: "x", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"}); err != nil {
			t.Fatal(err)
		}
		localizer, need := i18n.NewLocalizer(bundle, locale), map[string]bool{"other": true}
		for _, n := range append([]int{1000, 100000, 1000000, 2000000}, slices.Collect(upTo(205))...) {
			form, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: "x", PluralCount: n})
			if err != nil {
				t.Fatal(err)
			}
			need[form] = true
		}
		for key, english := range s.voices[fallback].messages {
			m := v.messages[key]
			if m == nil || !hasPlurals(english) {
				if m != nil && hasPlurals(m) {
					t.Errorf("%s: %q counts, but not in English", locale, key)
				}
				continue
			}
			for form, text := range forms(m) {
				if need[form] != (text != "") {
					t.Errorf("%s: %q: form %q needed: %v, there: %v", locale, key, form, need[form], text != "")
				}
			}
			for form, text := range forms(m) {
				// A form that stands for several numbers must say which.
				if text != "" && form != "one" && form != "zero" && form != "two" && strings.Contains(forms(english)["other"], "{{.N}}") && !strings.Contains(text, ".N}}") {
					t.Errorf("%s: %q: form %q does not say the number", locale, key, form)
				}
			}
		}
	}
}

func upTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// TestMarkup: what a translation has beside its words is what English has: the numbers
// of points, the lines of a form, no addresses, no markup, nothing that sounds like
// advertising, and the quotation marks of its own language.
func TestMarkup(t *testing.T) {
	point := regexp.MustCompile(`^\d\. `)
	desk := set(t).areas
	translations(t, func(v *voice, key string, english, translated map[string]string) {
		if desk[key] == deskArea {
			return
		}
		for form, text := range translated {
			if text == "" {
				continue
			}
			model := english["other"]
			if form == "one" && english["one"] != "" {
				model = english["one"]
			}
			if got, want := point.FindString(text), point.FindString(model); got != want {
				t.Errorf("%s: %q begins with %q, want %q", v.locale, key, got, want)
			}
			if strings.HasSuffix(key, "lines") || strings.HasSuffix(key, "fill_in") {
				if got, want := strings.Count(text, "\n"), strings.Count(model, "\n"); got != want {
					t.Errorf("%s: %q has %d line breaks, want %d", v.locale, key, got, want)
				}
			}
			if text != strings.TrimSpace(text) && key != "common.comma" && key != "common.list_comma" {
				t.Errorf("%s: %q begins or ends with space", v.locale, key)
			}
			if strings.Contains(text, "  ") && !strings.Contains(text, "\n   ") {
				t.Errorf("%s: %q has two blanks", v.locale, key)
			}
			if strings.Contains(text, "@") && !strings.Contains(model, "@") {
				t.Errorf("%s: %q holds an address", v.locale, key)
			}
			if bad := strings.IndexAny(bare(text), "\"'<>!！¡\t\r\u200e\u200f\u202a\u202b\u202c\u202d\u202e"); bad >= 0 || strings.Contains(text, "://") {
				t.Errorf("%s: %q holds what it must not: %q", v.locale, key, text)
			}
		}
	})
}

// TestSubjects: a subject leaves room for the name of who signs.
func TestSubjects(t *testing.T) {
	const most = 64
	s := set(t)
	for _, locale := range s.locales {
		for key, m := range s.voices[locale].messages {
			if !strings.HasPrefix(key, "mail.") || !strings.Contains(key, "subject") {
				continue
			}
			for _, text := range forms(m) {
				if n := span(bare(text)); n > most {
					t.Errorf("%s: %q: %d columns beside the names, at most %d", locale, key, n, most)
				}
				if strings.Contains(text, "\n") {
					t.Errorf("%s: %q has two lines", locale, key)
				}
			}
		}
	}
}

// TestLongText: what stands on a button, beside a field or over a list stays short
// enough for a telephone.
func TestLongText(t *testing.T) {
	short := regexp.MustCompile(`^(field|line)\.[a-z]+$|\.(button[a-z_]*|open|heading|title|skip|link|more|who_[a-z]+|change|correct|withdraw|erase|data|list|undo)$`)
	translations(t, func(v *voice, key string, english, translated map[string]string) {
		if !short.MatchString(key) {
			return
		}
		for form, text := range translated {
			if n, most := span(bare(text)), 2*span(bare(english["other"]))+14; n > most {
				t.Errorf("%s: %q (%s) takes %d columns, at most %d: %q", v.locale, key, form, n, most, text)
			}
		}
	})
}

// offers are the messages that ask for an answer, with the words that they offer.
var offers = map[string][]string{
	"mail.request.you_answer":     {"yes"},
	"mail.request.you_answer_all": {"yes"},
	"mail.request.no_wrote":       {"no"},
	"mail.request.no_told":        {"no"},
	"mail.listed.withdraw":        {"withdraw"},
	"mail.reminder.want":          {"yes"},
	"mail.reminder.undecided":     {"undecided"},
	"mail.reminder.no":            {"no"},
	"mail.waiting.answer":         {"yes", "no"},
	"mail.corrected.asks":         {"yes"},
	"mail.note.want":              {"yes", "no"},
}

// TestOfferedWords: a mail offers a word in the reader's language and in English, and
// whoever answers with that word is understood.
func TestOfferedWords(t *testing.T) {
	var words map[string]map[string]string
	if _, err := toml.DecodeFile("testdata/words.toml", &words); err != nil {
		t.Fatal(err)
	}
	s := set(t)
	r := reader(t)
	for _, locale := range s.locales {
		mine := words[locale]
		for key, kinds := range offers {
			text := s.voices[locale].messages[key].Other
			for _, kind := range kinds {
				if word := mine[kind]; word == "" || !strings.Contains(text, word) || !strings.Contains(text, words["en"][kind]) {
					t.Errorf("%s: %q offers neither or only one of %q and %q: %q", locale, key, word, words["en"][kind], text)
				}
			}
		}
		for kind, read := range map[string]func(petition.Reading) bool{
			"yes":      func(r petition.Reading) bool { return r.Intent == petition.VerifyYes },
			"no":       func(r petition.Reading) bool { return r.Intent == petition.VerifyNo || r.Intent == petition.Decline },
			"withdraw": func(r petition.Reading) bool { return r.Intent == petition.Withdraw },
			"undecided": func(r petition.Reading) bool {
				return r.Intent == petition.Conditional || slices.Contains(r.Also, petition.Conditional)
			},
		} {
			for _, text := range []string{mine[kind], mine[kind] + ".", strings.ToLower(mine[kind]), mine[kind] + "\r\n\r\nAnna Berg"} {
				m := message.Parse([]byte("From: Anna Berg <office@lindenau.example>\r\nTo: sign@opensunday.example\r\nSubject: Re: Open on Sunday\r\nIn-Reply-To: <n1@opensunday.example>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nMIME-Version: 1.0\r\n\r\n" + text + "\r\n"))
				if got := r.Read(m, petition.Origin{}, reading.Hints{ShownNames: []string{"City Library Lindenau"}}); !read(got) {
					t.Errorf("%s: %q (%s) is read as %q", locale, text, kind, got.Intent)
				}
			}
		}
	}
}

func reader(t *testing.T) *reading.Reader {
	t.Helper()
	r, err := reading.Default()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestOurOwnLines: the lines that pages and mails offer, filled in, are read with
// certainty in every language; left empty, they never yield an organization.
func TestOurOwnLines(t *testing.T) {
	s := set(t)
	r := reader(t)
	fill := map[int][]string{
		5: {"City Library Lindenau", "Leipzig, Germany", "www.lindenau.example", "Anna Berg", "Director"},
		4: {"City Library Lindenau", "Leipzig, Germany", "Anna Berg", "Director"},
	}
	for _, locale := range s.locales {
		for key, reply := range map[string]bool{"sign.lines": false, "mail.fill_in": true} {
			lines := strings.Split(s.T(locale, key, nil), "\n")
			n := slices.Index(lines, "") + 1
			values := fill[len(lines)-n]
			head := "From: Anna Berg <office@lindenau.example>\r\nTo: sign@opensunday.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
			if reply {
				head += "Subject: Re: Open on Sunday\r\nIn-Reply-To: <n1@opensunday.example>\r\n"
			} else {
				head += "Subject: " + s.T(locale, "sign.subject", map[string]any{"Name": "Open on Sunday"}) + "\r\n"
			}
			freemail := strings.Replace(head, "office@lindenau.example", "anna@freemail.example", 1)
			empty := r.Read(message.Parse([]byte(freemail+"\r\n"+strings.Join(lines, "\r\n")+"\r\n")), petition.Origin{}, reading.Hints{CampaignNames: []string{"Open on Sunday"}})
			if len(empty.Organizations) > 0 {
				t.Errorf("%s: %q left empty names %q", locale, key, empty.Organizations[0].Name)
			}
			for i, value := range values {
				lines[n+i] += " " + value
			}
			got := r.Read(message.Parse([]byte(head+"\r\n"+strings.Join(lines, "\r\n")+"\r\n")), petition.Origin{}, reading.Hints{CampaignNames: []string{"Open on Sunday"}})
			if got.Intent != petition.SignOn || got.Confidence != petition.High || len(got.Organizations) != 1 {
				t.Errorf("%s: %q is read as %s, %s, %+v", locale, key, got.Intent, got.Confidence, got.Organizations)
				continue
			}
			o := got.Organizations[0]
			if o.Name != values[0] || o.City != "Leipzig" || len(got.Signatories) != 1 || got.Signatories[0].Name != "Anna Berg" || got.Signatories[0].Title != "Director" {
				t.Errorf("%s: %q is read as %+v, %+v", locale, key, o, got.Signatories)
			}
		}
	}
}

// TestChoice: the language that a reader gets, were all twenty-two there.
func TestChoice(t *testing.T) {
	c := newChoice([]string{
		"en", "ar", "de", "el", "es", "fa", "fr", "he", "hi", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sr-Cyrl", "sr-Latn", "tr", "uk", "zh-Hans", "zh-Hant",
	})
	for wish, want := range map[string]string{
		"sr": "sr-Cyrl", "sr-Latn": "sr-Latn", "sr-Latn-RS": "sr-Latn", "sr-ME": "sr-Latn", "sr-RS": "sr-Cyrl", "sh": "sr-Latn", "hr": "en",
		"zh": "zh-Hans", "zh-CN": "zh-Hans", "zh-SG": "zh-Hans", "zh-TW": "zh-Hant", "zh-HK": "zh-Hant", "zh-Hant-HK": "zh-Hant",
		"pt-BR": "pt", "pt-PT": "pt", "es-419": "es", "fr-CA": "fr", "de-CH": "de", "ar-EG": "ar", "iw": "he", "fa-AF": "fa",
		"uk": "uk", "be": "en", "be, uk;q=0.5": "uk", "eu, es;q=0.9, en;q=0.1": "es", "af": "en", "mr": "en", "ca,en;q=0.5,es;q=0.2": "en",
		"und": "en", "mul": "en", "*": "en", "": "en", "x-klingon": "en", "no such tag": "en",
	} {
		if got := c.first([]string{wish}); got != want {
			t.Errorf("%q gets %q, want %q", wish, got, want)
		}
	}
}
