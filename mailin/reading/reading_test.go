package reading_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/BurntSushi/toml"

	"countersign/mailin/message"
	"countersign/mailin/reading"
	"countersign/petition"
)

func reader(t testing.TB) *reading.Reader {
	t.Helper()
	r, err := reading.Default()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// answer is a mail that answers our request for confirmation.
func answer(text string) *message.Message {
	return &message.Message{
		Header: message.Header{Subject: "Re: Is this correct?", InReplyTo: []string{"n1@openletter.example"}, From: []message.Address{{Name: "Anna Berg", Address: "office@lindenau.example"}}},
		New:    text,
		Quoted: "> Is this correct, and may you sign for this organization? 1. Yes: answer this mail with the word YES.",
	}
}

// TestLanguageExamples proves that every language file loads, is complete, and
// has its own examples read right.
func TestLanguageExamples(t *testing.T) {
	r := reader(t)
	if got := len(r.Languages()); got < 20 {
		t.Errorf("%d languages, want 20", got)
	}
	for _, tag := range r.Languages() {
		var file struct {
			Examples []struct {
				Text, Intent, Organization string
				Reply                      bool
			}
		}
		if _, err := toml.DecodeFile(filepath.Join("languages", tag+".toml"), &file); err != nil {
			t.Fatal(err)
		}
		for _, x := range file.Examples {
			m := &message.Message{New: x.Text, Header: message.Header{From: []message.Address{{Address: "info@example.org"}}}}
			if x.Reply {
				m = answer(x.Text)
			}
			got := r.Read(m, petition.Origin{}, reading.Hints{})
			if string(got.Intent) != x.Intent {
				t.Errorf("%s: %q: intent %s, want %s", tag, x.Text, got.Intent, x.Intent)
			}
			if x.Organization != "" && (len(got.Organizations) != 1 || got.Organizations[0].Name != x.Organization) {
				t.Errorf("%s: %q: organizations %+v, want %s", tag, x.Text, got.Organizations, x.Organization)
			}
		}
	}
}

// TestLanguageMails reads the mails and answers of every language file: the
// intent, and what the mail wants besides. Nothing but a yes confirms.
func TestLanguageMails(t *testing.T) {
	r := reader(t)
	for _, tag := range r.Languages() {
		var file struct{ Mails, Answers map[string][]string }
		if _, err := toml.DecodeFile(filepath.Join("languages", tag+".toml"), &file); err != nil {
			t.Fatal(err)
		}
		for _, intent := range []petition.Intent{petition.SignOn, petition.Withdraw, petition.Correction, petition.Question, petition.SupportOnly, petition.Decline, petition.Conditional, petition.AutoReply, petition.Spam, petition.OtherIntent} {
			if len(file.Mails[string(intent)]) == 0 {
				t.Errorf("%s: no example of %s", tag, intent)
			}
		}
		check := func(key, text string, m *message.Message) {
			want, also, _ := strings.Cut(key, ", ")
			got := r.Read(m, petition.Origin{}, reading.Hints{CampaignNames: []string{"Open on Sunday"}})
			if string(got.Intent) != want || also != "" && !got.Has(petition.Intent(also)) {
				t.Errorf("%s: %q: %s %v, want %s", tag, text, got.Intent, got.Also, key)
			}
		}
		for key, texts := range file.Mails {
			for _, text := range texts {
				check(key, text, &message.Message{New: text, Header: message.Header{Subject: "Open on Sunday", From: []message.Address{{Address: "info@example.org"}}}})
			}
		}
		for key, texts := range file.Answers {
			for _, text := range texts {
				check(key, text, answer(text))
			}
		}
	}
}

// TestIncompleteLanguage shows that a translator hears of a key that is missing,
// unknown or in the wrong file.
func TestIncompleteLanguage(t *testing.T) {
	good, err := os.ReadFile("languages/it.toml")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(string) (string, string){
		"missing key":  func(s string) (string, string) { return "it.toml", strings.Replace(s, "\nbut = ", "\nbutt = ", 1) },
		"unknown key":  func(s string) (string, string) { return "it.toml", "colour = 1\n" + s },
		"wrong tag":    func(s string) (string, string) { return "xx.toml", s },
		"wrong script": func(s string) (string, string) { return "it.toml", strings.Replace(s, `"latin"`, `"latn"`, 1) },
		"two slots": func(s string) (string, string) {
			return "it.toml", strings.Replace(s, `"{org} firma"`, `"{org} firma {org}"`, 1)
		},
		"not TOML": func(s string) (string, string) { return "it.toml", s + "\n[[" },
	} {
		t.Run(name, func(t *testing.T) {
			file, text := change(string(good))
			if text == string(good) && file == "it.toml" {
				t.Fatal("the change changed nothing")
			}
			if _, err := reading.New(fstest.MapFS{file: {Data: []byte(text)}}); err == nil {
				t.Error("no error")
			}
		})
	}
	if _, err := reading.New(fstest.MapFS{}); err == nil {
		t.Error("no files: no error")
	}
}

// golden is one row of testdata/golden/golden.toml.
type golden struct {
	File          string   `toml:"file"`
	Intent        string   `toml:"intent"`
	Also          []string `toml:"also"`
	Organizations []string `toml:"organizations"`
	Signatory     string   `toml:"signatory"`
	Title         string   `toml:"title"`
	Confidence    string   `toml:"confidence"`
	Known         string   `toml:"known"` // what is still read wrong; it must be wrong in a safe way
}

// TestGolden reads the project's own mails.
func TestGolden(t *testing.T) {
	var table struct {
		Mail []golden `toml:"mail"`
	}
	dir := filepath.Join("testdata", "golden")
	if _, err := toml.DecodeFile(filepath.Join(dir, "golden.toml"), &table); err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(os.DirFS(dir), "*.eml")
	if err != nil || len(files) != len(table.Mail) || len(files) < 100 {
		t.Fatalf("%d mails, %d rows, %v: want at least 100, one row each", len(files), len(table.Mail), err)
	}
	r := reader(t)
	known := 0
	for _, g := range table.Mail {
		raw, err := os.ReadFile(filepath.Join(dir, g.File))
		if err != nil {
			t.Error(err)
			continue
		}
		m := message.Parse(raw)
		got := r.Read(m, headerOrigin(m), reading.Hints{OwnAddresses: []string{"sign@openletter.example"}})
		checkEvidence(t, g.File, m, got)
		wrong := compare(g, got)
		switch {
		case g.Known == "":
			for _, w := range wrong {
				t.Errorf("%s: %s", g.File, w)
			}
		case len(wrong) == 0:
			t.Errorf("%s: known = %q, but it is read right now", g.File, g.Known)
		default:
			known++
			if got.Intent == petition.VerifyYes || got.Intent == petition.SignOn && g.Intent != "sign_on" || got.Confidence == petition.High {
				t.Errorf("%s: wrong and not safe: %s %s %+v", g.File, got.Intent, got.Confidence, got.Organizations)
			}
		}
	}
	if known*10 > len(table.Mail) {
		t.Errorf("%d of %d mails are known to be read wrong", known, len(table.Mail))
	}
}

// headerOrigin knows what the few automatic mails of the golden set say of themselves.
func headerOrigin(m *message.Message) petition.Origin {
	o := petition.Origin{Automatic: petition.Automatic{Kind: petition.Human}}
	for _, f := range m.Header.Fields {
		switch {
		case strings.EqualFold(f.Name, "Auto-Submitted"):
			o.Automatic = petition.Automatic{Kind: petition.AutoAnswer, Certain: true}
		case strings.EqualFold(f.Name, "X-Failed-Recipients"):
			return petition.Origin{Automatic: petition.Automatic{Kind: petition.AutoBounce, Certain: true}}
		case strings.EqualFold(f.Name, "List-Unsubscribe"):
			o.Automatic = petition.Automatic{Kind: petition.AutoList, Certain: true}
		}
	}
	return o
}

func compare(g golden, got petition.Reading) (wrong []string) {
	if string(got.Intent) != g.Intent {
		wrong = append(wrong, "intent "+string(got.Intent)+", want "+g.Intent)
	}
	var names, also []string
	for _, o := range got.Organizations {
		if o.Kind == petition.KindOrganization {
			names = append(names, o.Name)
		}
	}
	for _, a := range got.Also {
		also = append(also, string(a))
	}
	if !slices.Equal(names, g.Organizations) {
		wrong = append(wrong, "organizations ["+strings.Join(names, "; ")+"], want ["+strings.Join(g.Organizations, "; ")+"]")
	}
	for _, a := range g.Also {
		if !slices.Contains(also, a) {
			wrong = append(wrong, "also lacks "+a)
		}
	}
	if g.Signatory != "" && (len(got.Signatories) == 0 || got.Signatories[0].Name != g.Signatory) {
		wrong = append(wrong, "no signatory "+g.Signatory)
	}
	if g.Title != "" && (len(got.Signatories) == 0 || got.Signatories[0].Title != g.Title) {
		wrong = append(wrong, "no title "+g.Title)
	}
	if g.Confidence != "" && string(got.Confidence) != g.Confidence {
		wrong = append(wrong, "confidence "+string(got.Confidence)+", want "+g.Confidence)
	}
	return wrong
}

// checkEvidence proves that every span lies in the text that it names.
func checkEvidence(t testing.TB, file string, m *message.Message, r petition.Reading) {
	t.Helper()
	all := slices.Clone(r.Evidence)
	for _, o := range r.Organizations {
		all = append(all, o.Evidence...)
	}
	for _, s := range r.Signatories {
		all = append(all, s.Evidence...)
	}
	for _, e := range all {
		text := map[petition.Source]string{
			petition.SourceNewText: m.New, petition.SourceSignature: m.Signature, petition.SourceSubject: m.Header.Subject,
		}[e.Source]
		switch {
		case e.Source == petition.SourceFrom && len(m.Header.From) > 0:
			text = m.Header.From[0].Name
		case e.Source == petition.SourceDomain && len(m.Header.From) > 0:
			_, text, _ = strings.Cut(m.Header.From[0].Address, "@")
		case strings.HasPrefix(string(e.Source), "attachment:"):
			for i, a := range m.Attachments {
				if string(e.Source) == "attachment:"+string(rune('0'+i)) {
					text = a.Text
				}
			}
		}
		if e.Start < 0 || e.Start >= e.End || e.End > len(text) {
			t.Errorf("%s: %s: %s %d-%d does not lie in %q", file, e.Field, e.Source, e.Start, e.End, text)
		}
	}
}

// TestEmptyForm proves that our own lines, left empty, never yield an organization.
func TestEmptyForm(t *testing.T) {
	r := reader(t)
	for _, form := range []string{
		"We want to sign this letter.\n\nOrganization:\nCity and country:\nWebsite:\nYour name:\nYour position:\n",
		"Wir wollen diesen Brief unterzeichnen.\n\nOrganisation:\nOrt und Land:\nWebseite:\nIhr Name:\nIhre Funktion:\n",
		"Organisation :\n\nVille et pays :\n\nSite web :\n\nVotre nom :\n\nVotre fonction :\n",
		"Организация:\nГород и страна:\nСайт:\nВаше имя:\nВаша должность:\n\nС уважением",
		"团体名:\n都市と国:\nウェブサイト:\nお名前:\n役職:\n", "المنظمة:\nالمدينة والبلد:\nالموقع الإلكتروني:\nاسمك:\nمنصبك:\n",
	} {
		got := r.Read(&message.Message{New: form, Header: message.Header{From: []message.Address{{Address: "a@freemail.example"}}}}, petition.Origin{}, reading.Hints{})
		if len(got.Organizations) != 0 {
			t.Errorf("%q: %+v", form, got.Organizations)
		}
	}
}

// TestAutomaticNamesNobody is R31: mail that no person wrote signs for nobody.
func TestAutomaticNamesNobody(t *testing.T) {
	m := &message.Message{New: "We, Harbour Lights Association, sign the letter.", Header: message.Header{From: []message.Address{{Address: "a@example.org"}}}}
	for kind, want := range map[petition.AutomaticKind]petition.Intent{
		petition.AutoAnswer: petition.AutoReply, petition.AutoBounce: petition.BounceMail, petition.AutoReport: petition.BounceMail, petition.AutoLoop: petition.Spam,
	} {
		got := reader(t).Read(m, petition.Origin{Automatic: petition.Automatic{Kind: kind, Certain: true}}, reading.Hints{})
		if got.Intent != want || len(got.Organizations) != 0 {
			t.Errorf("%s: %s %+v", kind, got.Intent, got.Organizations)
		}
	}
}

// TestYesWithChange is U05: a yes and a change in one answer.
func TestYesWithChange(t *testing.T) {
	got := reader(t).Read(answer("Yes, we confirm. Please correct the name: the correct name is City Library Lindenau East."), petition.Origin{},
		reading.Hints{ShownNames: []string{"City Library Lindenau"}})
	if got.Intent != petition.VerifyYes || !got.Has(petition.Correction) || len(got.Organizations) != 1 || got.Organizations[0].Name != "City Library Lindenau East" {
		t.Errorf("%s %v %+v", got.Intent, got.Also, got.Organizations)
	}
}

func FuzzRead(f *testing.F) {
	r := reader(f)
	f.Add("We, Harbour Lights Association, sign.\n\nOrganization: X\n", "-- \nAnn Bell\nChair", "Re: sign", "Ann Bell", "> yes")
	f.Add("「会」 «»\"(", "(((", ":", "\"", "")
	f.Add("Yes, but \xff\xfe not {org} e. V. (", "", "", "", "q")
	f.Fuzz(func(t *testing.T, text, signature, subject, from, quoted string) {
		m := &message.Message{New: text, Signature: signature, Quoted: quoted, Header: message.Header{Subject: subject, From: []message.Address{{Name: from, Address: "a@" + from}}}}
		got := r.Read(m, petition.Origin{}, reading.Hints{ShownNames: []string{from}})
		checkEvidence(t, "fuzz", m, got)
	})
}

func BenchmarkRead(b *testing.B) {
	r := reader(b)
	m := &message.Message{
		New: "Hello,\n\nWe'd love to add our name to the open letter on library hours. Please list us as Harbour Lights Association (Ireland). I'm authorised to sign; " +
			"my name is Ann Bell and I am the secretary. Our members discussed the text at length last week and liked it very much.\n\nKind regards,\nAnn",
		Signature: "-- \nAnn Bell\nSecretary, Harbour Lights Association\n+353 0 000000",
		Header:    message.Header{Subject: "Signing the letter", From: []message.Address{{Name: "Ann Bell", Address: "ann@harbour.example"}}},
	}
	for b.Loop() {
		r.Read(m, petition.Origin{}, reading.Hints{})
	}
}

// TestHostileText reads texts made to be slow: no panic, no evidence outside
// the text, and nothing that the reader is sure of.
func TestHostileText(t *testing.T) {
	r := reader(t)
	for _, unit := range []string{
		"; ", "Trust ", "not ", "we sign, ", "on behalf of ", "a, ", "( ", "« ", "Organization: ", "Ann ", "Ann Chair ", "? ", "and Trust ", "\"", "协会", "の会", "- X\n", "if we sign. ", "Name / ", "e. V. ",
	} {
		m := &message.Message{New: strings.Repeat(unit, 60_000/len(unit)), Quoted: "> x", Header: message.Header{From: []message.Address{{Name: "Ann Bell", Address: "ann@example.org"}}}}
		got := r.Read(m, petition.Origin{}, reading.Hints{})
		checkEvidence(t, unit, m, got)
		if got.Confidence == petition.High && len(got.Organizations) > 0 {
			t.Errorf("%q: sure of %d organizations", unit, len(got.Organizations))
		}
	}
}
