package output

import (
	"bytes"
	"encoding/json"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// result is the object of the format result, on success and on failure.
type result struct {
	V         int             `json:"v"`
	OK        bool            `json:"ok"`
	Procedure string          `json:"procedure"`
	Exit      int             `json:"exit"`
	Token     json.RawMessage `json:"token,omitempty"`
	Answer    json.RawMessage `json:"answer,omitempty"` // a body that is not JSON as a string
	Findings  []trace.Finding `json:"findings"`
	Diagnosis []any           `json:"diagnosis"`
	Error     *resultError    `json:"error,omitempty"`
}

type resultError struct {
	Kind     string `json:"kind"`
	Text     string `json:"text"`
	Endpoint string `json:"endpoint,omitempty"`
	Code     string `json:"code,omitempty"`
	Hint     string `json:"hint,omitempty"`
}

func answerJSON(body []byte) json.RawMessage {
	if len(body) == 0 || json.Valid(body) {
		return body
	}
	s, _ := json.Marshal(string(body)) // a string always encodes
	return s
}

func deliverResult(d Deliverable, terminal bool) (string, string, error) {
	r := result{V: 1, OK: d.OK, Procedure: d.Procedure, Exit: d.Exit, Findings: d.Findings, Diagnosis: []any{}}
	if r.Findings == nil {
		r.Findings = []trace.Finding{}
	}
	r.Answer = answerJSON(d.Answer) // of a resource in trouble as well
	if d.OK {
		r.Token = d.Body
	} else {
		r.Error = &resultError{Kind: "other", Text: "failed", Hint: d.Hint}
		if f := d.Failure; f != nil {
			r.Error = &resultError{f.Kind, f.Text, f.Endpoint, f.Code, d.Hint}
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return "", "", err
	}
	text, err := jsonText(b.Bytes(), terminal)
	return text, "", err
}
