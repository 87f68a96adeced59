package bridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tincan/bridge/history"
	"tincan/broker"

	"github.com/google/uuid"
)

// Limits of a message.
const (
	maxText    = 8 << 10  // bytes of text
	maxData    = 8 << 10  // bytes of other fields, as JSON
	maxPosted  = 64 << 10 // bytes of a payload: 8 KiB of text may be 48 KiB of \u escapes
	maxID      = 64       // characters of an id
	bodyFormat = 1        // history.Entry.V of the bodies written here
)

// Kinds of messages that members post. What is said stands by itself; the others are about something earlier of the same log, but for a
// hand, which is about the room.
const (
	kindText   = "text"
	kindPoll   = "poll"
	kindFile   = "file"
	kindEdit   = "edit"
	kindDelete = "delete"
	kindReact  = "react"
	kindVote   = "vote"
	kindClose  = "close" // of a poll
	kindPin    = "pin"
	kindHand   = "hand"
)

// isSaid tells whether an entry of a kind stands by itself, so that others can be about it.
func isSaid(kind string) bool { return kind == kindText || kind == kindPoll || kind == kindFile }

// isMute tells whether a kind needs no text: a file speaks for itself, the others have nothing to say beyond what they do.
func isMute(kind string) bool {
	return kind == kindFile || kind == kindDelete || kind == kindVote || kind == kindClose || kind == kindPin || kind == kindHand
}

// A post is what a member wants to say: a payload, read and checked.
type post struct {
	id   string
	kind string
	body body

	choice          json.RawMessage // of a vote, as it was posted
	upload, preview string          // of a file: ids of uploads
	files           []string        // what the entry holds
}

