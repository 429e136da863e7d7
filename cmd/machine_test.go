package cmd

import (
	"strings"
	"testing"
)

// A browser on another machine than the listener gets the exact line that
// brings the two together, and the paste hint; nobody is stopped by it.
func TestElsewhere(t *testing.T) {
	for _, c := range []struct {
		name   string
		env    map[string]string
		exists string
		wants  []string
	}{
		{"at home", nil, "", nil},
		{"ssh", map[string]string{"SSH_CONNECTION": "203.0.113.9 51000 198.51.100.7 22", "USER": "ann"}, "",
			[]string{"ssh -N -L 8765:127.0.0.1:8765 ann@198.51.100.7", "--paste"}},
		{"ssh on another port", map[string]string{"SSH_CONNECTION": "203.0.113.9 51000 198.51.100.7 2222"}, "",
			[]string{"ssh -N -L 8765:127.0.0.1:8765 -p 2222 198.51.100.7"}},
		{"container", nil, "/.dockerenv", []string{"docker run -p 127.0.0.1:8765:8765", "--callback 0.0.0.0:8765", "--paste"}},
		{"codespace", map[string]string{"CODESPACES": "true"}, "", []string{"codespace", "--paste"}},
		{"wsl", map[string]string{"WSL_DISTRO_NAME": "Debian"}, "", []string{"WSL", "--paste"}},
	} {
		e := Env{Getenv: func(name string) string { return c.env[name] }, Exists: func(path string) bool { return path == c.exists }}
		notes := elsewhere(e, "http://127.0.0.1:8765/callback")
		said := ""
		for _, n := range notes {
			said += n.Text + "\n" + strings.Join(n.Lines, "\n")
		}
		if (len(notes) == 0) != (len(c.wants) == 0) {
			t.Errorf("%s: %d notes", c.name, len(notes))
		}
		for _, want := range c.wants {
			if !strings.Contains(said, want) {
				t.Errorf("%s: no %q in %q", c.name, want, said)
			}
		}
	}
}
