package output

import (
	"io"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A spinner shows on the last line that something is being waited for. It
// draws under the Terminal's lock, and only while it is the Terminal's.
type spinner struct {
	stop  chan struct{}
	drawn bool
}

const eraseLine = "\r\x1b[K"

var frames = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

func (t *Terminal) startSpin(w trace.Waiting) {
	s := &spinner{stop: make(chan struct{})}
	t.spin = s
	t.turns.Add(1)
	go func() {
		defer t.turns.Done()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		t.turn(s, w, tick.C)
	}()
}

// turn draws one frame a tick until it is stopped.
func (t *Terminal) turn(s *spinner, w trace.Waiting, tick <-chan time.Time) {
	var start time.Time
	for n := 0; ; n++ {
		select {
		case <-s.stop:
			return
		case at := <-tick:
			if start.IsZero() {
				start = at
			}
			t.draw(s, w, n, at.Sub(start))
		}
	}
}

func (t *Terminal) draw(s *spinner, w trace.Waiting, n int, passed time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.spin != s {
		return
	}
	seconds := (w.Since + passed).Truncate(time.Second)
	text := elideEnd("waiting "+duration(seconds)+" for "+Clean(w.For), t.width-6)
	if seconds < time.Second {
		text = elideEnd("waiting for "+Clean(w.For), t.width-6)
	}
	var b strings.Builder
	t.paint.paint(&b, row{{text: "  "}, {tone: info, text: frames[n%len(frames)]}, {tone: dim, text: " " + text}})
	_, _ = io.WriteString(t.w, eraseLine+b.String())
	s.drawn = true
}

// unspin stops the spinner and clears its line.
func (t *Terminal) unspin() {
	if t.spin == nil {
		return
	}
	close(t.spin.stop)
	if t.spin.drawn {
		_, _ = io.WriteString(t.w, eraseLine)
	}
	t.spin = nil
}
