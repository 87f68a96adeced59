package broker

import "sync/atomic"

// A receipt is for a publisher that waits for its acknowledgement: it is settled when everything that has to be on disk for it is
// there, or when the sessions concerned have acknowledged the message themselves.
type receipt struct {
	left atomic.Int32 // what it waits for
	err  atomic.Pointer[error]
	done func(error)
}

func newReceipt(done func(error)) *receipt {
	r := &receipt{done: done}
	r.add()
	return r
}

// add makes it wait for one thing more. nil: nobody waits.
func (r *receipt) add() {
	if r != nil {
		r.left.Add(1)
	}
}

// settle ends the wait for one thing. No lock of the broker may be held: done is the handler's.
func (r *receipt) settle(err error) {
	if r == nil {
		return
	}
	if err != nil {
		r.err.CompareAndSwap(nil, &err)
	}
	if r.left.Add(-1) > 0 {
		return
	}
	if first := r.err.Load(); first != nil {
		r.done(*first)
		return
	}
	r.done(nil)
}
