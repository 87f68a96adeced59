package export

import (
	"reflect"
	"testing"
)

// FuzzLine: whatever is in a line, reading it does not panic, and an entry that was read is written as a line that says the same.
func FuzzLine(f *testing.F) {
	f.Add([]byte(`{"seq":1,"id":"a","time":"2026-01-01T00:00:00.000Z","room":"lobby","from":"ada","kind":"text","log":{"author":"1","v":1},"text":"x"}`))
	f.Add([]byte(`{"seq":3,"id":"a","time":"2026-01-01T00:00:00Z","room":"@a+b","from":"","kind":"","log":{"author":"0","v":0,"body":""}}`))
	f.Add([]byte(`{"seq":3,"id":"a","time":"2026-01-01T00:00:00Z","room":"r","from":"","kind":"","log":{"author":"ffffffffffffffff","v":0,"erased":true,"about":2,"sole":true,"list":"pins","files":["x"]}}`))
	f.Add([]byte(`{"seq":3,"id":"a","time":"2026-01-01T00:00:00Z","room":"r","from":"","kind":"","log":{"author":"0","v":0}, "a" : {"log":1}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		room, e, err := parseLine(line)
		if err != nil {
			return
		}
		e.Time = e.Time.Truncate(1e6) // as the log keeps it
		once := appendLine(nil, room, e)
		again, e2, err := parseLine(once)
		if err != nil || again != room || !reflect.DeepEqual(e, e2) {
			t.Fatalf("%s\nwas written as\n%sand read as %+v, %v\nnot %+v", line, once, e2, err, e)
		}
	})
}
