package demo

// shelfSize is how many things of one kind the server remembers, so that
// nobody can fill the memory of the machine through it.
const shelfSize = 4096

// A shelf remembers the newest things by name and forgets the oldest.
type shelf[T any] struct {
	things map[string]T
	order  []string
}

// put stores a thing under a name that was never used before.
func (s *shelf[T]) put(name string, thing T) {
	if s.things == nil {
		s.things = map[string]T{}
	}
	if len(s.order) >= shelfSize {
		delete(s.things, s.order[0])
		s.order = s.order[1:]
	}
	s.things[name] = thing
	s.order = append(s.order, name)
}

// get finds a thing; the empty name finds nothing.
func (s *shelf[T]) get(name string) (T, bool) {
	thing, ok := s.things[name]
	return thing, ok && name != ""
}

// has says whether a thing of this name is there.
func (s *shelf[T]) has(name string) bool { _, ok := s.get(name); return ok }

// take forgets a thing.
func (s *shelf[T]) take(name string) { delete(s.things, name) }
