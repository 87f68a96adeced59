package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// plain is a topic that is nothing special to any of the brokers, as long as that of a room's messages.
const plain = "hall/room/lobby/messages"

// A stage is a server with a crowd that hears and one who speaks.
type stage struct {
	*server
	crowd   *crowd
	speaker *client
	topic   string
	payload []byte
	qos     byte // of the speaker

	sent int64 // messages so far

	// For each round: microseconds of CPU time, and objects allocated (only on tincan), for a delivery.
	paced, full, mallocs []float64
}

// newStage gathers the crowd of a stage. s is nil for a broker that is not installed; then there is no stage.
func newStage(ctx context.Context, s *server, g gathering, topic string, payload []byte, qos byte) (*stage, error) {
	if s == nil {
		return nil, nil
	}
	if g.addr = s.mqtt; g.ws {
		g.addr = s.http
	}
	c, err := gather(ctx, g)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	st := &stage{server: s, crowd: c, topic: topic, payload: payload, qos: qos}
	if st.speaker, err = dial(ctx, s.mqtt, g.names+"speaker"); err != nil {
		c.close()
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	st.speaker.deaf()
	return st, nil
}

// close lets everybody go.
func (st *stage) close() {
	if st != nil {
		st.speaker.close()
		st.crowd.close()
	}
}

// say publishes n messages in one write.
func (st *stage) say(n int) error {
	st.sent += int64(n)
	_, err := st.speaker.conn.Write(st.speaker.publishes(n, st.qos, st.topic, st.payload))
	return err
}

// heard waits until all but the last behind messages have come to everybody.
func (st *stage) heard(ctx context.Context, behind int64) error {
	return st.crowd.wait(ctx, (st.sent-behind)*int64(st.crowd.n))
}

// speakPaced speaks so often that rate deliveries a second come of it, for about d.
func (st *stage) speakPaced(ctx context.Context, rate int, d time.Duration) error {
	every := time.Second * time.Duration(st.crowd.n) / time.Duration(rate)
	next := time.Now()
	for range int(d / every) {
		if err := st.say(1); err != nil {
			return err
		}
		next = next.Add(every)
		time.Sleep(time.Until(next))
	}
	return st.heard(ctx, 0)
}

// speakFull speaks as fast as is delivered, for about d: 50 to 100 messages are under way.
func (st *stage) speakFull(ctx context.Context, d time.Duration) error {
	for end := time.Now().Add(d); time.Now().Before(end); {
		if err := st.say(50); err != nil {
			return err
		}
		if err := st.heard(ctx, 50); err != nil {
			return err
		}
	}
	return st.heard(ctx, 0)
}

// spend measures what speak costs the server, for a delivery.
func (st *stage) spend(on *[]float64, speak func() error) error {
	sent, asked, objects := st.sent, int64(0), int64(0)
	if st.metrics != "" {
		before, err1 := st.server.mallocs()
		now, err2 := st.server.mallocs()
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		asked, objects = now-before, now // to be asked has its own price
	}
	before, err := st.cpu()
	if err != nil {
		return err
	}
	if err := speak(); err != nil {
		return fmt.Errorf("%s: %w", st.name, err)
	}
	after, err := st.cpu()
	if err != nil {
		return err
	}
	deliveries := float64((st.sent - sent) * int64(st.crowd.n))
	*on = append(*on, float64((after-before).Nanoseconds())/1e3/deliveries)
	if st.metrics != "" && on == &st.paced {
		now, err := st.server.mallocs()
		if err != nil {
			return err
		}
		st.mallocs = append(st.mallocs, float64(now-objects-asked)/deliveries)
	}
	return nil
}

// values are what on gives of a stage; none where there is no stage, because the broker is not installed.
func (st *stage) values(on func(*stage) []float64) []float64 {
	if st == nil {
		return []float64{}
	}
	return on(st)
}

// roomPayload says something in the lobby and returns what its readers get, so that the others can be given the same bytes.
func roomPayload(ctx context.Context, s *server) ([]byte, error) {
	reader, err := dial(ctx, s.mqtt, "sampler")
	if err != nil {
		return nil, err
	}
	defer reader.close()
	if err := reader.subscribe("chat/room/lobby/messages"); err != nil {
		return nil, err
	}
	if _, err := reader.conn.Write(reader.publishes(1, 0, say, spoken)); err != nil {
		return nil, err
	}
	body, err := reader.want(publishByte)
	if err != nil {
		return nil, err
	}
	_, p := payload(publishByte, body)
	return p, nil
}

// say is where one posts to the lobby, spoken what is said.
const say = "chat/room/lobby/say"

var spoken = []byte(strings.Repeat("The kettle is on. ", 6))
