package demo

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// dpopAlgs is how a proof may be signed: by asymmetric algorithms only (RFC 9449 §4.2).
var dpopAlgs = []string{"ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA", "Ed25519"}

// A proof may be this old, and its clock so far ahead (RFC 9449 §11.1).
const (
	proofFreshness = 60 * time.Second
	proofAhead     = 5 * time.Second
)

// proveKey verifies the DPoP proof of a request and gives the thumbprint of its
// key, or "" when there is no proof (RFC 9449 §4.3). The access token that came
// along, if any, is what ath must speak of.
func (s *Server) proveKey(x *exchange, token string, n *nonces) (jkt string, fault *oauthError) {
	fields := x.r.Header.Values("DPoP")
	switch {
	case len(fields) == 0:
		return "", nil
	case len(fields) > 1:
		return "", badProof("came more than once")
	}
	t, err := parseSigned(fields[0])
	if err != nil {
		return "", badProof(err.Error())
	}
	key, why := t.proofKey()
	if why != "" {
		return "", badProof(why)
	}
	if why := s.checkProof(x, t, token); why != "" {
		return "", badProof(why)
	}
	// Its jti is spent even if the nonce is refused: a repeated request needs a new proof (RFC 9449 §4.2).
	if fault := s.once("proof of "+key.thumbprint(), t, func(why string) *oauthError { return badProof(why) }); fault != nil {
		return "", fault
	}
	if fault := s.proveFresh(x, t, n); fault != nil {
		return "", fault
	}
	return key.thumbprint(), nil
}

func badProof(why string) *oauthError {
	return &oauthError{"invalid_dpop_proof", "the DPoP proof " + why}
}

// proofKey is the public key in the header, once it has verified the signature.
func (t signed) proofKey() (key jwk, why string) {
	alg := t.head("alg")
	members, _ := t.header["jwk"].(map[string]any)
	switch {
	case t.head("typ") != "dpop+jwt":
		return key, "has typ '" + t.head("typ") + "'; it must be dpop+jwt"
	case !slices.Contains(dpopAlgs, alg):
		return key, "is signed with alg " + alg + "; use " + strings.Join(dpopAlgs, ", ")
	case members == nil:
		return key, "has no jwk in its header"
	}
	for _, secret := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if members[secret] != nil {
			return key, "has a jwk with the private member " + secret
		}
	}
	raw, err := json.Marshal(members)
	if err != nil {
		return key, "has a jwk that is no JSON"
	}
	keys, err := parseKeys(raw)
	switch {
	case err != nil || len(keys) != 1:
		return key, "has a jwk that is of no use here"
	case !keys[0].fits("", alg):
		return key, "has a jwk that does not go with alg " + alg
	case !verify(alg, keys[0].key, []byte(t.input), t.signature):
		return key, "has a signature that its jwk does not verify"
	}
	return keys[0], ""
}

// checkProof says what is wrong with the claims of a proof, or nothing (RFC 9449 §4.3).
func (s *Server) checkProof(x *exchange, t signed, token string) (why string) {
	iat, hasTime := t.claims["iat"].(float64)
	at, now := time.Unix(int64(iat), 0), s.now()
	sum := sha256.Sum256([]byte(token))
	switch {
	case t.claim("jti") == "" || len(t.claim("jti")) > 1024:
		return "has no jti, or an endless one"
	case t.claim("htm") != x.r.Method:
		return "has the htm '" + t.claim("htm") + "', and this request is a " + x.r.Method
	case !s.isHere(x, t.claim("htu")):
		return "has the htu '" + t.claim("htu") + "', and this is " + s.places(x)[0]
	case !hasTime:
		return "has no iat, or one that is no number"
	case at.After(now.Add(proofAhead)):
		return "has an iat in the future"
	case now.Sub(at) > proofFreshness:
		return "is older than a minute; make a new one for each request"
	case token != "" && t.claim("ath") == "":
		return "has no ath, and an access token came with it"
	case token != "" && !sameSecret(t.claim("ath"), base64URL(sum[:])):
		return "has an ath that belongs to another access token"
	}
	return ""
}

// isHere says whether a URL is the one that was called, without regard to query
// and fragment, and however it is spelt (RFC 9449 §4.3, RFC 3986 §6.2.2, §6.2.3).
func (s *Server) isHere(x *exchange, htu string) bool {
	got := normal(htu)
	return got != "" && slices.ContainsFunc(s.places(x), func(place string) bool { return normal(place) == got })
}

// places is the addresses under which this request may have been sent.
func (s *Server) places(x *exchange) []string {
	path := x.r.URL.EscapedPath()
	list := []string{strings.TrimSuffix(s.config.Issuer, s.path) + path}
	if s.isAlias(x) {
		list[0] = strings.TrimSuffix(s.mtls, s.path) + path
	}
	return list
}

// isAlias says whether a request came to the listener for mutual TLS (RFC 8705 §5).
func (s *Server) isAlias(x *exchange) bool {
	u, err := url.Parse(s.mtls)
	return err == nil && s.mtls != "" && x.r.TLS != nil && x.r.Host == u.Host
}

