package ext

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A detail is one object of authorization_details.
type detail struct {
	kind string
	*jose.Object
}

// RAR asks for rights in detail, and compares what was granted with it. The
// details are a JSON list of objects, each with its type.
func RAR(first flow.Endpoint, details, by string) flow.Extension {
	asked := func(r *flow.Run) []detail { // as it went out, which may have been changed by hand
		all, _ := readDetails([]byte(r.Asked(first).Sent("authorization_details")))
		return all
	}
	return flow.Extension{
		Name: "rar", Spec: "RFC 9396",
		Doc: "rich authorization requests\n\n" +
			"A scope is one word. authorization_details say what exactly is asked for: which accounts, which amount, which actions. The server shows the person these, and answers with what it granted.",
		Params: flow.On{first: func(_ context.Context, _ *flow.Run, q *flow.Request) error {
			q.Params.Set("authorization_details", details, trace.Origin{By: by, Ref: "RFC 9396 §2", Why: "what the token shall be good for, in detail"})
			return nil
		}},
		Inspect: func(_ context.Context, r *flow.Run, p *flow.Response) error {
			if p.Request.Endpoint == flow.Token {
				compare(r, asked(r), p)
			}
			return nil
		},
		Checks: []flow.Check{{
			ID: "authorization-details", Code: "V-TR-16", Spec: "RFC 9396 §7", Level: trace.Must, At: flow.Token,
			Eval: func(r *flow.Run, p *flow.Response) flow.Verdict { return detailsGranted(asked(r), p) },
		}},
	}
}

// readDetails reads authorization_details; the problem says what is wrong with
// them (RFC 9396 §2).
func readDetails(b []byte) (all []detail, problem string) {
	var raws []json.RawMessage
	if json.Unmarshal(b, &raws) != nil || raws == nil {
		return nil, "not a JSON list"
	}
	for i, raw := range raws {
		o, problems := jose.ParseObject(raw)
		kind, text := o.String("type")
		switch {
		case o == nil:
			return nil, fmt.Sprintf("number %d is not an object", i+1)
		case len(problems) > 0:
			return nil, fmt.Sprintf("number %d: %s", i+1, problems[0].Detail)
		case !text || kind == "":
			return nil, fmt.Sprintf("number %d has no type", i+1)
		}
		all = append(all, detail{kind, o})
	}
	return all, ""
}

// Details says what is wrong with authorization_details, or nothing.
func Details(s string) string {
	all, problem := readDetails([]byte(s))
	if problem == "" && len(all) == 0 {
		return "an empty list"
	}
	return problem
}

func detailsGranted(asked []detail, p *flow.Response) flow.Verdict {
	if _, fine := granted(p); !fine {
		return skip("no token")
	}
	raw, present := p.Object.Get("authorization_details")
	if len(asked) == 0 {
		return skip("none were asked for")
	}
	if !present {
		return fail("authorization_details", "(none)", "the answer does not say what was granted")
	}
	got, problem := readDetails(raw)
	if problem != "" {
		return fail("a list of objects with types", problem, "authorization_details is %s", problem)
	}
	for _, g := range got {
		same := ofKind(asked, g.kind)
		if len(same) == 0 {
			return fail("types that were asked for", g.kind, "the type %s was granted, and nobody asked for it", g.kind)
		}
		if more := wider(same, g); more != "" {
			return fail("at most what was asked for", more, "more was granted than asked for: %s", more)
		}
	}
	return pass("granted as the answer says")
}

func ofKind(all []detail, kind string) []detail {
	var out []detail
	for _, d := range all {
		if d.kind == kind {
			out = append(out, d)
		}
	}
	return out
}

// wider is what a granted object allows and none of the asked ones of its type
// does. Only the lists of RFC 9396 §2.2 can be compared without knowing the
// type; a server may well add other members (§7.1).
func wider(asked []detail, g detail) string {
	least := ""
	for i, a := range asked {
		more := beyond(a, g)
		if more == "" {
			return ""
		}
		if i == 0 || len(more) < len(least) {
			least = more
		}
	}
	return least
}

func beyond(a, g detail) string {
	var more []string
	for _, member := range []string{"locations", "actions", "datatypes", "privileges"} {
		want, limited := a.Strings(member)
		got, _ := g.Strings(member)
		for _, value := range got {
			if limited && !slices.Contains(want, value) {
				more = append(more, member+" "+value)
			}
		}
	}
	return strings.Join(more, ", ")
}

// compare shows what was granted against what was asked, type by type.
func compare(r *flow.Run, asked []detail, p *flow.Response) {
	raw, _ := p.Object.Get("authorization_details")
	got, problem := readDetails(raw)
	if raw == nil || problem != "" {
		return
	}
	var lines []string
	for _, a := range asked {
		same := ofKind(got, a.kind)
		if len(same) == 0 {
			lines = append(lines, a.kind+": not granted")
			continue
		}
		lines = append(lines, a.kind+":", "  asked    "+string(a.Raw))
		for _, g := range same {
			lines = append(lines, "  granted  "+string(g.Raw))
		}
	}
	r.Say(trace.Note{Topic: "authorization-details", Text: "what was granted, against what was asked", Ref: "RFC 9396 §7", Lines: lines})
}
