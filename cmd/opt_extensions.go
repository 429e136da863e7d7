package cmd

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/ext"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// extensionOptions add to a grant how its requests are protected, and what its
// tokens are bound to.
type extensionOptions struct {
	par, jar, jarEncrypt, dpop bool
	dpopKey                    string
	resources                  []string
	details                    string

	key  jose.Private // of --dpop-key
	made bool         // the key lives in this run only
}

// flags declares those that make sense: a request can only be pushed or signed
// where there is an authorization request, and details be asked for where
// something is asked for.
func (o *extensionOptions) flags(fs *pflag.FlagSet, row commandRow) {
	if row.browser && row.issues() {
		fs.BoolVar(&o.par, "par", false, "push the authorization request to the server directly (RFC 9126)")
		fs.BoolVar(&o.jar, "jar", false, "sign the authorization request, with --key or the client secret (RFC 9101)")
		fs.BoolVar(&o.jarEncrypt, "jar-encrypt", false, "encrypt it to the server as well; implies --jar")
	}
	fs.BoolVar(&o.dpop, "dpop", false, "bind the token to a key, and prove it with each request (RFC 9449)")
	fs.StringVar(&o.dpopKey, "dpop-key", "", "`FILE` with that key: JWK, JWKS or PEM (default: a fresh one); implies --dpop")
	if row.issues() || row.errand {
		fs.StringArrayVar(&o.resources, "resource", nil, "`URI` of a resource that the token shall be good for; repeatable (RFC 8707)")
	}
	if row.issues() {
		fs.StringVar(&o.details, "authorization-details", "", "rights in detail, a `JSON` list or @FILE (RFC 9396)")
	}
}

func (o *extensionOptions) resolve(l *layer) (err error) {
	o.jar = o.jar || o.jarEncrypt
	o.dpop = o.dpop || o.dpopKey != ""
	if o.dpopKey != "" {
		if o.key, err = l.privateKey("--dpop-key", o.dpopKey, "", ""); err != nil {
			return err
		}
		if o.key.Signer() == nil {
			return &usageError{"--dpop-key " + o.dpopKey + " is a symmetric key, and proofs are made with a private one", []string{"make one:", "oauthprobe key new --out dpop.jwk"}}
		}
	}
	for _, uri := range o.resources {
		if u, err := url.Parse(uri); err != nil || !u.IsAbs() || strings.Contains(uri, "#") {
			return &usageError{fmt.Sprintf("--resource %q is not an absolute URI without a fragment (RFC 8707 §2)", uri), nil}
		}
	}
	if o.details == "" {
		return nil
	}
	if o.details, _, err = l.value("--authorization-details", o.details); err != nil {
		return err
	}
	if problem := ext.Details(o.details); problem != "" {
		return &usageError{"--authorization-details is " + problem, []string{"it is a JSON list of objects, each with its type, for example:", `--authorization-details '[{"type":"account_information","actions":["list_accounts"]}]'`}}
	}
	return nil
}

// proofAlgs are what a fresh DPoP key is made for, the usual one first.
func proofAlgs() []string {
	return []string{"ES256", "ES384", "ES512", "Ed25519", "EdDSA", "PS256", "RS256"}
}

// proofKey makes a key when one is wanted and none is given: of a kind that
// the server lists.
func (o *extensionOptions) proofKey(server flow.Server, random io.Reader) (err error) {
	if !o.dpop || o.key.Key != nil {
		return nil
	}
	alg := proofAlgs()[0]
	for _, a := range proofAlgs() {
		if listed, told := server.Lists("dpop_signing_alg_values_supported", a); listed || !told {
			alg = a
			break
		}
	}
	o.key, err = jose.Generate(alg, random)
	o.made = true
	return err
}

// required says what the server demands of authorization requests and this
// one does not have (RFC 9126 §5, RFC 9101 §10.5).
func (o *extensionOptions) required(server flow.Server, browser bool) []trace.Note {
	var notes []trace.Note
	if !browser {
		return nil // no authorization request is made
	}
	if server.Flag("require_pushed_authorization_requests", false) && !o.par {
		notes = append(notes, trace.Note{Topic: "par-required", Ref: "RFC 9126 §5", Text: "the metadata say that requests have to be pushed; this one is not: --par"})
	}
	if server.Flag("require_signed_request_object", false) && !o.jar {
		notes = append(notes, trace.Note{Topic: "jar-required", Ref: "RFC 9101 §10.5", Text: "the metadata say that requests have to be signed; this one is not: --jar"})
	}
	return notes
}

// notes say what a person should know of the key.
func (o *extensionOptions) notes(server flow.Server) []trace.Note {
	if !o.dpop {
		return nil
	}
	var notes []trace.Note
	if o.made {
		notes = append(notes, trace.Note{Topic: "dpop-key", Ref: "RFC 9449 §3", Text: "a fresh DPoP key, thumbprint " + o.key.Public.Thumbprint +
			", that is gone when this run ends; to use the token afterwards, make one that stays: oauthprobe key new --out dpop.jwk, and --dpop-key dpop.jwk"})
	} else {
		notes = append(notes, trace.Note{Topic: "dpop-key", Ref: "RFC 9449 §3", Text: "the DPoP key is " + o.key.String() + ", thumbprint " + o.key.Public.Thumbprint})
	}
	if _, told := server.Lists("dpop_signing_alg_values_supported", ""); !told && server.Metadata != nil {
		notes = append(notes, trace.Note{Topic: "dpop-unadvertised", Ref: "RFC 9449 §5.1", Text: "the metadata do not say that this server knows DPoP (dpop_signing_alg_values_supported); proofs are sent all the same"})
	}
	return notes
}
