package main

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A move is how the addresses of a computer change: after a time they are these.
type move struct {
	after time.Duration
	addrs string
}

// moved is what a lookout told of a computer that began with some addresses.
func moved(t *testing.T, begin string, moves ...move) string {
	t.Helper()
	parse := func(s string) (addrs []netip.Addr) {
		for _, a := range strings.Fields(s) {
			addrs = append(addrs, netip.MustParseAddr(a))
		}
		return addrs
	}
	var told []string
	synctest.Test(t, func(t *testing.T) {
		var here atomic.Value
		here.Store(parse(begin))
		l := &lookout{look: func() []netip.Addr { return here.Load().([]netip.Addr) }, told: parse(begin), tell: func(now []netip.Addr) {
			var s []string
			for _, a := range now {
				s = append(s, a.String())
			}
			told = append(told, strings.Join(s, " "))
		}}
		ctx, stop := context.WithCancel(t.Context())
		go l.Serve(ctx)
		time.Sleep(watchEvery / 2) // nothing moves in the moment of a look
		for _, m := range append(moves, move{10 * newsEvery, ""}) {
			time.Sleep(m.after)
			here.Store(parse(m.addrs))
		}
		stop()
		synctest.Wait()
	})
	return strings.Join(told, ", then ")
}

func TestNewAddressIsToldOnce(t *testing.T) {
	const home, office, cable = "192.168.1.20", "10.0.0.5", "192.168.7.7"
	long, short := 10*newsEvery, newsEvery/10
	for _, c := range []struct {
		name  string
		begin string
		moves []move
		want  string
	}{
		{"nothing changes", home, nil, ""},
		{"another network", home, []move{{long, office}}, office},
		{"and home again", home, []move{{long, office}, {long, home}}, office + ", then " + home},
		{"no network at the start", "", []move{{short, home}}, home},
		{"the network goes and comes back", home, []move{{long, ""}, {long, home}}, ""},
		{"the network goes and another comes", home, []move{{long, ""}, {long, office}}, office},
		{"addresses come one after the other", home, []move{{long, "fd00::5"}, {watchEvery, office + " fd00::5"}}, office + " fd00::5"},
		{"a cable beside the Wi-Fi", home, []move{{long, home + " " + cable}}, home + " " + cable},
		{"the cable goes", cable + " " + home, []move{{long, home}}, home},
		{"the second way goes", home + " " + cable, []move{{long, home}}, ""},
		{"other temporary addresses", home + " 2001:db8::1", []move{{long, home + " 2001:db8::2"}}, ""},
		{"DHCP has not answered yet", home, []move{{long, home + " 169.254.3.4"}}, ""},
		{"a Wi-Fi that comes and goes", home, []move{{long, ""}, {short, home}, {short, ""}, {short, home}}, ""},
		{"between two networks", home, []move{{long, office}, {short, home}, {short, office}, {short, home}, {short, office}}, office},
		{"too short to be seen twice", home, []move{{long, office}, {watchEvery, home}}, ""},
	} {
		if got := moved(t, c.begin, c.moves...); got != c.want {
			t.Errorf("%s: told %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNewsAreThoseOfTheGreeting(t *testing.T) {
	everywhere := &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}
	here := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1883}
	g := greeting{title: "camp", http: everywhere, mqtt: &net.TCPAddr{IP: net.IPv6unspecified, Port: 1883}, host: "camp", qr: true, door: "open sesame",
		addrs: []netip.Addr{netip.MustParseAddr("10.0.0.5")}, data: "/srv/tincan-data", hostLink: "http://10.0.0.5:8080/#/host/abc"}
	var b bytes.Buffer
	g.printNews(&b)
	for _, want := range []string{"camp has a new address.", "    http://10.0.0.5:8080\n", "http://camp.local:8080", "http://localhost:8080", "█",
		"http://10.0.0.5:8080/#/host/abc", "mosquitto_pub -h 10.0.0.5 -u kitchen", drawQR("http://10.0.0.5:8080/#lobby?door=open+sesame", false)} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("missing %q in:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "/srv/tincan-data") {
		t.Errorf("the folder is no news:\n%s", b.String())
	}
	if newLookout(&greeting{http: here, mqtt: here}, nil) != nil {
		t.Error("addresses that are configured are watched")
	}
	if newLookout(&greeting{http: here, mqtt: everywhere}, nil) == nil {
		t.Error("the address of MQTT is not watched")
	}
}

func TestGreetingKnowsAConfiguredAddressFromNoNetwork(t *testing.T) {
	l := &net.TCPAddr{IP: net.IPv4(192, 168, 1, 20), Port: 8080}
	var b bytes.Buffer
	(&greeting{title: "camp", http: l, mqtt: l}).print(&b)
	if strings.Contains(b.String(), "No network") {
		t.Errorf("there is one:\n%s", b.String())
	}
}
