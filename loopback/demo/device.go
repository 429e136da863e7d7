package demo

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A deviceRequest is a device that waits for its person (RFC 8628).
type deviceRequest struct {
	pending
	userCode string
	params   params
}

// deviceGrant is the grant type of RFC 8628 §3.4.
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// userCodeLetters have no vowels, so that no code is a word (RFC 8628 §6.1).
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"

// deviceAuthorization is the endpoint of RFC 8628 §3.1.
func (s *Server) deviceAuthorization(x *exchange) {
	x.cors()
	if fault := s.answerDevice(x); fault != nil {
		s.tokenError(x, *fault)
	}
}

// answerDevice judges the client, then what it asks for.
func (s *Server) answerDevice(x *exchange) *oauthError {
	p, fault := x.directForm()
	if fault != nil {
		return fault
	}
	client, fault := s.authenticate(x, p)
	if fault != nil {
		return fault
	}
	if fault := client.may(deviceGrant); fault != nil {
		return fault
	}
	scope := []string{s.usual("profile")}
	if asked := p.get("scope"); asked != "" {
		if scope, fault = s.parseScope(asked); fault != nil {
			return fault
		}
	}
	resources, fault := s.readResources(p)
	if fault != nil {
		return fault
	}
	details, fault := readDetails(p)
	if fault != nil {
		return fault
	}
	s.sendDevice(x, client, &deviceRequest{params: p, userCode: s.userCode(x), pending: pending{
		resources: resources, details: details,
		flow: "device", client: client.ID, scope: scope, expires: s.now().Add(s.config.Lifetimes.DeviceCode),
		interval: time.Duration(s.config.Interval) * time.Second,
	}})
	return nil
}

// sendDevice answers with the two codes (RFC 8628 §3.2).
func (s *Server) sendDevice(x *exchange, client Client, d *deviceRequest) {
	deviceCode := s.secret(x)
	if s.broken("device-codes-equal") {
		deviceCode = d.userCode
	}
	s.devices.put(deviceCode, d)
	s.userCodes.put(plainCode(d.userCode), d)
	page := s.config.Issuer + "/device"
	body := object{
		{"device_code", deviceCode},
		{"user_code", d.userCode},
		{"verification_uri", page},
		{"verification_uri_complete", page + "?user_code=" + url.QueryEscape(d.userCode)},
		{"expires_in", int64(s.config.Lifetimes.DeviceCode / time.Second)},
		{"interval", s.config.Interval},
	}
	s.bendDevice(&body)
	x.note = "the code " + d.userCode + " for a device of client " + client.ID
	x.noStore()
	x.json(http.StatusOK, body)
}

// bendDevice makes the device authorization response wrong as asked.
func (s *Server) bendDevice(body *object) {
	for _, b := range []struct {
		fault string
		bend  func()
	}{
		{"device-code-missing", func() { body.drop("device_code") }},
		{"device-user-code-missing", func() { body.drop("user_code") }},
		{"device-user-code-escapes", func() { body.set("user_code", "\x1b[2J"+fmt.Sprint(body.get("user_code"))) }},
		{"device-verification-uri-missing", func() { body.drop("verification_uri"); body.drop("verification_uri_complete") }},
		{"device-verification-url", func() {
			body.set("verification_url", body.get("verification_uri"))
			body.drop("verification_uri")
			body.drop("verification_uri_complete")
		}},
		{"device-verification-uri-http", func() {
			body.set("verification_uri", "http://device.example/activate")
			body.drop("verification_uri_complete")
		}},
		{"device-expires-in-missing", func() { body.drop("expires_in") }},
		{"device-interval-odd", func() { body.set("interval", fmt.Sprint(s.config.Interval)) }},
		{"device-interval-missing", func() { body.drop("interval") }},
		{"device-uri-complete-missing", func() { body.drop("verification_uri_complete") }},
		{"device-expires", func() { body.set("expires_in", s.config.Interval+2) }}, // just time for one poll
	} {
		if s.broken(b.fault) {
			b.bend()
		}
	}
}

// userCode is some 34 bits of randomness that a person can type (RFC 8628 §6.1).
func (s *Server) userCode(x *exchange) string {
	var b [32]byte
	if _, err := io.ReadFull(s.config.Rand, b[:]); err != nil {
		x.failure = fmt.Errorf("the source of randomness failed: %w", err)
		return ""
	}
	var code strings.Builder
	for i := range 8 {
		if i == 4 {
			code.WriteByte('-')
		}
		// Four bytes a letter leave no bias worth mentioning.
		n := uint32(b[4*i])<<24 | uint32(b[4*i+1])<<16 | uint32(b[4*i+2])<<8 | uint32(b[4*i+3])
		code.WriteByte(userCodeLetters[n%uint32(len(userCodeLetters))])
	}
	return code.String()
}

// plainCode is a user code as people may type it: in any case, with or without
// its dash (RFC 8628 §6.1).
func plainCode(typed string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(userCodeLetters, c) {
			return c
		}
		return -1
	}, strings.ToUpper(typed))
}
