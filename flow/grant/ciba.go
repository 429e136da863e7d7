package grant

import (
	"context"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// cibaType is the grant type of CIBA Core §4.
const cibaType = "urn:openid:params:grant-type:ciba"

// Deliveries are the ways to learn of the person's decision (CIBA Core §5).
func Deliveries() []string { return []string{"poll", "ping", "push"} }

// CIBA is client-initiated backchannel authentication. The Ask's value delivery
// is one of Deliveries, or empty for poll; the others need an Env with Notify.
func CIBA() flow.Procedure {
	return flow.Procedure{
		Name: "ciba",
		Spec: "OpenID CIBA Core",
		Doc: "client-initiated backchannel authentication\n\n" +
			"The client names a person, and the server asks that person on a device of their own, such as a telephone: no browser, and nobody is redirected. " +
			"Meanwhile the client asks again and again (poll), is called when there is an answer (ping), or is brought the tokens (push). " +
			"The server decides for each client which of the three it is.",
		Run: ciba,
	}
}

func ciba(ctx context.Context, r *flow.Run) error {
	delivery := r.Ask.Values["delivery"]
	if delivery == "" {
		delivery = "poll"
	}
	r.Step("Backchannel authentication request", "ask the server to reach a person on a device of their own", "CIBA Core §7.1")
	unlistedDelivery(r, delivery)
	q, secret, err := backchannel(r, delivery)
	if err != nil {
		return err
	}
	resp, err := r.Do(ctx, q)
	if err != nil {
		return err
	}
	began := r.Now()
	life := seconds(resp, "expires_in", 0)
	if message := r.Ask.Values["binding_message"]; message != "" {
		r.Note("binding-message", "the person approves only when their device shows the same: "+message, "CIBA Core §7.1")
	}
	waiting := "the person to approve on a device of their own"
	if life > 0 {
		waiting += ", for up to " + life.Round(time.Second).String()
	}
	r.Say(trace.Waiting{For: waiting})
	id := resp.Values.Get("auth_req_id")
	if r.Dry && delivery != "poll" {
		return nil // nobody is going to call
	}
	switch delivery {
	case "ping":
		return pinged(ctx, r, call{id, secret, life})
	case "push":
		return pushed(ctx, r, call{id, secret, life})
	}
	r.Step("Token requests", "ask at the pace that the server sets, until the person has approved", "CIBA Core §10.1")
	p := &poll{interval: seconds(resp, "interval", minInterval), what: "authentication request"}
	if life > 0 {
		p.until = began.Add(life)
	}
	return p.run(ctx, r, func() (*flow.Request, error) { return collect(r, id) })
}

// unlistedDelivery says that the server does not offer what is about to be
// relied on.
func unlistedDelivery(r *flow.Run, delivery string) {
	const modes = "backchannel_token_delivery_modes_supported"
	if listed, told := r.Server.Lists(modes, delivery); told && !listed {
		r.Note("delivery-unlisted", "the metadata do not list "+delivery+" ("+modes+"); it is asked for all the same", "CIBA Core §4")
	}
	if r.Ask.Values["user_code"] != "" && r.Server.Metadata != nil && !r.Server.Flag("backchannel_user_code_parameter_supported", false) {
		r.Note("user-code-unlisted", "the metadata do not say that this server takes a user_code (backchannel_user_code_parameter_supported); it is sent all the same", "CIBA Core §4")
	}
	if delivery != "poll" && r.Notify != nil {
		r.Note("notification-endpoint", "listening at "+r.Notify.URI()+": the server calls the backchannel_client_notification_endpoint that it has registered for this client, which has to lead here", "CIBA Core §4")
	}
}

// backchannel is the authentication request, and the secret that a
// notification has to bring.
func backchannel(r *flow.Run, delivery string) (q *flow.Request, secret string, err error) {
	if q, err = r.NewRequest(flow.CIBA); err != nil {
		return nil, "", err
	}
	scope(r, q)
	if delivery != "poll" {
		if secret, err = r.Random(32); err != nil {
			return nil, "", err
		}
		q.Params.SetSecret("client_notification_token", secret, spec("CIBA Core §7.1", "fresh and random: whoever calls back has to bring it, as a bearer token"))
	}
	give(r, q, "login_hint", "CIBA Core §7.1", "who shall be asked")
	give(r, q, "login_hint_token", "CIBA Core §7.1", "who shall be asked, in a signed token")
	give(r, q, "id_token_hint", "CIBA Core §7.1", "who shall be asked: whom this earlier ID token is about")
	give(r, q, "binding_message", "CIBA Core §7.1", "shown on the person's device, to compare with what is shown here")
	give(r, q, "user_code", "CIBA Core §7.1", "known only to the person, so that nobody else can have them asked")
	give(r, q, "acr_values", "CIBA Core §7.1", "how strong the sign-in shall be")
	give(r, q, "requested_expiry", "CIBA Core §7.1", "for how many seconds the person may be asked")
	return q, secret, nil
}

// collect is the token request with which a decision is picked up (CIBA Core
// §10.1).
func collect(r *flow.Run, id string) (*flow.Request, error) {
	q, err := r.NewRequest(flow.Token)
	if err != nil {
		return nil, err
	}
	q.Params.Set("grant_type", cibaType, spec("CIBA Core §10.1", "what is being traded"))
	q.Params.SetSecret("auth_req_id", id, spec("CIBA Core §10.1", "the authentication request whose outcome is wanted"))
	return q, nil
}

// A call is what the server was promised to be called back about.
type call struct {
	id     string
	secret string        // which it has to bring
	life   time.Duration // how long it has; 0: as long as the run
}

// mine says why a notification is not about this call, or nothing. One with
// another token is a stranger's; one about another request may be an old one
// (CIBA Core §10.2).
func (c call) mine(resp *flow.Response) string {
	scheme, bearer, _ := strings.Cut(resp.Header.Get("Authorization"), " ")
	id, _ := resp.Object.String("auth_req_id")
	switch {
	case !strings.EqualFold(scheme, "Bearer") || bearer == "":
		return "it brings no bearer token, and only the server knows the client_notification_token"
	case subtle.ConstantTimeCompare([]byte(bearer), []byte(c.secret)) != 1:
		return "its bearer token is not the client_notification_token that was sent: whoever called is not to be believed"
	case id == "" || subtle.ConstantTimeCompare([]byte(id), []byte(c.id)) != 1:
		return "it is not about the authentication request that was made"
	}
	return ""
}

// wait brings the server's call, or the end of the request's life.
func (c call) wait(ctx context.Context, r *flow.Run, answers *flow.Request) (*flow.Response, error) {
	if c.life > 0 {
		timed, stop := context.WithTimeoutCause(ctx, c.life, &flow.ExpiredError{What: "the authentication request expired before the server called back"})
		defer stop()
		ctx = timed
	}
	resp, err := r.Await(ctx, answers, c.mine)
	if errors.Is(err, flow.ErrTimeout) {
		return nil, &flow.ExpiredError{What: "the server did not call " + r.Notify.URI() + " in time"}
	}
	return resp, err
}

// pinged waits to be called, and asks for the tokens once (CIBA Core §10.2).
func pinged(ctx context.Context, r *flow.Run, c call) error {
	r.Step("Ping", "the server calls when there is an outcome to pick up", "CIBA Core §10.2")
	if _, err := c.wait(ctx, r, nil); err != nil {
		return err
	}
	r.Step("Token request", "pick up the outcome", "CIBA Core §10.1")
	q, err := collect(r, c.id)
	if err != nil {
		return err
	}
	resp, err := r.Do(ctx, q)
	if err != nil {
		return expired(err)
	}
	return obtained(r, resp)
}

// pushed waits for the tokens themselves (CIBA Core §10.3).
func pushed(ctx context.Context, r *flow.Run, c call) error {
	r.Step("Push", "the server brings the tokens, or says why there are none", "CIBA Core §10.3")
	q := &flow.Request{}
	q.Params.Set("grant_type", cibaType, spec("CIBA Core §10.3", "nothing is sent: the tokens answer what was asked for at first"))
	q.Meant = q.Params
	resp, err := c.wait(ctx, r, q)
	if err != nil {
		return expired(err)
	}
	return obtained(r, resp)
}

// expired knows the server's word for too late.
func expired(err error) error {
	var refused *flow.RefusedError
	if errors.As(err, &refused) && refused.Code == "expired_token" {
		return &flow.ExpiredError{What: "the server says that the authentication request has expired"}
	}
	return err
}
