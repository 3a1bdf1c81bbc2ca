package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"countersign/petition"
)

// Limits of signing in.
const (
	signInsPerWindow = 5 // mails to one organizer
	signInWindow     = 15 * time.Minute
	signInTries      = 5 // wrong digits for one mail
	sessionLife      = 30 * 24 * time.Hour
)

// StartSignIn queues a sign-in mail if the address is an organizer's, and gives the
// id of the attempt; for everybody else, and for organizers who had five mails within
// a quarter of an hour, 0 and no error, so that the page cannot tell who is one. The
// hashes are of the browser's cookie and of the six digits that the page shows.
func (s *Store) StartSignIn(ctx context.Context, address, browserHash, digitsHash, locale string, life time.Duration) (int64, error) {
	var id int64
	err := s.inTx(ctx, func(t *tx) error {
		id = 0
		o, err := one(t.organizersWhere(ctx, `address=$1`, petition.CanonicalAddress(address)))
		if errors.Is(err, petition.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := t.get(ctx, &o.ID, `SELECT id FROM organizers WHERE id=$1`+s.forUpdate(), o.ID); err != nil { // one after the other: they are counted
			return err
		}
		var recent int
		if err := t.get(ctx, &recent, `SELECT COUNT(*) FROM sign_ins WHERE organizer_id=$1 AND created_at>$2`, o.ID, toMicros(t.now.Add(-signInWindow))); err != nil {
			return err
		}
		if recent >= signInsPerWindow {
			return nil
		}
		id, err = t.signIn(ctx, o, browserHash, digitsHash, locale, life)
		return err
	})
	return id, err
}

func (t *tx) signIn(ctx context.Context, o *petition.Organizer, browserHash, digitsHash, locale string, life time.Duration) (int64, error) {
	if locale == "" {
		locale = o.Locale
	}
	n := petition.Notice{
		Kind: petition.NoticeSignIn, To: o.Address, Locale: locale, DedupeKey: fmt.Sprintf("sign_in:O%d:%s", o.ID, rand.Text()),
		ExpiresAt: t.now.Add(life),
	}
	if _, err := t.queue(ctx, nil, &n); err != nil {
		return 0, err
	}
	var id int64
	if err := t.get(ctx, &id, `INSERT INTO sign_ins (organizer_id, notice_id, browser_hash, digits_hash, created_at, expires_at)
		VALUES ($1,$2,$3,$4,$5,$6) RETURNING id`, o.ID, n.ID, browserHash, digitsHash, toMicros(t.now), toMicros(n.ExpiresAt)); err != nil {
		return 0, err
	}
	n.Details.SignIn = id
	_, err := t.exec(ctx, `UPDATE notices SET details=$2 WHERE id=$1`, n.ID, toJSON(n.Details))
	return id, err
}

type signInRow struct {
	ID          int64
	OrganizerID int64
	BrowserHash string
	DigitsHash  string
	Tries       int
	ExpiresAt   micros
	UsedAt      micros
}

// FinishSignIn opens a session for the link in the notice, once. The browser that
// asked needs no digits; any other needs the right ones, within five tries. Whatever
// is wrong, the error is petition.ErrToken. The caller has checked the link's token.
func (s *Store) FinishSignIn(ctx context.Context, noticeID int64, browserHash, digitsHash string) (string, error) {
	token, allowed := "", false
	err := s.inTx(ctx, func(t *tx) error {
		allowed = false
		var r signInRow
		err := t.get(ctx, &r, `SELECT id, organizer_id, browser_hash, digits_hash, tries, expires_at, used_at FROM sign_ins WHERE notice_id=$1`+s.forUpdate(), noticeID)
		if err != nil {
			return err
		}
		if r.UsedAt != 0 || r.ExpiresAt.time().Before(t.now) || r.Tries >= signInTries {
			return petition.ErrToken
		}
		if !equal(r.BrowserHash, browserHash) && !equal(r.DigitsHash, digitsHash) {
			_, err := t.exec(ctx, `UPDATE sign_ins SET tries=tries+1 WHERE id=$1`, r.ID)
			return err // committed: the try counts
		}
		if _, err := t.organizer(ctx, r.OrganizerID); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE sign_ins SET used_at=$2 WHERE id=$1`, r.ID, toMicros(t.now)); err != nil {
			return err
		}
		allowed = true
		token, err = t.newSession(ctx, r.OrganizerID, sessionLife)
		return err
	})
	if errors.Is(err, petition.ErrNotFound) || err == nil && !allowed {
		return "", petition.ErrToken
	}
	if err != nil {
		return "", err
	}
	return token, nil
}

// equal compares secrets in constant time; an empty one equals nothing.
func equal(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// NewSession signs an organizer in without a mail: for the demo and the first owner.
func (s *Store) NewSession(ctx context.Context, organizerID int64, life time.Duration) (token string, err error) {
	err = s.inTx(ctx, func(t *tx) error {
		if _, err := t.organizer(ctx, organizerID); err != nil {
			return err
		}
		token, err = t.newSession(ctx, organizerID, life)
		return err
	})
	return token, err
}

// newSession stores only a hash: a copy of the database opens nothing.
func (t *tx) newSession(ctx context.Context, organizerID int64, life time.Duration) (string, error) {
	token := strings.ToLower(rand.Text() + rand.Text())
	if _, err := t.exec(ctx, `DELETE FROM sessions WHERE expires_at<$1`, toMicros(t.now)); err != nil {
		return "", err
	}
	_, err := t.exec(ctx, `INSERT INTO sessions (hash, organizer_id, created_at, expires_at) VALUES ($1,$2,$3,$4)`,
		sessionHash(token), organizerID, toMicros(t.now), toMicros(t.now.Add(life)))
	return token, err
}

func sessionHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Session is who the token belongs to, or petition.ErrNotFound when it is unknown,
// ended or expired, or the organizer left.
func (s *Store) Session(ctx context.Context, token string) (petition.Organizer, error) {
	var id int64
	if err := s.reader().get(ctx, &id, `SELECT organizer_id FROM sessions WHERE hash=$1 AND expires_at>$2`, sessionHash(token), toMicros(s.Now())); err != nil {
		return petition.Organizer{}, err
	}
	return s.Organizer(ctx, id)
}

// EndSession signs out. An unknown token is no error.
func (s *Store) EndSession(ctx context.Context, token string) error {
	return s.inTx(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `DELETE FROM sessions WHERE hash=$1`, sessionHash(token))
		return err
	})
}
