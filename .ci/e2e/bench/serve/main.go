// Command serve measures how many tokens a second oauthprobe serve hands out for
// client credentials, and how many npm oidc-provider does, on the same machine,
// in turn, under the same load: a few connections that are kept open, one request
// after the other on each. It prints medians, and the tokens for each second of
// processor time that the server itself took, which other load on the machine does
// not touch. It never judges.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	connections = 8
	slice       = time.Second // of one side, before it is the other's turn
)

func main() {
	if err := bench(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(dir, peer, rounds string) error {
	n, err := strconv.Atoi(rounds)
	if err != nil || n < 3 {
		return fmt.Errorf("%q is not a number of rounds", rounds)
	}
	config := filepath.Join(dir, "opaque.toml")
	if err := os.WriteFile(config, []byte("opaque_access_tokens = true\n"), 0o600); err != nil {
		return err
	}
	probe := filepath.Join(dir, "oauthprobe")
	fmt.Printf("%-44s %9s %9s %7s\n", "tokens a second, median of "+rounds, "serve", "provider", "ratio")
	for _, row := range []struct {
		name   string
		ours   []string
		theirs []string
	}{
		{"opaque access tokens", []string{probe, "serve", "-q", "--config", config}, []string{"node", filepath.Join(peer, "plain.mjs")}},
		{"JWT access tokens, RS256", []string{probe, "serve", "-q"}, []string{"node", filepath.Join(peer, "plain.mjs"), "jwt"}},
	} {
		if err := versus(n, row.name, row.ours, row.theirs); err != nil {
			return err
		}
	}
	return nil
}

func versus(n int, name string, ours, theirs []string) error {
	a, err := start(ours)
	if err != nil {
		return err
	}
	defer a.stop()
	b, err := start(theirs)
	if err != nil {
		return err
	}
	defer b.stop()
	var as, bs, ratios []float64
	for i := range n + 1 {
		ra, err := a.load()
		if err != nil {
			return fmt.Errorf("serve: %w", err)
		}
		rb, err := b.load()
		if err != nil {
			return fmt.Errorf("oidc-provider: %w", err)
		}
		if i > 0 { // the first is for warming up
			as, bs, ratios = append(as, ra), append(bs, rb), append(ratios, ra/rb)
		}
	}
	fmt.Printf("%-44s %9.0f %9.0f %7.1f\n", name, median(as), median(bs), median(ratios))
	pa, pb := float64(a.tokens)/a.processor, float64(b.tokens)/b.processor
	fmt.Printf("%-44s %9.0f %9.0f %7.1f\n", "  for each second of processor time", pa, pb, pa/pb)
	return nil
}

// A server is one side.
type server struct {
	cmd       *exec.Cmd
	stdin     io.Closer
	address   string
	tokens    int64
	processor float64 // seconds, for those tokens
}

func (s *server) stop() {
	_ = s.stdin.Close()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// used is the processor time that it took so far, in seconds (proc(5): fields 14
// and 15, in hundredths).
func (s *server) used() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var ticks float64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return ticks / 100, nil
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// start starts a server and waits for its ready line.
func start(argv []string) (*server, error) {
	s := &server{cmd: exec.Command(argv[0], argv[1:]...)}
	s.cmd.Stderr = os.Stderr
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	s.stdin = stdin
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		var ok bool
		if s.address, ok = strings.CutPrefix(lines.Text(), "ready http://"); ok {
			return s, nil
		}
	}
	s.stop()
	return nil, errors.New(argv[0] + " was not ready")
}

// load asks for tokens for one slice of time and counts those it gets.
func (s *server) load() (perSecond float64, err error) {
	const form = "grant_type=client_credentials&scope=api"
	request := fmt.Appendf(nil, "POST /token HTTP/1.1\r\nHost: %s\r\nAuthorization: Basic Y29uZmlkZW50aWFsOnNlY3JldA==\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", s.address, len(form), form)
	var got atomic.Int64
	var group sync.WaitGroup
	failed := make(chan error, connections)
	before, err := s.used()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	for range connections {
		group.Go(func() {
			if err := ask(s.address, request, began.Add(slice), &got); err != nil {
				failed <- err
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	close(failed)
	after, err := s.used()
	if err != nil {
		return 0, err
	}
	s.tokens, s.processor = s.tokens+got.Load(), s.processor+after-before
	return float64(got.Load()) / took.Seconds(), <-failed
}

// ask is one connection, with as little work on this side as there can be.
func ask(address string, request []byte, until time.Time, got *atomic.Int64) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	from := bufio.NewReader(conn)
	for time.Now().Before(until) {
		if _, err := conn.Write(request); err != nil {
			return err
		}
		if err := answered(from); err != nil {
			return err
		}
		got.Add(1)
	}
	return nil
}

// answered reads one answer, which both servers give a Content-Length, and wants a
// token in it. A client of net/http would take longer than the server.
func answered(from *bufio.Reader) error {
	status, length := "", -1
	for {
		line, err := from.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if status == "" {
			status = string(line)
			continue
		}
		if len(line) == 0 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	body, err := from.Peek(max(length, 0))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(status, "HTTP/1.1 200 ") || !bytes.Contains(body, []byte(`"access_token"`)) {
		return fmt.Errorf("%s: %s", status, body)
	}
	_, err = from.Discard(length)
	return err
}
