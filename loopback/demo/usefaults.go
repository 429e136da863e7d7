package demo

// The faults of what happens to tokens after they were issued.

var dpopFaults = []row{
	{"dpop-answer-bearer", GroupDPoP, "The access token is not bound to the key of the proof, and its token_type is Bearer.", codes{"V-TR-08"}},
	{"dpop-binding-missing", GroupDPoP, "The token_type is DPoP, and the access token names no key.", codes{"V-DP-01"}},
	{"dpop-binding-wrong", GroupDPoP, "The access token is bound to another key than the one of the proof.", codes{"V-DP-01"}},
	{"dpop-nonce-forever", GroupDPoP, "The server asks for a nonce again however often it gets the one it asked for.", codes{"V-TR-22"}},
	{"dpop-nonce-illegal", GroupDPoP, "The nonce beside a success has characters that no nonce may have.", codes{"V-TR-18"}},
	{"dpop-nonce-twice", GroupDPoP, "Two nonces stand beside a success.", codes{"V-TR-18"}},
	{"dpop-nonce-missing", GroupDPoP, "The server asks for a nonce and does not say which.", codes{"V-TR-22"}},
	{"ok-dpop-token-type-lower", GroupDPoP, "The token_type is written dpop.", nil},
	{"ok-dpop-nonce", GroupDPoP, "Server and resource demand nonces of their own in every proof.", nil},
	{"ok-dpop-nonce-rotates", GroupDPoP, "Every answer brings another nonce, and only the newest is taken.", nil},
}

var userinfoFaults = []row{
	{"userinfo-sub-other", GroupUserinfo, "The UserInfo response speaks of another person than the ID token.", codes{"V-UI-01"}},
	{"userinfo-sub-missing", GroupUserinfo, "The UserInfo response has no sub.", codes{"V-UI-01"}},
	{"userinfo-content-type", GroupUserinfo, "The UserInfo response is JSON under the content type text/html.", codes{"V-UI-03"}},
	{"userinfo-html", GroupUserinfo, "The UserInfo endpoint answers with a web page and status 200.", codes{"V-UI-03", "V-UI-08"}},
	{"userinfo-null-claim", GroupUserinfo, "The UserInfo response has a claim that is null.", codes{"V-UI-06"}},
	{"userinfo-email-verified-string", GroupUserinfo, "The email_verified of the UserInfo response is a string instead of a boolean.", codes{"V-UI-06"}},
	{"userinfo-duplicate-member", GroupUserinfo, "The UserInfo response has sub twice.", codes{"V-UI-08"}},
	{"ok-userinfo-aggregated-claims", GroupUserinfo, "A claim of the UserInfo response comes in a JWT of somebody else.", nil},
	{"ok-userinfo-distributed-claims", GroupUserinfo, "A claim of the UserInfo response has to be fetched from somebody else.", nil},
	{"userinfo-cacheable", GroupUserinfo, "The UserInfo response invites caches to keep it for an hour.", codes{"V-UI-08"}},
}

// signedUserinfoFaults need a client such as "signed".
var signedUserinfoFaults = []row{
	{"userinfo-jwt-iss-wrong", GroupUserinfo, "The signed UserInfo response was issued in the name of another server.", codes{"V-UI-04"}},
	{"userinfo-jwt-aud-wrong", GroupUserinfo, "The signed UserInfo response was issued to another client.", codes{"V-UI-04"}},
	{"userinfo-jwt-bad-signature", GroupUserinfo, "One bit of the signature of the UserInfo response is wrong.", codes{"V-UI-04"}},
	{"userinfo-jwt-alg-none", GroupUserinfo, "The signed UserInfo response says alg none and has no signature.", codes{"V-UI-04"}},
	{"userinfo-jwt-expired", GroupUserinfo, "The signed UserInfo response expired some minutes ago.", codes{"V-UI-04"}},
}

var introspectionFaults = []row{
	{"introspection-active-string", GroupTokens, "The active of the introspection response is a string instead of a boolean.", codes{"V-IN-01"}},
	{"introspection-active-missing", GroupTokens, "The introspection response has no active.", codes{"V-IN-01"}},
	{"introspection-inactive-talks", GroupTokens, "The introspection response says that the token is not active and whose it was.", codes{"V-IN-01"}},
	{"introspection-expired-active", GroupTokens, "The introspection response says that the token is active and expired some minutes ago.", codes{"V-IN-01", "V-AT-08"}},
}

// signedIntrospectionFaults need a client such as "signed", or one that asks for a JWT.
var signedIntrospectionFaults = []row{
	{"introspection-jwt-typ-wrong", GroupTokens, "The header of the signed introspection response says that it is any JWT.", codes{"V-IN-01"}},
	{"introspection-jwt-aud-wrong", GroupTokens, "The signed introspection response was issued to another client.", codes{"V-IN-01"}},
	{"introspection-jwt-bad-signature", GroupTokens, "One bit of the signature of the introspection response is wrong.", codes{"V-IN-01"}},
}

// boundIntrospectionFaults need an access token that is bound to a key.
var boundIntrospectionFaults = []row{
	{"introspection-cnf-wrong", GroupTokens, "The introspection response binds the token to another key.", codes{"V-DP-02"}},
}

// sealedFaults need a client such as "encrypted".
var sealedFaults = []row{
	{"idtoken-not-encrypted", GroupSealed, "The ID token is not encrypted, although the client is registered for it.", codes{"V-ID-06"}},
	{"idtoken-inflate-bomb", GroupSealed, "The encrypted ID token is compressed, and inflates to more than 10 MB.", codes{"V-ID-06"}},
	{"idtoken-inner-unsigned", GroupSealed, "The encrypted ID token holds bare claims instead of a signed token.", codes{"V-ID-06"}},
}

var revocationFaults = []row{
	{"revoke-503", GroupTokens, "The revocation endpoint is not available for two seconds.", nil},
	{"revoke-html", GroupTokens, "The revocation endpoint answers with a web page and status 200.", nil},
}

var logoutFaults = []row{
	{"logout-state-wrong", GroupLogout, "The browser comes back from the logout with a state that the client did not send.", codes{"V-AR-02"}},
	{"logout-state-missing", GroupLogout, "The browser comes back from the logout without the client's state.", codes{"V-AR-02"}},
	{"logout-page", GroupLogout, "The browser does not come back from the logout.", nil},
}

var callFaults = []row{
	{"challenge-malformed", GroupCall, "The challenge of the resource lacks its last quote.", codes{"V-CH-01"}},
	{"challenge-repeated-parameter", GroupCall, "The challenge of the resource has scope twice.", codes{"V-CH-01"}},
	{"challenge-missing", GroupCall, "The resource refuses without a challenge.", codes{"V-CH-01"}},
}
