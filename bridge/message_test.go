package bridge

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
)

// ada is the seat that posts in these tests.
var ada = &seat{claim: history.Claim{Name: "ada", Rev: 1}}

func TestWhatIsPostedBecomesAMessage(t *testing.T) {
	at := time.Date(2026, 5, 1, 10, 15, 30, 123e6, time.UTC)
	for _, c := range []struct{ payload, want string }{
		{"hello", `"kind":"text","text":"hello"}`},
		{"<b>&</b> {not json", `"kind":"text","text":"<b>&</b> {not json"}`},
		{`{"text":"hi","reply":"018e","id":"x"}`, `"kind":"text","text":"hi","reply":"018e"}`},
		{`{"temperature":21.5,"unit":"C"}`, `"kind":"text","text":"","data":{"temperature":21.5,"unit":"C"}}`},
		{`{"text":"t","data":{"b":1,"a":[1, 2]},"z":null}`, `"kind":"text","text":"t","data":{"a":[1,2],"b":1,"z":null}}`},
		{`{"text":"t","seq":9,"from":"eve","time":"x","room":"y"}`, `"kind":"text","text":"t"}`},
		{`{"text":"t","ref":"x","undo":true}`, `"kind":"text","text":"t","data":{"ref":"x","undo":true}}`},
		{`{"kind":"edit","ref":3,"text":"u"}`, `"kind":"edit","text":"u","refseq":3}`},
		{`{"kind":"react","ref":"x","text":"👍🏽","undo":true}`, `"kind":"react","text":"👍🏽","ref":"x","undo":true}`},
		{`{"kind":"delete","ref":"x"}`, `"kind":"delete","text":"","ref":"x"}`},
		{`[1,2]`, `"kind":"text","text":"[1,2]"}`},
		{`{"broken":`, `"kind":"text","text":"{\"broken\":"}`},
	} {
		p, no := parsePost(&broker.Message{Payload: []byte(c.payload)})
		if no != nil {
			t.Errorf("%s: refused: %s", c.payload, no.Tell)
			continue
		}
		e := p.entry(ada)
		e.ID, e.Seq, e.Time = "x", 7, at
		want := `{"seq":7,"id":"x","time":"2026-05-01T10:15:30.123Z","room":"lobby","from":"ada",` + c.want
		if got := string(appendMessage(nil, "lobby", e)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.payload, got, want)
		}
	}
}

func TestWhatCannotBePostedIsRefusedWithASentence(t *testing.T) {
	for name, c := range map[string]struct {
		m    broker.Message
		key  string
		tell string
	}{
		"empty":           {broker.Message{}, "empty", "write something"},
		"spaces":          {broker.Message{Payload: []byte(" \n\t")}, "empty", "write something"},
		"empty object":    {broker.Message{Payload: []byte(`{}`)}, "empty", "write something"},
		"too long":        {broker.Message{Payload: []byte(strings.Repeat("x", maxText+1))}, "too-long", "8193"},
		"far too long":    {broker.Message{Payload: []byte(strings.Repeat("x", maxPosted+1))}, "too-long", "65537"},
		"much data":       {broker.Message{Payload: []byte(`{"a":"` + strings.Repeat("x", maxData) + `"}`)}, "too-long", "8192"},
		"not UTF-8":       {broker.Message{Payload: []byte{0xff, 0xd8}}, "not-utf8", "content type"},
		"a picture":       {broker.Message{Payload: []byte{0xff, 0xd8}, ContentType: "image/jpeg"}, "kind-unsupported", "image/jpeg"},
		"a film":          {broker.Message{Payload: []byte(`{"kind":"film","text":"y"}`)}, "kind-unsupported", `"film"`},
		"a file of none":  {broker.Message{Payload: []byte(`{"kind":"file","text":"y"}`)}, "no-file", "upload"},
		"a file as it is": {broker.Message{Payload: []byte(`{"kind":"file","file":{"url":"/files/x/y"}}`)}, "bad-field", `"file"`},
		"an edit of none": {broker.Message{Payload: []byte(`{"kind":"edit","text":"y"}`)}, "no-ref", "ref"},
		"a ref to 1.5":    {broker.Message{Payload: []byte(`{"kind":"delete","ref":1.5}`)}, "bad-field", `"ref"`},
		"a word":          {broker.Message{Payload: []byte(`{"kind":"react","ref":"x","text":"yes"}`)}, "not-emoji", "emoji"},
		"no reaction":     {broker.Message{Payload: []byte(`{"kind":"react","ref":"x"}`)}, "not-emoji", "emoji"},
		"text no string":  {broker.Message{Payload: []byte(`{"text":5}`)}, "bad-field", `"text"`},
		"id too long":     {broker.Message{Payload: []byte(`{"text":"x","id":"` + strings.Repeat("i", 65) + `"}`)}, "bad-id", "64"},
		"id with control": {broker.Message{Payload: []byte(`{"text":"x","id":"a\nb"}`)}, "bad-id", "control"},
		"NUL":             {broker.Message{Payload: []byte(`{"text":"a\u0000b"}`)}, "bad-text", "NUL"},
	} {
		_, no := parsePost(&c.m)
		if no == nil {
			t.Errorf("%s: not refused", name)
		} else if no.Key != c.key || !strings.Contains(no.Tell, c.tell) {
			t.Errorf("%s: %s %q; want %s … %s", name, no.Key, no.Tell, c.key, c.tell)
		}
	}
}

// FuzzPost: whatever is posted, it is refused with a sentence, or becomes one JSON object with the text that its author wrote; and
// posted again it has the same body.
func FuzzPost(f *testing.F) {
	for _, s := range []string{"hello", `{"text":"hi","id":"x","a":{"b":[1,2,{}]}}`, `{"text":"\ud800"}`, "{", "\xff", `{"data":{"data":{}}}`} {
		f.Add([]byte(s), "")
	}
	f.Fuzz(func(t *testing.T, payload []byte, id string) {
		m := broker.Message{Payload: payload, User: []broker.Prop{{Key: "id", Value: id}}}
		p, no := parsePost(&m)
		if no != nil {
			if no.Tell == "" || no.Key == "" {
				t.Fatalf("refused without a word: %+v", no)
			}
			return
		}
		e := p.entry(ada)
		var out struct {
			Text, ID, From string
			Data           json.RawMessage
		}
		if err := json.Unmarshal(appendMessage(nil, "lobby", withSeq(e)), &out); err != nil {
			t.Fatalf("%q became no JSON: %v", payload, err)
		}
		if out.Text != p.body.Text || out.From != "ada" {
			t.Fatalf("%q became %+v, not %+v", payload, out, p)
		}
		if len(out.Data) > maxData || len(out.Text) > maxText {
			t.Fatal("over the limit")
		}
		again, no := parsePost(&m)
		if no != nil || string(again.entry(ada).Body) != string(e.Body) {
			t.Fatalf("%q is another message the second time", payload)
		}
	})
}

func withSeq(e history.Entry) history.Entry {
	e.Seq, e.Time = 1, time.Unix(0, 0)
	return e
}

// A repeat is known by its bytes, so the same payload has to become the same bytes each time, whatever its fields are called.
func TestAPayloadIsAlwaysReadTheSame(t *testing.T) {
	m := &broker.Message{Payload: []byte(`{"text":"x","a":1,"b":2,"data":{"a":3,"b":4,"c":5}}`)}
	for range 50 {
		p, no := parsePost(m)
		if no != nil || string(p.body.Data) != `{"a":1,"b":2,"c":5}` {
			t.Fatalf("data is %s, refused %v", p.body.Data, no)
		}
	}
}
