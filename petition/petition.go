// Package petition is the domain of Countersign as plain data and pure rules:
// campaigns, organizations, endorsements with their versions, mails and what
// they say, and the one function, Decide, that turns a mail into an outcome.
//
// Nothing here does I/O, reads a clock or draws a random number: whoever calls
// hands in what is known and carries out what comes back. That is why the rules
// of listing, answering and staying silent can be tested as tables.
package petition

import "errors"

// Errors that callers branch on. Everything else is a fault of the machine.
var (
	ErrNotFound   = errors.New("not found")                               // no such row, or not visible to the one who asks
	ErrConflict   = errors.New("somebody else changed this meanwhile")    // a stale revision; reload and decide again
	ErrLeaseLost  = errors.New("the lease has passed to another process") // stop working on what it guards
	ErrToken      = errors.New("this link does not work")                 // wrong, old, or for another purpose: callers show one text
	ErrNewer      = errors.New("the database is newer than this program") // install the newer program
	ErrFull       = errors.New("the disk of the database is full: make room there; nothing is lost, and work goes on by itself")
	ErrBusy       = errors.New("another process uses this database file") // a second serve on one SQLite file
	ErrIncomplete = errors.New("the campaign is not complete")            // campaign open refuses; the message lists what is missing
)

// Person is somebody named in a mail or at the desk. An empty field is unknown.
type Person struct {
	Name    string `json:"name,omitempty"`
	Title   string `json:"title,omitempty"`
	Address string `json:"address,omitempty"` // e-mail, canonical (see CanonicalAddress)
}

// Address is one mailbox of a header field, decoded to UTF-8.
type Address struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}
