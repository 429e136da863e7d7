package e2e

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// The person at the peer's login page. Its development pages take any.
const (
	login    = "foreign-user"
	password = "pass word+%26&ü-71c5"
)

// A probe is one run of oauthprobe.
type probe struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	url    chan string // the URL that stands alone on a line of stderr
	stdout lockedBuffer
	stderr lockedBuffer
	trace  string // file
	done   chan struct{}
}

// An outcome is what a run left.
type outcome struct {
	exit           int
	stdout, stderr string
	trace          []record
	raw            string // the trace as it was saved
}

// start starts oauthprobe with a trace to save, an environment of its own, and
// an end after which it is killed.
func start(t *testing.T, env []string, args ...string) *probe {
	t.Helper()
	p := &probe{
		url: make(chan string, 16), trace: filepath.Join(t.TempDir(), "trace.jsonl"), done: make(chan struct{}),
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	p.cmd = exec.CommandContext(ctx, binary, append(args, "--save", p.trace)...)
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	p.cmd.Stdout = &p.stdout
	p.cmd.WaitDelay = 5 * time.Second
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer cancel()
		defer close(p.done)
		p.read(stderr)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		cancel()
		<-p.done
		if t.Failed() {
			t.Logf("oauthprobe %s\n%s", strings.Join(args, " "), p.stderr.String())
		}
	})
	return p
}

var urlAlone = regexp.MustCompile(`^https?://\S+$`)

func (p *probe) read(stderr io.Reader) {
	s := bufio.NewScanner(stderr)
	s.Buffer(nil, 4<<20)
	for s.Scan() {
		_, _ = p.stderr.Write(append(s.Bytes(), '\n'))
		if urlAlone.MatchString(s.Text()) {
			select {
			case p.url <- s.Text():
			default: // nobody wants a seventeenth
			}
		}
	}
}

// waitURL is the authorization URL that the person is to open.
func (p *probe) waitURL(t *testing.T) string {
	t.Helper()
	select {
	case u := <-p.url:
		return u
	case <-p.done:
		t.Fatal("oauthprobe ended before it printed a URL")
	case <-time.After(patience):
		t.Fatal("no URL alone on a line of stderr")
	}
	return ""
}

// wait waits for the end and expects an exit code.
func (p *probe) wait(t *testing.T, exit int) outcome {
	t.Helper()
	<-p.done // the context kills it in time
	o := outcome{exit: p.cmd.ProcessState.ExitCode(), stdout: p.stdout.String(), stderr: p.stderr.String()}
	if o.exit != exit {
		t.Fatalf("exit %d, want %d", o.exit, exit)
	}
	raw, err := os.ReadFile(p.trace)
	if err != nil {
		t.Fatalf("--save kept nothing: %v", err)
	}
	o.raw, o.trace = string(raw), readTrace(t, raw)
	checkEnd(t, o)
	return o
}

// walk is a run of code that walks the peer's pages by itself.
func walk(t *testing.T, p *peer, exit int, args ...string) outcome {
	t.Helper()
	return start(t, []string{"PASSWORD=" + password}, headless(p.issuer, args...)...).wait(t, exit)
}

func headless(issuer string, args ...string) []string {
	return append([]string{
		"code", issuer, "--headless", "--fill", "login=" + login, "--fill", "password=env:PASSWORD", "--timeout", "60s",
	}, args...)
}

// lockedBuffer is a buffer that a process writes and a test reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
