package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tincan/broker/mqtttest"
)

// cut ends the connection that a soaker has, so that it does not wait for anything any more.
func (k *soaker) cut() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now != nil {
		k.now.Cut()
	}
}

// wantIn connects a soaker when the soak is over: nothing that it has done keeps it out, and nothing is left of its sessions.
func (w *soak) wantIn(k *soaker) *visit {
	w.t.Helper()
	v := k.connect(mqtttest.Options{Name: k.name, ID: k.name + "-1", Secret: "secret of " + k.name})
	if v == nil {
		w.t.Fatalf("%s cannot come", k.name)
	}
	return v
}

// flush lets everybody say what was not acknowledged and take away what is retained. What was left open has been taken over then.
func (w *soak) flush() {
	w.t.Helper()
	for _, k := range w.all {
		v := w.wantIn(k)
		v.resend()
		for _, room := range soakRooms {
			for value := range 3 {
				v.forget(fmt.Sprintf("chat/room/%s/state/me/%d", room, value))
			}
		}
		v.forget("soak/" + k.name + "/kept")
		if !v.settle(0) {
			w.t.Fatalf("%s cannot say what is left: %v", k.name, v.c.Unread())
		}
		v.c.Disconnect()
		for _, old := range k.left {
			if old.deaf {
				old.c.Cut()
			} else if _, err := old.c.AwaitEnd(); err == mqtttest.ErrLate {
				w.t.Fatalf("%s was not taken over", k.name)
			}
		}
	}
}

// forget deletes what is retained on a topic.
func (v *visit) forget(topic string) {
	id := v.k.id()
	v.k.mu.Lock()
	v.under[id] = noLine
	v.k.mu.Unlock()
	v.publish(mqtttest.Pub{Topic: topic, Retain: true, QoS: 1}, id)
}

// wantRosters lets everybody join one room, and wants that all see it, and that they see it end.
func (w *soak) wantRosters() {
	w.t.Helper()
	in := map[string][]string{}
	var visits []*visit
	for i, k := range w.all {
		room := soakRooms[i%len(soakRooms)]
		in[room] = append(in[room], k.name)
		v := w.wantIn(k)
		v.subscribe(0, "chat/room/"+room+"/messages")
		visits = append(visits, v)
	}
	for _, room := range soakRooms {
		w.wantHere(room, in[room]...)
	}
	for i, v := range visits {
		if i%2 == 0 {
			v.c.Cut()
		} else {
			v.c.Disconnect()
		}
	}
	for _, room := range soakRooms {
		w.wantHere(room)
	}
}

// wantNobody wants that presences say so who has gone.
func (w *soak) wantNobody() {
	w.t.Helper()
	guest := mqtttest.Dial(w.t, w.s.mqtt, mqtttest.Options{})
	defer guest.Disconnect()
	guest.Subscribe("chat/user/+/presence")
	want := map[string]string{guest.Connack.Props.Get("name"): "online"}
	for i := range w.observers {
		want[fmt.Sprintf(observerName, i)] = "online"
	}
	for _, k := range w.all {
		want[k.name] = "offline"
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		p := guest.WantMessage("chat/user/" + name + "/presence")
		if !strings.Contains(string(p.Payload), `"state":"`+want[name]+`"`) {
			w.t.Errorf("%s is %s and says %s", name, want[name], p.Payload)
		}
	}
	guest.Ping()
	if more := guest.Take(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Publish }); len(more) > 0 {
		w.t.Errorf("others are present, too: %v", more)
	}
}

