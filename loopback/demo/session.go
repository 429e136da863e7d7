package demo

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A session is one browser. It has no user until somebody signs in.
type session struct {
	cookie   string
	csrf     string
	sid      string // the public name of the session, in ID tokens
	user     *User
	authTime time.Time
	consents map[string][]string // scopes by client id
}

// The pages wait this long for a person.
const pageLifetime = 10 * time.Minute

// browser finds the session of a request, or nil.
func (s *Server) browser(x *exchange) *session {
	cookie, err := x.r.Cookie(s.cookieName())
	if err != nil {
		return nil
	}
	found, _ := s.sessions.get(cookie.Value)
	return found
}

// greet finds the session of a request or begins one.
func (s *Server) greet(x *exchange) *session {
	if found := s.browser(x); found != nil {
		return found
	}
	b := &session{consents: map[string][]string{}}
	s.renew(x, b)
	return b
}

// renew gives a session new secrets, so that what was known before signing in is
// worth nothing afterwards.
func (s *Server) renew(x *exchange, b *session) {
	s.sessions.take(b.cookie)
	b.cookie, b.csrf, b.sid = s.secret(x), s.secret(x), s.secret(x)
	s.sessions.put(b.cookie, b)
	http.SetCookie(headerWriter{x.header}, &http.Cookie{
		Name: s.cookieName(), Value: b.cookie, Path: s.path + "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.config.Issuer, "https:"),
	})
}

// cookieName differs from server to server: cookies do not know ports.
func (s *Server) cookieName() string {
	sum := sha256.Sum256([]byte(s.config.Issuer))
	return "demo_session_" + hex.EncodeToString(sum[:4])
}

// headerWriter is all that http.SetCookie needs.
type headerWriter struct{ header http.Header }

func (h headerWriter) Header() http.Header       { return h.header }
func (h headerWriter) Write([]byte) (int, error) { return 0, nil }
func (h headerWriter) WriteHeader(int)           {}

// signIn makes the session somebody's.
func (s *Server) signIn(x *exchange, b *session, u *User) {
	if b.user != nil && b.user.Sub != u.Sub {
		b.consents = map[string][]string{}
	}
	b.user, b.authTime = u, s.now()
	s.renew(x, b)
}

// agree remembers what the person allowed a client in this session.
func (b *session) agree(client string, scope []string) {
	for _, name := range scope {
		if !slices.Contains(b.consents[client], name) {
			b.consents[client] = append(b.consents[client], name)
		}
	}
}

// agreed says whether all of scope was allowed before.
func (b *session) agreed(client string, scope []string) bool {
	for _, name := range scope {
		if !slices.Contains(b.consents[client], name) {
			return false
		}
	}
	return true
}

// user finds a user by name and password.
func (s *Server) user(name, password string) *User {
	for i := range s.config.Users {
		if u := &s.config.Users[i]; u.Name == name && sameSecret(u.Password, password) {
			return u
		}
	}
	return nil
}

// sameSecret compares without telling by its time where the difference is.
func sameSecret(a, b string) bool {
	sumA, sumB := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(sumA[:], sumB[:]) == 1
}
