package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
		ext.RAR(flow.Token, "[]", ""), ext.Resource(flow.Token, nil, ""), ext.Advertised(""),
	} {
		all = append(all, x.Checks...)
	}
	return all
}

// withoutFault are the codes that no fault of the demo server shows, and where
// they are proven instead.
func withoutFault() map[string]string {
	return map[string]string{
		"V-AR-17": "flow/check TestSessionState",               // said, never wrong
		"V-AR-18": "flow/check TestAuthorizationResponseEdges", // said, never wrong
		"V-AR-19": "flow/check TestOwnTokenEndpoint",           // a check on ourselves
		"V-AR-20": "flow/check TestAuthorizationResponseEdges", // our own redirect URI
		"V-TR-19": "flow/check TestTokenResponse",              // said, never wrong
		"V-TR-24": "flow/check TestPeer",                       // the connection refuses what is worse
		"V-UI-02": "flow/check TestPeer",
		"V-AT-09": "flow/check TestAccessTokenPrivacy", // said, never wrong
		"V-JK-05": "flow/jose TestCandidates",          // a check on ourselves
		"V-MD-09": "flow/ext TestAdvertised",           // what we ask for, not what a server does
		"META-10": "cmd TestRemarksOnTheCleanServer",
		"META-11": "cmd TestRemarksOnTheCleanServer",
		"META-12": "cmd TestRemarksOnTheCleanServer",
		"META-25": "flow/check TestMetadataLints", // said, never wrong
		"META-27": "flow/check TestMetadataLints",
		"V-MT-02": "flow/clientauth TestMutualTLSGoesToTheAlias", // where we send to ourselves
	}
}

// withoutCheck are the codes of the list that no check of a run makes: what we
// ourselves have to do, which a test proves, and what commands to come will ask.
func withoutCheck() map[string]string {
	return map[string]string{
		"V-AR-22": "loopback TestPagesAreSelfContainedAndGuarded",
		"V-ID-13": "cmd TestFaultMatrix",    // idtoken-bad-signature comes from the token endpoint
		"V-ID-26": "flow/jose TestHalfHash", // what V-ID-24, V-ID-25, V-ID-33 and V-SH-01 stand on
		"V-DP-03": "flow/ext TestProofs",
		"V-MD-03": "flow/discover TestWellKnown",
		"V-SM-01": "cmd TestNothingFollowsToAnotherOrigin",
		"V-DP-04": "",                               // an active question: test
		"V-MD-08": "",                               // doctor
		"V-RM-01": "", "V-RM-02": "", "V-RM-03": "", // resource
		"V-DC-01": "",                // register
		"V-LT-01": "", "V-FL-01": "", // logout notifications
	}
}

// listed is every code of the list of client-side checks, by group.
func listed() map[string]int {
	return map[string]int{
		"V-AR": 22, "V-JM": 7, "V-SH": 1, "V-TR": 25, "V-ID": 33, "V-AT": 11, "V-DP": 4, "V-MT": 2, "V-UI": 8, "V-MD": 9, "V-JK": 5, "V-RM": 3,
		"V-PR": 1, "V-DV": 1, "V-CB": 1, "V-DC": 1, "V-IN": 1, "V-CH": 1, "V-LT": 1, "V-FL": 1, "V-SM": 1,
	}
}

// Every code of the list is made by some check, or proven where the table says.
func TestTheListIsWhole(t *testing.T) {
	checked := map[string]bool{}
	for _, c := range everyCheck() {
		checked[c.Code] = true
	}
	total := 0
	for group, n := range listed() {
		total += n
		for i := range n {
			code := fmt.Sprintf("%s-%02d", group, i+1)
			if _, elsewhere := withoutCheck()[code]; !checked[code] && !elsewhere {
				t.Errorf("nothing makes %s", code)
			}
		}
	}
	if total != 139 {
		t.Errorf("%d codes are listed", total)
	}
	for _, table := range []map[string]string{withoutFault(), withoutCheck()} {
		for code, where := range table {
			if room, test, told := strings.Cut(where, " "); told && !strings.Contains(testsOf(t, room), "func "+test+"(t *testing.T)") {
				t.Errorf("%s is not proven by %s", code, where)
			}
		}
	}
}

// testsOf is the text of all tests of a room.
func testsOf(t *testing.T, room string) string {
	t.Helper()
	files, err := filepath.Glob("../" + room + "/*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s: %v", room, err)
	}
	all := ""
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all += string(b)
	}
	return all
}

// A check without a fault and a fault without a check both show; and what
// stops a run is what some check can find.
func TestEveryCheckHasItsFault(t *testing.T) {
	caught, checked := map[string]bool{}, map[string]bool{}
	for _, f := range append(append([]demo.Fault{}, demo.Faults()...), demo.FlowFaults()...) {
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
