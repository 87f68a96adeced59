package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Bounds of durations in the configuration.
const (
	maxHold      = 90 * 24 * time.Hour
	minFileKeep  = time.Hour
	maxFileKeep  = 20 * 365 * 24 * time.Hour
	maxDoor      = 200 // bytes
	minExpiry    = time.Minute
	maxExpiry    = 90 * 24 * time.Hour
	minKeepalive = 5 * time.Second
	maxKeepalive = 65535 * time.Second // the keepalive of MQTT is two bytes of seconds (MQTT 5 §3.1.2.10)
)

// A Duration is a time.Duration that is written with its unit: 10m, 90s, 1h30m. Only 0 needs none.
type Duration time.Duration

// UnmarshalText refuses what has no unit or is negative, and says how to write it.
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	v, err := time.ParseDuration(s)
	switch {
	case err == nil && v < 0:
		return fmt.Errorf("%q is negative; a duration is 0 or more", s)
	case err == nil:
		*d = Duration(v)
		return nil
	}
	if _, err := strconv.ParseUint(s, 10, 64); err == nil {
		return fmt.Errorf("%q has no unit; write %ss, %sm or %sh", s, s, s, s)
	}
	return fmt.Errorf("%q is not a duration; write a number with ms, s, m or h, such as 10m or 1h30m", s)
}

// String writes 10m, not 10m0s.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// A Size is a number of bytes that is written with its unit: 256KiB, 1MiB.
type Size int64

// Units of a Size.
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
)

var sizeUnits = []struct {
	name string
	n    Size
}{{"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}, {"B", 1}}

// UnmarshalText takes a whole number with B, KiB, MiB or GiB. Only 0 needs none.
func (n *Size) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "0" {
		*n = 0
		return nil
	}
	for _, u := range sizeUnits {
		digits, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		v, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 32) // 2^31 GiB still fit into 64 bits
		if err != nil || v < 0 {
			break
		}
		*n = Size(v) * u.n
		return nil
	}
	if _, err := strconv.ParseUint(s, 10, 64); err == nil {
		return fmt.Errorf("%q has no unit; write %sB, %sKiB or %sMiB", s, s, s, s)
	}
	return fmt.Errorf("%q is not a size; write a whole number with B, KiB, MiB or GiB, such as 256KiB", s)
}

// String uses the largest unit that leaves a whole number.
func (n Size) String() string {
	for _, u := range sizeUnits {
		if n >= u.n && n%u.n == 0 {
			return strconv.FormatInt(int64(n/u.n), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(n), 10) + "B"
}
