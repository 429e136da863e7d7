// Package discover finds out what a server says of itself.
package discover

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Metadata finds the metadata of the plan's issuer.
func Metadata() flow.Procedure {
	return flow.Procedure{
		Name: "discovery", Spec: "RFC 8414 §3; OIDC Discovery §4",
		Doc: "authorization server metadata\n\nA document at a well-known place tells where the server's endpoints are and what it can do. It is read from the issuer itself, and has to name that very issuer.",
		Run: discovery,
	}
}

func discovery(ctx context.Context, r *flow.Run) error {
	_, _, err := search(ctx, r)
	return err
}

// search is discovery with the document that it chose, and what was found wrong with it.
func search(ctx context.Context, r *flow.Run) (*flow.Response, []trace.Finding, error) {
	r.Step("Discovery", "ask the server where its endpoints are and what it can do", "RFC 8414 §3")
	given := r.Server.Issuer
	var tried []string
	var second *flow.Response // what there was, where nothing was right
	for _, address := range WellKnown(given) {
		resp, err := ask(ctx, r, address)
		if err != nil {
			return nil, nil, err
		}
		if issuer, _ := resp.Object.String("issuer"); resp.Status == http.StatusOK && issuer == given {
			return use(r, resp)
		}
		if resp.Status == http.StatusOK && (second == nil || second.Object == nil) {
			second = resp
		}
		tried = append(tried, fmt.Sprintf("%s (%s)", address, came(resp)))
	}
	if found, err := endpointGiven(ctx, r, given); err != nil {
		return nil, nil, err
	} else if found != nil {
		return use(r, found)
	}
	if second != nil {
		if second.Object != nil {
			return use(r, second)
		}
		if _, gate := r.Judge(second); gate != nil {
			return nil, nil, gate
		}
	}
	return nil, nil, &NotFoundError{Issuer: given, Tried: tried, Endpoint: endpointLike(given)}
}

// use judges the document that the run is going to rely on. One that is cut
// off or too large is none.
func use(r *flow.Run, resp *flow.Response) (*flow.Response, []trace.Finding, error) {
	found, gate := r.Judge(resp)
	if foreign := resp.Foreign(); foreign != nil {
		return nil, nil, foreign
	}
	if gate != nil {
		return nil, nil, gate
	}
	keep(r, resp)
	return resp, found, nil
}

// ask makes one attempt. That there is nothing at an address is no failure.
func ask(ctx context.Context, r *flow.Run, address string) (*flow.Response, error) {
	q, err := flow.Get(flow.Metadata, address)
	if err != nil {
		return nil, err
	}
	q.Open = true
	for hop := 0; ; hop++ {
		resp, err := r.Do(ctx, q)
		if err != nil || hop == 3 {
			return resp, err
		}
		next, follow := redirect(q.URL, resp)
		if !follow {
			return resp, nil
		}
		r.Note("metadata-redirect", "the metadata are read from where the server redirects to: "+next.String(), "RFC 8414 §3")
		if q, err = flow.Get(flow.Metadata, next.String()); err != nil {
			return nil, err
		}
		q.Open = true
	}
}

// redirect is where metadata were moved to. Only the same origin is followed:
// another one has no say in who the issuer is.
func redirect(from *url.URL, resp *flow.Response) (*url.URL, bool) {
	if resp.Status < 300 || resp.Status > 308 || resp.Status == http.StatusNotModified {
		return nil, false
	}
	to, err := from.Parse(resp.Header.Get("Location"))
	if err != nil || to.Scheme != from.Scheme || to.Host != from.Host {
		return nil, false
	}
	return to, true
}

func came(resp *flow.Response) string {
	if issuer, _ := resp.Object.String("issuer"); resp.Status == http.StatusOK && issuer != "" {
		return "200, but for issuer " + issuer
	}
	if resp.Status == http.StatusOK {
		return "200, but no metadata"
	}
	if to := resp.Header.Get("Location"); to != "" && resp.Status >= 300 && resp.Status < 400 {
		return fmt.Sprintf("%d to %s", resp.Status, to)
	}
	return fmt.Sprintf("%d %s", resp.Status, http.StatusText(resp.Status))
}

