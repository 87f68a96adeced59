package broker

import (
	"fmt"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// A client that is not ours gets along: paho over both transports, with every QoS, retained messages and its own will.
func TestPaho(t *testing.T) {
	x := newBench(t, Config{}, nil)
	for _, url := range []string{"tcp://" + x.tcp, "ws://" + x.ws + "/mqtt"} {
		heard := make(chan paho.Message, 100)
		options := func(id string) *paho.ClientOptions {
			return paho.NewClientOptions().AddBroker(url).SetClientID(id).SetUsername("paho").SetConnectTimeout(patience).
				SetProtocolVersion(4).SetAutoReconnect(false)
		}
		done := func(what string, token paho.Token) {
			t.Helper()
			if !token.WaitTimeout(patience) || token.Error() != nil {
				t.Fatalf("%s: %v", what, token.Error())
			}
		}
		in := paho.NewClient(options("in"))
		done("connect", in.Connect())
		done("subscribe", in.Subscribe("p/#", 2, func(_ paho.Client, m paho.Message) { heard <- m }))
		out := paho.NewClient(options("out").SetWill("p/will", "gone", 1, false))
		done("connect", out.Connect())
		for qos := range byte(3) {
			done("publish", out.Publish(fmt.Sprintf("p/%d", qos), qos, false, fmt.Sprint("payload ", qos)))
			select {
			case m := <-heard:
				if m.Qos() != qos || string(m.Payload()) != fmt.Sprint("payload ", qos) {
					t.Errorf("heard %s %q at QoS %d", m.Topic(), m.Payload(), m.Qos())
				}
			case <-time.After(patience):
				t.Fatal("nothing was heard")
			}
		}
		done("unsubscribe", in.Unsubscribe("p/#"))
		out.Disconnect(100)
		in.Disconnect(100)
	}
}
