package bridge

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
)

// Attendance: who was in a room from when to when, by the days of the computer that tincan runs on.
const (
	valueOfPresence = "present/" // and the day: history.Values kind: room \x00 ident → presentRow
	valueOfLife     = "alive"    // history.Values kind: lifeAt → when tincan was surely running, lifeDays → how many days it kept
	lifeAt          = "at"
	lifeDays        = "days"
	usualDays       = 400              // that were kept when that was not noted yet
	lifePace        = 30 * time.Second // between two signs of life, while somebody is in a room
	signPace        = time.Second      // between two that come with those who come
	blink           = time.Minute      // who is back sooner was not away
	mostSpans       = 200              // of a member in a room in one day; beyond it the last one grows
	dayFormat       = "2006-01-02"
)

// A presentRow is when a member was in a room on a day, as it is stored. Times are milliseconds since 1970.
type presentRow struct {
	Name  string  `json:"name"`
	Kind  string  `json:"kind"`
	Spans []spell `json:"spans"`
}

// A spell is one stay; To 0: it goes on.
type spell struct {
	From int64 `json:"f"`
	To   int64 `json:"t,omitempty"`
}

// A presentNote is a member in an answer.
type presentNote struct {
	Name  string      `json:"name"`
	Kind  string      `json:"kind"`
	Spans []spellNote `json:"spans"`
}

// A spellNote is one stay; without an end it goes on.
type spellNote struct {
	From string `json:"from"`
	To   string `json:"to,omitempty"`
}

// A rollcall keeps who is in which room.
type rollcall struct {
	store history.Values
	quiet *broker.Quiet
	days  int // that are kept; 0: nothing is noted
	now   func() time.Time

	mu   sync.Mutex // guards what follows; map work and queueing only
	day  string
	of   map[[2]string]*presentRow // room, ident → of this day
	sign time.Time                 // of life, the last one
}

func newRollcall(store history.Values, quiet *broker.Quiet, days int) *rollcall {
	return &rollcall{store: store, quiet: quiet, days: days, now: time.Now, of: map[[2]string]*presentRow{}}
}

