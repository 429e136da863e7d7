package demo

import "slices"

// A Fault is one thing the server can be told to do wrong, or to do in a way
// that is right and rare.
type Fault struct {
	Name  string
	Group string
	Doc   string   // one plain sentence: what the server does
	Codes []string // the checks that must notice, primary first; none for what a client must bear
	Flow  string   // the grant that shows it; empty for the code grant
}

// A row is a fault as its flow's table lists it.
type row struct {
	Name, Group, Doc string
	Codes            []string
}

// in is the rows that one flow shows.
func in(flow string, rows []row) []Fault {
	faults := make([]Fault, len(rows))
	for i, r := range rows {
		faults[i] = Fault{Name: r.Name, Group: r.Group, Doc: r.Doc, Codes: r.Codes, Flow: flow}
	}
	return faults
}

// The groups of the table, in its order.
const (
	GroupAuthorization = "authorization response"
	GroupToken         = "token response"
	GroupIDToken       = "ID token"
	GroupMetadata      = "metadata and keys"
	GroupVendor        = "habits of vendors"
	GroupValid         = "unusual but valid"
)

// Faults is every fault of the code grant. The tables are put together when
// they are asked for: most runs of the program never do.
func Faults() []Fault {
	return in("", byGroup(slices.Concat(codeFaults, moreFaults, vendorFaults)))
}

// FlowFaults is every fault that shows in other grants only.
func FlowFaults() []Fault {
	return slices.Concat(
		in("refresh", refreshFaults),
		in("implicit", implicitFaults),
		in("hybrid", hybridFaults),
		in("client-credentials", machineFaults),
		in("device", deviceFaults),
		in("exchange", exchangeFaults),
		in("ciba", cibaFaults),
		in("ciba-ping", notifyFaults),
		in("ciba-push", pushFaults),
		in("mtls", mtlsFaults),
		in("attestation", attestFaults),
		in("par", parFaults),
		in("jarm", jarmFaults),
		in("jarm-encrypted", jarmSealedFaults),
		in("rar", rarFaults),
		in("resource", resourceFaults),
		in("form-post", formPostFaults),
		in("secret-jwt", macFaults),
		in("dpop", dpopFaults),
		in("userinfo", userinfoFaults),
		in("userinfo-signed", signedUserinfoFaults),
		in("introspection", introspectionFaults),
		in("introspection-signed", signedIntrospectionFaults),
		in("introspection-dpop", boundIntrospectionFaults),
		in("encrypted", sealedFaults),
		in("revocation", revocationFaults),
		in("logout", logoutFaults),
		in("call", callFaults),
		in("discover", metaFaults),
		moreFlowFaults(),
	)
}

func everyFault() []Fault { return slices.Concat(Faults(), FlowFaults()) }

