package broker

import (
	"errors"
	"fmt"
	"time"
)

// A Config sets the limits of a Broker. [Defaults] gives a complete one; New fills every field that is zero from it, so the zero
// Config is the default one too.
type Config struct {
	// Version is told on $SYS/broker/version.
	Version string

	// HTTPPort is where a browser should have gone that speaks HTTP to the MQTT port: it is told so. 0: nowhere.
	HTTPPort int

	// QueueBytes is what may wait for one session that does not read, in bytes; beyond it the session is cut as slow. What the
	// reader asked for (retained messages, history) does not count.
	QueueBytes int

	// QueuedBytes is the memory that may wait for all sessions together, in bytes, what they asked for included; a packet that many
	// share counts once. Beyond it those with the most are cut as slow.
	QueuedBytes int
	// MemoryBytes is what of the heap may be alive; beyond it the readers with the most that waits are cut, and strangers refused
	// until it is better. 0: no limit.
	MemoryBytes int64

	// ConnectTimeout is the time from the accepted socket to a whole CONNECT.
	ConnectTimeout time.Duration
	// MaxConnect is the size of a CONNECT, MaxPacket of any later packet, in bytes with header. MaxPacket is announced in CONNACK.
	MaxConnect int
	MaxPacket  int

	// MaxFilters is the number of topic filters of a session, MaxLevels of levels in a topic or filter, MaxTopic of its bytes.
	MaxFilters int
	MaxLevels  int
	MaxTopic   int

	// MaxPublishes is the number of a session's publishes whose acknowledgement is not yet sent (the announced Receive Maximum).
	// MQTT 5 beyond it is disconnected with 0x93, 3.1.1 is not read from meanwhile.
	MaxPublishes int
	// MaxInflight is the number of unacknowledged QoS 1 and 2 messages towards a session; its own Receive Maximum may lower it.
	MaxInflight int

	// Keepalive is imposed on MQTT 5 sessions that ask for a longer one or for none; whole seconds.
	Keepalive time.Duration

	// SessionExpiry is the longest time that a session outlives its connection. MaxAbsent is the number of such sessions;
	// the one that is away for longest goes first. AbsentMessages and AbsentBytes bound what waits for one of them,
	// AllAbsentBytes for all together; beyond it they have equal parts.
	SessionExpiry  time.Duration
	MaxAbsent      int
	AbsentMessages int
	AbsentBytes    int
	AllAbsentBytes int

	// MaxSessions is the number of connections, MaxPerAddress of those from one IP address, MaxPending of those that have not yet
	// sent their CONNECT (beyond it the oldest goes).
	MaxSessions   int
	MaxPerAddress int
	MaxPending    int

	// Store keeps retained messages, sessions and what waits for them over a restart. nil: in memory only.
	Store Store

	// RetainedCount and RetainedBytes (about what they cost) bound the retained messages.
	RetainedCount int
	RetainedBytes int

	// Hosts are names by which browsers may address this server, besides IP addresses, localhost and the machine's own name.
	Hosts []string
	// Origins are pages of other servers (https://example.org) that may open a websocket here.
	Origins []string
}

// Defaults is the configuration that is right for a room of people and things on one network.
func Defaults() Config {
	return Config{
		Version:        "0",
		QueueBytes:     1 << 20,
		QueuedBytes:    256 << 20,
		ConnectTimeout: 10 * time.Second,
		MaxConnect:     16 << 10,
		MaxPacket:      256 << 10,
		MaxFilters:     200,
		MaxLevels:      32,
		MaxTopic:       1 << 10,
		MaxPublishes:   64,
		MaxInflight:    64,
		Keepalive:      60 * time.Second,
		SessionExpiry:  7 * 24 * time.Hour,
		MaxAbsent:      2000,
		AbsentMessages: 1000,
		AbsentBytes:    1 << 20,
		AllAbsentBytes: 16 << 20,
		MaxSessions:    10000,
		MaxPerAddress:  4000,
		MaxPending:     4096,
		RetainedCount:  50000,
		RetainedBytes:  64 << 20,
	}
}

// filled returns c with its zero fields set from Defaults.
func (c Config) filled() Config {
	d := Defaults()
	fill(&c.Version, d.Version)
	fill(&c.QueueBytes, d.QueueBytes)
	fill(&c.QueuedBytes, d.QueuedBytes)
	fill(&c.ConnectTimeout, d.ConnectTimeout)
	fill(&c.MaxConnect, d.MaxConnect)
	fill(&c.MaxPacket, d.MaxPacket)
	fill(&c.MaxFilters, d.MaxFilters)
	fill(&c.MaxLevels, d.MaxLevels)
	fill(&c.MaxTopic, d.MaxTopic)
	fill(&c.MaxPublishes, d.MaxPublishes)
	fill(&c.MaxInflight, d.MaxInflight)
	fill(&c.Keepalive, d.Keepalive)
	fill(&c.SessionExpiry, d.SessionExpiry)
	fill(&c.MaxAbsent, d.MaxAbsent)
	fill(&c.AbsentMessages, d.AbsentMessages)
	fill(&c.AbsentBytes, d.AbsentBytes)
	fill(&c.AllAbsentBytes, d.AllAbsentBytes)
	fill(&c.MaxSessions, d.MaxSessions)
	fill(&c.MaxPerAddress, d.MaxPerAddress)
	fill(&c.MaxPending, d.MaxPending)
	fill(&c.RetainedCount, d.RetainedCount)
	fill(&c.RetainedBytes, d.RetainedBytes)
	return c
}

func fill[T comparable](to *T, from T) {
	var zero T
	if *to == zero {
		*to = from
	}
}

// Validate reports all fields that are out of range.
func (c Config) Validate() error {
	c = c.filled()
	var errs []error
	within := func(name string, v, lo, hi int) {
		if v < lo || v > hi {
			errs = append(errs, fmt.Errorf("broker: %s is %d: it must be %d to %d", name, v, lo, hi))
		}
	}
	within("QueueBytes", c.QueueBytes, 16<<10, 1<<30)
	within("QueuedBytes", c.QueuedBytes, 16<<10, 1<<30)
	within("MaxConnect", c.MaxConnect, 256, 256<<20)
	within("MaxPacket", c.MaxPacket, 1<<10, 256<<20)
	within("MaxFilters", c.MaxFilters, 1, 1<<20)
	within("MaxLevels", c.MaxLevels, 1, 1<<10)
	within("MaxTopic", c.MaxTopic, 1, 65535)
	within("MaxPublishes", c.MaxPublishes, 1, 65535)
	within("MaxInflight", c.MaxInflight, 1, 65535)
	within("Keepalive", int(c.Keepalive/time.Second), 1, 65535)
	within("MaxSessions", c.MaxSessions, 1, 1<<24)
	within("MaxPerAddress", c.MaxPerAddress, 1, 1<<24)
	within("MaxPending", c.MaxPending, 1, 1<<24)
	if c.SessionExpiry < 0 || c.ConnectTimeout <= 0 {
		errs = append(errs, errors.New("broker: SessionExpiry and ConnectTimeout must not be negative"))
	}
	return errors.Join(errs...)
}
