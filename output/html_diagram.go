package output

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// The lanes of the sequence diagram.
const (
	lanePerson = iota
	laneProbe
	laneServer
	laneResource
	lanes
)

var laneNames = [lanes]string{"browser", "oauthprobe", "authorization server", "resource"}

// laneShort are the names that are too long for a phone.
var laneShort = [lanes]string{laneServer: "server"}

// mostDrawn is how many messages the diagram shows from each end of a trace.
const mostDrawn = 100

// A diagramModel is who said what to whom, step by step.
type diagramModel struct {
	Class string
	Lanes []laneModel
	Parts []*diagramPart
}

type laneModel struct{ X, Name, Short, Host string }

type diagramPart struct {
	Step         *outlineRow
	Omitted      string // instead of arrows
	Height       int
	Arrows       []arrowModel
	LaneX        []string
	fromTo, step int
}

// An arrowModel is one line of the diagram. Texts hang at Mid, above the line.
type arrowModel struct {
	To, Class           string
	X1, X2, Mid         string
	TextY, LineY        int
	Label, Short, Title string
	Left, Dashed, Lost  bool
}

// A sketch collects arrows.
type sketch struct {
	s      *survey
	used   [lanes]bool
	host   [lanes]string
	x      [lanes]float64
	model  diagramModel
	opened map[string]time.Time // by run: the person is away
}

// arrowHeight is what an arrow takes with its text, in pixels.
const arrowHeight = 34

func (r *report) diagram() {
	s := r.survey
	k := &sketch{s: s, opened: map[string]time.Time{}}
	var units []int // places of the records that are drawn
	for i := 0; i < len(s.records); {
		end, drawn := k.unit(i)
		if drawn {
			units = append(units, i)
		}
		i = max(end, i+1)
	}
	if len(units) == 0 {
		return
	}
	k.lay()
	for n, i := range units {
		switch {
		case n < mostDrawn || n >= len(units)-mostDrawn:
			k.draw(i)
		case n == mostDrawn:
			k.model.Parts = append(k.model.Parts, &diagramPart{Omitted: count(len(units)-2*mostDrawn, "message is", "messages are") + " not drawn here; the steps below hold all of them", step: -2})
		}
	}
	r.put(k.model)
}

// unit says whether a record is drawn, and where the next begins; it notes who
// takes part.
func (k *sketch) unit(i int) (end int, drawn bool) {
	switch e := k.s.records[i].Event.(type) {
	case trace.Built:
		if end := k.s.pollsFrom(i); end > i {
			k.use(laneProbe, laneServer)
			return end, true
		}
		return i + 1, false
	case trace.Exchanged:
		if end := k.s.pollsFrom(i); end > i {
			k.use(laneProbe, laneServer)
			return end, true
		}
		from, to := ends(e)
		k.use(from, to)
		if server := max(from, to); k.host[server] == "" {
			_, k.host[server] = pathAndHost(e.Request.URL)
		}
		return i + 1, true
	case trace.Opened:
		k.use(lanePerson, laneProbe)
		return i + 1, true
	case trace.Returned:
		if k.use(lanePerson, laneProbe); e.Via == "notification" {
			k.use(laneServer, laneProbe)
		}
		return i + 1, true
	}
	return i + 1, false
}

func (k *sketch) use(a, b int) { k.used[a], k.used[b] = true, true }

// ends are the lanes of an exchange.
func ends(e trace.Exchanged) (from, to int) {
	switch e.Endpoint {
	case "page":
		return lanePerson, laneServer
	case "resource", "userinfo_resource":
		return laneProbe, laneResource
	case "notification":
		return laneServer, laneProbe
	}
	return laneProbe, laneServer
}

// lay gives each lane in use its place, in percent of the width.
func (k *sketch) lay() {
	var used []int
	for l := range lanes {
		if k.used[l] {
			used = append(used, l)
		}
	}
	for n, l := range used {
		k.x[l] = (float64(n) + 0.5) / float64(len(used)) * 100
		k.model.Lanes = append(k.model.Lanes, laneModel{percentAt(k.x[l]), laneNames[l], laneShort[l], k.host[l]})
	}
	k.model.Class = "lanes" + strconv.Itoa(len(used))
}

func percentAt(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) + "%" }

// part is the piece of the diagram that belongs to a step.
func (k *sketch) part(step int) *diagramPart {
	if n := len(k.model.Parts); n > 0 && k.model.Parts[n-1].step == step {
		return k.model.Parts[n-1]
	}
	p := &diagramPart{step: step}
	for _, l := range k.model.Lanes {
		p.LaneX = append(p.LaneX, l.X)
	}
	if step >= 0 {
		s := k.s.steps[step]
		is, sign, word := s.state()
		p.Step = &outlineRow{s.anchor(step), s.number(), elideEnd(Clean(s.title), 80), is, sign, word}
	}
	k.model.Parts = append(k.model.Parts, p)
	return p
}

