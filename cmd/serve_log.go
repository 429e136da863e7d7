package cmd

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
	"github.com/oauthprobe/oauthprobe/output"
)

// A serveLog tells what a server sees in the words of every other trace: what
// was asked, what was answered, and why.
type serveLog struct {
	env      Env
	terminal *output.Terminal
	kept     *output.Recorder // nil when nothing is to be saved
	mask     *output.Mask
	key      []byte
	reveal   bool
	log      *trace.Log
	path     string // of the issuer
	hits     int
	began    time.Time
}

const (
	mostHits   = 20_000 // that are kept for --save: a server may run for weeks
	secretsFor = 500    // hits after which the mask forgets; each hit marks its own secrets again
)

// serving is the run that every record belongs to.
const serving = "serve"

// openLog makes the sinks; nil when nobody wants to know.
func (s *server) openLog() (*serveLog, error) {
	if s.out.quiet && len(s.out.saves) == 0 {
		return nil, nil
	}
	l := &serveLog{env: s.env, key: make([]byte, 32), reveal: s.out.reveal, terminal: output.NewTerminal(s.env.Stderr, s.out.terminal(s.env))}
	if _, err := io.ReadFull(s.env.Rand, l.key); err != nil {
		return nil, fmt.Errorf("random source: %w", err)
	}
	if len(s.out.saves) > 0 {
		l.kept = &output.Recorder{}
	}
	l.log = trace.NewLog(s.env.Now, l)
	return l, nil
}

// Emit implements trace.Sink: it passes on to the mask of the moment.
func (l *serveLog) Emit(r trace.Record) { l.mask.Emit(r) }

// renew forgets the secrets learnt so far, so that a server that runs for long
// does not search for each of them in every record. The key stays, so that
// equal secrets go on looking equal.
func (l *serveLog) renew() {
	var keep trace.Sink
	if l.kept != nil && l.hits < mostHits {
		keep = l.kept
	}
	l.mask = output.NewMask(l.terminal, keep, l.key, l.reveal)
}

// begin is before the first hit can come.
func (l *serveLog) begin(config demo.Config) {
	if l == nil {
		return
	}
	l.began = l.env.Now()
	l.renew()
	if u, err := url.Parse(config.Issuer); err == nil {
		l.path = u.Path
	}
}

// serves says that the server is there.
func (l *serveLog) serves(issuer string) {
	if l == nil {
		return
	}
	l.log.Say(serving, trace.RunStarted{Procedure: serving, Doc: "an authorization server to test clients against", Issuer: issuer, Version: Version()})
}

// hit tells one request.
func (l *serveLog) hit(h demo.Hit) {
	if l.hits++; l.hits%secretsFor == 0 {
		l.renew()
	}
	if l.hits == mostHits && l.kept != nil {
		l.log.Say(serving, trace.Note{Topic: "no-more-kept", Text: fmt.Sprintf("%d requests are kept for --save; later ones are only shown", mostHits-1)})
	}
	endpoint := l.endpoint(h.Path)
	x := exchangedBy(h)
	x.Endpoint = endpoint
	page := &pageWire{filled: []string{"password", "user_code", "id_token_hint"}, know: l.mask.Know}
	if isPage(h) {
		x.Secrets = append(x.Secrets, page.read([]byte(h.AnswerBody))...)
	}
	l.log.Say(serving, arrivedAs(h, endpoint, x.Request.URL))
	l.log.Say(serving, x)
	l.log.Say(serving, trace.Note{Topic: "why", Text: cmp.Or(h.Note, "as it should be")})
}

// end shows what was held back and writes what was to be kept.
func (l *serveLog) end(saves []saveTo) error {
	if l == nil {
		return nil
	}
	l.log.Say(serving, trace.Ended{OK: true, Took: l.env.Now().Sub(l.began), Theirs: l.log.Theirs(serving)})
	_ = l.terminal.Close()
	for _, to := range saves {
		if err := output.Save(to.path, to.format, l.kept.Records()); err != nil {
			return fmt.Errorf("--save: %w", err)
		}
	}
	return nil
}

// endpoint is what the protocol calls a path of the server.
func (l *serveLog) endpoint(path string) string {
	path = strings.TrimPrefix(path, l.path)
	if strings.Contains(path, "/.well-known/") {
		return string(flow.Metadata)
	}
	for _, row := range []struct {
		path string
		name flow.Endpoint
	}{
		{"/jwks", flow.JWKS}, {"/authorize", flow.Authorization}, {"/token", flow.Token}, {"/userinfo", flow.Userinfo}, {"/par", flow.PAR},
		{"/device_authorization", flow.Device}, {"/backchannel", flow.CIBA}, {"/introspect", flow.Introspection}, {"/revoke", flow.Revocation},
		{"/logout", flow.EndSession}, {"/resource", flow.Resource},
	} {
		if path == row.path {
			return string(row.name)
		}
	}
	return string(flow.Page)
}

