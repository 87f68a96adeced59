package bridge

import (
	"strconv"
	"time"

	"tincan/broker"
)

// willWait is how long the end of a session waits for its will to be heard, should the store be slow.
const willWait = time.Second

// A lastWord is a will on its way through the log: the end of its session is told when everybody has heard it.
type lastWord struct {
	kept chan (<-chan struct{}) // one value: when it is heard; nil: it is, or never will be
}

// lastWord notes that the session's will is on its way, until the answer for ack has come and r, if not nil, has published it.
func (s *seat) lastWord(ack func(broker.Ack), r *room) func(broker.Ack) {
	w := &lastWord{kept: make(chan (<-chan struct{}), 1)}
	s.will.Store(w)
	return func(a broker.Ack) {
		var heard <-chan struct{}
		for _, p := range a.Props {
			if seq, err := strconv.ParseUint(p.Value, 10, 64); p.Key == "seq" && err == nil && r != nil {
				heard = r.heard(seq)
			}
		}
		w.kept <- heard
		ack(a)
	}
}

// wait returns when the will has been heard, or after willWait.
func (w *lastWord) wait() {
	late := time.After(willWait)
	select {
	case heard := <-w.kept:
		if heard == nil {
			return
		}
		select {
		case <-heard:
		case <-late:
		}
	case <-late:
	}
}
