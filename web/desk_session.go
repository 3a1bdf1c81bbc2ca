package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"countersign/petition"
)

// The cookies of the desk, without the prefix that they have under https.
const (
	sessionCookie = "countersign_session"
	signInCookie  = "countersign_sign_in"
	flashCookie   = "countersign_flash"
)

const (
	sessionLife = 14 * 24 * time.Hour // of the cookie; the session in the database ends by its own clock
	signInLife  = 30 * time.Minute
	flashLife   = time.Minute
)

// SessionCookie is the cookie that signs a browser in with a session of the store.
// Under an https base it is Secure and bound to the host (RFC 6265bis, __Host-).
func SessionCookie(base *url.URL, token string) *http.Cookie {
	return deskCookie(base, sessionCookie, token, sessionLife)
}

func deskCookie(base *url.URL, name, value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // Secure follows the base URL: on plain-http loopback browsers would drop it
		Name: name, Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: base.Scheme == "https",
	}
	if c.Secure {
		c.Name = "__Host-" + name
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

func (s *Server) cookieName(name string) string { return deskCookie(s.base, name, "", 0).Name }

func cookieValue(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

func (s *Server) clearCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, deskCookie(s.base, name, "", 0))
}

// asked is what the browser that asked for a sign-in link keeps: the secret that
// tells it from others, the digits that it shows, and where to go afterwards.
type asked struct {
	Browser string `json:"b"`
	Digits  string `json:"d"`
	Next    string `json:"n,omitempty"`
}

func newAsked(next string) (asked, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return asked{}, err
	}
	digits := n.String()
	return asked{Browser: rand.Text(), Digits: strings.Repeat("0", 6-len(digits)) + digits, Next: deskPath(next)}, nil
}

func (s *Server) setAsked(w http.ResponseWriter, a asked) error {
	return s.setJSONCookie(w, signInCookie, a, signInLife)
}

func (s *Server) asked(r *http.Request) (asked, bool) {
	var a asked
	ok := s.jsonCookie(r, signInCookie, &a)
	return a, ok && len(a.Digits) == 6 && a.Browser != ""
}

func (a asked) browserHash() string {
	sum := sha256.Sum256([]byte(a.Browser))
	return hex.EncodeToString(sum[:])
}

// digitsHash is what the database keeps of the six digits. A plain hash of six
// digits is no secret; so it is keyed. Notice 0 does not exist: this opens no link.
func (s *Server) digitsHash(digits string) string {
	return s.keys.Link(petition.PurposeSignIn, &petition.Notice{To: "digits:" + digits})
}

// flash is what an act did, told on the next page. It lives in a cookie for a
// minute and holds ids only; what it names is looked up for the one who sees it.
type flash struct {
	What        string `json:"w"` // message desk.did_WHAT
	Endorsement int64  `json:"e,omitempty"`
	Event       int64  `json:"v,omitempty"` // can be undone
	Count       int    `json:"n,omitempty"`
}

func (s *Server) setFlash(w http.ResponseWriter, f flash) error {
	return s.setJSONCookie(w, flashCookie, f, flashLife)
}

// takeFlash reads the flash once.
func (s *Server) takeFlash(w http.ResponseWriter, r *http.Request) *flash {
	var f flash
	if !s.jsonCookie(r, flashCookie, &f) {
		return nil
	}
	s.clearCookie(w, flashCookie)
	if !isWhat(f.What) {
		return nil
	}
	return &f
}

func (s *Server) setJSONCookie(w http.ResponseWriter, name string, value any, life time.Duration) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	http.SetCookie(w, deskCookie(s.base, name, base64.RawURLEncoding.EncodeToString(b), life))
	return nil
}

func (s *Server) jsonCookie(r *http.Request, name string, into any) bool {
	b, err := base64.RawURLEncoding.DecodeString(cookieValue(r, s.cookieName(name)))
	return err == nil && len(b) > 0 && json.Unmarshal(b, into) == nil
}