func (k *sketch) arrow(i, from, to int, class, label string) *arrowModel {
	p := k.part(k.s.stepOf[i])
	top := len(p.Arrows) * arrowHeight
	a := arrowModel{
		To: anchorOf(k.s.records[i].Seq), Class: class, X1: percentAt(k.x[from]), X2: percentAt(k.x[to]), Mid: percentAt((k.x[from] + k.x[to]) / 2),
		TextY: top + 17, LineY: top + 25, Left: k.x[to] < k.x[from], Label: elideMiddle(Clean(label), 46),
	}
	if a.Short = elideMiddle(a.Label, k.room(from, to)); a.Short == a.Label {
		a.Short = ""
	}
	p.Arrows = append(p.Arrows, a)
	p.Height = top + arrowHeight + 6
	return &p.Arrows[len(p.Arrows)-1]
}

// room is how many characters fit over an arrow on a phone: its text may reach
// as far as the nearer edge.
func (k *sketch) room(from, to int) int {
	mid := (k.x[from] + k.x[to]) / 2
	return int(min(mid, 100-mid) * 2 * 3.1 / 6.2)
}

func (k *sketch) draw(i int) {
	rec := k.s.records[i]
	switch e := rec.Event.(type) {
	case trace.Built:
		k.drawPolls(i)
	case trace.Exchanged:
		if k.s.pollsFrom(i) > i {
			k.drawPolls(i)
			return
		}
		k.drawExchange(i, e)
	case trace.Opened:
		k.opened[rec.Run] = rec.At
		path, _ := pathAndHost(e.URL)
		k.arrow(i, laneProbe, lanePerson, "", "open "+path)
	case trace.Returned:
		k.drawReturned(i, rec, e)
	}
}

func (k *sketch) drawExchange(i int, e trace.Exchanged) {
	from, to := ends(e)
	path, host := pathAndHost(e.Request.URL)
	if server := max(from, to); host == k.host[server] {
		host = ""
	}
	class := ""
	if e.Failure != nil || e.Response.Status >= http.StatusBadRequest {
		class = "bad"
	}
	out := k.arrow(i, from, to, "", joined(" ", Clean(elideEnd(e.Request.Method, 12)), host+path))
	if e.Response.Status == 0 {
		out.Class, out.Lost = "bad", true
		if e.Failure != nil {
			back := k.arrow(i, to, from, "bad", "✗ "+joined(": ", e.Failure.Kind, e.Failure.Text))
			back.Lost, back.Dashed = true, true
		}
		return
	}
	if from == lanePerson { // we see what the browser does
		delete(k.opened, k.s.records[i].Run)
	}
	if class == "" && e.Response.Status >= 300 {
		class = "moved"
	}
	k.arrow(i, to, from, class, answerWords(e)).Dashed = true
}

func (k *sketch) drawReturned(i int, rec trace.Record, e trace.Returned) {
	if then, ok := k.opened[rec.Run]; ok && e.Via != "" {
		delete(k.opened, rec.Run)
		if k.used[laneServer] {
			k.arrow(i, lanePerson, laneServer, "away", "out of our sight, "+duration(rec.At.Sub(then))).Dashed = true
		}
	}
	var names []string
	for _, p := range e.Params[:min(len(e.Params), 6)] {
		names = append(names, p.Name)
	}
	from := lanePerson
	if e.Via == "notification" {
		from = laneServer
	}
	label, class := joined(": ", "back by "+e.Via, strings.Join(names, ", ")), "ok"
	switch {
	case e.Via == "":
		label, class = joined(" ", "ignored:", e.Method, e.Path), "away"
	case !e.Used:
		label, class = "not used: "+strings.Join(names, ", "), "bad"
	}
	k.arrow(i, from, laneProbe, class, label)
}

func (k *sketch) drawPolls(i int) {
	n, last, path := 0, i, ""
	for j, rec := range k.s.records[i:k.s.pollsFrom(i)] {
		if e, ok := rec.Event.(trace.Exchanged); ok {
			n, last = n+1, i+j
			path, _ = pathAndHost(e.Request.URL)
		}
	}
	k.arrow(last, laneProbe, laneServer, "", strconv.Itoa(n)+" × POST "+path)
	k.arrow(last, laneServer, laneProbe, "away", "not yet").Dashed = true
}
