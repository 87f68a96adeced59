package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"tincan/bridge"
	"tincan/bridge/files"
	"tincan/broker"
)

// endCauses are the values of the label cause: all of them from the start, so that a first one is seen as an increase.
var endCauses = []broker.Cause{
	broker.CauseClient, broker.CauseClosed, broker.CauseKeepalive, broker.CauseTakeover, broker.CauseSlow, broker.CauseCrowded,
	broker.CauseProtocol, broker.CauseRefused, broker.CauseKicked, broker.CauseStopping, broker.CauseTimeout, broker.CausePanic,
}

// dropReasons are likewise those of dropped messages.
var dropReasons = []broker.Drop{broker.DropTooLarge, broker.DropExpired, broker.DropAway, broker.DropForbidden, broker.DropUnkept}

// figures are what /metrics tells of.
type figures struct {
	began  time.Time
	data   string // the data folder
	broker func() broker.Stats
	chat   func() bridge.Stats
	files  func() files.Stats
}

// handler answers /metrics with figures as Prometheus reads them (text format 0.0.4). Nothing that a member wrote is in it: labels
// are words of the program's own.
func (f *figures) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		var b exposition
		b.broker(f.broker())
		stored := f.files()
		b.chat(f.chat(), diskBytes(f.data)+uint64(stored.Bytes+stored.PartBytes))
		b.files(stored)
		b.process(f.began)
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(b.Bytes())
	})
	return mux
}

// An exposition is the text that is made.
type exposition struct{ bytes.Buffer }

func (e *exposition) head(name, kind, help string) {
	fmt.Fprintf(e, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (e *exposition) gauge(name, help string, n uint64) {
	e.head(name, "gauge", help)
	fmt.Fprintf(e, "%s %d\n", name, n)
}

func (e *exposition) counter(name, help string, n int64) {
	e.head(name, "counter", help)
	fmt.Fprintf(e, "%s %d\n", name, n)
}

// by writes a counter by reason: the known ones, and others that have come.
func by[K ~string](e *exposition, name, label, help string, n broker.Counts[K], known []K) {
	e.head(name, "counter", help)
	for _, why := range known {
		fmt.Fprintf(e, "%s{%s=%q} %d\n", name, label, string(why), n[why])
	}
	for _, why := range slices.Sorted(maps.Keys(n)) {
		if !slices.Contains(known, why) {
			fmt.Fprintf(e, "%s{%s=%q} %d\n", name, label, string(why), n[why])
		}
	}
}

func (e *exposition) broker(s broker.Stats) {
	e.gauge("tincan_sessions", "Sessions that are connected.", uint64(s.Sessions))
	e.gauge("tincan_sessions_absent", "Sessions that wait for their client.", uint64(s.Absent))
	e.gauge("tincan_connections_pending", "Connections that have not sent CONNECT.", uint64(s.Pending))
	e.gauge("tincan_subscriptions", "Topic filters of sessions, connected or not.", uint64(s.Subscriptions))
	e.gauge("tincan_retained_messages", "Retained messages.", uint64(s.Retained))
	e.gauge("tincan_retained_bytes", "What retained messages cost, about.", uint64(s.RetainedBytes))
	e.gauge("tincan_queued_bytes", "Bytes that wait for readers.", uint64(s.Queued))

	e.counter("tincan_connects_total", "CONNECTs that were granted.", s.Connects)
	by(e, "tincan_connects_refused_total", "reason", "CONNECTs that were refused, by reason.", s.Refused, nil)
	by(e, "tincan_sessions_ended_total", "cause", "Connections that ended, by cause.", s.Ended, endCauses)
	e.counter("tincan_sessions_expired_total", "Sessions whose client did not come back in time.", s.Expired)
	by(e, "tincan_subscriptions_refused_total", "reason", "Topic filters that were refused, by reason.", s.Filters, nil)
	by(e, "tincan_publishes_denied_total", "reason", "Publishes that were refused, by reason.", s.Denied, nil)
	by(e, "tincan_messages_dropped_total", "reason", "Messages that did not reach a reader, by reason.", s.Dropped, dropReasons)
	e.counter("tincan_publishes_received_total", "Publishes received.", s.Received)
	e.counter("tincan_publishes_received_bytes_total", "Payloads of publishes received.", s.ReceivedBytes)
	e.counter("tincan_publishes_sent_total", "Publishes queued for readers.", s.Sent)
	e.counter("tincan_publishes_sent_bytes_total", "Payloads of publishes queued for readers.", s.SentBytes)
	e.counter("tincan_packets_received_total", "MQTT packets received.", s.PacketsReceived)
	e.counter("tincan_packets_sent_total", "MQTT packets sent.", s.PacketsSent)
	e.counter("tincan_received_bytes_total", "Bytes of MQTT packets received.", s.BytesReceived)
	e.counter("tincan_sent_bytes_total", "Bytes of MQTT packets sent.", s.BytesSent)
	e.counter("tincan_panics_total", "Bugs, each contained to one session.", s.Panics)
}

func (e *exposition) chat(s bridge.Stats, disk uint64) {
	e.gauge("tincan_rooms", "Rooms that are open.", uint64(s.Rooms))
	e.gauge("tincan_members", "Members that are connected.", uint64(s.Members))
	e.gauge("tincan_messages_stored", "Messages ever stored in the rooms that there are.", s.Messages)
	e.gauge("tincan_disk_bytes", "Size of the data folder.", disk)
}

func (e *exposition) files(s files.Stats) {
	e.gauge("tincan_files", "Different contents of files that are kept.", uint64(s.Files))
	e.gauge("tincan_files_bytes", "Their size.", uint64(s.Bytes))
	e.gauge("tincan_uploads_unfinished", "Uploads that are not whole.", uint64(s.Parts))
	e.gauge("tincan_uploads_unfinished_bytes", "What has come of them.", uint64(s.PartBytes))
	e.counter("tincan_uploads_total", "Uploads that became whole.", s.Uploads)
	e.counter("tincan_uploads_bytes_total", "Bytes of uploads that came to the disk.", s.UploadBytes)
	e.counter("tincan_uploads_refused_total", "Uploads refused for want of space.", s.RefusedSpace)
	e.counter("tincan_downloads_total", "Downloads of files or parts of them.", s.Downloads)
	e.counter("tincan_downloads_bytes_total", "Bytes of downloads.", s.SentBytes)
}

func (e *exposition) process(began time.Time) {
	if resident, descriptors, ok := processUse(); ok {
		e.gauge("process_resident_memory_bytes", "Resident memory.", resident)
		e.gauge("process_open_fds", "Open file descriptors.", descriptors)
	}
	e.gauge("process_start_time_seconds", "When tincan was started, in seconds since 1970.", uint64(began.Unix()))
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	e.gauge("go_goroutines", "Goroutines.", uint64(runtime.NumGoroutine()))
	e.gauge("go_memstats_heap_alloc_bytes", "Bytes of the heap in use.", mem.HeapAlloc)
	e.counter("go_memstats_mallocs_total", "Objects allocated on the heap.", int64(mem.Mallocs))
	e.counter("go_gc_cycles_total", "Garbage collections.", int64(mem.NumGC))
}

// diskBytes is what the files in the data folder itself take together; there are few. Folders count themselves what is in them.
func diskBytes(folder string) (n uint64) {
	files, err := os.ReadDir(folder)
	if err != nil {
		return 0
	}
	for _, f := range files {
		if info, err := os.Stat(filepath.Join(folder, f.Name())); err == nil && info.Mode().IsRegular() {
			n += uint64(info.Size())
		}
	}
	return n
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
