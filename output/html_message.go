package output

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A messageModel is a request and its answer as the page shows them.
type messageModel struct {
	Anchor, Built string // the records
	Number        int
	Open, Bad     bool
	Tags          []string

	Method, Path, Host string
	Status, StatusIs   string // StatusIs: "ok", "moved", "bad"
	Brief, Took        string

	Endpoint, URL, In string
	Headers, Params   []paramModel
	Request, Answer   markup
	Body              markup
	RequestNote       string
	BodyNote          string
	Failure           string
	Size              string
	Time              *timeModel
	Peer              string
	Chain             []string
	NotSent           string // why there is no exchange
}

// A paramModel is a parameter with who put it there, and why.
type paramModel struct {
	Name, Value, By, Why, Ref string
	Veiled, Bent              bool
}

func paramModels(all []trace.Param) []paramModel {
	out := make([]paramModel, 0, len(all))
	for _, p := range all {
		m := paramModel{Clean(p.Name), Clean(p.Value), Clean(p.Origin.By), Clean(p.Origin.Why), Clean(p.Origin.Ref), p.Secret, p.Bent}
		if len(m.Value) > mostBody {
			m.Value = elideEnd(m.Value, mostBody)
		}
		if _, is := maskTag(lastWord(p.Value)); is {
			m.Veiled = true
		}
		out = append(out, m)
	}
	return out
}

// message writes the exchange at i, or the one of the request at i.
func (r *report) message(i int) {
	s := r.survey
	if to := s.pair[i]; to != 0 {
		i = to
	}
	rec := s.records[i]
	e, ok := rec.Event.(trace.Exchanged)
	if !ok {
		return
	}
	m := exchangeModel(e, rec.At)
	m.Anchor, m.Number = s.anchor(i), rec.Seq
	m.Bad = m.Bad && pendingAnswer(e) == ""
	m.Open = m.Bad || s.blame.message == i
	if b, ok := s.builtOf[i]; ok {
		if built, ok := s.records[b].Event.(trace.Built); ok {
			m.Built = s.anchor(b)
			m.meant(built)
		}
	}
	r.put(&m)
}

func (m *messageModel) meant(b trace.Built) {
	m.Headers, m.Params = paramModels(b.Headers), paramModels(b.Params)
	m.In = map[string]string{"body": "in the body", "query": "in the query"}[b.In]
	m.URL = Clean(b.URL)
	for _, p := range append(b.Headers[:len(b.Headers):len(b.Headers)], b.Params...) {
		if p.Bent {
			m.Tags = append(m.Tags, "changed by hand")
			return
		}
	}
}

func exchangeModel(e trace.Exchanged, at time.Time) messageModel {
	m := messageModel{
		Method: elideEnd(Clean(e.Request.Method), 16), Endpoint: Clean(e.Endpoint),
		Brief: answerBrief(e.Response), Took: duration(e.Timing.Total), Time: timing(e.Timing),
	}
	m.Path, m.Host = pathAndHost(e.Request.URL)
	if e.Request.Proto == "" && len(e.Request.Header) == 0 && e.Failure != nil {
		m.NotSent = "Nothing of this request went over the wire."
	} else {
		m.Request, m.RequestNote = requestMarkup(e.Request)
	}
	if e.Response.Status != 0 {
		m.Status = strconv.Itoa(e.Response.Status)
		m.StatusIs = statusClass(e.Response.Status)
		m.Answer = answerMarkup(e.Response)
		m.Body, m.BodyNote = bodyMarkup(e.Response, at)
		m.Size = size(max(e.Response.Size, int64(len(e.Response.Body))))
	}
	if e.Failure != nil {
		m.Failure = Clean(joined(": ", e.Failure.Kind, e.Failure.Text))
		m.Status, m.StatusIs = joined(" ", m.Status, Clean(elideEnd(e.Failure.Kind, 20))), "bad"
	}
	m.Bad = m.StatusIs == "bad"
	if e.Try > 1 {
		m.Tags = append(m.Tags, "try "+strconv.Itoa(e.Try))
	}
	if e.Poll > 0 {
		m.Tags = append(m.Tags, "poll "+strconv.Itoa(e.Poll))
	}
	if e.Endpoint == "page" {
		m.Tags = append(m.Tags, "browser")
	}
	m.peer(e.Peer)
	return m
}