// wantHistory reads all logs, and wants that each has what was said and acknowledged, once, numbered without a gap, in the order of who
// said it, and as everybody was shown it.
func (w *soak) wantHistory() {
	w.t.Helper()
	by := map[string]*soaker{}
	for _, k := range w.all {
		by[k.name] = k
	}
	for i, k := range w.all {
		c := mqtttest.Dial(w.t, w.s.mqtt, mqtttest.Options{Name: k.name, Secret: "secret of " + k.name})
		c.Subscribe("chat/user/me/inbox")
		if i%2 == 0 {
			w.wantLog(c, "chat/user/"+k.friend+"/history", "", by)
		}
		if i < len(soakRooms) {
			w.wantLog(c, "chat/room/"+soakRooms[i]+"/history", soakRooms[i], by)
		}
		c.Disconnect()
	}
	acked, kept := 0, 0
	for _, k := range w.all {
		for n, e := range k.lines {
			if e.acked {
				acked++
			}
			if e.kept {
				kept++
			} else if e.acked {
				w.fault("line %d of %s to %s was acknowledged and is not kept", n, k.name, e.log)
			}
		}
	}
	w.t.Logf("%d lines acknowledged, %d kept", acked, kept)
}

// wantLog reads one log. room is empty when it is that of two.
func (w *soak) wantLog(c *mqtttest.Client, topic, room string, by map[string]*soaker) {
	w.t.Helper()
	seq, last := uint64(0), map[string]int{}
	eachMessage(w.t, c, topic, func(m said) {
		if seq++; m.Seq != seq {
			w.t.Fatalf("%s: number %d comes after %d", topic, m.Seq, seq-1)
		}
		if room != "" {
			w.show(room, m)
		}
		k := by[m.From]
		if k == nil { // an observer
			return
		}
		var n int
		if _, err := fmt.Sscanf(m.ID, k.name+"-%d", &n); err != nil || n >= len(k.lines) {
			w.t.Fatalf("%s: nobody said %+v", topic, m)
		}
		e := &k.lines[n]
		if room != "" && e.log != room || room == "" && e.log != k.friend || !strings.Contains(m.Text, k.text(n)) || e.kept {
			w.fault("%s: %+v is kept twice, or elsewhere than it was said", topic, m)
		}
		if e.kept = true; n < last[k.name] && !e.late {
			w.fault("%s: line %d of %s comes after its line %d", topic, n, k.name, last[k.name])
		}
		last[k.name] = max(last[k.name], n)
	})
}

// wantFigures wants that nothing is left of those who went.
func (w *soak) wantFigures() {
	w.t.Helper()
	retained := len(w.all) + len(w.observers) + len([]string{"chat/server/rooms", "chat/server/status"})
	for late := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		now := scrape(w.t, w.metrics)
		var wrong []string
		for name, want := range map[string]int{
			"tincan_sessions": len(w.observers), "tincan_sessions_absent": 0, "tincan_connections_pending": 0,
			"tincan_subscriptions": len(w.observers) * 3 * len(soakRooms), "tincan_queued_bytes": 0, "tincan_retained_messages": retained,
		} {
			if now[name] != want {
				wrong = append(wrong, fmt.Sprintf("%s is %d, want %d", name, now[name], want))
			}
		}
		for name, more := range map[string]int{"go_goroutines": moreGoroutines, "process_resident_memory_bytes": moreMemory} {
			if now[name] > w.before[name]+more {
				wrong = append(wrong, fmt.Sprintf("%s is %d, and was %d before members came", name, now[name], w.before[name]))
			}
		}
		if len(wrong) == 0 {
			w.t.Logf("goroutines %d before, %d after; MiB %d, %d", w.before["go_goroutines"], now["go_goroutines"],
				w.before["process_resident_memory_bytes"]>>20, now["process_resident_memory_bytes"]>>20)
			return
		}
		if time.Now().After(late) {
			w.t.Fatal(strings.Join(wrong, "\n"))
		}
	}
}

// report tells what has happened.
func (w *soak) report() {
	w.mu.Lock()
	defer w.mu.Unlock()
	var did []string
	for _, what := range slices.Sorted(maps.Keys(w.did)) {
		did = append(did, fmt.Sprintf("%s: %d", what, w.did[what]))
	}
	w.t.Log(strings.Join(did, "\n"))
}
