#!/bin/sh
# Sends the requests of a recorded run again, with curl.
#
# call: calling a protected resource · RFC 6750
# server · client · recorded 2026-11-23 14:57:21 UTC · oauthprobe dev
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
# The recording holds no secrets. They are read from the environment:
#
#   ACCESS_TOKEN: shown as not-…(4b6225), first needed by request 5

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

# ── 1 Resource request (RFC 6750 §2.1)
# present the access token

# Request 5 uses the token.
# It was answered 401 Unauthorized, invalid_token: the access token was not issued by this server.
request_5() {
	: "${ACCESS_TOKEN:?shown as not-…(4b6225), first needed by request 5}"
	answer=$(
		send \
			--request 'GET' \
			--http1.1 \
			--url 'http://127.0.0.1:37903/resource' \
			--header 'User-Agent: oauthprobe/dev' \
			--header 'Accept: */*' \
			--header 'Authorization: Bearer '"$ACCESS_TOKEN"
	)
	told 5 401
}

if [ $# -eq 0 ]; then
	set -- 5
fi
for number do
	case $number in
	5) "request_$number" ;;
	*)
		printf 'there is no request %s\n' "$number" >&2
		exit 2
		;;
	esac
done
exit "$code"