// codeFaults is in groups, each group in the order of the protocol.
var codeFaults = []row{
	{"state-wrong", GroupAuthorization, "The authorization response carries a state that the client did not send.", codes{"V-AR-02"}},
	{"state-missing", GroupAuthorization, "The authorization response leaves the client's state out.", codes{"V-AR-02"}},
	{"iss-wrong", GroupAuthorization, "The iss of the authorization response names another server.", codes{"V-AR-05"}},
	{"iss-missing", GroupAuthorization, "The authorization response has no iss although the metadata promises one.", codes{"V-AR-06"}},
	{"iss-unadvertised-wrong", GroupAuthorization, "The metadata does not promise an iss, and the one that is sent names another server.", codes{"V-AR-07"}},
	{"code-repeated", GroupAuthorization, "The authorization response carries two codes.", codes{"V-AR-04"}},
	{"code-missing", GroupAuthorization, "The authorization response has neither a code nor an error.", codes{"V-AR-14"}},
	{"code-and-error", GroupAuthorization, "The authorization response carries a code and an error at once.", codes{"V-AR-11"}},
	{"code-in-fragment", GroupAuthorization, "The authorization response comes in the fragment although the query was asked for.", codes{"V-AR-12"}},
	{"token-in-query", GroupAuthorization, "An access token stands beside the code in the query.", codes{"V-AR-13", "V-AR-14"}},
	{"callback-307", GroupAuthorization, "The consent form is answered with status 307, so the browser posts the form on to the client.", codes{"V-AR-21", "V-AR-01"}},
	{"error-unregistered", GroupAuthorization, "Instead of a code comes an error that no specification knows.", codes{"V-AR-10"}},

	{"token-redirect", GroupToken, "The token endpoint redirects the request instead of answering it.", codes{"V-TR-01"}},
	{"token-content-type", GroupToken, "The token response is JSON under the content type text/html.", codes{"V-TR-02"}},
	{"token-form-encoded", GroupToken, "The token response is form-encoded, as its content type says, instead of JSON.", codes{"V-TR-02"}},
	{"token-html", GroupToken, "The token endpoint answers with a web page and status 200.", codes{"V-TR-02", "V-TR-04"}},
	{"token-cacheable", GroupToken, "The token response does not forbid caches to keep it.", codes{"V-TR-03"}},
	{"token-duplicate-member", GroupToken, "The token response has token_type twice, spelt differently.", codes{"V-TR-04"}},
	{"token-bom", GroupToken, "The token response begins with a byte order mark.", codes{"V-TR-04"}},
	{"token-trailing-data", GroupToken, "A second JSON object follows the token response.", codes{"V-TR-04"}},
	{"token-cut-off", GroupToken, "The token response ends in the middle of its JSON.", codes{"V-TR-04"}},
	{"token-empty-body", GroupToken, "The token response has no body.", codes{"V-TR-04"}},
	{"token-junk-20mb", GroupToken, "The token response is 20 MB of blanks.", codes{"V-TR-04"}},
	{"token-slow", GroupToken, "The token response arrives at one byte a second.", nil},
	{"token-hangs", GroupToken, "The token endpoint takes the request and never answers.", nil},
	{"access-token-missing", GroupToken, "The token response has no access_token.", codes{"V-TR-05"}},
	{"access-token-illegal", GroupToken, "The access token contains a line break and an accented letter.", codes{"V-TR-05", "V-TR-06"}},
	{"token-type-missing", GroupToken, "The token response has no token_type.", codes{"V-TR-07"}},
	{"token-type-unknown", GroupToken, "The token_type is mac, which the client never asked for.", codes{"V-TR-07"}},
	{"expires-in-string", GroupToken, "The value of expires_in is a string instead of a number.", codes{"V-TR-09"}},
	{"expires-in-negative", GroupToken, "The value of expires_in is below zero.", codes{"V-TR-09"}},
	{"expires-in-milliseconds", GroupToken, "The value of expires_in counts milliseconds.", codes{"V-TR-09"}},
	{"expires-in-absent", GroupToken, "The token response does not say how long the token lives.", codes{"V-TR-10"}},
	{"scope-double-space", GroupToken, "Two spaces instead of one follow a scope in the token response.", codes{"V-TR-11"}},
	{"scope-widened", GroupToken, "The token is good for admin as well, which nobody asked for.", codes{"V-TR-12"}},
	{"id-token-missing", GroupToken, "The token response has no ID token although openid was granted.", codes{"V-TR-13"}},
	{"refresh-equals-access", GroupToken, "The refresh token is the access token.", codes{"V-TR-15"}},
	{"expires-in-fraction", GroupToken, "The value of expires_in is no whole number.", codes{"V-TR-09"}},
	{"access-equals-id-token", GroupToken, "The access token is the ID token.", codes{"V-TR-15"}},
	{"error-with-200", GroupToken, "The token endpoint reports an error with status 200.", codes{"V-TR-21"}},
	{"error-unregistered-token", GroupToken, "The token endpoint reports an error that no specification knows.", codes{"V-TR-21"}},

	{"idtoken-padded", GroupIDToken, "The parts of the ID token end in base64 padding.", codes{"V-ID-01"}},
	{"idtoken-trailing-bits", GroupIDToken, "The last character of the ID token has bits that stand for nothing and are not zero.", codes{"V-ID-01"}},
	{"idtoken-duplicate-claim", GroupIDToken, "The ID token has sub twice, with different values.", codes{"V-ID-02"}},
	{"idtoken-crit", GroupIDToken, "The ID token's header demands an extension that does not exist.", codes{"V-ID-03"}},
	{"idtoken-typ-access-token", GroupIDToken, "The ID token's header says it is an access token.", codes{"V-ID-04"}},
	{"idtoken-header-jwk", GroupIDToken, "The ID token is signed with a foreign key that its own header supplies.", codes{"V-ID-05", "V-ID-10"}},
	{"idtoken-header-jku", GroupIDToken, "The ID token is signed with a foreign key, and its header says where to fetch that.", codes{"V-ID-05", "V-ID-10"}},
	{"idtoken-alg-rs384", GroupIDToken, "The ID token is signed with RS384, which the metadata does not list.", codes{"V-ID-07", "V-ID-10"}},
	{"idtoken-alg-none", GroupIDToken, "The ID token says alg none and has no signature.", codes{"V-ID-08", "V-ID-07"}},
	{"idtoken-hs256-public-key", GroupIDToken, "The ID token is signed with HS256, keyed by the PEM text of the public key.", codes{"V-ID-09", "V-ID-07"}},
	{"idtoken-bad-signature", GroupIDToken, "One bit of the ID token's signature is wrong.", codes{"V-ID-10"}},
	{"idtoken-es256-bad-signature", GroupIDToken, "The ID token is signed with ES256, which the metadata lists, and one bit of the signature is wrong.", codes{"V-ID-10"}},
	{"idtoken-es256-zero", GroupIDToken, "The ID token is signed with ES256, and both numbers of the signature are zero.", codes{"V-ID-10"}},
	{"idtoken-foreign-key", GroupIDToken, "The ID token is signed with a key that is not published, under the name of the one that is.", codes{"V-ID-10"}},
	{"idtoken-kid-missing-two-keys", GroupIDToken, "Two keys are published and the ID token does not say which one signed it.", codes{"V-ID-11"}},
	{"idtoken-kid-missing", GroupIDToken, "The ID token does not say which key signed it, and one that is published fits.", codes{"V-ID-11"}},
	{"idtoken-kid-unknown", GroupIDToken, "The ID token names a key that is not published.", codes{"V-ID-12"}},
	{"idtoken-iss-wrong", GroupIDToken, "The ID token was issued in the name of another server.", codes{"V-ID-14"}},
	{"idtoken-iss-missing", GroupIDToken, "The ID token does not say who issued it.", codes{"V-ID-14"}},
	{"idtoken-aud-missing", GroupIDToken, "The ID token does not say for whom it is.", codes{"V-ID-15"}},
	{"idtoken-aud-wrong", GroupIDToken, "The ID token was issued to another client.", codes{"V-ID-15"}},
	{"idtoken-aud-extra", GroupIDToken, "The ID token was issued to the client and to one it does not know.", codes{"V-ID-15"}},
	{"idtoken-azp-wrong", GroupIDToken, "The ID token names another client as the authorized party.", codes{"V-ID-16"}},
	{"idtoken-expired", GroupIDToken, "The ID token expired some minutes ago.", codes{"V-ID-17"}},
	{"idtoken-exp-milliseconds", GroupIDToken, "The exp of the ID token counts milliseconds.", codes{"V-ID-17"}},
	{"idtoken-exp-missing", GroupIDToken, "The ID token has no exp.", codes{"V-ID-17"}},
	{"idtoken-iat-future", GroupIDToken, "The iat of the ID token lies ten minutes ahead.", codes{"V-ID-18"}},
	{"idtoken-iat-missing", GroupIDToken, "The ID token has no iat.", codes{"V-ID-18"}},
	{"idtoken-nbf-future", GroupIDToken, "The ID token is not valid before ten minutes from now.", codes{"V-ID-19"}},
	{"idtoken-nonce-wrong", GroupIDToken, "The ID token carries a nonce that the client did not send.", codes{"V-ID-20"}},
	{"idtoken-nonce-missing", GroupIDToken, "The ID token leaves the client's nonce out.", codes{"V-ID-20"}},
	{"idtoken-sub-missing", GroupIDToken, "The ID token has no sub.", codes{"V-ID-23"}},
	{"idtoken-sub-number", GroupIDToken, "The sub of the ID token is a number instead of a string.", codes{"V-ID-23"}},
	{"idtoken-at-hash-wrong", GroupIDToken, "The at_hash of the ID token belongs to another access token.", codes{"V-ID-24"}},
	{"idtoken-events", GroupIDToken, "The ID token carries the events claim of a logout token.", codes{"V-ID-29"}},

	{"issuer-slash", GroupMetadata, "The issuer in the metadata has a slash at its end.", codes{"V-MD-01"}},
	{"issuer-other", GroupMetadata, "The issuer in the metadata is another server.", codes{"V-MD-01"}},
	{"metadata-404", GroupMetadata, "Neither place of the metadata holds any.", nil},
	{"metadata-html", GroupMetadata, "Both places of the metadata hold a web page.", codes{"V-MD-04"}},
	{"metadata-duplicate", GroupMetadata, "The metadata has userinfo_endpoint twice, with different values.", codes{"V-MD-04"}},
	{"metadata-no-token-endpoint", GroupMetadata, "The metadata has no token_endpoint.", codes{"V-MD-05"}},
	{"metadata-endpoint-fragment", GroupMetadata, "The token_endpoint in the metadata has a fragment.", codes{"V-MD-05"}},
	{"metadata-no-s256", GroupMetadata, "The metadata lists plain as the only PKCE method.", codes{"V-MD-06"}},
	{"jwks-private-member", GroupMetadata, "The published keys include the private half of one.", codes{"V-JK-01"}},
	{"jwks-html", GroupMetadata, "A web page stands where the keys should be.", codes{"V-JK-03"}},

	{"ok-extra-members", GroupValid, "Metadata, authorization response, token response and ID token have members nobody knows.", nil},
	{"ok-token-type-lower", GroupValid, "The token_type is written bearer.", nil},
	{"ok-no-scope-in-response", GroupValid, "The token response leaves out the scope, because it is the one that was asked for.", nil},
	{"ok-aud-array", GroupValid, "The aud of the ID token is an array of one.", nil},
	{"ok-unknown-keys-in-jwks", GroupValid, "The published keys include kinds that are not invented yet.", nil},
	{"ok-key-rotated", GroupValid, "The signing key is published only from the second request for the keys on.", nil},
	{"ok-key-rotated-before-signing", GroupValid, "The signing key changes just before the ID token is signed, and the old one is withdrawn.", nil},
	{"ok-clock-ahead-20s", GroupValid, "The clock of the server is 20 seconds ahead.", nil},
}

// codes is a list of them. A literal, unlike a call, costs nothing when the
// program starts.
type codes []string

// FaultNames is the names of both tables, in their order.
func FaultNames() []string {
	all := everyFault()
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.Name
	}
	return names
}

// broken says whether the server was told to err in this way, and notes for the
// log that the question came up.
func (s *Server) broken(name string) bool {
	if !s.faults[name] {
		return false
	}
	for _, fired := range s.fired {
		if fired == name {
			return true
		}
	}
	s.fired = append(s.fired, name)
	return true
}

// Nearest is the name with the smallest edit distance to what was typed, or
// nothing when there are no names.
func Nearest(typed string, names []string) string {
	best, least := "", -1
	for _, name := range names {
		if d := distance(typed, name); least < 0 || d < least {
			best, least = name, d
		}
	}
	return best
}

// distance is how many letters must be put in, taken out or changed (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
