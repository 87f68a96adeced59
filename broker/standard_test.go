package broker

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite what the server sends in testdata/standard")

// TestStandard plays testdata/standard: one row a statement of MQTT 5 or 3.1.1, bytes in and bytes out, over TCP and over websocket.
// testdata/standard/README.md tells how to read and write them.
func TestStandard(t *testing.T) {
	files, err := filepath.Glob("testdata/standard/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no chapters: %v", err)
	}
	rows := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		top, chapter := readRows(string(text))
		rows += len(chapter)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			if *update {
				for i := range chapter {
					chapter[i].lines = newPlay(t, &chapter[i], "tcp").run()
				}
				if err := os.WriteFile(file, []byte(writeRows(top, chapter)), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			for _, transport := range []string{"tcp", "ws"} {
				for i := range chapter {
					r := &chapter[i]
					t.Run(transport+"/"+r.version+" "+r.rule, func(t *testing.T) {
						t.Parallel() // some wait for a second to go by
						newPlay(t, r, transport).run()
					})
				}
			}
		})
	}
	if rows < 150 {
		t.Errorf("only %d rows were found", rows)
	}
}

// A row is a statement and its transcript.
type row struct {
	version string // 5 or 3.1.1
	rule    string // as the standard numbers it, or a section of it
	says    string
	lines   []string
}

var rowHeader = regexp.MustCompile(`^\[(5|3\.1\.1): ([^\]]+)\] (.+)$`)

func readRows(text string) (top string, rows []row) {
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		switch m := rowHeader.FindStringSubmatch(line); {
		case m != nil:
			rows = append(rows, row{version: m[1], rule: m[2], says: m[3]})
		case len(rows) == 0:
			top += line + "\n"
		case line != "":
			r := &rows[len(rows)-1]
			r.lines = append(r.lines, line)
		}
	}
	return top, rows
}

func writeRows(top string, rows []row) string {
	b := strings.Builder{}
	b.WriteString(strings.TrimSpace(top) + "\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "\n[%s: %s] %s\n%s\n", r.version, r.rule, r.says, strings.Join(r.lines, "\n"))
	}
	return b.String()
}

// A play is one row against a broker of its own.
type play struct {
	t         *testing.T
	r         *row
	version   byte
	transport string
	x         *bench
	clients   map[string]*client
}

func newPlay(t *testing.T, r *row, transport string) *play {
	version := byte(5)
	if r.version != "5" {
		version = 4
	}
	return &play{t: t, r: r, version: version, transport: transport, clients: map[string]*client{},
		x: newBench(t, Config{MaxPublishes: 3, MaxPacket: 1 << 10, MaxConnect: 512, MaxFilters: 3, MaxLevels: 4, MaxTopic: 64,
			SessionExpiry: 100 * time.Second, AbsentMessages: 3}, doorkeeper())}
}

// doorkeeper is a handler that refuses: the user eve; to publish or subscribe below closed/, to publish below full/, and to read
// below secret/. It answers what is published below late/ when release is published, the last first.
func doorkeeper() *host {
	closed := &Refusal{Code: NotAuthorized, Tell: "closed: use another"}
	h := &host{}
	h.connect = func(_ *Session, c ConnectRequest) (Welcome, *Refusal) {
		if c.User == "eve" {
			return Welcome{}, &Refusal{Code: BadUserOrPassword, Tell: "the name eve is taken", Key: "name-taken"}
		}
		return Welcome{Name: c.User + ".", ClientID: "assigned"}, nil
	}
	h.subscribe = func(_ *Session, filters []Subscription) []Decision {
		ds := make([]Decision, len(filters))
		for i, f := range filters {
			if strings.HasPrefix(f.Topic, "closed/") {
				ds[i].Refusal = closed
			}
		}
		return ds
	}
	h.mayPub = func(_ *Session, topic string) *Refusal {
		if strings.HasPrefix(topic, "closed/") {
			return closed
		}
		return nil
	}
	h.mayRead = func(_ *Session, topic string) bool { return !strings.HasPrefix(topic, "secret/") }
	var late []func(Ack)
	h.publish = func(s *Session, m *Message, ack func(Ack)) {
		switch first, _, _ := strings.Cut(m.Topic, "/"); first {
		case "closed":
			ack(Ack{Refusal: closed})
		case "full":
			ack(Ack{Refusal: &Refusal{Code: QuotaExceeded, Tell: "no room", Later: true}})
		case "late":
			h.mu.Lock()
			defer h.mu.Unlock()
			late = append(late, ack)
		case "release":
			h.mu.Lock()
			all := late
			h.mu.Unlock()
			for i := len(all) - 1; i >= 0; i-- {
				all[i](Ack{})
			}
			ack(Ack{})
		default:
			_ = h.b.Publish(m)
			ack(Ack{})
		}
	}
	return h
}

// run plays the lines, and returns them with what really came.
func (p *play) run() (lines []string) {
	p.t.Helper()
	ls := p.r.lines
	for i := 0; i < len(ls); i++ {
		line := ls[i]
		lines = append(lines, line)
		who, rest, _ := strings.Cut(line, " ")
		if !strings.HasPrefix(rest, "<") {
			p.step(who, rest, line)
			continue
		}
		var want []string
		for i+1 < len(ls) && strings.HasPrefix(ls[i+1], " ") {
			i++
			want = append(want, strings.TrimSpace(ls[i]))
		}
		pkt, err := p.clients[who].packet()
		if err != nil {
			p.t.Fatalf("%s\n%s\nbut came: %v", p.r.says, line, err)
		}
		note, bytes := compared(pkt, strings.Join(want, " "), p.speaks(who))
		if got := who + " < " + note; !*update && (got != line || strings.Join(bytes, " ") != strings.Join(want, " ")) {
			p.t.Fatalf("%s\nwant %s\n     %s\ngot  %s\n     %s", p.r.says, line, strings.Join(want, "\n     "), got, strings.Join(bytes, "\n     "))
		}
		lines[len(lines)-1] = who + " < " + note
		for _, b := range bytes {
			lines = append(lines, "    "+b)
		}
	}
	return lines
}

