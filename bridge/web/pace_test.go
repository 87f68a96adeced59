package web

import (
	"fmt"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	now := time.Unix(1, 0)
	p := newPaces()
	granted := func(remote string, n int) (ok int) {
		for range n {
			if p.allow(remote, now) {
				ok++
			}
		}
		return ok
	}
	if n := granted("192.0.2.1:1000", 50); n != connectionBurst {
		t.Errorf("a connection may ask %d times at once, want %d", n, connectionBurst)
	}
	now = now.Add(time.Second)
	if n := granted("192.0.2.1:1000", 50); n != connectionRate {
		t.Errorf("a second later %d times, want %d", n, connectionRate)
	}

	// Thirty pupils behind one address, each typing as fast as a page asks, for a minute.
	p = newPaces()
	for range 60 {
		now = now.Add(time.Second)
		for i := range 30 {
			if n := granted(fmt.Sprintf("192.0.2.1:%d", i+1), 3); n != 3 {
				t.Fatalf("pupil %d got %d answers of 3", i, n)
			}
		}
	}

	// New connections are no way around, nor are the addresses of one IPv6 network.
	for _, pattern := range []string{"192.0.2.2:%d", "[2001:db8::%x]:9", "[fe80::%x%%eth0]:9"} {
		p = newPaces()
		ok := 0
		for i := range 1000 {
			ok += granted(fmt.Sprintf(pattern, i+1), 1)
		}
		if ok != addressBurst {
			t.Errorf("%s: %d of 1000 connections got an answer, want %d", pattern, ok, addressBurst)
		}
	}
	if granted("[2001:db8:1::1]:9", 1) != 1 {
		t.Errorf("another network has to wait, too")
	}
}

func TestLimitersAreBoundedAndForgotten(t *testing.T) {
	now := time.Unix(1, 0)
	p := newPace(connectionRate, connectionBurst)
	ok := 0
	for i := range 3 * maxLimiters {
		if p.allow(fmt.Sprint(i), now) {
			ok++
		}
	}
	if len(p.of) != maxLimiters || ok != maxLimiters+connectionBurst {
		t.Errorf("%d limiters, %d granted: want %d, and %d", len(p.of), ok, maxLimiters, maxLimiters+connectionBurst)
	}
	now = now.Add(time.Minute)
	p.allow("new", now)
	if len(p.of) != 1 {
		t.Errorf("a minute later %d limiters are left, want 1", len(p.of))
	}
}
