package history

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// wide is how many entries one insert statement takes when there are so many.
const wide = 32

// entryFields is how many columns an insert of an entry fills.
const entryFields = 11

// A batch is what one transaction does. The writer makes it, applies it, and after the commit it answers.
type batch struct {
	w        *writer
	at       time.Time // of every entry in it
	appends  []*appending
	chores   []*chore
	puts     []*put
	claims   []claimRow
	reserved uint64 // Revs set aside, once stored
	change   uint64 // of claims

	touched map[*room]*growth
	after   []func() // what memory must learn once the commit is done
}

// A growth is what a batch adds to one room.
type growth struct{ entries []Entry }

// size counts the operations.
func (b *batch) size() int { return len(b.appends) + len(b.chores) + len(b.puts) + len(b.claims) }

// apply runs everything inside the transaction. An error rolls all of it back.
func (b *batch) apply() error {
	if err := b.insert(b.appends); err != nil {
		return err
	}
	for _, c := range b.chores {
		var err error
		if c.err, err = c.do(b); err != nil {
			return err
		}
	}
	if err := b.storePuts(); err != nil {
		return err
	}
	return b.storeClaims()
}

// insert gives each entry its place and stores it, or finds that it is there. Many at a time when no id among them is known,
// which is nearly always; else one by one.
func (b *batch) insert(appends []*appending) error {
	type entryID struct {
		room     *room
		from, id string
	}
	seen := make(map[entryID]struct{}, len(appends))
	rooms := make([]*room, 0, len(appends))
	fresh := make([]*appending, 0, len(appends))
	var repeats []*appending // of an entry in this very batch
	for _, a := range appends {
		if a.entry.Ref > 0 && !b.w.stored(a.room) { // a room begins with an entry
			a.err = ErrNoTarget
			continue
		}
		hasFiles, err := b.hasFiles(&a.entry)
		if err != nil {
			return err
		}
		if !hasFiles && !b.w.stored(a.room) {
			a.err = ErrNoFile
			continue
		}
		r, err := b.open(a.room)
		if err != nil {
			return err
		}
		k := entryID{r, a.entry.From, a.entry.ID}
		if _, ok := seen[k]; ok {
			repeats = append(repeats, a)
			continue
		}
		seen[k] = struct{}{}
		if a.entry.Ref > 0 {
			if there, err := b.w.target(r, a.entry.Ref); err != nil {
				return err
			} else if !there {
				repeats = append(repeats, a) // perhaps of one that was taken while the target was there
				continue
			}
		}
		if !hasFiles {
			repeats = append(repeats, a) // likewise
			continue
		}
		rooms, fresh = append(rooms, r), append(fresh, a)
	}
	for len(fresh) >= wide {
		if err := b.insertWide(rooms[:wide], fresh[:wide]); err != nil {
			return err
		}
		rooms, fresh = rooms[wide:], fresh[wide:]
	}
	for i, a := range fresh {
		if err := b.insertOne(rooms[i], a); err != nil {
			return err
		}
	}
	for _, a := range repeats {
		if err := b.repeat(b.w.rooms(a.room), a); err != nil {
			return err
		}
	}
	if err := b.refer(appends); err != nil {
		return err
	}
	return b.attach(appends)
}

// insertWide stores a full row of entries with one statement, or, when one of them is known, one by one.
func (b *batch) insertWide(rooms []*room, appends []*appending) error {
	args := b.w.args[:0]
	for i, a := range appends {
		args = b.place(rooms[i], a, args)
	}
	_, err := b.w.insertWide.ExecContext(background, args...)
	if err == nil {
		for i, a := range appends {
			b.placed(rooms[i], a)
		}
		return nil
	}
	if !isConstraint(err) {
		return err
	}
	for _, r := range rooms { // nothing of the statement was done
		r.next = b.headOf(r)
	}
	for i, a := range appends {
		if err := b.insertOne(rooms[i], a); err != nil {
			return err
		}
	}
	return nil
}

// headOf is the head of r in the transaction, without those that are being placed.
func (b *batch) headOf(r *room) uint64 {
	if g := b.touched[r]; len(g.entries) > 0 {
		return g.entries[len(g.entries)-1].Seq
	}
	return r.head // only the writer changes it
}

func (b *batch) insertOne(r *room, a *appending) error {
	res, err := b.w.insertOne.ExecContext(background, b.place(r, a, b.w.args[:0])...)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		r.next--
		return b.repeat(r, a)
	}
	b.placed(r, a)
	return nil
}

// place gives a the next seq of r and appends its row to args.
func (b *batch) place(r *room, a *appending, args []any) []any {
	r.next++
	e := &a.entry
	e.Seq, e.Time = r.next, b.at
	if e.Body == nil {
		e.Body = []byte{}
	}
	return append(args, r.id, int64(e.Seq), e.From, e.ID, e.Kind, e.Time.UnixMilli(), int64(e.Author), e.V, 0, b.w.sum.entry(r.id, e, false), e.Body)
}

