package petition

import (
	"slices"
	"time"
)

// Rules are the installation's settings that deciding needs.
type Rules struct {
	Own           []string      // our addresses and aliases, canonical: never answered (R32)
	AnswerWithin  time.Duration // older mail is offered to organizers (R58)
	AnswerFrom    time.Time     // mail that arrived before is backlog (U01); zero: from the beginning
	RequestLife   time.Duration // how long links and codes of a request count
	PerAddress    int           // notices a day for one (address, endorsement, kind); 0 means 3
	PerDomainHour int           // answers an hour to one organizational domain; more are delayed; 0 means 50
}

// Known is everything that one mail's decision may depend on, loaded and locked
// by the store. Deciding on equal Known gives an equal Outcome.
type Known struct {
	Now        time.Time
	Rules      Rules
	Mail       *Mail
	Campaign   *Campaign        // where the mail belongs; nil: none, or more than one
	Organizers []Organizer      // all of them; those of the campaign are told, none signs by writing
	Asked      *Notice          // the notice that a reply reference or a printed code names
	CodeOpens  bool             // the text holds Asked's printed code
	Shown      []*Endorsement   // what Asked shows, in its order
	Question   *Mail            // Asked is a question to organizers: the mail that asked
	Own        []*Endorsement   // endorsements of the campaign whose contact is the sender
	Same       [][]*Endorsement // by claim of the reading: endorsements of the campaign that share an identity key
	Repeats    int              // decided mails of the same submission (Similar equal)
	Recent     []Notice         // to the sender's address within 24 hours, newest first
	DomainHour int              // notices to the sender's organizational domain within the hour
	Readings   int              // how often the mail was read; counted where its proof failed for the moment (R33)
	Bounced    *Notice          // a bounce: the notice that came back
	BouncedFor []*Endorsement   // what that notice shows
}

// Disposition is what became of a mail, in one word.
type Disposition string

// The dispositions.
const (
	DispSignOn      Disposition = "sign_on" // endorsements were made, a request goes out
	DispSignedAgain Disposition = "signed_again"
	DispConfirmed   Disposition = "confirmed"
	DispRefused     Disposition = "refused"
	DispUndecided   Disposition = "undecided"
	DispCorrected   Disposition = "corrected"
	DispWithdrawn   Disposition = "withdrawn"
	DispData        Disposition = "data"        // somebody asked to see, or to have erased, what we keep (R60)
	DispProveFirst  Disposition = "prove_first" // nothing changed; a link went to the address on file
	DispQuestion    Disposition = "question"
	DispAnswered    Disposition = "answered" // an organizer's answer was passed on
	DispThanked     Disposition = "thanked"
	DispPerson      Disposition = "person"  // a person must look
	DispBacklog     Disposition = "backlog" // came before the start, or is too old to answer
	DispLate        Disposition = "late"
	DispAutomatic   Disposition = "automatic"
	DispBounce      Disposition = "bounce"
	DispIgnored     Disposition = "ignored"
)

// Silence is the named reason why a mail gets no answer (U04).
type Silence string

// The reasons. An outcome has an answer or one of these, never both, never neither.
const (
	Answered          Silence = ""
	SilentAutomatic   Silence = "automatic"        // a program wrote it (R31)
	SilentOwn         Silence = "own_address"      // ours, or a loop (R32)
	SilentNoSender    Silence = "no_single_sender" // no From, or several (R18)
	SilentOld         Silence = "older_than_answer_within"
	SilentBacklog     Silence = "came_before_start"     // U01
	SilentUnproven    Silence = "authentication_failed" // R33: a person
	SilentRepeat      Silence = "repeat"                // the same mail again (R34)
	SilentLimit       Silence = "limit"                 // the day's limit for this kind (R34)
	SilentNoCampaign  Silence = "no_campaign"           // routing: a person
	SilentNotForUs    Silence = "no_sign_on"            // U09: a shared mailbox's other mail
	SilentSpam        Silence = "spam"
	SilentOrganizer   Silence = "organizer"    // from our own people
	SilentPersonFirst Silence = "person_first" // it could not be read or decided: a person looks before anything is sent (R09, R16)
	SilentDraft       Silence = "campaign_not_open"
)

// TaskKind is why a person must look.
type TaskKind string

// The kinds of task in the organizers' queue. Review is derived from endorsements, not stored.
const (
	TaskUnsure      TaskKind = "unsure" // the reading needs a person
	TaskQuestion    TaskKind = "question"
	TaskUnclear     TaskKind = "unclear" // an answer that is neither yes nor no
	TaskDisputed    TaskKind = "disputed"
	TaskUnproven    TaskKind = "unproven" // authentication failed
	TaskUnreachable TaskKind = "unreachable"
	TaskDuplicate   TaskKind = "duplicate"
	TaskOlder       TaskKind = "older" // U01, R58
	TaskLate        TaskKind = "late"
	TaskRouting     TaskKind = "routing"
	TaskQuarantine  TaskKind = "quarantine"
	TaskDelivery    TaskKind = "delivery" // a notice could not be sent
	TaskForwarded   TaskKind = "forwarded"
)

// Task is one thing that waits for a person.
type Task struct {
	ID            int64
	Kind          TaskKind
	CampaignID    int64 // 0: nobody knows yet
	MailID        int64
	EndorsementID int64 // negative in an Outcome: see New
	NoticeID      int64
	Urgent        bool
	Why           string // plain words for organizers, may hold an id but no address
	CreatedAt     time.Time
	DoneAt        time.Time // zero: open
	DoneBy        int64
}

