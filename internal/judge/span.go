package judge

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// span is a moment that is known to lie between two times of the sidecar's clock.
type span struct{ from, to time.Time }

func (s span) widened(by time.Duration) span { return span{s.from.Add(-by), s.to.Add(by)} }

// before is true where s is over, for sure, when o begins.
func (s span) before(o span) bool { return s.to.Before(o.from) }

func (s span) overlaps(o span) bool { return !s.before(o) && !o.before(s) }

// since is the time from o to s: a length of time between two bounds.
func (s span) since(o span) lengths { return lengths{s.from.Sub(o.to), s.to.Sub(o.from)} }

// lengths is a length of time between two bounds.
type lengths struct{ least, most time.Duration }

func (l lengths) String() string {
	if l.most-l.least < 100*time.Millisecond {
		return seconds((l.least + l.most) / 2)
	}
	return seconds(l.least) + " to " + seconds(l.most)
}

// middle is the length as one number, for figures.
func (l lengths) middle() time.Duration { return (l.least + l.most) / 2 }

// seconds is a time as people compare it.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }

// number is a whole number between two bounds, as evidence gives it.
type number struct{ least, most int }

func (n number) exact() bool        { return n.least == n.most }
func (n number) holds(v int) bool   { return n.least <= v && v <= n.most }
func (n number) contradicted() bool { return n.least > n.most }

// with is what two sources say together.
func (n number) with(o number) number { return number{max(n.least, o.least), min(n.most, o.most)} }

func (n number) String() string {
	if n.exact() {
		return fmt.Sprint(n.least)
	}
	return fmt.Sprintf("%d to %d", n.least, n.most)
}

// clock is how far the sidecar's is ahead of the observer's.
type clock struct {
	least, most time.Duration
	known       bool
	jumped      bool
	source      string
}

// unknown is how far clocks may be apart of which nothing is known.
const unknown = 24 * time.Hour

// apply takes an estimate. Each stands on all evidence so far; where one
// contradicts the one before, the clock has jumped, and both may hold.
func (c *clock) apply(e timeline.Clock) {
	if c.known && (e.Least > c.most || e.Most < c.least) {
		c.least, c.most, c.jumped = min(c.least, e.Least), max(c.most, e.Most), true
		return
	}
	*c = clock{e.Least, e.Most, true, c.jumped, e.Source}
}

// span is a time of the observer's clock by the sidecar's.
func (c clock) span(from, to time.Time) span {
	if !c.known {
		return span{from.Add(-unknown), to.Add(unknown)}
	}
	return span{from.Add(c.least), to.Add(c.most)}
}

// middle is a time of the observer's clock by the sidecar's, as one time.
func (c clock) middle(at time.Time) time.Time { return at.Add((c.least + c.most) / 2) }