func (b *batch) placed(r *room, a *appending) {
	g := b.touched[r]
	g.entries = append(g.entries, a.entry)
	a.receipt = Receipt{Seq: a.entry.Seq, Time: a.entry.Time}
}

// repeat answers an append whose sender and id are known in r.
func (b *batch) repeat(r *room, a *appending) error {
	var seq, ms, first int64
	var erased bool
	var kind string
	var body []byte
	row := b.w.findID.QueryRowContext(background, a.entry.ID, a.entry.From, r.id)
	if err := row.Scan(&seq, &ms, &kind, &erased, &body, &first); errors.Is(err, sql.ErrNoRows) {
		a.err = ErrNoTarget // nothing else keeps an entry from being stored
		if len(a.entry.Files) > 0 {
			a.err = ErrNoFile
		}
		return nil
	} else if err != nil {
		return err
	}
	// Of what was erased or trimmed nothing is left to compare with: the same id is the same entry.
	if !erased && seq >= first && (kind != a.entry.Kind || !bytes.Equal(body, a.entry.Body)) {
		a.err = ErrIDUsed
		return nil
	}
	a.receipt = Receipt{Seq: uint64(seq), Time: time.UnixMilli(ms).UTC(), Dup: true}
	return nil
}

// open returns a room that is in the database, and puts it there if it is not.
func (b *batch) open(name string) (*room, error) {
	r := b.w.rooms(name)
	if _, ok := b.touched[r]; ok {
		return r, nil
	}
	r.next = r.head // only the writer changes head
	if r.id == 0 {
		var id int64
		if err := b.w.conn.QueryRowContext(background, `select coalesce(max(id), 0) + 1 from room`).Scan(&id); err != nil {
			return nil, err
		}
		if _, err := b.w.conn.ExecContext(background, `insert into room (id, name, first, sum) values (?, ?, 1, ?)`, id, name, b.w.sum.room(id, name, 1)); err != nil {
			return nil, err
		}
		r.id = id
		b.w.unstored = append(b.w.unstored, r)
	}
	b.touched[r] = &growth{}
	return r, nil
}

func (b *batch) storePuts() error {
	put := b.w.store.lived().Milliseconds()
	for _, p := range b.puts {
		k := p.key
		var err error
		if p.value == nil {
			_, err = b.w.conn.ExecContext(background, `delete from value where kind = ? and key = ?`, k.kind, k.key)
		} else {
			_, err = b.w.putValue.ExecContext(background, k.kind, k.key, p.value, put, b.w.sum.value(k.kind, k.key, put, p.value))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) storeClaims() error {
	for i := range b.claims {
		c := &b.claims[i]
		var err error
		if c.gone {
			_, err = b.w.conn.ExecContext(background, `delete from claim where rev = ?`, int64(c.rev))
		} else {
			var ends any
			if c.ends >= 0 {
				ends = c.ends
			}
			_, err = b.w.putClaim.ExecContext(background, int64(c.rev), c.name, c.fold, c.keys[0], c.keys[1], c.verifier, c.hold, ends, c.ident, c.kept, b.w.sum.claim(c))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// insertEntries is the statement that stores n entries.
func insertEntries(n int) string {
	row := "(?" + strings.Repeat(", ?", entryFields-1) + ")"
	return "insert into entry (room, seq, sender, id, kind, time, claim, v, erased, sum, body) values " + row + strings.Repeat(", "+row, n-1)
}

// prepare makes the writer's statements.
func (w *writer) prepare(ctx context.Context) error {
	for _, p := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&w.insertWide, insertEntries(wide)},
		{&w.insertOne, insertEntries(1) + ` on conflict (id, sender, room) do nothing`},
		{&w.findID, `select e.seq, e.time, e.kind, e.erased, e.body, r.first from entry e join room r on r.id = e.room where e.id = ? and e.sender = ? and e.room = ?`},
		{&w.findTarget, `select 1 from entry where room = ? and seq = ? and erased = 0 and body is not null`},
		{&w.putRefer, `insert into refer (room, target, seq, sender) values (?, ?, ?, ?)`},
		{&w.putValue, `insert into value (kind, key, value, put, sum) values (?, ?, ?, ?, ?)
			on conflict do update set value = excluded.value, put = excluded.put, sum = excluded.sum`},
		{&w.putClaim, `insert into claim (rev, name, fold, key0, key1, verifier, hold, ends, ident, kept, sum) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			on conflict do update set verifier = excluded.verifier, hold = excluded.hold, ends = excluded.ends, kept = excluded.kept, sum = excluded.sum`},
		{&w.putMeta, `update meta set value = ? where name = ?`},
	} {
		var err error
		if *p.stmt, err = w.conn.PrepareContext(ctx, p.text); err != nil {
			return fmt.Errorf("preparing %q: %w", p.text, err)
		}
	}
	return nil
}
