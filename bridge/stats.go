package bridge

// Stats are what the chat holds now, and has taken.
type Stats struct {
	Rooms    int    // open ones
	Members  int    // that are connected
	Devices  int    // of them
	Messages uint64 // ever stored in the rooms that there are
}

// Stats tells how large the chat is.
func (b *Bridge) Stats() Stats {
	var s Stats
	for _, r := range b.rooms.those(func(*card) bool { return true }) {
		s.Rooms++
		s.Messages += r.Last
	}
	b.members.mu.RLock()
	defer b.members.mu.RUnlock()
	s.Members = len(b.members.byFold)
	for _, m := range b.members.byFold {
		if m.kind == device {
			s.Devices++
		}
	}
	return s
}
