package ext

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A Signer is what the client signs with.
type Signer struct {
	Key jose.Private // none: the client secret, with HMAC
	Alg string       // as asked for; empty: what the metadata list and the key can
}

// objectLifetime is how long a request object holds: it waits for nobody.
const objectLifetime = 5 * time.Minute

// JAR puts the authorization request into a signed JWT, encrypted when seal is
// set.
func JAR(by Signer, seal bool) flow.Extension {
	return flow.Extension{
		Name: "jar", Spec: "RFC 9101",
		Doc: "JWT-secured authorization request\n\n" +
			"The parameters go in a JWT that the client signs: the server can tell that this client made the request and that nobody changed it on its way through the browser. " +
			"Encrypted, nobody on that way can read it either.",
		Wrap: flow.On{flow.Authorization: func(ctx context.Context, r *flow.Run, q *flow.Request) error {
			return by.wrap(ctx, r, q, seal)
		}},
	}
}

func (s Signer) wrap(ctx context.Context, r *flow.Run, q *flow.Request, seal bool) error {
	why := "sign the parameters, so that nobody can change them on their way"
	if seal {
		why = "sign the parameters, so that nobody can change them on their way, and encrypt them, so that nobody can read them"
	}
	r.Step("Request object", why, "RFC 9101 §4")
	claims, err := requestClaims(r, q)
	if err != nil {
		return err
	}
	object, signed, err := s.sign(r, claims)
	if err != nil {
		return err
	}
	t := jose.Decode(object)
	d := trace.Decoded{What: "request_object", Foreign: true, Header: raws(t.Header), Claims: raws(t.Claims), Reason: "made by this client, for the server to verify: " + signed}
	for _, p := range q.Params {
		if p.Secret {
			d.Secrets = append(d.Secrets, trace.Secret{Part: "claims", Name: p.Name})
		}
	}
	r.Say(d)
	if seal {
		if object, err = sealed(ctx, r, object); err != nil {
			return err
		}
	}
	client := whose(r, q)
	q.Params = nil
	q.Params.Set("client_id", client, trace.Origin{By: r.Ask.By("client_id"), Ref: "RFC 9101 §5", Why: "has to stand outside as well: whose key verifies the request object"})
	q.Params.SetSecret("request", object, trace.Origin{By: "jar", Ref: "RFC 9101 §5", Why: "everything else is inside; what stood outside would be ignored (§6.3)"})
	return nil
}

// requestClaims are the parameters as the claims of a request object (RFC 9101
// §4): iss names the client, aud the server.
func requestClaims(r *flow.Run, q *flow.Request) (json.RawMessage, error) {
	jti, err := r.Random(16)
	if err != nil {
		return nil, err
	}
	aud := r.Server.Issuer
	if aud == "" {
		aud = q.URL.String()
	}
	now := r.Now()
	list := []jose.Claim{
		{Name: "iss", Value: whose(r, q)}, {Name: "aud", Value: aud},
		{Name: "iat", Value: now.Unix()}, {Name: "nbf", Value: now.Unix()}, {Name: "exp", Value: now.Add(objectLifetime).Unix()}, {Name: "jti", Value: jti},
	}
	for _, p := range q.Params {
		c := jose.Claim{Name: p.Name, Value: claimValue(q.Params, p.Name)}
		if i := slices.IndexFunc(list, func(c jose.Claim) bool { return c.Name == p.Name }); i >= 0 {
			list[i] = c // a claim of the object itself that was given by hand
			continue
		}
		list = append(list, c)
	}
	return jose.Claims(list, nil)
}

// claimValue is a parameter as a claim: JSON where the parameter is JSON, a
// number where it is one, a list where it repeats (RFC 9101 §4, OpenID Connect
// Core §6.1, RFC 9396 §3, RFC 8707 §2.1).
func claimValue(all flow.Params, name string) any {
	var values []any
	for _, p := range all {
		if p.Name != name {
			continue
		}
		if asJSON := slices.Contains([]string{"claims", "authorization_details", "max_age", "exp", "iat", "nbf"}, name); asJSON && json.Valid([]byte(p.Value)) {
			values = append(values, json.RawMessage(p.Value))
			continue
		}
		values = append(values, p.Value) // what is no JSON was bent by hand, and goes as it is
	}
	if len(values) == 1 {
		return values[0]
	}
	return values
}

