package flow

// An Endpoint names a place that a request can go to, or a part of an answer
// that is judged by itself.
type Endpoint string

// The endpoints, by the names that --param and the trace use.
const (
	Authorization  Endpoint = "authorization"
	Token          Endpoint = "token"
	PAR            Endpoint = "par"
	Device         Endpoint = "device"
	CIBA           Endpoint = "ciba"
	Userinfo       Endpoint = "userinfo"
	Introspection  Endpoint = "introspection"
	Revocation     Endpoint = "revocation"
	Registration   Endpoint = "registration"
	EndSession     Endpoint = "end_session"
	JWKS           Endpoint = "jwks"
	Metadata       Endpoint = "metadata"
	Resource       Endpoint = "resource"        // not the server's: what a token is for
	Page           Endpoint = "page"            // what a user agent of ours fetches
	IDToken        Endpoint = "id_token"        // not a place: the ID token of an answer
	AccessToken    Endpoint = "access_token"    // not a place: an access token that is a JWT, as its resource will see it
	SignedMetadata Endpoint = "signed_metadata" // not a place: the JWT in the metadata (RFC 8414 §2.1)
	Planned        Endpoint = "planned"         // not a place: what a request is about to use
	Notification   Endpoint = "notification"    // ours: where a server calls back (CIBA Core §9)
)

// An EndpointName ties an endpoint to its member in the server's metadata.
type EndpointName struct {
	Endpoint Endpoint
	Member   string // RFC 8414 §2, OpenID Connect Discovery §3
	Client   bool   // the client authenticates there
}

// Endpoints lists the places that metadata name.
func Endpoints() []EndpointName {
	return []EndpointName{
		{Authorization, "authorization_endpoint", false},
		{Token, "token_endpoint", true},
		{PAR, "pushed_authorization_request_endpoint", true},
		{Device, "device_authorization_endpoint", true},
		{CIBA, "backchannel_authentication_endpoint", true},
		{Userinfo, "userinfo_endpoint", false},
		{Introspection, "introspection_endpoint", true},
		{Revocation, "revocation_endpoint", true},
		{Registration, "registration_endpoint", false},
		{EndSession, "end_session_endpoint", false},
		{JWKS, "jwks_uri", false},
		{Resource, "", false},
	}
}

// Member is the metadata member that names an endpoint.
func (e Endpoint) Member() string {
	for _, n := range Endpoints() {
		if n.Endpoint == e {
			return n.Member
		}
	}
	return ""
}

func (e Endpoint) authenticates() bool {
	for _, n := range Endpoints() {
		if n.Endpoint == e {
			return n.Client
		}
	}
	return false
}

// discovers reports whether a request only asks what the server says of itself.
func (e Endpoint) discovers() bool { return e == Metadata || e == JWKS }
