// Package history stores what tincan must not forget: the ordered log of every room, the claims on names, and small last
// values (device state, read marks). It declares the interfaces Log, View, Claims and Values and implements them in SQLite, with
// one writer that commits many at once. It knows neither MQTT nor rosters nor what a message says.
package history

import (
	"context"
	"errors"
	"time"
)

// What went wrong, for errors.Is.
var (
	ErrUnavailable = errors.New("history: not available")       // surely not done; may be tried again
	ErrUncertain   = errors.New("history: outcome unknown")     // perhaps done: send the same id again
	ErrBusy        = errors.New("history: too much is waiting") // nothing was queued
	ErrFull        = errors.New("history: no space left")       // surely not done; the log is as it was
	ErrIDUsed      = errors.New("history: this id was used for another entry")
	ErrNoTarget    = errors.New("history: the entry that is referred to is gone") // or never was
	ErrNameUsed    = errors.New("history: another room has this name")
	ErrTaken       = errors.New("history: name taken") // held, and not proven
	ErrNoHolding   = errors.New("history: no such holding")
	ErrNoFile      = errors.New("history: no such file")
	ErrHeld        = errors.New("history: an entry holds this file")
	ErrTooOld      = errors.New("history: before the retained part")
	ErrDamaged     = errors.New("history: damaged") // a stored entry does not match its checksum
)

// Log is the ordered durable log of every room. Safe for concurrent use.
type Log interface {
	// Append queues e and returns at once (ErrBusy, ErrFull, ErrUnavailable: nothing queued, done will not run). done runs exactly
	// once, from the writer, after e is durable or known not to be; it must not block. Calls of one goroutine to one room are
	// logged in call order. The same (From, ID) again with the same Kind and Body: the first Receipt with Dup set; with others:
	// ErrIDUsed. An e whose Ref is not there, erased or trimmed: ErrNoTarget. An e that holds a file that is not there:
	// ErrNoFile. Seq and Time of e are set by the log.
	Append(room string, e Entry, done func(Receipt, error)) error
	// Head is the last seq of a room, 0 for a room without entries. It never goes back and covers every Append whose done has run.
	Head(ctx context.Context, room string) (seq uint64, err error)
	// Tail calls emit for each durable entry with Seq > after, in order, without gaps, once, until ctx ends or emit returns false.
	// emit must not block for long. ErrTooOld when after lies before the retained part.
	Tail(ctx context.Context, room string, after uint64, emit func(Entry) bool) error
	// Erase removes bodies for good, and those of all entries that refer to them. It appends tomb first; the head is never removed,
	// numbering never changes, and (From, ID) of what was erased stay known, so that a resend is still a repeat. A tomb whose Ref
	// is gone erases nothing: ErrNoTarget.
	Erase(ctx context.Context, room string, seqs []uint64, tomb Entry) error
	// Trim forgets entries before keepFrom, and what is said about them later. It keeps at least the head; where that is meant, too, it
	// is erased.
	Trim(ctx context.Context, room string, keepFrom uint64) error
	// Rename gives the log of a room another name. Until the store is closed the old name leads to it, so that an Append which was on its
	// way is not lost. ErrNameUsed when the new name has entries. A room without entries is nothing to be renamed.
	Rename(ctx context.Context, room, to string) error
	// Drop forgets a log altogether, and takes what it said off the disk: who appends to the room next begins at seq 1.
	Drop(ctx context.Context, room string) error
}

// An Entry is one line of a room's log.
type Entry struct {
	Seq    uint64
	ID     string // unique with From in its room
	From   string
	Kind   string
	Time   time.Time // UTC, milliseconds; the wall clock at commit, only shown: Seq orders
	Author uint64    // who wrote it, beyond the name: names change hands
	V      int       // version of Body's format
	Body   []byte

	// Erased says that the body is gone for good, by Log.Erase. Only View says it.
	Erased bool
	// Ref is the seq of an earlier entry of the room that this one is about, such as an edit of it; 0: none. It is what Referring
	// finds it by. View does not give it back.
	Ref uint64
	// Sole says that of this kind each sender has one about Ref: Referring gives the newest alone. View does not give it back.
	Sole bool
	// List names what Listed finds it by; empty: nothing. View does not give it back.
	List string
	// Files are the ids of the files that this entry holds: they stay as long as it does. View does not give them back.
	Files []string
}

