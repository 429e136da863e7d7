package output

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// JSONLines is a Sink that writes one trace line a record, at once.
type JSONLines struct {
	mu  sync.Mutex
	w   io.Writer
	err error
}

// NewJSONLines makes a JSONLines that writes to w.
func NewJSONLines(w io.Writer) *JSONLines { return &JSONLines{w: w} }

// Emit implements trace.Sink.
func (j *JSONLines) Emit(r trace.Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return
	}
	b, err := r.MarshalJSON() // not json.Marshal, which would escape < and &
	if err == nil {
		_, err = j.w.Write(append(b, '\n'))
	}
	j.err = err
}

// Err is the first error met, after which nothing was written any more.
func (j *JSONLines) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// maxLine is the longest trace line that is read.
const maxLine = 16 << 20

// CutOff says that a trace ends in the middle of a line, as one does whose
// writer was killed. All lines before it have been delivered.
type CutOff struct {
	Line int
	Err  error
}

// Error implements error.
func (c *CutOff) Error() string {
	return fmt.Sprintf("line %d: the trace is cut off: %v", c.Line, c.Err)
}

// Unwrap gives the cause.
func (c *CutOff) Unwrap() error { return c.Err }

// errTooLong is about one line of a trace.
var errTooLong = errors.New("longer than 16 MiB")

// ReadTrace reads a saved trace record by record, like ReadLines.
func ReadTrace(r io.Reader, each func(trace.Record) error) error {
	return ReadLines(r, func(l TraceLine) error { return each(l.Record) })
}

// readLine appends to line up to the next newline, or to the end with io.EOF.
func readLine(in *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return nil, errTooLong
		}
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

func onlyBlank(in *bufio.Reader) bool {
	for {
		c, err := in.ReadByte()
		if err != nil {
			return true
		}
		if c != '\n' && c != '\r' && c != ' ' && c != '\t' {
			return false
		}
	}
}
