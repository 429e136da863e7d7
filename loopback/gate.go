package loopback

import (
	"errors"
	"sync"
	"sync/atomic"
)

// The reasons why a hit is no answer.
const (
	StrayAlready     = "already answered"
	StrayEarly       = "before anybody waited"
	StrayLate        = "after the end"
	StrayNoQuery     = "no parameters: asked the page for its fragment"
	StrayNoAnswer    = "no response parameter"
	StrayOrigin      = "fragment posted from another origin"
	StrayFavicon     = "favicon"
	StrayHead        = "HEAD"
	StrayOptions     = "OPTIONS"
	StrayMethod      = "method not allowed"
	StrayPath        = "wrong path"
	StrayHost        = "wrong Host header"
	StrayPrefetch    = "prefetch"
	StrayContentType = "not a form"
	StrayBody        = "body too large or cut off"
	StrayHeader      = "headers too large"
	StrayTLS         = "TLS spoken to http"
	StrayPlain       = "http spoken to TLS"
	StrayHandshake   = "TLS handshake not finished: our certificate may not be trusted"
	StrayUnreadable  = "request never finished"
)

const maxStrays = 50

// verdict is what the gate made of a candidate.
type verdict int

const (
	accepted verdict = iota // the answer
	foreign                 // not of this transaction
	again                   // answered before
	early                   // nobody waits yet
	late                    // nobody waits any more
)

// gate lets the first accepted hit through, for ever. One gate serves all the doors.
type gate struct {
	calls  sync.Mutex // held while a callback runs, so that they are serialised
	called *Callbacks // nil before Wait
	kept   []kept     // strays from before Wait
	hit    Hit        // readable once won is closed
	won    chan struct{}
	ended  chan struct{} // closed when Done has returned
	ending Ending        // readable once ended is closed
	over   bool          // Wait gave up or Close was called
	shut   chan struct{} // closed by Close
	mute   atomic.Bool   // Close has returned
	strays atomic.Int64
}

type kept struct {
	hit    Hit
	reason string
}

func newGate() *gate {
	return &gate{won: make(chan struct{}), ended: make(chan struct{}), shut: make(chan struct{})}
}

// begin takes the callbacks and tells them what came before.
func (g *gate) begin(c Callbacks) error {
	g.calls.Lock()
	defer g.calls.Unlock()
	if g.called != nil {
		return errors.New("loopback: Wait was called twice")
	}
	g.called = &c
	for _, k := range g.kept {
		g.tell(k.hit, k.reason)
	}
	g.kept = nil
	return nil
}

// judge asks whose a candidate is.
func (g *gate) judge(h Hit) verdict {
	g.calls.Lock()
	defer g.calls.Unlock()
	switch {
	case g.answered():
		g.record(h, StrayAlready)
		return again
	case g.over:
		g.record(h, StrayLate)
		return late
	case g.called == nil:
		g.record(h, StrayEarly)
		return early
	case g.called.Accept != nil && !g.called.Accept(h):
		return foreign
	}
	g.hit = h
	close(g.won)
	go g.finish(g.called.Done)
	return accepted
}

// finish waits for the true ending on behalf of every page.
func (g *gate) finish(done func() Ending) {
	if done != nil {
		g.ending = done()
	} else {
		g.ending = Ending{OK: true}
	}
	close(g.ended)
}

// answered says whether the answer has come.
func (g *gate) answered() bool {
	select {
	case <-g.won:
		return true
	default:
		return false
	}
}

// stray records what is no candidate.
func (g *gate) stray(h Hit, reason string) {
	if g.mute.Load() {
		return
	}
	g.calls.Lock()
	defer g.calls.Unlock()
	g.record(h, reason)
}

// record counts a stray, and tells of it while it is among the first. The lock is held.
func (g *gate) record(h Hit, reason string) {
	if g.strays.Add(1) > maxStrays {
		return
	}
	if g.called == nil {
		g.kept = append(g.kept, kept{h, reason})
		return
	}
	g.tell(h, reason)
}

func (g *gate) tell(h Hit, reason string) {
	if g.called.Stray != nil && !g.mute.Load() {
		g.called.Stray(h, reason)
	}
}

// end is how a wait ends that was cut short: an answer accepted in the same moment still counts.
func (g *gate) end(cause error) (Hit, error) {
	g.calls.Lock()
	defer g.calls.Unlock()
	if g.answered() {
		return g.hit, nil
	}
	g.over = true
	return Hit{}, cause
}

// close ends the wait.
func (g *gate) close() {
	g.calls.Lock()
	defer g.calls.Unlock()
	g.over = true
	close(g.shut)
}

// silence sees to it that no callback runs from now on.
func (g *gate) silence() {
	g.mute.Store(true)
	g.calls.Lock() // a callback that is running ends first
	defer g.calls.Unlock()
}
