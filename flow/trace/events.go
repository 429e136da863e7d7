package trace

import (
	"encoding/json"
	"time"
)

type (
	// RunStarted opens a run: one procedure with one server.
	RunStarted struct {
		Procedure string   `json:"procedure"`         // "code", "discovery"
		Spec      string   `json:"spec,omitempty"`    // "RFC 6749 §4.1"
		Doc       string   `json:"doc,omitempty"`     // what it is, for a person
		Before    string   `json:"before,omitempty"`  // the run that this one prepares, when it does
		Purpose   string   `json:"purpose,omitempty"` // what that run is, in a line
		For       string   `json:"for,omitempty"`     // its specification
		Issuer    string   `json:"issuer,omitempty"`  // the server, as asked for
		Client    string   `json:"client,omitempty"`  // client_id
		Version   string   `json:"version,omitempty"` // of oauthprobe
		Machine   *Machine `json:"machine,omitempty"`
	}

	// Machine is what of this machine can matter to a diagnosis.
	Machine struct {
		OS        string   `json:"os,omitempty"`         // "linux/amd64"
		Terminal  bool     `json:"terminal"`             // stdin and stderr both are one
		Remote    []string `json:"remote,omitempty"`     // "ssh", "container", "codespaces", "wsl"
		Browser   string   `json:"browser,omitempty"`    // what would open, or why none would
		ProxyVars []string `json:"proxy_vars,omitempty"` // names only, such as HTTPS_PROXY
	}

	// StepStarted opens a numbered step of the narrative.
	StepStarted struct {
		N     int    `json:"n"` // set by the Log, through the whole trace
		Title string `json:"title"`
		Why   string `json:"why,omitempty"`
		Spec  string `json:"spec,omitempty"`
	}

	// Built is a request as it was meant, with the provenance of every part,
	// before it is sent.
	Built struct {
		Endpoint string  `json:"endpoint"` // "token"
		Method   string  `json:"method"`
		URL      string  `json:"url"`          // without the parameters below
		In       string  `json:"in,omitempty"` // where Params travel: "query" or "body"
		Params   []Param `json:"params,omitempty"`
		Headers  []Param `json:"headers,omitempty"` // only those the run set on purpose
		Poll     int     `json:"poll,omitempty"`    // which of a row of polls, from 1
	}

	// Exchanged is one request and its answer, as they were on the wire. When
	// Failure is set there is no answer, or only part of one.
	Exchanged struct {
		Endpoint string   `json:"endpoint"`
		Try      int      `json:"try"`            // from 1
		Poll     int      `json:"poll,omitempty"` // which of a row of polls, from 1
		Request  Message  `json:"request"`
		Response Message  `json:"response,omitzero"`
		Timing   Timing   `json:"timing"`
		Peer     *Peer    `json:"peer,omitempty"`
		Secrets  []Secret `json:"secrets,omitempty"` // where in it secrets stand
		Failure  *Failure `json:"failure,omitempty"`
	}

	// Opened says that the person was sent to a URL.
	Opened struct {
		URL  string `json:"url"`
		By   string `json:"by,omitempty"`   // "xdg-open", "headless"; empty: only printed
		Note string `json:"note,omitempty"` // why it could not be opened
		Back string `json:"back,omitempty"` // the redirect URI that is waited for
	}

	// Returned is one arrival at the redirect URI's listener, wanted or not.
	Returned struct {
		Via     string   `json:"via"` // "query", "fragment", "form_post", or empty for a stray
		Method  string   `json:"method,omitempty"`
		Path    string   `json:"path,omitempty"`
		Params  []Param  `json:"params,omitempty"`
		Used    bool     `json:"used"`             // the run goes on with it
		Reason  string   `json:"reason,omitempty"` // why it was not used
		Header  []Field  `json:"header,omitempty"`
		Secrets []Secret `json:"secrets,omitempty"`
	}

	// Decoded is a token taken apart. Verified is said only when every trust
	// check of it passed.
	Decoded struct {
		What     string          `json:"what"` // "id_token", "access_token"
		Header   json.RawMessage `json:"header,omitempty"`
		Claims   json.RawMessage `json:"claims,omitempty"`
		Verified bool            `json:"verified"`
		Foreign  bool            `json:"foreign,omitempty"` // meant for someone else, who has to verify it
		Reason   string          `json:"reason,omitempty"`  // why it is, or is not
		Evidence []int           `json:"evidence,omitempty"`
		Members  []Member        `json:"members,omitempty"` // in words, where that was asked for
		Secrets  []Secret        `json:"secrets,omitempty"` // which claims are secrets
	}

	// Described is what a document says, in plain words: a server's metadata and
	// its keys, by group.
	Described struct {
		What     string   `json:"what"` // "metadata"
		Members  []Member `json:"members"`
		Evidence []int    `json:"evidence,omitempty"`
	}

	// Finding is the verdict of one check.
	Finding struct {
		ID       string  `json:"id"`   // ours, kebab-case, stable for ever
		Code     string  `json:"code"` // of the catalogue: V-AR-02
		Level    Level   `json:"level"`
		Outcome  Outcome `json:"outcome"`
		Ref      string  `json:"ref"`
		Detail   string  `json:"detail,omitempty"`
		Expected string  `json:"expected,omitempty"`
		Actual   string  `json:"actual,omitempty"`
		Evidence []int   `json:"evidence,omitempty"` // Seq of the records it rests on
	}

	// Waiting says what is being waited for, again and with more advice the
	// longer it takes.
	Waiting struct {
		For   string        `json:"for"`
		Since time.Duration `json:"since_ns"`
		Lines []string      `json:"lines,omitempty"`
	}

	// Note explains.
	Note struct {
		Topic string   `json:"topic"` // kebab-case
		Text  string   `json:"text"`
		Ref   string   `json:"ref,omitempty"`
		Lines []string `json:"lines,omitempty"` // to be shown as they are, to copy
	}

	// Obtained is what the run was for: the answer that carries the token.
	Obtained struct {
		What    string          `json:"what"` // "token"
		Body    json.RawMessage `json:"body"` // every member the server sent, in its order
		Secrets []Secret        `json:"secrets,omitempty"`
	}

	// Ended closes a run. The times add up to Took: ours is what remains.
	Ended struct {
		OK      bool          `json:"ok"`
		Exit    int           `json:"exit"`
		Took    time.Duration `json:"took_ns"`
		Theirs  time.Duration `json:"theirs_ns"` // waiting for servers
		Person  time.Duration `json:"person_ns"` // waiting for the person and the browser
		Failure *Failure      `json:"failure,omitempty"`
	}
)

