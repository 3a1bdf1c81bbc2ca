package main

import (
	"fmt"
	"io"
	"strings"
)

// report writes what was understood for a person.
func (m mailRead) report(w io.Writer) {
	fmt.Fprintf(w, "%s (%d bytes)\n", m.File, m.Size)
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(w, "  %-14s %s\n", label, value)
		}
	}
	for _, a := range m.Header.From {
		line("from", strings.TrimSpace(a.Name+" <"+a.Address+">"))
	}
	line("subject", m.Header.Subject)
	line("date", m.Header.Date)
	line("language", m.Language)
	if m.Automatic.Kind != "none" {
		line("automatic", m.Automatic.Kind+": "+m.Automatic.Because)
	}
	if m.Bounce != nil {
		for _, r := range m.Bounce.Recipients {
			line("bounce", strings.Join([]string{r.Address, r.Action, r.Status, r.Class, r.Reason}, " "))
		}
	}
	m.reportSender(line)
	line("wants", strings.Join(append([]string{m.Intent}, m.Also...), ", ")+" (confidence "+m.Confidence+")")
	for _, o := range m.Organizations {
		line(o.Kind, strings.Join(filled(o.Name, o.City, o.Country, o.Website), ", "))
	}
	for _, s := range m.Signatories {
		line("signed by", strings.Join(filled(s.Name, s.Title), ", "))
	}
	line("contact", m.ContactEmail)
	for _, d := range m.Defects {
		line("damaged", d)
	}
	if m.Answer.Send {
		line("answer", m.Answer.Template+" to "+m.Answer.To)
	} else {
		line("no answer", m.Answer.WithheldBecause)
	}
	fmt.Fprintln(w, "  new text")
	for text := range strings.Lines(strings.TrimSpace(m.NewText)) {
		fmt.Fprintf(w, "    | %s\n", strings.TrimRight(text, "\n"))
	}
}

// reportSender says what is proven of the sender.
func (m mailRead) reportSender(line func(label, value string)) {
	a := m.Authentication
	verdict := "dmarc " + a.DMARC
	if a.AlignedDomain != "" {
		verdict += ", really from " + a.AlignedDomain
	}
	line("sender", verdict)
	for _, d := range a.DKIM {
		line("dkim", strings.Join(filled(d.Domain, d.Result, d.Because), ", "))
	}
}

// filled leaves out what is empty.
func filled(values ...string) []string {
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}