// compared writes a packet as a transcript shows it. Bytes that are .. in want are not looked at, and read as 0.
func compared(pkt []byte, want string, version byte) (note string, lines []string) {
	wanted := strings.Fields(want)
	pkt = bytes.Clone(pkt)
	masked := map[int]bool{}
	for i, w := range wanted {
		if w == ".." && len(wanted) == len(pkt) {
			masked[i], pkt[i] = true, 0
		}
	}
	n := 1
	for pkt[n]&0x80 != 0 {
		n++
	}
	lines = writeHex(pkt)
	for i := range masked {
		l := []byte(lines[i/32])
		copy(l[i%32*3:], "..")
		lines[i/32] = string(l)
	}
	return decodeNote(pkt[0], pkt[n+1:], version), lines
}

// packet reads the next packet whole, as it is.
func (c *client) packet() ([]byte, error) {
	if c == nil {
		return nil, errors.New("nobody of this name is connected")
	}
	_ = c.nc.SetReadDeadline(time.Now().Add(patience))
	var pkt []byte
	length := 0
	for i := 0; i < 2 || pkt[i-1]&0x80 != 0; i++ {
		b, err := c.r.ReadByte()
		if err != nil {
			return nil, err
		}
		if pkt = append(pkt, b); i > 0 {
			length |= int(b&0x7f) << (7 * (i - 1))
		}
	}
	rest := make([]byte, length)
	_, err := io.ReadFull(c.r, rest)
	return append(pkt, rest...), err
}

// step plays a line that is not about a packet from the server.
func (p *play) step(who, rest, line string) {
	p.t.Helper()
	defer func() {
		if e := recover(); e != nil {
			p.t.Fatalf("%s: %v", line, e)
		}
	}()
	word, more, _ := strings.Cut(rest, " ")
	c := p.clients[who]
	switch {
	case who == "#":
	case word == ">":
		p.send(who, more)
	case word == "joins":
		p.send(who, strings.TrimSpace("CONNECT "+more))
		if pkt, err := p.clients[who].packet(); err != nil || pkt[0] != 0x20 || pkt[3] != 0 {
			p.t.Fatalf("%s: got % x, %v", line, pkt, err)
		}
	case word == "subscribes":
		p.send(who, "SUBSCRIBE id=99 "+more)
		if pkt, err := c.packet(); err != nil || pkt[0] != 0x90 || pkt[len(pkt)-1] >= 0x80 {
			p.t.Fatalf("%s: got % x, %v", line, pkt, err)
		}
	case rest == "silent":
		for range 2 { // what is read from the retained messages goes out with the first answer
			p.send(who, "PINGREQ")
			if pkt, err := c.packet(); err != nil || pkt[0] != 0xd0 {
				p.t.Fatalf("%s\n%s, but got % x, %v", p.r.says, line, pkt, err)
			}
		}
	case rest == "closed":
		pkt, err := c.packet()
		var ne net.Error
		if err == nil || errors.As(err, &ne) && ne.Timeout() {
			p.t.Fatalf("%s\n%s, but got % x, %v", p.r.says, line, pkt, err)
		}
		p.ended(who)
	case rest == "cut":
		_ = c.nc.Close()
		p.ended(who)
	case rest == "leaves":
		p.send(who, "e0 00")
		p.step(who, "closed", line)
	case who == "after":
		d, err := time.ParseDuration(rest)
		if err != nil {
			panic(err)
		}
		time.Sleep(d) // not a wait for something: time goes by, and more of it does no harm
	case line == "nobody is absent":
		eventually(p.t, "the end of all sessions that wait", func() bool { return p.x.b.registry.absent() == 0 }, func() string { return "" })
	case line == "server stops":
		go p.x.b.Close(context.Background())
	case line == "server ends all":
		p.x.h.mu.Lock()
		defer p.x.h.mu.Unlock()
		for s := range p.x.h.open {
			p.x.b.Disconnect(s, CauseKicked, &Refusal{Code: NotAuthorized, Tell: "removed by a host"})
		}
	default:
		panic("no step")
	}
}

// speaks is the version of a client: the row's, or the one that its name ends with.
func (p *play) speaks(who string) byte {
	if v := who[len(who)-1]; v == '4' || v == '5' {
		return v - '0'
	}
	return p.version
}

// send sends a packet or bytes; who is not connected is.
func (p *play) send(who, packet string) {
	p.t.Helper()
	if p.clients[who] == nil {
		p.clients[who] = p.x.dial(p.transport, p.speaks(who))
		p.clients[who].name = who
	}
	p.clients[who].send(encodeNote(packet, p.speaks(who), who))
}

// ended waits until the broker has done with a client's connection.
func (p *play) ended(who string) {
	p.t.Helper()
	remote := p.clients[who].nc.LocalAddr().String()
	delete(p.clients, who)
	eventually(p.t, "the end of "+who, func() bool {
		p.x.h.mu.Lock()
		defer p.x.h.mu.Unlock()
		for s := range p.x.h.open {
			if s.Remote() == remote {
				return false
			}
		}
		return true
	}, func() string { return remote })
}
