package ext

import (
	"context"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Resource says which resources the token is for, where it is asked for and
// where it is issued.
func Resource(first flow.Endpoint, resources []string, by string) flow.Extension {
	add := func(_ context.Context, _ *flow.Run, q *flow.Request) error {
		for _, uri := range resources {
			q.Params.Add(trace.Param{Name: "resource", Value: uri, Origin: trace.Origin{By: by, Ref: "RFC 8707 §2", Why: "where the token shall be good, and nowhere else"}})
		}
		return nil
	}
	return flow.Extension{
		Name: "resource", Spec: "RFC 8707",
		Doc: "resource indicators\n\n" +
			"The client says where it is going to use the token. The server makes one for that resource alone, so that a resource cannot use it at another.",
		Params: flow.On{first: add, flow.Token: add},
		Checks: []flow.Check{{
			ID: "access-token-audience", Code: "V-AT-04", Spec: "RFC 8707 §2; RFC 9068 §4", Level: trace.Should, At: flow.Token,
			Eval: func(r *flow.Run, p *flow.Response) flow.Verdict { return audience(p, named(r, first)) },
		}},
	}
}

// named are the resources as they were sent, which may have been changed by
// hand: those of the token request, else those of the first.
func named(r *flow.Run, first flow.Endpoint) []string {
	for _, q := range []*flow.Request{r.Asked(flow.Token), r.Asked(first)} {
		var all []string
		for _, p := range q.All() {
			if p.Name == "resource" {
				all = append(all, p.Value)
			}
		}
		if len(all) > 0 {
			return all
		}
	}
	return nil
}

func audience(p *flow.Response, resources []string) flow.Verdict {
	s, fine := granted(p)
	if !fine || len(resources) == 0 {
		return skip("no token, or no resource was named")
	}
	t := jose.Decode(s)
	if t.Form != jose.FormJWS || t.Claims == nil {
		return skip("the token is opaque: only introspection can say whom it is for")
	}
	aud, _ := t.Claims.Strings("aud")
	missing := slices.DeleteFunc(slices.Clone(resources), func(uri string) bool { return slices.Contains(aud, uri) })
	switch {
	case len(missing) == len(resources):
		return warn(strings.Join(resources, ", "), orNone(strings.Join(aud, ", ")), "the token does not name the resource that was asked for; that may be another name of it (RFC 8707 §2), or the token will be refused there")
	case len(missing) > 0:
		return warn(strings.Join(resources, ", "), strings.Join(aud, ", "), "the token is not for all resources that were named: %s will refuse it", strings.Join(missing, ", "))
	}
	return pass("the token is for %s", strings.Join(aud, ", "))
}
