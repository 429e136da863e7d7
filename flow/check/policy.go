package check

import (
	"slices"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// TrustCodes lists the checks whose failure stops a run by default: an answer that
// fails one of them is not what it claims to be, and must not be used. A test
// holds each code to a check that makes it.
func TrustCodes() []string {
	return []string{
		"V-AR-01", "V-AR-02", "V-AR-04", "V-AR-05", "V-AR-06", "V-AR-07", "V-AR-08", "V-AR-09",
		"V-AR-11", "V-AR-12", "V-AR-13", "V-AR-14", "V-AR-19", "V-AR-20", "V-AR-21",
		"V-TR-04", "V-TR-05", "V-TR-07", "V-TR-08", "V-TR-12", "V-TR-13", "V-TR-17", "V-TR-22",
		"V-ID-01", "V-ID-02", "V-ID-03", "V-ID-04", "V-ID-05", "V-ID-06", "V-ID-07", "V-ID-08", "V-ID-09", "V-ID-10",
		"V-ID-11", "V-ID-12", "V-ID-14", "V-ID-15", "V-ID-17", "V-ID-18", "V-ID-19", "V-ID-20", "V-ID-21", "V-ID-22",
		"V-ID-23", "V-ID-24", "V-ID-25", "V-ID-27", "V-ID-28", "V-ID-29", "V-ID-31", "V-ID-33",
		"V-MD-01", "V-MD-02", "V-MD-05", "V-PR-01", "V-DV-01", "V-CB-01",
		"V-JM-01", "V-JM-02", "V-JM-03", "V-JM-04", "V-JM-05", "V-JM-06", "V-JM-07", "V-SH-01", "V-DP-01", "V-MT-01",
		"V-UI-01", "V-UI-04",
	}
}

// Trust is the default gate: it stops at a failed trust check.
func Trust(f trace.Finding) bool {
	return slices.Contains(TrustCodes(), f.Code) || f.Code == "V-IN-01" && slices.Contains(forged(), f.ID)
}

// forged are what makes a signed introspection answer worthless: it was asked
// for signed because the connection alone is not believed.
func forged() []string {
	return []string{"introspection-jwt-alg", "introspection-jwt-signature", "introspection-jwt-iss"}
}

// Strict stops at any failed MUST.
func Strict(f trace.Finding) bool { return Trust(f) || f.Level == trace.Must }
