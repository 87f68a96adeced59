package broker

// A Refusal says no in the words of both readers.
type Refusal struct {
	Code Reason // a 3.1.1 session gets the nearest return code (its §3.2.2.3, §3.9.3)
	Tell string // for the member, sent as reason string: what happened and what to do
	Key  string // a stable word for programs, such as name-taken; sent as the user property reason
	With []Prop // what the sentence speaks of, such as a name, for programs that say it in words of their own; sent as user properties
	Err  error  // for the operator, logged, never sent: the cause

	// Later says that the refusal is about the moment and not about the message (a full disk, a busy server): the same message is
	// right to come again, and is not taken for the stubborn repeat of one that never will be accepted.
	Later bool
}

// props are the user properties that go with the code and the sentence.
func (r *Refusal) props() []Prop {
	if r.Key == "" {
		return r.With
	}
	return append([]Prop{{"reason", r.Key}}, r.With...)
}

// logged is what a log line says of a refusal.
func (r *Refusal) logged(args ...any) []any {
	args = append(args, "reason", r.Tell)
	if r.Err != nil {
		args = append(args, "err", r.Err)
	}
	return args
}

// word is what counters call the refusal: a word of the program's, never of a member's.
func (r *Refusal) word() string {
	if r.Key != "" {
		return r.Key
	}
	return r.Code.word()
}

// A Reason is an MQTT 5 reason code (§2.4).
type Reason byte

// Reason codes that tincan sends or understands.
const (
	Success                Reason = 0x00
	DisconnectWithWill     Reason = 0x04
	NoMatchingSubscribers  Reason = 0x10
	NoSubscriptionExisted  Reason = 0x11
	Unspecified            Reason = 0x80
	MalformedPacket        Reason = 0x81
	ProtocolError          Reason = 0x82
	ImplementationSpecific Reason = 0x83
	UnsupportedVersion     Reason = 0x84
	BadClientID            Reason = 0x85
	BadUserOrPassword      Reason = 0x86
	NotAuthorized          Reason = 0x87
	ServerUnavailable      Reason = 0x88
	ServerBusy             Reason = 0x89
	Banned                 Reason = 0x8A
	ServerShuttingDown     Reason = 0x8B
	BadAuthMethod          Reason = 0x8C
	KeepaliveTimeout       Reason = 0x8D
	SessionTakenOver       Reason = 0x8E
	BadFilter              Reason = 0x8F
	BadTopic               Reason = 0x90
	PacketIDInUse          Reason = 0x91
	PacketIDNotFound       Reason = 0x92
	ReceiveMaximumExceeded Reason = 0x93
	BadTopicAlias          Reason = 0x94
	PacketTooLarge         Reason = 0x95
	RateTooHigh            Reason = 0x96
	QuotaExceeded          Reason = 0x97
	AdministrativeAction   Reason = 0x98
	BadPayloadFormat       Reason = 0x99
	SharedUnsupported      Reason = 0x9E
	ConnectionRate         Reason = 0x9F
	SubIDsUnsupported      Reason = 0xA1
	WildcardsUnsupported   Reason = 0xA2
)

// connack3 is the nearest 3.1.1 return code of a CONNACK (its §3.2.2.3).
func (r Reason) connack3() byte {
	switch r {
	case UnsupportedVersion:
		return 1
	case BadClientID:
		return 2
	case BadUserOrPassword, ConnectionRate:
		return 4
	case NotAuthorized, Banned, BadTopic, BadAuthMethod:
		return 5
	}
	return 3
}

// reasonWords are what counters call the codes that say no.
var reasonWords = map[Reason]string{
	Unspecified:            "unspecified",
	MalformedPacket:        "malformed-packet",
	ProtocolError:          "protocol-error",
	ImplementationSpecific: "implementation-specific",
	UnsupportedVersion:     "unsupported-version",
	BadClientID:            "bad-client-id",
	BadUserOrPassword:      "bad-user-or-password",
	NotAuthorized:          "not-authorized",
	ServerUnavailable:      "server-unavailable",
	ServerBusy:             "server-busy",
	Banned:                 "banned",
	ServerShuttingDown:     "server-shutting-down",
	BadAuthMethod:          "bad-auth-method",
	KeepaliveTimeout:       "keepalive-timeout",
	SessionTakenOver:       "session-taken-over",
	BadFilter:              "bad-filter",
	BadTopic:               "bad-topic",
	PacketIDInUse:          "packet-id-in-use",
	PacketIDNotFound:       "packet-id-not-found",
	ReceiveMaximumExceeded: "receive-maximum-exceeded",
	BadTopicAlias:          "bad-topic-alias",
	PacketTooLarge:         "packet-too-large",
	RateTooHigh:            "rate-too-high",
	QuotaExceeded:          "quota-exceeded",
	AdministrativeAction:   "administrative-action",
	BadPayloadFormat:       "bad-payload-format",
	SharedUnsupported:      "shared-unsupported",
	ConnectionRate:         "connection-rate",
	SubIDsUnsupported:      "subscription-ids-unsupported",
	WildcardsUnsupported:   "wildcards-unsupported",
}

// word is what counters call the code, such as quota-exceeded.
func (r Reason) word() string {
	if w := reasonWords[r]; w != "" {
		return w
	}
	return others
}
