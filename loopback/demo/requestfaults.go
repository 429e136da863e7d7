package demo

// The groups of the faults around better requests and what answers them.
const (
	GroupPAR      = "pushed requests"
	GroupJARM     = "signed authorization responses"
	GroupDetails  = "authorization details"
	GroupResource = "resource indicators"
)

var parFaults = []row{
	{"par-status-200", GroupPAR, "The pushed request is answered with status 200 instead of 201.", codes{"V-PR-01"}},
	{"par-request-uri-missing", GroupPAR, "The answer to the pushed request has no request_uri.", codes{"V-PR-01"}},
	{"par-expires-in-missing", GroupPAR, "The answer to the pushed request does not say how long it waits.", codes{"V-PR-01"}},
	{"par-expires-in-zero", GroupPAR, "The pushed request waits for zero seconds.", codes{"V-PR-01"}},
	{"par-expires-in-string", GroupPAR, "The expires_in of the pushed request is a string instead of a number.", codes{"V-PR-01"}},
	{"par-cacheable", GroupPAR, "The answer to the pushed request does not forbid caches to keep it.", codes{"V-PR-01"}},
	{"par-request-uri-guessable", GroupPAR, "The request_uri counts up from one, so that anybody can guess it.", codes{"V-PR-01"}},
	{"par-request-uri-http", GroupPAR, "The request_uri is a plain http address of another host.", codes{"V-PR-01"}},
	{"par-html", GroupPAR, "The pushed request is answered with a web page.", nil},
}

var jarmFaults = []row{
	{"jarm-plain", GroupJARM, "The authorization response comes unsigned although a signed one was asked for.", codes{"V-JM-01"}},
	{"jarm-extra-parameter", GroupJARM, "A plain code stands beside the signed authorization response.", codes{"V-JM-01"}},
	{"jarm-iss-differs", GroupJARM, "A plain iss that names another server stands beside the signed authorization response.", codes{"V-JM-01"}},
	{"jarm-iss-wrong", GroupJARM, "The signed authorization response was issued in the name of another server.", codes{"V-JM-02"}},
	{"jarm-iss-missing", GroupJARM, "The signed authorization response has no iss.", codes{"V-JM-02"}},
	{"jarm-aud-wrong", GroupJARM, "The signed authorization response is for another client.", codes{"V-JM-04"}},
	{"jarm-aud-missing", GroupJARM, "The signed authorization response has no aud.", codes{"V-JM-04"}},
	{"jarm-aud-extra", GroupJARM, "The signed authorization response is for the client and for one it does not know.", codes{"V-JM-04"}},
	{"jarm-expired", GroupJARM, "The signed authorization response expired some minutes ago.", codes{"V-JM-05"}},
	{"jarm-exp-missing", GroupJARM, "The signed authorization response has no exp.", codes{"V-JM-05"}},
	{"jarm-lifetime-long", GroupJARM, "The signed authorization response lives for an hour.", codes{"V-JM-05"}},
	{"jarm-alg-none", GroupJARM, "The authorization response is a JWT that says alg none and has no signature.", codes{"V-JM-03"}},
	{"jarm-alg-rs384", GroupJARM, "The authorization response is signed with RS384, which the metadata does not list.", codes{"V-JM-03"}},
	{"jarm-bad-signature", GroupJARM, "One bit of the authorization response's signature is wrong.", codes{"V-JM-02"}},
	{"jarm-foreign-key", GroupJARM, "The authorization response is signed with a key that is not published, under the name of the one that is.", codes{"V-JM-02"}},
	{"jarm-kid-unknown", GroupJARM, "The signed authorization response names a key that is not published.", codes{"V-JM-06"}},
	{"jarm-typ-logout", GroupJARM, "The header of the signed authorization response says it is a logout token.", codes{"V-JM-06"}},
	{"jarm-state-wrong", GroupJARM, "The signed authorization response carries a state that the client did not send.", codes{"V-AR-02"}},
}

// jarmSealedFaults show to a client that is registered for encryption.
var jarmSealedFaults = []row{
	{"jarm-not-encrypted", GroupJARM, "The signed authorization response is not encrypted although the client is registered for it.", codes{"V-JM-07"}},
}

var rarFaults = []row{
	{"rar-missing", GroupDetails, "The token response leaves out the authorization_details that were granted.", codes{"V-TR-16"}},
	{"rar-widened", GroupDetails, "The token response grants an action and a location that nobody asked for.", codes{"V-TR-16"}},
	{"rar-type-changed", GroupDetails, "The authorization_details of the token response are of another type than those asked for.", codes{"V-TR-16"}},
	{"rar-string", GroupDetails, "The authorization_details of the token response are a string instead of an array.", codes{"V-TR-16"}},
}

var resourceFaults = []row{
	{"resource-aud-other", GroupResource, "The access token is for another resource than the one asked for.", codes{"V-AT-04"}},
}
