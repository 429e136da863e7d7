package cmd

import (
	"bytes"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

// A pageWire lets the headless agent send through the one wire, so that what
// it does is in the trace too.
type pageWire struct {
	wire    *wire.Client
	filled  []string // names of the fields whose values are secrets
	know    func(string)
	fetched func(trace.Exchanged)
}

// RoundTrip implements http.RoundTripper.
func (p *pageWire) RoundTrip(q *http.Request) (*http.Response, error) {
	var body []byte
	if q.Body != nil {
		var err error
		if body, err = io.ReadAll(q.Body); err != nil {
			return nil, err
		}
		_ = q.Body.Close()
	}
	a, err := p.wire.Do(q.Context(), wire.Request{Method: q.Method, URL: q.URL.String(), Header: q.Header, Body: body})
	x := a.Exchanged
	x.Endpoint, x.Try = string(flow.Page), 1
	x.Secrets = p.secrets(body)
	for _, m := range hiddenSecrets(a.Body) {
		p.know(html.UnescapeString(string(m[2])))
	}
	if err != nil {
		x.Failure = &trace.Failure{Kind: "transport", Text: err.Error()}
		p.fetched(x)
		return nil, err
	}
	p.fetched(x)
	return &http.Response{
		Status: http.StatusText(a.Status), StatusCode: a.Status, Header: a.Header, Request: q,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)),
	}, nil
}

// hiddenSecrets finds what a form_post page carries to the redirect URI.
func hiddenSecrets(page []byte) [][][]byte {
	return regexp.MustCompile(`name="(code|access_token|id_token|response)"[^>]{0,80}value="([^"]+)"`).FindAllSubmatch(page, -1)
}

func (p *pageWire) secrets(body []byte) []trace.Secret {
	out := []trace.Secret{
		{Part: "request-header", Name: "Cookie"},
		{Part: "response-header", Name: "Set-Cookie"},
		{Part: "response-header", Name: "Location"},
	}
	form, _ := url.ParseQuery(string(body))
	for name := range form {
		if slices.Contains(p.filled, name) {
			out = append(out, trace.Secret{Part: "request-body", Name: name})
		}
	}
	return out
}
