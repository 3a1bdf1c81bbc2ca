package petition

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits of R34 where the installation sets none.
const (
	defaultPerAddress    = 3
	defaultPerDomainHour = 50
	perAddressOther      = 20                  // notices a day of a kind that shows no endorsement
	replayWindow         = 14 * 24 * time.Hour // a signed answer counts this long (R28)
	receivedDelay        = 10 * time.Minute    // listed within it: only "on the list" is sent (M2)
)

// Decide turns one mail into what is to be done. It is pure: equal Known, equal
// Outcome. Every human mail ends with exactly one notice to its writer or with
// one named silence (U04); what the program cannot settle becomes a Task.
//
// Where the sender's proof failed for the moment and decides something, the outcome is
// only when to look again (R33).
func Decide(k Known) Outcome {
	out := decide(k)
	if again := k.lookAgain(&out); !again.IsZero() {
		return Outcome{LookAgain: again}
	}
	return out
}

func decide(k Known) Outcome {
	d := decision{Known: k}
	if !d.gate() {
		d.byIntent()
	}
	return d.out
}

// decision is the work on one mail.
type decision struct {
	Known
	out Outcome
}

// gate settles what is decided before the words of the mail count, and reports whether it did.
func (d *decision) gate() bool {
	o := d.Mail.Origin
	switch {
	case o.Automatic.Kind == AutoBounce || o.Bounce != nil:
		d.bounce()
	case d.Repeats > 0:
		d.silent(DispIgnored, SilentRepeat)
	case d.isOwn():
		d.silent(DispIgnored, SilentOwn)
	case o.Automatic.Kind != Human && o.Automatic.Kind != "":
		d.automatic()
	case d.Mail.From() == "":
		d.silent(DispPerson, SilentNoSender)
		d.task(TaskUnsure, 0, "The mail has no sender, or more than one. Nothing was sent.")
	case d.organizer() != nil:
		d.fromOrganizer()
	case d.Mail.Spam || o.SpamFlagged:
		d.spam()
	case d.forPostmaster():
		d.silent(DispPerson, SilentPersonFirst)
		d.task(TaskUnsure, 0, "The mail is for postmaster or abuse: for whoever runs this service. No answer was sent.")
	case d.Campaign == nil:
		d.nowhere()
	case d.Campaign.State == Draft:
		d.silent(DispPerson, SilentDraft)
		d.task(TaskRouting, 0, "The campaign is not open yet. Nothing was sent.")
	case o.Authentication.Proof() == ProofFail:
		d.unproven()
	default:
		return d.backlog()
	}
	return true
}

func (d *decision) isOwn() bool {
	from := d.Mail.From()
	return d.Mail.Origin.Automatic.Kind == AutoLoop || from != "" && (slices.Contains(d.Rules.Own, from) || slices.Contains(d.Rules.Own, WithoutPlus(from)))
}

// forPostmaster reports whether the mail went to postmaster or abuse at a domain of
// ours (RFC 2142, 4 and 5) and to no address that is for signing: it is a person's, and
// is never read as a signature (R54).
func (d *decision) forPostmaster() bool {
	found := false
	for _, r := range d.Mail.Header.Recipients {
		local, domain, _ := strings.Cut(r, "@")
		if slices.Contains(d.Rules.Own, r) || slices.Contains(d.Rules.Own, WithoutPlus(r)) {
			return false
		}
		ours := slices.ContainsFunc(d.Rules.Own, func(own string) bool { return Domain(own) == domain })
		found = found || ours && (local == "postmaster" || local == "abuse")
	}
	return found
}

// organizer is the organizer who wrote, nil when it was somebody else.
func (d *decision) organizer() *Organizer {
	for i := range d.Organizers {
		if d.Organizers[i].Address == d.Mail.From() {
			return &d.Organizers[i]
		}
	}
	return nil
}

// automatic keeps silent; a mail through a list, or one that only sounds like a
// program's, may still be a person's sign-on and goes to a person (R31).
func (d *decision) automatic() {
	d.silent(DispAutomatic, SilentAutomatic)
	a := d.Mail.Origin.Automatic
	if a.Kind == AutoList && d.Mail.Reading.Has(SignOn) || !a.Certain && a.Kind == AutoAnswer || len(d.Mail.Reading.Organizations) > 0 && a.Kind == AutoList {
		d.task(TaskUnsure, 0, "The mail looks as if a program or a mailing list sent it: "+a.Because+". No answer was sent.")
	}
}

