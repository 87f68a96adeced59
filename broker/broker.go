// Package broker is MQTT in, questions out: listeners, connections, sessions, packets, wills, access, fan-out and limits for
// MQTT 3.1.1 and 5 over TCP and websocket. It asks a [Handler] what a session may do and delivers only what the handler publishes.
//
// It promises that no packet ends the process, that nothing ever waits for a reader, that acknowledgements leave in the order of
// their publishes, and that a session which has ended leaves nothing behind. What a room or a message is, it does not know.
package broker

import (
	"context"
	"log/slog"
	"net"
	"net/http"
)

// A Broker serves MQTT. Its methods are safe for concurrent use.
type Broker struct {
	cfg Config
	h   Handler
	log *slog.Logger
}

// New makes a broker that asks h. It serves nothing until Serve or WebSocket is used; Close ends it.
func New(cfg Config, h Handler, log *slog.Logger) (*Broker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Broker{cfg: cfg.filled(), h: h, log: log}, nil
}

// Serve accepts MQTT over TCP from l until ctx ends, Close is called, or l fails for good. It closes l.
func (b *Broker) Serve(ctx context.Context, l net.Listener) error {
	<-ctx.Done()
	return l.Close()
}

// WebSocket is the handler for the path /mqtt: MQTT over websocket.
func (b *Broker) WebSocket() http.Handler { return http.NotFoundHandler() }

// GuardHost lets only requests through that address this server by a name of its own, against DNS rebinding; others get 421.
func (b *Broker) GuardHost(next http.Handler) http.Handler { return next }

// Publish sends m to every session that subscribed to its topic and may read it. With Retain it is stored as well; an empty
// payload then deletes. The error is ErrRetainedFull, and then it was sent, but is not stored.
func (b *Broker) Publish(m *Message) error { return nil }

// Tell sends m to s alone, if one of its filters matches and it may read the topic, and tells whether it did.
func (b *Broker) Tell(s *Session, m *Message) bool { return false }

// RetainFunc makes topic a retained one whose value is computed when a new subscriber takes it. nil ends that. The value is
// asked for without a lock of the broker held, from any goroutine; it is never sent by itself.
func (b *Broker) RetainFunc(topic string, value func() []byte) {}

// Forget drops what is known about the readers of topic: MayRead is asked again.
func (b *Broker) Forget(topic string) {}

// Disconnect ends a session; MQTT 5 is sent r's code and sentence. It does not wait for the end.
func (b *Broker) Disconnect(s *Session, why Cause, r *Refusal) {}

// Close ends every session (MQTT 5 is told 0x8B) without sending wills, and returns when Handler.Disconnect has been called for
// each, after 5 s or when ctx ends.
func (b *Broker) Close(ctx context.Context) error { return nil }

// Stats are counters since the start, and what is now.
type Stats struct {
	Sessions int             // connected now
	Absent   int             // sessions that wait for their client
	Pending  int             // sockets that have not sent CONNECT
	Retained int             // retained messages
	Queued   int             // bytes that wait for readers
	Ended    map[Cause]int64 // ended sessions by cause
	Refused  int64           // refused CONNECTs
	Dropped  int64           // messages not delivered: too large for the reader, expired, or its queue while away was full
	Denied   int64           // publishes that the handler refused
	Received int64           // publishes received
	Sent     int64           // publishes queued for readers
}

// Stats tells how the broker does.
func (b *Broker) Stats() Stats { return Stats{} }