// A Receipt tells where an entry stands.
type Receipt struct {
	Seq  uint64
	Time time.Time
	Dup  bool // it was there already
}

// View answers reads from the node's own copy. Safe for concurrent use.
type View interface {
	// Page returns the entries of room that q asks for, oldest first, and the last seq of the room that the view has. It waits
	// until the view has wait (read your own writes).
	Page(ctx context.Context, room string, q Query, wait uint64) (es []Entry, at uint64, err error)
	// Find returns the entries of room with an id, of whatever sender, newest first, 16 at most, without those that are trimmed.
	Find(ctx context.Context, room, id string) ([]Entry, error)
	// Referring returns the entries that refer to those at targets, in the order of their targets, then of the log; at most limit, and
	// none that are erased; of what is Sole the newest of each sender.
	Referring(ctx context.Context, room string, targets []uint64, limit int) ([]Entry, error)
	// Listed returns the newest entries of room on a list, oldest first, at most limit, and none that are erased.
	Listed(ctx context.Context, room, list string, limit int) ([]Entry, error)
	// Rooms lists the rooms that have entries, by name. It leaves out those whose name starts with "@" (direct messages).
	Rooms(ctx context.Context) ([]RoomInfo, error)
	// Logs lists all logs, those of direct messages too, in no order.
	Logs() []LogInfo
}

// A Query selects entries with After < Seq < Before (0: no bound), at most Limit: the newest of them when only Before or no bound is
// given, the oldest when After is given. MaxBytes, when not 0, ends the page early at so many bytes of bodies, after one entry at least.
type Query struct {
	Before   uint64
	After    *uint64
	Limit    int
	MaxBytes int
}

// A RoomInfo is one room of View.Rooms.
type RoomInfo struct {
	Room string
	Last uint64    // seq of the head
	Time time.Time // of the head
}

// Claims grants names: who holds one, proven by what. A granted claim stands until Release or until it appears on Lost. Check and
// act are one critical section; at no time do two claims hold one name or look-alikes of it. Safe for concurrent use.
type Claims interface {
	// Claim asks for a name. Free: granted. Held by a claim with a verifier: granted when prove(verifier) is true, as one more
	// session of the same claim, in place of the session with the same Client if there is one (which then appears on Lost). Held
	// without a verifier and r has none: only the same Client takes over. Else a *TakenError (errors.Is ErrTaken). Someone with a
	// verifier never joins a name held without one, nor the other way round. It returns when the grant is stored, or at once when
	// storing is not possible now (full, locked): joining goes on from memory. prove may run more than once and outside locks.
	Claim(ctx context.Context, r ClaimRequest, prove func(verifier []byte) bool) (Claim, error)
	// Release ends one session of a claim; idempotent. After the last one the name waits for its verifier for the hold of its
	// request (without a verifier it is free at once). Holds are durations on the monotonic clock; the rest is stored at least
	// each 10 s, and goes on after a restart, where every claim that was connected gets its full hold.
	Release(c Claim)
	// Lost tells of claims that this node no longer serves: replaced by the same client id. Serving on after the event is a bug.
	Lost() <-chan LostClaim
	// Valid is cheap and local; it is asked before each publish of the member.
	Valid(c Claim) bool
	// Lookup tells who holds a name that is the same as the one of these keys, without claiming anything.
	Lookup(keys [2]string) (Holder, bool)
	// Freed tells the claims whose name has become free (hold over, or given up): Rev will never come back.
	Freed() <-chan Claim
	// Keep makes a holding that has a verifier one for good: its name waits for its owner without end, who proves it by this verifier
	// from now on. Its sessions, its Rev and its Ident stay. It returns when that is stored. ErrNoHolding when rev is none.
	Keep(ctx context.Context, rev uint64, verifier []byte) error
	// Register keeps a name for good that nobody holds: a *TakenError (errors.Is ErrTaken) when somebody does. It returns when that is
	// stored.
	Register(ctx context.Context, r ClaimRequest) (Holder, error)
	// GiveUp makes a kept holding one as any other: it ends with its hold, and at once when it is not connected. It returns when that
	// is stored. ErrNoHolding when rev is none that is kept.
	GiveUp(ctx context.Context, rev uint64) error
	// Kept lists who has a name for good, by name.
	Kept() []Holder
}

