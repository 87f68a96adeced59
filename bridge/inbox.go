package bridge

import (
	"encoding/json"
	"time"

	"tincan/broker"
)

// Types of what comes on an inbox.
const (
	inboxMessage = "message"
	inboxHistory = "history"
	inboxSearch  = "search"
	inboxMembers = "members"
	inboxRead    = "read"
	inboxMarks   = "marks"
	inboxCounts  = "counts"
	inboxError   = "error"
	inboxAdmin   = "admin"
	inboxAccount = "account"
	inboxHost    = "host"
	inboxDevice  = "device"
	inboxAct     = "act"
	inboxRooms   = "rooms"
)

// fastWait is how late a publish at QoS 0 that came too fast is answered.
const fastWait = 100 * time.Millisecond

// An errorNote tells a session why something that it published was refused, where the acknowledgement could not.
type errorNote struct {
	Type    string `json:"type"`
	Code    string `json:"code"` // the key of the refusal
	Topic   string `json:"topic"`
	Room    string `json:"room,omitempty"`
	ID      string `json:"id,omitempty"`
	Request string `json:"request,omitempty"`
	Until   string `json:"until,omitempty"` // when the same may be taken
	Text    string `json:"text"`

	With map[string]string `json:"with,omitempty"` // what the sentence speaks of
}

// A readNote tells how far the member has read in a room, or of what another wrote, and how many messages are after that.
type readNote struct {
	Type   string `json:"type"`
	Room   string `json:"room,omitempty"`
	With   string `json:"with,omitempty"`
	Seq    uint64 `json:"seq"`
	Unread int    `json:"unread"`
}

// A directNote brings a direct message.
type directNote struct {
	Type    string          `json:"type"`
	Message json.RawMessage `json:"message"`
}

// answer tells one session something on its inbox, or on the response topic of its request.
func (b *Bridge) answer(st *seat, to *broker.Message, payload []byte) {
	topic := topicInbox(st.name())
	if to != nil && to.Response != "" {
		topic = to.Response
	}
	m := &broker.Message{Topic: topic, Payload: payload, ContentType: "application/json", Pulled: true}
	if to != nil {
		m.Correlation = to.Correlation
	}
	b.br.Tell(st.session, m)
}

// refused acknowledges a publish as refused, and tells the session on its inbox where the acknowledgement cannot say why.
func (b *Bridge) refused(st *seat, t topic, m *broker.Message, no *broker.Refusal, ack func(broker.Ack)) {
	if !m.Will && (m.QoS == 0 || st.session.Version() < 5) {
		note := errorNote{Type: inboxError, Code: no.Key, Topic: m.Topic, Room: t.room, Until: prop(no.With, "until"), Text: no.Tell, ID: prop(m.User, "id")}
		note.With = valuesOf(no)
		if o, ok := object(m.Payload); ok {
			note.ID, note.Request = stringField(o, "id", note.ID), stringField(o, "request", "")
		}
		var to *broker.Message // a refused request is answered like any other
		if t.isRequest() {
			to = m
		}
		b.answer(st, to, encode(note))
	}
	if m.QoS == 0 && !m.Will && no.Key == keyTooFast {
		late(ack, no)
		return
	}
	ack(broker.Ack{Refusal: no})
}

// valuesOf are what a refusal speaks of, but for the time, which has a field of its own.
func valuesOf(no *broker.Refusal) map[string]string {
	values := map[string]string{}
	for _, p := range no.With {
		if p.Key != "until" {
			values[p.Key] = p.Value
		}
	}
	return values
}

// late answers a publish at QoS 0 that came too fast. The member sees nothing of it, but is read from more slowly: to read as much as
// it can send would keep the others waiting.
func late(ack func(broker.Ack), no *broker.Refusal) {
	time.AfterFunc(fastWait, func() { ack(broker.Ack{Refusal: no}) })
}

func stringField(o map[string]json.RawMessage, key, otherwise string) string {
	var s string
	if json.Unmarshal(o[key], &s) != nil || len(s) > 4*maxID {
		return otherwise
	}
	return s
}
