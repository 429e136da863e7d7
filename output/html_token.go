package output

import (
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A tokenModel is a token taken apart.
type tokenModel struct {
	Anchor, What, Gloss, Is, Verdict, By, Reason string
	Header, Claims                               markup
	Members                                      []trace.Member
	Evidence                                     []link
	Number                                       int
}

func (r *report) tokenModel(i int, e trace.Decoded) tokenModel {
	rec := r.survey.records[i]
	to, verdict := verdictOf(e)
	is := map[tone]string{got: "pass", dim: "skip", fail: "fail"}[to]
	header := jsonLine(string(e.Header))
	if header == "" {
		header = jsonMarkup(string(e.Header), rec.At)
	}
	return tokenModel{
		Anchor: r.survey.anchor(i), Number: rec.Seq, What: e.What, Gloss: glosses[e.What], Is: is, Verdict: verdict, By: Clean(signedBy(e)), Reason: e.Reason,
		Header: header, Claims: jsonMarkup(string(e.Claims), rec.At),
		Members: e.Members[:min(len(e.Members), mostRows)], Evidence: r.survey.links(e.Evidence),
	}
}

// A describedModel is a document in words.
type describedModel struct {
	Anchor, What string
	Groups       []groupModel
	Evidence     []link
}

type groupModel struct {
	Name    string
	Members []trace.Member
}

// memberGroups parts members by what they are in.
func memberGroups(all []trace.Member) []groupModel {
	var out []groupModel
	for _, m := range all[:min(len(all), mostRows)] {
		if len(out) == 0 || out[len(out)-1].Name != m.In {
			out = append(out, groupModel{Name: m.In})
		}
		last := &out[len(out)-1]
		last.Members = append(last.Members, m)
	}
	return out
}

type noteModel struct {
	Anchor string
	trace.Note
}

type unknownModel struct {
	Anchor, Name string
	Body         markup
}

// An obtainedPage is what the run was for.
type obtainedPage struct {
	Anchor, What, Says string
	Tokens             []string
	Body               markup
}

func obtainedModel(id string, rec trace.Record, e trace.Obtained) obtainedPage {
	m := obtainedPage{Anchor: id, What: elideEnd(e.What, 60), Body: jsonMarkup(string(e.Body), rec.At)}
	n, ok := parseJSON(string(e.Body))
	if !ok || n.kind != '{' {
		return m
	}
	for i, k := range n.keys {
		if strings.HasSuffix(k, "_token") && n.kids[i].kind == '"' {
			m.Tokens = append(m.Tokens, Clean(k))
		}
	}
	says := []string{n.word("token_type")}
	if x, ok := n.get("expires_in"); ok && x.scalar() {
		says = append(says, "expires in "+lifetime(x.text))
	}
	if s := n.word("scope"); s != "" {
		says = append(says, "scope "+s)
	}
	m.Says = elideEnd(Clean(joined(" · ", says...)), 400)
	return m
}

// person writes what passed between the program and the person.
func (r *report) person(i int, e trace.Event) {
	rec := r.survey.records[i]
	switch e := e.(type) {
	case trace.Opened:
		if r.opened == nil {
			r.opened = map[string]sentAway{}
		}
		r.opened[rec.Run] = sentAway{rec.At}
		says := "The person was asked to open this in a browser"
		switch {
		case e.By == "headless":
			says = "The pages were walked without a browser"
		case e.By != "":
			says = "The browser was opened with " + e.By
		}
		r.put(openedModel{r.survey.anchor(i), says, cutText(e.URL), e.Note, e.Back})
	case trace.Returned:
		r.returned(i, rec, e)
	case trace.Waiting:
		same := r.waiting == e.For && e.For != ""
		r.waiting = e.For
		since := ""
		if e.Since > 0 {
			since = duration(e.Since)
		}
		r.put(waitingModel{r.survey.anchor(i), e.For, since, same, e.Lines})
	}
}

func (r *report) returned(i int, rec trace.Record, e trace.Returned) {
	m := returnedModel{Anchor: r.survey.anchor(i), Number: rec.Seq, Via: e.Via, At: cutText(joined(" ", e.Method, e.Path)), Reason: cutText(e.Reason), Used: e.Used, Params: paramModels(e.Params)}
	for j := range m.Params {
		if m.Params[j].Why == "" { // who brought it is said above
			m.Params[j].By = ""
		}
	}
	if o, ok := r.opened[rec.Run]; ok {
		m.After = duration(rec.At.Sub(o.at))
		if e.Used {
			delete(r.opened, rec.Run)
		}
	}
	if len(e.Header) > 0 {
		var k ink
		k.fields(e.Header)
		m.Header = k.html()
	}
	r.put(m)
}
