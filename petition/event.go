package petition

import "time"

// EventKind names one change of an endorsement.
type EventKind string

// The kinds of event. Each is one row of the history and one case of Apply.
const (
	EventSubmitted   EventKind = "submitted"   // the first version
	EventCorrected   EventKind = "corrected"   // a further version, by the signer
	EventEdited      EventKind = "edited"      // a further version, by an organizer; proof may carry over
	EventConfirmed   EventKind = "confirmed"   // Version is confirmed by Who
	EventUndecided   EventKind = "undecided"   // somebody else must decide first
	EventRefused     EventKind = "refused"     // the signer answered NO
	EventDisputed    EventKind = "disputed"    // "this was not me"; or two people differ
	EventUnreached   EventKind = "unreachable" // the request bounced for good
	EventExpired     EventKind = "expired"
	EventApproved    EventKind = "approved"
	EventDeclined    EventKind = "declined"
	EventWithdrawn   EventKind = "withdrawn"
	EventReinstated  EventKind = "reinstated" // a withdrawal or removal taken back, within seven days
	EventHidden      EventKind = "hidden"
	EventShown       EventKind = "shown"    // the opposite of hidden
	EventReleased    EventKind = "released" // an organizer lets a held mail be answered
	EventListed      EventKind = "listed"   // the program: number given
	EventAsked       EventKind = "asked"    // an organizer asked the signer something
	EventAnswered    EventKind = "answered" // an organizer answered a question
	EventSuggested   EventKind = "suggested_duplicate"
	EventSignedAgain EventKind = "signed_again" // the same once more, or a colleague: nothing changes
	EventUndone      EventKind = "undone"       // Undoes names the event; the state before it stands again
	EventErasing     EventKind = "erasing"      // the signer wants the persons erased: shown nowhere from now on
	EventKept        EventKind = "kept"         // that was taken back
	EventErased      EventKind = "erased"       // for good
	EventNote        EventKind = "note"
)

// Event is one change: who, when, what, through which channel, why. Undo is a new event.
type Event struct {
	ID            int64
	EndorsementID int64
	At            time.Time
	Kind          EventKind
	Version       int          // the version concerned, or made
	Fields        Fields       // submitted, corrected, edited: what the new version says
	Verification  Verification // corrected: the state of the new version where it is not the usual
	Who           Person       // the signer, where it was one
	OrganizerID   int64        // the organizer, where it was one
	Channel       Channel
	Why           string // an organizer's reason or note, or the program's rule
	MailID        int64
	NoticeID      int64
	Undoes        int64
	Number        int   // listed: the number given; 0 lets the store give the next
	OtherID       int64 // suggested_duplicate: the endorsement that it may be
	TextVersion   int
	TextLanguage  string
}
