package board

import "time"

// Clock is the time of a run that is shown: that of its newest entry, and what
// has passed since at the pace of the run. The zero Clock stands still at the
// zero time.
type Clock struct {
	// Pace is that of the run's time to the wall's: 1 is live, 0 stands still
	// between two entries.
	Pace float64

	at, wall time.Time // the run's time at the moment that was read from the wall
}

// Reach sets the clock to a time of the run, unless it is past: a recording's
// answers carry the time of sending.
func (c *Clock) Reach(at time.Time) {
	if at.After(c.Now()) {
		c.at, c.wall = at, time.Now()
	}
}

// Now is the run's time; zero before the first entry.
func (c *Clock) Now() time.Time {
	if c.at.IsZero() {
		return c.at
	}
	return c.at.Add(time.Duration(float64(time.Since(c.wall)) * c.Pace))
}

// Stop has the clock stand still.
func (c *Clock) Stop() { c.at, c.wall, c.Pace = c.Now(), time.Now(), 0 }