func (d *decision) spam() {
	d.silent(DispPerson, SilentSpam)
	if d.Mail.Reading.Has(SignOn) {
		d.task(TaskUnsure, 0, "The mail server marked this as spam, but it reads like a signature. No answer was sent.")
	}
}

// nowhere handles mail that belongs to no campaign, or to more than one.
func (d *decision) nowhere() {
	d.silent(DispPerson, SilentNoCampaign)
	if d.concernsUs() {
		d.task(TaskRouting, 0, "Nobody can tell which campaign this mail is for. No answer was sent.")
		return
	}
	d.out.Disposition, d.out.Silence = DispIgnored, SilentNotForUs
}

// concernsUs reports whether a mail is one that a campaign waits for: what it wants, or
// that its writer has signed. In a shared mailbox everything else is left alone (U09).
func (d *decision) concernsUs() bool {
	switch d.Mail.Reading.Intent {
	case Spam, OtherIntent, AutoReply, BounceMail:
		return d.Asked != nil || d.Mail.Reading.Intent == OtherIntent && (len(d.Own) > 0 || len(d.Mail.Reading.Candidates) > 0)
	default:
		return true
	}
}

// unproven holds a mail whose sender failed authentication (R33): a person looks.
func (d *decision) unproven() {
	d.silent(DispPerson, SilentUnproven)
	if !d.concernsUs() {
		d.out.Disposition = DispIgnored
		return
	}
	id := int64(0)
	if d.Mail.Reading.Intent == SignOn && d.Asked == nil {
		id = d.submitHeld("authentication")
	}
	d.task(TaskUnproven, id, "The sender's domain says that this mail is not from there. Nothing was sent and nothing was changed.")
}

// backlog holds mail that came before the start or is too old to answer (U01, R58).
func (d *decision) backlog() bool {
	var silence Silence
	var why string
	switch {
	case !d.Rules.AnswerFrom.IsZero() && d.Mail.Received.Before(d.Rules.AnswerFrom):
		silence, why = SilentBacklog, "The mail came before the start. Choose whether to ask for confirmation."
	case d.Rules.AnswerWithin > 0 && d.Now.Sub(d.Mail.Oldest()) > d.Rules.AnswerWithin:
		silence, why = SilentOld, "The mail is older than we answer by ourselves. Choose whether to ask for confirmation."
	default:
		return false
	}
	d.silent(DispBacklog, silence)
	if !d.concernsUs() {
		return true
	}
	id := int64(0)
	if d.Mail.Reading.Intent == SignOn && d.Asked == nil {
		id = d.submitHeld("older")
	}
	d.task(TaskOlder, id, why)
	return true
}

// byIntent follows what the mail says.
func (d *decision) byIntent() {
	r := d.Mail.Reading
	switch {
	case r.Intent == AutoReply || r.Intent == BounceMail:
		d.silent(DispAutomatic, SilentAutomatic)
		d.task(TaskUnsure, 0, "The mail sounds like an automatic answer. No answer was sent.")
		return
	case r.Intent == Spam:
		d.silent(DispIgnored, SilentNotForUs)
		return
	case r.Missing != "" && r.Missing != "organization" || d.Mail.Partial:
		d.notUnderstood()
		return
	case r.Unclear:
		d.person(TaskUnclear, "The answer is neither a clear yes nor a clear no.")
		return
	}
	d.further()
	d.countWrongCode()
	if d.data() {
		return
	}
	switch r.Intent {
	case SignOn:
		d.signOn()
	case Conditional:
		d.conditional()
	case VerifyYes:
		d.yes()
	case VerifyNo, Decline:
		d.no()
	case Withdraw:
		d.withdraw()
	case Correction:
		d.correct()
	case SupportOnly:
		d.answer(DispThanked, NoticeThanks, nil)
	case Question:
		d.answer(DispQuestion, NoticeAcknowledge, d.Shown)
	case OtherIntent, AutoReply, BounceMail, Spam:
		d.other()
	}
}

