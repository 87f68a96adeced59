package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync/atomic"

	"tincan/broker"
)

// endCauses are the values of the label cause: all of them from the start, so that a first one is seen as an increase.
var endCauses = []broker.Cause{
	broker.CauseClient, broker.CauseClosed, broker.CauseKeepalive, broker.CauseTakeover, broker.CauseSlow, broker.CauseProtocol,
	broker.CauseRefused, broker.CauseKicked, broker.CauseStopping, broker.CauseTimeout, broker.CausePanic,
}

// metricsHandler answers /metrics with figures as Prometheus reads them (text format 0.0.4). Nothing that a member wrote is in it.
func metricsHandler(stats func() broker.Stats) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		var b bytes.Buffer
		writeMetrics(&b, stats())
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(b.Bytes())
	})
	return mux
}

func writeMetrics(w *bytes.Buffer, s broker.Stats) {
	head := func(name, kind, help string) { fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	gauge := func(name, help string, n uint64) {
		head(name, "gauge", help)
		fmt.Fprintf(w, "%s %d\n", name, n)
	}
	counter := func(name, help string, n uint64) {
		head(name, "counter", help)
		fmt.Fprintf(w, "%s %d\n", name, n)
	}

	gauge("tincan_sessions", "Sessions that are connected.", uint64(s.Sessions))
	gauge("tincan_sessions_absent", "Sessions that wait for their client.", uint64(s.Absent))
	gauge("tincan_connections_pending", "Connections that have not sent CONNECT.", uint64(s.Pending))
	gauge("tincan_retained_messages", "Retained messages.", uint64(s.Retained))
	gauge("tincan_queued_bytes", "Bytes that wait for readers.", uint64(s.Queued))

	head("tincan_sessions_ended_total", "counter", "Sessions that ended, by cause.")
	for _, c := range endCauses {
		fmt.Fprintf(w, "tincan_sessions_ended_total{cause=%q} %d\n", string(c), s.Ended[c])
	}
	counter("tincan_connects_refused_total", "CONNECTs that were refused.", uint64(s.Refused))
	counter("tincan_messages_dropped_total", "Messages not delivered: too large for the reader, expired, or too many for one who is away.",
		uint64(s.Dropped))
	counter("tincan_publishes_denied_total", "Publishes that were refused.", uint64(s.Denied))
	counter("tincan_publishes_received_total", "Publishes received.", uint64(s.Received))
	counter("tincan_publishes_sent_total", "Publishes queued for readers.", uint64(s.Sent))
	counter("tincan_panics_total", "Bugs, each contained to one session.", uint64(s.Panics))

	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	gauge("go_goroutines", "Goroutines.", uint64(runtime.NumGoroutine()))
	gauge("go_memstats_heap_alloc_bytes", "Bytes of the heap in use.", mem.HeapAlloc)
	counter("go_gc_cycles_total", "Garbage collections.", uint64(mem.NumGC))
}

// A health answers /healthz: 200 while tincan serves, 503 when its stop has begun. Its zero value serves.
type health struct{ stopping atomic.Bool }

func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if h.stopping.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "stopping\n")
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}
