package demo

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// bendTokens makes members of the token response wrong as asked.
func (s *Server) bendTokens(body *object) {
	if len(s.faults) == 0 {
		return
	}
	for _, b := range []struct {
		fault string
		bend  func()
	}{
		{"access-token-missing", func() { body.drop("access_token") }},
		{"token-type-missing", func() { body.drop("token_type") }},
		{"token-type-unknown", func() { body.set("token_type", "mac") }},
		{"ok-token-type-lower", func() { body.set("token_type", "bearer") }},
		{"expires-in-string", func() { body.set("expires_in", fmt.Sprint(body.get("expires_in"))) }},
		{"expires-in-fraction", func() { body.set("expires_in", 299.5) }},
		{"access-equals-id-token", func() { body.set("access_token", body.get("id_token")) }},
		{"ok-dpop-token-type-lower", func() { body.set("token_type", strings.ToLower(fmt.Sprint(body.get("token_type")))) }},
		{"expires-in-absent", func() { body.drop("expires_in") }},
		{"scope-double-space", func() { body.set("scope", widen(fmt.Sprint(body.get("scope")))) }},
		{"ok-no-scope-in-response", func() { body.drop("scope") }},
		{"id-token-missing", func() { body.drop("id_token") }},
		{"refresh-equals-access", func() { body.set("refresh_token", body.get("access_token")) }},
		{"ok-extra-members", func() { body.set("x_demo_motto", "ignore what you do not know") }},
		{"token-duplicate-member", func() { body.shadow("token_type", "bearer") }},
	} {
		if s.broken(b.fault) {
			b.bend()
		}
	}
	s.bendLikeVendors(body)
}

// widen puts a second space after the first scope.
func widen(scope string) string {
	first, rest, _ := strings.Cut(scope, " ")
	return first + "  " + rest
}

// sendTokens answers with the token response, or in the wrong way as asked.
func (s *Server) sendTokens(x *exchange, body object) {
	x.noStore()
	if s.broken("token-cacheable") {
		x.header.Del("Cache-Control")
		x.header.Del("Pragma")
	}
	if s.answerLikeVendors(x, body) {
		return
	}
	switch {
	case s.broken("error-with-200"):
		x.json(http.StatusOK, object{{"error", "invalid_grant"}, {"error_description", "an error under the status of a success"}})
		return
	case s.broken("error-unregistered-token"):
		x.json(http.StatusBadRequest, object{{"error", "oops_wrong"}, {"error_description", "something went wrong, as it was told to"}})
		return
	case s.broken("token-redirect"):
		x.header.Set("Location", s.config.Issuer+"/token-elsewhere")
		x.status = http.StatusFound
		return
	case s.broken("token-form-encoded"):
		x.bytes(http.StatusOK, "application/x-www-form-urlencoded", []byte(encode(formFields(body))))
		return
	case s.broken("token-html"):
		x.html(http.StatusOK, "<!DOCTYPE html><title>Session expired</title><p>Please sign in again.</p>\n")
		return
	}
	x.json(http.StatusOK, body)
	if len(s.faults) == 0 {
		return
	}
	x.bytes(http.StatusOK, x.header.Get("Content-Type"), s.bendBody(x.out.String()))
	if s.broken("token-content-type") {
		x.header.Set("Content-Type", "text/html; charset=utf-8")
	}
	s.delay(x)
}

// formFields is the response as the form it must not be.
func formFields(body object) []field {
	var fields []field
	for _, m := range body {
		fields = append(fields, field{m.name, fmt.Sprint(m.value)})
	}
	return fields
}

// bendBody makes the bytes of the token response wrong as asked.
func (s *Server) bendBody(body string) []byte {
	switch {
	case s.broken("token-bom"):
		body = "\ufeff" + body
	case s.broken("token-trailing-data"):
		body += `{"access_token":"second"}`
	case s.broken("token-cut-off"):
		body = body[:len(body)/2]
	case s.broken("token-empty-body"):
		body = ""
	}
	return []byte(body)
}

// delay replaces the answer by one that tries the client's patience.
func (s *Server) delay(x *exchange) {
	body := x.out.Bytes()
	switch {
	case s.broken("token-junk-20mb"):
		x.stream = junk
	case s.broken("token-slow"):
		x.stream = func(w http.ResponseWriter, r *http.Request) { drip(r.Context(), w, body) }
	case s.broken("token-hangs"):
		x.stream = hang
	}
}

// junk writes 20 MB of blanks.
func junk(w http.ResponseWriter, _ *http.Request) {
	block := []byte(strings.Repeat(" ", 1<<20))
	for range 20 {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// drip writes one byte a second until the client has had enough.
func drip(ctx context.Context, w http.ResponseWriter, body []byte) {
	flush := http.NewResponseController(w)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for i := range body {
		if _, err := w.Write(body[i : i+1]); err != nil {
			return
		}
		_ = flush.Flush() // a writer that cannot flush still sends in the end
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// hang waits until the client has had enough, or ten minutes, then cuts the connection.
func hang(_ http.ResponseWriter, r *http.Request) {
	wait := time.NewTimer(10 * time.Minute)
	defer wait.Stop()
	select {
	case <-r.Context().Done():
	case <-wait.C:
	}
	panic(http.ErrAbortHandler) // the documented way to give no answer at all
}
