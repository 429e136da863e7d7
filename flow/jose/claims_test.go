package jose

import "testing"

func TestClaims(t *testing.T) {
	list := []Claim{{"sub", "a&b"}, {"aud", "x"}, {"exp", 60}, {"act", nil}}
	for _, tt := range []struct {
		name    string
		changes map[string]any
		want    string
	}{
		{"in order", nil, `{"sub":"a&b","aud":"x","exp":60,"act":null}`},
		{"replaced, dropped, new", map[string]any{"z": true, "exp": float64(1700000000), "nbf": 1, "aud": nil, "none": nil, "sub": []any{"<"}},
			`{"sub":["<"],"exp":1700000000,"act":null,"nbf":1,"z":true}`},
		{"all dropped", map[string]any{"sub": nil, "aud": nil, "exp": nil, "act": nil}, `{}`},
	} {
		if got, err := Claims(list, tt.changes); err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
	if _, err := Claims([]Claim{{"f", func() {}}}, nil); err == nil {
		t.Error("a function became a claim")
	}
}
