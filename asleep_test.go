package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// free is a server without a limit of messages, with its figures at metrics.
var free = []string{"--set", "limits.messages_per_second=0", "--set", "metrics=127.0.0.1:0"}

// sleepers are the ways in which a device asks for a session that waits for it.
var sleepers = map[string]mqtttest.Options{
	"3.1.1":             {Version: 4, Name: "lamp", ID: "lamp-1", Keep: true},
	"3.1.1 with secret": {Version: 4, Name: "lamp", ID: "lamp-1", Secret: "glow worm", Keep: true},
	"5":                 {Name: "lamp", ID: "lamp-1", Secret: "glow worm", Keep: true, Expiry: 3600},
}

// TestASleeperGetsEveryAcknowledgedCommand kills the server again and again while commands are published to a device that is away. In
// the end it gets each that was acknowledged, in order.
func TestASleeperGetsEveryAcknowledgedCommand(t *testing.T) {
	t.Parallel()
	for name, options := range sleepers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const lives, topic = 3, "house/lamp/set"
			data := t.TempDir()
			s := startServer(t, data, free...)
			lamp := mqtttest.Dial(t, s.mqtt, options)
			if codes := lamp.SubscribeOpt(1, "house/lamp/#"); codes[0] != 1 {
				t.Fatalf("SUBACK %v", codes)
			}
			lamp.Cut()
			acked := 0 // the last command that was acknowledged
			for life := range lives {
				if life > 0 {
					s = startServer(t, data, free...)
				}
				acked = sendCommands(t, s, topic, acked, 20+rand.IntN(50))
			}
			s = startServer(t, data, free...)
			lamp = mqtttest.Dial(t, s.mqtt, options)
			if !lamp.Connack.Present {
				t.Fatal("the session is lost")
			}
			ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
			ada.Publish(topic, "0")
			lamp.Want("the last command", func(p mqtttest.Packet) bool { return string(p.Payload) == "0" })
			next := 1
			for _, p := range lamp.Take(func(p mqtttest.Packet) bool { return p.Topic == topic }) {
				var n int
				if _, err := fmt.Sscan(string(p.Payload), &n); err != nil || n > next {
					t.Fatalf("command %q comes where %d should", p.Payload, next)
				}
				next = max(next, n+1) // those that were not acknowledged may come twice
			}
			if next <= acked {
				t.Errorf("%d commands were acknowledged, and %d have come", acked, next-1)
			}
			t.Logf("%d commands acknowledged, %d came", acked, next-1)
		})
	}
}

// sendCommands publishes numbered commands, 16 at a time, from after the last that was acknowledged, kills the server when enough more are
// acknowledged, and returns the last that was.
func sendCommands(t *testing.T, s *server, topic string, acked, enough int) int {
	t.Helper()
	acks := make(chan uint16, 1000)
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Hear: func(p mqtttest.Packet) bool {
		if p.Type == mqtttest.Puback {
			acks <- p.ID
		}
		return p.Type == mqtttest.Puback
	}})
	first, sent := acked, acked
	late := time.After(patience)
	for acked < first+enough {
		for ; sent < acked+16; sent++ {
			ada.Go(mqtttest.Pub{Topic: topic, Payload: itoa(sent + 1), QoS: 1})
		}
		select {
		case <-acks: // they come in order
			acked++
		case <-late:
			t.Fatalf("%d acknowledgements in %v", acked-first, patience)
		}
	}
	s.kill()
	ada.WantEnd()
	return acked + len(acks)
}

func TestTheInboxOfASleeperIsKept(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startServer(t, data)
	options := sleepers["3.1.1 with secret"]
	lamp := mqtttest.Dial(t, s.mqtt, options)
	lamp.SubscribeOpt(1, "chat/user/me/inbox", "chat/room/lobby/messages")
	lamp.Cut()
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "hers"})
	gone(t, ada, "lamp")
	for _, text := range []string{"on", "off"} {
		if p := ada.Publish("chat/user/lamp/say", text); p.Code != 0 {
			t.Fatalf("refused: %#x %q", p.Code, p.Props.Reason)
		}
		ada.Publish("chat/room/lobby/say", "not queued: history has it")
	}
	s.kill()
	s = startServer(t, data)
	lamp = mqtttest.Dial(t, s.mqtt, options)
	for _, text := range []string{"on", "off"} {
		p := lamp.Want("a message", func(p mqtttest.Packet) bool { return p.Type == mqtttest.Publish })
		if p.Topic != "chat/user/me/inbox" || !strings.Contains(string(p.Payload), `"text":"`+text+`"`) {
			t.Errorf("%s %s", p.Topic, p.Payload)
		}
	}
	lamp.Ping()
	if more := lamp.Take(func(p mqtttest.Packet) bool {
		return p.Type == mqtttest.Publish && !strings.HasSuffix(p.Topic, "/presence")
	}); len(more) > 0 {
		t.Errorf("also came %v", more)
	}
}

// gone waits until a member is not connected any more.
func gone(t *testing.T, c *mqtttest.Client, name string) {
	t.Helper()
	topic := "chat/user/" + name + "/presence"
	c.Subscribe(topic)
	c.Want(name+" offline", func(p mqtttest.Packet) bool {
		return p.Topic == topic && strings.Contains(string(p.Payload), `"offline"`)
	})
}

