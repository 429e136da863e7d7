// Package e2e tests oauthprobe against things that nobody of its authors wrote:
// npm oidc-provider as an authorization server, and Debian's Chromium as a
// browser. It knows the program only from outside: a command line, an exit
// code, two streams, and a saved trace.
//
//	(cd peer && npm ci) && (cd clients && npm ci) && go test ./...
//
// With E2E_SHOTS=FOLDER the pages are also photographed, for people to look at.
// Nothing is ever skipped: what is missing on the machine is a failure that
// says what to install.
package e2e
