package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// Version is the version of the trace line format.
const Version = 1

type line struct {
	V     int             `json:"v"`
	Seq   int             `json:"seq"`
	At    time.Time       `json:"at"`
	Run   string          `json:"run,omitempty"`
	Kind  string          `json:"kind"`
	Event json.RawMessage `json:"event"`
}

// MarshalJSON gives one trace line, without the newline.
func (r Record) MarshalJSON() ([]byte, error) {
	var event json.RawMessage
	if u, ok := r.Event.(Unknown); ok {
		event = u.Raw
	} else {
		b, err := marshal(r.Event)
		if err != nil {
			return nil, err
		}
		event = b
	}
	return marshal(line{Version, r.Seq, r.At, r.Run, r.Event.Kind(), event})
}

// marshal leaves <, > and & as they are: a trace is read by people.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// UnmarshalJSON reads one trace line. An event of an unknown kind becomes
// Unknown.
func (r *Record) UnmarshalJSON(b []byte) error {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return err
	}
	if l.Kind == "" {
		return fmt.Errorf("trace: no kind in line")
	}
	r.Seq, r.At, r.Run = l.Seq, l.At, l.Run
	for _, e := range Events() {
		if e.Kind() != l.Kind {
			continue
		}
		p := reflect.New(reflect.TypeOf(e))
		if err := json.Unmarshal(l.Event, p.Interface()); err != nil {
			return fmt.Errorf("trace: event %s: %w", l.Kind, err)
		}
		r.Event, _ = p.Elem().Interface().(Event) // it is of the type of e
		return nil
	}
	r.Event = Unknown{l.Kind, l.Event}
	return nil
}

// Events lists one empty event of each kind.
func Events() []Event {
	return []Event{
		RunStarted{}, StepStarted{}, Built{}, Exchanged{}, Opened{}, Returned{},
		Decoded{}, Described{}, Finding{}, Waiting{}, Note{}, Obtained{}, Ended{},
	}
}
