package main

import (
	"os"
	"strconv"
	"strings"
)

// defaultInterface is the name of the interface that the IPv4 default route goes through, or "".
func defaultInterface() string {
	table, err := os.ReadFile("/proc/net/route")
	if err != nil {
		return ""
	}
	return parseRoutes(string(table))
}

// parseRoutes reads the kernel's table: name, destination, gateway, flags, reference count, use, metric, mask, … (proc(5)).
func parseRoutes(table string) string {
	best, lowest := "", -1
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" {
			continue
		}
		metric, err := strconv.Atoi(f[6])
		if err == nil && (lowest < 0 || metric < lowest) {
			best, lowest = f[0], metric
		}
	}
	return best
}
