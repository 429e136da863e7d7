package demo

// The groups of the faults that show in one grant only.
const (
	GroupRefresh  = "refreshed tokens"
	GroupFront    = "tokens through the browser"
	GroupDevice   = "device authorization"
	GroupMachine  = "tokens without a person"
	GroupExchange = "token exchange"
	GroupCIBA     = "backchannel authentication"
	GroupMTLS     = "mutual TLS"
	GroupAttest   = "client attestation"
	GroupDPoP     = "proof of possession"
	GroupUserinfo = "UserInfo"
	GroupTokens   = "introspection and revocation"
	GroupSealed   = "encrypted tokens"
	GroupLogout   = "logout"
	GroupCall     = "protected resource"
)

var refreshFaults = []row{
	{"refresh-scope-widened", GroupRefresh, "The refreshed token is good for admin as well, which nobody asked for.", codes{"V-TR-12"}},
	{"refresh-token-reusable", GroupRefresh, "The refresh token does not rotate and may be used again.", nil},
	{"refresh-idtoken-sub-changed", GroupRefresh, "The refreshed ID token speaks of another person than the first.", codes{"V-ID-28"}},
	{"refresh-idtoken-iss-changed", GroupRefresh, "The refreshed ID token was issued in the name of another server.", codes{"V-ID-28", "V-ID-14"}},
	{"refresh-idtoken-aud-changed", GroupRefresh, "The refreshed ID token was issued to another client.", codes{"V-ID-28", "V-ID-15"}},
	{"refresh-idtoken-nonce-changed", GroupRefresh, "The refreshed ID token carries a nonce that nobody sent.", codes{"V-ID-28"}},
	{"refresh-idtoken-auth-time-changed", GroupRefresh, "The refreshed ID token dates the sign-in a day earlier than the first.", codes{"V-ID-28"}},
}

var implicitFaults = []row{
	{"front-in-query", GroupFront, "Tokens come in the query, where they were not asked for.", codes{"V-AR-12", "V-AR-13"}},
	{"front-access-token-missing", GroupFront, "The authorization response lacks the access token that the response type names.", codes{"V-AR-14"}},
	{"front-id-token-missing", GroupFront, "The authorization response lacks the ID token that the response type names.", codes{"V-AR-14"}},
	{"front-refresh-token", GroupFront, "A refresh token travels through the browser.", codes{"V-AR-14"}},
	{"front-token-type-missing", GroupFront, "The authorization response has an access token and no token_type.", codes{"V-AR-16"}},
	{"front-expires-in-odd", GroupFront, "The expires_in of the authorization response is written in words.", codes{"V-AR-16"}},
	{"front-at-hash-missing", GroupFront, "The ID token beside an access token has no at_hash.", codes{"V-ID-24"}},
	{"front-at-hash-wrong", GroupFront, "The at_hash of the ID token beside an access token belongs to another.", codes{"V-ID-24"}},
}

var hybridFaults = []row{
	{"front-code-missing", GroupFront, "The authorization response has its tokens and lacks the code.", codes{"V-AR-14"}},
	{"front-c-hash-missing", GroupFront, "The ID token beside a code has no c_hash.", codes{"V-ID-25"}},
	{"front-c-hash-wrong", GroupFront, "The c_hash of the ID token beside a code belongs to another.", codes{"V-ID-25"}},
	{"hybrid-sub-differs", GroupFront, "The two ID tokens of a hybrid flow speak of different people.", codes{"V-ID-27"}},
	{"hybrid-nonce-differs", GroupFront, "The second ID token of a hybrid flow leaves the nonce out.", codes{"V-ID-27", "V-ID-20"}},
}

// formPostFaults show when the answer is to come in a form.
var formPostFaults = []row{
	{"form-post-error", GroupAuthorization, "The form that the browser submits carries an error.", nil},
	{"form-post-in-query", GroupAuthorization, "The authorization response comes in the query although a form was asked for.", codes{"V-AR-12", "V-AR-01"}},
}

// macFaults need a client with a secret that is long enough to key a MAC.
var macFaults = []row{
	{"idtoken-hs256-bad-signature", GroupIDToken, "The ID token is signed with HS256, which the metadata lists, and one bit of the signature is wrong.", codes{"V-ID-09", "V-ID-10"}},
}

var machineFaults = []row{
	{"client-credentials-refresh-token", GroupMachine, "A refresh token comes with client credentials, which could be used again instead.", codes{"V-TR-14"}},
}

