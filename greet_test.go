package main

import (
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"rsc.io/qr"

	"tincan/bridge"
	"tincan/bridge/web"
)

func TestLikeliestAddressComesFirst(t *testing.T) {
	a := netip.MustParseAddr
	home := netInterface{name: "wlan0", defaultRoute: true, addrs: []netip.Addr{a("192.168.1.20"), a("fe80::1"), a("fd00::20"), a("2001:db8::20"), a("2001:db8::21")}}
	cable := netInterface{name: "eth0", addrs: []netip.Addr{a("169.254.7.7"), a("10.0.0.5")}}
	docker := netInterface{name: "docker0", addrs: []netip.Addr{a("172.17.0.1")}}
	bridge := netInterface{name: "br-5c1d", addrs: []netip.Addr{a("172.18.0.1")}}
	vpn := netInterface{name: "tun0", pointToPoint: true, addrs: []netip.Addr{a("10.8.0.2")}}
	public := netInterface{name: "ens3", defaultRoute: true, addrs: []netip.Addr{a("198.51.100.7")}}
	for _, c := range []struct {
		name string
		in   []netInterface
		want string
	}{
		{"home", []netInterface{docker, bridge, vpn, cable, home}, "192.168.1.20 10.0.0.5 10.8.0.2 fd00::20 2001:db8::20 169.254.7.7"},
		{"cable alone", []netInterface{cable}, "10.0.0.5 169.254.7.7"},
		{"server", []netInterface{public, docker}, "198.51.100.7"},
		{"nothing but containers", []netInterface{docker}, "172.17.0.1"},
		{"nothing", nil, ""},
	} {
		var got []string
		for _, a := range shareable(c.in) {
			got = append(got, a.String())
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: got %s, want %s", c.name, s, c.want)
		}
	}
}

func TestWebAddresses(t *testing.T) {
	addrs := []netip.Addr{netip.MustParseAddr("192.168.1.20"), netip.MustParseAddr("fd00::20")}
	for _, c := range []struct {
		listen string
		host   string
		want   string
	}{
		{"[::]:8080", "Camp-Pi.lan", "http://192.168.1.20:8080 http://[fd00::20]:8080 http://camp-pi.local:8080 http://localhost:8080"},
		{"0.0.0.0:80", "", "http://192.168.1.20 http://localhost"},
		{"127.0.0.1:8080", "camp", "http://127.0.0.1:8080"},
		{"[fd00::20]:80", "camp", "http://[fd00::20]"},
	} {
		l, err := net.ResolveTCPAddr("tcp", c.listen)
		if err != nil {
			t.Fatal(err)
		}
		if ip := l.IP.To4(); ip != nil {
			l.IP = ip
		}
		var got []string
		for _, w := range webAddresses(l, addrs, c.host) {
			got = append(got, w.url)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: got %s, want %s", c.listen, s, c.want)
		}
	}
}

func TestInvitationTellsOnlyAddressesThatOthersReach(t *testing.T) {
	for url, want := range map[string]bool{
		"http://localhost:8080": true, "http://127.0.0.1": true, "http://127.0.0.1:80": true, "http://[::1]:8080": true, "http://[::1]": true,
		"http://192.168.1.20:8080": false, "http://[fd00::20]": false, "http://camp-pi.local:8080": false,
	} {
		if got := isLoopback(url); got != want {
			t.Errorf("%s: %t", url, got)
		}
	}
	l := &net.TCPAddr{IP: net.IPv4(192, 168, 1, 20), Port: 8080}
	i := invitation{title: "camp", http: l, mqtt: &net.TCPAddr{IP: l.IP, Port: 1884}, chat: func() bridge.Stats { return bridge.Stats{Members: 5, Devices: 2} }}
	want := web.Place{Title: "camp", Addresses: []string{"http://192.168.1.20:8080"}, MQTT: web.MQTT{Host: "192.168.1.20", Port: 1884}, People: 3, Devices: 2}
	for range 2 {
		if got := i.place(); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestGreetingSaysWhenNobodyElseCanJoin(t *testing.T) {
	var b strings.Builder
	g := greeting{title: "camp", http: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}, mqtt: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1884},
		addrs: []netip.Addr{netip.MustParseAddr("192.168.1.20")}, data: "/srv/tincan-data"}
	g.print(&b)
	for _, want := range []string{"camp is open.", "this computer (http is set to 127.0.0.1:8080", "http://127.0.0.1:8080\n", "mqtt is set to this computer only",
		"mosquitto_pub -h 127.0.0.1 -p 1884 -u kitchen -t chat/room/lobby/say", "/srv/tincan-data"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("missing %q in:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "192.168.1.20") || strings.Contains(b.String(), "\x1b") {
		t.Errorf("an address that does not answer, or a colour in a file:\n%s", b.String())
	}
}

// TestQRCodeKeepsItsModules reads the drawing back into modules, margin included.
func TestQRCodeKeepsItsModules(t *testing.T) {
	const url = "http://192.168.1.20:8080"
	code, err := qr.Encode(url, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	for _, colour := range []bool{true, false} {
		drawn := strings.NewReplacer(ink, "", reset, "").Replace(drawQR(url, colour))
		lines := strings.Split(strings.TrimSuffix(drawn, "\n"), "\n")
		if want := (code.Size + 2*quiet + 1) / 2; len(lines) != want {
			t.Fatalf("%d lines, want %d", len(lines), want)
		}
		for i, line := range lines {
			cells := []rune(line)[2:]
			if len(cells) != code.Size+2*quiet {
				t.Fatalf("line %d has %d modules, want %d", i, len(cells), code.Size+2*quiet)
			}
			for j, cell := range cells {
				x, y := j-quiet, 2*i-quiet
				upper := cell == '█' || cell == '▀'
				lower := cell == '█' || cell == '▄'
				if upper != (code.Black(x, y) == colour) {
					t.Fatalf("module %d,%d is wrong (colour %v)", x, y, colour)
				}
				if y+1 < code.Size+quiet && lower != (code.Black(x, y+1) == colour) {
					t.Fatalf("module %d,%d is wrong (colour %v)", x, y+1, colour)
				}
			}
		}
	}
}

func TestBrowserOpensOnlyWhereSomebodySits(t *testing.T) {
	const url = "http://localhost:8080"
	for _, c := range []struct {
		system   string
		env      map[string]string
		terminal bool
		want     []string
	}{
		{"linux", map[string]string{"DISPLAY": ":0"}, false, []string{"xdg-open", url}},
		{"linux", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, false, []string{"xdg-open", url}},
		{"linux", nil, true, nil},
		{"linux", map[string]string{"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "10.0.0.9 1 10.0.0.1 22"}, true, nil},
		{"darwin", nil, true, []string{"open", url}},
		{"darwin", nil, false, nil},
		{"windows", nil, true, []string{"rundll32", "url.dll,FileProtocolHandler", url}},
		{"windows", nil, false, nil},
	} {
		got := browserCommand(url, c.system, func(k string) string { return c.env[k] }, c.terminal)
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}
