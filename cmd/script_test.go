package cmd

import (
	"context"
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/grant"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
	"github.com/oauthprobe/oauthprobe/output"
)

// The binary of the tests is also the program: with a fixed clock and a seeded
// random source.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"oauthprobe": func() {
			e := OS()
			e.Now, e.Rand = now, rand.NewChaCha8(sha256.Sum256([]byte(os.Getenv("SEED")+strings.Join(os.Args, " ")))) // two commands of one story repeat no jti
			e.Pause = func(context.Context, time.Duration) error { return nil }                                       // no story waits
			os.Exit(Main(e))
		},
	})
}

// One script is one user's story.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"demo":    scriptDemo,
			"demotls": scriptDemoTLS,
			"idp":     scriptIDP,
			"exits":   scriptExits,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("NL", "\n")
			e.Setenv("BROWSER", "")
			e.Setenv("DISPLAY", "")
			e.Setenv("WAYLAND_DISPLAY", "")
			return nil
		},
	})
}

// scriptDemo starts the demo server, with the faults named, and sets ISSUER.
func scriptDemo(ts *testscript.TestScript, _ bool, faults []string) {
	running, err := demo.Start("127.0.0.1:0", demo.Config{Now: now, Rand: rand.NewChaCha8([32]byte{9}), Faults: faults, AutoApprove: true})
	ts.Check(err)
	ts.Defer(func() { _ = running.Close() })
	ts.Setenv("ISSUER", running.Issuer)
}

// scriptDemoTLS starts it behind TLS, with the certificate of its authority in
// ca.pem, and puts the keys of its clients beside it.
func scriptDemoTLS(ts *testscript.TestScript, _ bool, faults []string) {
	running, err := demo.StartTLS("127.0.0.1:0", demo.Config{Now: now, Rand: rand.NewChaCha8([32]byte{9}), Faults: faults, AutoApprove: true})
	ts.Check(err)
	ts.Defer(func() { _ = running.Close() })
	ts.Setenv("ISSUER", running.Issuer)
	cert, key := demo.ClientCertificate()
	for name, data := range map[string][]byte{
		"ca.pem": running.CA, "client.pem": cert, "client-key.pem": key, "client.jwk": demo.ClientKey(),
		"attestation.jwt": []byte(demo.Attestation(now())),
	} {
		ts.Check(os.WriteFile(ts.MkAbs(name), data, 0o600))
	}
}

// scriptIDP puts the key and certificate of the identity provider that the demo
// server trusts into files, and an assertion of it for ISSUER: as XML, in plain
// base64, and forged.
func scriptIDP(ts *testscript.TestScript, _ bool, _ []string) {
	keys, err := jose.ReadPrivate(demo.SAMLKey(), nil)
	ts.Check(err)
	issuer := ts.Getenv("ISSUER")
	made := func() string {
		r := &flow.Run{}
		r.Rand, r.Log = crand.Reader, trace.NewLog(now, &output.Recorder{})
		text, err := grant.SAMLSigner{Key: keys[0], Issuer: "https://idp.example", Subject: "alice", Audience: issuer, Recipient: issuer + "/token"}.Assertion(r, now())
		ts.Check(err)
		xml, err := base64.RawURLEncoding.DecodeString(text)
		ts.Check(err)
		return string(xml)
	}
	for name, data := range map[string]string{
		"idp-key.pem": string(demo.SAMLKey()), "idp.pem": string(demo.SAMLCertificate()),
		"assertion.xml": made(), "assertion.b64": base64.StdEncoding.EncodeToString([]byte(made())) + "\n",
		"forged.xml": strings.Replace(made(), ">alice<", ">mallory<", 1),
	} {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(data), 0o600))
	}
}

// scriptExits runs a command and holds it to an exit code: exits 4 oauthprobe …
func scriptExits(ts *testscript.TestScript, _ bool, args []string) {
	want := args[0]
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != want {
		ts.Fatalf("exit %s, want %s", got, want)
	}
}
