package bridge

import (
	"errors"
	"fmt"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/broker"
)

// Every no that the chat says, in one place: the reason code for MQTT (only codes that a PUBACK or a CONNACK may carry), a stable key
// for programs, a sentence for the person.

func refuse(code broker.Reason, key, format string, args ...any) *broker.Refusal {
	return &broker.Refusal{Code: code, Key: key, Tell: fmt.Sprintf(format, args...)}
}

// speaking says what a refusal speaks of, by name and value in turn. Programs that say it in words of their own need no more than this and
// the key: a key that is said in several sentences is told apart by what they speak of.
func speaking(r *broker.Refusal, pairs ...any) *broker.Refusal {
	for i := 0; i+1 < len(pairs); i += 2 {
		if value := fmt.Sprint(pairs[i+1]); value != "" {
			r.With = append(r.With, broker.Prop{Key: fmt.Sprint(pairs[i]), Value: value})
		}
	}
	return r
}

// refuseNow is a no of the moment: the same may be taken later.
func refuseNow(code broker.Reason, key, format string, args ...any) *broker.Refusal {
	r := refuse(code, key, format, args...)
	r.Later = true
	return r
}

// Keys of a refused CONNECT.
const (
	keyNameTaken    = "name-taken"
	keyWrongSecret  = "wrong-secret"
	keyLookAlike    = "look-alike"
	keyNameInvalid  = "name-invalid"
	keyTooManyTries = "too-many-tries"
	keyStopping     = "stopping"
	keyFull         = "full"
	keyDoor         = "door"
	keyNameReserved = "name-reserved"
	keyUnregistered = "registered-only"
)

// keyTooFast is the key of what comes faster than a member may.
const keyTooFast = "too-fast"

func refuseStopping() *broker.Refusal {
	return refuse(broker.ServerUnavailable, keyStopping, "tincan is being stopped: connect again in a moment")
}

func refuseOvertaken() *broker.Refusal {
	return refuse(broker.ServerBusy, "taken-over", "another connection with the same client id came in the same moment: connect again")
}

func refuseDoor(tell string) *broker.Refusal {
	return refuse(broker.NotAuthorized, keyDoor, "%s", tell)
}

func refuseCrowd() *broker.Refusal {
	return refuse(broker.ServerBusy, keyFull, "this tincan is full, and takes only members whose names are held: try again later")
}

// refuseTaken says why a name cannot be had.
func refuseTaken(asked string, taken *history.TakenError, limited bool) *broker.Refusal {
	switch {
	case limited:
		return speaking(refuse(broker.ConnectionRate, keyTooManyTries, "too many wrong secrets for %s: wait a minute, or choose another name", asked), "name", asked)
	case taken.Alike:
		return speaking(refuse(broker.BadUserOrPassword, keyLookAlike, "the name %s looks too much like %s: choose another", asked, taken.Name), "name", taken.Name)
	case taken.Wrong:
		return speaking(refuse(broker.BadUserOrPassword, keyWrongSecret, "that is not the secret for %s: try again, or choose another name", taken.Name), "name", taken.Name)
	}
	tell := "the name %s is taken: choose another"
	if taken.Secret {
		tell += ", or connect with the secret it was claimed with"
	}
	return speaking(refuse(broker.BadUserOrPassword, keyNameTaken, tell, taken.Name), "name", taken.Name)
}

// refuseName says why a name or a room's name is not one.
func refuseName(err error) *broker.Refusal {
	key := keyNameInvalid
	tell := err.Error()
	var ne *names.Error
	if errors.As(err, &ne) {
		tell = ne.Tell
	}
	return &broker.Refusal{Code: broker.BadTopic, Key: key, Tell: tell}
}

// refuseFilter says the same of a name or a room in a filter.
func refuseFilter(err error) *broker.Refusal {
	r := refuseName(err)
	r.Code = broker.BadFilter // a SUBACK has no other for it (MQTT 5 §3.9.3)
	return r
}

func refuseSpelling(filter, canonical string) *broker.Refusal {
	return refuse(broker.BadFilter, "spelling", "%s would never bring anything: subscribe to %s", filter, canonical)
}