// normal is a URL in its one normal form without query and fragment, or "".
func normal(text string) string {
	u, err := url.Parse(text)
	if err != nil || !u.IsAbs() || u.Host == "" || u.User != nil {
		return ""
	}
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	path := u.JoinPath().Path // which removes the dot segments
	if path == "" {
		path = "/"
	}
	if strings.HasSuffix(u.Path, "/") && !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + (&url.URL{Path: path}).EscapedPath()
}

// thumbprint is that of RFC 7638 §3 with SHA-256, made of the key's own numbers,
// so that one key has one thumbprint however its JWK is spelt.
func (k *jwk) thumbprint() string {
	var o object
	switch key := k.key.(type) {
	case *rsa.PublicKey:
		o = object{{"e", base64URL(big.NewInt(int64(key.E)).Bytes())}, {"kty", "RSA"}, {"n", base64URL(key.N.Bytes())}}
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, x, y: SEC 1 §2.3.3
		if err != nil {
			return ""
		}
		half := len(point) / 2
		o = object{{"crv", k.Crv}, {"kty", "EC"}, {"x", base64URL(point[1 : 1+half])}, {"y", base64URL(point[1+half:])}}
	case ed25519.PublicKey:
		o = object{{"crv", "Ed25519"}, {"kty", "OKP"}, {"x", base64URL(key)}}
	}
	h := crypto.SHA256.New()
	h.Write(jsonOf(o))
	return base64URL(h.Sum(nil))
}

// bindTokens finds out what the tokens of a request will be bound to: the key of
// its proof (RFC 9449 §5) and the certificate of its connection (RFC 8705 §3, §4).
func (s *Server) bindTokens(x *exchange, c Client) (fault *oauthError) {
	if cert := x.certificate(); cert != nil && c.BoundTokens {
		x.bound = thumbprint(cert)
	}
	if x.jkt, fault = s.proveKey(x, "", &s.nonces); fault != nil {
		return fault
	}
	if x.jkt == "" && c.RequireDPoP {
		return badProof("is missing; client " + c.ID + " gets no other tokens than those bound to a key (RFC 9449 section 5.2)")
	}
	return nil
}

// bindCode ties the code of a pushed request to the key of its proof (RFC 9449 §10.1).
func (s *Server) bindCode(x *exchange, asked string) (jkt string, fault *oauthError) {
	proven, fault := s.proveKey(x, "", &s.nonces)
	switch {
	case fault != nil:
		return "", fault
	case asked != "" && proven != "" && asked != proven:
		return "", &oauthError{"invalid_request", "dpop_jkt names another key than the one of the DPoP proof (RFC 9449 section 10.1)"}
	case proven != "":
		return proven, nil
	}
	return asked, nil
}

// holdsKey wants the proof of the key that a code is bound to (RFC 9449 §10).
func (x *exchange) holdsKey(jkt string) *oauthError {
	switch {
	case jkt == "" || x.jkt == jkt:
		return nil
	case x.jkt == "":
		return &oauthError{"invalid_grant", "the code is bound to a key, and no DPoP proof came"}
	}
	return &oauthError{"invalid_grant", "the code is bound to another key than the one of the DPoP proof"}
}

// boundKey is what an access token is bound to.
func (s *Server) boundKey(x *exchange) string {
	if x.jkt == "" || s.broken("dpop-answer-bearer") {
		return ""
	}
	return x.jkt
}

// tokenType says how the access token is to be used (RFC 9449 §5).
func (s *Server) tokenType(x *exchange) string {
	if s.boundKey(x) != "" {
		return "DPoP"
	}
	return "Bearer"
}

// keyConfirmation is the cnf member that binds an access token to a key, or nil (RFC 9449 §6.1).
func (s *Server) keyConfirmation(x *exchange) object {
	jkt := s.boundKey(x)
	switch {
	case jkt == "" || s.broken("dpop-binding-missing"):
		return nil
	case s.broken("dpop-binding-wrong"):
		return object{{"jkt", otherKey()}}
	}
	return object{{"jkt", jkt}}
}

// otherKey is a thumbprint that no key has.
func otherKey() string {
	sum := sha256.Sum256([]byte("another key"))
	return base64URL(sum[:])
}

// holder makes sure that whoever brings a bound token holds its key (RFC 9449 §7.1).
func (s *Server) holder(x *exchange, scheme, token string, t *issuedToken) *refusal {
	fail := func(why string) *refusal {
		return &refusal{status: http.StatusUnauthorized, scheme: "DPoP", oauthError: oauthError{"invalid_token", why}}
	}
	switch {
	case scheme == "Bearer" && t.jkt == "":
		return nil
	case scheme == "Bearer":
		return fail("the access token is bound to a key and came as Bearer; use DPoP (RFC 9449 section 7.2)")
	case t.jkt == "":
		return fail("the access token is not bound to a key; use Bearer")
	case len(x.r.Header.Values("DPoP")) == 0:
		return &refusal{status: http.StatusUnauthorized, scheme: "DPoP", oauthError: *badProof("is missing")}
	}
	jkt, fault := s.proveKey(x, token, &s.resourceNonces)
	switch {
	case fault != nil:
		return &refusal{status: http.StatusUnauthorized, scheme: "DPoP", oauthError: *fault}
	case jkt != t.jkt:
		return fail("the access token is bound to another key than the one of the DPoP proof")
	}
	return nil
}
