package bridge

import (
	"context"
	"encoding/json"
	"time"

	"tincan/bridge/history"
)

// What a log is not to keep is forgotten in the background, in steps that nobody notices.
const (
	retainPace  = 10 * time.Minute // between two looks at all logs
	retainPause = time.Hour        // between two cuts of one log, unless it has grown a lot
	retainStep  = 200              // entries read at once
	retainBytes = 1 << 20          // of their bodies

	// A date is believed when the clock has gone evenly for so long: one that was wrong at the start and is put right, or that jumps,
	// must not make old what is not.
	clockSteady = 10 * time.Minute
	clockJump   = time.Minute
	// Entries whose date lies before birth, or a day and more ahead, come from a clock that was wrong: nothing is known of their age.
	clockAhead = 24 * time.Hour
)

// birth is before any tincan.
var birth = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// stricter is what stays when both k and o are to be kept to.
func (k keep) stricter(o keep) keep {
	return keep{Days: least(k.Days, o.Days), Messages: least(k.Messages, o.Messages), Bytes: least(k.Bytes, o.Bytes)}
}

// least is the smaller limit, where 0 is none.
func least[T int | int64](a, b T) T {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// A steadiness tells whether the wall clock can be believed. The zero value has seen nothing.
type steadiness struct {
	began, last time.Duration // by the monotonic clock: since when it goes evenly, and the last look
	date        time.Time     // of the last look
}

// at takes a look at the clock, when so long has passed by the monotonic clock, and tells whether its date can be believed.
func (s *steadiness) at(date time.Time, passed time.Duration) bool {
	drift := date.Round(0).Sub(s.date) - (passed - s.last)
	if s.date.IsZero() || drift > clockJump || drift < -clockJump {
		s.began = passed
	}
	s.date, s.last = date.Round(0), passed
	return passed-s.began >= clockSteady
}

// A retention forgets what logs are not to keep. One goroutine, run, owns it.
type retention struct {
	b     *Bridge
	all   keep // of every log
	asked chan string
	began time.Time
	clock steadiness
	logs  map[string]*retained
}

// A retained is what is known of a log, so that a look at it reads only what is new, or goes.
type retained struct {
	oldest time.Time // no entry whose age is known is older, as far as was looked
	cut    time.Time // when it was cut last, by the monotonic clock

	// Of the bytes: the weight of the entries from one seq up to another.
	from, upTo uint64
	bytes      int64
	files      bool // some bring files
}

func newRetention(b *Bridge, all keep) *retention {
	return &retention{b: b, all: all, asked: make(chan string, 16), began: time.Now(), logs: map[string]*retained{}}
}

// look has one log looked at now.
func (r *retention) look(slug string) {
	select {
	case r.asked <- slug:
	default: // it is looked at in its turn
	}
}

// run looks at all logs now and again until ctx ends.
func (r *retention) run(ctx context.Context) {
	tick, minute := time.NewTicker(retainPace), time.NewTicker(time.Minute)
	defer tick.Stop()
	defer minute.Stop()
	dated := func(now time.Time) bool { return r.clock.at(now, now.Sub(r.began)) }
	r.sweep(ctx, time.Now(), dated(time.Now()))
	for {
		select {
		case slug := <-r.asked:
			delete(r.logs, slug)
			r.sweepOne(ctx, slug, time.Now(), dated(time.Now()))
		case now := <-minute.C:
			dated(now)
		case now := <-tick.C:
			r.sweep(ctx, now, dated(now))
		case <-ctx.Done():
			return
		}
	}
}

// limits is what a log may keep.
func (r *retention) limits(name string) keep {
	if k := r.b.cards.of(name).Keep; k != nil {
		return r.all.stricter(*k)
	}
	return r.all
}

// sweep looks at all logs. dated: the date can be believed.
func (r *retention) sweep(ctx context.Context, now time.Time, dated bool) {
	there := map[string]bool{}
	for _, l := range r.b.store.Logs() {
		there[l.Name] = true
		if r.limits(l.Name) != (keep{}) && ctx.Err() == nil {
			r.sweepLog(ctx, l, now, dated)
		}
	}
	for name := range r.logs {
		if !there[name] {
			delete(r.logs, name)
		}
	}
}

func (r *retention) sweepOne(ctx context.Context, name string, now time.Time, dated bool) {
	for _, l := range r.b.store.Logs() {
		if l.Name == name {
			r.sweepLog(ctx, l, now, dated)
		}
	}
}

// sweepLog cuts one log where it has to be.
func (r *retention) sweepLog(ctx context.Context, l history.LogInfo, now time.Time, dated bool) {
	s := r.logs[l.Name]
	if s == nil {
		s = &retained{}
		r.logs[l.Name] = s
	}
	from, pressing, err := r.keepFrom(ctx, l, s, now, dated)
	if room := r.b.rooms.find(l.Name); room != nil {
		from = min(from, room.last.Load()+1) // what is not published yet stays
	}
	if err == nil && from > l.First && (pressing || s.cut.IsZero() || now.Sub(s.cut) >= retainPause) {
		if err = r.b.store.Trim(ctx, l.Name, from); err == nil {
			s.cut = now
		}
	}
	if err != nil && ctx.Err() == nil {
		r.b.quiet.Warn("the old entries of a log are not forgotten yet, and it is tried again", l.Name, "log", l.Name, "err", err)
	}
}

// keepFrom is the first seq of a log that stays; pressing: there is much more than may be.
func (r *retention) keepFrom(ctx context.Context, l history.LogInfo, s *retained, now time.Time, dated bool) (from uint64, pressing bool, err error) {
	k := r.limits(l.Name)
	from = l.First
	if n := uint64(k.Messages); n > 0 && l.Last-l.First+1 > n {
		from = l.Last - n + 1
		pressing = l.Last-l.First+1 > n+n/10
	}
	if cutoff := now.AddDate(0, 0, -k.Days); k.Days > 0 && dated && !s.oldest.After(cutoff) {
		young, err := r.young(ctx, l, s, cutoff, now)
		if err != nil {
			return 0, false, err
		}
		from = max(from, young)
	}
	if k.Bytes > 0 {
		light, err := r.light(ctx, l, s, k.Bytes)
		if err != nil {
			return 0, false, err
		}
		pressing = pressing || light > l.First+(l.Last-light)/10
		from = max(from, light)
	}
	return from, pressing, nil
}

// page reads entries of a log, as they lie on disk.
func (r *retention) page(ctx context.Context, name string, q history.Query) ([]history.Entry, error) {
	q.Limit, q.MaxBytes = retainStep, retainBytes
	es, _, err := r.b.store.Page(ctx, name, q, 0)
	return es, err
}

// young is the first seq whose entry was written after a date; those whose date cannot be believed stay with the next one.
func (r *retention) young(ctx context.Context, l history.LogInfo, s *retained, cutoff, now time.Time) (uint64, error) {
	from := l.First
	for after := l.First - 1; after < l.Last; {
		es, err := r.page(ctx, l.Name, history.Query{After: &after})
		if err != nil || len(es) == 0 {
			return from, err
		}
		for _, e := range es {
			switch {
			case e.Time.Before(birth), e.Time.After(now.Add(clockAhead)):
			case e.Time.Before(cutoff):
				from = e.Seq + 1
			default:
				s.oldest = e.Time
				return from, nil
			}
			if e.Seq == l.Last && l.First == l.Last && e.Erased {
				return l.First, nil // the head, of which nothing is left
			}
			after = e.Seq
		}
	}
	return from, nil
}

// weight is how many bytes an entry keeps on the disk: of its body, and of the file that it brings. A file that is posted twice weighs
// twice, as each of the messages keeps it.
func weight(e history.Entry) int64 {
	n := int64(len(e.Body))
	if e.Kind != kindFile || e.Erased {
		return n
	}
	var b body
	if json.Unmarshal(e.Body, &b) == nil && b.File != nil && b.File.Size > 0 {
		n += b.File.Size
	}
	return n
}

// light is the first seq from which on the entries have no more bytes than may be.
func (r *retention) light(ctx context.Context, l history.LogInfo, s *retained, most int64) (uint64, error) {
	for s.upTo > 0 && s.upTo < l.Last {
		es, err := r.page(ctx, l.Name, history.Query{After: &s.upTo, Before: l.Last + 1})
		if err != nil || len(es) == 0 {
			return s.from, err
		}
		for _, e := range es {
			s.upTo = e.Seq
			s.add(e)
		}
	}
	if s.upTo == 0 || s.files && s.bytes > most { // files that were deleted since they were weighed must not take others along
		return r.weigh(ctx, l, s, most)
	}
	s.from = max(s.from, l.First)
	for s.bytes > most && s.from < l.Last {
		after := s.from - 1
		es, err := r.page(ctx, l.Name, history.Query{After: &after, Before: l.Last})
		if err != nil || len(es) == 0 {
			return s.from, err
		}
		for _, e := range es {
			if s.bytes <= most {
				break
			}
			s.from, s.bytes = e.Seq+1, s.bytes-weight(e)
		}
	}
	return s.from, nil
}

// weigh looks at a log from its end, as far as its bytes may stay.
func (r *retention) weigh(ctx context.Context, l history.LogInfo, s *retained, most int64) (uint64, error) {
	s.from, s.upTo, s.bytes, s.files = l.Last+1, l.Last, 0, false
	for s.from > l.First {
		es, err := r.page(ctx, l.Name, history.Query{Before: s.from})
		if err != nil {
			s.upTo = 0 // once more
		}
		if err != nil || len(es) == 0 {
			return s.from, err
		}
		for i := len(es) - 1; i >= 0; i-- {
			if s.bytes+weight(es[i]) > most && es[i].Seq != l.Last {
				return s.from, nil
			}
			s.from = es[i].Seq
			s.add(es[i])
		}
	}
	return s.from, nil
}

func (s *retained) add(e history.Entry) {
	s.bytes += weight(e)
	s.files = s.files || e.Kind == kindFile
}
