package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"slices"
	"strings"
)

// Algs are the algs that the key can sign with, the one to take first. Its own
// alg is the only one when it has one; there is none when that one encrypts. An
// RSA key without one begins with RS256: every server takes that (OpenID Connect
// Discovery §3 demands it for ID tokens, and it is the default of client
// registration), while PS256 is missing in older ones; a server that wants PS256
// lists it, and FAPI ones do.
func (k Private) Algs() []string {
	switch {
	case k.Key == nil, encrypts(k.Alg):
		return nil
	case k.Alg == "Ed25519":
		return []string{"Ed25519", "EdDSA"}
	case k.Alg != "" && k.Alg != "EdDSA":
		return []string{k.Alg}
	}
	switch key := k.Key.(type) {
	case *rsa.PrivateKey:
		return []string{"RS256", "PS256", "RS384", "PS384", "RS512", "PS512"}
	case *ecdsa.PrivateKey:
		for _, alg := range []string{"ES256", "ES384", "ES512"} {
			if algorithms[alg].curve == key.Params().Name {
				return []string{alg}
			}
		}
	case ed25519.PrivateKey:
		return []string{"EdDSA", "Ed25519"} // RFC 9864 deprecates the first name, which servers still expect
	case []byte:
		return []string{"HS256", "HS384", "HS512"}
	}
	return nil
}

// Fits says why the key cannot sign with an alg; nil when it can. The error is
// a *KeyError that names the key.
func (k Private) Fits(alg string) error {
	if k.flaw != nil {
		return noKey(k.flaw.Reason, "%s cannot be used: %s", k, k.flaw.Detail)
	}
	a, known := algorithms[alg]
	switch {
	case encrypts(k.Alg):
		return noKey("misfit", "%s does not sign: its alg %s is one of encryption", k, quote(k.Alg))
	case !known || a.unsupported:
		return noKey("unknown-alg", "this tool does not sign with alg %s", quote(alg))
	case k.Use != "" && k.Use != "sig":
		return noKey("misfit", "%s does not sign: its use is %s, not sig", k, quote(k.Use))
	case len(k.KeyOps) > 0 && !slices.Contains(k.KeyOps, "sign"):
		return noKey("misfit", "%s does not sign: its key_ops are %s, without sign", k, quote(strings.Join(k.KeyOps, " ")))
	case k.Alg != "" && !sameAlg(k.Alg, alg):
		return noKey("misfit", "%s is for alg %s, not %s", k, quote(k.Alg), alg)
	}
	// The alg that a key names is not proof of what it is.
	bare := k
	bare.Alg = ""
	if !slices.Contains(bare.Algs(), alg) {
		return noKey("misfit", "%s cannot sign with %s, only with %s", k, alg, strings.Join(bare.Algs(), ", "))
	}
	return nil
}

// Pick chooses the key to sign with and the alg. A kid chooses by kid, or by
// thumbprint where a key has none; a single key that has none takes it as its
// name. Without a kid there must be one key that fits. The alg is the key's
// own, else the one that is asked for, else that of its curve, else RS256: see
// Algs. The error is a *KeyError that names what does not fit.
func Pick(keys []Private, kid, alg string) (Private, string, error) {
	named, err := byKid(keys, kid)
	if err != nil {
		return Private{}, "", err
	}
	var fitting []Private
	var unfit []string
	var first error
	for _, k := range named {
		_, err := k.alg(alg)
		if err == nil {
			fitting = append(fitting, k)
			continue
		}
		if first == nil {
			first = err
		}
		unfit = append(unfit, err.Error())
	}
	switch {
	case len(fitting) == 1:
		chosen, _ := fitting[0].alg(alg)
		return fitting[0], chosen, nil
	case len(fitting) > 1:
		return Private{}, "", noKey("ambiguous", "%d keys can sign, and one has to be chosen by its kid%s", len(fitting), listing(labels(fitting)))
	case len(named) == 1:
		return Private{}, "", first
	case len(named) == 0:
		return Private{}, "", noKey("no-private-key", "no private key is given")
	}
	return Private{}, "", noKey("misfit", "none of the %d keys can sign this%s", len(named), listing(unfit))
}

func (k Private) alg(asked string) (string, error) {
	if own := k.Algs(); asked == "" && len(own) > 0 {
		asked = own[0]
	}
	return asked, k.Fits(asked)
}

func byKid(keys []Private, kid string) ([]Private, error) {
	if kid == "" {
		return keys, nil
	}
	var found []Private
	for _, k := range keys {
		if k.Kid == kid || k.Kid == "" && k.Public.Thumbprint == kid {
			found = append(found, k)
		}
	}
	switch {
	case len(found) > 0:
		return found, nil
	case len(keys) == 1 && keys[0].Kid == "":
		k := keys[0]
		k.Kid = kid
		if k.Key != nil {
			k.publish()
		}
		return []Private{k}, nil
	}
	return nil, noKey("misfit", "no key has the kid %s%s", quote(kid), listing(labels(keys)))
}

func labels(keys []Private) []string {
	all := make([]string, len(keys))
	for i, k := range keys {
		all[i] = strings.TrimPrefix(k.String(), "the ")
	}
	return all
}
