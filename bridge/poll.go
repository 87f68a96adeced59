package bridge

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
)

// Limits of a poll.
const (
	leastOptions = 2
	mostOptions  = 12
	maxOption    = 200          // bytes of an option
	mostMinutes  = 31 * 24 * 60 // until a poll closes by itself
	maxVoters    = 1000         // members who vote in one poll
)

// A vote is what one member chose in a poll, by the places of the options, from 0 on.
type vote struct {
	From   string `json:"from"`
	Choice []int  `json:"choice"`
}

// readPoll takes a field that only polls and votes have; taken is false for any other.
func (p *post) readPoll(k string, v json.RawMessage) (taken bool, no *broker.Refusal) {
	var err error
	switch {
	case p.kind == kindPoll && k == "options":
		err = json.Unmarshal(v, &p.body.Options)
	case p.kind == kindPoll && k == "multiple":
		err = json.Unmarshal(v, &p.body.Multiple)
	case p.kind == kindPoll && k == "closes":
		err = json.Unmarshal(v, &p.body.Closes)
	case p.kind == kindVote && k == "choice":
		p.choice = v
	default:
		return false, nil
	}
	if err != nil {
		return true, refusePayload("bad-field", `a poll is like {"kind":"poll","text":"Lunch?","options":["Rice","Soup"],"multiple":true,"closes":30}, where closes is minutes`)
	}
	return true, nil
}

// checkPoll holds a poll against its limits.
func (p *post) checkPoll() *broker.Refusal {
	o := p.body.Options
	seen := map[string]bool{}
	for i, words := range o {
		words = strings.TrimSpace(words)
		o[i] = words
		low := strings.ToLower(words) // a vote by words does not mind the case
		switch {
		case words == "" || !printable(words):
			return refusePayload("bad-options", "an option is a line of text")
		case len(words) > maxOption:
			return refuseTooLong("an option of a poll", len(words), maxOption)
		case seen[low]:
			return refusePayload("bad-options", "the option %q is there twice", words)
		}
		seen[low] = true
	}
	switch {
	case len(o) < leastOptions || len(o) > mostOptions:
		return refusePayload("bad-options", "a poll has %d to %d options, and this has %d", leastOptions, mostOptions, len(o))
	case p.body.Closes < 0 || p.body.Closes > mostMinutes:
		return refusePayload("bad-field", "closes is the minutes until the poll closes: 1 to %d, or 0 for never", mostMinutes)
	case strings.TrimSpace(p.body.Text) == "":
		return refusePayload("empty", "this poll asks nothing: put the question into text")
	}
	return nil
}

// choose reads what a vote chose, by place or by the option's own words, and puts it into the body in the order of the options.
func (p *post) choose(options []string, multiple bool) *broker.Refusal {
	p.body.Choice = nil
	if p.body.Undo {
		return nil
	}
	var all []json.RawMessage
	if json.Unmarshal(p.choice, &all) != nil {
		all = []json.RawMessage{p.choice}
	}
	if len(all) == 0 || len(p.choice) == 0 {
		return refusePayload("no-choice", `choice says what is voted for: the place of an option, from 0 on, or its words; "undo":true takes a vote back`)
	}
	if len(all) > mostOptions {
		return refusePayload("no-choice", "that chooses more than there is")
	}
	for _, v := range all {
		var i int
		var words string
		if json.Unmarshal(v, &i) != nil {
			if json.Unmarshal(v, &words) != nil {
				return refusePayload("no-choice", "a choice is the place of an option, from 0 on, or its words")
			}
			words = strings.ToLower(strings.TrimSpace(words))
			i = slices.IndexFunc(options, func(o string) bool { return strings.ToLower(o) == words })
		}
		if i < 0 || i >= len(options) {
			return refusePayload("no-option", "this poll has no option %.60s: they are 0 to %d, %s", v, len(options)-1, strings.Join(options, ", "))
		}
		p.body.Choice = append(p.body.Choice, i)
	}
	slices.Sort(p.body.Choice)
	p.body.Choice = slices.Compact(p.body.Choice)
	if len(p.body.Choice) > 1 && !multiple {
		return refusePayload("one-choice", "this poll takes one choice of each member")
	}
	return nil
}

// cast tells what keeps a vote from a poll, after what is known of the poll; so: the member votes so already.
func (c *changing) cast(poll history.Entry, f folded, repeated bool) (so bool, no *broker.Refusal) {
	var b body
	if err := json.Unmarshal(poll.Body, &b); err != nil {
		return false, refuseStore(err)
	}
	if no := c.p.choose(b.Options, b.Multiple); no != nil || repeated {
		return false, no
	}
	if f.closed != nil || b.Closes > 0 && !time.Now().Before(poll.Time.Add(time.Duration(b.Closes)*time.Minute)) {
		return false, refuseClosedPoll()
	}
	mine := slices.IndexFunc(f.votes, func(v vote) bool { return v.From == c.st.name() })
	if mine < 0 {
		if !c.p.body.Undo && len(f.votes) >= maxVoters {
			return false, refuseVoters(maxVoters)
		}
		return c.p.body.Undo, nil
	}
	return !c.p.body.Undo && slices.Equal(f.votes[mine].Choice, c.p.body.Choice), nil
}

// vote takes a vote into the tally: a member's newest counts, and stands where it came.
func (f *folded) vote(from string, choice []int, undo bool) {
	f.votes = slices.DeleteFunc(f.votes, func(v vote) bool { return v.From == from })
	if !undo && len(choice) > 0 {
		f.votes = append(f.votes, vote{from, choice})
	}
}

// appendPoll appends to a message what became of it as a poll: the votes, how many each option has, and when it was closed by whom.
func (f *folded) appendPoll(b []byte, options int) []byte {
	note := struct {
		Votes  []vote `json:"votes"`
		Tally  []int  `json:"tally"`
		Closed string `json:"closed,omitempty"`
		By     string `json:"closedby,omitempty"`
	}{Votes: append([]vote{}, f.votes...), Tally: make([]int, options)}
	for _, v := range f.votes {
		for _, i := range v.Choice {
			if i < options {
				note.Tally[i]++
			}
		}
	}
	if f.closed != nil {
		note.Closed, note.By = stamp(f.closed.Time), f.closed.From
	}
	b = append(b[:len(b)-1], ',')
	return append(b, encode(note)[1:]...)
}
