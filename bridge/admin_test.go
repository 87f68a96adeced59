package bridge

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"tincan/broker/mqtttest"
)

// order gives an order, and wants it carried out.
func (g *guest) order(payload string) map[string]json.RawMessage {
	g.t.Helper()
	if a := g.Publish("chat/server/admin", payload); a.Code >= 0x80 {
		g.t.Fatalf("%s: %#x %q", payload, a.Code, a.Props.Reason)
	}
	return g.wantInbox("admin")
}

// wantNo gives an order, or asks something, that is refused.
func (g *guest) wantNo(topic, payload string, code byte, tell string) {
	g.t.Helper()
	if a := g.Publish(topic, payload); a.Code != code || !strings.Contains(a.Props.Reason, tell) {
		g.t.Errorf("%s: %#x %q, want %#x …%s…", payload, a.Code, a.Props.Reason, code, tell)
	}
}

// host brings a member in that is a host.
func (r *testRoom) host(name string) *guest {
	r.t.Helper()
	token, err := r.b.HostLink(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	g := r.join(name)
	if a := g.Publish("chat/user/me/account", `{"do":"accept","token":"`+token+`"}`); a.Code != 0 {
		r.t.Fatalf("%s becomes no host: %#x %q", name, a.Code, a.Props.Reason)
	}
	if n := g.wantInbox("host"); string(n["host"]) != "true" {
		r.t.Fatalf("told %s", text(n))
	}
	return g
}

func TestAHostIsMadeByALinkAndMakesOthers(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	const admin, account = "chat/server/admin", "chat/user/me/account"
	bob := r.join("bob")
	bob.wantNo(admin, `{"do":"log"}`, 0x87, "tincan host")
	bob.wantNo(admin, `{"do":"host","name":"bob"}`, 0x87, "only a host")
	if h := bob.order(`{"do":"hosts","request":"r1"}`); string(h["hosts"]) != "[]" || string(h["request"]) != `"r1"` {
		t.Errorf("hosts: %s", text(h))
	}
	token, err := r.b.HostLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plain := r.connect(mqtttest.Options{Name: "plain", ID: "p"})
	plain.wantNo(account, `{"do":"accept","token":"`+token+`"}`, 0x87, "no secret")
	bob.wantNo(account, `{"do":"accept","token":"aaaaaaaaaaaaaaaaaaaa"}`, 0x87, "tincan host")
	r.restart() // the link is good until it is used
	ada := r.join("ada")
	if a := ada.Publish(account, `{"do":"accept","token":"`+token+`"}`); a.Code != 0 {
		t.Fatalf("%#x %q", a.Code, a.Props.Reason)
	}
	bob = r.join("bob")
	bob.wantNo(account, `{"do":"accept","token":"`+token+`"}`, 0x87, "used already")

	ada.wantNo(admin, `{"do":"unhost","name":"ada"}`, 0x87, "no host any more")
	ada.wantNo(admin, `{"do":"host","name":"nobody"}`, 0x90, "nobody")
	ada.order(`{"do":"host","name":"BOB","reason":"he knows the house"}`)
	if n := bob.wantInbox("host"); string(n["host"]) != "true" {
		t.Errorf("bob is told %s", text(n))
	}
	invitation := decode[string](t, ada.order(`{"do":"host"}`)["token"])
	eve := r.join("eve")
	eve.wantNo(admin, `{"do":"unhost","name":"ada"}`, 0x87, "ada, bob")
	if a := eve.Publish(account, `{"do":"accept","token":"`+invitation+`"}`); a.Code != 0 {
		t.Errorf("the invitation: %#x %q", a.Code, a.Props.Reason)
	}
	ada.Disconnect() // a host need not be here to be none any more
	bob.order(`{"do":"unhost","name":"ada"}`)
	r.restart()
	bob = r.join("bob")
	if h := bob.order(`{"do":"hosts"}`); string(h["hosts"]) != `["bob","eve"]` {
		t.Errorf("after a restart: %s", text(h))
	}
	var did []string
	l := bob.order(`{"do":"log"}`)
	for _, e := range decode[[]loggedOrder](t, l["entries"]) {
		did = append(did, e.By+" "+e.Do+" "+e.Name+e.Reason)
	}
	if got := strings.Join(did, ", "); got != "bob unhost ada, eve accept eve, ada host , ada host bobhe knows the house, ada accept ada" || string(l["more"]) != "false" {
		t.Errorf("the log: %s, %s", got, l["more"])
	}
	l = bob.order(`{"do":"log","limit":2,"before":4}`)
	if es := decode[[]loggedOrder](t, l["entries"]); len(es) != 2 || es[0].Seq != 3 || string(l["more"]) != "true" {
		t.Errorf("a page of the log: %s", text(l))
	}
}

func TestOrdersThatCannotBeRead(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada := r.host("ada")
	for payload, tell := range map[string]string{
		``:                           "JSON input",
		`{"do":"dance"}`:             "no order",
		`[]`:                         "JSON object",
		`{"do":"host","name":7}`:     "cannot be read",
		`{"do":"log","limit":1000}`:  "limit is 1 to 200",
		`{"do":"host","name":"a/b"}`: "cannot contain /",
		`{"do":"log","room":"a b"}`:  "room",
		`{"do":"host","reason":"` + strings.Repeat("x", 1001) + `"}`: "1000",
	} {
		if a := ada.Publish("chat/server/admin", payload); a.Code < 0x80 || !strings.Contains(a.Props.Reason, tell) {
			t.Errorf("%s: %#x %q, want …%s…", payload, a.Code, a.Props.Reason, tell)
		}
	}
	eve := r.try(mqtttest.Options{Name: "eve", ID: "e"})
	if a := eve.Publish("chat/user/ada/account", `{"do":"show"}`); a.Code != 0x87 {
		t.Errorf("asked for ada: %#x", a.Code)
	}
	for range 40 { // faster than hosts may be
		if a := ada.Publish("chat/server/admin", `{"do":"unhost","name":"ada"}`); strings.Contains(a.Props.Reason, "too fast") {
			return
		}
	}
	t.Error("orders are not limited")
}

// Every verb stands in docs/rights.md, with who may.
func TestRightsAreWrittenDown(t *testing.T) {
	b, err := os.ReadFile("../docs/rights.md")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| (`\\w+`(?:, `\\w+`)*) \\|.*\\| (\\w+) \\|$").FindAllStringSubmatch(string(b), -1) {
		for word := range strings.SplitSeq(m[1], ", ") {
			written[strings.Trim(word, "`")] = m[2]
		}
	}
	for word, v := range verbs {
		if written[word] != string(v.by) {
			t.Errorf("%s is for %s, and docs/rights.md says %q", word, v.by, written[word])
		}
		delete(written, word)
	}
	if len(written) > 0 {
		t.Errorf("docs/rights.md knows more: %v", written)
	}
}
