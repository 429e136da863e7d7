package output

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A curlSecret is a value that was masked, and the variable that stands for it.
type curlSecret struct {
	name   string
	member string // of the answer that it came in
	from   int    // the record of that answer, when its request is sent again too
	back   int    // the record in which a browser brought it
	used   int    // the first record that needs it
	shown  string // what it was masked as
}

// about says what a variable stands for, in characters that mean nothing
// between double quotes.
func (v *curlSecret) about() string {
	says := "shown as " + strings.Map(func(r rune) rune {
		if r == '…' || r < 0x7f && (alphanumeric(byte(r)) || strings.ContainsRune(".-_()", r)) {
			return r
		}
		return '?'
	}, elideMiddle(Clean(v.shown), 40))
	switch {
	case v.from > 0:
		says += ", came with the answer to request " + strconv.Itoa(v.from)
	case v.back > 0:
		says += ", came back by the browser in record " + strconv.Itoa(v.back)
	}
	return says + ", first needed by request " + strconv.Itoa(v.used)
}

// curlNames are the variables of the parameters and header fields that OAuth
// knows. All others get a prefix, so that a trace cannot ask for what stands in
// somebody's environment anyway.
var curlNames = map[string]string{
	"access_token": "ACCESS_TOKEN", "actor_token": "ACTOR_TOKEN", "assertion": "ASSERTION", "auth_req_id": "AUTH_REQ_ID",
	"client_assertion": "CLIENT_ASSERTION", "client_secret": "CLIENT_SECRET", "code": "CODE", "code_verifier": "CODE_VERIFIER",
	"device_code": "DEVICE_CODE", "dpop": "DPOP_PROOF", "id_token": "ID_TOKEN", "id_token_hint": "ID_TOKEN_HINT",
	"login_hint_token": "LOGIN_HINT_TOKEN", "oauth-client-attestation": "CLIENT_ATTESTATION",
	"oauth-client-attestation-pop": "CLIENT_ATTESTATION_POP", "password": "PASSWORD", "refresh_token": "REFRESH_TOKEN",
	"registration_access_token": "REGISTRATION_ACCESS_TOKEN", "request": "REQUEST_OBJECT", "request_uri": "REQUEST_URI",
	"subject_token": "SUBJECT_TOKEN", "token": "TOKEN", "user_code": "USER_CODE",
	"client_notification_token": "CLIENT_NOTIFICATION_TOKEN",
}

func curlName(place string) string {
	place = strings.ToLower(place)
	if name := curlNames[place]; name != "" {
		return name
	}
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, place[:min(len(place), 40)])
	return "SECRET_" + name
}

// A curlSource is where a secret was first seen in an answer.
type curlSource struct {
	member string
	seq    int
}

// A curlPlan is what has to be known before the first request is written.
type curlPlan struct {
	secrets map[string]*curlSecret // by the fingerprint that they are masked with
	order   []*curlSecret          // as they are first used
	kept    map[int][]*curlSecret  // to be taken from the answer of a record
	taken   map[string]int         // names of variables
	sources map[string]curlSource
	backs   map[string]int
	clients map[string]string // client_id by run
	certs   map[string]bool   // runs with mutual TLS
	polls   map[string]int    // the last of a row of polls
	left    int               // requests of a browser
	marked  bool              // some request holds secrets
}

// planCurl looks through a trace for what its requests need.
func planCurl(records []trace.Record) *curlPlan {
	p := &curlPlan{
		secrets: map[string]*curlSecret{}, kept: map[int][]*curlSecret{}, taken: map[string]int{},
		sources: map[string]curlSource{}, backs: map[string]int{},
		clients: map[string]string{}, certs: map[string]bool{}, polls: map[string]int{},
	}
	for _, r := range records {
		p.survey(r)
	}
	for _, r := range records {
		if e, ok := r.Event.(trace.Exchanged); ok {
			if p.replays(r, e) {
				p.asked(r, e)
				p.marked = p.marked || len(e.Secrets) > 0
				p.answered(r, e)
			} else if e.Poll == 0 {
				p.left++
			}
		}
	}
	return p
}

func (p *curlPlan) survey(r trace.Record) {
	switch e := r.Event.(type) {
	case trace.RunStarted:
		p.clients[r.Run] = e.Client
	case trace.Note:
		if e.Topic == "client-authentication" && strings.Contains(e.Text, "tls_client_auth") {
			p.certs[r.Run] = true
		}
	case trace.Finding: // the extension that binds tokens to a certificate judges every answer
		if strings.HasPrefix(e.Code, "V-MT-") {
			p.certs[r.Run] = true
		}
	case trace.Returned:
		for _, v := range e.Params {
			if tag, ok := maskTag(v.Value); ok {
				p.backs[tag] = r.Seq
			}
		}
	case trace.Exchanged:
		if e.Poll > 0 {
			p.polls[r.Run+" "+e.Endpoint] = r.Seq
		}
	}
}

// replays says whether a request is sent again: not those of a browser, and of
// a row of polls only the last.
func (p *curlPlan) replays(r trace.Record, e trace.Exchanged) bool {
	switch e.Endpoint {
	case "page", "authorization", "end_session":
		return false
	}
	return e.Poll == 0 || p.polls[r.Run+" "+e.Endpoint] == r.Seq
}

// answered notes which secrets an answer brought.
func (p *curlPlan) answered(r trace.Record, e trace.Exchanged) {
	if !strings.Contains(e.Response.Body, "…(") {
		return
	}
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(e.Response.Body), &members) != nil {
		return
	}
	for _, name := range sortedNames(members) {
		raw := members[name]
		var value string
		if json.Unmarshal(raw, &value) != nil || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
			continue
		}
		if tag, ok := maskTag(value); ok {
			if _, known := p.sources[tag]; !known {
				p.sources[tag] = curlSource{name, r.Seq}
			}
		}
	}
}

// secret is the variable of what was masked at some place of a request.
func (p *curlPlan) secret(seq int, shown, tag, place string) *curlSecret {
	if v := p.secrets[tag]; v != nil {
		return v
	}
	v := &curlSecret{back: p.backs[tag], used: seq, shown: shown}
	base := curlName(place)
	if source, ok := p.sources[tag]; ok {
		base = curlName(source.member)
		v.member, v.from = source.member, source.seq
		p.kept[source.seq] = append(p.kept[source.seq], v)
	}
	for v.name == "" || p.taken[v.name] > 0 {
		p.taken[base]++
		v.name = base
		if n := p.taken[base]; n > 1 {
			v.name = base + "_" + strconv.Itoa(n)
		} else {
			break
		}
	}
	if v.name != base {
		p.taken[v.name]++
	}
	p.secrets[tag] = v
	p.order = append(p.order, v)
	return v
}
