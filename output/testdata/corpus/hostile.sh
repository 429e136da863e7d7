#!/bin/sh
# Sends the requests of a recorded run again, with curl.
#
# code:
# ␛[2J␛]0;owned␇␛]8;;http://evil.example␛\click<U+202E>abc<U+2066><U+200B><U+200F><U+FEFF><U+009B>
# 31m␍ ·
# ␛[2J␛]0;owned␇␛]8;;http://evil.example␛\click<U+202E>abc<U+2066><U+200B><U+200F><U+FEFF><U+009B>
# 31m␍␊✓ done␀�́́<U+0301><U+0301>日本語
# server
# ␛[2J␛]0;owned␇␛]8;;http://evil.example␛\click<U+202E>abc<U+2066><U+200B><U+200F><U+FEFF><U+009B>
# 31m␍␊✓ done␀�́́<U+0301><U+0301>日本語 · client
# ␛[2J␛]0;owned␇␛]8;;http://evil.example␛\click<U+202E>abc<U+2066><U+200B><U+200F><U+FEFF><U+009B>
# 31m␍␊✓ done␀�́́<U+0301><U+0301>日本語 · recorded 2026-11-23 10:35:00 UTC · oauthprobe
#
# Every request:        sh FILE
# Single ones, in order: sh FILE NUMBER...
#
# Answers go to stdout, what became of a request to stderr. It stops with exit code 22 at the
# first status of 400 or above that was none when it was recorded, and ends with 22 when the last
# request got such a status. Other exit codes are those of curl.
#
# A value that came with an earlier answer is taken from the new one, unless the environment has
# it. Certificates to trust are those of CURL_CA_BUNDLE, if that is set.
#
# 2 requests that belong to a browser are left out: a person signs in there.

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
}

# ── 1
# ␛[2J␛]0;owned␇␛]8;;http://evil.example␛\click<U+202E>abc<U+2066><U+200B><U+200F><U+FEFF><U+009B>
# 31m… (RFC 6749 §4.1)
# ␛[2J␛]0;owned␇␛]8;;http://evil.example␛\click<U+202E>abc<U+2066><U+200B><U+200F><U+FEFF><U+009B>
# 31m␍␊✓ done␀�́́<U+0301><U+0301>日本語

# Request 4 asks for a token.
# It was answered 400 Bad Request, invalid_grant:
# ␛[2J␛]0;owned␇␛]8;;http://evil.example␛\click<U+202E>abc<U+2066><U+200B><U+200F><U+FEFF><U+009B>
# 31m␍␊✓ done␀�́́<U+0301><U+0301>日本語.
request_4() {
	answer=$(
		send \
			--request 'POST' \
			--http1.1 \
			--url 'https://as.example.com/token' \
			--header 'User-Agent: oauthprobe/0.1' \
			--header 'Accept:'
	)
	told 4 400
}

# Request 5 asks for a token.
# It was answered 200 OK.
request_5() {
	answer=$(
		send \
			--request 'POST' \
			--http1.1 \
			--url 'https://as.example.com/token' \
			--header 'User-Agent: oauthprobe/0.1' \
			--header 'Accept:'
	)
	told 5 200
}

# Request 6 asks for a token.
# It was answered 200 OK.
request_6() {
	answer=$(
		send \
			--request 'POST' \
			--http1.1 \
			--url 'https://as.example.com/token' \
			--header 'User-Agent: oauthprobe/0.1' \
			--header 'Accept:'
	)
	told 6 200
}

# Request 9 gives a token back.
# It was answered 502 Bad Gateway.
request_9() {
	answer=$(
		send \
			--request 'POST' \
			--http1.1 \
			--url 'https://as.example.com/token' \
			--header 'User-Agent: oauthprobe/0.1' \
			--header 'Accept:'
	)
	told 9 502
}

if [ $# -eq 0 ]; then
	set -- 4 5 6 9
fi
for number do
	case $number in
	4|5|6|9) "request_$number" ;;
	*)
		printf 'there is no request %s\n' "$number" >&2
		exit 2
		;;
	esac
done
exit "$code"
