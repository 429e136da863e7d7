// Command bench measures oauthprobe against what it is compared with, in one
// run and in turn, so that a slow moment of the machine hits both sides. It
// prints medians and the median of the ratios pair by pair; it never judges.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "person" {
		person(os.Args[2])
		return
	}
	if err := bench(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// person is a browser with somebody quick in front of it: it follows the
// server's redirects to the redirect URI, and leaves.
func person(url string) {
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	resp, err := c.Get(url)
	if err != nil {
		os.Exit(1)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

func bench(dir, runs string) error {
	n, err := strconv.Atoi(runs)
	if err != nil || n < 3 {
		return fmt.Errorf("%q is not a number of runs", runs)
	}
	server, err := demo.Start("127.0.0.1:0", demo.Config{AutoConsent: true})
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	probe, empty := filepath.Join(dir, "oauthprobe"), filepath.Join(dir, "empty")
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Printf("%-44s %9s %9s %7s\n", "median of "+runs, "A", "B", "A/B")
	if err := versus(n, "A version · B empty net/http", command(probe, "version"), command(empty)); err != nil {
		return err
	}
	if err := versus(n, "A --help · B empty net/http", command(probe, "--help"), command(empty)); err != nil {
		return err
	}
	token := command(probe, "cc", server.Issuer, "--client-id", "confidential", "--client-secret", "value:secret", "-q", "-o", "token")
	if err := versus(n, "A client-credentials · B curl, twice", token, curl(server.Issuer)); err != nil {
		return err
	}
	return flow(n, probe, self, server.Issuer)
}

// command is one process from start to end.
func command(argv ...string) func() error {
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
		}
		return nil
	}
}

// curl is discovery and the token request, as a script would do them.
func curl(issuer string) func() error {
	discovery := command("curl", "-sS", "-f", "-o", os.DevNull, issuer+"/.well-known/openid-configuration")
	token := command("curl", "-sS", "-f", "-o", os.DevNull, "-u", "confidential:secret", "-d", "grant_type=client_credentials", issuer+"/token")
	return func() error {
		if err := discovery(); err != nil {
			return err
		}
		return token()
	}
}

func versus(n int, name string, a, b func() error) error {
	as, bs, ratios := []float64{}, []float64{}, []float64{}
	for i := range n + 2 {
		ta, err := clock(a)
		if err != nil {
			return err
		}
		tb, err := clock(b)
		if err != nil {
			return err
		}
		if i < 2 {
			continue // warming up
		}
		as, bs, ratios = append(as, ta), append(bs, tb), append(ratios, ta/tb)
	}
	fmt.Printf("%-44s %6.2f ms %6.2f ms %7.2f\n", name, median(as), median(bs), median(ratios))
	return nil
}

func clock(f func() error) (float64, error) {
	start := time.Now()
	err := f()
	return float64(time.Since(start).Microseconds()) / 1000, err
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// flow sets a whole code flow, with a browser that is a process of its own,
// against the same browser going to the same server and back to a listener
// that does nothing. The difference is what is ours: starting, discovery, the
// token request, the ID token, the page.
func flow(n int, probe, self, issuer string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "thanks") }))
	}()
	url := issuer + "/authorize?response_type=code&client_id=confidential&state=aaaaaaaaaaaaaaaaaaaaaa&scope=openid&redirect_uri=http%3A%2F%2F" + strings.ReplaceAll(l.Addr().String(), ":", "%3A") + "%2Fcallback"
	alone := command(self, "person", url)
	whole := command(probe, "code", issuer, "--client-id", "confidential", "--client-secret", "value:secret", "--scope", "openid",
		"--browser", self+" person %s", "-q", "-o", "none")
	var ours []float64
	as, bs := []float64{}, []float64{}
	for i := range n + 2 {
		ta, err := clock(whole)
		if err != nil {
			return err
		}
		tb, err := clock(alone)
		if err != nil {
			return err
		}
		if i >= 2 {
			as, bs, ours = append(as, ta), append(bs, tb), append(ours, ta-tb)
		}
	}
	fmt.Printf("%-44s %6.2f ms %6.2f ms   + %.2f ms\n", "A code flow · B the person alone", median(as), median(bs), median(ours))
	return nil
}
