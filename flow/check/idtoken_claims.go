package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

func iss(r *flow.Run, p *flow.Response) flow.Verdict {
	got, text := p.Token.Claims.String("iss")
	switch {
	case p.Token.Claims == nil:
		return skip("no readable claims")
	case r.Server.Issuer == "":
		return skip("the issuer is not known")
	case !text || got != r.Server.Issuer:
		return fail(r.Server.Issuer, orNone(got), "iss is not the issuer that was asked")
	}
	return ok("")
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

func aud(r *flow.Run, p *flow.Response) flow.Verdict {
	all, fine := p.Token.Claims.Strings("aud")
	got := strings.Join(all, ", ")
	switch {
	case p.Token.Claims == nil:
		return skip("no readable claims")
	case !fine || !slices.Contains(all, r.Client.ID):
		return fail(r.Client.ID, orNone(got), "the ID token was made for someone else")
	}
	others := slices.DeleteFunc(slices.Clone(all), func(a string) bool { return a == r.Client.ID || slices.Contains(r.Ask.Trusted, a) })
	if len(others) > 0 {
		return fail(r.Client.ID, got, "the ID token is also meant for others, whom nothing says to trust: %s", strings.Join(others, ", "))
	}
	return ok("")
}

// audiences are those of a token, each once: naming one twice makes no second.
func audiences(o *jose.Object) []string {
	all, _ := o.Strings("aud")
	all = slices.Sorted(slices.Values(all))
	return slices.Compact(all)
}

func azp(r *flow.Run, p *flow.Response) flow.Verdict {
	got, present := p.Token.Claims.String("azp")
	if !present && len(audiences(p.Token.Claims)) > 1 {
		return warn("azp", "(none)", "there are several audiences, and no azp says to whom the token was issued")
	}
	if present && got != r.Client.ID {
		return warn(r.Client.ID, got, "azp names another client as the one that the token was issued to")
	}
	return ok("")
}

// farthest is the number of seconds up to which times are calculated with: beyond
// it, sums and differences of them are worth nothing.
const farthest = 1 << 53

// seconds is a NumericDate, rounded to a whole number (RFC 7519 §2); false for
// one that is too far away to be a time.
func seconds(o *jose.Object, name string) (int64, bool) {
	n, number := o.Number(name)
	f, err := n.Float64()
	if !number || err != nil || f < -farthest || f > farthest {
		return 0, false
	}
	return int64(f), true
}

// notATime says that a time claim is missing or not a number.
func notATime(o *jose.Object, name string) (flow.Verdict, bool) {
	raw, present := o.Get(name)
	if !present {
		return fail("a time", "(none)", "%s is missing", name), true
	}
	if _, number := o.Number(name); !number {
		return fail("a number of seconds since 1970", string(raw), "%s is %s, not a number", name, kind(raw)), true
	}
	return flow.Verdict{}, false
}

const fiftyYears = 50 * year

func exp(r *flow.Run, p *flow.Response) flow.Verdict {
	if p.Token.Claims == nil {
		return skip("no readable claims")
	}
	now := r.Now().Unix()
	if v, bad := noMoment(p.Token.Claims, "exp", now); bad {
		return v
	}
	at, _ := seconds(p.Token.Claims, "exp")
	from, _ := seconds(p.Token.Claims, "iat")
	switch {
	case at+int64(r.Skew.Seconds()) <= now:
		return fail("after "+unixTime(now), unixTime(at), "the ID token expired %d s ago", now-at)
	case from != 0 && at <= from:
		return fail("after iat", unixTime(at), "exp is not after iat")
	case at > now+24*3600:
		return warn("a few minutes to hours", unixTime(at), "the ID token is good for more than a day")
	}
	return ok("")
}

func iat(r *flow.Run, p *flow.Response) flow.Verdict {
	if p.Token.Claims == nil {
		return skip("no readable claims")
	}
	now := r.Now().Unix()
	if v, bad := noMoment(p.Token.Claims, "iat", now); bad {
		return v
	}
	at, _ := seconds(p.Token.Claims, "iat")
	switch {
	case at > now+int64(r.Skew.Seconds()):
		return fail("not after "+unixTime(now), unixTime(at), "the ID token was issued %d s in the future: the clocks differ, or it is forged", at-now)
	case at < now-600-int64(r.Skew.Seconds()):
		return warn("in the last 10 minutes", unixTime(at), "the ID token is %d s old, though it was just asked for", now-at)
	}
	return ok("")
}

func nbf(r *flow.Run, p *flow.Response) flow.Verdict {
	if _, present := p.Token.Claims.Get("nbf"); !present {
		return skip("no nbf")
	}
	now := r.Now().Unix()
	if v, bad := noMoment(p.Token.Claims, "nbf", now); bad {
		return v
	}
	at, _ := seconds(p.Token.Claims, "nbf")
	if at > now+int64(r.Skew.Seconds()) {
		return fail("not after "+unixTime(now), unixTime(at), "the ID token is not valid for another %d s", at-now)
	}
	return ok("")
}

// essential is what the claims parameter asks of a claim of the ID token: the
// values that it may have, and whether it has to be there (OIDC Core §5.5.1).
func essential(r *flow.Run, claim string) (values []string, must bool) {
	asked, _ := jose.ParseObject([]byte(r.Asked(flow.Authorization).Sent("claims")))
	of, _ := asked.Object("id_token")
	how, _ := of.Object(claim)
	raw, _ := how.Get("essential")
	if one, told := how.String("value"); told {
		values = []string{one}
	}
	if several, told := how.Strings("values"); told {
		values = several
	}
	return values, string(raw) == "true"
}

func acr(r *flow.Run, p *flow.Response) flow.Verdict {
	if values, must := essential(r, "acr"); must {
		got, _ := p.Token.Claims.String("acr")
		switch {
		case got == "" && len(values) == 0: // no error, even so (OIDC Core §5.5.1)
			return warn("acr", "(none)", "acr was asked for as essential, and the ID token has none")
		case got == "":
			return fail(strings.Join(values, " "), "(none)", "acr was asked for as essential, and the ID token has none")
		case len(values) > 0 && !slices.Contains(values, got):
			return fail(strings.Join(values, " "), got, "the sign-in was not of a class that was asked for as essential")
		}
		return ok("%s, as asked", got)
	}
	want := strings.Fields(r.Asked(flow.Authorization).Sent("acr_values"))
	got, _ := p.Token.Claims.String("acr")
	switch {
	case len(want) == 0:
		return skip("acr_values was not sent")
	case !slices.Contains(want, got):
		return warn(strings.Join(want, " "), orNone(got), "the sign-in was not of a class that was asked for")
	}
	return ok("")
}

func authTime(r *flow.Run, p *flow.Response) flow.Verdict {
	asked := r.Asked(flow.Authorization).Sent("max_age")
	limit, err := strconv.ParseInt(asked, 10, 64)
	_, present := p.Token.Claims.Get("auth_time")
	_, must := essential(r, "auth_time")
	switch {
	case p.Token.Claims == nil:
		return skip("no readable claims")
	case !present && asked == "" && !must:
		return skip("max_age was not sent")
	}
	now := r.Now().Unix()
	if v, bad := noMoment(p.Token.Claims, "auth_time", now); bad {
		return v
	}
	at, _ := seconds(p.Token.Claims, "auth_time")
	issued, dated := seconds(p.Token.Claims, "iat")
	switch {
	case dated && at > issued+int64(r.Skew.Seconds()):
		return fail("not after iat, "+unixTime(issued), unixTime(at), "auth_time is after iat: the token was issued before the person signed in")
	case asked == "" || err != nil:
		return ok("")
	}
	// A person may take their time: the age is that at the request, not now.
	if age := r.Started().Unix() - at; age > limit+int64(r.Skew.Seconds()) {
		return fail("at most "+asked+" s before the request", fmt.Sprintf("%d s", age), "the person signed in longer ago than max_age allows")
	}
	return ok("")
}

func sub(r *flow.Run, p *flow.Response) flow.Verdict {
	raw, present := p.Token.Claims.Get("sub")
	s, text := p.Token.Claims.String("sub")
	switch {
	case p.Token.Claims == nil:
		return skip("no readable claims")
	case !present:
		return fail("sub", "(none)", "sub is missing: the token does not say who signed in")
	case !text:
		return fail("a string", string(raw), "sub is %s, not a string", kind(raw))
	case s == "" || len(s) > 255 || strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e || r < 0x20 }):
		return fail("1 to 255 ASCII characters", quoted(s), "sub is not 1 to 255 ASCII characters")
	}
	if v, other := hinted(r, s); other {
		return v
	}
	return ok("")
}

// hinted compares the person with the one who was asked for: by the claims
// parameter, or by an earlier ID token (OIDC Core §5.5.1, §3.1.2.2).
func hinted(r *flow.Run, got string) (flow.Verdict, bool) {
	if values, _ := essential(r, "sub"); len(values) > 0 && !slices.Contains(values, got) {
		return fail(strings.Join(values, " "), got, "another person signed in than the one whom the claims parameter asks for"), true
	}
	earlier := jose.Decode(r.Asked(flow.Authorization).Sent("id_token_hint"))
	if want, told := earlier.Claims.String("sub"); told && want != got {
		return fail(want, got, "another person signed in than the one of the id_token_hint"), true
	}
	return flow.Verdict{}, false
}

func noEvents(_ *flow.Run, p *flow.Response) flow.Verdict {
	if _, present := p.Token.Claims.Get("events"); present {
		return fail("no events", "events", "an events claim makes this a logout token or a security event, not an ID token")
	}
	return ok("")
}
