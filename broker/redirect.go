package broker

import "strings"

// Redirect makes the subscriptions that name old at a level of their filters (from 0) match by the name that it has now: what comes to
// below that is delivered to them as if it came below old, like [Decision.As]. prefix is what stands before that level, such as
// "chat/room/". Subscriptions that read a level as something else already are left as they are. For those that come later
// Handler.Subscribe decides.
func (b *Broker) Redirect(prefix, old, to string) {
	f, level := b.fan, strings.Count(prefix, "/")
	from := prefix + old
	f.mu.RLock()
	var states []*state
	for filter, who := range f.members {
		if filter == from || strings.HasPrefix(filter, from+"/") {
			for st := range who {
				states = append(states, st)
			}
		}
	}
	f.mu.RUnlock()
	for _, st := range states {
		for _, moved := range st.redirect(from, prefix+to, level, old) {
			f.join(st, moved.now)
			f.leave(st, moved.was)
		}
	}
}

// A moved is the filter that a subscription matched by, and the one that it does now.
type moved struct{ was, now string }

func (st *state) redirect(from, to string, level int, as string) (all []moved) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for key, sub := range st.subs {
		if sub.as != "" && sub.level != level || sub.topic != from && !strings.HasPrefix(sub.topic, from+"/") {
			continue
		}
		n := *sub // it is not changed once others may read it
		n.topic = to + sub.topic[len(from):]
		if n.level = level; n.as == "" {
			n.as = as
		}
		st.subs[key] = &n
		all = append(all, moved{sub.topic, n.topic})
	}
	return all
}
