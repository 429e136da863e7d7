package output

import (
	"hash/maphash"
	"strconv"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A comparison puts the units of two traces beside each other.
type comparison struct {
	sides [2]*side
	out   *Differences
	said  map[uint64]bool // what has been said of a message, and need not be said of the pages that carry it
	seed  maphash.Seed
}

// pair compares two units that belong together.
func (c *comparison) pair(a, b *unit) {
	switch a.kind {
	case "step":
		c.out.steps++
	case "message":
		c.out.messages++
	}
	c.facts(a, b)
	c.verdicts(a, b)
	c.time(a, b)
}

// facts compares what two units say, in the order of the first.
func (c *comparison) facts(a, b *unit) {
	at := map[string][]int{}
	for i, f := range b.facts {
		k := f.key()
		at[k] = append(at[k], i)
	}
	matched := make([]bool, len(b.facts))
	for i := range a.facts {
		f := &a.facts[i]
		k := f.key()
		if len(at[k]) == 0 {
			c.fact(a, f, nil)
			continue
		}
		j := at[k][0]
		at[k], matched[j] = at[k][1:], true
		if !f.equal(b.facts[j]) {
			c.fact(a, f, &b.facts[j])
		}
	}
	for j := range b.facts {
		if !matched[j] {
			c.fact(a, nil, &b.facts[j])
		}
	}
}

// fact says that a fact of a unit is not the same in both. What a page was
// merely told in the request is said once.
func (c *comparison) fact(u *unit, a, b *fact) {
	d := Difference{Step: u.step, Message: u.title, Kind: kindChanged}
	one := a
	if a == nil {
		one = b
	}
	d.Where, d.Name = one.where, one.name
	id := one.name
	if a != nil {
		d.A, d.NoteA, d.OriginA, id = &a.shown, a.about(b), a.origin, id+"\x00"+a.same
	} else {
		d.Kind = kindAdded
	}
	if b != nil {
		d.B, d.NoteB, d.OriginB, id = &b.shown, b.about(a), b.origin, id+"\x01"+b.same
	} else {
		d.Kind = kindMissing
	}
	if one.where == "parameter" || one.where == "query" || one.where == "form" || one.where == "answer" {
		h := maphash.String(c.seed, id)
		if u.page && c.said[h] {
			return
		}
		if len(c.said) < mostDifferences {
			c.said[h] = true
		}
	}
	c.out.add(d)
}

// verdicts compares the outcomes of checks. One that was not made at all on one
// side is told only when it is bad news: it goes with what is missing.
func (c *comparison) verdicts(a, b *unit) {
	others := map[string][]verdict{}
	for _, v := range b.findings {
		others[v.name] = append(others[v.name], v)
	}
	for _, v := range a.findings {
		rest := others[v.name]
		if len(rest) == 0 {
			c.bad(a, v, kindMissing)
			continue
		}
		others[v.name] = rest[1:]
		if rest[0].outcome != v.outcome {
			x, y := v.text(), rest[0].text()
			c.out.add(Difference{Step: a.step, Message: a.title, Where: "finding", Name: v.name, A: &x, B: &y, Kind: kindChanged})
		}
	}
	for _, v := range b.findings {
		if rest := others[v.name]; len(rest) > 0 {
			others[v.name] = rest[1:]
			c.bad(a, rest[0], kindAdded)
		}
	}
}

// text is an outcome, of bad news with what it is about.
func (v verdict) text() string {
	if v.outcome == trace.Fail || v.outcome == trace.Warn {
		return joined(": ", string(v.outcome), v.detail)
	}
	return string(v.outcome)
}

// bad tells a verdict that only one side has, when it is bad news.
func (c *comparison) bad(u *unit, v verdict, kind string) {
	if v.outcome != trace.Fail && v.outcome != trace.Warn {
		return
	}
	s := v.text()
	d := Difference{Step: u.step, Message: u.title, Where: "finding", Name: v.name, Kind: kind}
	if kind == kindAdded {
		d.B = &s
	} else {
		d.A = &s
	}
	c.out.add(d)
}

// Times are told when they differ by more than ten times and a tenth of a second.
const (
	timesSlower = 10
	leastSlower = 100 * time.Millisecond
)

func (c *comparison) time(a, b *unit) {
	x, y, kind := time.Duration(a.took), time.Duration(b.took), kindSlower
	short, long := x, y
	if x > y {
		short, long, kind = y, x, kindFaster
	}
	if short <= 0 || long-short <= leastSlower || long/timesSlower <= short {
		return
	}
	from, to := duration(x), duration(y)
	c.out.add(Difference{Step: a.step, Message: a.title, Where: "time", Name: "answer", A: &from, B: &to, Kind: kind})
}

// alone tells a unit that only one side has. That the pages were walked by the
// program in one and by a person in the other is no difference.
func (c *comparison) alone(u *unit, kind string) {
	if u.page && (!c.sides[0].walks || !c.sides[1].walks) {
		return
	}
	d := Difference{Step: u.step, Where: u.kind, Name: u.title, Kind: kind}
	if u.kind == "step" || u.kind == "run" {
		d.Name = u.step
	}
	s := u.summary()
	if kind == kindAdded {
		d.B = &s
	} else {
		d.A = &s
	}
	if u.kind != "checks" {
		c.out.add(d)
	}
	for _, v := range u.findings {
		c.bad(u, v, kind)
	}
}

// summary is a unit in a few words.
func (u *unit) summary() string {
	words := map[string]string{}
	for _, f := range u.facts {
		if f.where == "request" || f.where == "response" || f.where == "outcome" {
			words[f.name] = f.shown
		}
	}
	if u.kind == "step" || u.kind == "run" {
		return u.step
	}
	if u.page {
		return joined(" ", words["status"], words["failure"])
	}
	if u.kind == "message" {
		return joined(" ", words["method"], words["path"], words["status"], words["failure"])
	}
	if words["outcome"] != "" {
		return words["outcome"]
	}
	return u.title
}

// quick tells two verdict lists with the same content from others.
func (u *unit) quick() string {
	s := u.key
	for _, f := range u.facts {
		s += "\x00" + f.key() + "\x01" + f.same + f.role + strconv.FormatBool(f.slack > 0)
	}
	for _, v := range u.findings {
		s += "\x02" + v.name + string(v.outcome)
	}
	return s
}
