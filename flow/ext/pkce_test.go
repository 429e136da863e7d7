package ext

import "testing"

// The verifier and the challenge are those of RFC 7636 Appendix B.
func TestChallenge(t *testing.T) {
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	if got := Challenge("S256", verifier); got != "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" {
		t.Errorf("S256: %s", got)
	}
	if got := Challenge("plain", verifier); got != verifier {
		t.Errorf("plain: %s", got)
	}
}
