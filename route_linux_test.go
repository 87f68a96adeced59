package main

import "testing"

func TestDefaultRouteIsTheCheapest(t *testing.T) {
	const table = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n" +
		"wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n" +
		"eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n" +
		"eth1\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
	if got := parseRoutes(table); got != "eth0" {
		t.Errorf("got %q, want eth0", got)
	}
	if got := parseRoutes("Iface\tDestination\n"); got != "" {
		t.Errorf("got %q without a route", got)
	}
}
