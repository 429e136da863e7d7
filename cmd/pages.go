package cmd

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

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
	x.Secrets = append(p.sent(q, string(body), a.Header.Get("Location")), p.read(a.Body)...)
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

// carried are the parameters in which a page takes a secret to the client, or
// to another server.
var carried = []string{"code", "access_token", "refresh_token", "id_token", "response", "assertion", "client_assertion", "SAMLResponse"}

// sent says where secrets stand in what was sent to a page, and in where that
// sends us on to.
func (p *pageWire) sent(q *http.Request, body, location string) []trace.Secret {
	out := []trace.Secret{
		{Part: "request-header", Name: "Cookie"},
		{Part: "response-header", Name: "Set-Cookie"},
		{Part: "response-header", Name: "Location"},
	}
	form, _ := url.ParseQuery(body)
	for _, name := range slices.Concat(p.filled, carried) {
		for _, place := range []struct{ part, text string }{
			{"request-body", body}, {"request-query", q.URL.RawQuery + " " + q.Referer()}, {"response-header", location},
		} {
			if strings.Contains(place.text, name) || strings.Contains(place.text, url.QueryEscape(name)) {
				out = append(out, trace.Secret{Part: place.part, Name: name})
			}
		}
		p.know(form.Get(name))
		p.know(q.URL.Query().Get(name))
	}
	return out
}

// read learns from a page which of its fields are passwords, and which secrets
// it carries on: in hidden fields, or in the address of a link, a refresh or a
// script.
func (p *pageWire) read(page []byte) []trace.Secret {
	found := map[string]bool{}
	keep := func(name, value string) {
		if value != "" {
			p.know(value)
			found[name] = true
		}
	}
	for t := html.NewTokenizer(bytes.NewReader(page)); t.Next() != html.ErrorToken; {
		token := t.Token()
		if token.Data != "input" || token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		a := map[string]string{}
		for _, attr := range token.Attr {
			a[attr.Key] = attr.Val
		}
		name := a["name"]
		if (strings.EqualFold(a["type"], "password") || slices.Contains(p.filled, a["id"])) && name != "" && !slices.Contains(p.filled, name) {
			p.filled = append(slices.Clip(p.filled), name)
		}
		if slices.Contains(carried, name) || slices.Contains(p.filled, name) {
			keep(name, a["value"])
		}
	}
	// A parameter of a URL, wherever in the page that stands.
	parameter := regexp.MustCompile(`[?&#;]([A-Za-z_]+)=([^?&"'<>\s\\;#]+)`)
	for _, text := range decodings(string(page)) {
		for _, m := range parameter.FindAllStringSubmatch(text, -1) {
			if value, err := url.QueryUnescape(m[2]); err == nil && slices.Contains(carried, m[1]) {
				keep(m[1], value)
			}
		}
	}
	var out []trace.Secret
	for _, name := range slices.Concat(carried, p.filled) {
		if found[name] {
			out = append(out, trace.Secret{Part: "response-body", Name: name})
			delete(found, name)
		}
	}
	return out
}

// decodings are the ways to read the addresses in a page: as it is written,
// as HTML, as a script's strings, and with what is nested in a parameter.
func decodings(page string) []string {
	script := strings.NewReplacer(`\u0026`, "&", `\u003d`, "=", `\u003D`, "=", `\x26`, "&", `\x3d`, "=", `\x3D`, "=", `\/`, "/").Replace(page)
	nested := strings.NewReplacer("%3F", "?", "%3f", "?", "%26", "&", "%3D", "=", "%3d", "=", "%23", "#").Replace(page)
	return []string{page, html.UnescapeString(page), script, nested}
}
