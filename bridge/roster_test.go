package bridge

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A reader of a roster, as any client would write it.
type reader struct {
	rev     uint64
	members map[string]Member
}

func (r *reader) take(s Snapshot) {
	r.rev, r.members = s.Rev, map[string]Member{}
	for _, m := range s.Members {
		r.members[m.Name] = m
	}
}

func (r *reader) apply(t *rapid.T, d Delta) {
	if d.Rev != r.rev+1 {
		t.Fatalf("rev %d after %d", d.Rev, r.rev)
	}
	r.rev = d.Rev
	for _, m := range append(slices.Clone(d.Join), d.Change...) {
		r.members[m.Name] = m
	}
	for _, n := range d.Leave {
		delete(r.members, n)
	}
}

// Whenever a reader takes its snapshot, the lists after it bring it to what is: the sum of the sessions.
func TestReadersOfARosterAgreeWithIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRoster("e")
		sessions := map[string]map[string]bool{}
		var readers []*reader
		now := time.Unix(0, 0)
		tell := func() {
			if d, ok := r.delta(); ok {
				for _, reader := range readers {
					reader.apply(t, d)
				}
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Second)
			name := rapid.SampledFrom([]string{"ada", "bob", "eve"}).Draw(t, "name")
			session := rapid.SampledFrom([]string{"1", "2"}).Draw(t, "session")
			switch rapid.IntRange(0, 5).Draw(t, "do") {
			case 0, 1:
				if sessions[name] == nil {
					sessions[name] = map[string]bool{}
				}
				sessions[name][session] = true
				r.join(name, person, online, name+session, "phone"+session, now)
			case 2:
				delete(sessions[name], session)
				r.leave(name, name+session)
			case 3:
				r.change(name, rapid.SampledFrom([]string{online, away}).Draw(t, "state"))
			case 4:
				reader := &reader{}
				reader.take(r.snapshot(rosterCap, nil))
				readers = append(readers, reader)
			case 5:
				tell()
			}
		}
		tell()
		if _, more := r.delta(); more {
			t.Fatal("there is something to tell when everything was told")
		}
		want := r.snapshot(rosterCap, nil)
		for name, s := range sessions {
			if _, here := r.here[name]; here != (len(s) > 0) {
				t.Fatalf("%s has %d sessions, but here is %v", name, len(s), here)
			}
		}
		for i, reader := range readers {
			var have []Member
			for _, m := range reader.members {
				have = append(have, m)
			}
			slices.SortFunc(have, func(a, b Member) int { return compare(a.Name, b.Name) })
			if a, b := text(have), text(want.Members); a != b && !(len(have) == 0 && len(want.Members) == 0) {
				t.Fatalf("reader %d has\n%s\nand there is\n%s", i, a, b)
			}
		}
	})
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestJoinAndLeaveInOneWindowIsNothing(t *testing.T) {
	r := newRoster("e")
	r.join("ada", person, online, "1", "", time.Now())
	r.leave("ada", "1")
	if d, ok := r.delta(); ok {
		t.Errorf("told %+v", d)
	}
}

func TestALargeRosterListsThoseWhoSpoke(t *testing.T) {
	r := newRoster("e")
	for i := range 20 {
		r.join(fmt.Sprintf("m%02d", i), person, online, "s", "", time.Now())
	}
	s := r.snapshot(10, func(name string) bool { return name == "m07" })
	if !s.Partial || s.Count != 20 || len(s.Members) != 1 || s.Members[0].Name != "m07" {
		t.Errorf("%+v", s)
	}
	var all []Member
	for after, more := "", true; more; {
		var page []Member
		page, more = r.page(after, 7)
		all = append(all, page...)
		after = page[len(page)-1].Name
	}
	if len(all) != 20 || all[19].Name != "m19" {
		t.Errorf("paged through %d members", len(all))
	}
}

func TestAMemberShowsOnlySoManyLabels(t *testing.T) {
	r := newRoster("e")
	for i := range labelsShown + 5 {
		r.join("ada", person, online, fmt.Sprint(i), fmt.Sprintf("tab %02d", i), time.Now())
	}
	if n := len(r.snapshot(rosterCap, nil).Members[0].Sessions); n != labelsShown {
		t.Errorf("%d labels are shown to everybody", n)
	}
}
