package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/output"
)

// refuse is the end of what could not begin: with -o result that is said on
// stdout too.
func (s *session) refuse(err error) error {
	if s.out.format == "result" {
		d := output.Deliverable{Procedure: s.row.procedure.Name, At: s.env.Now(), Exit: exitCode(err), Failure: flow.Failure(err)}
		d.Failure.Kind, d.Hint = "config", strings.Join(describe(err).hints, " ")
		_, _ = output.Deliver(s.env.Stdout, "result", d, s.env.OutTTY)
	}
	return err
}

// finish delivers what the run left, keeps the trace, and passes the error on.
// The token comes first: it must not be lost because a trace could not be kept.
func (s *session) finish(r *flow.Run, err error) error {
	s.over.Store(true)
	_ = s.terminal.Close()
	var delivered error
	var status *flow.StatusError
	if s.how.dry && err == nil {
		s.out.format = "none" // nothing was sent: there is nothing to hand over
	}
	if !s.out.report && (err == nil || s.out.format == "result" || errors.As(err, &status)) {
		var note string
		note, delivered = output.Deliver(s.env.Stdout, s.out.format, s.deliverable(r, err), s.env.OutTTY)
		if s.row.use && note != "" {
			s.remark("warning", note) // nothing else tells that it is not there
		} else {
			s.remark("note", note)
		}
	}
	for _, to := range s.out.saves {
		e := output.Save(to.path, to.format, s.kept.Records())
		switch {
		case e != nil && err != nil:
			s.remark("warning", "--save: "+e.Error()) // the error of the run is the one that matters
		case e != nil:
			err = fmt.Errorf("--save: %w", e)
		}
	}
	switch {
	case err != nil:
		return s.masked(err)
	case delivered != nil:
		return delivered
	}
	if s.server.demo && !s.out.quiet && !s.row.use && !s.how.dry {
		s.next()
	}
	return nil
}

// remark is a line beside the run; warnings are not hushed.
func (s *session) remark(kind, text string) {
	if text != "" && (kind != "note" || !s.out.quiet) {
		_, _ = fmt.Fprintf(s.env.Stderr, "oauthprobe: %s: %s\n", kind, clean(text))
	}
}

func (s *session) deliverable(r *flow.Run, err error) output.Deliverable {
	d := output.Deliverable{At: s.env.Now(), OK: err == nil, Exit: exitCode(err), Failure: flow.Failure(err)}
	d.Procedure = s.row.procedure.Name
	if r != nil && err == nil {
		if t := r.Result.Token; t != nil && t.Object != nil && !s.row.use {
			d.Body = t.Object.Raw
		}
	}
	var status *flow.StatusError
	if r != nil && s.row.use && (err == nil || errors.As(err, &status)) {
		d.Answer = answer(r.Result.Answer)
		d.OK = d.OK || s.out.format != "result" // what a resource says of its trouble is printed too
	}
	for _, rec := range s.kept.Records() {
		if f, ok := rec.Event.(trace.Finding); ok {
			d.Findings = append(d.Findings, f)
		}
	}
	if err != nil {
		d.Failure.Text = s.mask.Text(d.Failure.Text)
		d.Hint = strings.Join(describe(err).hints, " ")
	}
	return d
}

// answer is what a server or a resource said, as it said it; of a JWT the
// object that it carried.
func answer(resp *flow.Response) []byte {
	switch {
	case resp == nil:
		return nil
	case resp.Request.Endpoint != flow.Resource && resp.Object != nil:
		return resp.Object.Raw
	}
	return resp.Body
}

// A maskedError is an error whose words hold no secret.
type maskedError struct {
	error
	mask func(string) string
}

func (e *maskedError) Unwrap() error { return e.error }

func (s *session) masked(err error) error { return &maskedError{err, s.mask.Text} }

// notes are said at the start of the run.
func (s *session) notes() []trace.Note {
	notes := append([]trace.Note{}, s.said...)
	for _, flag := range s.layer.typed {
		notes = append(notes, trace.Note{
			Topic: "secret-typed",
			Text:  flag + " was typed as it is: every process on this machine can read it; @FILE, env:NAME, cmd:COMMAND and - (stdin) keep it out of sight",
		})
	}
	if s.how.keepGoing {
		notes = append(notes, trace.Note{Topic: "keep-going", Text: "--keep-going: failed checks stop nothing; do not use what comes out of this for anything but looking at it"})
	}
	if s.how.dry {
		notes = append(notes, trace.Note{Topic: "dry-run", Text: "--dry-run: from here on every request is built and shown, and none is sent (the server's public keys are asked for where something is encrypted to them); what only a server could give stands in angle brackets"})
	}
	if s.how.keyLog != nil {
		notes = append(notes, trace.Note{Topic: "key-log", Text: "SSLKEYLOGFILE: the keys of this run's TLS connections are written to " + s.how.keyLog.Name() + "; whoever has it can decrypt them"})
	}
	if s.how.insecure {
		notes = append(notes, trace.Note{Topic: "insecure", Text: "--insecure: any certificate is accepted; anyone on the way can read and change everything"})
	}
	return notes
}
