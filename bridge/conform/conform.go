// Package conform is the test suite that every implementation of the interfaces of bridge/history must pass: SQLite today, a
// cluster later. It goes through the front door only, on one node, with reopening and killing. A test package calls Main from
// its TestMain and Run from a test.
package conform

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tincan/bridge/history"
)

// deadline is how long anything may take before a test gives up; far longer than it takes on a busy machine.
const deadline = time.Minute

// A Node is one opened store.
type Node interface {
	history.Log
	history.View
	history.Claims
	history.Values
	Close(ctx context.Context) error
}

// A Subject is the implementation to be tested.
type Subject struct {
	// Open opens the store that a folder holds; it makes one in an empty folder.
	Open func(ctx context.Context, dir string) (Node, error)
	// Disk returns a folder on a small disk (16 to 64 MB), and how to fill it until release is called. nil: not possible here.
	Disk func(t testing.TB) (dir string, fill func() (release func()))
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Subject)
	}{
		{"Log", testLog},
		{"Tail", testTail},
		{"Erase", testErase},
		{"Refer", testRefer},
		{"Rename", testRename},
		{"Kill", testKill},
		{"Claims", testClaims},
		{"Values", testValues},
		{"Full", testFull},
		{"Stop", testStop},
		{"Model", testModel},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, s) })
	}
}

// A bench is a node under test that can be closed and opened again.
type bench struct {
	*testing.T
	Node
	subject Subject
	dir     string
}

// newBench opens a node in a new folder; the end of the test closes it.
func newBench(t *testing.T, s Subject) *bench {
	t.Helper()
	return newBenchIn(t, s, t.TempDir())
}

func newBenchIn(t *testing.T, s Subject, dir string) *bench {
	t.Helper()
	b := &bench{T: t, subject: s, dir: filepath.Join(dir, "data")}
	b.open()
	t.Cleanup(b.close)
	return b
}

func (b *bench) open() {
	b.Helper()
	n, err := b.subject.Open(b.context(), b.dir)
	if err != nil {
		b.Fatalf("open: %v", err)
	}
	b.Node = n
}

func (b *bench) close() {
	b.Helper()
	if b.Node == nil {
		return
	}
	if err := b.Node.Close(b.context()); err != nil {
		b.Errorf("close: %v", err)
	}
	b.Node = nil
}

func (b *bench) reopen() {
	b.Helper()
	b.close()
	b.open()
}

// context ends when the test has taken too long.
func (b *bench) context() context.Context { return limited(b.T) }

func limited(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	t.Cleanup(cancel)
	return ctx
}

// An answer is what done was called with.
type answer struct {
	history.Receipt
	err error
}

// send appends and returns where the answer will come.
func send(t testing.TB, n history.Log, room string, e history.Entry) <-chan answer {
	t.Helper()
	c := make(chan answer, 2) // 2: a second call of done is seen by wait
	for {
		err := n.Append(room, e, func(r history.Receipt, err error) { c <- answer{r, err} })
		if err == nil {
			return c
		}
		if err != history.ErrBusy {
			c <- answer{err: err}
			return c
		}
		time.Sleep(time.Millisecond) // the queue is full, as it may be; it drains
	}
}

// wait returns the answer.
func wait(t testing.TB, c <-chan answer) answer {
	t.Helper()
	select {
	case a := <-c:
		return a
	case <-time.After(deadline):
		t.Fatal("done was not called")
		return answer{}
	}
}

// post appends a text and wants it stored as a new entry.
func (b *bench) post(room, from, id, text string) history.Receipt {
	b.Helper()
	a := wait(b, send(b, b.Node, room, textEntry(from, id, text)))
	if a.err != nil || a.Dup {
		b.Fatalf("append %s/%s: %+v", from, id, a)
	}
	return a.Receipt
}

func textEntry(from, id, text string) history.Entry {
	return history.Entry{ID: id, From: from, Kind: "text", V: 1, Body: []byte(text)}
}

// read returns a whole room.
func (b *bench) read(room string) []history.Entry {
	b.Helper()
	return b.readFrom(room, 0)
}

// readFrom returns what of a room comes after a seq.
func (b *bench) readFrom(room string, after uint64) []history.Entry {
	b.Helper()
	var all []history.Entry
	for {
		es, _, err := b.Page(b.context(), room, history.Query{After: &after, Limit: 200}, 0)
		if err != nil {
			b.Fatalf("page: %v", err)
		}
		if len(es) == 0 {
			return all
		}
		all = append(all, es...)
		after = es[len(es)-1].Seq
	}
}

// wantDense wants seqs from first without a gap.
func wantDense(t testing.TB, es []history.Entry, first uint64) {
	t.Helper()
	for i, e := range es {
		if e.Seq != first+uint64(i) {
			t.Fatalf("entry %d has seq %d, want %d", i, e.Seq, first+uint64(i))
		}
	}
}

// holds tells whether any file of a folder contains text.
func holds(t testing.TB, dir, text string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		found = found || strings.Contains(string(content), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// soon waits for a condition.
func soon(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// id makes an id of its parts.
func id(parts ...any) string {
	return strings.TrimSuffix(strings.ReplaceAll(fmt.Sprintln(parts...), " ", "-"), "\n")
}
