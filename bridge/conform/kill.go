package conform

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tincan/bridge/history"
)

// killDir names, in a child's environment, the folder to write to until it is killed.
const killDir = "TINCAN_CONFORM_KILL"

// killers is how many publishers the child has.
const killers = 8

// Main is a TestMain: in the child of the kill test it writes until it is killed, else it runs the tests.
func Main(m *testing.M, s Subject) {
	if dir := os.Getenv(killDir); dir != "" {
		if err := writeUntilKilled(s, dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeUntilKilled prints what it was told: "acked room from i seq", "seen room seq from id", "claimed rev".
func writeUntilKilled(s Subject, dir string) error {
	ctx := context.Background()
	n, err := s.Open(ctx, dir)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	c, err := n.Claim(ctx, history.ClaimRequest{Name: "Ada", Fold: "ada", Keys: [2]string{"ada", "ada"}, Session: "s", Client: "c",
		Verifier: []byte("v"), Hold: time.Hour}, func(v []byte) bool { return string(v) == "v" })
	if err != nil {
		return err
	}
	say("claimed %d", c.Rev)
	for _, room := range []string{"a", "b"} {
		head, err := n.Head(ctx, room)
		if err != nil {
			return err
		}
		go n.Tail(ctx, room, head, func(e history.Entry) bool {
			say("seen %s %d %s %s", room, e.Seq, e.From, e.ID)
			return true
		})
	}
	base := time.Now().UnixNano() // ids of this child
	var wg sync.WaitGroup
	for w := range killers {
		wg.Go(func() {
			window := make(chan struct{}, 16)
			for i := 0; ; i++ {
				window <- struct{}{}
				room, from, id := []string{"a", "b"}[w%2], id("w", w), id(base, i)
				err := n.Append(room, textEntry(from, id, "hello "+id), func(r history.Receipt, err error) {
					if err == nil {
						say("acked %s %s %s %d", room, from, id, r.Seq)
					}
					<-window
				})
				if err != nil {
					<-window
				}
			}
		})
	}
	wg.Wait()
	return nil
}

func testKill(t *testing.T, s Subject) {
	dir := t.TempDir() + "/data"
	type place struct {
		room string
		seq  uint64
	}
	acked, seen := map[place]string{}, map[place]string{} // what was told of each place, over all rounds
	revs := map[uint64]bool{}
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		rev := uint64(0)
		for _, line := range runAndKill(t, dir) {
			f := strings.Fields(line)
			switch {
			case len(f) == 5 && f[0] == "acked":
				acked[place{f[1], number(t, f[4])}] = f[2] + " " + f[3]
			case len(f) == 5 && f[0] == "seen":
				seen[place{f[1], number(t, f[2])}] = f[3] + " " + f[4]
			case len(f) == 2 && f[0] == "claimed":
				rev = number(t, f[1])
				revs[rev] = true
			default:
				t.Fatalf("the child said %q", line)
			}
		}
		n, err := s.Open(limited(t), dir)
		if err != nil {
			t.Fatalf("round %d: open after kill: %v", round, err)
		}
		b := &bench{T: t, Node: n, subject: s, dir: dir}
		there := map[place]string{}
		for _, room := range []string{"a", "b"} {
			es := b.read(room)
			wantDense(t, es, 1)
			once := map[string]bool{}
			last := map[string]string{}
			for _, e := range es {
				key := e.From + " " + e.ID
				if once[key] {
					t.Fatalf("%s is there twice", key)
				}
				once[key] = true
				there[place{room, e.Seq}] = key
				if l := last[e.From]; l != "" && !later(l, e.ID) {
					t.Fatalf("%s: %s before %s", e.From, l, e.ID)
				}
				last[e.From] = e.ID
				if string(e.Body) != "hello "+e.ID {
					t.Fatalf("%s has body %q", key, e.Body)
				}
			}
		}
		for p, key := range acked {
			if there[p] != key {
				t.Fatalf("round %d: %s was acknowledged as %v, where %q is", round, key, p, there[p])
			}
		}
		for p, key := range seen {
			if there[p] != key {
				t.Fatalf("round %d: %s was seen as %v, where %q is", round, key, p, there[p])
			}
		}
		for p, key := range acked { // a resend of each is a repeat
			from, id, _ := strings.Cut(key, " ")
			if a := wait(t, send(t, b, p.room, textEntry(from, id, "hello "+id))); a.err != nil || !a.Dup || a.Seq != p.seq {
				t.Fatalf("resend of %s: %+v", key, a)
			}
			if rand.IntN(50) == 0 {
				break
			}
		}
		h, ok := b.Lookup([2]string{"ada", "ada"})
		if !ok || h.Connected || !h.Secret || h.Rev != rev || h.Name != "Ada" {
			t.Fatalf("round %d: the claim is %+v, %v, want rev %d waiting", round, h, ok, rev)
		}
		other, err := b.Claim(b.context(), history.ClaimRequest{Name: "bob", Fold: "bob", Keys: [2]string{"bob", "bob"}, Session: "s"}, nil)
		if err != nil || revs[other.Rev] {
			t.Fatalf("round %d: rev %d again, or %v", round, other.Rev, err)
		}
		revs[other.Rev] = true
		b.close()
	}
	if len(acked) < 100 || len(seen) < 100 {
		t.Fatalf("only %d acknowledged and %d seen: nothing was tested", len(acked), len(seen))
	}
	t.Logf("%d acknowledged and %d seen in %d kills", len(acked), len(seen), rounds)
}

// runAndKill runs a child, kills it a little after its first acknowledgements, and returns the whole lines it printed.
func runAndKill(t *testing.T, dir string) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(deadline, func() { cmd.Process.Kill() })
	defer late.Stop()
	var lines []string
	r := bufio.NewReader(out)
	many := 60 + rand.IntN(1500)
	for {
		line, err := r.ReadString('\n')
		if err != nil { // what has no end of line was cut by the kill
			break
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
		if len(lines) == many {
			cmd.Process.Kill()
		}
	}
	cmd.Wait() // killed
	if len(lines) < many {
		t.Fatalf("the child ended by itself after %d lines", len(lines))
	}
	return lines
}

func number(t *testing.T, s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// later tells whether the id of a child's entry comes after another of the same publisher: "base-i".
func later(a, b string) bool {
	var abase, ai, bbase, bi int64
	fmt.Sscanf(a, "%d-%d", &abase, &ai)
	fmt.Sscanf(b, "%d-%d", &bbase, &bi)
	return bbase > abase || bbase == abase && bi > ai
}