// requestAlgs and those beside it are the metadata members that say what
// request objects may be made with (RFC 9101 §4, OpenID Connect Discovery §3).
const (
	requestAlgs     = "request_object_signing_alg_values_supported"
	requestSealAlgs = "request_object_encryption_alg_values_supported"
	requestSealEncs = "request_object_encryption_enc_values_supported"
)

func (s Signer) sign(r *flow.Run, claims json.RawMessage) (object, signed string, err error) {
	header := map[string]any{"typ": "oauth-authz-req+jwt"}
	key, alg, name := s.Key.Key, s.Alg, s.Key.String()
	switch {
	case key != nil:
		if alg == "" {
			alg = listedAlg(r.Server, requestAlgs, s.Key.Algs())
		}
		if err := s.Key.Fits(alg); err != nil {
			return "", "", &flow.ConfigError{Field: "key", Problem: err.Error()}
		}
		if kid := s.Key.Kid; kid != "" && s.Key.Kty != "oct" {
			header["kid"] = kid
		}
	case r.Client.Secret != "":
		key, name = []byte(r.Client.Secret), "the client secret"
		if alg == "" {
			alg = listedAlg(r.Server, requestAlgs, []string{"HS256", "HS384", "HS512"})
		}
	default:
		return "", "", &flow.ConfigError{Field: "key", Problem: "missing, and a request object has to be signed"}
	}
	if object, err = r.Sign("request-object", alg, key, header, claims); err != nil {
		return "", "", &flow.ConfigError{Field: "signing_alg", Problem: err.Error()}
	}
	if least := map[string]int{"HS256": 32, "HS384": 48, "HS512": 64}[alg]; s.Key.Key == nil && len(r.Client.Secret) < least {
		r.Note("jar-secret-short", fmt.Sprintf("the client secret has %d octets, and %s wants at least %d (RFC 7518 §3.2): a strict server refuses this; sign with --key", len(r.Client.Secret), alg, least), "RFC 7518 §3.2")
	}
	if listed, told := r.Server.Lists(requestAlgs, alg); told && !listed {
		all, _ := r.Server.Metadata.Strings(requestAlgs)
		r.Note("jar-alg", "request objects are signed with "+alg+", though the metadata list only "+strings.Join(all, ", "), "RFC 9101 §4")
	}
	return object, fmt.Sprintf("%s by %s", alg, name), nil
}

// listedAlg is the first of what can be signed with that the metadata list,
// and the first of all when they list none of it.
func listedAlg(s flow.Server, member string, can []string) string {
	for _, a := range can {
		if listed, _ := s.Lists(member, a); listed {
			return a
		}
	}
	if len(can) == 0 {
		return ""
	}
	return can[0]
}

// sealed encrypts a request object to a key that the server publishes.
func sealed(ctx context.Context, r *flow.Run, object string) (string, error) {
	set, _, err := r.Keys(ctx, false)
	if err != nil {
		return "", err
	}
	algs, _ := r.Server.Metadata.Strings(requestSealAlgs)
	key, alg, err := set.Encrypter(algs)
	if err != nil {
		return "", &flow.ConfigError{Field: "jar_encrypt", Problem: "the server publishes no key to encrypt to: " + err.Error()}
	}
	enc := sealWith(r.Server)
	out, err := jose.Encrypt([]byte(object), key, alg, enc, "JWT")
	if err != nil {
		return "", &flow.ConfigError{Field: "jar_encrypt", Problem: err.Error()}
	}
	r.Note("jar-encrypted", fmt.Sprintf("the request object is encrypted to the server's key %s with %s and %s", key.Kid, alg, enc), "RFC 9101 §6.1")
	return out, nil
}

// sealWith is the content encryption to use: authenticated and strong first;
// A128CBC-HS256 is what every server can where none is listed (OpenID Connect
// Registration §2).
func sealWith(s flow.Server) string {
	for _, enc := range []string{"A256GCM", "A128GCM", "A256CBC-HS512", "A128CBC-HS256"} {
		if listed, _ := s.Lists(requestSealEncs, enc); listed {
			return enc
		}
	}
	return "A128CBC-HS256"
}
