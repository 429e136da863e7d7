package output

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A TraceLine is one line of a saved trace.
type TraceLine struct {
	Number  int
	Version int    // of the format, as the line says
	Text    []byte // as it stands there; good until the next line is read
	Record  trace.Record
	Strange []string // members that this version does not know
}

// A BadLine is a line of a saved trace that cannot be read.
type BadLine struct {
	Line int
	Err  error
}

// Error implements error.
func (b *BadLine) Error() string { return fmt.Sprintf("line %d: %v", b.Line, b.Err) }

// Unwrap gives the cause.
func (b *BadLine) Unwrap() error { return b.Err }

// ReadLines reads a saved trace line by line, and holds no more than one.
// Blank lines are passed over. An error of each ends the reading and is
// returned; a last line that cannot be read is a *CutOff, any other a *BadLine.
// An event of an unknown kind becomes trace.Unknown, and so does one of a newer
// version that does not fit into what we know of its kind.
func ReadLines(r io.Reader, each func(TraceLine) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	kinds := map[string]reflect.Type{}
	for _, e := range trace.Events() {
		kinds[e.Kind()] = reflect.TypeOf(e)
	}
	var text []byte
	for n := 1; ; n++ {
		var err error
		if text, err = readLine(in, text[:0]); err != nil && err != io.EOF {
			return &BadLine{n, err}
		}
		last := err == io.EOF
		if len(bytes.TrimSpace(text)) > 0 {
			line, bad := parseLine(text, kinds)
			line.Number = n
			if bad != nil {
				if last || onlyBlank(in) {
					return &CutOff{n, bad}
				}
				return &BadLine{n, bad}
			}
			if err := each(line); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}

// savedLine is the envelope of an event.
type savedLine struct {
	V     int             `json:"v"`
	Seq   int             `json:"seq"`
	At    time.Time       `json:"at"`
	Run   string          `json:"run"`
	Kind  string          `json:"kind"`
	Event json.RawMessage `json:"event"`
}

func parseLine(text []byte, kinds map[string]reflect.Type) (TraceLine, error) {
	line := TraceLine{Text: bytes.TrimSpace(text)}
	var l savedLine
	if !strictly(text, &l) {
		l = savedLine{}
		if err := json.Unmarshal(text, &l); err != nil {
			return line, plainly("", err)
		}
		strange(&line.Strange, "", text, reflect.TypeOf(l))
	}
	switch {
	case l.Kind == "":
		return line, errors.New("no kind in line")
	case len(l.Event) == 0:
		return line, errors.New("no event in line")
	}
	line.Version = l.V
	line.Record = trace.Record{Seq: l.Seq, At: l.At, Run: l.Run, Event: trace.Unknown{Name: l.Kind, Raw: l.Event}}
	kind, known := kinds[l.Kind]
	if !known {
		return line, nil
	}
	event := reflect.New(kind)
	if !strictly(l.Event, event.Interface()) {
		event = reflect.New(kind)
		if err := json.Unmarshal(l.Event, event.Interface()); err != nil && l.V > trace.Version {
			return line, nil
		} else if err != nil {
			return line, plainly(l.Kind, err)
		}
		strange(&line.Strange, "", l.Event, kind)
	}
	line.Record.Event, _ = event.Elem().Interface().(trace.Event) // it is of a type that trace.Events lists
	return line, nil
}

// strictly reads one JSON value, and says false when anything is the matter,
// an unknown member included.
func strictly(b []byte, to any) bool {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(to) == nil && len(bytes.TrimSpace(b[d.InputOffset():])) == 0
}

// plainly says without the words of Go that a member has the wrong type.
func plainly(kind string, err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	what, value := strings.TrimSpace(kind+" "+wrong.Field), wrong.Value
	if what == "" {
		what = "it"
	}
	return fmt.Errorf("%s cannot be of type %s", what, value)
}

// mostStrange is how many unknown members of a line are named.
const mostStrange = 8

// strange lists the members of a JSON value that a type has no field for.
func strange(out *[]string, at string, raw json.RawMessage, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case len(*out) >= mostStrange, t == reflect.TypeFor[json.RawMessage](), t == reflect.TypeFor[time.Time]():
	case t.Kind() == reflect.Slice:
		var all []json.RawMessage
		_ = json.Unmarshal(raw, &all) // null holds none
		for _, one := range all {
			strange(out, at, one, t.Elem())
		}
	case t.Kind() == reflect.Struct:
		members := members(raw)
		for _, name := range sortedNames(members) {
			i := slices.IndexFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool {
				tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				return strings.EqualFold(tag, name)
			})
			switch path := strings.TrimPrefix(at+"."+name, "."); {
			case i >= 0:
				strange(out, path, members[name], t.Field(i).Type)
			case len(*out) < mostStrange && !slices.Contains(*out, path):
				*out = append(*out, path)
			}
		}
	}
}

func sortedNames(m map[string]json.RawMessage) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
