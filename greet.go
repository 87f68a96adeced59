package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// A greeting is what the person who started tincan needs to know: where others join, how, where the messages are, how to stop.
type greeting struct {
	title string
	// http and mqtt are the addresses that are listened on, with real ports.
	http, mqtt *net.TCPAddr
	host       string // name of this computer
	addrs      []netip.Addr
	data       string // absolute
	qr         bool
	colour     bool
	door       string // its passphrase, which the QR code carries; empty: none
	hostLink   string // what makes whoever opens it the first host; empty: there is one
}

// print writes it to w, most important first.
func (g *greeting) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s is open.\n\n", g.title)
	g.printPage(w)
	if g.door != "" {
		fmt.Fprintf(w, "\n  There is a door: everybody needs its passphrase, and the QR code has it. Devices write it behind their password: secret@passphrase\n")
	}
	g.printHostLink(w)
	g.printMQTT(w)
	fmt.Fprintf(w, "\n  Everything is kept in %s\n  Ctrl-C stops it.\n\n", g.data)
}

// printNews writes what is new when this computer has come into another network.
func (g *greeting) printNews(w io.Writer) {
	fmt.Fprintf(w, "\nThe network has changed: %s has a new address.\n\n", g.title)
	g.printPage(w)
	g.printHostLink(w)
	g.printMQTT(w)
	fmt.Fprintln(w)
}

// printPage writes the ways to the page.
func (g *greeting) printPage(w io.Writer) {
	page := webAddresses(g.http, g.addrs, g.host)
	switch {
	case g.http.IP.IsLoopback():
		fmt.Fprintf(w, "  Join from a browser on this computer (http is set to %s, so no other can):\n", g.http)
	case isEverywhere(g.http) && len(page) == 1:
		fmt.Fprint(w, "  No network was found. Join from a browser on this computer:\n")
	default:
		fmt.Fprint(w, "  Join from a browser in this network:\n")
	}
	for _, p := range page {
		fmt.Fprintf(w, "    %s%s\n", p.url, p.remark)
	}
	if g.qr {
		if code := drawQR(g.invitation(page[0].url), g.colour); code != "" {
			fmt.Fprintf(w, "\n%s", code)
		}
	}
}

// printHostLink writes how the first host becomes one.
func (g *greeting) printHostLink(w io.Writer) {
	if g.hostLink != "" {
		fmt.Fprintf(w, "\n  You are the host: open this in your browser, once and within an hour, so that the page knows it. Later: tincan host\n    %s\n", g.hostLink)
	}
}

// printMQTT writes how devices join.
func (g *greeting) printMQTT(w io.Writer) {
	host := mqttHost(g.mqtt, g.addrs)
	fmt.Fprintf(w, "\n  Devices and scripts join with MQTT at %s:\n", net.JoinHostPort(host, fmt.Sprint(g.mqtt.Port)))
	if g.mqtt.IP.IsLoopback() {
		fmt.Fprint(w, "    (mqtt is set to this computer only)\n")
	}
	port := ""
	if g.mqtt.Port != 1883 {
		port = fmt.Sprintf(" -p %d", g.mqtt.Port)
	}
	fmt.Fprintf(w, "    mosquitto_pub -h %s%s -u kitchen -t chat/room/lobby/say -m 'dinner is ready'\n", host, port)
}

// invitation is a link to the page that opens the door, too.
func (g *greeting) invitation(page string) string {
	if g.door == "" {
		return page
	}
	return page + "/#lobby?door=" + url.QueryEscape(g.door)
}

// A webAddress is one way to the page.
type webAddress struct{ url, remark string }

// webAddresses are the ways to what listens on l, likeliest first; the last is always the one for this computer itself.
func webAddresses(l *net.TCPAddr, addrs []netip.Addr, host string) []webAddress {
	address := func(h string) string {
		if l.Port == 80 {
			if strings.Contains(h, ":") {
				h = "[" + h + "]"
			}
			return "http://" + h
		}
		return "http://" + net.JoinHostPort(h, fmt.Sprint(l.Port))
	}
	if !isEverywhere(l) {
		return []webAddress{{url: address(l.IP.String())}}
	}
	var ways []webAddress
	for _, a := range reached(l, addrs) {
		ways = append(ways, webAddress{url: address(a.String())})
	}
	if name := localName(host); name != "" && len(ways) > 0 {
		ways = append(ways, webAddress{address(name), "   where .local names are known"})
	}
	return append(ways, webAddress{address("localhost"), "   on this computer"})
}

// reached leaves out the IPv6 addresses where l takes only IPv4.
func reached(l *net.TCPAddr, addrs []netip.Addr) []netip.Addr {
	var rs []netip.Addr
	for _, a := range addrs {
		if a.Is4() || len(l.IP) != net.IPv4len {
			rs = append(rs, a)
		}
	}
	return rs
}

func mqttHost(l *net.TCPAddr, addrs []netip.Addr) string {
	if !isEverywhere(l) {
		return l.IP.String()
	}
	if rs := reached(l, addrs); len(rs) > 0 {
		return rs[0].String()
	}
	return "localhost"
}

// localName is what multicast DNS (RFC 6762 §3) calls this computer, or "" when its name cannot be one.
func localName(host string) string {
	host, _, _ = strings.Cut(strings.ToLower(host), ".")
	if host == "" || host == "localhost" || !isHost(host) {
		return ""
	}
	return host + ".local"
}