func refuseUnreadable(filter, instead string) *broker.Refusal {
	return refuse(broker.NotAuthorized, "not-readable", "nothing can be read from %s: subscribe to %s", filter, instead)
}

func refuseOthersInbox() *broker.Refusal {
	return refuse(broker.NotAuthorized, "not-yours", "an inbox is read by its member alone: subscribe to %s", topicInbox(me))
}

func refuseClosed(topic string) *broker.Refusal {
	return refuse(broker.NotAuthorized, "closed", "%s is closed here: ask whoever runs this tincan to open it (topics.open)", topic)
}

// refuseClosedFilter is for a SUBACK: no member may, so that it is no matter of this one's rights, and 0x80 is what every client
// knows of 3.1.1.
func refuseClosedFilter(filter string) *broker.Refusal {
	r := refuseClosed(filter)
	r.Code = broker.Unspecified
	return r
}

func refuseSystem() *broker.Refusal {
	return refuse(broker.NotAuthorized, "read-only", "topics below $SYS are written by tincan alone")
}

func refuseServerTopic(topic string) *broker.Refusal {
	return refuse(broker.NotAuthorized, "read-only", "%s is written by tincan alone", topic)
}

func refuseUnknownTopic(topic string) *broker.Refusal {
	return refuse(broker.BadTopic, "unknown-topic", "%s is no topic of the chat: messages are posted to chat/room/lobby/say", topic)
}

func refuseOther(name string) *broker.Refusal {
	return speaking(refuse(broker.NotAuthorized, "not-yours", "only %s may publish this: use %s in its place for yourself", name, me), "name", name)
}

func refuseMe(topic string) *broker.Refusal {
	return refuse(broker.BadTopic, "not-to-oneself", "a message to %s would go to yourself: name another member", topic)
}

func refuseLost(name string) *broker.Refusal {
	return speaking(refuse(broker.NotAuthorized, "name-lost", "the name %s is no longer yours in this session: connect again", name), "name", name)
}

func refuseNobody(name string) *broker.Refusal {
	return speaking(refuse(broker.BadTopic, "nobody", "nobody here is called %s: see the roster for who is", name), "name", name)
}

func refuseNoRoom(room string) *broker.Refusal {
	return speaking(refuse(broker.BadTopic, "no-room", "there is no room %s: see %s", room, topicRooms), "room", room)
}

// refuseNotIn is for a room that one may not read: it says no more than of one that is not there.
func refuseNotIn(room string) *broker.Refusal {
	return speaking(refuse(broker.NotAuthorized, "no-room", "there is no room %s for you: ask somebody who is in it to invite you, or take another name for yours", room), "room", room)
}

func refuseWillRoom(room string) *broker.Refusal {
	return speaking(refuse(broker.NotAuthorized, "no-room", "a will opens no room, and there is no %s", room), "room", room)
}

func refuseRooms(most int) *broker.Refusal {
	return speaking(refuseNow(broker.QuotaExceeded, "rooms-full", "there are %d rooms already: use one of them", most), "n", most)
}

func refuseRoomRate() *broker.Refusal {
	return speaking(refuseNow(broker.ImplementationSpecific, "too-fast", "you opened %d rooms in a minute: wait a little", roomsAMinute), "n", roomsAMinute)
}

func refuseFixedRooms(room string) *broker.Refusal {
	return speaking(refuse(broker.NotAuthorized, "rooms-fixed", "there is no room %s, and new ones are not opened here: see chat/server/rooms", room), "room", room)
}

func refuseTooLong(what string, have, most int) *broker.Refusal {
	return speaking(refuse(broker.BadPayloadFormat, "too-long", "%s takes up to %d bytes, and this has %d: make it shorter", what, most, have), "n", most)
}

func refusePayload(key, format string, args ...any) *broker.Refusal {
	return refuse(broker.BadPayloadFormat, key, format, args...)
}

func refuseFast(what string) *broker.Refusal {
	return refuseNow(broker.ImplementationSpecific, keyTooFast, "%s come too fast: wait a little", what)
}

func refuseFullState() *broker.Refusal {
	return refuseNow(broker.QuotaExceeded, "state-full", "too many values are kept here: delete some by an empty retained payload, or use fewer topics")
}

