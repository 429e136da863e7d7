package output

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A Recorder is a Sink that keeps all records, for saving them at the end.
type Recorder struct {
	mu      sync.Mutex
	records []trace.Record
}

// Emit implements trace.Sink.
func (r *Recorder) Emit(rec trace.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records = append(r.records, rec)
}

// Records are the records so far.
func (r *Recorder) Records() []trace.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]trace.Record(nil), r.records...)
}

// saveFormats are the formats a trace can be saved in.
var saveFormats = []struct {
	name, extension string
	write           func(io.Writer, []trace.Record) error
}{
	{"jsonl", ".jsonl", writeJSONLines},
	{"html", ".html", writeHTML},
	{"har", ".har", writeHAR},
	{"curl", ".sh", writeCurl},
	{"mermaid", ".mmd", writeMermaid},
	{"markdown", ".md", writeMarkdown},
}

func writeJSONLines(w io.Writer, records []trace.Record) error {
	j := NewJSONLines(w)
	for _, r := range records {
		j.Emit(r)
	}
	return j.Err()
}

// SaveFormats lists the names of the formats a trace can be saved in.
func SaveFormats() []string {
	var out []string
	for _, f := range saveFormats {
		out = append(out, f.name)
	}
	return out
}

// UnknownFormat says that there is no such format, and which there are.
type UnknownFormat struct {
	Given string
	Known []string
}

// Error implements error.
func (u *UnknownFormat) Error() string {
	if u.Given == "" {
		return "no format given: known are " + strings.Join(u.Known, ", ")
	}
	return fmt.Sprintf("unknown format %q: known are %s", u.Given, strings.Join(u.Known, ", "))
}

// SaveFormat reads what --save was given: FORMAT=FILE, or a FILE whose
// extension says the format.
func SaveFormat(spec string) (format, path string, err error) {
	if name, file, ok := strings.Cut(spec, "="); ok && file != "" {
		for _, f := range saveFormats {
			if f.name == name {
				return name, file, nil
			}
		}
	}
	extension := strings.ToLower(filepath.Ext(spec))
	for _, f := range saveFormats {
		if f.extension == extension {
			return f.name, spec, nil
		}
	}
	return "", "", unknownSave(extension)
}

func unknownSave(given string) error {
	known := make([]string, len(saveFormats))
	for i, f := range saveFormats {
		known[i] = fmt.Sprintf("%s (%s)", f.name, f.extension)
	}
	return &UnknownFormat{given, known}
}

// Save writes records to a file, whole or not at all: a file that was there
// before stays as it was until the new one is complete. Nobody else may read
// it. Without a format the extension says it.
func Save(path, format string, records []trace.Record) error {
	if format == "" {
		f, _, err := SaveFormat(path)
		if err != nil {
			return err
		}
		format = f
	}
	for _, f := range saveFormats {
		if f.name == format {
			return replace(path, func(w io.Writer) error { return f.write(w, records) })
		}
	}
	return unknownSave(format)
}

// replace writes a file beside path and then renames it to path.
func replace(path string, write func(io.Writer) error) (err error) {
	if path, err = target(path); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriter(f)
	if err = write(w); err != nil {
		return err
	}
	if err = errors.Join(w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// target is the file that path names, through links. What is there and is no
// ordinary file, such as a device, must not be replaced by one.
func target(path string) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not an ordinary file", path)
	}
	return filepath.EvalSymlinks(path)
}