// A Member is one member of a token or of metadata, in plain words.
type Member struct {
	In    string `json:"in"` // "header", "claims"; of metadata the group
	Name  string `json:"name"`
	Value string `json:"value"` // as text; an object or a list as JSON
	Means string `json:"means,omitempty"`
	Ref   string `json:"ref,omitempty"`
}

// A Message is one side of an exchange. A body that is not UTF-8 is kept as
// base64.
type Message struct {
	Method    string  `json:"method,omitempty"`
	URL       string  `json:"url,omitempty"`
	Proto     string  `json:"proto,omitempty"` // "HTTP/1.1"
	Status    int     `json:"status,omitempty"`
	Header    []Field `json:"header,omitempty"`
	Body      string  `json:"body,omitempty"`
	Base64    bool    `json:"base64,omitempty"`
	Size      int64   `json:"size"`                // octets of the body that passed
	Truncated bool    `json:"truncated,omitempty"` // there was more than we keep
}

// A Field is one header field line.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Timing is how long the parts of an exchange took; zero where a part did not
// happen, such as DNS on a connection that was kept.
type Timing struct {
	DNS       time.Duration `json:"dns_ns,omitempty"`
	Connect   time.Duration `json:"connect_ns,omitempty"`
	TLS       time.Duration `json:"tls_ns,omitempty"`
	FirstByte time.Duration `json:"first_byte_ns,omitempty"` // from the start
	Total     time.Duration `json:"total_ns"`
	Reused    bool          `json:"reused,omitempty"`
	Sent      int           `json:"sent,omitempty"` // times the request was written, when not once
}

// Peer is who answered.
type Peer struct {
	Addr    string        `json:"addr,omitempty"`
	Version string        `json:"tls_version,omitempty"`
	Cipher  string        `json:"cipher,omitempty"`
	ALPN    string        `json:"alpn,omitempty"`
	Name    string        `json:"server_name,omitempty"`
	Chain   []Certificate `json:"chain,omitempty"`
}

// Certificate is one certificate of a peer's chain.
type Certificate struct {
	Subject  string    `json:"subject"`
	Issuer   string    `json:"issuer"`
	NotAfter time.Time `json:"not_after"`
}

// Secret marks where in an event a secret stands. Part is one of
// "request-header", "request-body", "request-query", "response-header",
// "response-body", "body", "params", "claims"; Name is the field, parameter or member.
type Secret struct {
	Part string `json:"part"`
	Name string `json:"name"`
}

// Failure is an error in the trace, typed as the engine typed it.
type Failure struct {
	Kind     string `json:"kind"` // "refused", "check", "dns", "connect", "tls", "timeout", "protocol", "config", "input", "status", "waited", "interrupted"
	Text     string `json:"text"`
	Endpoint string `json:"endpoint,omitempty"`
	Code     string `json:"code,omitempty"` // the OAuth error or the check code
	Evidence []int  `json:"evidence,omitempty"`
}

// Kind implements Event.
func (RunStarted) Kind() string { return "run-started" }

// Kind implements Event.
func (StepStarted) Kind() string { return "step-started" }

// Kind implements Event.
func (Built) Kind() string { return "built" }

// Kind implements Event.
func (Exchanged) Kind() string { return "exchanged" }

// Kind implements Event.
func (Opened) Kind() string { return "opened" }

// Kind implements Event.
func (Returned) Kind() string { return "returned" }

// Kind implements Event.
func (Decoded) Kind() string { return "decoded" }

// Kind implements Event.
func (Described) Kind() string { return "described" }

// Kind implements Event.
func (Finding) Kind() string { return "finding" }

// Kind implements Event.
func (Waiting) Kind() string { return "waiting" }

// Kind implements Event.
func (Note) Kind() string { return "note" }

// Kind implements Event.
func (Obtained) Kind() string { return "obtained" }

// Kind implements Event.
func (Ended) Kind() string { return "ended" }
