package demo

import (
	"cmp"
	"net/http"
	"time"
)

// A pending request is one that a person decides elsewhere, while the client
// polls for the outcome (RFC 8628 §3.4, CIBA Core §10.1).
type pending struct {
	flow      string // "device" or "ciba", with which the names of its faults begin
	client    string
	scope     []string
	resources []string
	details   []detail
	acr       string // asked for and known here, or ""
	expires   time.Time
	interval  time.Duration
	polls     int
	last      time.Time // of the polls
	grant     *grant    // once a person has agreed
	denied    bool
	used      bool
	who       *User           // the only one who may decide, or nil
	decided   func(*exchange) // tells a client that does not want to poll
}

// poll answers one poll: with tokens, with the reason to go on, or with the end
// (RFC 8628 §3.5, CIBA Core §11).
func (s *Server) poll(x *exchange, p *pending, asked params) *oauthError {
	p.polls++
	soon := p.polls > 1 && s.now().Sub(p.last) < p.interval
	p.last = s.now()
	if s.stumble(x, p) {
		return nil
	}
	s.decideAlone(x, p)
	switch {
	case p.used:
		return &oauthError{"invalid_grant", "this request has been answered with tokens before"}
	case s.now().After(p.expires) || s.broken(p.flow+"-expires"):
		return &oauthError{"expired_token", "nobody decided in time; ask for a new code"}
	case p.denied:
		return &oauthError{"access_denied", "the person denied the request"}
	case p.grant != nil:
		i, fault := s.less(p.grant, asked)
		if fault == nil {
			p.used = true
			s.hand(x, i)
		}
		return fault
	case soon || p.polls == 1 && s.broken(p.flow+"-slow-down-once"):
		p.interval += 5 * time.Second // RFC 8628 §3.5: for this and all later polls
		return &oauthError{"slow_down", "wait at least " + p.interval.String() + " between two polls"}
	}
	return &oauthError{"authorization_pending", "the person has not decided yet; poll again in " + p.interval.String()}
}

// decideAlone is the person, where the server was told to be one.
func (s *Server) decideAlone(x *exchange, p *pending) {
	if p.polls < 2 || p.grant != nil || p.denied {
		return
	}
	switch {
	case s.broken(p.flow + "-denied"):
		s.decide(x, p, nil)
	case s.config.AutoApprove && p.who != nil:
		s.decide(x, p, s.awayGrant(x, p, p.who))
	case s.config.AutoApprove:
		s.decide(x, p, s.awayGrant(x, p, &s.config.Users[0]))
	}
}

// awayGrant is what a person allowed who never came by in this client's browser.
func (s *Server) awayGrant(x *exchange, p *pending, u *User) *grant {
	return &grant{
		client: p.client, user: u, scope: p.scope,
		authTime: s.now(), sid: s.secret(x), expires: s.now().Add(s.config.Lifetimes.RefreshToken), audience: p.resources, details: p.details,
		acr: cmp.Or(p.acr, basicLevel), acrAsked: p.acr != "",
	}
}

// stumble answers the first poll as a server in trouble would, as asked.
func (s *Server) stumble(x *exchange, p *pending) bool {
	switch {
	case p.polls > 1:
		return false
	case s.broken(p.flow + "-429"):
		x.noStore()
		x.header.Set("Retry-After", "2")
		x.bytes(http.StatusTooManyRequests, "text/plain; charset=utf-8", []byte("too many requests\n"))
		x.note = "a rate limit in front of the server"
	case s.broken(p.flow + "-500-once"):
		x.noStore()
		x.html(http.StatusInternalServerError, "<!DOCTYPE html><title>Oops</title><p>Something went wrong on our side.</p>\n")
		x.note = "a failure of the server"
	default:
		return false
	}
	return true
}

// undecided says whether a person can still answer.
func (s *Server) undecided(p *pending) bool {
	return p.grant == nil && !p.denied && !s.now().After(p.expires)
}

// decide records what the person said.
func (s *Server) decide(x *exchange, p *pending, g *grant) {
	p.grant, p.denied = g, g == nil
	if p.decided != nil {
		p.decided(x)
	}
}
