package cmd

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback"
)

// machine is what of this machine a diagnosis may need.
func machine(e Env, browser string) *trace.Machine {
	m := &trace.Machine{OS: e.OS, Terminal: e.Terminal(), Remote: remote(e), Browser: browser}
	if err := loopback.CanOpen(loopback.OpenOptions{Command: browser, Getenv: e.Getenv}); err != nil {
		m.Browser = err.Error()
	}
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY"} {
		if e.Getenv(name) != "" || e.Getenv(strings.ToLower(name)) != "" {
			m.ProxyVars = append(m.ProxyVars, name)
		}
	}
	return m
}

// remote lists what stands between this shell and a browser of the person's.
func remote(e Env) []string {
	var out []string
	if e.Getenv("CODESPACES") != "" {
		out = append(out, "codespaces")
	}
	if e.Getenv("SSH_CONNECTION") != "" {
		out = append(out, "ssh")
	}
	if e.Getenv("REMOTE_CONTAINERS") != "" || e.Getenv("container") != "" || e.Exists("/.dockerenv") || e.Exists("/run/.containerenv") {
		out = append(out, "container")
	}
	if e.Getenv("WSL_DISTRO_NAME") != "" {
		out = append(out, "wsl")
	}
	return out
}

// elsewhere is advice for a browser that runs on another machine than the
// listener: the surest way first, never a gate.
func elsewhere(e Env, redirect string) []trace.Note {
	u, err := url.Parse(redirect)
	if err != nil || u.Port() == "" {
		return nil
	}
	paste := "or run again with --paste, sign in wherever the browser is, and paste the address that it ends at (it will not load)"
	var notes []trace.Note
	for _, where := range remote(e) {
		n := trace.Note{Topic: "remote-" + where}
		switch where {
		case "codespaces":
			n.Text = "this is a codespace: a browser cannot reach its loopback port; run again with --paste, and paste the address that the browser ends at (it will not load)"
		case "ssh":
			n.Text = "this is an SSH session: on the machine with the browser, forward the port first, " + paste
			n.Lines = []string{forward(e, u.Port())}
		case "container":
			n.Text = "this is a container: publish the port (docker run -p 127.0.0.1:" + u.Port() + ":" + u.Port() + ") and listen on it with --callback 0.0.0.0:" + u.Port() + ", " + paste
		case "wsl":
			n.Text = "this is WSL: Windows forwards localhost to it unless its networking was changed; if the browser cannot connect, run again with --paste"
		}
		notes = append(notes, n)
	}
	return notes
}

// forward is the exact line: SSH_CONNECTION holds client address and port,
// then the server's.
func forward(e Env, port string) string {
	host, extra := "THIS-HOST", ""
	if parts := strings.Fields(e.Getenv("SSH_CONNECTION")); len(parts) == 4 {
		host = parts[2]
		if parts[3] != "22" {
			extra = " -p " + parts[3]
		}
	}
	user := e.Getenv("USER")
	if user != "" {
		user += "@"
	}
	return fmt.Sprintf("ssh -N -L %s:127.0.0.1:%s%s %s%s", port, port, extra, user, host)
}