// secretNames are the parameters and members that nobody else may learn.
var secretNames = []string{
	"access_token", "actor_token", "assertion", "auth_req_id", "client_assertion", "client_notification_token", "client_secret", "code", "code_verifier",
	"device_code", "id_token", "id_token_hint", "login_hint_token", "password", "refresh_token", "response", "SAMLResponse", "subject_token", "token", "user_code",
}

// isSecret goes by the name; who asks may not know how it is written.
func isSecret(name string) bool {
	return slices.ContainsFunc(secretNames, func(s string) bool { return strings.EqualFold(s, name) })
}

func isPage(h demo.Hit) bool { return strings.Contains(h.Answer.Get("Content-Type"), "html") }

// arrivedAs is a request with its parameters, one a line: those of the query,
// which every method can have, and those of a form.
func arrivedAs(h demo.Hit, endpoint, address string) trace.Built {
	b := trace.Built{Endpoint: endpoint, Method: h.Method}
	b.URL, _, _ = strings.Cut(address, "?")
	all := fields(h.RawQuery)
	if len(all) > 0 {
		b.In = "query"
	}
	if strings.HasPrefix(strings.ToLower(h.Header.Get("Content-Type")), "application/x-www-form-urlencoded") {
		if form := fields(h.Body); len(form) > 0 {
			b.In, all = "body", append(all, form...)
		}
	}
	for _, f := range all {
		b.Params = append(b.Params, trace.Param{Name: f.Name, Value: f.Value, Secret: isSecret(f.Name)})
	}
	return b
}

// fields is a form in its order; what is not encoded stays as it is.
func fields(text string) []trace.Field {
	var out []trace.Field
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if n, err := url.QueryUnescape(name); err == nil {
			name = n
		}
		if v, err := url.QueryUnescape(value); err == nil {
			value = v
		}
		out = append(out, trace.Field{Name: name, Value: value})
	}
	return out
}

// exchangedBy is a hit as the wire would have told it, with the secrets marked.
func exchangedBy(h demo.Hit) trace.Exchanged {
	address := url.URL{Scheme: "http", Host: h.Host, Path: h.Path, RawQuery: h.RawQuery}
	if h.Secure {
		address.Scheme = "https"
	}
	x := trace.Exchanged{
		Try:      1,
		Request:  trace.Message{Method: h.Method, URL: address.String(), Proto: h.Proto, Header: headerFields(h.Header), Body: h.Body, Size: int64(len(h.Body))},
		Response: trace.Message{Status: h.Status, Proto: h.Proto, Header: headerFields(h.Answer), Body: h.AnswerBody, Size: int64(len(h.AnswerBody))},
		Timing:   trace.Timing{Total: h.Took},
		Peer:     &trace.Peer{Addr: h.Peer},
		Secrets: []trace.Secret{
			{Part: "request-header", Name: "Authorization"}, {Part: "request-header", Name: "Cookie"}, {Part: "request-header", Name: "Referer"},
			{Part: "request-header", Name: "Proxy-Authorization"}, {Part: "request-header", Name: "X-Api-Key"},
			{Part: "response-header", Name: "Set-Cookie"}, {Part: "response-header", Name: "Location"},
		},
	}
	answer := h.AnswerBody
	if isPage(h) {
		answer = "" // the words of a page are no members: what it carries is found in its forms and links
	}
	for _, name := range secretNames {
		for _, place := range []struct{ part, text string }{
			{"request-query", h.RawQuery}, {"request-body", h.Body}, {"response-body", answer}, {"response-header", h.Answer.Get("Location")},
		} {
			if strings.Contains(place.text, name) {
				x.Secrets = append(x.Secrets, trace.Secret{Part: place.part, Name: name})
			}
		}
	}
	for _, place := range []struct{ part, text string }{{"request-query", h.RawQuery}, {"request-body", h.Body}} {
		for _, f := range fields(place.text) {
			if isSecret(f.Name) && !slices.Contains(secretNames, f.Name) {
				x.Secrets = append(x.Secrets, trace.Secret{Part: place.part, Name: f.Name})
			}
		}
	}
	return x
}

// headerFields are the fields by name: in which order they came is not known.
func headerFields(h http.Header) []trace.Field {
	var out []trace.Field
	for name, values := range h {
		for _, v := range values {
			out = append(out, trace.Field{Name: name, Value: v})
		}
	}
	slices.SortStableFunc(out, func(a, b trace.Field) int { return strings.Compare(a.Name, b.Name) })
	return out
}
