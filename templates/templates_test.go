package templates

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func set(t *testing.T) *Set {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNew(t *testing.T) {
	s := set(t)
	if got := s.Locales(); len(got) < 2 || got[0] != "en" || !slices.Contains(got, "de") {
		t.Errorf("locales = %v", got)
	}
	if _, err := fs.Stat(s.Static(), "robots.txt"); err != nil {
		t.Error(err)
	}
}

// TestNothingIsUnused: a message that neither a template nor the program names is a
// leftover, which translators would translate for nothing.
func TestNothingIsUnused(t *testing.T) {
	s := set(t)
	program := programText(t)
	for _, key := range slices.Sorted(maps.Keys(s.voices["en"].messages)) {
		if s.used[key] != "" || strings.Contains(program, `"`+key+`"`) {
			continue
		}
		dynamic := func(prefix string) bool { return strings.HasPrefix(key, prefix) }
		if slices.ContainsFunc(slices.Collect(maps.Keys(s.usedUnder)), dynamic) || slices.ContainsFunc(prefixes(program), dynamic) {
			continue
		}
		t.Errorf("nothing uses the message %q", key)
	}
}

var (
	quoted = regexp.MustCompile(`"([a-z_]+(?:\.[a-z_]+)*\.)"`)
	area   = regexp.MustCompile(`^(?:common|mail|page|pages|desk|[a-z_]+\.[a-z_.]*)`)
)

// prefixes are the quoted texts in the program to which it adds the end of a key.
func prefixes(program string) []string {
	var all []string
	for _, m := range quoted.FindAllStringSubmatch(program, -1) {
		if area.MatchString(m[1]) {
			all = append(all, m[1])
		}
	}
	return all
}

// programText is the source of those packages that use messages by name.
func programText(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, dir := range []string{".", "../web", "../mailout", "../cmd/countersign"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(text)
		}
	}
	return b.String()
}

// TestPlurals: every message that counts has a text for every number.
func TestPlurals(t *testing.T) {
	s := set(t)
	for locale, v := range s.voices {
		for key, m := range v.messages {
			if !hasPlurals(m) {
				continue
			}
			for _, n := range []int{0, 1, 2, 3, 5, 11, 21, 100, 101, 1000000} {
				data := map[string]any{"Count": n}
				for _, name := range placeholders(forms(m)) {
					data[name] = "x"
				}
				if _, err := v.say(key, data); err != nil {
					t.Errorf("%s: %q for %d: %v", locale, key, n, err)
				}
			}
		}
	}
}

func TestT(t *testing.T) {
	s := set(t)
	for _, tt := range []struct {
		locale, key string
		data        map[string]any
		want        string
	}{
		{"en", "mail.hello", nil, "Hello,"},
		{"de", "mail.hello", nil, "Guten Tag,"},
		{"cy", "mail.hello", nil, "Hello,"},
		{"en", "mail.listed.organizations", map[string]any{"Count": 1}, "1 organization"},
		{"en", "mail.listed.organizations", map[string]any{"Count": 2100}, "2,100 organizations"},
		{"de", "mail.listed.organizations", map[string]any{"Count": 2100}, "2.100 Organisationen"},
		{"de", "mail.listed.countries", map[string]any{"Count": 1}, "1 Land"},
		{"en", "no.such.key", nil, "no.such.key"},
		{"en", "mail.code", nil, "mail.code"}, // without its data
	} {
		if got := s.T(tt.locale, tt.key, tt.data); got != tt.want {
			t.Errorf("T(%s, %s, %v) = %q, want %q", tt.locale, tt.key, tt.data, got, tt.want)
		}
	}
}

