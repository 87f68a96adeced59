package main

import (
	"encoding/json"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// A said is a message as members see it.
type said struct {
	Seq  uint64 `json:"seq"`
	ID   string `json:"id"`
	From string `json:"from"`
	Text string `json:"text"`
}

// messagesOf reads a room's whole log as a member does.
func messagesOf(t testing.TB, s *server, room string) (all []said) {
	t.Helper()
	c := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "reader", Secret: "book"})
	defer c.Disconnect()
	c.Subscribe("chat/user/me/inbox")
	eachMessage(t, c, "chat/room/"+room+"/history", func(m said) { all = append(all, m) })
	return all
}

// eachMessage reads a log, page by page, as a member who reads its inbox. topic is where its history is asked for.
func eachMessage(t testing.TB, c *mqtttest.Client, topic string, f func(said)) {
	t.Helper()
	for after, more := uint64(0), true; more; {
		a := c.Publish(topic, `{"after":`+strconv.FormatUint(after, 10)+`,"limit":200}`)
		if a.Code == 0x83 { // too many requests
			time.Sleep(50 * time.Millisecond) // the pace of requests
			continue
		}
		p := c.Want("a history answer", func(p mqtttest.Packet) bool {
			return p.Type == mqtttest.Publish && strings.Contains(string(p.Payload), `"type":"history"`)
		})
		var page struct {
			Messages []said `json:"messages"`
			More     bool   `json:"more"`
		}
		if err := json.Unmarshal(p.Payload, &page); err != nil {
			t.Fatalf("%v: %s", err, p.Payload)
		}
		if more = page.More && len(page.Messages) > 0; len(page.Messages) > 0 {
			after = page.Messages[len(page.Messages)-1].Seq
		}
		for _, m := range page.Messages {
			f(m)
		}
	}
}

func dialHTTP(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

func itoa(n int) string { return strconv.Itoa(n) }
