package bridge

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"tincan/bridge/names"
	"tincan/broker/mqtttest"
)

const account = "chat/user/me/account"

// asPage makes of what a person types what the page sends for it.
func (r *testRoom) asPage(name, typed string, rounds int) string {
	r.t.Helper()
	n, err := names.Parse(name)
	if err != nil {
		r.t.Fatal(err)
	}
	salt, err := hex.DecodeString(r.b.Salt(n.Fold))
	if err != nil {
		r.t.Fatal(err)
	}
	d := derive([]byte(typed), salt, rounds)
	return derivedPrefix + base64.RawURLEncoding.EncodeToString(d[:])
}

// ask asks for something about oneself, and wants it answered.
func (g *guest) ask(payload string) map[string]json.RawMessage {
	g.t.Helper()
	if a := g.Publish(account, payload); a.Code >= 0x80 {
		g.t.Fatalf("%s: %#x %q", payload, a.Code, a.Props.Reason)
	}
	return g.wantInbox("account")
}

// enter connects and wants to be let in.
func (r *testRoom) enter(o mqtttest.Options) *guest {
	r.t.Helper()
	g := r.connect(o)
	g.Subscribe("chat/user/me/inbox/#")
	return g
}

// wantOut connects and wants to be refused for a reason.
func (r *testRoom) wantOut(o mqtttest.Options, reason string) {
	r.t.Helper()
	c := r.try(o)
	if c.Connack.Code < 0x80 && o.Version != 4 || c.Connack.Code == 0 || o.Version != 4 && c.Connack.Props.Get("reason") != reason {
		r.t.Errorf("%s is answered %s, want %s", o.Name, c.Connack, reason)
	}
}

// A secret is the same whether a device sends it or the page derives it, whoever comes first.
func TestDevicesAndThePageHaveTheSameSecret(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	derived := r.asPage("Ada", "tin", roundsBrief)
	r.enter(mqtttest.Options{Name: "Ada", ID: "a", Secret: "tin"})
	r.enter(mqtttest.Options{Name: "ada", ID: "b", Secret: derived})
	r.enter(mqtttest.Options{Name: "ADA", ID: "c", Secret: "tin", Version: 4})
	r.wantOut(mqtttest.Options{Name: "Ada", ID: "d", Secret: r.asPage("Ada", "can", roundsBrief)}, keyWrongSecret)
	r.wantOut(mqtttest.Options{Name: "Ada", ID: "d", Secret: r.asPage("bob", "tin", roundsBrief)}, keyWrongSecret)
	r.enter(mqtttest.Options{Name: "bob", ID: "a", Secret: r.asPage("bob", "tin", roundsBrief)})
	r.enter(mqtttest.Options{Name: "bob", ID: "b", Secret: "tin"})
}

func TestANameIsKeptForGood(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.cfg.Hold = 0
	r.restart()
	ada := r.enter(mqtttest.Options{Name: "Ada", ID: "page", Secret: "made by the page"})
	bob := r.join("bob")
	bob.Publish("chat/user/ada/say", "psst")
	ada.wantInbox("message")
	phrase := r.asPage("Ada", "four old tin cans", roundsKept)
	ada.wantNo(account, `{"do":"keep","secret":"short"}`, 0x99, "at least 6")
	ada.wantNo(account, `{"do":"give-up","old":"made by the page"}`, 0x99, "not kept")
	if a := ada.ask(`{"do":"keep","secret":"` + phrase + `","request":"k"}`); string(a["kept"]) != "true" || string(a["request"]) != `"k"` {
		t.Errorf("answered %s", text(a))
	}
	if a := ada.ask(`{"do":"show"}`); string(a["kept"]) != "true" || string(a["secret"]) != "true" || len(decode[[]accountSession](t, a["sessions"])) != 1 {
		t.Errorf("shown %s", text(a))
	}
	plain := r.connect(mqtttest.Options{Name: "plain", ID: "p"})
	plain.wantNo(account, `{"do":"keep","secret":"long enough"}`, 0x87, "no secret")
	// From now on only the passphrase proves it, in whatever way it comes, and without end.
	for round := range 2 {
		ada.Disconnect()
		if round == 1 {
			r.restart()
			r.join("bob")
		}
		r.wantOut(mqtttest.Options{Name: "Ada", ID: "x", Secret: "made by the page"}, keyWrongSecret)
		r.wantOut(mqtttest.Options{Name: "ada", ID: "x"}, keyNameTaken)
		r.wantOut(mqtttest.Options{Name: "аdа", ID: "x", Secret: "x"}, keyLookAlike)
		r.wantOut(mqtttest.Options{Name: "ada", ID: "x", Secret: "four old tin pans", Version: 4}, "")
		device := r.enter(mqtttest.Options{Name: "ada", ID: "esp", Secret: "four old tin cans", Version: 4})
		ada = r.enter(mqtttest.Options{Name: "Ada", ID: "page", Secret: phrase})
		ada.Publish("chat/user/bob/history", `{"after":0}`)
		if l := decode[[]posted](t, ada.wantInbox("history")["messages"]); len(l) != 1 || l[0].Text != "psst" {
			t.Errorf("ada reads %+v", l)
		}
		device.Disconnect()
	}
	// Another passphrase: only with the one of now, and then the others must know it.
	other := r.enter(mqtttest.Options{Name: "Ada", ID: "phone", Secret: phrase})
	ada.wantNo(account, `{"do":"keep","secret":"a new passphrase"}`, 0x87, "no secret")
	ada.wantNo(account, `{"do":"keep","secret":"a new passphrase","old":"guessed"}`, 0x86, "not the secret")
	ada.ask(`{"do":"keep","secret":"a new passphrase","old":"` + phrase + `"}`)
	other.WantEnd()
	r.wantOut(mqtttest.Options{Name: "Ada", ID: "phone", Secret: phrase}, keyWrongSecret)
	r.enter(mqtttest.Options{Name: "Ada", ID: "phone", Secret: "a new passphrase"})
	ada.ask(`{"do":"give-up","old":"a new passphrase"}`)
	if a := ada.ask(`{"do":"show"}`); string(a["kept"]) != "false" {
		t.Errorf("shown %s", text(a))
	}
}

