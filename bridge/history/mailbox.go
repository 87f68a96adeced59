package history

import "sync"

// A mailbox hands events to whoever reads out, without ever blocking who puts them in. It holds what has not been read, which
// is bounded by how many names and sessions there are, not by how often the network asks.
type mailbox[T any] struct {
	out  chan T        // closed when run ends
	ring chan struct{} // capacity 1

	mu    sync.Mutex // guards items
	items []T
}

func newMailbox[T any]() *mailbox[T] {
	return &mailbox[T]{out: make(chan T), ring: make(chan struct{}, 1)}
}

func (m *mailbox[T]) put(item T) {
	m.mu.Lock()
	m.items = append(m.items, item)
	m.mu.Unlock()
	select {
	case m.ring <- struct{}{}:
	default:
	}
}

// run delivers until stop is closed.
func (m *mailbox[T]) run(stop <-chan struct{}) {
	defer close(m.out)
	for {
		m.mu.Lock()
		items := m.items
		m.items = nil
		m.mu.Unlock()
		for _, item := range items {
			select {
			case m.out <- item:
			case <-stop:
				return
			}
		}
		if len(items) > 0 {
			continue
		}
		select {
		case <-m.ring:
		case <-stop:
			return
		}
	}
}