var deviceFaults = []row{
	{"device-code-missing", GroupDevice, "The device authorization response has no device_code.", codes{"V-DV-01"}},
	{"device-user-code-missing", GroupDevice, "The device authorization response has no user_code.", codes{"V-DV-01"}},
	{"device-user-code-escapes", GroupDevice, "The user_code begins with characters that clear a terminal.", codes{"V-DV-01"}},
	{"device-codes-equal", GroupDevice, "The user_code is the device_code.", codes{"V-DV-01"}},
	{"device-verification-uri-missing", GroupDevice, "The device authorization response says no address to go to.", codes{"V-DV-01"}},
	{"device-verification-url", GroupDevice, "The address to go to is called verification_url, as Google once did.", codes{"V-DV-01"}},
	{"device-verification-uri-http", GroupDevice, "The address to go to is plain http on another machine.", codes{"V-DV-01"}},
	{"device-expires-in-missing", GroupDevice, "The device authorization response does not say how long the codes live.", codes{"V-DV-01"}},
	{"device-interval-odd", GroupDevice, "The interval between two polls is a string instead of a number.", codes{"V-DV-01"}},
	{"device-interval-missing", GroupDevice, "The device authorization response leaves out the interval, which then is five seconds.", nil},
	{"device-uri-complete-missing", GroupDevice, "The device authorization response has no address with the code in it.", nil},
	{"device-slow-down-once", GroupDevice, "The first poll is called too fast.", nil},
	{"device-denied", GroupDevice, "The person denies the request before the second poll.", nil},
	{"device-expires", GroupDevice, "The codes live for one poll only.", nil},
	{"device-429", GroupDevice, "The first poll meets a rate limit and no OAuth error.", nil},
	{"device-500-once", GroupDevice, "The first poll meets a failing server.", nil},
}

var exchangeFaults = []row{
	{"exchange-issued-type-missing", GroupExchange, "The token exchange does not say which type of token it issued.", codes{"V-TR-17"}},
	{"exchange-issued-type-wrong", GroupExchange, "The token exchange says that it issued a type of token which nobody asked for.", codes{"V-TR-17"}},
}

var cibaFaults = []row{
	{"ciba-auth-req-id-missing", GroupCIBA, "The acknowledgement has no auth_req_id.", codes{"V-CB-01"}},
	{"ciba-auth-req-id-illegal", GroupCIBA, "The auth_req_id has characters that it may not have.", codes{"V-CB-01"}},
	{"ciba-expires-in-missing", GroupCIBA, "The acknowledgement does not say how long the request lives.", codes{"V-CB-01"}},
	{"ciba-interval-odd", GroupCIBA, "The interval between two polls is a string instead of a number.", codes{"V-CB-01"}},
	{"ciba-slow-down-once", GroupCIBA, "The first poll is called too fast.", nil},
	{"ciba-denied", GroupCIBA, "The person denies the request before the second poll.", nil},
	{"ciba-expires", GroupCIBA, "The request lives for one poll only.", nil},
	{"ciba-429", GroupCIBA, "The first poll meets a rate limit and no OAuth error.", nil},
	{"ciba-500-once", GroupCIBA, "The first poll meets a failing server.", nil},
}

// notifyFaults show when the server calls the client; whoever sent such a
// notification is not to be believed, so a client goes on waiting.
var notifyFaults = []row{
	{"ciba-notification-token-wrong", GroupCIBA, "The notification brings a token that the client did not choose.", nil},
	{"ciba-notification-unknown-request", GroupCIBA, "The notification names a request that the client did not make.", nil},
}

var pushFaults = []row{
	{"ciba-push-interval", GroupCIBA, "The acknowledgement has an interval although the tokens will be pushed.", codes{"V-CB-01"}},
	{"ciba-push-auth-req-id-wrong", GroupCIBA, "The pushed ID token belongs to another request.", codes{"V-ID-33"}},
	{"ciba-push-rt-hash-wrong", GroupCIBA, "The rt_hash of the pushed ID token belongs to another refresh token.", codes{"V-ID-33"}},
	{"ciba-push-at-hash-wrong", GroupCIBA, "The at_hash of the pushed ID token belongs to another access token.", codes{"V-ID-24"}},
}

var mtlsFaults = []row{
	{"mtls-binding-missing", GroupMTLS, "The access token is not bound to the certificate, although the metadata promises it.", codes{"V-MT-01"}},
	{"mtls-binding-wrong", GroupMTLS, "The access token is bound to another certificate.", codes{"V-MT-01"}},
}

var attestFaults = []row{
	{"attestation-challenge", GroupAttest, "The server takes no proof of possession without its own challenge in it.", nil},
}