// load takes up today, and ends what went on when tincan stopped: at its last sign of life.
func (rc *rollcall) load(ctx context.Context) error {
	life := int64(0)
	err := rc.store.Each(ctx, valueOfLife, func(key string, value []byte, _ time.Duration) {
		if key == lifeAt {
			_ = json.Unmarshal(value, &life) // else it is not known
		}
	})
	if err != nil {
		return err
	}
	rc.day = rc.now().Format(dayFormat)
	if rc.days == 0 {
		return nil
	}
	days := []string{rc.day}
	if last := time.UnixMilli(life).Format(dayFormat); life > 0 && last != rc.day {
		days = append(days, last)
	}
	for _, day := range days {
		err := rc.store.Each(ctx, valueOfPresence+day, func(key string, value []byte, _ time.Duration) {
			room, ident, ok := strings.Cut(key, "\x00")
			row := &presentRow{}
			if json.Unmarshal(value, row) != nil || !ok {
				return
			}
			if n := len(row.Spans); n > 0 && row.Spans[n-1].To == 0 {
				row.Spans[n-1].To = max(life, row.Spans[n-1].From)
				rc.save(day, room, ident, row)
			}
			if day == rc.day {
				rc.of[[2]string{room, ident}] = row
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// came notes that a member is in a room from now on.
func (rc *rollcall) came(room, ident, name, kind string) {
	if rc.days == 0 {
		return
	}
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.turnLocked()
	key := [2]string{room, ident}
	row := rc.of[key]
	if row == nil {
		row = &presentRow{}
		rc.of[key] = row
	}
	row.Name, row.Kind = name, kind
	now := rc.now().UnixMilli()
	switch n := len(row.Spans); {
	case n > 0 && row.Spans[n-1].To == 0:
		return // it was there already
	case n > 0 && (now-row.Spans[n-1].To < blink.Milliseconds() || n >= mostSpans):
		row.Spans[n-1].To = 0
	default:
		row.Spans = append(row.Spans, spell{From: now})
	}
	rc.save(rc.day, room, ident, row)
	if at := rc.now(); at.Sub(rc.sign).Abs() >= signPace { // a kill leaves no stay without a sign of its day
		rc.signLocked(at)
	}
}

// went notes that it is there no more.
func (rc *rollcall) went(room, ident string) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.turnLocked()
	row := rc.of[[2]string{room, ident}]
	if row == nil || len(row.Spans) == 0 || row.Spans[len(row.Spans)-1].To != 0 {
		return
	}
	row.Spans[len(row.Spans)-1].To = rc.now().UnixMilli()
	rc.save(rc.day, room, ident, row)
}

// turnLocked begins a new day: what goes on ends with the old one, and goes on from its beginning.
func (rc *rollcall) turnLocked() {
	now := rc.now()
	day := now.Format(dayFormat)
	if day == rc.day {
		return
	}
	y, m, d := now.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, now.Location()).UnixMilli()
	was, old := rc.of, rc.day
	rc.of, rc.day = map[[2]string]*presentRow{}, day
	for key, row := range was {
		n := len(row.Spans)
		if n == 0 || row.Spans[n-1].To != 0 {
			continue
		}
		row.Spans[n-1].To = max(midnight, row.Spans[n-1].From)
		rc.save(old, key[0], key[1], row)
		next := &presentRow{Name: row.Name, Kind: row.Kind, Spans: []spell{{From: midnight}}}
		rc.of[key] = next
		rc.save(day, key[0], key[1], next)
		rc.signLocked(now)
	}
}

// signLocked stores that tincan is running.
func (rc *rollcall) signLocked(at time.Time) {
	rc.sign = at
	_ = rc.store.Put(valueOfLife, lifeAt, encode(at.UnixMilli()), nil) // the next one comes soon
}

// save queues a row for the disk.
func (rc *rollcall) save(day, room, ident string, row *presentRow) {
	done := func(err error) {
		if err != nil {
			rc.quiet.Warn("who is in a room is not stored", room, "room", room, "err", err)
		}
	}
	if err := rc.store.Put(valueOfPresence+day, room+"\x00"+ident, encode(row), done); err != nil {
		done(err)
	}
}

// serve gives signs of life while somebody is in a room, and forgets days that are too old, until ctx ends.
func (rc *rollcall) serve(ctx context.Context) {
	tick := time.NewTicker(lifePace)
	defer tick.Stop()
	rc.forget(ctx)
	day := rc.now().Format(dayFormat)
	for {
		rc.live()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if today := rc.now().Format(dayFormat); today != day {
			day = today
			rc.forget(ctx)
		}
	}
}

// live stores that tincan is running, if anything depends on it.
func (rc *rollcall) live() {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.turnLocked()
	for _, row := range rc.of {
		if n := len(row.Spans); n > 0 && row.Spans[n-1].To == 0 {
			rc.signLocked(rc.now())
			return
		}
	}
}

// close ends what goes on: tincan stops.
func (rc *rollcall) close() {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.turnLocked()
	now := rc.now().UnixMilli()
	for key, row := range rc.of {
		if n := len(row.Spans); n > 0 && row.Spans[n-1].To == 0 {
			row.Spans[n-1].To = now
			rc.save(rc.day, key[0], key[1], row)
		}
	}
}

// forget deletes the days that are no longer kept: as many as were kept before, and some before them, as tincan may not have run for a
// while.
func (rc *rollcall) forget(ctx context.Context) {
	were := usualDays
	_ = rc.store.Each(ctx, valueOfLife, func(key string, value []byte, _ time.Duration) {
		if key == lifeDays {
			_ = json.Unmarshal(value, &were) // else it is as usual
		}
	})
	for ago := rc.days; ago < max(rc.days, were)+60 && ctx.Err() == nil; ago++ {
		rc.drop(ctx, rc.now().AddDate(0, 0, -ago).Format(dayFormat), func(string) bool { return true })
	}
	if ctx.Err() == nil && were != rc.days {
		_ = rc.store.Put(valueOfLife, lifeDays, encode(rc.days), nil) // it is tried again tomorrow
	}
}

// drop deletes the rows of a day whose rooms fit.
func (rc *rollcall) drop(ctx context.Context, day string, which func(room string) bool) {
	var keys []string
	_ = rc.store.Each(ctx, valueOfPresence+day, func(key string, _ []byte, _ time.Duration) {
		if room, _, _ := strings.Cut(key, "\x00"); which(room) {
			keys = append(keys, key)
		}
	})
	for _, key := range keys {
		_ = rc.store.Put(valueOfPresence+day, key, nil, nil) // it is tried again tomorrow
	}
}

// on lists who was in a room on a day.
func (rc *rollcall) on(ctx context.Context, room, day string) ([]presentRow, error) {
	rc.mu.Lock()
	rc.turnLocked()
	if day == rc.day {
		defer rc.mu.Unlock()
		var rows []presentRow
		for key, row := range rc.of {
			if key[0] == room {
				r := *row
				r.Spans = slices.Clone(row.Spans)
				rows = append(rows, r)
			}
		}
		return sorted(rows), nil
	}
	rc.mu.Unlock()
	var rows []presentRow
	err := rc.store.Each(ctx, valueOfPresence+day, func(key string, value []byte, _ time.Duration) {
		var row presentRow
		if in, _, _ := strings.Cut(key, "\x00"); in == room && json.Unmarshal(value, &row) == nil {
			rows = append(rows, row)
		}
	})
	return sorted(rows), err
}

func sorted(rows []presentRow) []presentRow {
	slices.SortFunc(rows, func(a, b presentRow) int {
		if c := compare(a.Name, b.Name); c != 0 || len(a.Spans) == 0 || len(b.Spans) == 0 {
			return c
		}
		return int(a.Spans[0].From - b.Spans[0].From)
	})
	return rows
}

// move gives today's rows of a room to the name that it has now; to is empty when the room is no more.
func (rc *rollcall) move(ctx context.Context, room, to string) {
	rc.mu.Lock()
	for key, row := range rc.of {
		if key[0] != room {
			continue
		}
		delete(rc.of, key)
		if to != "" {
			rc.of[[2]string{to, key[1]}] = row
		}
	}
	rc.mu.Unlock()
	for i := range rc.days {
		day := rc.now().AddDate(0, 0, -i).Format(dayFormat)
		rows := map[string][]byte{}
		_ = rc.store.Each(ctx, valueOfPresence+day, func(key string, value []byte, _ time.Duration) {
			if in, ident, _ := strings.Cut(key, "\x00"); in == room {
				rows[ident] = slices.Clone(value)
			}
		})
		for ident, value := range rows {
			_ = rc.store.Put(valueOfPresence+day, room+"\x00"+ident, nil, nil)
			if to != "" {
				_ = rc.store.Put(valueOfPresence+day, to+"\x00"+ident, value, nil)
			}
		}
	}
}

// attendance answers with who was in the room on a day, today when none is said.
func (o *ruling) attendance() (ruled, *broker.Refusal) {
	day := o.ask.Day
	if day == "" {
		day = time.Now().Format(dayFormat)
	}
	if at, err := time.ParseInLocation(dayFormat, day, time.Local); err != nil || at.Format(dayFormat) != day {
		return ruled{}, refusePayload("bad-request", "day is one such as 2026-05-01")
	}
	rows, err := o.b.rollcall.on(o.ctx, o.Room, day)
	if err != nil {
		return ruled{}, refuseStore(err)
	}
	a := ruled{Room: o.Room, Day: day, Present: []presentNote{}}
	var text strings.Builder
	w := csv.NewWriter(&text)
	_ = w.Write([]string{"room", "name", "kind", "from", "to"}) // a Builder takes everything
	for _, row := range rows {
		p := presentNote{Name: row.Name, Kind: row.Kind}
		for _, s := range row.Spans {
			n := spellNote{From: stamp(time.UnixMilli(s.From))}
			to := ""
			if s.To != 0 {
				n.To = stamp(time.UnixMilli(s.To))
				to = time.UnixMilli(s.To).Format(time.RFC3339)
			}
			p.Spans = append(p.Spans, n)
			_ = w.Write([]string{o.Room, cell(row.Name), row.Kind, time.UnixMilli(s.From).Format(time.RFC3339), to})
		}
		if a.Present = append(a.Present, p); text.Len() > historyBytes {
			a.More = true
			break
		}
	}
	w.Flush()
	a.CSV = text.String()
	return a, nil
}

// cell keeps a spreadsheet from taking a name for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t", rune(s[0])) {
		return "'" + s
	}
	return s
}
