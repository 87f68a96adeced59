package main

import (
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"tincan/bridge"
	"tincan/bridge/web"
)

// lookEvery is how long the addresses of this computer are taken as known: a laptop moves to another network, but not every second.
const lookEvery = 10 * time.Second

// An invitation is what the page tells people who want to bring others: the same addresses as the greeting, as they are now.
type invitation struct {
	title      string
	http, mqtt *net.TCPAddr // listened on
	chat       func() bridge.Stats

	mu     sync.Mutex // guards the rest; copies only
	looked time.Time
	known  web.Place // without the counts
}

// place is asked by every page that opens.
func (i *invitation) place() web.Place {
	i.mu.Lock()
	p, fresh := i.known, !i.looked.IsZero() && time.Since(i.looked) < lookEvery
	i.mu.Unlock()
	if !fresh {
		p = i.look()
		i.mu.Lock()
		i.known, i.looked = p, time.Now()
		i.mu.Unlock()
	}
	s := i.chat()
	p.People, p.Devices = s.Members-s.Devices, s.Devices
	return p
}

// look reads the addresses of this computer.
func (i *invitation) look() web.Place {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	addrs := shareable(netInterfaces())
	p := web.Place{Title: i.title, Addresses: []string{}, MQTT: web.MQTT{Host: mqttHost(i.mqtt, addrs), Port: i.mqtt.Port}}
	for _, a := range webAddresses(i.http, addrs, host) {
		if !isLoopback(a.url) {
			p.Addresses = append(p.Addresses, a.url)
		}
	}
	return p
}

// isLoopback tells whether an address of the page is one that only this computer understands.
func isLoopback(url string) bool {
	host := strings.TrimPrefix(url, "http://")
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