// further passes on what a mail says besides, or only, to us people: its question (U23).
func (d *decision) further() {
	r := d.Mail.Reading
	if !r.Has(Question) {
		return
	}
	d.task(TaskQuestion, 0, "A person asks something.")
	who := d.Mail.FromName()
	if len(r.Organizations) > 0 {
		who = r.Organizations[0].Name
	} else if len(d.Shown) > 0 {
		who = d.Shown[0].Current().Fields.Name
	}
	for _, o := range d.Organizers {
		if !o.Sees(d.Campaign.ID) {
			continue
		}
		n := d.notice(NoticeQuestion, o.Address, nil)
		n.DedupeKey = fmt.Sprintf("question:M%d:O%d", d.Mail.ID, o.ID)
		n.Locale, n.InReplyTo, n.References, n.Subject = o.Locale, "", nil, ""
		n.Details.Text, n.Details.Who = d.Mail.NewText, CleanLine(who, MaxName)
		n.Details.From, n.Details.Language = d.Mail.From(), r.Language
		n.Details.Checked, n.Details.AlsoSigns = string(d.Mail.Origin.Authentication.Proof()), r.Has(SignOn)
		d.out.Notices = append(d.out.Notices, n)
	}
}

// other is a person's mail that wants nothing we know. A reply to us reaches a
// person; other mail in the mailbox is left alone (U09).
func (d *decision) other() {
	if d.concernsUs() {
		d.person(TaskUnsure, "We could not tell what the writer wants.")
		return
	}
	d.silent(DispIgnored, SilentNotForUs)
}

// person tells the writer that a person reads the mail, and one of ours to do so.
func (d *decision) person(kind TaskKind, why string) {
	id := int64(0)
	if len(d.Shown) > 0 {
		id = d.Shown[0].ID
	} else if len(d.Own) > 0 {
		id = d.Own[0].ID
	}
	d.task(kind, id, why)
	d.answer(DispPerson, NoticeAcknowledge, nil)
}

// notUnderstood answers a mail that a person must read because we could not (M4, R57).
func (d *decision) notUnderstood() {
	missing := d.Mail.Reading.Missing
	switch {
	case d.Mail.Partial:
		missing = "size"
	case missing == "":
		missing = "organization"
	}
	d.task(TaskUnsure, 0, "We could not read: "+missing+".")
	d.answer(DispPerson, NoticeNotUnderstood, nil, func(n *Notice) { n.Details.Missing = missing })
}

// fromOrganizer passes on an organizer's answer to a question (U16); everything
// else from our own people is for a person, never a signature.
func (d *decision) fromOrganizer() {
	o := d.organizer()
	answers := d.Asked != nil && d.Asked.Kind == NoticeQuestion && d.Question != nil && d.Asked.To == o.Address
	if !answers {
		d.silent(DispPerson, SilentOrganizer)
		if d.concernsUs() {
			d.task(TaskForwarded, 0, "An organizer wrote or forwarded this. Enter it by hand if it is a signature.")
		}
		return
	}
	if !d.proven() {
		d.silent(DispPerson, SilentUnproven)
		d.task(TaskUnproven, 0, "An answer in an organizer's name could not be proven and was not passed on.")
		return
	}
	text := ownWords(d.Mail.NewText, o.Address)
	if text == "" || d.Question.From() == "" {
		d.silent(DispPerson, SilentOrganizer)
		d.task(TaskQuestion, 0, "An organizer's answer was not passed on: we found no text in it, or no longer know whom it is for.")
		return
	}
	d.out.Disposition, d.out.Silence = DispAnswered, SilentOrganizer
	d.out.Notices = append(d.out.Notices, answerTo(d.Question, d.Campaign, d.Now, text, o, fmt.Sprintf("answer:Q%d:M%d", d.Question.ID, d.Mail.ID)))
	d.out.DoneMails = append(d.out.DoneMails, d.Question.ID)
}

// answerTo is an organizer's answer to the writer of the mail, from the campaign's address, in their thread.
func answerTo(question *Mail, c *Campaign, now time.Time, text string, o *Organizer, key string) Notice {
	locale := question.Reading.Language
	if locale == "" || locale == "und" {
		locale = c.Language()
	}
	return Notice{
		Kind: NoticeAnswer, CampaignID: c.ID, To: question.From(), Locale: locale, DedupeKey: key, MailID: question.ID,
		InReplyTo: question.Header.MessageID, References: thread(question), Subject: question.Header.Subject,
		QueuedAt: now, DueAt: now, State: NoticeDue,
		Details: Details{Text: text, AskedBy: o.Name, WroteAt: question.Received},
	}
}

// thread is what References of an answer holds: theirs and their Message-ID (RFC 5322 3.6.4).
func thread(m *Mail) []string {
	refs := slices.Clone(m.Header.References)
	if len(refs) == 0 {
		refs = slices.Clone(m.Header.InReplyTo)
	}
	if m.Header.MessageID != "" {
		refs = append(refs, m.Header.MessageID)
	}
	if len(refs) > 20 {
		refs = append(refs[:1], refs[len(refs)-19:]...)
	}
	return refs
}
