package output

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// writeCurl writes a POSIX shell script that sends the recorded requests of a
// run again with curl, those of browsers excepted. What was masked is read from
// the environment, or taken from the answer that it came with.
func writeCurl(w io.Writer, records []trace.Record) error {
	s := &curlScript{out: w, curlPlan: planCurl(records)}
	s.head(records)
	step := map[string]trace.StepStarted{}
	for _, r := range records {
		switch e := r.Event.(type) {
		case trace.StepStarted:
			step[r.Run] = e
		case trace.Exchanged:
			if s.replays(r, e) {
				if at, ok := step[r.Run]; ok {
					s.title(at)
					delete(step, r.Run)
				}
				s.request(r, e)
			}
		}
	}
	s.tail()
	return s.err
}

// A curlScript writes the parts of a script, and nothing more after an error.
type curlScript struct {
	*curlPlan
	out     io.Writer
	err     error
	last    int
	numbers []int
}

func (s *curlScript) put(parts ...string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.out, strings.Join(parts, "")+"\n")
	}
}

// comment writes foreign or long text as comment lines, which nothing in it
// can leave.
func (s *curlScript) comment(text string) {
	for _, l := range wrap(Clean(elideEnd(Clean(text), 2000)), 96) {
		s.put(strings.TrimRight("# "+l, " "))
	}
}

func (s *curlScript) title(e trace.StepStarted) {
	s.put()
	s.comment(joined(" ", "──", strconv.Itoa(e.N), elideEnd(Clean(e.Title), 100), elideEnd(bracketed(Clean(e.Spec)), 100)))
	if e.Why != "" {
		s.comment(e.Why)
	}
}

func (s *curlScript) head(records []trace.Record) {
	s.put("#!/bin/sh")
	s.comment("Sends the requests of a recorded run again, with curl.")
	s.put("#")
	for _, r := range records {
		if e, ok := r.Event.(trace.RunStarted); ok {
			s.comment(joined(" · ", joined(": ", e.Procedure, firstLine(e.Doc)), e.Spec))
			s.comment(joined(" · ", joined(" ", "server", e.Issuer), joined(" ", "client", e.Client), "recorded "+r.At.UTC().Format("2006-01-02 15:04:05 UTC"), strings.TrimSpace("oauthprobe "+e.Version)))
			s.put("#")
		}
	}
	s.put("# Every request:        sh FILE")
	s.put("# Single ones, in order: sh FILE NUMBER...")
	s.put("#")
	s.comment("Answers go to stdout, what became of a request to stderr. It stops with exit code 22 at the first status of 400 or above that was none when it was recorded, and ends with 22 when the last request got such a status. Other exit codes are those of curl.")
	s.put("#")
	s.comment("A value that came with an earlier answer is taken from the new one, unless the environment has it. Certificates to trust are those of CURL_CA_BUNDLE, if that is set.")
	s.needed()
	if s.left > 0 {
		s.put("#")
		s.comment(count(s.left, "request that belongs to a browser is", "requests that belong to a browser are") + " left out: a person signs in there.")
	}
	s.put(curlFrame)
}

// needed lists what must be in the environment.
func (s *curlScript) needed() {
	var wanted []*curlSecret
	for _, v := range s.order {
		if v.from == 0 {
			wanted = append(wanted, v)
		}
	}
	if len(s.order) == 0 && s.marked {
		s.put("#")
		s.comment("! Nothing in it is masked: it may hold secrets.")
	}
	if len(wanted) == 0 && !s.mutual() {
		return
	}
	s.put("#")
	s.comment("The recording holds no secrets. They are read from the environment:")
	s.put("#")
	for _, v := range wanted {
		s.put("#   ", v.name, ": ", v.about())
	}
	if s.mutual() {
		s.put("#   CERT, CERT_KEY: the files of the client certificate and of its private key, for mutual TLS")
	}
}

