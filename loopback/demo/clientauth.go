package demo

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// credentials is what a client showed, and how.
type credentials struct {
	method, id, secret string
	assertion, pop     *signed // not verified yet; pop goes with an attestation
}

// authenticate finds out which client asks (RFC 6749 §2.3, §3.2.1).
func (s *Server) authenticate(x *exchange, p params) (Client, *oauthError) {
	shown, fault := present(x, p)
	if fault != nil {
		return Client{}, fault
	}
	client, ok := s.client(shown.id)
	switch {
	case !ok && shown.method == "none":
		return Client{}, &oauthError{"invalid_client", "no client " + shown.id + " is registered here"}
	case ok && shown.method == "none" && client.tlsMethod() != "":
		return client, s.proveCertificate(x, client)
	case ok && !slices.Contains(client.AuthMethods, shown.method):
		return Client{}, &oauthError{"invalid_client", "client " + client.ID + " must authenticate by " +
			strings.Join(client.AuthMethods, " or ") + ", and this was " + shown.method}
	case ok && shown.pop != nil:
		return client, s.proveAttestation(x, client, shown)
	case ok && shown.assertion != nil:
		return client, s.proveAssertion(x, client, *shown.assertion)
	case !ok || !sameSecret(client.Secret, shown.secret):
		return Client{}, &oauthError{"invalid_client", "the client is unknown or its secret is wrong"}
	}
	return client, nil
}

// present reads the credentials and insists on one method (RFC 6749 §2.3).
func present(x *exchange, p params) (credentials, *oauthError) {
	headers := x.r.Header.Values("Authorization")
	switch {
	case len(headers) > 1:
		return credentials{}, &oauthError{"invalid_request", "there is more than one Authorization header"}
	case len(x.r.Header.Values(attestationField)) > 0 || len(x.r.Header.Values(popField)) > 0:
		if len(headers) > 0 || p.get("client_secret") != "" || p.get("client_assertion") != "" {
			return credentials{}, twoMethods()
		}
		return attested(x, p)
	case p.get("client_assertion") != "" || p.get("client_assertion_type") != "":
		if len(headers) > 0 || p.get("client_secret") != "" {
			return credentials{}, twoMethods()
		}
		return asserted(p)
	case len(headers) == 1 && p.get("client_secret") != "":
		return credentials{}, twoMethods()
	case len(headers) == 1:
		shown, why := basic(headers[0])
		if why != "" {
			return credentials{}, &oauthError{"invalid_client", why}
		}
		if id := p.get("client_id"); id != "" && id != shown.id {
			return credentials{}, &oauthError{"invalid_request", "client_id and the Authorization header name different clients"}
		}
		return shown, nil
	case p.get("client_id") == "":
		return credentials{}, &oauthError{"invalid_client", "neither client_id nor an Authorization header says which client this is"}
	case p.get("client_secret") != "":
		return credentials{method: "client_secret_post", id: p.get("client_id"), secret: p.get("client_secret")}, nil
	}
	return credentials{method: "none", id: p.get("client_id")}, nil
}

func twoMethods() *oauthError {
	return &oauthError{"invalid_request", "the client authenticates by more than one method (RFC 6749 section 2.3)"}
}

// basic reads the header of client_secret_basic, whose two parts are form-encoded
// before they are joined (RFC 6749 §2.3.1).
func basic(header string) (shown credentials, why string) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return shown, "the Authorization header of a client must be Basic"
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return shown, "the Authorization header is not base64"
	}
	id, secret, found := strings.Cut(string(plain), ":")
	if !found {
		return shown, "the Authorization header has no colon between client id and secret"
	}
	id, err = url.QueryUnescape(id)
	if err != nil {
		return shown, "the client id in the Authorization header is not form-encoded"
	}
	secret, err = url.QueryUnescape(secret)
	if err != nil {
		return shown, "the secret in the Authorization header is not form-encoded"
	}
	return credentials{method: "client_secret_basic", id: id, secret: secret}, ""
}
