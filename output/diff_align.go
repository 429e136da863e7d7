package output

import "hash/maphash"

// How far ahead is looked for where two traces come together again: first
// closely, for the best fit, then far, for the nearest unit that both have.
const (
	nearAhead = 128
	farAhead  = 4096
	mostFacts = 1 << 17 // of all units that are held at once, whatever their number
)

// align walks through both traces. Each unit is put beside one of the other
// trace or told to stand alone, in order.
func (c *comparison) align() error {
	c.seed = maphash.MakeSeed()
	for {
		if err := c.fill(1); err != nil {
			return err
		}
		a, b := c.sides[0], c.sides[1]
		switch {
		case len(a.queue) == 0 && len(b.queue) == 0:
			return nil
		case len(a.queue) > 0 && len(b.queue) > 0 && a.queue[0].key == b.queue[0].key:
			c.step(pairUp)
		default:
			if err := c.resync(); err != nil {
				return err
			}
		}
	}
}

func (c *comparison) fill(n int) error {
	for i, s := range c.sides {
		if err := s.fill(n); err != nil {
			return &UnreadableTrace{i == 1, Shown{Lines: s.read}, err}
		}
	}
	return nil
}

// move is one step of an alignment.
type move byte

const (
	pairUp move = iota
	onlyA
	onlyB
)

func (c *comparison) step(m move) {
	switch m {
	case pairUp:
		c.pair(c.sides[0].take(), c.sides[1].take())
	case onlyA:
		c.alone(c.sides[0].take(), kindMissing)
	case onlyB:
		c.alone(c.sides[1].take(), kindAdded)
	}
}

// resync moves on where the two differ. Of the best fit of what lies ahead only
// the first half is taken for true, because what comes later may fit better;
// so each unit is looked at a bounded number of times.
func (c *comparison) resync() error {
	if err := c.fill(nearAhead); err != nil {
		return err
	}
	a, b := c.sides[0].queue, c.sides[1].queue
	a, b = a[:min(len(a), nearAhead)], b[:min(len(b), nearAhead)]
	moves, pairs := bestFit(a, b)
	whole := len(a) < nearAhead && len(b) < nearAhead
	if pairs == 0 && !whole && len(a) > 0 && len(b) > 0 {
		return c.leap()
	}
	i, j := 0, 0
	for n, m := range moves {
		if n > 0 && !whole && (len(a) > 1 && 2*i >= len(a) || len(b) > 1 && 2*j >= len(b)) {
			break
		}
		if m != onlyB {
			i++
		}
		if m != onlyA {
			j++
		}
		c.step(m)
	}
	return nil
}

// bestFit puts two short rows of units beside each other so that as much as
// possible belongs together, and says how many pairs there are.
func bestFit(a, b []*unit) (moves []move, pairs int) {
	wide := len(b) + 1
	best := make([]int32, (len(a)+1)*wide)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			at := i*wide + j
			best[at] = max(best[at+wide], best[at+1])
			if a[i].hash == b[j].hash && a[i].key == b[j].key {
				best[at] = max(best[at], best[at+wide+1]+a[i].weight())
			}
		}
	}
	for i, j := 0, 0; i < len(a) || j < len(b); {
		at := i*wide + j
		switch {
		case i < len(a) && j < len(b) && a[i].key == b[j].key && best[at] == best[at+wide+1]+a[i].weight():
			moves, pairs = append(moves, pairUp), pairs+1
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || best[at] == best[at+wide]):
			moves = append(moves, onlyA)
			i++
		default:
			moves = append(moves, onlyB)
			j++
		}
	}
	return moves, pairs
}

// leap goes to the nearest unit further ahead that both have. Where there is
// none, all that was looked at stands alone.
func (c *comparison) leap() error {
	if err := c.fill(farAhead); err != nil {
		return err
	}
	a, b := c.sides[0].queue, c.sides[1].queue
	first := map[string]int{}
	for j := len(b) - 1; j >= 0; j-- {
		first[b[j].key] = j
	}
	goA, goB := len(a), len(b)
	for i, u := range a {
		if j, ok := first[u.key]; ok && i+j < goA+goB {
			goA, goB = i, j
		}
	}
	for range goA {
		c.step(onlyA)
	}
	for range goB {
		c.step(onlyB)
	}
	return nil
}
