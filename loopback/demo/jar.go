package demo

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// requestTypes is the typ values that a request object may have (RFC 9101 §10.8).
var requestTypes = []string{"", "jwt", "oauth-authz-req+jwt"}

// jwtClaims is the claims of a request object that are about the JWT, not parameters.
var jwtClaims = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}

// A requestObject is a signed authorization request whose signature was verified
// (RFC 9101 §4). Its parameters are the only ones that count (§6.3).
type requestObject struct {
	params params
	jti    string // under which it is remembered, or ""
}

// openRequest verifies the parameter request of an authorization request (RFC 9101 §6).
func (s *Server) openRequest(p params) (requestObject, *oauthError) {
	switch {
	case p.firstRepeated("request", "client_id") != "":
		return requestObject{}, &oauthError{"invalid_request", p.firstRepeated("request", "client_id") + " came more than once (RFC 6749 section 3.1)"}
	case p.get("request_uri") != "":
		return requestObject{}, &oauthError{"invalid_request", "request and request_uri exclude each other (RFC 9101 section 5)"}
	case p.get("client_id") == "":
		return requestObject{}, &oauthError{"invalid_request", "client_id is missing; it must come beside request as well (RFC 9101 section 5)"}
	}
	client, ok := s.client(p.get("client_id"))
	if !ok {
		return requestObject{}, &oauthError{"invalid_client", "no client " + p.get("client_id") + " is registered here; registered are " + s.clientNames()}
	}
	object, err := s.readObject(client, p.get("request"))
	if err != nil {
		return object, &oauthError{"invalid_request_object", "request " + err.Error()}
	}
	return object, nil
}

// readObject decrypts a request object when it must, then verifies who made it, for
// whom and when.
func (s *Server) readObject(c Client, text string) (object requestObject, err error) {
	if strings.Count(text, ".") == 4 {
		if text, err = s.decrypted(c, text); err != nil {
			return object, err
		}
	}
	t, err := parseSigned(text)
	if err != nil {
		return object, err
	}
	for _, err := range []error{t.requestType(), t.madeBy(c), t.timely(s.now(), assertionHorizon), s.about(c, t)} {
		if err != nil {
			return object, err
		}
	}
	if t.claim("jti") != "" {
		object.jti = "request of " + c.ID + " " + t.claim("jti")
		if _, seen := s.seen.get(object.jti); seen {
			return object, errors.New("was used before: its jti is known here")
		}
	}
	object.params, err = t.parameters()
	return object, err
}

// requestType refuses other kinds of JWT that the client signs (RFC 9101 §10.8).
func (t signed) requestType() error {
	_, text := t.header["typ"].(string)
	if !slices.Contains(requestTypes, strings.ToLower(t.head("typ"))) || t.header["typ"] != nil && !text {
		return errors.New("has typ '" + t.head("typ") + "', which is that of another kind of token; use oauth-authz-req+jwt")
	}
	return nil
}

// madeBy verifies the signature with the client's keys, or with its secret when
// that is long enough (RFC 9101 §6.2, RFC 7518 §3.2).
func (t signed) madeBy(c Client) error {
	alg := t.head("alg")
	switch {
	case !slices.Contains(macAlgs, alg):
		return t.verified(c.keys)
	case len(c.Secret) < hashes[alg[2:]].Size():
		return errors.New("is signed with " + alg + ", for which client " + c.ID + " has no secret that is long enough (RFC 7518 section 3.2)")
	case !t.verifiedBySecret(c.Secret):
		return errors.New("has a MAC that the client's secret does not make")
	}
	return nil
}

// about checks the claims that say whose request this is and for whom (RFC 9101 §4, §5, §6.3).
func (s *Server) about(c Client, t signed) error {
	if _, signedFor := t.claims["client_id"].(string); !signedFor || t.claim("client_id") != c.ID {
		return errors.New("has the client_id '" + t.claim("client_id") + "', and outside it is " + c.ID + " (RFC 9101 section 5)")
	}
	switch {
	case t.claim("iss") != c.ID:
		return errors.New("has the iss '" + t.claim("iss") + "'; use the client_id")
	case !slices.Contains(t.audience(), s.config.Issuer):
		return errors.New("is not for this server; aud must be " + s.config.Issuer)
	case t.claim("sub") == c.ID:
		return errors.New("has the client_id as its sub, so that it could be used as a client assertion (RFC 9101 section 10.8)")
	case t.claims["jti"] != nil && t.claim("jti") == "":
		return errors.New("has a jti that is no text")
	}
	if nbf, ok := t.claims["nbf"].(float64); ok && nbf < float64(s.now().Add(-assertionHorizon).Unix()) {
		return errors.New("has an nbf more than 60 minutes ago (FAPI 2.0 Message Signing section 5.3.1)")
	}
	for _, name := range []string{"request", "request_uri"} {
		if _, present := t.claims[name]; present {
			return errors.New("has " + name + " inside (RFC 9101 section 4)")
		}
	}
	return nil
}

// parameters is the claims of a request object as request parameters: text as it
// is, numbers in decimal, and JSON as JSON (RFC 9101 §4).
func (t signed) parameters() (params, error) {
	p := params{values: map[string]string{}, all: map[string][]string{}}
	for _, name := range slices.Sorted(maps.Keys(t.claims)) {
		if slices.Contains(jwtClaims, name) {
			continue
		}
		list := []any{t.claims[name]}
		if several, ok := t.claims[name].([]any); ok && slices.Contains(severalAllowed, name) {
			list = several
		}
		p.order = append(p.order, name)
		for _, one := range list {
			text, err := parameterText(one)
			if err != nil {
				return p, errors.New("has the parameter " + name + ", which " + err.Error())
			}
			if text == "" {
				continue
			}
			if slices.Contains(severalAllowed, name) {
				p.all[name] = append(p.all[name], text)
			}
			if p.values[name] == "" {
				p.values[name] = text
			}
		}
	}
	return p, nil
}

// parameterText is one claim as the text that a parameter would have.
func parameterText(claim any) (string, error) {
	switch value := claim.(type) {
	case string:
		return value, nil
	case float64:
		if value != math.Trunc(value) || math.Abs(value) > 1<<53 {
			return "", errors.New("is no whole number")
		}
		return strconv.FormatFloat(value, 'f', -1, 64), nil
	case bool:
		return strconv.FormatBool(value), nil
	case map[string]any, []any:
		text, err := json.Marshal(value)
		return string(text), err
	}
	return "", errors.New("is null")
}