func TestHostsKeepNamesForOthers(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.cfg.Reserved, r.cfg.RegisteredOnly = []string{"Chief"}, false
	r.restart()
	host := r.host("host")
	phrase := decode[string](t, host.order(`{"do":"register","name":"chief"}`)["passphrase"])
	r.enter(mqtttest.Options{Name: "Chief", ID: "c", Secret: phrase})
	host.wantNo("chat/server/admin", `{"do":"register","name":"host"}`, 0x99, "is in use")
	host.wantNo("chat/server/admin", `{"do":"reset","name":"host"}`, 0x99, "not kept")
	chief := r.enter(mqtttest.Options{Name: "chief", ID: "d", Secret: phrase})
	next := decode[string](t, host.order(`{"do":"reset","name":"CHIEF"}`)["passphrase"])
	chief.WantEnd()
	if next == phrase || len(strings.Split(next, "-")) != 4 {
		t.Errorf("the passphrases are %q and %q", phrase, next)
	}
	r.wantOut(mqtttest.Options{Name: "chief", ID: "d", Secret: phrase}, keyWrongSecret)
	chief = r.enter(mqtttest.Options{Name: "chief", ID: "d", Secret: next})
	if l := decode[[]keptName](t, host.order(`{"do":"names"}`)["names"]); len(l) != 1 || l[0] != (keptName{"chief", true, false}) {
		t.Errorf("the names are %+v", l)
	}
	chief.Disconnect()
	wait(t, "chief is gone", func() bool { return r.b.members.find("chief") == nil })
	host.order(`{"do":"release","name":"chief"}`)
	r.wantOut(mqtttest.Options{Name: "Chief", ID: "c", Secret: phrase}, keyNameReserved)
	for _, e := range decode[[]loggedOrder](t, host.order(`{"do":"log"}`)["entries"]) {
		if strings.Contains(fmt.Sprint(e), next) {
			t.Errorf("the log tells a passphrase: %+v", e)
		}
	}
}

func TestOnlyRegisteredNamesWhereThatIsSaid(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada := r.join("ada")
	ada.ask(`{"do":"keep","secret":"four old tin cans"}`)
	r.cfg.RegisteredOnly = true
	r.restart()
	r.enter(mqtttest.Options{Name: "ada", ID: "a", Secret: "four old tin cans"})
	for _, o := range []mqtttest.Options{{Name: "bob", ID: "b", Secret: "x"}, {Name: "bob", ID: "b"}, {ID: "sensor"}, {ID: "a/b"}, {}} {
		r.wantOut(o, keyUnregistered)
	}
	r.wantOut(mqtttest.Options{Name: "bob", ID: "b", Secret: "x", Version: 4}, "")
}

