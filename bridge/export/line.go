package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"tincan/bridge/history"
)

// Format is the version of the JSON lines that are written here.
const Format = 1

// A header is the first line of a log.
type header struct {
	Export int    `json:"export"` // Format
	Tincan string `json:"tincan"` // version
	Time   string `json:"time"`   // of the export
	Room   string `json:"room"`   // or the key of a log of two members
	// Card is what the room is besides its log, as the chat keeps it.
	Card  json.RawMessage `json:"card,omitempty"`
	First uint64          `json:"first"` // seq of the first line that follows, and of the last
	Last  uint64          `json:"last"`
}

// A fileLine stands before the first entry that holds a file.
type fileLine struct {
	File *fileMark `json:"file"`
}

// A fileMark is what the index knows of a file, and how its content is called in the folder files beside.
type fileMark struct {
	ID     string `json:"id"`
	SHA256 string `json:"sha256"`
	Owner  string `json:"owner"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	Beside string `json:"beside"`
}

// A mark is what the log knows of an entry beyond what members read.
type mark struct {
	Author string   `json:"author,omitempty"` // hexadecimal, as JSON has no such large numbers
	V      int      `json:"v"`
	About  uint64   `json:"about,omitempty"`
	Sole   bool     `json:"sole,omitempty"`
	List   string   `json:"list,omitempty"`
	Files  []string `json:"files,omitempty"`
	Erased bool     `json:"erased,omitempty"`
	Body   []byte   `json:"body,omitzero"` // where it is no JSON object on one line
}

// appendLine appends an entry as one line: as members read it on the wire, with a field log for the rest. Its body stands at the end,
// byte for byte.
func appendLine(b []byte, room string, e history.Entry) []byte {
	m := mark{Author: strconv.FormatUint(e.Author, 16), V: e.V, About: e.Ref, Sole: e.Sole, List: e.List, Files: e.Files, Erased: e.Erased}
	object := string(e.Body) == "{}" ||
		bytes.HasPrefix(e.Body, []byte(`{"`)) && bytes.HasSuffix(e.Body, []byte("}")) && bytes.IndexByte(e.Body, '\n') < 0 && json.Valid(e.Body)
	if !object && !e.Erased {
		m.Body = e.Body
	}
	b = append(b, `{"seq":`...)
	b = strconv.AppendUint(b, e.Seq, 10)
	for _, f := range [...][2]string{{"id", e.ID}, {"time", stamped(e.Time)}, {"room", room}, {"from", e.From}, {"kind", e.Kind}} {
		b = append(b, `,"`+f[0]+`":`...)
		b = append(b, encode(f[1])...)
	}
	b = append(b, `,"log":`...)
	b = append(b, encode(m)...)
	if object && len(e.Body) > 2 {
		b = append(append(b, ','), e.Body[1:]...)
		return append(b, '\n')
	}
	return append(b, "}\n"...)
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("export: encode %T: %v", v, err)) // only our own types come here
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

var errLine = errors.New("this is not a line of tincan export")

// parseLine reads a line that appendLine has written.
func parseLine(line []byte) (room string, e history.Entry, err error) {
	var l struct {
		Seq  uint64
		ID   string
		Time time.Time
		Room string
		From string
		Kind string
		Log  *mark
	}
	d := json.NewDecoder(bytes.NewReader(line))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "", e, errLine
	}
	for l.Log == nil {
		key, err := d.Token()
		if err != nil {
			return "", e, errLine
		}
		var to any
		switch key {
		case "seq":
			to = &l.Seq
		case "id":
			to = &l.ID
		case "time":
			to = &l.Time
		case "room":
			to = &l.Room
		case "from":
			to = &l.From
		case "kind":
			to = &l.Kind
		case "log":
			to = &l.Log
		default:
			return "", e, errLine
		}
		if err := d.Decode(to); err != nil {
			return "", e, errLine
		}
	}
	e = history.Entry{Seq: l.Seq, ID: l.ID, Time: l.Time.UTC(), From: l.From, Kind: l.Kind, V: l.Log.V,
		Ref: l.Log.About, Sole: l.Log.Sole, List: l.Log.List, Files: l.Log.Files, Erased: l.Log.Erased}
	if e.Author, err = strconv.ParseUint(l.Log.Author, 16, 64); err != nil {
		return "", e, errLine
	}
	rest := bytes.TrimSpace(line[d.InputOffset():])
	switch {
	case l.Log.Erased:
	case l.Log.Body != nil:
		e.Body = l.Log.Body
	case len(rest) > 1 && rest[0] == ',':
		e.Body = append([]byte("{"), rest[1:]...)
		if !json.Valid(e.Body) {
			return "", e, errLine
		}
	default:
		e.Body = []byte("{}")
	}
	if l.Room == "" || e.ID == "" || e.Seq == 0 {
		return "", e, errLine
	}
	return l.Room, e, nil
}
