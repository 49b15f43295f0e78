package watch

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

// narrower is how much an estimate has to win to be worth another entry.
const narrower = 5 * time.Millisecond

// clock is what is known of how far another clock is ahead of this machine's:
// the bounds of all evidence so far.
type clock struct {
	name        string
	least, most time.Duration
	known       bool
	told        timeline.Clock
}

// bound takes a piece of evidence. It returns an entry where the estimate became
// clearly narrower, and one more where it contradicts what was known: then the
// clock has jumped, and the estimate begins again.
func (c *clock) bound(at time.Time, least, most time.Duration, source string) []timeline.Entry {
	var entries []timeline.Entry
	switch {
	case !c.known:
		c.least, c.most, c.known = least, most, true
	case max(c.least, least) > min(c.most, most):
		entries = append(entries, timeline.Entry{Time: at, Event: &timeline.Event{Kind: timeline.Disagreement, Source: source,
			Detail: fmt.Sprintf("the clock of the %s jumped: it was %s to %s ahead, and is %s to %s", c.name, c.least, c.most, least, most)}})
		c.least, c.most, c.told = least, most, timeline.Clock{}
	default:
		c.least, c.most = max(c.least, least), min(c.most, most)
	}
	if c.told.Name != "" && c.told.Most-c.told.Least-(c.most-c.least) < narrower {
		return entries
	}
	c.told = timeline.Clock{Name: c.name, Least: c.least, Most: c.most, Source: source}
	told := c.told
	return append(entries, timeline.Entry{Time: at, Clock: &told})
}

// ahead is the estimate as one number.
func (c *clock) ahead() time.Duration { return (c.least + c.most) / 2 }

// date takes what a clock said of itself over HTTP: rounded down to a second,
// some time before the answer came.
func (c *clock) date(d mesh.Date) []timeline.Entry {
	return c.bound(d.Answered, d.Said.Sub(d.Answered), d.Said.Add(time.Second+d.Stale).Sub(d.Asked), "date header")
}

// answer takes an answer's line: it was over, by the sidecar's clock, before the
// line came, and not asked for before the load was started.
func (c *clock) answer(arrived, called, sent, end time.Time) []timeline.Entry {
	return c.bound(arrived, end.Sub(arrived), sent.Sub(called), "answers")
}
