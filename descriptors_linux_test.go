package main

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// TestCrowdWithoutDescriptors gives a tincan 64 open files and sends it a crowd of 200 that connects again and again. Those inside talk
// on, what they say is stored, the server neither spins nor fills its log, and when the crowd has gone everybody can come.
func TestCrowdWithoutDescriptors(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes time of its own: make floods")
	}
	cmd := exec.Command("sh", append([]string{"-c", `ulimit -n 64; exec "$0" "$@"`, binary}, local(t.TempDir())...)...)
	s := launch(t, cmd)
	s.wantReady()
	h := joinHonest(t, s)
	calm := h.calm()
	const crowd, crowdTime = 200, 3 * time.Second
	lines, cpu := strings.Count(s.err.String(), "\n"), s.cpu()
	over := make(chan struct{})
	var came, tried atomic.Int64
	var members sync.WaitGroup
	under, trouble := h.during(func() {
		for i := range crowd {
			members.Go(func() {
				for {
					name := fmt.Sprintf("crowd-%d", i)
					c, err := mqtttest.Reach([]string{s.mqtt, s.mqtt, "ws://" + s.http + "/mqtt"}[i%3], mqtttest.Options{ID: name, Name: name})
					tried.Add(1)
					if err == nil {
						_ = c.Send(mqtttest.ConnectPacket(mqtttest.Options{ID: name, Name: name})) // its end shows
						answered := make(chan bool, 1)
						go func() {
							_, err := c.Await(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Connack })
							answered <- err == nil
						}()
						select {
						case ok := <-answered:
							if ok {
								came.Add(1)
							}
						case <-over:
						}
					}
					select {
					case <-over:
						if c != nil {
							c.Cut()
						}
						return
					case <-time.After(200 * time.Millisecond):
						if c != nil {
							c.Cut()
						}
					}
				}
			})
		}
		time.Sleep(crowdTime)
		close(over)
	})
	cpu = s.cpu() - cpu
	members.Wait()
	began := time.Now()
	for late := began.Add(patience); ; time.Sleep(20 * time.Millisecond) {
		c, err := mqtttest.Attempt(s.mqtt, mqtttest.Options{ID: "after", Name: "after"})
		if err == nil {
			ok := c.Connack.Code == 0
			c.Cut()
			if ok {
				break
			}
		}
		if time.Now().After(late) {
			t.Fatal("nobody is let in when the crowd has gone")
		}
	}
	lines = strings.Count(s.err.String(), "\n") - lines
	t.Logf("%d came in %d tries; honest members waited (p99/worst ms) %s before, %s meanwhile; %v of CPU in %v, %d log lines; somebody came %v after",
		came.Load(), tried.Load(), calm, under, cpu, crowdTime, lines, time.Since(began))
	if wrong := trouble + under.tooLong(calm); wrong != "" {
		t.Error(wrong)
	}
	if cpu > crowdTime/2 {
		t.Errorf("it used %v of CPU in %v", cpu, crowdTime)
	}
	if lines > fewLines {
		t.Errorf("%d log lines", lines)
	}
	if strings.Contains(s.err.String(), "cannot accept connections") {
		t.Error("it ran out of descriptors: it must have some to spare, with which to refuse")
	}
	if strings.Contains(s.err.String(), "nothing is stored") || strings.Contains(s.err.String(), "level=ERROR") {
		t.Error("it could not store")
	}
}
