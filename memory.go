package main

import (
	"math"
	"runtime/debug"
)

// Bounds of the ceiling, in bytes.
const (
	leastMemory = 64 << 20
	mostMemory  = 2 << 30
)

// A memory is what tincan may use of the machine's memory, in bytes.
type memory struct {
	ceiling  int64 // the Go runtime tries to stay below
	heap     int64 // what of it may be alive before slow readers are cut
	queued   int   // what may wait for readers
	retained int   // of retained messages
}

// memoryFor derives it from what there is (0: not known): half of that, since the database's cache and the system need some, too. A
// ceiling that the environment has set (GOMEMLIMIT) stays as it is; math.MaxInt64 is none.
func memoryFor(there, set int64) memory {
	m := memory{ceiling: mostMemory}
	if there > 0 {
		m.ceiling = max(leastMemory, min(mostMemory, there/2))
	}
	if set < math.MaxInt64 {
		m.ceiling = max(set, leastMemory)
	}
	m.heap = m.ceiling / 4 * 3
	m.queued = int(min(256<<20, m.ceiling/4))
	m.retained = int(min(48<<20, m.ceiling/8))
	return m
}

// limitMemory sets the ceiling of this process.
func limitMemory() memory {
	set := debug.SetMemoryLimit(-1)
	m := memoryFor(memoryThere(), set)
	if set == math.MaxInt64 {
		debug.SetMemoryLimit(m.ceiling)
	}
	return m
}
