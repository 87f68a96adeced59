package main

import (
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tincan/bridge/names"
	"tincan/broker"
)

// shipped is config.yaml: the defaults and their documentation are one text.
//
//go:embed config.yaml
var shipped []byte

// shippedName is how faults would call it; a user's file of the same name is told with its folder, ./config.yaml.
const shippedName = "config.yaml"

// Config is config.yaml, key for key. What a key means and costs is said there.
type Config struct {
	Name    string   `key:"name"`
	Data    string   `key:"data"`
	HTTP    Addr     `key:"http"`
	MQTT    Addr     `key:"mqtt"`
	Metrics Addr     `key:"metrics"`
	Open    bool     `key:"open"`
	QR      string   `key:"qr"`
	Hosts   []string `key:"hosts"`
	Origins []string `key:"origins"`
	Rooms   struct {
		Fixed []string `key:"fixed"`
		Max   int      `key:"max"`
	} `key:"rooms"`
	Door  string `key:"door"`
	Names struct {
		Hold           Duration `key:"hold"`
		Reserved       []string `key:"reserved"`
		RegisteredOnly bool     `key:"registered_only"`
	} `key:"names"`
	Files struct {
		Max   Size     `key:"max"`
		Quota Size     `key:"quota"`
		Keep  Duration `key:"keep"`
	} `key:"files"`
	History struct {
		Keep struct {
			Days     int  `key:"days"`
			Messages int  `key:"messages"`
			Bytes    Size `key:"bytes"`
		} `key:"keep"`
		Attendance int `key:"attendance"`
	} `key:"history"`
	Limits struct {
		MessagesPerSecond  int      `key:"messages_per_second"`
		MessagesBurst      int      `key:"messages_burst"`
		Sessions           int      `key:"sessions"`
		SessionsPerAddress int      `key:"sessions_per_address"`
		Keepalive          Duration `key:"keepalive"`
		SessionExpiry      Duration `key:"session_expiry"`
		Queue              Size     `key:"queue"`
		Packet             Size     `key:"packet"`
	} `key:"limits"`
	Topics struct {
		Open   []string `key:"open"`
		Closed []string `key:"closed"`
	} `key:"topics"`
	Log struct {
		Level  string `key:"level"`
		Format string `key:"format"`
	} `key:"log"`
}