// curlFrame is what every request needs. Only what POSIX has is used, and curl.
const curlFrame = `
set -eu
LC_ALL=C
export LC_ALL
newline='
'
answer=
code=0

# send is curl as every request needs it: what is in ~/.curlrc does not count,
# the URL goes out as it is, and no redirect is followed.
send() {
	curl --disable --silent --show-error --globoff --path-as-is --proto '=http,https' \
		--max-redirs 0 --header 'Expect:' --write-out '\n%{http_code}' "$@"
}

# told shows the answer, and compares its status with the recorded one.
told() {
	status=${answer##*"$newline"}
	answer=${answer%"$newline"*}
	printf '%s\n' "$answer"
	printf 'request %s: %s (recorded: %s)\n' "$1" "$status" "$2" >&2
	code=0
	if [ "$status" -ge 400 ]; then
		code=22
		[ "$2" -ge 400 ] || exit 22
	fi
}

# form encodes a value for a form or a query (RFC 6749 appendix B).
form() {
	printf %s "$1" | od -An -v -t x1 | awk '
		BEGIN { for (i = 33; i < 127; i++) c[sprintf("%02x", i)] = sprintf("%c", i); c["20"] = "+" }
		{ for (i = 1; i <= NF; i++) printf "%s", c[$i] ~ /^[A-Za-z0-9._~+-]$/ && $i != "2b" ? c[$i] : "%" toupper($i) }'
}

# json encodes a value for a string in JSON.
json() {
	printf %s "$1" | sed 's/\\/\\\\/g; s/"/\\"/g'
}

# member is a string in the last answer, if that is JSON.
member() {
	printf %s "$answer" | tr '\n' ' ' | sed -n 's/.*"'"$1"'"[[:space:]]*:[[:space:]]*"\([^"\\]*\)".*/\1/p'
}`

func (s *curlScript) tail() {
	s.put()
	if len(s.numbers) == 0 {
		s.put("# Nothing was sent, so there is nothing to send again.")
		s.put("exit 0")
		return
	}
	all := make([]string, len(s.numbers))
	for i, n := range s.numbers {
		all[i] = strconv.Itoa(n)
	}
	s.put("if [ $# -eq 0 ]; then")
	s.put("\tset -- ", strings.Join(all, " "))
	s.put("fi")
	s.put("for number do")
	s.put("\tcase $number in")
	s.put("\t", strings.Join(all, "|"), ") \"request_$number\" ;;")
	s.put("\t*)")
	s.put("\t\tprintf 'there is no request %s\\n' \"$number\" >&2")
	s.put("\t\texit 2")
	s.put("\t\t;;")
	s.put("\tesac")
	s.put("done")
	s.put(`exit "$code"`)
}

// number is the place of a request in the trace, and in any case above the one
// before it.
func (s *curlScript) number(seq int) int {
	s.last = max(seq, s.last+1)
	s.numbers = append(s.numbers, s.last)
	return s.last
}

func (s *curlScript) request(r trace.Record, e trace.Exchanged) {
	n := s.number(r.Seq)
	s.put()
	s.about(e)
	s.put("request_", strconv.Itoa(n), "() {")
	defer s.put("}")
	if why := curlUnfit(e.Request); why != "" {
		s.put("\tprintf 'request ", strconv.Itoa(n), " is left out: %s\\n' ", curlQuote(why), " >&2")
		return
	}
	q := s.asked(r, e)
	for _, v := range q.needs {
		s.put("\t: \"${", v.name, ":?", v.about(), "}\"")
	}
	if q.mutual {
		s.put("\t: \"${CERT:?the file of the client certificate}\" \"${CERT_KEY:?the file of its private key}\"")
	}
	s.put("\tanswer=$(")
	start := "\t\tsend \\"
	if len(q.body) > 0 {
		s.put("\t\t{")
		for _, l := range q.body {
			s.put("\t\t\t", l)
		}
		start = "\t\t} | send \\"
	}
	s.put(start)
	s.put("\t\t\t", strings.Join(q.arguments, " \\\n\t\t\t"))
	s.put("\t)")
	s.put("\ttold ", strconv.Itoa(n), " ", strconv.Itoa(max(e.Response.Status, 0)))
	for _, v := range s.kept[r.Seq] {
		s.put(fmt.Sprintf("\t: \"${%s:=$(member %s)}\"", v.name, v.member))
	}
	delete(s.kept, r.Seq)
}
