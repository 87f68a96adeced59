package broker

import (
	"runtime/metrics"
	"strconv"
	"time"
)

// sysEvery is how often the server's own values are sent to those who subscribed, in seconds.
const sysEvery = 10

// sysTopics are the server's own values, read-only, under the names and in the form that mosquitto made common, so that dashboards
// read them. They are computed when somebody takes them: a new subscriber at once, the others each 10 s.
func (b *Broker) sysTopics() map[string]func() string {
	n := &b.count
	figure := func(f func() int64) func() string { return func() string { return strconv.FormatInt(f(), 10) } }
	connected := func() int64 { now, _ := b.conns.counts(); return int64(now) }
	absent := func() int64 { return int64(b.registry.absent()) }
	topics := map[string]func() string{
		"version": func() string { return "tincan version " + b.cfg.Version },
		"uptime":  func() string { return strconv.FormatInt(int64(time.Since(b.born).Seconds()), 10) + " seconds" },

		"clients/total":        figure(func() int64 { return connected() + absent() }),
		"clients/connected":    figure(connected),
		"clients/active":       figure(connected),
		"clients/disconnected": figure(absent),
		"clients/inactive":     figure(absent),
		"clients/expired":      figure(n.forgotten.Load),
		"clients/maximum":      figure(func() int64 { return int64(b.conns.most()) }),

		"messages/received":         figure(n.packetsIn.Load),
		"messages/sent":             figure(n.packetsOut.Load),
		"bytes/received":            figure(n.bytesIn.Load),
		"bytes/sent":                figure(n.bytesOut.Load),
		"publish/messages/received": figure(n.received.Load),
		"publish/messages/sent":     figure(n.sent.Load),
		"publish/messages/dropped":  figure(n.dropped.sum),
		"publish/bytes/received":    figure(n.receivedLen.Load),
		"publish/bytes/sent":        figure(n.sentLen.Load),

		"retained messages/count": figure(func() int64 { count, _ := b.shelf.len(); return int64(count) }),
		"subscriptions/count":     figure(func() int64 { return int64(b.fan.subscriptions()) }),
		"heap/current":            figure(heapInUse),
	}
	for topic, value := range b.loads.topics() {
		topics["load/"+topic] = value
	}
	whole := make(map[string]func() string, len(topics))
	for topic, value := range topics {
		whole["$SYS/broker/"+topic] = value
	}
	return whole
}

// heapInUse is what the heap's objects take, in bytes.
func heapInUse() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
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