// A body is the part of a message that its author made; it is what the log stores. Equal posts have equal bodies, byte for byte,
// since a repeat is told by them.
type body struct {
	To    string          `json:"to,omitempty"` // of a direct message
	Text  string          `json:"text"`
	Reply string          `json:"reply,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
	File  *fileBody       `json:"file,omitempty"`

	// Of what is about another message: its id and its seq, and whether a reaction is taken back.
	Ref    string `json:"ref,omitempty"`
	RefSeq uint64 `json:"refseq,omitempty"`
	Undo   bool   `json:"undo,omitempty"`

	// Of a poll, see poll.go.
	Options  []string `json:"options,omitempty"`
	Multiple bool     `json:"multiple,omitempty"`
	Closes   int      `json:"closes,omitempty"` // minutes after its time
	Choice   []int    `json:"choice,omitempty"` // of a vote

	Who string `json:"who,omitempty"` // of a hand: whose is lowered
}

// fields of a posted object that mean something; of these, those in ignored are the server's to give.
var ignored = map[string]bool{"seq": true, "from": true, "time": true, "room": true, "to": true}

// parsePost reads a payload posted to a room or a member: plain text, or a JSON object.
func parsePost(m *broker.Message) (post, *broker.Refusal) {
	p := post{kind: kindText, id: prop(m.User, "id")}
	if len(m.Payload) > maxPosted {
		return p, refuseTooLong("a message", len(m.Payload), maxPosted)
	}
	if !utf8.Valid(m.Payload) {
		if m.ContentType == "" {
			return p, refusePayload("not-utf8", "these bytes are not UTF-8 text: send text, or say what they are by a content type (MQTT 5)")
		}
		return p, refusePayload("kind-unsupported", "this tincan takes text only, not %s", m.ContentType)
	}
	if o, ok := object(m.Payload); ok {
		if no := p.read(o); no != nil {
			return p, no
		}
	} else {
		p.body.Text = string(m.Payload)
	}
	return p, p.check()
}

// object reads a payload as a JSON object; anything else is text.
func object(payload []byte) (map[string]json.RawMessage, bool) {
	t := bytes.TrimLeft(payload, " \t\r\n")
	if len(t) == 0 || t[0] != '{' {
		return nil, false
	}
	var o map[string]json.RawMessage
	if json.Unmarshal(t, &o) != nil {
		return nil, false
	}
	return o, true
}

// read takes the fields of a posted object.
func (p *post) read(o map[string]json.RawMessage) *broker.Refusal {
	if v, ok := o["kind"]; ok && json.Unmarshal(v, &p.kind) != nil {
		return refusePayload("bad-field", "the field %q must be a string", "kind")
	}
	data := map[string]json.RawMessage{}
	if v := o["data"]; len(v) > 0 && v[0] == '{' {
		if err := json.Unmarshal(v, &data); err != nil {
			return refusePayload("bad-field", "the field %q must be an object: %v", "data", err)
		}
	}
	for k, v := range o { // a field beside data wins over one in it, in whatever order they come
		var err error
		switch {
		case k == "text":
			err = json.Unmarshal(v, &p.body.Text)
		case k == "id":
			err = json.Unmarshal(v, &p.id)
		case k == "reply":
			err = json.Unmarshal(v, &p.body.Reply)
		case k == "kind": // taken already
		case k == "file" && p.kind == kindFile:
			err = json.Unmarshal(v, &p.upload)
		case k == "preview" && p.kind == kindFile:
			err = json.Unmarshal(v, &p.preview)
		case k == "ref" && !isSaid(p.kind):
			if json.Unmarshal(v, &p.body.RefSeq) != nil {
				err = json.Unmarshal(v, &p.body.Ref)
			}
		case k == "undo" && (p.kind == kindReact || p.kind == kindVote || p.kind == kindPin || p.kind == kindHand):
			if json.Unmarshal(v, &p.body.Undo) != nil {
				return refusePayload("bad-field", "the field %q is true or false", k)
			}
		case k == "refseq" && !isSaid(p.kind): // of a message that is posted as it was read
		case k == "data" && v[0] == '{': // taken already
		case !ignored[k]:
			taken, no := p.readPoll(k, v)
			if !taken {
				taken, no = p.readHand(k, v)
			}
			if no != nil {
				return no
			}
			if !taken {
				data[k] = v
			}
		}
		if err != nil {
			return refusePayload("bad-field", "the field %q must be a string", k)
		}
	}
	if len(data) > 0 {
		packed, err := json.Marshal(data) // sorted by key, so that a repeat has the same bytes
		if err != nil {
			return refusePayload("bad-field", "the fields of this message cannot be stored: %v", err)
		}
		p.body.Data = packed
	}
	return nil
}

// check holds a post against the limits, and gives it an id where it has none.
func (p *post) check() *broker.Refusal {
	switch p.kind {
	case kindText:
	case kindFile:
		if p.upload == "" {
			return refusePayload(keyNoFile, "say which file is meant: file is the id of an upload that is whole")
		}
	case kindPoll:
		if no := p.checkPoll(); no != nil {
			return no
		}
	case kindHand:
		if no := p.checkHand(); no != nil {
			return no
		}
	case kindEdit, kindDelete, kindReact, kindVote, kindClose, kindPin:
		if no := p.checkRef(); no != nil {
			return no
		}
	default:
		return refusePayload("kind-unsupported", "this tincan takes messages of the kinds text, file, poll, edit, delete, react, vote, close, pin and hand, not %.40q", p.kind)
	}
	if no := checkText(p.body.Text); no != nil {
		return no
	}
	switch {
	case len(p.body.Data) > maxData:
		return refuseTooLong("what a message carries beside its text", len(p.body.Data), maxData)
	case p.silent() && !isMute(p.kind) && p.kind != kindEdit: // of an edit it depends on what is edited
		return refuseEmpty()
	case utf8.RuneCountInString(p.id) > maxID, utf8.RuneCountInString(p.body.Reply) > maxID:
		return refusePayload("bad-id", "an id has 1 to %d characters", maxID)
	case !printable(p.id), !printable(p.body.Reply):
		return refusePayload("bad-id", "an id must not contain control characters")
	}
	if p.id == "" {
		p.id = newID()
	}
	return nil
}

// checkText refuses what cannot be the text of a message.
func checkText(text string) *broker.Refusal {
	switch {
	case len(text) > maxText:
		return refuseTooLong("the text of a message", len(text), maxText)
	case strings.IndexByte(text, 0) >= 0:
		return refusePayload("bad-text", "a text must not contain the character NUL")
	}
	return nil
}

// silent tells whether a post says nothing.
func (p *post) silent() bool { return strings.TrimSpace(p.body.Text) == "" && p.body.Data == nil }

func refuseEmpty() *broker.Refusal {
	return refusePayload("empty", "this message is empty: write something")
}

func printable(id string) bool {
	for _, r := range id {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// newID makes an id for a message that came without one.
func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		panic(fmt.Sprintf("bridge: no randomness: %v", err)) // crypto/rand does not fail on the systems we run on
	}
	return id.String()
}

// entry makes the log's line of a post.
func (p *post) entry(st *seat) history.Entry {
	e := history.Entry{ID: p.id, From: st.name(), Kind: p.kind, Author: st.author(), V: bodyFormat, Body: encode(p.body), Ref: p.body.RefSeq, Files: p.files}
	switch p.kind {
	case kindVote:
		e.Sole = true
	case kindPin:
		e.List = listPins
	case kindHand:
		e.List = listHands
	}
	return e
}

// encode is JSON without the HTML escapes, which only make messages longer.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("bridge: encode %T: %v", v, err)) // only our own types come here
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// wireTime is how a time is written in every payload: UTC, milliseconds.
const wireTime = "2006-01-02T15:04:05.000Z"

func stamp(t time.Time) string { return t.UTC().Format(wireTime) }

// appendMessage appends a logged entry as members read it: what the server gave, then what the author made. room is empty for a
// direct message, whose body says to whom it went.
func appendMessage(b []byte, room string, e history.Entry) []byte {
	b = append(b, `{"seq":`...)
	b = strconv.AppendUint(b, e.Seq, 10)
	b = appendField(b, "id", e.ID)
	b = append(b, `,"time":"`...)
	b = e.Time.UTC().AppendFormat(b, wireTime)
	b = append(b, '"')
	if room != "" {
		b = appendField(b, "room", room)
	}
	b = appendField(b, "from", e.From)
	b = appendField(b, "kind", e.Kind)
	if e.Erased {
		return append(b, `,"deleted":true}`...)
	}
	if len(e.Body) > 2 { // "{}" has nothing to add
		b = append(b, ',')
		return append(b, e.Body[1:]...)
	}
	return append(b, '}')
}

func appendField(b []byte, key, value string) []byte {
	b = append(b, ',', '"')
	b = append(b, key...)
	b = append(b, '"', ':')
	return append(b, encode(value)...)
}

// prop finds a user property.
func prop(props []broker.Prop, key string) string {
	for _, p := range props {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}