func TestTheDoor(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		r.cfg.Door = "open@sesame"
		ws := strings.HasPrefix(r.addr, "ws")
		r.restart()
		if ws {
			r.addr = r.ws
		}
		r.wantOut(mqtttest.Options{Name: "ada", ID: "a", Version: r.version}, keyDoor)
		r.wantOut(mqtttest.Options{Name: "ada", ID: "a", Secret: "secret of ada", Version: r.version}, keyDoor)
		r.wantOut(mqtttest.Options{Name: "ada", ID: "a", Secret: "open@sesam", Version: r.version}, keyDoor)
		r.enter(mqtttest.Options{Name: "ada", ID: "a", Secret: "secret@open@sesame"})
		r.enter(mqtttest.Options{Name: "plain", ID: "a", Secret: "@open@sesame"})
		r.wantOut(mqtttest.Options{Name: "ada", ID: "b", Secret: "wrong@open@sesame", Version: r.version}, keyWrongSecret)
		if r.version == 5 {
			o := mqtttest.Options{Name: "ada", ID: "b", Secret: "secret", User: []mqtttest.Prop{{Key: "door", Value: "open@sesame"}}}
			r.enter(o)
			o.User[0].Value = "wrong"
			for range triesAMinute {
				if c := r.try(o); c.Connack.Props.Get("reason") == keyTooManyTries {
					o.User[0].Value = "open@sesame"
					r.enter(o) // the right one is let in all the same
					return
				}
			}
			t.Error("wrong passphrases of the door are not limited")
		}
	})
}

func TestASecondDeviceIsLetInByACode(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	secret := r.asPage("Ada", "tin", roundsBrief)
	ada := r.enter(mqtttest.Options{Name: "Ada", ID: "laptop", Secret: secret})
	ada.wantNo(account, `{"do":"code","secret":"guessed"}`, 0x86, "not the secret")
	code := func() string { return decode[string](t, ada.ask(`{"do":"code","secret":"` + secret + `"}`)["code"]) }
	first, second := code(), code()
	const other = "192.168.1.9:5"
	for what, c := range map[string]string{"one that another replaced": first, "one that is none": "aaaaaaaa", "nothing": ""} {
		if _, _, _, no := r.b.Redeem(t.Context(), c, other); no == nil || !strings.Contains(no.Error(), "used already") {
			t.Errorf("%s: %+v", what, no)
		}
	}
	name, got, _, no := r.b.Redeem(t.Context(), strings.ToUpper(second[:4]+"-"+second[4:]), other)
	if no != nil || name != "Ada" || got != secret {
		t.Fatalf("got %q, %q, %+v", name, got, no)
	}
	ada.wantInbox("device")
	r.enter(mqtttest.Options{Name: name, ID: "phone", Secret: got})
	if _, _, _, no := r.b.Redeem(t.Context(), second, other); no == nil {
		t.Error("a code works twice")
	}
	third := code()
	ada.ask(`{"do":"withdraw"}`)
	if _, _, _, no := r.b.Redeem(t.Context(), third, other); no == nil {
		t.Error("a code that was withdrawn works")
	}
	fourth := code()
	if _, _, _, no := r.b.Redeem(t.Context(), fourth, other); no == nil || !strings.Contains(no.Error(), "too many") {
		t.Errorf("after five wrong ones: %+v", no)
	}
	if _, _, _, no := r.b.Redeem(t.Context(), fourth, "192.168.1.10:5"); no != nil {
		t.Errorf("another address: %+v", no)
	}
}

// A crowd that comes back at once under names for good, and one that guesses, keep nobody else waiting.
func TestPassphrasesAreCheckedAFewAtATime(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada := r.join("ada")
	ada.ask(`{"do":"keep","secret":"four old tin cans"}`)
	var most, now int
	var mu sync.Mutex
	slow := r.b.proofs.slow
	gate := make(chan struct{})
	for range cap(slow.slots) { // nobody else's turn for now
		go func() { _ = slow.do(t.Context(), slowWaiting, func() { <-gate }) }()
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			err := slow.do(t.Context(), 10, func() {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				runtime.Gosched()
				mu.Lock()
				now--
				mu.Unlock()
			})
			if err != nil && err != errCrowded {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	bob := r.join("bob") // a secret of the page waits for none of that
	bob.say("hello")
	r.enter(mqtttest.Options{Name: "eve", ID: "e", Secret: r.asPage("eve", "x", 1)})
	close(gate)
	wg.Wait()
	if most == 0 || most > cap(slow.slots) {
		t.Errorf("%d were under way at once", most)
	}
	r.enter(mqtttest.Options{Name: "ada", ID: "b", Secret: "four old tin cans"})
	checked := len(r.b.proofs.right.young)
	r.enter(mqtttest.Options{Name: "ada", ID: "c", Secret: "four old tin cans"})
	if checked == 0 || len(r.b.proofs.right.young) != checked {
		t.Errorf("%d remembered, then %d", checked, len(r.b.proofs.right.young))
	}
}
