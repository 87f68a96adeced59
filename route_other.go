//go:build !linux

package main

import "net"

// defaultInterface is the name of the interface that the IPv4 default route goes through, or "". Connecting a UDP socket sends
// nothing; it only makes the system choose the way to an address, here one that is kept for documentation (RFC 5737).
func defaultInterface() string {
	c, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return ""
	}
	defer c.Close()
	local, ok := c.LocalAddr().(*net.UDPAddr)
	if !ok {
		return ""
	}
	all, err := net.Interfaces()
	if err != nil {
		return ""
	}
	for _, i := range all {
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.Equal(local.IP) {
				return i.Name
			}
		}
	}
	return ""
}
