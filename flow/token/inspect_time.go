package token

import (
	"fmt"
	"strconv"
	"time"
)

// A moment is a NumericDate (RFC 7519 §2) as it was written.
type moment struct {
	at         int64
	number     bool
	text, kind string
}

// moment reads a claim that is a time; false when it is absent.
func (s *specimen) moment(name string) (moment, bool) {
	raw, present := s.claims.Get(name)
	return momentOf(raw), present
}

func momentOf(raw []byte) moment {
	m := moment{text: string(raw), kind: kindOf(raw)}
	f, err := strconv.ParseFloat(m.text, 64)
	if m.kind != "a number" || err != nil || f > 1e17 || f < -1e17 {
		return m
	}
	m.at, m.number = int64(f), true
	return m
}

// kindOf says what a JSON value is.
func kindOf(raw []byte) string {
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// year9999 is the last second that has a calendar date of four digits.
const year9999 = 253402300799

// clock shows a moment as a person reads it.
func clock(seconds int64) string {
	if seconds < 0 || seconds > year9999 {
		return strconv.FormatInt(seconds, 10)
	}
	return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04:05Z")
}

// told says a time claim in words, as seen from now.
func (m moment) told(name string, now int64) string {
	switch {
	case !m.number:
		return m.kind + ", not a number of seconds since 1970"
	case m.at > 100_000_000_000 && m.at/1000 < year9999:
		return "not seconds; as milliseconds it would be " + clock(m.at/1000)
	case m.at < 0 || m.at > year9999:
		return "not a time that a calendar has"
	}
	past, future := m.at <= now, m.at > now
	ago, ahead := span(now-m.at)+" ago", "in "+span(m.at-now)
	says := ""
	switch {
	case name == "exp" && past:
		says = "expired " + ago
	case name == "exp":
		says = "expires " + ahead
	case name == "nbf" && future:
		says = "not valid for another " + span(m.at-now)
	case name == "nbf":
		says = "valid since " + span(now-m.at)
	case future:
		says = ahead + ", which is in the future"
	default:
		says = ago
	}
	return clock(m.at) + ", " + says
}

// span says a length of time in the one or two units a person would use.
func span(seconds int64) string {
	const hour, day, year = 3600, 86400, 365 * 86400
	two := func(a int64, unitA string, b int64, unitB string) string {
		if b == 0 {
			return fmt.Sprintf("%d %s", a, unitA)
		}
		return fmt.Sprintf("%d %s %d %s", a, unitA, b, unitB)
	}
	switch {
	case seconds < 120:
		return fmt.Sprintf("%d s", seconds)
	case seconds < hour:
		return two(seconds/60, "min", 0, "")
	case seconds < 2*day:
		return two(seconds/hour, "h", seconds%hour/60, "min")
	case seconds < 2*year:
		return fmt.Sprintf("%d days", seconds/day)
	}
	return fmt.Sprintf("%d years", seconds/year)
}
