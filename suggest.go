package main

import "strings"

// nearest returns the one of known that was most likely meant by word: the one with the fewest typing slips, or the only one
// whose last part is word (hold for names.hold). It returns "" when nothing is near.
func nearest(word string, known []string) string {
	best, slips := "", 1+len(word)/4 // a slip in four letters, and one more, is still the same word
	ends, count := "", 0
	for _, k := range known {
		if n := distance(strings.ToLower(word), strings.ToLower(k)); n < slips || n == slips && best == "" {
			best, slips = k, n
		}
		if strings.HasSuffix(k, "."+word) {
			ends, count = k, count+1
		}
	}
	if count == 1 && slips > 0 {
		return ends
	}
	return best
}

// didYouMean is the question behind a fault, or nothing.
func didYouMean(meant string) string {
	if meant == "" {
		return ""
	}
	return "; did you mean " + meant + "?"
}

// distance counts the slips between a and b: a byte too many, too few, another one, or two swapped (optimal string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