// Outcome is what a decision wants done. In Events, Notices and Tasks a negative
// endorsement id -n means New[n-1]; the store puts in the real one.
type Outcome struct {
	Disposition Disposition
	Silence     Silence
	New         []Endorsement // without Versions: the first event makes the first
	Events      []Event
	Notices     []Notice
	Tasks       []Task
	DoneTasks   []int64   // tasks that this settles
	DoneMails   []int64   // mails whose open questions this settles
	Drop        []int64   // notices that are overtaken, if not yet sent
	WrongCode   int64     // a notice whose code was tried and did not open
	LookAgain   time.Time // nothing is decided: the mail is to be read anew then; zero: it is
}

// Empty reports whether nothing changes and nobody is told.
func (o *Outcome) Empty() bool {
	return len(o.New) == 0 && len(o.Events) == 0 && len(o.Notices) == 0 && len(o.Tasks) == 0
}

// ActionKind names what a signer does on a page, an organizer at the desk or the clock.
type ActionKind string

// The actions.
const (
	ActConfirm     ActionKind = "confirm"   // signer
	ActWait        ActionKind = "wait"      // signer: somebody else must decide first; Address, if given, is asked instead
	ActRemove      ActionKind = "remove"    // signer: we did not ask for this (deliberate)
	ActReinstate   ActionKind = "reinstate" // signer, within 7 days, or organizer
	ActCorrect     ActionKind = "correct"   // signer: Fields
	ActWithdraw    ActionKind = "withdraw"  // signer (deliberate) or organizer
	ActErase       ActionKind = "erase"     // signer (deliberate): the persons go, the organization's decision stays (trap 4)
	ActForget      ActionKind = "forget"    // the clock: what ActErase began is done for good
	ActNewLink     ActionKind = "new_link"  // anybody: Address; answers the same whatever is known
	ActApprove     ActionKind = "approve"   // organizer from here
	ActDecline     ActionKind = "decline"   // Why, Tell
	ActEdit        ActionKind = "edit"      // Fields
	ActAsk         ActionKind = "ask"       // Text to the signer
	ActAnswer      ActionKind = "answer"    // Text to the writer of Mail
	ActHide        ActionKind = "hide"
	ActShow        ActionKind = "show"
	ActUndo        ActionKind = "undo" // Event
	ActNote        ActionKind = "note"
	ActRelease     ActionKind = "release" // a held or older mail: ask to confirm after all
	ActVouch       ActionKind = "vouch"   // confirmed by me, because Why
	ActEnter       ActionKind = "enter"   // by hand: Fields, Ask or vouch
	ActDone        ActionKind = "done"    // Task is done without more
	ActRemind      ActionKind = "remind"  // the clock from here
	ActClosing     ActionKind = "closing" // the list closes soon: the one note to those not decided yet (U13)
	ActExpire      ActionKind = "expire"
	ActUnreachable ActionKind = "unreachable" // the SMTP server refused the notice for good
)

// Action is one act of a person or the clock, with what it applies to.
type Action struct {
	Kind         ActionKind
	CampaignID   int64
	Endorsements []int64
	Revisions    []int64 // as the form knew them, by endorsement; nil: not checked
	NoticeID     int64   // the notice whose link brought the signer here
	Travels      bool    // that link is a request's, which people forward: see action.foreign
	OrganizerID  int64   // 0: a signer or the clock
	Who          Person  // the confirmer, as typed
	Channel      Channel
	Fields       Fields
	Text         string
	Why          string
	Tell         bool   // decline: write to the signer, with Text
	Nth          int    // remind: first or second
	Address      string // wait: who decides; new_link: whom it is for
	EventID      int64
	TaskID       int64
	MailID       int64
	Language     string // the language of the page
	TextVersion  int    // the letter's version that the page showed; 0: not checked
}

// Situation is everything that an action's decision may depend on, loaded and locked by the store.
type Situation struct {
	Now          time.Time
	Rules        Rules
	Campaign     *Campaign
	Endorsements []*Endorsement // in the action's order
	Events       []Event        // history of the one endorsement that undo concerns
	Notice       *Notice
	Mail         *Mail // the mail that an answer or a release concerns
	Task         *Task
	Organizer    *Organizer
	Recent       []Notice // to the signer's address within 24 hours
}

// The roles of organizers.
const (
	RoleOwner    = "owner"
	RoleReviewer = "reviewer"
	RoleReader   = "reader" // sees, never acts
)

// Organizer is a person who reviews endorsements and runs campaigns.
type Organizer struct {
	ID        int64
	Address   string // canonical
	Name      string
	Role      string  // RoleOwner, RoleReviewer, RoleReader
	Campaigns []int64 // empty: all
	Locale    string
	Digest    bool
}

// Sees reports whether the organizer may work on the campaign.
func (o *Organizer) Sees(campaignID int64) bool {
	return len(o.Campaigns) == 0 || slices.Contains(o.Campaigns, campaignID)
}

// Lease is the right to work on something that only one process may touch. The
// generation grows with every change of hands: work done under an older one is refused.
type Lease struct {
	Name       string
	Holder     string
	Generation int64
	Until      time.Time // by the database's clock
}

// Decider is the shape of Decide.
type Decider func(Known) Outcome
