package bridge

import "iter"

// mostFew is how many things a set holds without a map.
const mostFew = 8

// A set holds things that are nearly always one or two: the rooms of a session, the sessions of a member. A map of one costs 250
// bytes and there are several for each session, so a set is a slice until it is large. The zero set is empty.
type set[T comparable] struct {
	few  []T
	many map[T]struct{} // not nil: all of them
}

func (s *set[T]) has(x T) bool {
	if s.many != nil {
		_, ok := s.many[x]
		return ok
	}
	return s.place(x) >= 0
}

// add is false when x was in it.
func (s *set[T]) add(x T) bool {
	if s.has(x) {
		return false
	}
	if s.many == nil && len(s.few) < mostFew {
		s.few = append(s.few, x)
		return true
	}
	if s.many == nil {
		s.many = make(map[T]struct{}, 2*mostFew)
		for _, y := range s.few {
			s.many[y] = struct{}{}
		}
		s.few = nil
	}
	s.many[x] = struct{}{}
	return true
}

func (s *set[T]) remove(x T) {
	if s.many != nil {
		delete(s.many, x)
		return
	}
	if i := s.place(x); i >= 0 {
		last := len(s.few) - 1
		s.few[i] = s.few[last]
		var none T
		s.few[last] = none
		s.few = s.few[:last]
	}
}

func (s *set[T]) len() int { return len(s.few) + len(s.many) }

// all yields each, in no order. The one that was yielded may be removed meanwhile.
func (s *set[T]) all() iter.Seq[T] {
	return func(yield func(T) bool) {
		for i := len(s.few) - 1; i >= 0; i-- { // backwards: removing puts a later one in its place
			if !yield(s.few[i]) {
				return
			}
		}
		for x := range s.many {
			if !yield(x) {
				return
			}
		}
	}
}

func (s *set[T]) place(x T) int {
	for i, y := range s.few {
		if x == y {
			return i
		}
	}
	return -1
}
