package output

import (
	"html"
	"mime"
	"regexp"
	"strings"
)

// page treats the form fields of that name in a page, and the parameters of
// that name in the URLs of any text. The expressions are made when they are
// needed: most runs have no page, and start-up is counted in microseconds.
func (v veil) page(s, name string) string {
	if !strings.Contains(s, name) {
		return s
	}
	pageTag := regexp.MustCompile(`<[a-zA-Z](?:"[^"]*"|'[^']*'|[^<>"'])*>|<[a-zA-Z][^<>]*>`)
	attribute := regexp.MustCompile(`([a-zA-Z-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'<>]+)`)
	inURL := regexp.MustCompile(`[?&#;]([A-Za-z_]+)=([^&"'<>\s]+)`)
	s = pageTag.ReplaceAllStringFunc(s, func(t string) string {
		named := false
		for _, a := range attribute.FindAllStringSubmatch(t, -1) {
			named = named || strings.EqualFold(a[1], "name") && strings.Trim(a[2], `"'`) == name
		}
		if !named {
			return t
		}
		return replaceGroups(attribute, t, func(n, value string) string {
			if !strings.EqualFold(n, "value") {
				return value
			}
			mark := value[:len(value)-len(strings.TrimLeft(value, `"'`))]
			return mark + v.value(html.UnescapeString(strings.Trim(value, `"'`))) + mark
		})
	})
	return replaceGroups(inURL, s, func(n, value string) string {
		if n != name {
			return value
		}
		_, hidden, _ := strings.Cut(v.form(n+"="+value, n), "=")
		return hidden
	})
}

// replaceGroups changes the second group of every match; f gets both.
func replaceGroups(re *regexp.Regexp, s string, f func(name, value string) string) string {
	var out strings.Builder
	done := 0
	for _, at := range re.FindAllStringSubmatchIndex(s, -1) {
		out.WriteString(s[done:at[4]] + f(s[at[2]:at[3]], s[at[4]:at[5]]))
		done = at[5]
	}
	return out.String() + s[done:]
}

// multipart treats the fields of that name in a form of several parts
// (RFC 7578 §4), whose boundary is its first line.
func (v veil) multipart(s, name string) string {
	boundary, _, ok := strings.Cut(s, "\r\n")
	if !ok {
		return s
	}
	parts := strings.Split(s, boundary)
	for i, part := range parts {
		head, value, ok := strings.Cut(part, "\r\n\r\n")
		if !ok || partName(head) != name {
			continue
		}
		value, ended := strings.CutSuffix(value, "\r\n")
		parts[i] = head + "\r\n\r\n" + v.value(value)
		if ended {
			parts[i] += "\r\n"
		}
	}
	return strings.Join(parts, boundary)
}

func partName(head string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		field, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(field, "Content-Disposition") {
			_, params, _ := mime.ParseMediaType(strings.TrimSpace(value))
			return params["name"]
		}
	}
	return ""
}