func TestOrdinaryRetainedMessagesAreKept(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startServer(t, data)
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
	for _, p := range []mqtttest.Pub{
		{Topic: "house/lamp", Payload: "on", QoS: 1, ContentType: "text/plain", User: []mqtttest.Prop{{Key: "by", Value: "ada"}}},
		{Topic: "house/door", Payload: "shut", QoS: 2},
		{Topic: "house/gone", Payload: "x", QoS: 1},
		{Topic: "house/gone", QoS: 1},
	} {
		p.Retain = true
		if a := ada.Do(p); a.Code != 0 {
			t.Fatalf("%s: %#x", p.Topic, a.Code)
		}
	}
	s.kill()
	s = startServer(t, data)
	ada = mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
	ada.Subscribe("house/#")
	if p := ada.WantMessage("house/lamp"); string(p.Payload) != "on" || !p.Retain() || p.Props.ContentType != "text/plain" || !slices.Equal(p.Props.User, []mqtttest.Prop{{Key: "by", Value: "ada"}}) {
		t.Errorf("got %v", p)
	}
	ada.WantMessage("house/door")
	ada.Ping()
	if more := ada.Take(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Publish }); len(more) > 0 {
		t.Errorf("also came %v", more)
	}
	ada.Go(mqtttest.Pub{Topic: "house/sensor", Payload: "21", Retain: true}) // QoS 0: a clean stop keeps it
	ada.Ping()
	s.stop(os.Interrupt)
	s = startServer(t, data)
	ada = mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
	ada.Subscribe("house/sensor")
	ada.WantMessage("house/sensor")
}

// A session expiry goes on over a restart, without the time that the server was off.
func TestSessionExpiryGoesOnOverARestart(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startServer(t, data, free...)
	for id, seconds := range map[string]uint32{"short": 8, "long": 3600} {
		c := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: id, ID: id, Keep: true, Expiry: seconds})
		c.SubscribeOpt(1, "house/"+id)
		c.Disconnect()
	}
	s.wantFigure("tincan_sessions_absent", 2)
	s.stop(os.Interrupt)
	s = startServer(t, data, free...)
	s.wantFigure("tincan_sessions_absent", 2)
	s.wantFigure("tincan_sessions_absent", 1)
	if c := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "short", ID: "short", Keep: true, Expiry: 3}); c.Connack.Present {
		t.Error("the short one is there yet")
	}
	if c := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "long", ID: "long", Keep: true, Expiry: 3600}); !c.Connack.Present {
		t.Error("the long one is lost")
	}
}

// wantFigure waits until a figure of /metrics has a value.
func (s *server) wantFigure(name string, n int) {
	s.t.Helper()
	address := s.err.want(s.t, regexp.MustCompile(`msg=ready .*metrics=(\S+)`), s.ended)[1]
	line := fmt.Sprintf("\n%s %d\n", name, n)
	for late := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		res, err := http.Get("http://" + address + "/metrics")
		if err != nil {
			s.t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			s.t.Fatal(err)
		}
		if strings.Contains(string(text), line) {
			return
		}
		if time.Now().After(late) {
			s.t.Fatalf("%s is not %d: %s", name, n, regexp.MustCompile(name+".*").FindString(string(text)))
		}
	}
}

// A foreign client finds its session after the server was killed.
func TestMosquittoSubFindsItsSessionAgain(t *testing.T) {
	t.Parallel()
	sub := wantProgram(t, "mosquitto_sub")
	data := t.TempDir()
	s := startServer(t, data)
	listen := func(s *server, more ...string) *server {
		port := s.mqtt[strings.LastIndex(s.mqtt, ":")+1:]
		return launch(t, exec.Command(sub, append([]string{"-h", "127.0.0.1", "-p", port, "-c", "-i", "lamp-1", "-u", "lamp", "-q", "1", "-t", "house/lamp"}, more...)...))
	}
	listen(s, "-E").wantExit(0)
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
	gone(t, ada, "lamp")
	for _, text := range []string{"one", "two"} {
		if p := ada.Publish("house/lamp", text); p.Code != 0 {
			t.Fatalf("refused: %#x", p.Code)
		}
	}
	s.kill()
	l := listen(startServer(t, data), "-C", "2")
	l.wantExit(0)
	if got := l.out.String(); got != "one\ntwo\n" {
		t.Errorf("it printed %q", got)
	}
}

// Of what waits the oldest goes, and is counted; the rest is there after a restart.
func TestAThousandCommandsWait(t *testing.T) {
	t.Parallel()
	const most, all = 1000, 1020
	data := t.TempDir()
	s := startServer(t, data, free...)
	options := sleepers["5"]
	options.ReceiveMax = 1000
	lamp := mqtttest.Dial(t, s.mqtt, options)
	lamp.SubscribeOpt(1, "house/lamp")
	lamp.Disconnect()
	s.wantFigure("tincan_sessions_absent", 1)
	sendCommands(t, s, "house/lamp", 0, all)
	s = startServer(t, data, free...)
	lamp = mqtttest.Dial(t, s.mqtt, options)
	first := lamp.WantMessage("house/lamp")
	var n int
	if _, err := fmt.Sscan(string(first.Payload), &n); err != nil || n < all-most+1 || n > all-most+17 {
		t.Errorf("the first is %q", first.Payload)
	}
	for i := n + 1; i <= all; i++ {
		if p := lamp.WantMessage("house/lamp"); string(p.Payload) != itoa(i) {
			t.Fatalf("%q comes where %d should", p.Payload, i)
		}
	}
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
	lamp.Disconnect()
	s.wantFigure("tincan_sessions_absent", 1)
	for range most/16 + 2 {
		for i := range 16 {
			ada.Go(mqtttest.Pub{Topic: "house/lamp", Payload: itoa(i), QoS: 1})
		}
		for range 16 {
			ada.Want("PUBACK", func(p mqtttest.Packet) bool { return p.Type == mqtttest.Puback })
		}
	}
	s.wantFigure(`tincan_messages_dropped_total{reason="away"}`, (most/16+2)*16-most)
}
