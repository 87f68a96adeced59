package main

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// A netInterface is one network interface that is up, with what the choice of an address to share needs.
type netInterface struct {
	name         string
	pointToPoint bool // a tunnel: VPN, mobile
	defaultRoute bool // the way out of this computer goes through it
	addrs        []netip.Addr
}

// netInterfaces reads those of this computer. Without the right to, it finds none.
func netInterfaces() []netInterface {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	out := defaultInterface()
	var up []netInterface
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		n := netInterface{name: i.Name, pointToPoint: i.Flags&net.FlagPointToPoint != 0, defaultRoute: i.Name == out}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				n.addrs = append(n.addrs, p.Addr().Unmap())
			}
		}
		up = append(up, n)
	}
	return up
}

// shareable orders the addresses by how likely another device of the network reaches them: private IPv4 on the interface of the
// default route, private IPv4 elsewhere, other IPv4, IPv6, and last what only a neighbour on the same cable knows (RFC 3927).
// Addresses of containers and virtual machines are left out unless there are no others; IPv6 link-local ones always, since a
// browser cannot be told their zone.
func shareable(interfaces []netInterface) []netip.Addr {
	type ranked struct {
		addr netip.Addr
		rank int
	}
	var real, virtual []ranked
	for _, i := range interfaces {
		v6 := 0
		for _, a := range i.addrs {
			if a.Is6() {
				if a.IsLinkLocalUnicast() || v6 == 2 { // the temporary ones (RFC 8981) are many and soon gone
					continue
				}
				v6++
			}
			if !a.IsGlobalUnicast() && !a.IsLinkLocalUnicast() {
				continue
			}
			r := ranked{a, rank(i, a)}
			if isVirtual(i.name) {
				virtual = append(virtual, r)
			} else {
				real = append(real, r)
			}
		}
	}
	if len(real) == 0 {
		real = virtual
	}
	slices.SortStableFunc(real, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	var addrs []netip.Addr
	for _, r := range real {
		if !slices.Contains(addrs, r.addr) {
			addrs = append(addrs, r.addr)
		}
	}
	return addrs
}

func rank(i netInterface, a netip.Addr) int {
	switch {
	case a.IsLinkLocalUnicast():
		return 9
	case a.Is6() && a.IsPrivate():
		return 5
	case a.Is6():
		return 6
	case i.pointToPoint:
		return 4
	case a.IsPrivate() && i.defaultRoute:
		return 0
	case a.IsPrivate():
		return 1
	case i.defaultRoute:
		return 2
	}
	return 3
}

// isVirtual knows the interfaces of container engines and virtual machines by the names that they give them.
func isVirtual(name string) bool {
	name = strings.ToLower(name)
	for _, p := range []string{"docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "lxc", "lxd", "podman", "cni", "flannel", "cali",
		"bridge1", "vethernet", "virtualbox", "vmware", "dummy", "ifb", "anpi", "awdl", "llw"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return strings.Contains(name, "virtualbox") || strings.Contains(name, "vmware")
}
