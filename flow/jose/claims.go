package jose

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// A Claim is one member of a claims set that is to be signed.
type Claim struct {
	Name  string
	Value any
}

// Claims writes a claims set in the order of the list, so that a person reads
// it as the specification tells it. A change replaces the claim of its name, or
// drops it when it is nil; what is new comes last, sorted. The error is a
// *SignError.
func Claims(list []Claim, changes map[string]any) (json.RawMessage, error) {
	list = slices.Clone(list)
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		at := slices.IndexFunc(list, func(c Claim) bool { return c.Name == name })
		switch value := changes[name]; {
		case at < 0:
			list = append(list, Claim{name, value})
		default:
			list[at].Value = value
		}
	}
	list = slices.DeleteFunc(list, func(c Claim) bool { _, changed := changes[c.Name]; return changed && c.Value == nil })
	var b bytes.Buffer
	for i, c := range list {
		b.WriteByte("{,"[min(i, 1)])
		name, _ := plainJSON(c.Name)
		value, err := plainJSON(c.Value)
		if err != nil {
			return nil, unsigned("claims", "%s cannot be written as JSON: %v", quote(c.Name), err)
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	if len(list) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
