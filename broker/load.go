package broker

import (
	"math"
	"strconv"
	"sync"
)

// loadSpans are the times over which loads are averaged, in minutes.
var loadSpans = [...]int{1, 5, 15}

// loads are how much happens a minute: of each counter the moving average over 1, 5 and 15 minutes, as the load average of a Unix
// machine is made. New sets them up.
type loads struct {
	of []counted // static

	mu   sync.Mutex // guards what follows
	last []int64    // of each counter, at the last sample
	avg  [][len(loadSpans)]float64
}

// A counted is one counter of which a load is told.
type counted struct {
	topic string // below load/
	count func() int64
}

func (l *loads) init(n *counters) {
	l.of = []counted{
		{"connections", n.connects.Load},
		{"messages/received", n.packetsIn.Load},
		{"messages/sent", n.packetsOut.Load},
		{"bytes/received", n.bytesIn.Load},
		{"bytes/sent", n.bytesOut.Load},
		{"publish/received", n.received.Load},
		{"publish/sent", n.sent.Load},
		{"publish/dropped", n.dropped.sum},
	}
	l.last = make([]int64, len(l.of))
	l.avg = make([][len(loadSpans)]float64, len(l.of))
}

// sample takes the counters in; it is called each sysEvery.
func (l *loads) sample() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, c := range l.of {
		now := c.count()
		rate := float64(now-l.last[i]) * 60 / sysEvery
		l.last[i] = now
		for j, span := range loadSpans {
			old := math.Exp(-sysEvery / 60.0 / float64(span))
			l.avg[i][j] = rate + old*(l.avg[i][j]-rate)
		}
	}
}

// topics are the loads by topic, below load/.
func (l *loads) topics() map[string]func() string {
	all := map[string]func() string{}
	for i, c := range l.of {
		for j, span := range loadSpans {
			all[c.topic+"/"+strconv.Itoa(span)+"min"] = func() string {
				l.mu.Lock()
				defer l.mu.Unlock()
				return strconv.FormatFloat(l.avg[i][j], 'f', 2, 64)
			}
		}
	}
	return all
}
