#!/bin/sh
# Sends the requests of a recorded run again, with curl.
#
# discovery: authorization server metadata · RFC 8414 §3; OIDC Discovery §4
# server http://127.0.0.1:43779 · client public · recorded 2026-11-23 14:58:24 UTC · oauthprobe
# dev
#
# code: authorization code grant · RFC 6749 §4.1
# server http://127.0.0.1:43779 · client public · recorded 2026-11-23 14:58:24 UTC · oauthprobe
# dev
#
# userinfo: asking who the person is · OIDC Core §5.3
# server http://127.0.0.1:43779 · client public · recorded 2026-11-23 14:58:24 UTC · oauthprobe
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
#
# The recording holds no secrets. They are read from the environment:
#
#   CODE: shown as 0pV1…(446dff), came back by the browser in record 51, first needed by request 83
#   CODE_VERIFIER: shown as jnpQ…(bf02eb), first needed by request 83
#
# 4 requests that belong to a browser are left out: a person signs in there.

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
			--url 'http://127.0.0.1:43779/.well-known/openid-configuration' \
			--header 'User-Agent: oauthprobe/dev' \
			--header 'Accept: application/json'
	)
	told 4 200
}

# ── 3 Token request (RFC 6749 §4.1.3)
# trade the code for a token, directly and not through the browser

# Request 83 asks for a token (authorization_code).
# It was answered 200 OK.
# ! A code works once and not for long (RFC 6749 §4.1.2): sign in again, and take the code from
# the address that the browser comes back to.
# ! curl cannot make the pair of PKCE: this verifier belongs to the code_challenge that the
# browser was sent with (RFC 7636 §4).
request_83() {
	: "${CODE:?shown as 0pV1…(446dff), came back by the browser in record 51, first needed by request 83}"
	: "${CODE_VERIFIER:?shown as jnpQ…(bf02eb), first needed by request 83}"
	answer=$(
		{
			printf %s 'grant_type=authorization_code&code='
			form "$CODE"
			printf %s '&redirect_uri=http%3A%2F%2F127.0.0.1%3A46177%2Fcallback&code_verifier='
			form "$CODE_VERIFIER"
			printf %s '&client_id=public'
		} | send \
			--request 'POST' \
			--http1.1 \
			--url 'http://127.0.0.1:43779/token' \
			--header 'User-Agent: oauthprobe/dev' \
			--header 'Accept: application/json' \
			--header 'Content-Type: application/x-www-form-urlencoded' \
			--data-binary @-
	)
	told 83 200
	: "${ACCESS_TOKEN:=$(member access_token)}"
}

# ── 4 ID token (OIDC Core §3.1.3.7)
# check that it is genuine, fresh, and meant for this client and this sign-in

# Request 111 fetches the keys of the server.
# It was answered 200 OK.
request_111() {
	answer=$(
		send \
			--request 'GET' \
			--http1.1 \
			--url 'http://127.0.0.1:43779/jwks' \
			--header 'User-Agent: oauthprobe/dev' \
			--header 'Accept: application/json'
	)
	told 111 200
}

# ── 5 UserInfo request (OIDC Core §5.3.1)
# ask who the person is that the access token stands for

# Request 172 asks who the person is.
# It was answered 200 OK.
request_172() {
	: "${ACCESS_TOKEN:?shown as eyJ0eXAiOiJhdCtqd3QiLCJhbG…In0.…(78a66b), came with the answer to request 83, first needed by request 172}"
	answer=$(
		send \
			--request 'GET' \
			--http1.1 \
			--url 'http://127.0.0.1:43779/userinfo' \
			--header 'User-Agent: oauthprobe/dev' \
			--header 'Accept: application/json, application/jwt' \
			--header 'Authorization: Bearer '"$ACCESS_TOKEN"
	)
	told 172 200
}

if [ $# -eq 0 ]; then
	set -- 4 83 111 172
fi
for number do
	case $number in
	4|83|111|172) "request_$number" ;;
	*)
		printf 'there is no request %s\n' "$number" >&2
		exit 2
		;;
	esac
done
exit "$code"
