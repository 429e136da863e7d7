package token

import (
	"encoding/json"
	"math"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// introspectionMembers are those registered for introspection responses, in
// the order in which a person wants to read them.
var introspectionMembers = []struct{ name, means, ref string }{
	{"active", "", "RFC 7662 §2.2"}, // said by its value
	{"scope", "what the token is good for", "RFC 7662 §2.2"},
	{"authorization_details", "what it is good for, in detail", "RFC 9396 §9.2"},
	{"client_id", "the client that it was issued to", "RFC 7662 §2.2"},
	{"username", "the person, by a name to show", "RFC 7662 §2.2"},
	{"sub", "whom it stands for: a person, or the client itself", "RFC 7662 §2.2"},
	{"aud", "the resources that it is meant for: all others must refuse it", "RFC 7662 §2.2"},
	{"iss", "the server that issued it", "RFC 7662 §2.2"},
	{"token_type", "how it is presented", "RFC 7662 §2.2"},
	{"exp", "when it expires", "RFC 7662 §2.2"},
	{"iat", "when it was issued", "RFC 7662 §2.2"},
	{"nbf", "from when on it can be used", "RFC 7662 §2.2"},
	{"jti", "its own name", "RFC 7662 §2.2"},
	{"cnf", "the key that it is bound to: whoever presents it has to prove that they hold it", "RFC 9449 §6.2; RFC 8705 §3.2"},
	{"act", "who acts in place of the subject", "RFC 8693 §4.1"},
	{"may_act", "who may act in place of the subject", "RFC 8693 §4.4"},
	{"acr", "how strong the sign-in was, as a class", "RFC 9470 §6.2"},
	{"auth_time", "when the person signed in", "RFC 9470 §6.2"},
}

// introspectedMembers tells an introspection response in words. Members that
// are not registered are left to be read as they are.
func introspectedMembers(o *jose.Object, now time.Time) []trace.Member {
	var out []trace.Member
	for _, known := range introspectionMembers {
		raw, there := o.Get(known.name)
		if !there {
			continue
		}
		m := trace.Member{In: "claims", Name: known.name, Value: string(raw), Means: known.means, Ref: known.ref}
		if s, ok := o.String(known.name); ok {
			m.Value = s
		}
		switch known.name {
		case "active":
			m.Means = activity(raw)
		case "exp", "iat", "nbf", "auth_time":
			if n, ok := o.Number(known.name); ok {
				m.Means += introspectedTime(n, now)
			}
		}
		out = append(out, m)
	}
	return out
}

func activity(raw json.RawMessage) string {
	switch string(raw) {
	case "true":
		return "the token can be used, by what this server knows"
	case "false":
		return "the token cannot be used, or this client may not know of it"
	}
	return "makes no sense: it has to be true or false"
}

// introspectedTime says a NumericDate (RFC 7519 §2) as a moment, and how far
// away that is.
func introspectedTime(n json.Number, now time.Time) string {
	f, err := n.Float64()
	if err != nil || math.Abs(f) > 1e11 { // beyond the year 5000
		return ": not a time in seconds"
	}
	at := time.Unix(int64(f), 0).UTC()
	moment := ": " + at.Format("2006-01-02 15:04:05 UTC")
	switch d := at.Sub(now).Truncate(time.Second); {
	case d > 0:
		return moment + ", in " + d.String()
	case d < 0:
		return moment + ", " + (-d).String() + " ago"
	}
	return moment + ", now"
}
