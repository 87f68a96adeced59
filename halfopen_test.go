package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// TestHalfAPacketIsNoSignOfLife: a writer that stops in the middle of a packet is gone one and a half times its keepalive after its
// last whole packet (MQTT 5 [MQTT-3.1.2-22] counts packets), also when it lets single bytes drip.
func TestHalfAPacketIsNoSignOfLife(t *testing.T) {
	t.Parallel()
	everyWay(t, func(t *testing.T, l line) {
		w := watch(t, l.s)
		stops, drips := l.join(t, "stops"), l.join(t, "drips")
		w.wantHere("drips", "stops")
		before := time.Now()
		for _, c := range []*mqtttest.Client{stops, drips} {
			c.Publish("chat/room/lobby/say", "whole")
		}
		after := time.Now()
		packet := stops.PublishPacket(mqtttest.Pub{Topic: "chat/room/lobby/say", Payload: strings.Repeat("x", 4000)}, 0)
		stops.Send(packet[:100])
		drips.Send(packet[:100])
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			for _, b := range packet[100:] {
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Millisecond):
					drips.Send([]byte{b})
				}
			}
		}()
		gone := w.wantHere()
		if gone.Before(before.Add(silence)) || gone.After(after.Add(silence+patience/2)) {
			t.Errorf("both were gone %v after their last whole packet, want %v", gone.Sub(before), silence)
		}
		for _, c := range []*mqtttest.Client{stops, drips} {
			if p := c.WantEnd(); l.version == 5 && p.Code != 0x8D {
				t.Errorf("told was %#x, want 0x8d", p.Code)
			}
		}
		w.wantOffline("stops")
		w.wantOffline("drips")
		t.Logf("gone %v after the last packet", gone.Sub(before).Round(time.Millisecond))
	})
}

// TestAReaderThatStopsIsCutAlone: whoever pings and does not read is cut when more than its share waits for it. The others miss
// nothing, and the publisher is not held up.
func TestAReaderThatStopsIsCutAlone(t *testing.T) {
	t.Parallel()
	everyWay(t, func(t *testing.T, l line) {
		w := watch(t, l.s)
		ada := l.join(t, "ada")
		ada.Subscribe("bulk")
		bob := mqtttest.Dial(t, l.s.mqtt, mqtttest.Options{Name: "bob"})
		zoe := mqtttest.Dial(t, "ws://"+l.s.http+"/mqtt", mqtttest.Options{Name: "zoe"})
		zoe.Subscribe("bulk")
		w.wantHere("ada")
		l.cable.Hold(mqtttest.Down) // she reads no more
		stop := keepPinging(ada)
		defer stop()

		text := strings.Repeat("x", 60_000)
		slow := regexp.MustCompile("cut a session.*name=ada .*reason=slow")
		n, worst := 0, time.Duration(0)
		for late := time.Now().Add(patience); !slow.MatchString(l.s.err.String()); n++ {
			if time.Now().After(late) {
				t.Fatalf("after %d messages she is not cut", n)
			}
			began := time.Now()
			bob.Publish("bulk", fmt.Sprint(n, " ", text))
			worst = max(worst, time.Since(began))
			if p := zoe.WantMessage("bulk"); !strings.HasPrefix(string(p.Payload), fmt.Sprint(n, " ")) { // and is not behind herself
				t.Fatalf("zoe heard %.10q, want %d", p.Payload, n)
			}
		}
		w.wantHere()
		w.wantOffline("ada")
		w.WantMessage("wills/ada")
		t.Logf("cut after %d messages; the publisher waited for %v at most", n, worst.Round(time.Millisecond))
	})
}

// keepPinging sends PINGREQ four times in a keepalive, until stop is called.
func keepPinging(c *mqtttest.Client) (stop func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(keepalive * time.Second / 4)
		defer t.Stop()
		for {
			select {
			case <-over:
				return
			case <-t.C:
				c.Send([]byte{mqtttest.Pingreq << 4, 0})
			}
		}
	}()
	return func() { close(over); <-ended }
}
