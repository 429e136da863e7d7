package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
	"github.com/oauthprobe/oauthprobe/output"
)

// readTOML reads a file strictly: what it does not know is refused, with its
// place, the line, and what may have been meant.
func readTOML(name string, text []byte, into any) error {
	d := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	err := d.Decode(into)
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	var time *notTime
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unknown) && len(unknown.Errors) > 0:
		first := &unknown.Errors[0]
		key := first.Key()
		known := tomlKeys(reflect.TypeOf(into).Elem(), key[:max(len(key)-1, 0)])
		said := fmt.Sprintf("there is no key %q", strings.Join(key, "."))
		if len(known) > 0 && len(key) > 0 {
			said += fmt.Sprintf("; did you mean %s", demo.Nearest(key[len(key)-1], known))
		}
		return misplaced(name, text, first, said)
	case errors.As(err, &wrong):
		return misplaced(name, text, wrong, tomlWords(wrong))
	}
	if errors.As(err, &time) { // of a value that is no string the reader does not tell the place
		if at := regexp.MustCompile(`=\s*` + regexp.QuoteMeta(time.said) + `(?:[\s,}#]|$)`).FindIndex(text); at != nil {
			row := bytes.Count(text[:at[0]], []byte("\n"))
			name = fmt.Sprintf("%s:%d:%d", name, row+1, at[0]-bytes.LastIndexByte(text[:at[0]], '\n'))
		}
	}
	return &usageError{fmt.Sprintf("%s: %v", name, err), nil}
}

// misplaced says where something is wrong, and shows the line.
func misplaced(name string, text []byte, at *toml.DecodeError, said string) error {
	row, column := at.Position()
	hints := []string{"look at this line:"}
	if lines := strings.Split(string(text), "\n"); row >= 1 && row <= len(lines) {
		hints = append(hints, fmt.Sprintf("%d| %s", row, excerpt(lines[row-1])))
	}
	return &usageError{fmt.Sprintf("%s:%d:%d: %s", name, row, column, said), hints}
}

// excerpt is a line of the file without what is secret in it.
func excerpt(line string) string {
	line = regexp.MustCompile(`(?i)((?:secret|password|user_code|"?[dk]"?)\s*=\s*)("[^"]*"?|'[^']*'?|[^\s,}]+)`).ReplaceAllString(strings.TrimRight(line, "\r"), "${1}…")
	if runes := []rune(line); len(runes) > 120 {
		line = string(runes[:120]) + "…"
	}
	return output.Clean(line)
}

// tomlWords is the reader's complaint without the names of Go.
func tomlWords(e *toml.DecodeError) string {
	said := strings.TrimPrefix(e.Error(), "toml: ")
	m := regexp.MustCompile(`cannot (?:decode|store) (?:a )?(?:TOML )?([\w ]+?) (?:into|in) (?:.*of type |a Go |an? )?(\S+)$`).FindStringSubmatch(said)
	key := strings.Join(e.Key(), ".")
	if m == nil {
		if key != "" && !strings.Contains(said, key) {
			return key + ": " + said
		}
		return said
	}
	want := "another type"
	for _, kind := range []struct{ in, words string }{
		{"span", `a time such as "5m"`}, {"[]", "a list"}, {"map", "a table"}, {"slice", "a list"}, {"struct", "a table"}, {"serve", "a table"}, {"string", "a string"}, {"bool", "true or false"}, {"int", "a number"},
	} {
		if strings.Contains(m[2], kind.in) {
			want = kind.words
			break
		}
	}
	return strings.TrimSpace(fmt.Sprintf("%s is of the wrong type (%s); it takes %s", key, m[1], want))
}

// tomlKeys is what a table of the file may hold.
func tomlKeys(t reflect.Type, path []string) []string {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for f := range t.Fields() {
		name := f.Tag.Get("toml")
		if len(path) > 0 && strings.EqualFold(name, path[0]) {
			return tomlKeys(f.Type, path[1:])
		}
		names = append(names, name)
	}
	if len(path) > 0 {
		return nil
	}
	return names
}
