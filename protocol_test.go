package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"tincan/broker/mqtttest"
)

// TestProtocolPageTellsTheTruth plays the transcripts of docs/protocol.md, from top to bottom, against one tincan.
func TestProtocolPageTellsTheTruth(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	p := &play{t: t, addr: s.mqtt, clients: make(map[string]*mqtttest.Client), acks: make(map[string]mqtttest.Packet)}
	for _, block := range blocks(t, "docs/protocol.md", "mqtt") {
		for line := range strings.Lines(block) {
			p.line(strings.TrimSpace(line))
			if t.Failed() {
				t.Fatalf("in the line %s", line)
			}
		}
	}
}

// A play is what the members of a transcript do.
type play struct {
	t       *testing.T
	addr    string
	clients map[string]*mqtttest.Client // by who
	acks    map[string]mqtttest.Packet  // the last of each
}

// line plays one line: WHO> what a client sends, WHO< what it wants.
func (p *play) line(line string) {
	p.t.Helper()
	who, rest, sends := strings.Cut(line, "> ")
	if !sends || strings.Contains(who, "<") {
		who, rest, _ = strings.Cut(line, "< ")
		sends = false
	}
	word, more, _ := strings.Cut(rest, " ")
	c := p.clients[who]
	switch {
	case sends && word == "CONNECT":
		o := connectOptions(more)
		c = mqtttest.TryDial(p.t, p.addr, o)
		p.clients[who], p.acks[who] = c, c.Connack
	case sends && word == "SUBSCRIBE":
		if codes := c.Subscribe(more); codes[0] >= 0x80 {
			p.t.Errorf("refused with %#x", codes[0])
		}
	case sends && word == "PUBLISH":
		more, atMostOnce := strings.CutPrefix(more, "qos=0 ")
		topic, payload, _ := strings.Cut(more, " ")
		if atMostOnce {
			c.Go(mqtttest.Pub{Topic: topic, Payload: payload})
			break
		}
		p.acks[who] = c.Publish(topic, payload)
	case sends && word == "LOST":
		c.Cut()
	case !sends && (word == "CONNACK" || word == "PUBACK"):
		p.wantAck(p.acks[who], more)
	case !sends:
		p.wantMessage(c, word, more)
	default:
		p.t.Errorf("%q cannot be played", word)
	}
}

// connectOptions reads v=5 user=Ada password=tin; what is not of MQTT is a user property.
func connectOptions(text string) mqtttest.Options {
	var o mqtttest.Options
	for _, f := range strings.Fields(text) {
		key, value, _ := strings.Cut(f, "=")
		switch key {
		case "v":
			o.Version = value[0] - '0'
		case "id":
			o.ID = value
		case "user":
			o.Name = value
		case "password":
			o.Secret = value
		default:
			o.User = append(o.User, mqtttest.Prop{Key: key, Value: value})
		}
	}
	return o
}

// wantAck compares a code and user properties.
func (p *play) wantAck(got mqtttest.Packet, want string) {
	p.t.Helper()
	for i, f := range strings.Fields(want) {
		if i == 0 {
			if code, err := strconv.ParseUint(f, 0, 8); err != nil || got.Code != byte(code) {
				p.t.Errorf("the code is %#x %q, want %s", got.Code, got.Props.Reason, f)
			}
			continue
		}
		key, value, _ := strings.Cut(f, "=")
		if v := got.Props.Get(key); v == "" || value != "…" && v != value {
			p.t.Errorf("%s is %q, want %q", key, v, value)
		}
	}
	if got.Code >= 0x80 && got.Props.Reason == "" {
		p.t.Errorf("%#x comes without a sentence", got.Code)
	}
}

// wantMessage waits for a message that is like want; others on the topic, which came before it, are passed over.
func (p *play) wantMessage(c *mqtttest.Client, topic, want string) {
	p.t.Helper()
	var passed []string
	defer func() {
		if p.t.Failed() {
			p.t.Logf("passed over:\n%s", strings.Join(passed, "\n"))
		}
	}()
	c.Want(fmt.Sprintf("%s %s", topic, want), func(m mqtttest.Packet) bool {
		if m.Type != mqtttest.Publish || m.Topic != topic {
			return false
		}
		passed = append(passed, string(m.Payload))
		return alike(want, string(m.Payload))
	})
}

// alike tells whether two payloads are the same, as JSON if they are that. … is like anything.
func alike(want, got string) bool {
	var w, g any
	if json.Unmarshal([]byte(want), &w) != nil || json.Unmarshal([]byte(got), &g) != nil {
		return want == got
	}
	return alikeValue(w, g)
}

func alikeValue(want, got any) bool {
	switch w := want.(type) {
	case string:
		return w == "…" || w == got
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(w) != len(g) {
			return false
		}
		for k, v := range w {
			if other, ok := g[k]; !ok || !alikeValue(v, other) {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		if !ok || len(w) != len(g) {
			return false
		}
		for i := range w {
			if !alikeValue(w[i], g[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(want, got)
}
