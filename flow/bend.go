package flow

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// A Bend is a way to sign wrongly on purpose.
type Bend struct{ Name, About string }

// Bends lists the ways.
func Bends() []Bend {
	return []Bend{
		{"none", "alg none, and no signature"},
		{"signature", "one bit of the signature is wrong"},
		{"key", "signed with another key, under the name of the right one"},
		{"typ", "its typ is that of another kind of token"},
		{"expired", "made, and expired, an hour ago"},
		{"aud", "made for another server"},
	}
}

// Signed lists what a client signs, by the names that a plan's Bends has, and
// where it travels.
func Signed() map[string]string {
	return map[string]string{"request-object": "request", "client-assertion": "client_assertion", "dpop": "DPoP", "assertion": "assertion"}
}

// Sign makes a JWT of this client's, of one of the kinds of Signed, and makes it
// wrong where the plan says so.
func (r *Run) Sign(kind, alg string, key any, header map[string]any, claims json.RawMessage) (string, error) {
	how := r.Bends[kind]
	switch how {
	case "typ":
		header["typ"] = "at+jwt"
	case "expired":
		hour := r.Now().Unix() - 3600
		claims = replaced(claims, map[string]any{"iat": hour, "nbf": hour, "exp": hour + 60})
	case "aud":
		claims = replaced(claims, map[string]any{"aud": "https://other.example", "htu": "https://other.example/"}) // of a proof, the address
	case "key":
		other, err := jose.Generate(alg, r.Rand)
		if err != nil {
			return "", &ConfigError{"mis_sign", "there is no other key for " + alg + ": " + err.Error()}
		}
		key = other.Key
	}
	token, err := jose.Sign(alg, key, header, claims)
	if err != nil || how == "" {
		return token, err
	}
	for _, b := range Bends() {
		if b.Name == how {
			r.Note("bent", fmt.Sprintf("the %s is wrong on purpose: %s (--mis-sign)", strings.ReplaceAll(kind, "-", " "), b.About), "")
		}
	}
	parts := strings.Split(token, ".")
	switch how {
	case "none":
		parts[0], parts[2] = unsigned(parts[0]), ""
	case "signature":
		parts[2] = flipped(parts[2])
	}
	return strings.Join(parts, "."), nil
}

// replaced changes claims that are there; one that is not stays away.
func replaced(claims json.RawMessage, with map[string]any) json.RawMessage {
	o, _ := jose.ParseObject(claims)
	if o == nil {
		return claims
	}
	var list []jose.Claim
	for _, m := range o.Members {
		var value any = m.Value
		if v, is := with[m.Name]; is {
			value = v
		}
		list = append(list, jose.Claim{Name: m.Name, Value: value})
	}
	out, err := jose.Claims(list, nil)
	if err != nil {
		return claims
	}
	return out
}

func unsigned(header string) string {
	b, _ := base64.RawURLEncoding.DecodeString(header)
	o, _ := jose.ParseObject(b)
	if o == nil {
		return header
	}
	return base64.RawURLEncoding.EncodeToString(replaced(o.Raw, map[string]any{"alg": "none"}))
}

func flipped(signature string) string {
	b, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || len(b) == 0 {
		return signature
	}
	b = slices.Clone(b)
	b[len(b)/2] ^= 1
	return base64.RawURLEncoding.EncodeToString(b)
}

// markBent marks what was signed wrongly on purpose, where it travels.
func (r *Run) markBent(q *Request) {
	for kind := range r.Bends {
		name := Signed()[kind]
		for _, list := range []Params{q.Params, q.Headers} {
			for i := range list {
				if strings.EqualFold(list[i].Name, name) {
					list[i].Bent = true
				}
			}
		}
	}
}