func keep(r *flow.Run, resp *flow.Response) {
	s := r.Server
	s.Metadata, s.Seq = resp.Object, resp.Seq
	r.Result.Server = &s
}

// WellKnown lists the places of an issuer's metadata in the order in which
// they are tried. Without a path both rules mean the same place. With one,
// RFC 8414 §3.1 inserts and OpenID Connect Discovery §4.1 appends, and RFC
// 8414 §5 has the inserted place tried first.
func WellKnown(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil
	}
	origin := u.Scheme + "://" + u.Host
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	if path == "" {
		return []string{
			origin + "/.well-known/openid-configuration",
			origin + "/.well-known/oauth-authorization-server",
		}
	}
	return []string{
		origin + "/.well-known/oauth-authorization-server" + path,
		origin + path + "/.well-known/openid-configuration",
		origin + "/.well-known/openid-configuration" + path,
	}
}

// Issuer derives the issuer from a metadata URL that was given in its place.
// The text says what was done, or is empty when nothing was.
func Issuer(given string) (issuer, said string) {
	u, err := url.Parse(given)
	if err != nil {
		return given, ""
	}
	for _, name := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		before, after, found := strings.Cut(u.Path, name)
		if !found || (before != "" && after != "") {
			continue
		}
		issuer = u.Scheme + "://" + u.Host + before + after
		return issuer, fmt.Sprintf("this is a metadata URL; its issuer is %s", issuer)
	}
	return given, ""
}

// endpointWords are the last parts of paths that name an endpoint and not an
// issuer.
func endpointWords() []string {
	return []string{"authorize", "authorization", "auth", "token", "tokens", "jwks", "jwks.json", "keys", "certs", "userinfo", "introspect",
		"revoke", "par", "device_authorization", "register", "logout", "login"}
}

func endpointLike(given string) bool {
	u, err := url.Parse(given)
	if err != nil {
		return false
	}
	last := u.Path[strings.LastIndex(u.Path, "/")+1:]
	return slices.Contains(endpointWords(), strings.ToLower(last))
}

// endpointGiven recognises an endpoint that was given in place of an issuer:
// it walks up its path to an issuer whose own metadata list that address. A
// guess that the metadata do not confirm is not used.
func endpointGiven(ctx context.Context, r *flow.Run, given string) (*flow.Response, error) {
	if !endpointLike(given) {
		return nil, nil
	}
	u, _ := url.Parse(given)
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	for up := 1; up <= len(parts) && up <= 4; up++ {
		issuer := u.Scheme + "://" + u.Host
		if rest := strings.Join(parts[:len(parts)-up], "/"); rest != "" {
			issuer += "/" + rest
		}
		for _, address := range WellKnown(issuer) {
			r.Server.Issuer = issuer
			resp, err := ask(ctx, r, address)
			if err != nil {
				return nil, err
			}
			if member := lists(resp, given); member != "" {
				r.Note("endpoint-given", fmt.Sprintf("%s is the %s of issuer %s; going on with that issuer", given, member, issuer), "RFC 8414 §2")
				return resp, nil
			}
		}
	}
	r.Server.Issuer = given
	return nil, nil
}

func lists(resp *flow.Response, address string) string {
	if resp.Status != http.StatusOK || resp.Object == nil {
		return ""
	}
	for _, n := range flow.Endpoints() {
		if s, _ := resp.Object.String(n.Member); s == address {
			return n.Member
		}
	}
	return ""
}

// A NotFoundError says that no metadata were found, and where they were
// looked for.
type NotFoundError struct {
	Issuer   string
	Tried    []string
	Endpoint bool // what was given looks like an endpoint
}

// FailureKind is how the trace calls it.
func (e *NotFoundError) FailureKind() string { return "protocol" }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("no metadata of %s: tried %s", e.Issuer, strings.Join(e.Tried, ", "))
}
