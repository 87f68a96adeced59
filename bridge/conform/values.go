package conform

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func testValues(t *testing.T, s Subject) {
	b := newBench(t, s)
	put := func(kind, key, value string, wait bool) {
		t.Helper()
		done := make(chan error, 1)
		v := []byte(value)
		if value == "" {
			v = nil
		}
		if err := b.Put(kind, key, v, func(err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
		if wait {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
	}
	want := func(kind string, values map[string]string) {
		t.Helper()
		got := map[string]string{}
		var keys []string
		if err := b.Each(b.context(), kind, func(key string, value []byte, age time.Duration) {
			got[key] = string(value)
			keys = append(keys, key)
			if age < 0 || age > deadline {
				t.Errorf("%s has age %v", key, age)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got, values) || !slices.IsSorted(keys) {
			t.Fatalf("%s: %v in order %v, want %v", kind, got, keys, values)
		}
	}
	put("state", "lobby/plug", "on", true)
	put("state", "lobby/lamp", "off", true)
	put("read", "lobby/plug", "17", true)
	want("state", map[string]string{"lobby/plug": "on", "lobby/lamp": "off"})
	want("read", map[string]string{"lobby/plug": "17"})
	want("nothing", map[string]string{})
	put("state", "lobby/lamp", "", true)
	put("state", "never", "", true)
	for i := range 1000 { // the last of many wins, and each is answered
		put("state", "lobby/plug", fmt.Sprint(i), i == 999)
	}
	large, done := map[string]string{}, make(chan error, 40) // more than goes into one commit
	for i := range 40 {
		key, value := fmt.Sprintf("%02d", i), strings.Repeat(string(rune('a'+i%26)), 100<<10)
		large[key] = value
		if err := b.Put("large", key, []byte(value), func(err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
	}
	for range large {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	want("large", large)
	b.reopen()
	want("large", large)
	want("state", map[string]string{"lobby/plug": "999"})
	b.post("lobby", "ada", "1", "x")
	want("read", map[string]string{"lobby/plug": "17"})
}
