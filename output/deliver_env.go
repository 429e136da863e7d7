package output

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// envNames are the variables and the members they are made of, in order.
var envNames = []struct{ variable, member string }{
	{"ACCESS_TOKEN", "access_token"},
	{"TOKEN_TYPE", "token_type"},
	{"EXPIRES_AT", "expires_in"},
	{"REFRESH_TOKEN", "refresh_token"},
	{"ID_TOKEN", "id_token"},
	{"SCOPE", "scope"},
}

// deliverEnv writes lines for sh to evaluate. What is absent is unset, lest an
// older value be taken for a new one.
func deliverEnv(d Deliverable, terminal bool) (string, string, error) {
	if _, err := accessToken(d, "env"); err != nil {
		return "", "", err
	}
	var out strings.Builder
	for _, n := range envNames {
		value, ok := stringMember(d.Body, n.member)
		if n.member == "expires_in" {
			value, ok = expiresAt(members(d.Body)[n.member], d.At)
		}
		if !ok {
			out.WriteString("unset " + n.variable + "\n")
			continue
		}
		if strings.ContainsRune(value, 0) || terminal && strings.ContainsFunc(value, func(r rune) bool { return !visible(r) }) {
			return "", "", &UnsafeToken{n.member}
		}
		out.WriteString("export " + n.variable + "=" + shellQuote(value) + "\n")
	}
	return out.String(), "", nil
}

// shellQuote quotes for sh, where nothing but ' is special inside '…'.
func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// expiresAt is when the token expires, in Unix seconds. RFC 6749 §5.1 wants a
// number; several servers send a string of digits.
func expiresAt(raw json.RawMessage, at time.Time) (string, bool) {
	text := strings.TrimSpace(string(raw))
	if s := unquote(text); s != text {
		if strings.Trim(s, "0123456789") != "" {
			return "", false
		}
		text = s
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1e12 {
		return "", false
	}
	return strconv.FormatInt(at.Unix()+int64(f), 10), true
}
