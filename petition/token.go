package petition

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Purpose separates tokens: one made for a purpose opens nothing else (R39).
type Purpose string

// The purposes of links and codes.
const (
	PurposeConfirm  Purpose = "confirm"
	PurposeSelf     Purpose = "self" // the signer's page: see, correct, withdraw, erase
	PurposeWithdraw Purpose = "withdraw"
	PurposeCorrect  Purpose = "correct"
	PurposeSee      Purpose = "see"
	PurposeErase    Purpose = "erase"
	PurposeSignIn   Purpose = "sign_in"
	PurposeBounce   Purpose = "bounce"

	purposeCode      Purpose = "code"
	purposeReference Purpose = "reference"
)

// Reference is the notice that a reply reference of ours names. It identifies and
// never authorises: it travels in every forward (R38).
type Reference struct {
	Notice int64  `json:"notice"`
	Where  string `json:"where"` // the header field that carries it, lower case: to, cc, in-reply-to, references; delivered-to: only the envelope
}

// Keys makes and checks every token. Tokens are recomputed, never stored.
type Keys struct {
	current byte
	secrets map[byte][]byte
}

// MinSecret is the least length of a key in bytes.
const MinSecret = 32

// NewKeys takes secrets by key id; current is the id that makes new tokens. The
// others still open old ones.
func NewKeys(current byte, secrets map[byte][]byte) (Keys, error) {
	if _, ok := secrets[current]; !ok {
		return Keys{}, errors.New("the current key is missing")
	}
	for id, s := range secrets {
		if len(s) < MinSecret {
			return Keys{}, fmt.Errorf("key %d has %d bytes: at least %d are needed", id, len(s), MinSecret)
		}
	}
	return Keys{current: current, secrets: secrets}, nil
}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const (
	linkMAC      = 16 // bytes: 128 bits
	referenceMAC = 5  // bytes: short, it only identifies
)

// Link makes the token of a link in the notice. It is bound to purpose, notice,
// versions shown and address.
func (k Keys) Link(p Purpose, n *Notice) string {
	return k.link(k.current, p, n)
}

func (k Keys) link(key byte, p Purpose, n *Notice) string {
	b := binary.AppendUvarint([]byte{key}, uint64(n.ID))
	return base32Lower.EncodeToString(append(b, k.mac(key, p, n)[:linkMAC]...))
}

// LinkNotice tells which notice a token claims to come from. The caller loads it
// and asks LinkOpens: the claim alone proves nothing.
func (k Keys) LinkNotice(token string) (int64, error) {
	b, err := base32Lower.DecodeString(strings.ToLower(token))
	if err != nil || len(b) < 2+linkMAC {
		return 0, ErrToken
	}
	id, n := binary.Uvarint(b[1:])
	if n <= 0 || 1+n+linkMAC != len(b) || id == 0 || id > 1<<62 {
		return 0, ErrToken
	}
	return int64(id), nil
}

// LinkOpens reports whether the token was made for the purpose and the notice, by
// any key that we still hold. Letter case does not matter: clients change it.
func (k Keys) LinkOpens(token string, p Purpose, n *Notice) bool {
	b, err := base32Lower.DecodeString(strings.ToLower(token))
	if err != nil || len(b) == 0 || k.secrets[b[0]] == nil {
		return false
	}
	return hmac.Equal([]byte(k.link(b[0], p, n)), []byte(strings.ToLower(token)))
}

func (k Keys) mac(key byte, p Purpose, n *Notice) []byte {
	h := hmac.New(sha256.New, k.secrets[key])
	fmt.Fprintf(h, "%s\x00%d\x00%s", p, n.ID, CanonicalAddress(n.To))
	for _, s := range n.Shows {
		fmt.Fprintf(h, "\x00%d\x00%d", s.EndorsementID, s.Version)
	}
	return h.Sum(nil)
}

// codeLetters is Crockford's alphabet: no I, L, O and U, so that a typed code is read right.
const codeLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const codeLength = 12 // letters of five bits each: 60 bits (U10)

// Code is the printed code of the notice, "K7M2-QX9D-4TWA". Replies quote it.
func (k Keys) Code(n *Notice) string { return k.code(k.current, n) }

func (k Keys) code(key byte, n *Notice) string {
	bits := binary.BigEndian.Uint64(k.mac(key, purposeCode, n))
	var b strings.Builder
	for i := range codeLength {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(codeLetters[bits>>(64-5*(i+1))&31])
	}
	return b.String()
}

// CodeOpens reports whether one of the codes, in canonical form, is the notice's.
func (k Keys) CodeOpens(codes []string, n *Notice) bool {
	for key := range k.secrets {
		want := []byte(k.code(key, n))
		for _, c := range codes {
			if hmac.Equal(want, []byte(c)) {
				return true
			}
		}
	}
	return false
}

