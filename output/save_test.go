package output

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

func TestSaveFormat(t *testing.T) {
	for _, c := range []struct{ spec, format, path string }{
		{"run.jsonl", "jsonl", "run.jsonl"},
		{"dir/RUN.JSONL", "jsonl", "dir/RUN.JSONL"},
		{"jsonl=trace.txt", "jsonl", "trace.txt"},
		{"a=b.jsonl", "jsonl", "a=b.jsonl"},
	} {
		format, path, err := SaveFormat(c.spec)
		if err != nil || format != c.format || path != c.path {
			t.Errorf("%s: %s %s %v", c.spec, format, path, err)
		}
	}
	for _, spec := range []string{"run.docx", "docx=run", "run", "jsonl="} {
		_, _, err := SaveFormat(spec)
		var unknown *UnknownFormat
		if !errors.As(err, &unknown) || !strings.Contains(err.Error(), "jsonl (.jsonl)") {
			t.Errorf("%s: %v", spec, err)
		}
	}
}

func listing(t *testing.T, dir string) []string {
	t.Helper()
	es, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range es {
		out = append(out, e.Name())
	}
	return out
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.jsonl")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	var r Recorder
	codeFlow(NewMask(&r, nil, testKey, false))
	if err := Save(path, "", r.Records()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(saved(t, codeFlow), string(b)); diff != "" {
		t.Error(diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if got := listing(t, dir); len(got) != 1 {
		t.Errorf("left behind: %v", got)
	}
}

func TestSaveWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.jsonl")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := replace(path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return io.ErrUnexpectedEOF
	})
	b, _ := os.ReadFile(path)
	if !errors.Is(err, io.ErrUnexpectedEOF) || string(b) != "old" || len(listing(t, dir)) != 1 {
		t.Errorf("%v, %q, %v", err, b, listing(t, dir))
	}
}

func TestSaveThroughALink(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link.jsonl")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	if err := Save(link, "", []trace.Record{{Seq: 1, Event: trace.Note{}}}); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(file); !strings.Contains(string(b), `"kind":"note"`) {
		t.Errorf("%q", b)
	}
}

func TestSaveRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ path, format, want string }{
		{dir, "jsonl", "is not an ordinary file"},
		{os.DevNull, "jsonl", "is not an ordinary file"},
		{filepath.Join(dir, "no", "such", "x.jsonl"), "", "no such"},
		{filepath.Join(dir, "x.jsonl"), "docx", `unknown format "docx": known are jsonl (.jsonl)`},
	} {
		if err := Save(c.path, c.format, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.path, err, c.want)
		}
	}
}
