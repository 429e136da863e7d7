package output

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// rewrite copies an event with every string in it changed. It goes by
// reflection, so that a field added tomorrow is not forgotten.
func rewrite(e trace.Event, text func(string) string) trace.Event {
	if e == nil {
		return nil
	}
	out, _ := rewriteValue(reflect.ValueOf(e), text).Interface().(trace.Event) // it is of the type of e
	return out
}

func rewriteValue(v reflect.Value, text func(string) string) reflect.Value {
	switch x := v.Interface().(type) {
	case json.RawMessage:
		if x == nil {
			return v
		}
		return reflect.ValueOf(json.RawMessage(eachString(string(x), text)))
	case trace.Message:
		body := rewriteBody(x, text)
		x.Body = ""
		m := rewriteFields(reflect.ValueOf(x), text)
		m.FieldByName("Body").SetString(body)
		return m
	}
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		out.SetString(text(v.String()))
	case reflect.Struct:
		return rewriteFields(v, text)
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(rewriteValue(v.Index(i), text))
		}
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(rewriteValue(v.Elem(), text))
	default:
		out.Set(v)
	}
	return out
}

func rewriteFields(v reflect.Value, text func(string) string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v) // what is not exported stays, as in time.Time
	for i := range v.NumField() {
		if out.Field(i).CanSet() {
			out.Field(i).Set(rewriteValue(v.Field(i), text))
		}
	}
	return out
}

// unpacked does something to an event whose bodies are plain octets meanwhile:
// one that is not UTF-8 must not lay the rest of its answer open.
func unpacked(e trace.Event, do func(trace.Event) trace.Event) trace.Event {
	x, ok := e.(trace.Exchanged)
	if !ok {
		return do(e)
	}
	request, response := unpack(&x.Request), unpack(&x.Response)
	out, ok := do(x).(trace.Exchanged)
	if !ok {
		return e
	}
	if request {
		pack(&out.Request)
	}
	if response {
		pack(&out.Response)
	}
	return out
}

func unpack(m *trace.Message) bool {
	b, err := base64.StdEncoding.DecodeString(m.Body)
	if !m.Base64 || err != nil {
		return false
	}
	m.Body, m.Base64 = string(b), false
	return true
}

func pack(m *trace.Message) {
	m.Body, m.Base64 = base64.StdEncoding.EncodeToString([]byte(m.Body)), true
}

func rewriteBody(m trace.Message, text func(string) string) string {
	if json.Valid([]byte(m.Body)) {
		return eachString(m.Body, text)
	}
	return text(m.Body)
}

// eachString changes the strings of a JSON text and nothing else, so that it
// stays JSON whatever is hidden in it.
func eachString(s string, text func(string) string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		j := strings.IndexByte(s[i:], '"')
		if j < 0 {
			out.WriteString(s[i:])
			break
		}
		end := stringEnd(s, i+j)
		raw := s[i+j : end]
		out.WriteString(s[i:i+j] + changed(raw, text))
		i = end
	}
	return out.String()
}

func changed(raw string, text func(string) string) string {
	value := unquote(raw)
	to := text(value)
	if to == value {
		return raw
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(to) != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
