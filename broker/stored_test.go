package broker

import (
	"bytes"
	"testing"
)

// What is decoded is encoded to the same bytes, and nothing makes decoding panic.
func FuzzDecodeStored(f *testing.F) {
	full := &Message{
		Topic: "a/b", Payload: []byte("21.5"), UTF8: true, ContentType: "text/plain", Response: "answers", Correlation: []byte{},
		User: []Prop{{"unit", "°C"}, {"", ""}},
	}
	for _, s := range []*stored{
		{m: &Message{Topic: "a"}},
		{m: full, qos: 1, retain: true, expiry: 7},
		{m: full, qos: 2, id: 65535, sent: true, spelled: "chat/user/me/inbox", subIDs: []uint32{1, 268435455}},
		{m: &Message{Topic: "a"}, qos: 2, id: 1, sent: true, received: true},
	} {
		f.Add(encodeStored(s))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		s, err := decodeStored(value)
		if err != nil {
			return
		}
		if again := encodeStored(s); !bytes.Equal(again, value) {
			t.Errorf("% x is encoded as % x", value, again)
		}
	})
}

func FuzzDecodeRecord(f *testing.F) {
	for _, r := range []*sessionRecord{
		{},
		{ident: identity{"kabc", "lamp"}, holder: "r5", live: true, expiry: 604800, subs: []*subscription{
			{filter: "a/+", topic: "a/+", qos: 2, noLocal: true, asPublished: true, retainHandling: 2, subID: 268435455},
			{filter: "$share/g/#", group: "g", topic: "#", qos: 1},
			{filter: "chat/user/me/inbox", topic: "chat/user/ada/inbox", level: 2, as: "me", qos: 1},
		}},
	} {
		f.Add(encodeRecord(r))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		r, err := decodeRecord(value)
		if err != nil {
			return
		}
		if again := encodeRecord(r); !bytes.Equal(again, value) {
			t.Errorf("% x is encoded as % x", value, again)
		}
	})
}
