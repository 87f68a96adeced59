package bridge

import (
	"strconv"
	"strings"
	"time"
)

// parseSpan reads a duration as people write it: 90s, 10m, 2h30m, 7d. "ever" is 0, for good. Nothing else that is not positive is one.
func parseSpan(s string) (time.Duration, bool) {
	if s == "ever" {
		return 0, true
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n <= 0 || n > 100*365 {
			return 0, false
		}
		return time.Duration(n) * 24 * time.Hour, true
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d > 0
}
