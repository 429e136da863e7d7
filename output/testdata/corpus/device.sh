#!/bin/sh
# Sends the requests of a recorded run again, with curl.
#
# discovery: authorization server metadata · RFC 8414 §3; OIDC Discovery §4
# server http://127.0.0.1:34163 · client public · recorded 2026-11-23 14:57:19 UTC · oauthprobe
# dev
#
# device: device authorization grant · RFC 8628
# server http://127.0.0.1:34163 · client public · recorded 2026-11-23 14:57:19 UTC · oauthprobe
# dev
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

# ── 1 Discovery (RFC 8414 §3)
# ask the server where its endpoints are and what it can do

# Request 4 asks what the server can do and where.
# It was answered 200 OK.
request_4() {
	answer=$(
		send \
			--request 'GET' \
			--http1.1 \
			--url 'http://127.0.0.1:34163/.well-known/openid-configuration' \
			--header 'User-Agent: oauthprobe/dev' \
			--header 'Accept: application/json'
	)
	told 4 200
}

# ── 2 Device authorization request (RFC 8628 §3.1)
# ask for a code that a person can type on another device

# Request 45 begins a sign-in on another device.
# It was answered 200 OK.
request_45() {
	answer=$(
		{
			printf %s 'client_id=public'
		} | send \
			--request 'POST' \
			--http1.1 \
			--url 'http://127.0.0.1:34163/device_authorization' \
			--header 'User-Agent: oauthprobe/dev' \
			--header 'Accept: application/json' \
			--header 'Content-Type: application/x-www-form-urlencoded' \
			--data-binary @-
	)
	told 45 200
	: "${DEVICE_CODE:=$(member device_code)}"
}

# ── 3 Token requests (RFC 8628 §3.4)
# ask at the pace that the server sets, until the person has approved

# Request 87 asks for a token (urn:ietf:params:oauth:grant-type:device_code).
# It was answered 200 OK.
# It was asked 2 times until then. As long as the answer is authorization_pending, run this one
# again by its number, with what it needs in the environment.
# ! A device code works once and not for long (RFC 8628 §3.2): the person has to approve this very
# one.
request_87() {
	: "${DEVICE_CODE:?shown as aYn9…(6c05c7), came with the answer to request 45, first needed by request 87}"
	answer=$(
		{
			printf %s 'grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code='
			form "$DEVICE_CODE"
			printf %s '&client_id=public'
		} | send \
			--request 'POST' \
			--http1.1 \
			--url 'http://127.0.0.1:34163/token' \
			--header 'User-Agent: oauthprobe/dev' \
			--header 'Accept: application/json' \
			--header 'Content-Type: application/x-www-form-urlencoded' \
			--data-binary @-
	)
	told 87 200
}

if [ $# -eq 0 ]; then
	set -- 4 45 87
fi
for number do
	case $number in
	4|45|87) "request_$number" ;;
	*)
		printf 'there is no request %s\n' "$number" >&2
		exit 2
		;;
	esac
done
exit "$code"
