package broker

import "sync/atomic"

// An absences is what waits for all sessions together whose client is away.
type absences struct {
	most     int64 // bytes, static
	sessions atomic.Int64
	bytes    atomic.Int64
}

// share is what may wait for one of them, in bytes. Beyond most each has the same part: who has more loses its oldest for what comes,
// who has less loses nothing.
func (a *absences) share(own int) int {
	if a.bytes.Load() <= a.most {
		return own
	}
	return min(own, int(a.most/max(1, a.sessions.Load())))
}

// countLocked adds n bytes to what waits.
func (w *window) countLocked(n int) {
	w.bytes += n
	if w.away {
		w.b.absences.bytes.Add(int64(n))
	}
}

// awayLocked begins or ends the client's absence.
func (w *window) awayLocked(away bool) {
	if away == w.away {
		return
	}
	n := int64(1)
	if !away {
		n = -1
	}
	w.away = away
	w.b.absences.sessions.Add(n)
	w.b.absences.bytes.Add(n * int64(w.bytes))
}

// discard forgets what waits: the state is nobody's any more. What comes to it after that is dropped.
func (w *window) discard() {
	w.forsake()
	w.rest()
}
