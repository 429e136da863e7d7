package output

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A veil is what is done to the values at marked places: first to learn them,
// then to hide them. Basic credentials are apart, because the secret is inside.
type veil struct {
	value   func(string) string
	basic   func(string) string
	open    func(string) bool // no secret, whatever it looks like
	asked   []string          // the secret parameters of the authorization URL
	unclear bool              // the answer was not understood
	hides   bool              // after everything was learnt
}

// marked applies a veil to every marked place of an event. The event must be
// a copy, because its slices are written to.
func marked(e trace.Event, v veil) trace.Event {
	switch e := e.(type) {
	case trace.Built:
		v.params(e.Params, nil)
		for i, p := range e.Headers {
			if p.Secret {
				e.Headers[i].Value = v.header(p.Name, p.Value)
			}
		}
		return e
	case trace.Opened:
		for _, name := range v.asked {
			e.URL = v.query(e.URL, name)
		}
		return e
	case trace.Exchanged:
		for _, s := range e.Secrets {
			v.exchanged(&e, s)
		}
		if e.Endpoint == "page" {
			for _, name := range v.asked {
				v.exchanged(&e, trace.Secret{Part: "request-query", Name: name})
				v.exchanged(&e, trace.Secret{Part: "response-header", Name: name})
			}
		}
		v.answer(&e)
		return e
	case trace.Returned:
		v.params(e.Params, e.Secrets)
		for _, s := range e.Secrets {
			v.fields(e.Header, s.Name)
		}
		return e
	case trace.Decoded:
		for _, s := range e.Secrets {
			e.Claims = json.RawMessage(v.members(string(e.Claims), s.Name))
			for i, m := range e.Members {
				if m.Name == s.Name {
					e.Members[i].Value = v.value(m.Value)
				}
			}
		}
		return e
	case trace.Obtained:
		for _, s := range e.Secrets {
			e.Body = json.RawMessage(v.body(string(e.Body), s.Name))
		}
		return e
	}
	return e
}

func (v veil) params(ps []trace.Param, marks []trace.Secret) {
	for i, p := range ps {
		secret := p.Secret
		for _, s := range marks {
			secret = secret || s.Name == p.Name && s.Part != "request-header"
		}
		if secret {
			ps[i].Value = v.value(p.Value)
		}
	}
}

func (v veil) exchanged(e *trace.Exchanged, s trace.Secret) {
	switch s.Part {
	case "request-header":
		v.fields(e.Request.Header, s.Name)
	case "request-query":
		e.Request.URL = v.query(e.Request.URL, s.Name)
		v.inField(e.Request.Header, "Referer", s.Name)
	case "request-body":
		e.Request.Body = v.messageBody(e.Request, s.Name)
	case "response-header":
		if !v.fields(e.Response.Header, s.Name) {
			v.inField(e.Response.Header, "Location", s.Name)
		}
	case "response-body", "body":
		e.Response.Body = v.messageBody(e.Response, s.Name)
	}
}

func (v veil) messageBody(m trace.Message, name string) string {
	if m.Base64 || m.Body == "" { // base64 that is none
		return m.Body
	}
	return v.body(m.Body, name)
}

// body treats a member of a JSON text or a field of a form. Without a name it
// is the whole body that is secret.
func (v veil) body(s, name string) string {
	switch {
	case name == "":
		return v.value(s)
	case strings.HasPrefix(s, "--"):
		return v.multipart(s, name)
	case strings.HasPrefix(strings.TrimLeft(s, " \t\r\n\ufeff"), "{"), strings.HasPrefix(strings.TrimSpace(s), "["):
		return v.members(s, name)
	case strings.ContainsAny(strings.TrimSpace(s), " <>\"\r\n"):
		return v.page(s, name)
	default:
		return v.form(s, name)
	}
}

// form treats the fields of that name, and leaves all others as they were.
func (v veil) form(s, name string) string {
	return eachPair(s, func(n, raw string) string {
		if n != name {
			return raw
		}
		value, err := url.QueryUnescape(raw)
		if err != nil {
			value = raw
		}
		if hidden := v.value(value); hidden != value {
			return hidden
		}
		return raw
	})
}

// eachPair changes the values of a form as they are written; f gets their
// names as they read.
func eachPair(s string, f func(name, raw string) string) string {
	pairs := strings.Split(s, "&")
	for i, pair := range pairs {
		rawName, raw, ok := strings.Cut(pair, "=")
		if !ok {
			continue
		}
		name, err := url.QueryUnescape(rawName)
		if err != nil {
			name = rawName
		}
		pairs[i] = rawName + "=" + f(name, raw)
	}
	return strings.Join(pairs, "&")
}

// query treats the parameters of that name in the query and in the fragment.
func (v veil) query(u, name string) string {
	return eachComponent(u, func(s string) string { return v.form(s, name) })
}

// eachComponent changes the query and the fragment of a URL.
func eachComponent(u string, f func(string) string) string {
	front, fragment, hasFragment := strings.Cut(u, "#")
	if path, q, ok := strings.Cut(front, "?"); ok {
		front = path + "?" + f(q)
	}
	if hasFragment {
		front += "#" + f(fragment)
	}
	return front
}

// fields treats the header fields of that name, and says whether there are any.
func (v veil) fields(fs []trace.Field, name string) bool {
	found := false
	for i, f := range fs {
		if strings.EqualFold(f.Name, name) {
			fs[i].Value = v.header(f.Name, f.Value)
			found = true
		}
	}
	return found
}

// inField treats a parameter of the URL in a header field.
func (v veil) inField(fs []trace.Field, field, name string) {
	for i, f := range fs {
		if strings.EqualFold(f.Name, field) {
			fs[i].Value = v.query(f.Value, name)
		}
	}
}

// locationSecrets are the parameters hidden in a Location that is marked as a
// whole.
var locationSecrets = []string{"code", "access_token", "refresh_token", "id_token", "response", "device_code", "assertion", "SAMLResponse"}

func (v veil) header(name, value string) string {
	switch strings.ToLower(name) {
	case "authorization", "proxy-authorization":
		scheme, credentials, ok := strings.Cut(value, " ")
		if !ok {
			return v.value(value)
		}
		credentials = strings.TrimLeft(credentials, " ")
		if strings.EqualFold(scheme, "basic") {
			return scheme + " " + v.basic(credentials)
		}
		return scheme + " " + v.value(credentials)
	case "cookie":
		cookies := strings.Split(value, ";")
		for i := range cookies {
			cookies[i] = v.cookie(cookies[i])
		}
		return strings.Join(cookies, ";")
	case "set-cookie":
		first, attributes, more := strings.Cut(value, ";")
		if first = v.cookie(first); more {
			first += ";" + attributes
		}
		return first
	case "location":
		for _, p := range locationSecrets {
			value = v.query(value, p)
		}
		return value
	default:
		return v.value(value)
	}
}

func (v veil) cookie(s string) string {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return s
	}
	return name + "=" + v.value(value)
}
