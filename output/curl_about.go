package output

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// curlPurposes are what the endpoints are for.
var curlPurposes = map[string]string{
	"metadata":      "asks what the server can do and where",
	"jwks":          "fetches the keys of the server",
	"token":         "asks for a token",
	"par":           "pushes the authorization request",
	"device":        "begins a sign-in on another device",
	"ciba":          "has the server call the person",
	"userinfo":      "asks who the person is",
	"introspection": "asks what a token is good for",
	"revocation":    "gives a token back",
	"registration":  "registers a client",
	"resource":      "uses the token",
}

// about says in comments what a request is for, how it was answered, and what
// of it curl cannot make.
func (s *curlScript) about(e trace.Exchanged) {
	purpose := curlPurposes[e.Endpoint]
	if purpose == "" {
		purpose = "endpoint " + elideEnd(Clean(e.Endpoint), 40)
	}
	grant, try := "", ""
	if g := curlFormValue(e.Request, "grant_type"); g != "" {
		grant = " (" + elideMiddle(Clean(g), 60) + ")"
	}
	if e.Try > 1 {
		try = ", try " + strconv.Itoa(e.Try)
	}
	s.comment("Request " + strconv.Itoa(s.last) + " " + purpose + grant + try + ".")
	if e.Response.Status > 0 {
		s.comment("It was answered " + joined(" ", strconv.Itoa(e.Response.Status), http.StatusText(e.Response.Status)) + curlError(e.Response) + ".")
	}
	if e.Failure != nil {
		s.comment("It failed (" + joined(": ", e.Failure.Kind, e.Failure.Text) + "); only what was sent of it is known.")
	}
	if e.Poll > 1 {
		s.comment("It was asked " + strconv.Itoa(e.Poll) + " times until then. As long as the answer is authorization_pending, run this one again by its number, with what it needs in the environment.")
	}
	for _, l := range curlLimits(e.Request) {
		s.comment("! " + l)
	}
}

func curlError(m trace.Message) string {
	if m.Status < 400 {
		return ""
	}
	n, ok := parseJSON(m.Body)
	if !ok || n.word("error") == "" {
		return ""
	}
	return ", " + elideEnd(joined(": ", n.word("error"), n.word("error_description")), 200)
}

// curlFormValue is the first field of that name in a form.
func curlFormValue(m trace.Message, name string) string {
	if mediaType(m) != "application/x-www-form-urlencoded" {
		return ""
	}
	for pair := range strings.SplitSeq(m.Body, "&") {
		if raw, ok := strings.CutPrefix(pair, name+"="); ok {
			value, _ := url.QueryUnescape(raw)
			return value
		}
	}
	return ""
}

// curlOnce says of parameters what makes them work once, or not for long.
var curlOnce = []struct{ param, says string }{
	{"code", "A code works once and not for long (RFC 6749 §4.1.2): sign in again, and take the code from the address that the browser comes back to."},
	{"code_verifier", "curl cannot make the pair of PKCE: this verifier belongs to the code_challenge that the browser was sent with (RFC 7636 §4)."},
	{"client_assertion", "curl cannot sign a client assertion: each is for one use, and for a short time (RFC 7523 §3)."},
	{"assertion", "curl cannot sign an assertion: each lives for a short time (RFC 7521 §5.2)."},
	{"request", "curl cannot sign a request object: it is for one request, and lives for a short time (RFC 9101 §10.2)."},
	{"refresh_token", "A server may give a new refresh token with each answer, and end the old one (RFC 9700 §4.14.2)."},
	{"device_code", "A device code works once and not for long (RFC 8628 §3.2): the person has to approve this very one."},
	{"auth_req_id", "An auth_req_id works once and not for long (CIBA Core §7.3): the person has to approve this very one."},
}

// curlLimits is what curl cannot make of a request: what is signed for it, or
// works only once.
func curlLimits(m trace.Message) []string {
	var out []string
	if proof := fieldValue(m, "DPoP"); proof != "" {
		out = append(out, "curl cannot make a DPoP proof, and each is good for one request (RFC 9449 §4.2): make one by the key of this run"+curlProof(proof)+".")
	}
	if fieldValue(m, "OAuth-Client-Attestation-PoP") != "" {
		out = append(out, "curl cannot prove the client attestation: each proof is good for one request.")
	}
	for _, o := range curlOnce {
		if curlFormValue(m, o.param) != "" {
			out = append(out, o.says)
		}
	}
	return out
}

// curlProof says what a DPoP proof was for.
func curlProof(proof string) string {
	parts := strings.Split(proof, ".")
	if len(parts) != 3 {
		return ""
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	n, ok := parseJSON(string(b))
	if err != nil || !ok {
		return ""
	}
	says := ""
	for _, name := range []string{"htm", "htu", "ath", "nonce"} {
		if v := n.word(name); v != "" {
			says += ", " + name + " " + elideEnd(Clean(v), 200)
		}
	}
	return says
}