// codeFold is the canonical letter of each byte that may stand in a code, 0 for others.
var codeFold = func() (table [128]byte) {
	for _, c := range []byte(codeLetters) {
		table[c] = c
		if c >= 'A' {
			table[c-'A'+'a'] = c
		}
	}
	for b, c := range map[byte]byte{'O': '0', 'o': '0', 'I': '1', 'i': '1', 'L': '1', 'l': '1', '-': '-'} {
		table[b] = c
	}
	return table
}()

// foldCode is codeFold for any letter: clients turn hyphens into dashes.
func foldCode(r rune) byte {
	switch {
	case r < 128:
		return codeFold[r]
	case r >= '\u2010' && r <= '\u2015', r == '\u2212':
		return '-'
	}
	return 0
}

const maxCodes = 20 // found in one mail

// FindCodes returns whatever looks like a printed code in the text, in canonical
// form, each once and at most 20. One pass: every mail's whole text goes through it.
func FindCodes(text string) []string {
	var found []string
	var word [codeLength + 2]byte
	n := 0 // letters of the word so far; one more than word holds: too long
	for _, r := range text + "\n" {
		c := foldCode(r)
		switch {
		case c == '-' && n == 0: // hyphens before a code are no part of it
		case c != 0 && n < len(word):
			word[n] = c //nolint:gosec // n is bounded by the line above
			n++
		case c == '-' && n == len(word): // nor those behind it
		case c != 0:
			n = len(word) + 1
		default:
			if n == len(word) && isCode(word[:]) && len(found) < maxCodes && !slices.Contains(found, string(word[:])) {
				found = append(found, string(word[:]))
			}
			n = 0
		}
	}
	return found
}

func isCode(w []byte) bool {
	for i, c := range w {
		if hyphen := i == 4 || i == 9; hyphen != (c == '-') {
			return false
		}
	}
	return true
}

// Reference is the notice's reply reference: letters and digits, at most 24, for a
// plus part or the left of a Message-ID. Local parts get case-folded; so it is lower case.
func (k Keys) Reference(noticeID int64) string { return k.reference(k.current, noticeID) }

func (k Keys) reference(key byte, noticeID int64) string {
	b := binary.AppendUvarint([]byte{key}, uint64(noticeID))
	h := hmac.New(sha256.New, k.secrets[key])
	fmt.Fprintf(h, "%s\x00%d", purposeReference, noticeID)
	return "n" + base32Lower.EncodeToString(append(b, h.Sum(nil)[:referenceMAC]...))
}

// MessageID is the Message-ID of a notice sent from the address, without angle brackets.
func (k Keys) MessageID(noticeID int64, from string) string {
	return k.Reference(noticeID) + "@" + Domain(from)
}

// ReplyTo is the address with the notice's reply reference in its plus part (RFC 5233).
func (k Keys) ReplyTo(noticeID int64, from string) string {
	local, domain, ok := strings.Cut(from, "@")
	if !ok {
		return from
	}
	return local + "+" + k.Reference(noticeID) + "@" + domain
}

// Notice returns the notice that a reference names, if one of our keys made it.
func (k Keys) Notice(reference string) (int64, bool) {
	reference = strings.ToLower(reference)
	rest, ok := strings.CutPrefix(reference, "n")
	if !ok {
		return 0, false
	}
	b, err := base32Lower.DecodeString(rest)
	if err != nil || len(b) < 2+referenceMAC || k.secrets[b[0]] == nil {
		return 0, false
	}
	id, n := binary.Uvarint(b[1:])
	if n <= 0 || 1+n+referenceMAC != len(b) || id == 0 || id > 1<<62 {
		return 0, false
	}
	return int64(id), hmac.Equal([]byte(k.reference(b[0], int64(id))), []byte(reference))
}

// FindReferences returns our reply references in the header, best carrier first
// (R28): plus parts, then In-Reply-To, then References from the newest back.
func (k Keys) FindReferences(h Header) []Reference {
	var found []Reference
	add := func(text, where string) {
		if id, ok := k.Notice(text); ok && !slices.ContainsFunc(found, func(r Reference) bool { return r.Notice == id && r.Where == where }) {
			found = append(found, Reference{Notice: id, Where: where})
		}
	}
	for _, a := range h.Recipients {
		local, _, _ := strings.Cut(a, "@")
		if _, plus, ok := strings.Cut(local, "+"); ok {
			add(plus, "to")
		}
	}
	for _, id := range h.InReplyTo {
		left, _, _ := strings.Cut(id, "@")
		add(left, "in-reply-to")
	}
	for _, id := range slices.Backward(h.References) {
		left, _, _ := strings.Cut(id, "@")
		add(left, "references")
	}
	return found
}

// OwnMessageID reports whether the Message-ID is one of ours: such a mail is a loop (R32).
func (k Keys) OwnMessageID(id string) bool {
	left, _, _ := strings.Cut(id, "@")
	_, ok := k.Notice(left)
	return ok
}
