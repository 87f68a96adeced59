package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"tincan/broker/mqtttest"
)

// elsewhere asks the server from another address of this computer, with what is put behind the path, and tells the status and the answer.
func (s *server) elsewhere(path string) (int, string) {
	s.t.Helper()
	dial := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	client := &http.Client{Transport: &http.Transport{DialContext: dial.DialContext, DisableKeepAlives: true}}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.http+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// A ticket reads no longer than its owner may come in: a ban, another secret, an end of the name, and a lock end it at once. And who is
// banned by its address reads no file from there.
func TestATicketEndsWithItsOwner(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("it needs a second loopback address")
	}
	s := startServer(t, t.TempDir(), "--set", "names.hold=0")
	hal := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "hal", Secret: "pod"})
	if code := accept(hal, s.out.want(t, link, s.ended)[1]); code != 0 {
		t.Fatalf("hal is no host: %#x", code)
	}
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "tin"})
	bob := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "can of bob"})
	order := func(by *mqtttest.Client, payload string) {
		t.Helper()
		if a := by.Publish("chat/server/admin", payload); a.Code != 0 {
			t.Fatalf("%s: %s", payload, a)
		}
	}
	order(ada, `{"do":"room","room":"den","private":true}`)
	order(ada, `{"do":"invite","room":"den","name":"bob"}`)
	as := func(who, secret string) []string {
		return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(who+":"+secret))}
	}
	file := map[string]string{}
	for _, room := range []string{"den", "lobby"} {
		res, b := s.request("PUT", "/files/"+room+"/plan.txt", strings.NewReader("the plan of "+room), as("ada", "tin")...)
		if file[room] = res.Header.Get("Location"); file[room] == "" {
			t.Fatalf("%s: %s", res.Status, b)
		}
	}
	ticket := func(who, secret string) string {
		t.Helper()
		var a struct{ Ticket string }
		if _, b := s.request("GET", "/api/ticket", nil, as(who, secret)...); json.Unmarshal(b, &a) != nil || a.Ticket == "" {
			t.Fatalf("no ticket for %s: %s", who, b)
		}
		return "?t=" + a.Ticket
	}
	want := func(when, room, ticket string, status int, word string) {
		t.Helper()
		if res, b := s.request("GET", file[room]+ticket, nil); res.StatusCode != status || !strings.Contains(string(b), word) {
			t.Errorf("%s: %s %s, want %d %s", when, res.Status, b, status, word)
		}
	}
	wantElsewhere := func(when, room, ticket string, status int, word string) {
		t.Helper()
		if got, b := s.elsewhere(file[room] + ticket); got != status || !strings.Contains(b, word) {
			t.Errorf("from elsewhere, %s: %d %s, want %d %s", when, got, b, status, word)
		}
	}
	bobs := ticket("bob", "can of bob")
	want("a ticket", "den", bobs, 200, "plan")
	wantElsewhere("a ticket", "den", bobs, 200, "plan")

	order(ada, `{"do":"ban","room":"den","address":"127.0.0.2"}`)
	order(hal, `{"do":"ban","room":"lobby","address":"127.0.0.2/31"}`)
	wantElsewhere("the room has banned the address", "den", bobs, 403, "not-readable")
	wantElsewhere("the open room has banned the address", "lobby", "", 401, "no-secret")
	if got, b := s.elsewhere("/api/export?room=den&format=csv&" + bobs[1:]); got != 403 {
		t.Errorf("a banned address takes the room along: %d %s", got, b)
	}
	want("a room has banned another address", "den", bobs, 200, "plan")
	want("an open room has banned another address", "lobby", "", 200, "plan")
	order(ada, `{"do":"unban","room":"den","address":"127.0.0.2"}`)
	order(hal, `{"do":"unban","room":"lobby","address":"127.0.0.2/31"}`)

	for limit, refused := range map[string]int{`"files":40`: 507, `"files":0,"memberfiles":40`: 413} { // ada has 32 bytes
		order(hal, `{"do":"limits",`+limit+`}`)
		order(hal, `{"do":"limits","rooms":500}`) // changes nothing about files
		for size, status := range map[int]int{12: refused, 1: 201} {
			res, b := s.request("PUT", "/files/lobby/x", strings.NewReader(strings.Repeat("x", size)), as("ada", "tin")...)
			if res.StatusCode != status || status != 201 && !strings.Contains(string(b), "ask a host") {
				t.Errorf("%d bytes with %s: %s %s", size, limit, res.Status, b)
			}
		}
		order(hal, `{"do":"limits","files":0,"memberfiles":0}`)
	}

	order(hal, `{"do":"ban","address":"127.0.0.2"}`)
	wantElsewhere("the server has banned the address", "den", bobs, 403, "banned")
	wantElsewhere("the server has banned the address", "lobby", "", 403, "banned")
	want("the server has banned another address", "den", bobs, 200, "plan")

	if a := bob.Publish("chat/user/me/account", `{"do":"keep","secret":"a longer can"}`); a.Code != 0 {
		t.Fatal(a)
	}
	want("another secret", "den", bobs, 401, "no-secret")
	bobs = ticket("bob", "a longer can")
	want("the new secret", "den", bobs, 200, "plan")
	order(hal, `{"do":"ban","name":"bob"}`)
	want("bob is banned", "den", bobs, 403, "banned")
	bob.WantEnd()
	order(hal, `{"do":"unban","name":"bob"}`)
	order(ada, `{"do":"invite","room":"den","name":"bob"}`)
	want("bob is banned no longer", "den", bobs, 200, "plan")
	order(hal, `{"do":"reset","name":"bob"}`)
	want("a reset", "den", bobs, 401, "no-secret")
	order(hal, `{"do":"release","name":"bob"}`)
	want("the name is free", "den", bobs, 401, "no-secret")

	adas := ticket("ada", "tin")
	want("ada is here", "den", adas, 200, "plan")
	ada.Disconnect()
	until(t, "the ticket ends with the name", func() bool {
		res, _ := s.request("GET", file["den"]+adas, nil)
		return res.StatusCode == 401
	})
	adas = ticket("ada", "tin")
	want("nobody has the name", "den", adas, 200, "plan")
	s.stop(syscall.SIGTERM)

	s = startServer(t, s.data, "--set", "names.hold=0")
	want("after a restart", "den", adas, 200, "plan")
	s.kill()
	s = startServer(t, s.data, "--set", "names.hold=0", "--set", "names.registered_only=true")
	want("only registered names are let in", "den", adas, 401, "registered-only")
	s.kill()
	s = startServer(t, s.data, "--set", "names.hold=0", "--set", "door=sesame")
	want("there is another door", "den", adas, 401, "no-secret")
}
