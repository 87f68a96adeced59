package bridge

import (
	"log/slog"
	"sync"
)

// diaryLines is how many comings and goings of members are told one by one in a minute.
const diaryLines = 10

// A diary tells the operator who comes and goes. A crowd that does so all the time shall not fill the log: beyond diaryLines a minute
// they are counted, and the minute ends with the counts.
type diary struct {
	log *slog.Logger

	mu                 sync.Mutex // guards what follows
	lines              int        // in this minute
	moreCame, moreWent int        // without a line
}

func (d *diary) came(args ...any) {
	if d.hasLine(&d.moreCame) {
		d.log.Info("member came", args...)
	}
}

func (d *diary) went(args ...any) {
	if d.hasLine(&d.moreWent) {
		d.log.Info("member went", args...)
	}
}

// hasLine takes a line of this minute, or counts one more without.
func (d *diary) hasLine(more *int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lines < diaryLines {
		d.lines++
		return true
	}
	*more++
	return false
}

// turn begins a new minute.
func (d *diary) turn() {
	d.mu.Lock()
	came, went := d.moreCame, d.moreWent
	d.lines, d.moreCame, d.moreWent = 0, 0, 0
	d.mu.Unlock()
	if came+went > 0 {
		d.log.Info("more members came and went", "came", came, "went", went)
	}
}
