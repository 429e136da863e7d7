package cmd

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback"
)

// browser is what --browser, --no-browser come to.
func (s *session) browser() string {
	if s.person.noBrowser {
		return "none"
	}
	return s.person.browser
}

// agent opens the door for the answer and decides who walks to the server:
// the person's browser, or this program.
func (s *session) agent() (*agent, error) {
	d, err := s.person.open(s.ask.redirect, s.env)
	if err != nil {
		return nil, err
	}
	a := &agent{
		env: s.env, door: d, browser: s.browser(), paste: s.person.paste, qr: s.person.qr,
		ended: make(chan struct{}),
	}
	if d.note != "" {
		s.said = append(s.said, trace.Note{Topic: "callback-certificate", Text: d.note})
	}
	if s.walks() {
		a.pages = &pageWire{wire: s.wire, filled: s.fills.secret, know: s.mask.Know}
		a.headless = &loopback.Headless{Transport: a.pages, Fill: s.fills.values, Redirect: d.redirect, MaxPages: 20}
		return a, nil
	}
	if d.listener == nil && !a.paste {
		if s.how.noInput {
			return nil, &usageError{"--redirect-uri is not on this machine, so its answer has to be pasted, and --no-input forbids to ask", []string{"--headless"}}
		}
		a.paste = true
		s.said = append(s.said, trace.Note{Topic: "paste", Text: "the redirect URI is not on this machine: paste the address that the browser ends at, and press Enter"})
	}
	if a.paste && d.listener != nil {
		s.said = append(s.said, trace.Note{Topic: "paste", Text: "the address that the browser ends at may be pasted here as well"})
	}
	s.said = append(s.said, elsewhere(s.env, d.redirect)...)
	return a, nil
}

// walks decides whether this program walks the pages itself: when asked to,
// and with --demo when no browser is to be had.
func (s *session) walks() bool {
	if s.person.headless {
		return true
	}
	if !s.server.demo || s.browser() == "none" || s.person.paste {
		return false
	}
	err := loopback.CanOpen(loopback.OpenOptions{Command: s.browser(), Getenv: s.env.Getenv})
	if err != nil {
		s.said = append(s.said, trace.Note{Topic: "headless", Text: err.Error() + ", so this program walks the demo's pages itself and signs in as alice"})
	}
	return err != nil
}

// ending is what the page in the browser says of how it all went.
func (s *session) ending(err error) loopback.Ending {
	if err == nil && s.row.returns() {
		return loopback.Ending{OK: true, Title: "Signed out", Detail: "What the server said is in your terminal."}
	}
	if err == nil {
		return loopback.Ending{OK: true, Title: "Signed in", Detail: "The answer is in your terminal."}
	}
	words := describe(s.masked(err))
	return loopback.Ending{Title: "The sign-in did not succeed", Detail: sentence(words.text), Hints: words.hints}
}

// sentence begins a line of the terminal as a sentence of a page.
func sentence(s string) string {
	if r, n := utf8.DecodeRuneInString(s); n > 0 {
		return string(unicode.ToUpper(r)) + s[n:]
	}
	return s
}

// next says where a newcomer can go from here.
func (s *session) next() {
	_, _ = fmt.Fprint(s.env.Stderr, `
What next:
  how it works           oauthprobe learn code
  every byte of it       oauthprobe code --demo -v
  a server of your own   oauthprobe code https://issuer.example --client-id ID --scope openid
  in a script            TOKEN=$(oauthprobe code --demo --headless -q -o token)
`)
}
