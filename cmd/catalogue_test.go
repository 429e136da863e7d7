package cmd

import (
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/check"
	"github.com/oauthprobe/oauthprobe/flow/ext"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// everyCheck is what a run can judge: the checks of every run, and those of
// the extensions.
func everyCheck() []flow.Check {
	all := check.All()
	for _, x := range []flow.Extension{
		ext.State("", ""), ext.Nonce("", ""), ext.Iss(), ext.Refreshed(), ext.JARM(), ext.DPoP(jose.Private{}, ""), ext.MTLS(nil),
		ext.RAR(flow.Token, "[]", ""), ext.Resource(flow.Token, nil, ""),
	} {
		all = append(all, x.Checks...)
	}
	return all
}

// withoutFault are the codes that no fault of the demo server shows, and where
// they are proven instead.
func withoutFault() map[string]string {
	return map[string]string{
		"V-AR-03": "a state that nobody sent: flow/ext",
		"V-AR-15": "the form of a code: flow/check",
		"V-AR-18": "unknown parameters are ignored, never wrong",
		"V-AR-20": "our own redirect URI: flow/check",
		"V-ID-21": "acr_values has to be asked for: flow/check",
		"V-ID-22": "max_age has to be asked for: flow/check",
		"V-ID-30": "claims of wrong types, of which one is shown at UserInfo: flow/check",
		"V-MT-02": "where we send to ourselves: flow/ext",
		"V-SH-01": "a hash that FAPI 1.0 alone asks for: flow/check",
		"V-UI-05": "whether encryption was registered cannot be seen",
		"V-UI-07": "two answers that differ: flow/check",
		"V-JK-02": "keys nobody can use: flow/jose and flow/check",
		"V-MD-02": "an issuer that is no https URL: flow/check",
		"V-TR-19": "unknown members are ignored, never wrong",
		"V-TR-23": "a secret that comes back: flow/check",
		"V-TR-25": "two lifetimes that differ: flow/check",
	}
}

// A check without a fault and a fault without a check both show; and what
// stops a run is what some check can find.
func TestEveryCheckHasItsFault(t *testing.T) {
	caught, checked := map[string]bool{}, map[string]bool{}
	for _, f := range append(append([]demo.Fault{}, demo.Faults...), demo.FlowFaults...) {
		for _, code := range f.Codes {
			caught[code] = true
		}
	}
	ids := map[string]bool{} // by endpoint: one check may look at several
	for _, c := range everyCheck() {
		at := c.ID + " " + string(c.At)
		if ids[at] || c.Spec == "" || c.Level == "" {
			t.Errorf("%s is there twice, or lacks its section or level", c.ID)
		}
		ids[at], checked[c.Code] = true, true
		if _, excused := withoutFault()[c.Code]; caught[c.Code] == excused {
			t.Errorf("%s (%s): has a fault: %v, is excused: %v", c.Code, c.ID, caught[c.Code], excused)
		}
	}
	for code := range caught {
		if !checked[code] {
			t.Errorf("a fault is to be caught by %s, which no check makes", code)
		}
	}
	for _, code := range check.TrustCodes() {
		if !checked[code] {
			t.Errorf("%s stops a run, and no check makes it", code)
		}
	}
}