// A ClaimRequest asks for a name. Two names are the same when either key is equal.
type ClaimRequest struct {
	Name     string        // canonical spelling
	Fold     string        // case-folded spelling: equal Fold is the same name, equal keys with another Fold is a look-alike
	Keys     [2]string     // look-alike keys
	Session  string        // unique for each connection
	Client   string        // client id
	Verifier []byte        // stored proof of the secret; nil: no secret
	Ident    string        // who asks, for a holding that begins now; stored with it
	Hold     time.Duration // how long the name waits after the last session
}

// A Claim is one session's share of a name.
type Claim struct {
	Name    string // the holder's spelling, which may differ from the one asked for
	Session string
	Rev     uint64 // of the holding: the same for all its sessions and over holds and restarts, new when the name was free; never reused
	Ident   string // of the request that began the holding; empty when it had none
}

// A LostClaim tells why a claim is served no longer.
type LostClaim struct {
	Claim
	By string // the session that took over
}

// A Holder is who has a name now.
type Holder struct {
	Name      string
	Fold      string
	Rev       uint64
	Ident     string // see Claim
	Connected bool   // false: it waits for its owner
	Secret    bool
	Kept      bool     // for good
	Proof     [16]byte // a mark of the verifier: another one when the secret is another one; zero without a secret
}

// A TakenError says who has the name. errors.Is(err, ErrTaken).
type TakenError struct {
	Holder
	Alike bool // the holder's name only looks like the one asked for
	Wrong bool // a secret was given, the holder has one, and it was not that
}

func (e *TakenError) Error() string { return "history: the name " + e.Name + " is taken" }

// Is makes errors.Is(err, ErrTaken) true.
func (e *TakenError) Is(target error) bool { return target == ErrTaken }

// Values keeps small last values over a restart: the state of devices, read marks. Safe for concurrent use.
type Values interface {
	// Put queues key = value of a kind (nil deletes); done, if not nil, runs once when it is durable or known not to be.
	Put(kind, key string, value []byte, done func(error)) error
	// Each calls f for every key of a kind with its value and when it was last put, in key order.
	Each(ctx context.Context, kind string, f func(key string, value []byte, age time.Duration)) error
}

// Files is the index of what members have uploaded; the content itself lies elsewhere. A file stays while an entry holds it, and
// before that for a while. Safe for concurrent use.
type Files interface {
	// PutFile notes a file, which may go when no entry holds it and the store was open for spare longer. It returns when that is
	// durable. The same ID again changes nothing.
	PutFile(ctx context.Context, f File, spare time.Duration) error
	// File finds a file by its id, and the rooms with entries that hold it, or returns ErrNoFile.
	File(ctx context.Context, id string) (f File, rooms []string, err error)
	// DropFile forgets a file, and tells whether no other has its content. ErrHeld when an entry holds it, unless held is true.
	DropFile(ctx context.Context, id string, held bool) (orphan bool, err error)
	// LooseFiles lists files that no entry holds and that have been spared long enough, OldFiles those of an age or more, FilesOf those
	// of an owner that no entry holds; at most limit.
	LooseFiles(ctx context.Context, limit int) ([]File, error)
	OldFiles(ctx context.Context, age time.Duration, limit int) ([]File, error)
	FilesOf(ctx context.Context, owner string, limit int) ([]File, error)
	// HasContent tells whether there is a file with some content, FileBytes how many different contents there are, and their size.
	HasContent(ctx context.Context, sha256 string) (bool, error)
	FileBytes(ctx context.Context) (count int, bytes int64, err error)
	// OwnerBytes is the size of all files of an owner, the same content as often as it was uploaded.
	OwnerBytes(ctx context.Context, owner string) (int64, error)
	// Loosened tells that entries have gone, and with them the last hold on some files.
	Loosened() <-chan struct{}
}

// A File is one thing that somebody uploaded.
type File struct {
	ID            string // random: who knows it may be meant to have it
	SHA256        string // of the content, hexadecimal
	Owner         string // who uploaded it, as the caller calls it
	Name          string
	Type          string        // media type
	Size          int64         // bytes
	Width, Height int           // of a picture, in pixels; 0: none
	Age           time.Duration // given back: how long the store has been open since it was put
}