// validate tells what is wrong with values that can be read but not used, all at once. complain gets a sentence with the remedy
// and the keys it is about; more than one where they do not go together.
func (c *Config) validate(complain func(text string, keys ...string)) {
	say := func(key, format string, args ...any) { complain(fmt.Sprintf(format, args...), key) }
	between := func(key string, n, low, high int) {
		if n < low || n > high {
			say(key, "%d is out of range; choose %d to %d", n, low, high)
		}
	}

	if n := utf8.RuneCountInString(c.Name); n > 64 || strings.ContainsFunc(c.Name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		say("name", "the name of a place is one line of at most 64 characters; this has %d", n)
	}
	if c.Data == "" {
		say("data", "tincan needs a folder to keep messages in; write ./tincan-data")
	}
	c.HTTP.validate("http", ":8080", say)
	c.MQTT.validate("mqtt", ":1883", say)
	if c.HTTP == c.MQTT && c.HTTP.port() != "0" {
		complain(fmt.Sprintf("http and mqtt have the same address, %s; choose another port for one of them", c.MQTT), "mqtt", "http")
	}
	if c.Metrics != "" {
		c.Metrics.validate("metrics", ":9464", say)
		if c.Metrics.port() != "0" && (c.Metrics == c.HTTP || c.Metrics == c.MQTT) {
			say("metrics", "%s is the address of http or mqtt; choose another port, such as 127.0.0.1:9464", c.Metrics)
		}
	}
	oneOf("qr", c.QR, []string{"auto", "always", "never"}, say)
	for _, h := range c.Hosts {
		if !isHost(h) {
			say("hosts", "%q is not a host name; write it without http://, port and path, such as camp.example", h)
		}
	}
	for _, o := range c.Origins {
		if !isOrigin(o) {
			say("origins", "%q is not an origin; write it as https://board.example or http://board.example:8080, without a path", o)
		}
	}

	between("rooms.max", c.Rooms.Max, 1, 100_000)
	if len(c.Rooms.Fixed) > c.Rooms.Max {
		complain(fmt.Sprintf("%d rooms are fixed, but rooms.max is %d; raise it, or list fewer", len(c.Rooms.Fixed), c.Rooms.Max),
			"rooms.fixed", "rooms.max")
	}
	for _, r := range c.Rooms.Fixed {
		var bad *names.Error
		if _, err := names.Room(r); errors.As(err, &bad) {
			say("rooms.fixed", "%q: %s", r, bad.Tell)
		}
	}
	for _, n := range c.Names.Reserved {
		var bad *names.Error
		if _, err := names.Parse(n); errors.As(err, &bad) {
			say("names.reserved", "%q: %s", n, bad.Tell)
		}
	}
	if n := len(c.Door); n > maxDoor || strings.ContainsFunc(c.Door, unicode.IsControl) {
		say("door", "a passphrase is one line of at most %d bytes; this has %d", maxDoor, n)
	}
	if d := c.Names.Hold; d > Duration(maxHold) {
		say("names.hold", "%s is too long; choose at most %s", d, Duration(maxHold))
	}

	if n := c.Files.Max; n > 1024*GiB {
		say("files.max", "%s is too large; choose at most 1024GiB, or 0 for no files", n)
	}
	if q := c.Files.Quota; q > 0 && q < c.Files.Max {
		complain(fmt.Sprintf("files.quota is %s, but one file may have %s (files.max); raise one or lower the other", q, c.Files.Max), "files.quota", "files.max")
	}
	if d := c.Files.Keep; d > 0 && d < Duration(minFileKeep) || d > Duration(maxFileKeep) {
		say("files.keep", "%s is out of range; choose %s to %s, or 0 for ever", d, Duration(minFileKeep), Duration(maxFileKeep))
	}
	between("history.keep.days", c.History.Keep.Days, 0, 36_500)
	between("history.keep.messages", c.History.Keep.Messages, 0, 1_000_000_000)
	if n := c.History.Keep.Bytes; n > 0 && n < 64*KiB {
		say("history.keep.bytes", "%s is less than a few messages; choose 64KiB or more, or 0 for all", n)
	}
	between("history.attendance", c.History.Attendance, 0, 3_650)

	between("limits.messages_per_second", c.Limits.MessagesPerSecond, 0, 1_000_000)
	between("limits.messages_burst", c.Limits.MessagesBurst, 1, 1_000_000)
	between("limits.sessions", c.Limits.Sessions, 1, 1_000_000)
	between("limits.sessions_per_address", c.Limits.SessionsPerAddress, 1, 1_000_000)
	if d := c.Limits.Keepalive; d < Duration(minKeepalive) || d > Duration(maxKeepalive) {
		say("limits.keepalive", "%s is out of range; choose %s to %s", d, Duration(minKeepalive), Duration(maxKeepalive))
	}
	if d := c.Limits.SessionExpiry; d < Duration(minExpiry) || d > Duration(maxExpiry) {
		say("limits.session_expiry", "%s is out of range; choose %s to %s", d, Duration(minExpiry), Duration(maxExpiry))
	}
	if n := c.Limits.Packet; n < 64*KiB || n > 16*MiB {
		say("limits.packet", "%s is out of range; choose 64KiB to 16MiB", n)
	}
	if n := c.Limits.Queue; n < 64*KiB || n > GiB {
		say("limits.queue", "%s is out of range; choose 64KiB to 1GiB", n)
	} else if n < c.Limits.Packet {
		complain(fmt.Sprintf("a queue of %s does not hold one packet of %s; choose a larger queue or smaller packets",
			n, c.Limits.Packet), "limits.queue", "limits.packet")
	}

	filters := func(key string, list []string) {
		for _, f := range list {
			if !broker.ValidFilter(f) {
				say(key, "%q is not a topic filter; write it as house/lamp, house/+/lamp or house/#", f)
			} else if f == "chat" || strings.HasPrefix(f, "chat/") || strings.HasPrefix(f, "$") {
				say(key, "%q is tincan's own; only topics outside chat/ and $SYS/ can be opened or closed", f)
			}
		}
	}
	filters("topics.open", c.Topics.Open)
	filters("topics.closed", c.Topics.Closed)

	oneOf("log.level", c.Log.Level, []string{"debug", "info", "warn", "error"}, say)
	oneOf("log.format", c.Log.Format, []string{"text", "json"}, say)
}

func oneOf(key, value string, choices []string, say func(key, format string, args ...any)) {
	for _, c := range choices {
		if value == c {
			return
		}
	}
	last := len(choices) - 1
	say(key, "%q is not a choice%s; choose %s or %s", value, didYouMean(nearest(value, choices)), strings.Join(choices[:last], ", "), choices[last])
}

// An Addr is where to listen: host:port, with an empty host for all addresses of this computer.
type Addr string

// UnmarshalText takes a bare port, too: 8080 is :8080.
func (a *Addr) UnmarshalText(text []byte) error {
	s := string(text)
	if _, err := strconv.ParseUint(s, 10, 64); err == nil {
		s = ":" + s
	}
	*a = Addr(s)
	return nil
}

func (a Addr) port() string {
	_, port, _ := net.SplitHostPort(string(a))
	return port
}

func (a Addr) validate(key, example string, say func(key, format string, args ...any)) {
	host, port, err := net.SplitHostPort(string(a))
	if err != nil {
		say(key, "%q is not an address; write it as %s, or 127.0.0.1%s for this computer alone", string(a), example, example)
		return
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || port == "" {
		say(key, "%q is not a port; choose 1 to 65535", port)
	} else if n > 0 && strings.TrimLeft(port, "0") != port {
		say(key, "%q is not a port; write %d", port, n)
	}
	if _, err := netip.ParseAddr(host); host != "" && err != nil && !isHost(host) {
		say(key, "%q is neither an IP address of this computer nor a host name", host)
	}
}

// isHost tells whether s is an IP address or a DNS name, without scheme, port or path.
func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, r := range label {
			if r < utf8.RuneSelf && !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_') {
				return false
			}
		}
	}
	return true
}

// isOrigin tells whether s is what a browser sends as Origin (RFC 6454 §6.1).
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && isHost(u.Hostname()) && s == u.Scheme+"://"+u.Host
}
