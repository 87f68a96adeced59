package bridge

import (
	"math/rand/v2"
	"testing"
)

// A set is a map in all but its size: small, large, and while its members are removed as they are told.
func TestSetIsLikeAMap(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var s set[int]
		model := map[int]bool{}
		for range rnd.IntN(100) {
			x := rnd.IntN(20)
			switch rnd.IntN(3) {
			case 0:
				s.remove(x)
				delete(model, x)
			default:
				if s.add(x) == model[x] {
					t.Fatalf("add %d to %v", x, model)
				}
				model[x] = true
			}
			if s.has(x) != model[x] || s.len() != len(model) {
				t.Fatalf("has %d: %v, %d in all; it should be %v", x, s.has(x), s.len(), model)
			}
		}
		left := len(model)
		for x := range s.all() {
			if !model[x] {
				t.Fatalf("%d is in it twice, or should not be", x)
			}
			delete(model, x)
			if x%2 == 0 {
				s.remove(x)
				left--
			}
		}
		if len(model) > 0 || s.len() != left {
			t.Fatalf("%v were not told; %d are left, not %d", model, s.len(), left)
		}
	}
}