func TestMatch(t *testing.T) {
	s := set(t)
	for _, tt := range []struct {
		accept []string
		want   string
	}{
		{[]string{"de"}, "de"},
		{[]string{"de-CH"}, "de"},
		{[]string{"en-US"}, "en"},
		{[]string{"cy;q=0.9, de;q=0.5"}, "de"},
		{[]string{"cy", "de"}, "de"},
		{[]string{"", "de"}, "de"},
		{[]string{"cy"}, "en"},
		{[]string{"***", "not a tag"}, "en"},
		{nil, "en"},
	} {
		if got := s.Match(tt.accept...); got != tt.want {
			t.Errorf("Match(%q) = %q, want %q", tt.accept, got, tt.want)
		}
	}
	if s.Speaks("cy") || !s.Speaks("de-AT") || s.Speaks("") {
		t.Error("Speaks is wrong")
	}
}

func TestDatesAndNumbers(t *testing.T) {
	s := set(t)
	zone := time.FixedZone("CEST", 2*60*60)
	at := time.Date(2026, 5, 26, 18, 0, 0, 0, zone)
	for _, tt := range []struct{ name, got, want string }{
		{"date en", must(s.Date("en", at)), "26 May 2026"},
		{"date de", must(s.Date("de", at)), "26. Mai 2026"},
		{"date fr", must(s.Date("fr", at)), "26 mai 2026"},
		{"first fr", must(s.Date("fr", at.AddDate(0, 0, 6))), "1er juin 2026"},
		{"datetime fr", must(s.DateTime("fr", at, "")), "mardi 26 mai 2026 à 18:00 (heure d’été d’Europe centrale)"},
		{"number fr", s.Number("fr", 1234567), "1\u00a0234\u00a0567"},
		{"list fr", must(s.List("fr", []string{"A", "B", "C"})), "A, B et C"},
		{"datetime es", must(s.DateTime("es", at, "")), "martes, 26 de mayo de 2026, 18:00 (hora de verano de Europa central)"},
		{"four digits es", s.Number("es", 1234), "1234"},
		{"five digits es", s.Number("es", 12345), "12.345"},
		{"datetime pt", must(s.DateTime("pt", at, "")), "terça-feira, 26 de maio de 2026, 18:00 (hora de verão da Europa Central)"},
		{"datetime it", must(s.DateTime("it", at, "")), "martedì 26 maggio 2026, ore 18:00 (ora estiva dell’Europa centrale)"},
		{"datetime nl", must(s.DateTime("nl", at, "")), "dinsdag 26 mei 2026, 18:00 uur (Midden-Europese zomertijd)"},
		{"datetime pl", must(s.DateTime("pl", at, "")), "wtorek, 26 maja 2026 roku, 18:00 (czas środkowoeuropejski letni)"},
		{"number pl", s.Number("pl", 1234567), "1\u00a0234\u00a0567"},
		{"short number pl", s.Number("pl", 1234), "1234"},
		{"datetime el", must(s.DateTime("el", at, "")), "Τρίτη, 26 Μαΐου 2026, 18:00 (θερινή ώρα Κεντρικής Ευρώπης)"},
		{"number el", s.Number("el", 1234567), "1.234.567"},
		{"datetime uk", must(s.DateTime("uk", at, "")), "вівторок, 26 травня 2026 року, 18:00 (центральноєвропейський літній час)"},
		{"number uk", s.Number("uk", 1234567), "1\u00a0234\u00a0567"},
		{"datetime he", must(s.DateTime("he", at, "")), "יום שלישי, 26 במאי 2026, בשעה 18:00 (שעון הקיץ של מרכז אירופה)"},
		{"number he", s.Number("he", 1234567), "1,234,567"},
		{"list he", must(s.List("he", []string{"עיר", "מדינה", "אתר"})), "עיר, מדינה ואתר"},
		{"datetime fa", must(s.DateTime("fa", at, "")), "سه\u200cشنبه ۲۶ مه ۲۰۲۶، ساعت ۱۸:۰۰ (وقت تابستانی مرکز اروپا)"},
		{"number fa", s.Number("fa", 1234567), "۱٬۲۳۴٬۵۶۷"},
		{"list fa", must(s.List("fa", []string{"شهر", "کشور", "نام"})), "شهر، کشور و نام"},
		{"datetime tr", must(s.DateTime("tr", at, "")), "26 Mayıs 2026 Salı, 18:00 (Orta Avrupa yaz saati)"},
		{"datetime ru", must(s.DateTime("ru", at, "")), "вторник, 26 мая 2026 года, 18:00 (центральноевропейское летнее время)"},
		{"number ru", s.Number("ru", 1234567), "1\u00a0234\u00a0567"},
		{"datetime sr-Cyrl", must(s.DateTime("sr-Cyrl", at, "")), "уторак, 26. маја 2026. године у 18:00 (средњоевропско летње време)"},
		{"datetime sr-Latn", must(s.DateTime("sr-Latn", at, "")), "utorak, 26. maja 2026. godine u 18:00 (srednjoevropsko letnje vreme)"},
		{"number sr-Latn", s.Number("sr-Latn", 1234567), "1.234.567"},
		{"datetime ar", must(s.DateTime("ar", at, "")), "الثلاثاء، ٢٦ مايو ٢٠٢٦، الساعة ١٨:٠٠ (توقيت وسط أوروبا الصيفي)"},
		{"number ar", s.Number("ar", 1234567), "١٬٢٣٤٬٥٦٧"},
		{"list ar", must(s.List("ar", []string{"المدينة", "البلد", "الاسم"})), "المدينة، البلد والاسم"},
		{"datetime hi", must(s.DateTime("hi", at, "")), "मंगलवार, 26 मई 2026, 18:00 बजे (मध्य यूरोपीय ग्रीष्मकालीन समय)"},
		{"number hi", s.Number("hi", 1234567), "12,34,567"},
		{"datetime ja", must(s.DateTime("ja", at, "")), "2026年5月26日（火）18:00（中央ヨーロッパ夏時間）"},
		{"list ja", must(s.List("ja", []string{"A", "B", "C"})), "A、B、C"},
		{"number ja", s.Number("ja", 1234567), "1,234,567"},
		{"datetime zh-Hans", must(s.DateTime("zh-Hans", at, "")), "2026年5月26日（星期二）18:00（中欧夏令时间）"},
		{"list zh-Hans", must(s.List("zh-Hans", []string{"A", "B", "C"})), "A、B和C"},
		{"number zh-Hans", s.Number("zh-Hans", 1234567), "1,234,567"},
		{"datetime zh-Hant", must(s.DateTime("zh-Hant", at, "")), "2026年5月26日（星期二）18:00（中歐夏令時間）"},
		{"list zh-Hant", must(s.List("zh-Hant", []string{"A", "B", "C"})), "A、B和C"},
		{"number zh-Hant", s.Number("zh-Hant", 1234567), "1,234,567"},
		{"datetime ko", must(s.DateTime("ko", at, "")), "2026년 5월 26일 화요일 18:00 (중부 유럽 하계 표준시)"},
		{"number ko", s.Number("ko", 1234567), "1,234,567"},
		{"zero date", must(s.Date("en", time.Time{})), ""},
		{"datetime en", must(s.DateTime("en", at, "Brussels time")), "Tuesday, 26 May 2026, 18:00 (Brussels time)"},
		{"datetime de", must(s.DateTime("de", at, "")), "Dienstag, 26. Mai 2026, 18:00 Uhr (mitteleuropäische Sommerzeit)"},
		{"morning", must(s.DateTime("en", at.Add(-9*time.Hour), "x")), "Tuesday, 26 May 2026, 09:00 (x)"},
		{"unknown zone", must(s.DateTime("en", at.In(time.FixedZone("XYZ", 0)), "")), "Tuesday, 26 May 2026, 16:00 (UTC)"},
		{"number en", s.Number("en", 1234567), "1,234,567"},
		{"number de", s.Number("de", 1234567), "1.234.567"},
		{"country", s.Country("de", "DE"), "Deutschland"},
		{"country en", s.Country("en", "CI"), "Côte d’Ivoire"},
		{"no country", s.Country("en", "Ruritania"), "Ruritania"},
		{"no code", s.Country("en", "QQ"), "QQ"},
		{"language", s.Language("de", "fr"), "Französisch"},
		{"no language", s.Language("en", "und"), ""},
		{"list of none", must(s.List("en", nil)), ""},
		{"list of one", must(s.List("en", []string{"A"})), "A"},
		{"list of two", must(s.List("de", []string{"A", "B"})), "A und B"},
		{"list of three", must(s.List("en", []string{"A", "B", "C"})), "A, B and C"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func must(s string, err error) string {
	if err != nil {
		return err.Error()
	}
	return s
}

// TestMarkdown: what an organizer writes is formatted; what could run or load is not there.
func TestMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"**bold** & <b>raw</b>":                        "<p><strong>bold</strong> &amp; &lt;b&gt;raw&lt;/b&gt;</p>\n",
		"[page](https://example.org)":                  `<p><a href="https://example.org" rel="nofollow">page</a></p>` + "\n",
		"[bad](javascript:alert(1))":                   "<p>bad</p>\n",
		"<script>alert(1)</script>":                    "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n",
		"# Title\n\n- a\n- b":                          "<h1>Title</h1>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n",
		"<div onclick=x>\ntext\n</div>":                "<p>&lt;div onclick=x&gt;\ntext\n&lt;/div&gt;</p>\n",
		"a <img src=https://evil.example onerror=x> b": "<p>a &lt;img src=https://evil.example onerror=x&gt; b</p>\n",
	} {
		got, err := markdown(in)
		if err != nil || strings.ReplaceAll(string(got), "&#34;", `"`) != want {
			t.Errorf("markdown(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestIsolated(t *testing.T) {
	v := set(t).voices["en"]
	for in, want := range map[string]string{"Leipzig": "Leipzig", "مكتبة": "\u2068مكتبة\u2069", "": "", "42": "42", "Leipzig مكتبة": "\u2068Leipzig مكتبة\u2069"} {
		if got := v.isolated(in); got != want {
			t.Errorf("isolated(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	long := strings.Repeat("x", 25)
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"short", []string{"short"}},
		{"First sentence. Second sentence.", []string{"First sentence.", "Second sentence."}},
		{"Nach dem 20. Mai 2026 ist Schluss.", []string{"Nach dem 20. Mai", "2026 ist Schluss."}},
		{"1. Yes: answer with the word YES", []string{"1. Yes:", "   answer with the", "   word YES"}},
		{"    > words that are quoted here", []string{"    > words that are", "    > quoted here"}},
		{"    - a library with a name", []string{"    - a library with", "      a name"}},
		{"https://opensunday.example/c/abcdefghij", []string{"https://opensunday.example/c/abcdefghij"}},
		{long, []string{long[:20], long[20:]}},
		{"図書館図書館図書館図書館図書館", []string{"図書館図書館図書館図", "書館図書館"}},
		{"図書館図書館図書館図。書館「図書館", []string{"図書館図書館図書館", "図。書館「図書館"}},
		{"図書館図書館図書館「図書館」", []string{"図書館図書館図書館", "「図書館」"}},
		{"Est-ce que c’est\u00a0juste\u00a0?", []string{"Est-ce que", "c’est\u00a0juste\u00a0?"}},
		{"هل هذا صحيح؟ نعم هذا صحيح", []string{"هل هذا صحيح؟", "نعم هذا صحيح"}},
	} {
		if got := wrap(tt.in, 20); !slices.Equal(got, tt.want) {
			t.Errorf("wrap(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestBlocks: only our own lines become links, and names never do.
func TestBlocks(t *testing.T) {
	got := blocks(tidy("\n\nHello,\nsee the page:\nhttps://a.example/x\n\n\n    Name\n    Place\n\n    > https://quoted.example\n1. Or use: https://b.example\n    - one\n    - two\n"))
	var kinds []string
	for _, b := range got {
		kinds = append(kinds, b.Kind)
	}
	if want := []string{"text", "names", "quote", "points", "names"}; !slices.Equal(kinds, want) {
		t.Fatalf("kinds %v, want %v", kinds, want)
	}
	if l := got[0].Lines[2]; l.URL != "https://a.example/x" || l.Text != "" {
		t.Errorf("line %+v", l)
	}
	if l := got[2].Lines[0]; l.URL != "" || l.Text != "https://quoted.example" {
		t.Errorf("quote %+v", l)
	}
	if l := got[3].Lines[0]; l.Number != "1." || l.Text != "Or use:" || l.URL != "https://b.example" {
		t.Errorf("numbered %+v", l)
	}
	if names := got[1].Lines; !names[0].First || names[1].First {
		t.Errorf("names %+v", names)
	}
	if names := got[4].Lines; !names[0].First || !names[1].First || names[1].Text != "two" {
		t.Errorf("list %+v", names)
	}
}

func TestUnknown(t *testing.T) {
	s := set(t)
	if err := s.Page(&bytes.Buffer{}, "en", "no such page", nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("Page = %v", err)
	}
	if _, err := s.Mail("en", "no such mail", MailData{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("Mail = %v", err)
	}
	if _, err := s.Mail("xx", "request", MailData{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("Mail = %v", err)
	}
}

func common(t *testing.T, locale string) []byte {
	t.Helper()
	text, err := embedded.ReadFile("locale/common." + locale + ".toml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestMistakesAreFound: what must not reach a reader fails at New.
func TestMistakesAreFound(t *testing.T) {
	base := func() fstest.MapFS {
		return fstest.MapFS{
			"locale/common.en.toml": {Data: common(t, "en")},
			"locale/common.de.toml": {Data: common(t, "de")},
			"locale/a.en.toml":      {Data: []byte(`hi = "Hi {{.Name}}"`)},
			"locale/a.de.toml":      {Data: []byte(`hi = "Hallo {{.Name}}"`)},
			"mail/layout.html":      {Data: []byte(`{{.Subject}}`)},
			"mail/x.txt":            {Data: []byte("Subject: {{t \"hi\" \"Name\" \"x\"}}\ntext")},
			"html/_l.html":          {Data: []byte(`{{define "l"}}{{end}}`)},
			"html/p.html":           {Data: []byte(`{{template "l"}}`)},
			"static/x":              {},
		}
	}
	if _, err := load(base()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, file, text, want string }{
		{"missing in German", "locale/b.en.toml", `bye = "Bye"`, `"bye" is missing in "de"`},
		{"missing in English", "locale/b.de.toml", `bye = "Tschüss"`, `"bye" in "de" is missing in "en"`},
		{"other values", "locale/a.de.toml", `hi = "Hallo {{.Nam}}"`, `[Nam]`},
		{"defined twice", "locale/b.en.toml", `hi = "Hi"`, "defined twice"},
		{"a language without dates", "locale/a.fr.toml", `hi = "Salut {{.Name}}"`, `"common.month.january" is missing`},
		{"no TOML", "locale/b.en.toml", `hi = `, "b.en.toml"},
		{"unknown key in a mail", "mail/x.txt", `Subject: {{t "no"}}`, `"no", which x.txt uses`},
		{"unknown key in a branch of a page", "html/p.html", `{{if .}}{{else}}{{with .A}}{{range .B}}{{printf "%s" (t "no")}}{{end}}{{end}}{{end}}`, `"no", which p.html uses`},
		{"unknown prefix", "html/p.html", `{{tx "no." .A}}`, `begins with "no."`},
		{"a mail that does not parse", "mail/x.txt", `{{`, "x.txt"},
		{"a page that does not parse", "html/p.html", `{{`, "p.html"},
		{"a function that does not exist", "html/p.html", `{{nonsense}}`, "nonsense"},
	} {
		files := base()
		files[tt.file] = &fstest.MapFile{Data: []byte(tt.text)}
		if _, err := load(files); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want something with %q", tt.name, err, tt.want)
		}
	}
	files := base()
	files["mail/x.txt"] = &fstest.MapFile{Data: []byte("no subject")}
	s, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Mail("en", "x", nil); err == nil {
		t.Error("a mail without a subject was rendered")
	}
}
