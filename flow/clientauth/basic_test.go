package clientauth

import "testing"

// The first two values are printed in RFC 6749 §2.3.1 and §4.1.3; the others
// are RFC 6749 Appendix B applied to both halves.
func TestBasicCredentials(t *testing.T) {
	for _, c := range []struct{ id, secret, want string }{
		{"s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw", "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"},
		{"s6BhdRkqt3", "gX1fBat3bV", "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"},
		{"a", " %&+£€", "Basic YTorJTI1JTI2JTJCJUMyJUEzJUUyJTgyJUFD"}, // a:+%25%26%2B%C2%A3%E2%82%AC
		{"a b", "c:d/e", "Basic YStiOmMlM0FkJTJGZQ=="},                // a+b:c%3Ad%2Fe
	} {
		if got := BasicCredentials(c.id, c.secret); got != c.want {
			t.Errorf("BasicCredentials(%q, %q) = %s, want %s", c.id, c.secret, got, c.want)
		}
	}
}
