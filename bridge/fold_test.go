package bridge

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"

	"tincan/bridge/history"
)

// fold.json is shared with the page, which folds what comes after a page of history.
type foldVector struct {
	Name   string
	Log    []json.RawMessage // as a room's messages come
	Folded []json.RawMessage // the messages among them, as history gives them
	Board  json.RawMessage   // the board after all, if it is meant
}

func foldVectors(t *testing.T) (vs []foldVector) {
	t.Helper()
	b, err := os.ReadFile("testdata/fold.json")
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&vs); err != nil {
		t.Fatal(err)
	}
	return vs
}

// logOf makes a log of what came from a room. A deletion takes what it is about, as history.Erase does, and a newer vote the older one.
func logOf(t *testing.T, came []json.RawMessage) (es []history.Entry) {
	t.Helper()
	for _, raw := range came {
		var e struct {
			Seq            uint64
			ID, From, Kind string
			Time           time.Time
		}
		b := body{}
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &b); err != nil {
			t.Fatal(err)
		}
		es = append(es, history.Entry{Seq: e.Seq, ID: e.ID, From: e.From, Kind: e.Kind, Time: e.Time, Body: encode(b), Ref: b.RefSeq})
		if e.Kind == kindVote {
			for i := range es[:len(es)-1] {
				if es[i].Ref == b.RefSeq && es[i].Kind == kindVote && es[i].From == e.From {
					es[i].Ref = 0 // Referring does not give it any more
				}
			}
		}
		if e.Kind == kindDelete {
			for i := range es[:len(es)-1] {
				if es[i].Seq == b.RefSeq || es[i].Ref == b.RefSeq {
					es[i].Erased, es[i].Body = true, nil
				}
			}
		}
	}
	return es
}

func TestFoldingIsThatOfThePage(t *testing.T) {
	vs := foldVectors(t)
	for _, v := range vs {
		es := logOf(t, v.Log)
		var folded []string
		for _, e := range es {
			if !isSaid(e.Kind) {
				continue
			}
			var about []history.Entry
			for _, a := range es {
				if a.Ref == e.Seq && !a.Erased {
					about = append(about, a)
				}
			}
			folded = append(folded, string(appendFolded(nil, "lobby", e, fold(e, about))))
		}
		if len(folded) != len(v.Folded) {
			t.Errorf("%s: %d messages, want %d", v.Name, len(folded), len(v.Folded))
			continue
		}
		if v.Board != nil {
			bd := newBoard()
			for _, e := range logOf(t, v.Log) {
				bd.take(e)
				bd.take(e) // twice is once
			}
			if note := encode(bd.note(es[len(es)-1].Seq)); !reflect.DeepEqual(decode[any](t, note), decode[any](t, v.Board)) {
				t.Errorf("%s: the board is\n%s, want\n%s", v.Name, note, v.Board)
			}
		}
		for i, want := range v.Folded {
			if !reflect.DeepEqual(decode[any](t, []byte(folded[i])), decode[any](t, want)) {
				t.Errorf("%s:\n%s, want\n%s", v.Name, folded[i], want)
			}
		}
	}
	if len(vs) < 12 {
		t.Errorf("%d vectors", len(vs))
	}
}
