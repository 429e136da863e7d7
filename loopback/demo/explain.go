package demo

import "time"

// An arrived parameter, and what it is for.
type arrived struct{ Name, Value, Words string }

// parameterWords says what a parameter of the authorization request is for.
var parameterWords = map[string]string{
	"client_id":             "which application is asking (RFC 6749 §2.2). Anybody can claim to be it; the redirect URI and the person decide",
	"response_type":         "what the application wants back: code means a short-lived code to trade for tokens (RFC 6749 §3.1.1), token and id_token the tokens themselves",
	"redirect_uri":          "where the answer goes. It was checked before anything else (RFC 6749 §3.1.2)",
	"scope":                 "how much access is asked for (RFC 6749 §3.3)",
	"state":                 "a value only the application knows. It comes back unchanged and shows that the answer belongs to this request (RFC 6749 §10.12)",
	"code_challenge":        "PKCE: the hash of a secret that the application keeps. Whoever brings the code must show the secret (RFC 7636)",
	"code_challenge_method": "how the hash was made; without it the secret itself was sent (RFC 7636 §4.3)",
	"nonce":                 "a value that comes back inside the ID token and ties it to this request (OpenID Connect Core §3.1.2.1)",
	"response_mode":         "how the answer travels: in the query, the fragment, or a form",
	"prompt":                "whether the person must be asked again, or must not be asked (OpenID Connect Core §3.1.2.1)",
	"max_age":               "how many seconds ago the last sign-in may be (OpenID Connect Core §3.1.2.1)",
	"login_hint":            "whom the application expects; the form is filled in with it",
	"id_token_hint":         "an ID token from before: this person is expected (OpenID Connect Core §3.1.2.1)",
	"ui_locales":            "the languages the person would like; these pages speak English only",
	"display":               "how large the pages should be; these fit any size",
	"acr_values":            "how strongly the person should be identified, best first (OpenID Connect Core §3.1.2.1); this server has only a password and says what it is asked for",
	"claims":                "single claims asked for by name (OpenID Connect Core §5.5)",
	"resource":              "which service the token is for (RFC 8707)",
	"authorization_details": "what exactly is asked for, in more detail than a scope can say (RFC 9396)",
	"dpop_jkt":              "the fingerprint of a key: only its owner can use the code (RFC 9449 §10)",

	"logout_hint":              "whom the application believes to be signed in (RP-Initiated Logout 1.0 §2)",
	"post_logout_redirect_uri": "where the browser goes afterwards. It was checked before anything else (RP-Initiated Logout 1.0 §3)",
}

// modeWords says how an answer travels.
var modeWords = map[string]string{
	"query":     "in the query of the address",
	"fragment":  "in the fragment of the address, which stays in the browser",
	"form_post": "in a form that the browser submits",

	"query.jwt":     "signed, in the query of the address (JARM)",
	"fragment.jwt":  "signed, in the fragment of the address, which stays in the browser (JARM)",
	"form_post.jwt": "signed, in a form that the browser submits (JARM)",
}

// way says what the application gets, and how.
func (a *authorization) way(life time.Duration) string {
	if !a.wants("code") || len(a.kind) > 1 {
		return "sends your browser back with " + a.inWords() + ", " + modeWords[a.mode] +
			". Whatever goes this way can be read by the browser and all that runs in it (RFC 9700 §2.1.2)"
	}
	return "writes a code that is good for one use within " + inWords(life) + " and sends your browser back with it, " + modeWords[a.mode] +
		". The application then trades the code for tokens at the token endpoint, where no browser is involved"
}

// explain is what arrived, in the order in which it did.
func explain(p params) []arrived {
	const longest = 200
	var list []arrived
	for _, name := range p.order {
		words, ok := parameterWords[name]
		if !ok {
			words = "not a parameter this server knows, so it is ignored (RFC 6749 §3.1)"
		}
		value := []rune(p.get(name))
		if len(value) > longest {
			value = append(value[:longest], '…')
		}
		list = append(list, arrived{Name: name, Value: string(value), Words: words})
	}
	return list
}
