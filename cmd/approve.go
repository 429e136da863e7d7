package cmd

import (
	"context"
	"errors"
	"strings"

	"rsc.io/qr"

	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback"
)

// approach brings the person to the address at which they approve: as a QR
// code when asked for, in a browser when there is one, or by walking the pages
// ourselves.
func (s *session) approach(ctx context.Context, say func(trace.Event) int, address string) error {
	if s.person.qr {
		if lines := picture(address); lines != nil {
			say(trace.Note{Topic: "qr", Text: "or point a camera at this", Lines: lines})
		}
	}
	told := say
	say = func(e trace.Event) int { // whoever is still walking when it is over walks unseen
		if s.over.Load() {
			return 0
		}
		return told(e)
	}
	if s.person.headless {
		if s.row.use {
			return s.approve(ctx, say, address) // nothing else goes on meanwhile
		}
		go func() {
			if err := s.approve(ctx, say, address); err != nil {
				say(trace.Note{Topic: "headless", Text: "the walk through the pages ended: " + s.mask.Text(err.Error())})
			}
		}()
		return nil
	}
	if s.server.demo || s.browser() == "none" {
		return nil
	}
	by, err := loopback.Open(address, loopback.OpenOptions{Command: s.browser(), Getenv: s.env.Getenv, Stderr: s.env.Stderr, Failed: func(error) {}})
	if err == nil {
		say(trace.Note{Topic: "browser", Text: "the address was opened with " + by})
	}
	return nil
}

// approve walks the pages. They end with one that has no form, which is where
// a person would close the tab.
func (s *session) approve(ctx context.Context, say func(trace.Event) int, address string) error {
	pages := &pageWire{wire: s.wire, filled: s.fills.secret, know: s.mask.Know, fetched: func(x trace.Exchanged) { say(x) }}
	h := &loopback.Headless{Transport: pages, Fill: s.fills.values, MaxPages: 20}
	var end *loopback.WalkError
	_, err := h.Walk(ctx, address)
	if err != nil && (!errors.As(err, &end) || end.Kind != loopback.KindNoForm && end.Kind != loopback.KindLoop) {
		return &walkError{err}
	}
	return nil
}

// picture draws a QR code with half blocks, two rows of dots a line, with the
// quiet zone that cameras need.
func picture(text string) []string {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil
	}
	const quiet = 2
	dark := func(x, y int) bool { return code.Black(x, y) }
	var lines []string
	for y := -quiet; y < code.Size+quiet; y += 2 {
		var line strings.Builder
		for x := -quiet; x < code.Size+quiet; x++ {
			// Drawn light on dark, as most terminals are: a lit half is a light dot.
			switch up, down := !dark(x, y), !dark(x, y+1); {
			case up && down:
				line.WriteRune('█')
			case up:
				line.WriteRune('▀')
			case down:
				line.WriteRune('▄')
			default:
				line.WriteRune(' ')
			}
		}
		lines = append(lines, line.String())
	}
	return lines
}
