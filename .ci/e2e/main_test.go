package e2e

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// patience bounds everything that is waited for, and every process.
const patience = 90 * time.Second

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	if back := os.Getenv(handoverVariable); back != "" {
		os.Exit(handOver(back, os.Args[len(os.Args)-1]))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "oauthprobe-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "oauthprobe")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/oauthprobe")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "the program under test does not build: %v\n%s", err, out)
		return 1
	}
	defer stopShared()
	// Most tests wait for something other than a processor: a person, or the
	// next poll of a device.
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// handoverVariable makes this test binary stand in for a browser: it hands the
// URL it is given to the test that started it.
const handoverVariable = "E2E_HANDOVER"

func handOver(back, address string) int {
	client := http.Client{Timeout: patience}
	resp, err := client.PostForm(back, url.Values{"url": {address}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_ = resp.Body.Close()
	return 0
}