// keyNoFile is the key of a file that is not there, or not one's own.
const keyNoFile = "no-file"

func refuseNoFile() *broker.Refusal {
	return refusePayload(keyNoFile, "there is no such upload of yours that is whole: upload the file again")
}

func refuseNoMessage() *broker.Refusal {
	return refusePayload("no-message", "there is no such message here: ref is the id or the seq of one that has been acknowledged")
}

func refuseGone() *broker.Refusal {
	return refusePayload("gone", "this message was deleted")
}

// refuseAuthor says that only the author changes a message. Whoever took the name later is another one.
func refuseAuthor(author, asker string) *broker.Refusal {
	if author == asker {
		return refuse(broker.NotAuthorized, "not-yours", "this message was written before the name %s was given up and taken again: only who had it then could change it", author)
	}
	return speaking(refuse(broker.NotAuthorized, "not-yours", "only %s may change this message", author), "name", author)
}

// refuseClosing says that only the author of a poll, and who runs the room, closes it.
func refuseClosing(author string) *broker.Refusal {
	return refuse(broker.NotAuthorized, "not-yours", "only %s, and who runs the room, may close this poll", author)
}

func refuseClosedPoll() *broker.Refusal {
	return refuse(broker.NotAuthorized, "poll-closed", "this poll is closed: it takes no votes any more")
}

func refuseVoters(most int) *broker.Refusal {
	return speaking(refuse(broker.QuotaExceeded, "votes-full", "%d members have voted, and this poll takes no more", most), "n", most)
}

// refuseTend says that what stands out in a room is for who runs it.
func refuseTend(kind, room string) *broker.Refusal {
	tell := "only who runs #%s pins messages there"
	if kind == kindHand {
		tell = "only who runs #%s calls on others: lower your own hand without who"
	}
	return speaking(refuse(broker.NotAuthorized, "not-yours", tell, room), "room", room)
}

func refuseFullBoard(what, format string, most int) *broker.Refusal {
	return speaking(refuse(broker.QuotaExceeded, "board-full", format, most), what, most)
}

func refuseChanged(most int) *broker.Refusal {
	return speaking(refuse(broker.QuotaExceeded, "changed-enough", "this message was changed and reacted to %d times: write a new one", most), "n", most)
}

func refuseReactions(most int) *broker.Refusal {
	return speaking(refuse(broker.QuotaExceeded, "reactions-full", "this message has %d different reactions: use one of them", most), "n", most)
}

// refuseUnproven says that what shall last needs a secret.
func refuseUnproven(name string) *broker.Refusal {
	return speaking(refuse(broker.NotAuthorized, "no-secret", "%s has no secret, so anybody could be %[1]s tomorrow: connect with a password first", name), "name", name)
}

func refuseBusy() *broker.Refusal {
	return refuseNow(broker.ImplementationSpecific, "busy", "too many requests are waiting: ask again in a moment")
}

// refuseStore says in the member's words what kept the store from taking an entry.
func refuseStore(err error) *broker.Refusal {
	r := &broker.Refusal{Err: err, Later: !errors.Is(err, history.ErrIDUsed)}
	switch {
	case errors.Is(err, history.ErrNoTarget):
		return refuseGone()
	case errors.Is(err, history.ErrNoFile):
		return refuseNoFile()
	case errors.Is(err, history.ErrIDUsed):
		r.Code, r.Key, r.Tell = broker.Unspecified, "id-used", "this id was used for another message: send it with a new id"
	case errors.Is(err, history.ErrFull):
		r.Code, r.Key, r.Tell = broker.QuotaExceeded, "disk-full", "the computer that runs tincan has no space left on its disk: reading works, sending waits until there is space"
	case errors.Is(err, history.ErrBusy):
		r.Code, r.Key, r.Tell = broker.ImplementationSpecific, "busy", "too much is being stored right now: send it again in a moment"
	case errors.Is(err, history.ErrUncertain):
		r.Code, r.Key, r.Tell = broker.ImplementationSpecific, "uncertain", "it is not known whether this was stored: send it again with the same id"
	default:
		r.Code, r.Key, r.Tell = broker.ImplementationSpecific, "unavailable", "tincan cannot store messages right now: send it again in a moment"
	}
	return r
}