func statusClass(status int) string {
	switch {
	case status >= http.StatusBadRequest:
		return "bad"
	case status >= http.StatusMultipleChoices:
		return "moved"
	}
	return "ok"
}

// pathAndHost are the path of a URL, and its host.
func pathAndHost(raw string) (path, host string) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return elideMiddle(Clean(raw), 80), ""
	}
	path = u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return elideMiddle(Clean(path), 80), elideMiddle(Clean(u.Host), 60)
}

// answerBrief is an answer in a few words.
func answerBrief(m trace.Message) string {
	if m.Status == 0 {
		return ""
	}
	n := max(m.Size, int64(len(m.Body)))
	if n == 0 {
		return ""
	}
	return joined(" · ", mediaType(m), size(n))
}

func (m *messageModel) peer(p *trace.Peer) {
	if p == nil {
		return
	}
	m.Peer = Clean(joined(" · ", p.Addr, p.Name, p.Version, p.Cipher, p.ALPN))
	for _, c := range p.Chain[:min(len(p.Chain), 16)] {
		m.Chain = append(m.Chain, Clean(joined("", c.Subject, ", issued by ", c.Issuer, ", until ", c.NotAfter.UTC().Format("2006-01-02"))))
	}
}

// builtAlone is a request that no exchange of ours carried.
func (r *report) builtAlone(i int, e trace.Built) *messageModel {
	m := &messageModel{
		Anchor: r.survey.anchor(i), Number: r.survey.records[i].Seq, Method: elideEnd(e.Method, 16), Endpoint: e.Endpoint,
		Status: "not sent", StatusIs: "aside", NotSent: "This request was made and not sent.",
	}
	if e.Endpoint == "authorization" {
		m.Status, m.NotSent = "by browser", "The browser carries this request: oauthprobe does not see it on the wire."
	}
	if n := len(e.Params); n > 0 {
		m.Brief = count(n, "parameter", "parameters")
	}
	m.Path, m.Host = pathAndHost(e.URL)
	m.meant(e)
	return m
}

// pollsFrom is where a row of polls that begins at i and that were all told to
// ask again ends; i when there is none.
func (s *survey) pollsFrom(i int) int {
	end, asked := i, false
	for j := i; j < len(s.records); j++ {
		switch e := s.records[j].Event.(type) {
		case trace.Built:
			if asked {
				return end
			}
			asked = true
			x, ok := s.records[s.pair[j]].Event.(trace.Exchanged)
			if s.pair[j] == 0 || !ok || pendingAnswer(x) == "" {
				return end
			}
		case trace.Exchanged:
			if pendingAnswer(e) == "" {
				return end
			}
			end, asked = j+1, false
		case trace.Finding:
			if end == i || e.Outcome != trace.Pass && e.Outcome != trace.Skip {
				return end
			}
			end = j + 1
		case trace.Waiting:
			if end == i {
				return end
			}
		default:
			return end
		}
	}
	return end
}

// polls writes a row of polls, folded.
func (r *report) polls(from, end int) {
	words, n := map[string]int{}, 0
	for _, rec := range r.survey.records[from:end] {
		if e, ok := rec.Event.(trace.Exchanged); ok {
			n++
			body, _ := parseJSON(e.Response.Body)
			words[body.word("error")]++
		}
	}
	var says []string
	for _, w := range []string{"authorization_pending", "slow_down"} {
		if words[w] > 0 {
			says = append(says, strconv.Itoa(words[w])+" × "+w)
		}
	}
	took := r.survey.records[end-1].At.Sub(r.survey.records[from].At)
	r.put(pollsModel{count(n, "poll", "polls"), strings.Join(says, ", "), duration(took)})
	for i := from; i < end && r.err == nil; {
		if _, ok := r.survey.records[i].Event.(trace.Finding); ok {
			i = r.findings(i)
			continue
		}
		r.one(i)
		i++
	}
	r.put(markup("</details>\n"))
}
