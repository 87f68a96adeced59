package broker

import (
	"strconv"
	"time"
)

// sysTopics are the server's own values, read-only, current for every new subscriber and sent to the others each 10 s.
func (b *Broker) sysTopics() map[string]func() string {
	count := func(n func() int64) func() string { return func() string { return strconv.FormatInt(n(), 10) } }
	sessions := func() int64 { n, _ := b.conns.counts(); return int64(n) }
	return map[string]func() string{
		"$SYS/broker/version":           func() string { return "tincan " + b.cfg.Version },
		"$SYS/broker/uptime":            count(func() int64 { return int64(time.Since(b.born).Seconds()) }), // seconds
		"$SYS/broker/clients/connected": count(sessions),
		"$SYS/broker/clients/absent":    count(func() int64 { return int64(b.registry.absent()) }),
		"$SYS/broker/messages/received": count(b.received.Load),
		"$SYS/broker/messages/sent":     count(b.sent.Load),
		"$SYS/broker/messages/dropped":  count(b.dropped.Load),
		"$SYS/broker/retained":          count(func() int64 { return int64(b.shelf.len()) }),
	}
}

func (b *Broker) serveSys() {
	for topic, value := range b.sysTopics() {
		b.RetainFunc(topic, func() []byte { return []byte(value()) })
	}
}

func (b *Broker) publishSys() {
	for topic, value := range b.sysTopics() {
		if a := b.fan.audience(topic); !a.empty() {
			b.fan.fanout(&Message{Topic: topic, Payload: []byte(value())}, a)
		}
	}
}
