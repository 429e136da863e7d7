package token

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

const (
	mostMembers = 400 // that are explained one by one
	mostDeep    = 8   // objects within objects that are
	unknown     = "not registered: private to this server"
)

// members tells every part of the token in plain words, in its order. The
// first say what it is; In is "token" there, and "envelope" for the header of
// what it was encrypted in.
func (s *specimen) members() []trace.Member {
	all := []trace.Member{{In: "token", Name: "kind", Value: s.what, Means: s.why}}
	if s.find.where != "" {
		all = append(all, trace.Member{In: "token", Name: "found", Value: s.find.where})
	}
	if !s.looksJOSE() {
		return append(all, s.opaqueMembers()...)
	}
	e := &explainer{s: s, all: all}
	if s.sealed != nil && s.token.Header != nil && s.sealed.Plain != nil {
		e.object("envelope", s.sealed.Token.Header)
	}
	e.object("header", s.header())
	e.object("claims", s.claims)
	if e.left > 0 {
		e.all = append(e.all, trace.Member{In: "token", Name: "more", Value: fmt.Sprintf("%d members", e.left), Means: "they are in the token, and not explained one by one"})
	}
	return e.all
}

// An explainer walks through the objects of a token.
type explainer struct {
	s    *specimen
	all  []trace.Member
	left int // members beyond the limit
}

func (e *explainer) object(in string, o *jose.Object) {
	if o == nil {
		return
	}
	for i, m := range o.Members {
		repeated := slices.ContainsFunc(o.Members[:min(i, mostMembers)], func(p jose.Member) bool { return p.Name == m.Name })
		e.member(in, m.Name, m.Name, m.Value, repeated, 0)
	}
}

// member tells one member. path is its name in the table of words.
func (e *explainer) member(in, name, path string, raw json.RawMessage, repeated bool, deep int) {
	if len(e.all) >= mostMembers {
		e.left++
		return
	}
	w, known := lookup(in, path)
	m := trace.Member{In: in, Name: name, Value: textOf(raw), Means: w.means, Ref: w.ref}
	switch {
	case !known:
		m.Means = unknown
	case in == "header" && path == "jwk" && e.s.what == "dpop_proof":
		m.Means, m.Ref = "the public key that this proves the possession of", "RFC 9449 §4.2"
	}
	if says := e.s.particular(in, path, raw); says != "" {
		m.Means = says + "; " + m.Means
	}
	if repeated {
		m.Means = "the same name once more: readers differ in which they take; " + m.Means
	}
	e.all = append(e.all, m)
	if known && deep < mostDeep {
		e.inside(in, name, path, raw, deep)
	}
}

// inside tells the members of an object, or of the objects of a list.
func (e *explainer) inside(in, name, path string, raw json.RawMessage, deep int) {
	switch {
	case !explained(path):
	case raw[0] == '{':
		o, _ := jose.ParseObject(raw)
		if o == nil {
			return
		}
		for _, m := range o.Members {
			e.member(in, name+"."+m.Name, within(path, m.Name), m.Value, false, deep+1)
		}
	case raw[0] == '[' && path == "authorization_details":
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return
		}
		for i, one := range list {
			if len(one) > 0 && one[0] == '{' {
				e.inside(in, fmt.Sprintf("%s[%d]", name, i), path+"[]", one, deep+1)
			}
		}
	}
}

// explained reports whether the members of an object have words of their own.
func explained(path string) bool {
	return slices.Contains([]string{
		"cnf", "act", "may_act", "authorization_details", "authorization_details[]", "events", "status", "status.status_list",
		"address", "sub_id", "_claim_names", "_claim_sources", "_claim_sources.*", "jwk", "cnf.jwk", "epk", "sub_jwk", "token_introspection",
	}, path)
}

// within is the path of a member of an object that stands at another path.
func within(path, name string) string {
	switch path {
	case "token_introspection":
		return name // the members of RFC 7662 §2.2 mean what claims mean
	case "epk", "sub_jwk", "cnf.jwk":
		return "jwk." + name
	case "act":
		if name == "act" {
			return "act" // however long the chain is
		}
	case "_claim_sources":
		return "_claim_sources.*"
	}
	return path + "." + name
}

// lookup finds the words for a path.
func lookup(in, path string) (word, bool) {
	words := claimWords
	if in != "claims" {
		words = headerWords
	}
	if w, ok := words[path]; ok {
		return w, true
	}
	if w, ok := insideWords[path]; ok {
		return w, true
	}
	for _, parent := range []string{"authorization_details[]", "events", "_claim_names"} {
		if strings.HasPrefix(path, parent+".") {
			w, ok := insideWords[parent+".*"]
			return w, ok
		}
	}
	return word{}, false
}

// textOf is a value as text: a string as it reads, all else as JSON.
func textOf(raw json.RawMessage) string {
	var s string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// particular says what this value means, beside what its name does.
func (s *specimen) particular(in, path string, raw json.RawMessage) string {
	value := textOf(raw)
	switch path {
	case "exp", "nbf", "iat", "auth_time", "updated_at", "toe":
		if in == "claims" {
			return momentOf(raw).told(path, s.run.Now().Unix())
		}
	case "alg", "enc":
		if in != "claims" {
			return algWords[value]
		}
	case "typ":
		g, _ := genreOf(value)
		return g.words
	case "amr":
		return s.methods()
	case "at_hash", "c_hash":
		return s.hashed(path)
	case "jwk", "cnf.jwk", "sub_jwk":
		if jkt, err := jose.Thumbprint(raw); err == nil {
			return "its thumbprint (jkt) is " + jkt
		}
	case "iss":
		if in == "claims" && value != "" && value == s.run.Server.Issuer {
			return "the server that was named"
		}
	}
	return ""
}

// methods puts the ways of signing in of amr into words (RFC 8176 §2).
func (s *specimen) methods() string {
	all, _ := s.claims.Strings("amr")
	var says []string
	for _, one := range all {
		if w := methodWords[one]; w != "" {
			says = append(says, w)
		}
	}
	return strings.Join(says, ", ")
}

func (s *specimen) hashed(claim string) string {
	value, what := s.partner(claim)
	if value == "" {
		return ""
	}
	if s.judgeHash(claim).Outcome == trace.Pass {
		return "it fits the " + what + " beside it"
	}
	return "it does not fit the " + what + " beside it"
}
