package message

import (
	"net/textproto"
	"time"
)

// Message is a mail as a person would see it, with every part that was damaged noted.
type Message struct {
	Header      Header
	Text        string                 // whole readable body: text/plain preferred, HTML converted; LF line ends
	New         string                 // what this sender wrote in this mail
	Quoted      string                 // quoted and forwarded text that was taken off
	Signature   string                 // signature and footer text that was taken off
	html        func() string          // see HTML
	Attachments []Attachment           // in order; inline images and attached messages included
	Attached    []*Message             // attached messages (message/rfc822), read as data: their headers never override ours (R19)
	Forwarded   []*Message             // forwarded mails found inline in the text (header block and text), outermost first
	Encrypted   bool                   // PGP or S/MIME enveloped: we cannot read it (R26)
	ContentType string                 // of the root, lower case, no parameters
	Params      map[string]string      // of the root's Content-Type (report-type, …)
	Report      []textproto.MIMEHeader // groups of fields of a message/delivery-status part (RFC 3464 2.1)
	Returned    *Header                // header of the returned message in a bounce, where there is one
	Defects     []string               // what was damaged and how it was read all the same
	Beyond      bool                   // a limit was met: something was not read; a person looks
}

// Header holds the decoded fields that we use, and all fields raw.
type Header struct {
	MessageID  string   // no angle brackets
	InReplyTo  []string // no angle brackets
	References []string
	Date       time.Time // zero when missing or illegible
	Subject    string
	From       []Address // all From fields together: more than one entry is an oddity (R18)
	Sender     []Address
	ReplyTo    []Address
	To         []Address
	Cc         []Address
	Fields     []Field // every field in order, topmost first
}

// Field is one header field, unfolded; Value is decoded to UTF-8, Raw is not.
type Field struct {
	Name  string // as written
	Value string
	Raw   []byte
}

// Address is one mailbox.
type Address struct{ Name, Address string }

// Attachment is a part that is not the text.
type Attachment struct {
	Filename  string
	MediaType string
	Size      int64
	SHA256    string // of the transfer-decoded bytes, hex
	Inline    bool
	Text      string // decoded text of a text/* attachment up to the text limit, else ""
}
