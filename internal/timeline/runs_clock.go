package timeline

import "time"

// Ahead is how far a clock is ahead of the observer's, as a view takes it: the
// middle of what is known, and 0 as long as the two may be the same.
func (c Clock) Ahead() time.Duration {
	if c.Least <= 0 && c.Most >= 0 {
		return 0
	}
	return c.Least + (c.Most-c.Least)/2
}

// Earlier is the entry with the times that it has of the sidecar's clock earlier
// by d, so that they can be shown beside the observer's.
func (e Entry) Earlier(d time.Duration) Entry {
	switch {
	case d == 0:
	case e.Answer != nil:
		e.Time = e.Time.Add(-d)
	case e.Outlier != nil:
		o := *e.Outlier
		o.Decided = o.Decided.Add(-d)
		e.Outlier = &o
	case e.Event != nil && !e.Event.Decided.IsZero():
		happened := *e.Event
		happened.Decided = happened.Decided.Add(-d)
		e.Event = &happened
	}
	return e
}

// OnOneClock is a run with all its times by the observer's clock, as far as the
// last estimate of the sidecar's tells.
func OnOneClock(run []Entry) []Entry {
	ahead := time.Duration(0)
	for _, e := range run {
		if e.Clock != nil && e.Clock.Name == SidecarClock {
			ahead = e.Clock.Ahead()
		}
	}
	if ahead == 0 {
		return run
	}
	ours := make([]Entry, len(run))
	for i, e := range run {
		ours[i] = e.Earlier(ahead)
	}
	return ours
}
