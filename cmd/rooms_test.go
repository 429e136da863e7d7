package cmd

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/oauthprobe/oauthprobe/"

// mayImport is which rooms of ours each room may import. cmd may import all.
func mayImport(room string) ([]string, bool) {
	table := map[string][]string{
		"flow/trace":    {},
		"flow/jose":     {},
		"flow/wire":     {"flow/trace"},
		"flow":          {"flow/trace", "flow/wire", "flow/jose"},
		"output":        {"flow/trace"},
		"loopback":      {},
		"loopback/demo": {},
	}
	for _, room := range []string{"grant", "ext", "clientauth", "discover", "token", "check"} {
		table["flow/"+room] = []string{"flow", "flow/trace", "flow/jose"}
	}
	for _, room := range []string{"probe", "doctor"} {
		table["flow/"+room] = []string{"flow", "flow/trace", "flow/jose", "flow/wire", "flow/ext", "flow/grant", "flow/clientauth", "flow/discover", "flow/token", "flow/check"}
	}
	table["flow/diagnose"] = []string{"flow/trace"}
	allowed, known := table[room]
	return allowed, known
}

// onlyHere are modules that one file alone may import.
func onlyHere() map[string]string {
	return map[string]string{
		"github.com/pkg/browser":                     "loopback/open.go",
		"github.com/charmbracelet/lipgloss":          "output/style.go",
		"github.com/muesli/termenv":                  "output/style.go",
		"github.com/rogpeppe/go-internal/testscript": "",
	}
}

// The rooms import one way only, and every package stands in the table.
func TestRooms(t *testing.T) {
	seen := 0
	for path, imports := range sources(t, false) {
		room := filepath.ToSlash(filepath.Dir(path))
		seen++
		for _, to := range imports {
			if at, limited := onlyHere()[to]; limited && path != at {
				t.Errorf("%s imports %s, which is for %q alone", path, to, at)
			}
		}
		if room == "cmd" || strings.HasPrefix(room, "cmd/") {
			continue
		}
		allowed, known := mayImport(room)
		if !known {
			t.Errorf("%s: the room %s is not in the table", path, room)
			continue
		}
		for _, to := range imports {
			if to, ours := strings.CutPrefix(to, module); ours && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s", path, to)
			}
		}
	}
	if seen < 40 {
		t.Fatalf("only %d files were read: is this the root of the module?", seen)
	}
}

// A protocol parameter is set in flow and nowhere else.
func TestParametersAreSetInFlow(t *testing.T) {
	for path := range sources(t, false) {
		if strings.HasPrefix(path, "flow/") {
			continue
		}
		src := read(t, path)
		for _, call := range []string{"Params.Set(", "Params.SetSecret(", "Params.Put(", "Params.Add("} {
			if strings.Contains(src, call) {
				t.Errorf("%s sets a protocol parameter (%s)", path, call)
			}
		}
	}
}

// sources maps every Go file of the module, relative to its root, to what it
// imports.
func sources(t *testing.T, tests bool) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		rel := filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != "..":
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || !tests && strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			out[rel] = append(out[rel], strings.Trim(i.Path.Value, `"`))
		}
		if out[rel] == nil {
			out[rel] = []string{}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
