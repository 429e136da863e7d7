package loopback

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const maxPaste = 64 << 10

// ReadPaste reads lines until one is the answer: the whole redirected URL, or only its query or fragment, perhaps quoted or in
// angle brackets. Each candidate is put to accept, whose owner says what is wrong with one that it turns down; of every other
// line complain says what is wrong, without repeating any of it. The end of r is an error that wraps io.EOF. A Hit from here has
// no time: no clock is handed in.
//
// When ctx ends first, one read of r stays behind.
func ReadPaste(ctx context.Context, r io.Reader, redirect string, accept func(Hit) bool, complain func(string)) (Hit, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := make(chan pasted)
	go readLines(ctx, r, lines)
	for {
		select {
		case <-ctx.Done():
			return Hit{}, context.Cause(ctx)
		case line := <-lines:
			if line.err != nil {
				return Hit{}, fmt.Errorf("no redirected URL was pasted: %w", line.err)
			}
			hit, complaint := readAddress(line, redirect)
			if complaint != "" {
				complain(complaint)
			}
			if hit.Via != "" && accept(hit) {
				return hit, nil
			}
		}
	}
}

// pasted is one line, or how reading ended.
type pasted struct {
	text string
	long bool
	err  error
}

// readLines sends lines until the reader or the context ends. What is longer than a line may be is dropped up to its end.
func readLines(ctx context.Context, r io.Reader, lines chan<- pasted) {
	in := bufio.NewReaderSize(r, maxPaste+1)
	for {
		part, err := in.ReadSlice('\n')
		line := pasted{text: string(part)}
		for errors.Is(err, bufio.ErrBufferFull) {
			line = pasted{long: true}
			_, err = in.ReadSlice('\n')
		}
		if line.long || strings.TrimSpace(line.text) != "" {
			if !send(ctx, lines, line) {
				return
			}
		}
		if err != nil {
			send(ctx, lines, pasted{err: err})
			return
		}
	}
}

func send(ctx context.Context, lines chan<- pasted, line pasted) bool {
	select {
	case lines <- line:
		return true
	case <-ctx.Done():
		return false
	}
}

// readAddress finds the answer in a line. Via is empty when there is none; a complaint may come with an answer.
func readAddress(line pasted, redirect string) (Hit, string) {
	if line.long {
		return Hit{}, "that line is longer than 64 KiB"
	}
	text := unwrap(line.text)
	hit := Hit{Method: http.MethodGet}
	address, query, fragment := cutAddress(text)
	switch {
	case carriesAnswer(query):
		hit.RawQuery, hit.Via = query, ViaQuery
	case carriesAnswer(fragment):
		hit.RawQuery, hit.Fragment, hit.Via = query, fragment, ViaFragment
	case address == "" || !strings.Contains(text, "="):
		return Hit{}, "that is not the address of the page you ended on: paste all of it, from http to the end"
	default:
		return Hit{}, "that address holds no answer: neither a code, nor an error, nor a token"
	}
	if isRequest(query) {
		return Hit{}, "that is the address of the sign-in page itself: sign in there, then paste the address that you end on"
	}
	u, err := url.Parse(address)
	if address == "" || err != nil {
		return hit, ""
	}
	hit.Host, hit.Path = u.Host, u.EscapedPath()
	want, err := url.Parse(redirect)
	if redirect != "" && err == nil && !sameTarget(u, want) {
		hit.Elsewhere = plain(address, 500)
		return hit, "that address is not the redirect URI"
	}
	return hit, ""
}

// unwrap takes off what came along with the copying: quotes, angle brackets, the name of a header, HTML's way to write "&".
func unwrap(text string) string {
	for {
		bare := strings.TrimFunc(text, func(r rune) bool {
			return r <= ' ' || r == 0x7f || strings.ContainsRune("\"'`<>\u201c\u201d\u00a0\ufeff", r)
		})
		if name, rest, ok := strings.Cut(bare, ":"); ok && strings.EqualFold(name, "location") {
			bare = rest
		}
		if bare == text {
			return strings.ReplaceAll(text, "&amp;", "&")
		}
		text = bare
	}
}

// cutAddress cuts a line into address, query and fragment, each of which may be missing. Without any mark the line is a query, as
// long as it looks like one.
func cutAddress(text string) (address, query, fragment string) {
	rest, fragment, _ := strings.Cut(text, "#")
	address, query, marked := strings.Cut(rest, "?")
	if !marked && strings.Contains(address, "=") && !strings.Contains(address, "://") {
		return "", address, fragment
	}
	return address, query, fragment
}

// isRequest tells an authorization request from an answer: both may hold the state.
func isRequest(query string) bool {
	answered := carries(query, "code") || carries(query, "error") || carries(query, "response") || carries(query, "id_token")
	return carries(query, "client_id") && !answered
}
