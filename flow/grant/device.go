package grant

import (
	"context"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Device is the device authorization grant.
func Device() flow.Procedure {
	return flow.Procedure{
		Name: "device",
		Spec: "RFC 8628",
		Doc: "device authorization grant\n\n" +
			"For what has no browser: a television, a terminal on a server. It shows a short code and an address; the person opens the address on " +
			"another device and types the code. Meanwhile the first one asks again and again whether it was approved.",
		Run: device,
	}
}

func device(ctx context.Context, r *flow.Run) error {
	r.Step("Device authorization request", "ask for a code that a person can type on another device", "RFC 8628 §3.1")
	q, err := r.NewRequest(flow.Device)
	if err != nil {
		return err
	}
	if r.Client.Auth == nil || !q.Params.Has("client_id") {
		q.Params.Set("client_id", r.Client.ID, trace.Origin{By: r.Ask.By("client_id"), Ref: "RFC 8628 §3.1", Why: "who asks"})
	}
	scope(r, q)
	resp, err := r.Do(ctx, q)
	if err != nil {
		return err
	}
	began := r.Now()
	show(ctx, r, resp)
	r.Step("Token requests", "ask at the pace that the server sets, until the person has approved", "RFC 8628 §3.4")
	p := &poll{interval: seconds(resp, "interval", minInterval), what: "device code"}
	if life := seconds(resp, "expires_in", 0); life > 0 {
		p.until = began.Add(life)
	}
	return p.run(ctx, r, func() (*flow.Request, error) {
		q, err := r.NewRequest(flow.Token)
		if err != nil {
			return nil, err
		}
		q.Params.Set("grant_type", "urn:ietf:params:oauth:grant-type:device_code", spec("RFC 8628 §3.4", "what is being traded"))
		q.Params.SetSecret("device_code", resp.Values.Get("device_code"), spec("RFC 8628 §3.4", "this device's half of the two codes"))
		q.Params.Set("client_id", r.Client.ID, spec("RFC 8628 §3.4", "who asks"))
		return q, nil
	})
}

// show tells the person where to go and what to type. Google names the
// address verification_url.
func show(ctx context.Context, r *flow.Run, resp *flow.Response) {
	address := resp.Values.Get("verification_uri")
	if address == "" {
		address = resp.Values.Get("verification_url")
	}
	lines := []string{address, resp.Values.Get("user_code")}
	best := address
	if full := resp.Values.Get("verification_uri_complete"); full != "" {
		lines, best = append(lines, full), full
	}
	r.Say(trace.Note{Topic: "device-code", Text: "open the address, and type the code; or open the last address, which has the code in it", Ref: "RFC 8628 §3.3", Lines: lines})
	if r.Approach != nil {
		_ = r.Approach(ctx, r.Say, best) // whoever does not get there will not approve: the polls say so
	}
	life := seconds(resp, "expires_in", 0).Round(time.Second)
	r.Say(trace.Waiting{For: "the person to approve, for up to " + life.String()})
}
